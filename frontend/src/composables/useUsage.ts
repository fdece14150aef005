import { useQuery } from '@tanstack/vue-query'
import { computed, type MaybeRefOrGetter, toValue } from 'vue'
import { getUsageOptions } from '@/api/gen/@tanstack/vue-query.gen'
import { inOrganization } from '@/api/keys'

/** What an organization has used in the present period. */
export function useUsage(organization: MaybeRefOrGetter<string>) {
  return useQuery(
    computed(() => {
      const path = { organization: toValue(organization) }
      return inOrganization(path.organization, getUsageOptions({ path }))
    }),
  )
}
