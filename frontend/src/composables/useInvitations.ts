import { useMutation, useQuery, useQueryClient } from '@tanstack/vue-query'
import { computed, type MaybeRefOrGetter, toValue } from 'vue'
import {
  acceptInvitation,
  acceptMyInvitation,
  createInvitations,
  type CreateInvitationsInput,
  declineInvitation,
  declineMyInvitation,
  type Invitation,
  listInvitations,
  listMyInvitations,
  previewInvitation,
  resendInvitation,
  revokeInvitation,
} from '@/api/gen'
import { organizationKey } from '@/api/keys'
import { refreshOrganizations } from './useOrganizations'
import { useRefreshOrganization } from './useOrganization'
import { usePages } from './usePages'

/** The invitations of an organization in one state, the newest first. Only for those who may invite. */
export function useInvitations(
  organization: MaybeRefOrGetter<string>,
  state: MaybeRefOrGetter<Invitation['state']> = 'pending',
  enabled: () => boolean = () => true,
) {
  return usePages(
    () => organizationKey(toValue(organization), 'invitations', toValue(state)),
    async (cursor, signal) =>
      (
        await listInvitations({
          path: { organization: toValue(organization) },
          query: { state: toValue(state), cursor },
          signal,
        })
      ).data,
    enabled,
  )
}

/** Invites up to 50 people as one role; each address gets its own answer, in order. */
export function useSendInvitations(organization: MaybeRefOrGetter<string>) {
  const refresh = useRefreshOrganization(organization)
  return useMutation({
    mutationFn: async (body: CreateInvitationsInput) =>
      (await createInvitations({ path: { organization: toValue(organization) }, body })).data.results,
    onSuccess: refresh,
  })
}

/** Sends an invitation again: a new link and a new week; the old link is dead. */
export function useResendInvitation(organization: MaybeRefOrGetter<string>) {
  const refresh = useRefreshOrganization(organization)
  return useMutation({
    mutationFn: async (invitation: string) =>
      (await resendInvitation({ path: { organization: toValue(organization), invitation } })).data,
    onSuccess: refresh,
  })
}

/** Takes an invitation back. */
export function useRevokeInvitation(organization: MaybeRefOrGetter<string>) {
  const refresh = useRefreshOrganization(organization)
  return useMutation({
    mutationFn: (invitation: string) => revokeInvitation({ path: { organization: toValue(organization), invitation } }),
    onSuccess: refresh,
  })
}

/** The pending invitations for one's own verified address. */
export function useMyInvitations() {
  return usePages(
    () => ['my-invitations'],
    async (cursor, signal) => (await listMyInvitations({ query: { cursor }, signal })).data,
  )
}

/** Answers an invitation for one's own address. */
export function useAnswerMyInvitation() {
  const client = useQueryClient()
  const refresh = () =>
    Promise.all([client.invalidateQueries({ queryKey: ['my-invitations'] }), refreshOrganizations(client)])
  const accept = useMutation({
    mutationFn: async (invitation: string) => (await acceptMyInvitation({ path: { invitation } })).data,
    onSuccess: refresh,
  })
  const decline = useMutation({
    mutationFn: (invitation: string) => declineMyInvitation({ path: { invitation } }),
    onSuccess: refresh,
  })
  return { accept, decline }
}

/**
 * What a link's invitation says. One that is over fails with 410 and the
 * invitation in the problem, an unknown link with 404. `viewer` is whom it is
 * asked as: the address is masked for all but the invited.
 */
export function useInvitationPreview(token: MaybeRefOrGetter<string>, viewer: MaybeRefOrGetter<string | undefined>) {
  return useQuery(
    computed(() => ({
      queryKey: ['invitation-preview', toValue(token), toValue(viewer)],
      queryFn: async ({ signal }: { signal: AbortSignal }) =>
        (await previewInvitation({ body: { token: toValue(token) }, signal })).data,
      enabled: toValue(token) !== '',
      gcTime: 0, // a token is not kept longer than its page
    })),
  )
}

/** Answers the invitation of a link. */
export function useAnswerInvitation() {
  const client = useQueryClient()
  const accept = useMutation({
    mutationFn: async (token: string) => (await acceptInvitation({ body: { token } })).data,
    onSuccess: () => refreshOrganizations(client),
  })
  const decline = useMutation({
    mutationFn: (token: string) => declineInvitation({ body: { token } }),
  })
  return { accept, decline }
}
