package domain

// Permission is one thing that a role may or may not do. The names are part of
// the HTTP contract: the web app asks for them instead of guessing from roles.
type Permission string

// The permissions.
const (
	OrganizationUpdate   Permission = "organization:update"
	OrganizationDelete   Permission = "organization:delete"
	OrganizationTransfer Permission = "organization:transfer"
	MembersInvite        Permission = "members:invite"
	MembersManage        Permission = "members:manage"
	WorkspacesManage     Permission = "workspaces:manage"
	BillingManage        Permission = "billing:manage"
	UsageRecord          Permission = "usage:record"
)

// Permissions lists every permission in the order in which answers show them.
var Permissions = []Permission{
	OrganizationUpdate, OrganizationDelete, OrganizationTransfer,
	MembersInvite, MembersManage, WorkspacesManage, BillingManage, UsageRecord,
}
