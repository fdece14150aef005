import { type InferDataFromTag, type QueryFunctionContext, type QueryKey, queryOptions } from '@tanstack/vue-query'
import type { ApiError } from './problem'

/**
 * Where what belongs to an organization is kept: its keys begin with the
 * organization, so that nothing of one is ever taken for another's, and all of
 * one can be dropped at once.
 */
export function organizationKey(organization: string, ...rest: readonly unknown[]): QueryKey {
  return ['organizations', organization, ...rest]
}

/** The key of a generated request that is made below an organization. */
type GeneratedKey = readonly [{ path: { organization: string } }]

/** Generated query options, kept below the organization that they ask. */
export function inOrganization<Key extends GeneratedKey>(options: { queryKey: Key; queryFn?: unknown }) {
  type Data = InferDataFromTag<never, Key>
  // The generated type also allows refs and a token for "not now", which generated options never are.
  const fetch = options.queryFn as (context: Pick<QueryFunctionContext<Key>, 'queryKey' | 'signal'>) => Promise<Data>
  return queryOptions<Data, ApiError>({
    queryKey: organizationKey(options.queryKey[0].path.organization, ...options.queryKey),
    // It reads its request from the key that was generated with it.
    queryFn: ({ signal }) => fetch({ queryKey: options.queryKey, signal }),
  })
}
