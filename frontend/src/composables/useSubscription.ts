import { useQuery } from '@tanstack/vue-query'
import { computed, type MaybeRefOrGetter, toValue } from 'vue'
import { getSubscriptionOptions, listPlansOptions } from '@/api/gen/@tanstack/vue-query.gen'
import { inOrganization } from '@/api/keys'

/** What an organization has subscribed to. */
export function useSubscription(organization: MaybeRefOrGetter<string>) {
  return useQuery(
    computed(() => inOrganization(getSubscriptionOptions({ path: { organization: toValue(organization) } }))),
  )
}

/** The plans one can have, cheapest first. */
export function usePlans() {
  return useQuery({ ...listPlansOptions(), staleTime: Infinity })
}
