import { type QueryKey, useInfiniteQuery } from '@tanstack/vue-query'
import { computed } from 'vue'

/** A page of a list, as the API answers it. */
export interface Page<Item> {
  data: Item[]
  next_cursor: string | null
}

/**
 * A list of the API, page by page: `items` are those of all pages so far,
 * `fetchNextPage` adds one while `hasNextPage`.
 */
export function usePages<Item>(
  key: () => QueryKey,
  fetch: (cursor: string | undefined, signal: AbortSignal) => Promise<Page<Item>>,
  enabled: () => boolean = () => true,
) {
  const query = useInfiniteQuery({
    queryKey: computed(key),
    queryFn: ({ pageParam, signal }) => fetch(pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page: Page<Item>) => page.next_cursor ?? undefined,
    enabled: computed(enabled),
  })
  const items = computed(() => query.data.value?.pages.flatMap((page) => page.data) ?? [])
  return { ...query, items }
}
