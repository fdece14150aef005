import type { OwnMembership } from '@/api/gen'

/** What a role lets one do in an organization, as the API names it. */
export type Permission =
  | 'organization:update'
  | 'organization:delete'
  | 'organization:transfer'
  | 'members:invite'
  | 'members:manage'
  | 'workspaces:manage'
  | 'billing:manage'
  | 'usage:record'

export type Role = OwnMembership['role']

/** The roles in words, the highest first. */
export const ROLES = [
  { value: 'owner', label: 'Owner', description: 'Everything, billing and deletion included' },
  { value: 'admin', label: 'Admin', description: 'Manages members, workspaces and settings' },
  { value: 'member', label: 'Member', description: 'Works in the workspaces open to them' },
] as const satisfies readonly { value: Role; label: string; description: string }[]

/** The roles one can be invited as. The owner's is had by transfer alone. */
export const INVITABLE_ROLES = ROLES.filter((role) => role.value !== 'owner')

export function roleLabel(role: Role): string {
  return ROLES.find(({ value }) => value === role)?.label ?? role
}
