import { QueryCache, QueryClient } from '@tanstack/vue-query'
import { toast } from 'vue-sonner'
import { ApiError } from '@/api/problem'

/** Whether asking again may help: not where the server has decided. */
function worthRetrying(failures: number, error: unknown): boolean {
  const refused = error instanceof ApiError && error.status >= 400 && error.status < 500
  return !refused && failures < 2
}

export function createQueryClient(): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({
      // A first load that fails is the page's to show; here it already shows something.
      onError: (error, query) => {
        if (query.state.data !== undefined)
          toast.error('Could not refresh', { id: 'refresh', description: error.message })
      },
    }),
    defaultOptions: {
      queries: { staleTime: 15_000, retry: worthRetrying },
      mutations: { networkMode: 'always' }, // offline it fails and says so, instead of waiting unseen
    },
  })
}
