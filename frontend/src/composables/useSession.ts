import { type QueryClient, queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/vue-query'
import { getMe, signOut, type User } from '@/api/gen'
import { ApiError } from '@/api/problem'

/** Who is signed in; `null` for nobody. */
export const sessionQuery = queryOptions<User | null, ApiError>({
  queryKey: ['session'],
  queryFn: async ({ signal }) => {
    try {
      return (await getMe({ signal })).data
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return null
      throw error
    }
  },
  staleTime: Infinity,
})

/** Who is signed in; `null` for nobody. */
export function useSession() {
  return useQuery(sessionQuery)
}

/** Remembers who is signed in from now on, and forgets all that was known before: it was somebody else's to see. */
export function startSession(client: QueryClient, user: User | null): void {
  client.clear()
  client.setQueryData(sessionQuery.queryKey, user)
}

/** Ends the session. What was known is forgotten with it. */
export function useSignOut() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => signOut(),
    onSuccess: () => startSession(client, null),
  })
}
