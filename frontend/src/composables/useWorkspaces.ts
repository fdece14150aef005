import { useMutation, useQuery, useQueryClient } from '@tanstack/vue-query'
import { computed, type MaybeRefOrGetter, toValue } from 'vue'
import {
  addWorkspaceMember,
  createWorkspace,
  type CreateWorkspaceInput,
  deleteWorkspace,
  listWorkspaceMembers,
  listWorkspaces,
  removeWorkspaceMember,
  updateWorkspace,
  type UpdateWorkspaceInput,
} from '@/api/gen'
import { getWorkspaceOptions } from '@/api/gen/@tanstack/vue-query.gen'
import { inOrganization, organizationKey } from '@/api/keys'
import { useRefreshOrganization } from './useOrganization'
import { usePages } from './usePages'

/** The workspaces one may see, by name. */
export function useWorkspaces(organization: MaybeRefOrGetter<string>) {
  return usePages(
    () => organizationKey(toValue(organization), 'workspaces'),
    async (cursor, signal) =>
      (
        await listWorkspaces({
          path: { organization: toValue(organization) },
          query: { cursor, limit: 100 },
          signal,
        })
      ).data,
  )
}

/** One workspace. */
export function useWorkspace(organization: MaybeRefOrGetter<string>, workspace: MaybeRefOrGetter<string>) {
  return useQuery(
    computed(() => {
      const path = { organization: toValue(organization), workspace: toValue(workspace) }
      return inOrganization(getWorkspaceOptions({ path }))
    }),
  )
}

/** Makes a workspace. At the plan's limit it fails with `workspace_limit_reached`. */
export function useCreateWorkspace(organization: MaybeRefOrGetter<string>) {
  const refresh = useRefreshOrganization(organization)
  return useMutation({
    mutationFn: async (body: CreateWorkspaceInput) =>
      (await createWorkspace({ path: { organization: toValue(organization) }, body })).data,
    onSuccess: refresh,
  })
}

/** Changes name, description or visibility of a workspace. */
export function useUpdateWorkspace(organization: MaybeRefOrGetter<string>, workspace: MaybeRefOrGetter<string>) {
  const refresh = useRefreshOrganization(organization)
  return useMutation({
    mutationFn: async (body: UpdateWorkspaceInput) =>
      (
        await updateWorkspace({
          path: { organization: toValue(organization), workspace: toValue(workspace) },
          body,
        })
      ).data,
    onSuccess: refresh,
  })
}

/** Deletes a workspace; the default one cannot be. */
export function useDeleteWorkspace(organization: MaybeRefOrGetter<string>) {
  const refresh = useRefreshOrganization(organization)
  return useMutation({
    mutationFn: (workspace: string) => deleteWorkspace({ path: { organization: toValue(organization), workspace } }),
    onSuccess: refresh,
  })
}

/** Who is in a workspace. */
export function useWorkspaceMembers(organization: MaybeRefOrGetter<string>, workspace: MaybeRefOrGetter<string>) {
  return usePages(
    () => organizationKey(toValue(organization), 'workspaces', toValue(workspace), 'members'),
    async (cursor, signal) =>
      (
        await listWorkspaceMembers({
          path: { organization: toValue(organization), workspace: toValue(workspace) },
          query: { cursor },
          signal,
        })
      ).data,
  )
}

/** Adds members of the organization to a workspace and takes them out of it. */
export function useWorkspaceAccess(organization: MaybeRefOrGetter<string>, workspace: MaybeRefOrGetter<string>) {
  const client = useQueryClient()
  const path = () => ({ organization: toValue(organization), workspace: toValue(workspace) })
  const refresh = () => client.invalidateQueries({ queryKey: organizationKey(toValue(organization)) })
  const add = useMutation({
    mutationFn: async (membershipId: string) =>
      (await addWorkspaceMember({ path: path(), body: { membership_id: membershipId } })).data,
    onSuccess: refresh,
  })
  const remove = useMutation({
    mutationFn: (membership: string) => removeWorkspaceMember({ path: { ...path(), membership } }),
    onSuccess: refresh,
  })
  return { add, remove }
}
