import type { QueryClient } from '@tanstack/vue-query'
import { listOrganizations } from '@/api/gen'
import { usePages } from './usePages'

const key = ['organizations-of-mine']

/** The organizations one is a member of, with one's role and their member count. */
export function useOrganizations() {
  return usePages(
    () => key,
    async (cursor, signal) => (await listOrganizations({ query: { cursor, limit: 100 }, signal })).data,
  )
}

/** Has the list fetched again: an organization was made, changed, joined or left. */
export function refreshOrganizations(client: QueryClient): Promise<void> {
  return client.invalidateQueries({ queryKey: key })
}
