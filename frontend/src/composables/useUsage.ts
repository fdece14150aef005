import { useQuery } from '@tanstack/vue-query'
import { computed, type MaybeRefOrGetter, toValue } from 'vue'
import { getUsageOptions } from '@/api/gen/@tanstack/vue-query.gen'
import { inOrganization } from '@/api/keys'

/** What an organization has used in the present period. */
export function useUsage(organization: MaybeRefOrGetter<string>) {
  return useQuery(computed(() => inOrganization(getUsageOptions({ path: { organization: toValue(organization) } }))))
}
