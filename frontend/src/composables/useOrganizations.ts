import { type QueryClient, useMutation, useQueryClient } from '@tanstack/vue-query'
import { createOrganization, type CreateOrganizationInput, listOrganizations, type Organization } from '@/api/gen'
import { organizationQuery } from './useOrganization'
import { usePages } from './usePages'

const key = ['organizations-of-mine']

/** The organizations one is a member of, with one's role and their member count. */
export function useOrganizations() {
  return usePages(
    () => key,
    async (cursor, signal) =>
      (await listOrganizations({ query: { cursor, limit: 100 }, signal, throwOnError: true })).data,
  )
}

/** Has the list fetched again: an organization was made, changed, joined or left. */
export function refreshOrganizations(client: QueryClient): Promise<void> {
  return client.invalidateQueries({ queryKey: key })
}

/** Founds an organization, of which one is the owner then. */
export function useCreateOrganization() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async (body: CreateOrganizationInput): Promise<Organization> =>
      (await createOrganization({ body, throwOnError: true })).data,
    onSuccess: (organization) => {
      client.setQueryData(organizationQuery(organization.slug).queryKey, organization)
      return refreshOrganizations(client)
    },
  })
}
