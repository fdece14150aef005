import { type InfiniteData, useMutation, useQueryClient } from '@tanstack/vue-query'
import { computed, type MaybeRefOrGetter, toValue } from 'vue'
import { changeRole, listMembers, type Member, removeMember } from '@/api/gen'
import { organizationKey } from '@/api/keys'
import type { Role } from '@/lib/permissions'
import { type Page, usePages } from './usePages'
import { useRefreshOrganization } from './useOrganization'

export interface MemberFilter {
  query?: string
  role?: Role
}

const membersKey = (organization: string, filter?: MemberFilter) =>
  organizationKey(organization, 'members', ...(filter ? [filter] : []))

/** The members, the newest first, or those that fit the filter. */
export function useMembers(organization: MaybeRefOrGetter<string>, filter: MaybeRefOrGetter<MemberFilter> = {}) {
  const asked = computed(() => {
    const { query, role } = toValue(filter)
    return { ...(query ? { query } : {}), ...(role ? { role } : {}) }
  })
  return usePages(
    () => membersKey(toValue(organization), asked.value),
    async (cursor, signal) =>
      (
        await listMembers({
          path: { organization: toValue(organization) },
          query: { ...asked.value, cursor },
          signal,
        })
      ).data,
  )
}

/** Changes a member's role: shown at once, taken back if the server refuses. */
export function useChangeRole(organization: MaybeRefOrGetter<string>) {
  const client = useQueryClient()
  const key = () => membersKey(toValue(organization))
  return useMutation({
    mutationFn: async ({ membership, role }: { membership: string; role: Role }) =>
      (
        await changeRole({
          path: { organization: toValue(organization), membership },
          body: { role },
        })
      ).data,
    onMutate: async ({ membership, role }) => {
      await client.cancelQueries({ queryKey: key() })
      const before = client.getQueriesData<InfiniteData<Page<Member>>>({ queryKey: key() })
      client.setQueriesData<InfiniteData<Page<Member>>>(
        { queryKey: key() },
        (list) =>
          list && {
            ...list,
            pages: list.pages.map((page) => ({
              ...page,
              data: page.data.map((member) => (member.id === membership ? { ...member, role } : member)),
            })),
          },
      )
      return { before }
    },
    onError: (_error, _input, context) => {
      for (const [queryKey, data] of context?.before ?? []) client.setQueryData(queryKey, data)
    },
    onSettled: () => client.invalidateQueries({ queryKey: key() }),
  })
}

/** Removes a member, or lets oneself leave. */
export function useRemoveMember(organization: MaybeRefOrGetter<string>) {
  const refresh = useRefreshOrganization(organization)
  return useMutation({
    mutationFn: (membership: string) => removeMember({ path: { organization: toValue(organization), membership } }),
    onSuccess: refresh,
  })
}
