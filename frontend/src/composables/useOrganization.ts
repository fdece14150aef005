import { useMutation, useQuery, useQueryClient } from '@tanstack/vue-query'
import { computed, type MaybeRefOrGetter, toValue } from 'vue'
import {
  createOrganization,
  type CreateOrganizationInput,
  deleteOrganization,
  type Organization,
  removeLogo,
  setLogo,
  transferOwnership,
  updateOrganization,
  type UpdateOrganizationInput,
} from '@/api/gen'
import { getOrganizationOptions } from '@/api/gen/@tanstack/vue-query.gen'
import { inOrganization, organizationKey } from '@/api/keys'
import type { Permission } from '@/lib/permissions'
import { refreshOrganizations } from './useOrganizations'

/** An organization by its slug, as the address names it. */
export function organizationQuery(slug: string) {
  return inOrganization(getOrganizationOptions({ path: { organization: slug } }))
}

/** The organization of the address, and what one may do in it. */
export function useOrganization(slug: MaybeRefOrGetter<string>) {
  const query = useQuery(computed(() => organizationQuery(toValue(slug))))
  const organization = query.data
  /** Whether one's role allows it. Only hides: the server decides. */
  const can = (permission: Permission): boolean =>
    organization.value?.membership.permissions.includes(permission) ?? false
  return { ...query, organization, can }
}

/** Has everything of an organization fetched again. */
export function useRefreshOrganization(slug: MaybeRefOrGetter<string>) {
  const client = useQueryClient()
  return () =>
    Promise.all([client.invalidateQueries({ queryKey: organizationKey(toValue(slug)) }), refreshOrganizations(client)])
}

/** Keeps what the server answered, below its slug and below the one of the address, where that is another. */
function useKeepOrganization(address?: MaybeRefOrGetter<string>) {
  const client = useQueryClient()
  return (organization: Organization) => {
    for (const slug of new Set([organization.slug, toValue(address) ?? organization.slug])) {
      client.setQueryData(organizationQuery(slug).queryKey, organization)
    }
    return refreshOrganizations(client)
  }
}

/** Founds an organization, of which one is the owner then. */
export function useCreateOrganization() {
  const keep = useKeepOrganization()
  return useMutation({
    mutationFn: async (body: CreateOrganizationInput) => (await createOrganization({ body })).data,
    onSuccess: keep,
  })
}

/** Changes name, slug, description or billing address. */
export function useUpdateOrganization(slug: MaybeRefOrGetter<string>) {
  const keep = useKeepOrganization(slug)
  return useMutation({
    mutationFn: async (body: UpdateOrganizationInput) =>
      (await updateOrganization({ path: { organization: toValue(slug) }, body })).data,
    onSuccess: keep,
  })
}

/** Sets the logo, or removes it with `null`. */
export function useSetLogo(slug: MaybeRefOrGetter<string>) {
  const keep = useKeepOrganization(slug)
  return useMutation({
    mutationFn: async (file: File | null) => {
      const path = { organization: toValue(slug) }
      if (file === null) return (await removeLogo({ path })).data
      return (await setLogo({ path, body: { file } })).data
    },
    onSuccess: keep,
  })
}

/** Hands the organization to another member; one is an admin then. Needs a password given lately (sudo). */
export function useTransferOwnership(slug: MaybeRefOrGetter<string>) {
  const refresh = useRefreshOrganization(slug)
  return useMutation({
    mutationFn: async (membershipId: string) =>
      (
        await transferOwnership({
          path: { organization: toValue(slug) },
          body: { membership_id: membershipId },
        })
      ).data,
    onSuccess: refresh,
  })
}

/** Deletes the organization and all of it. Needs its slug typed, and a password given lately (sudo). */
export function useDeleteOrganization(slug: MaybeRefOrGetter<string>) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (confirm: string) => deleteOrganization({ path: { organization: toValue(slug) }, query: { confirm } }),
    onSuccess: () => {
      client.removeQueries({ queryKey: organizationKey(toValue(slug)) })
      return refreshOrganizations(client)
    },
  })
}
