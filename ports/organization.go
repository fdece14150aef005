package ports

import (
	"context"
	"time"

	"rowhouse/core/domain"
)

// Organization is the row of the tenant itself.
type Organization interface {
	// Add stores a new organization, at version 1 and with no members and
	// workspaces counted: those are added in the same update. At the end of
	// every update, and of every call outside of one, the owner must be a
	// member of role owner, else it fails with domain.ErrOwnerMissing.
	Add(ctx context.Context, organization domain.Organization) error
	// Get returns the organization, or domain.ErrNotFound.
	Get(ctx context.Context) (domain.Organization, error)
	// Detail returns it with what is shown beside it, or domain.ErrNotFound.
	Detail(ctx context.Context) (domain.OrganizationDetail, error)
	// Save replaces the stored organization (its counts aside) and returns it
	// at its next version. It fails with domain.ErrPreconditionFailed if the
	// stored version is another than the given one's, and with
	// domain.ErrNotFound.
	Save(ctx context.Context, organization domain.Organization) (domain.Organization, error)
	// Remove deletes the organization and everything of the tenant, or fails
	// with domain.ErrNotFound. It does not touch its Slugs.
	Remove(ctx context.Context) error
}

// MemberFilter narrows a list of members.
type MemberFilter struct {
	Role  domain.Role // "" for any
	Query string      // part of the name or address in any case; "" for any
}

// Memberships are the users in the organization.
type Memberships interface {
	// Add stores a membership at version 1 and takes a seat, in one step. It
	// fails with domain.ErrAlreadyMember, or with
	// domain.ErrMemberLimitReached (limit and use included) if no seat is
	// left, however many try at once.
	Add(ctx context.Context, membership domain.Membership) error
	// Get returns the member, or domain.ErrNotFound.
	Get(ctx context.Context, id domain.MembershipID) (domain.Member, error)
	// List returns the members that match, newest first; the key of the page
	// is the membership's id.
	List(ctx context.Context, filter MemberFilter, page domain.PageRequest) (domain.Page[domain.Member], error)
	// Save replaces a stored membership and returns it at its next version.
	// It fails with domain.ErrNotFound, with domain.ErrPreconditionFailed if
	// the stored version is another, and with domain.ErrAlreadyOwner if there
	// would be a second owner.
	Save(ctx context.Context, membership domain.Membership) (domain.Membership, error)
	// Remove deletes the membership, takes it out of all workspaces and frees
	// its seat. It fails with domain.ErrNotFound, and with
	// domain.ErrOwnerImmutable for the owner's.
	Remove(ctx context.Context, id domain.MembershipID) error
}

// Workspaces are the divisions of the organization.
type Workspaces interface {
	// Add stores a workspace at version 1 and counts it, in one step. It
	// fails with domain.ErrWorkspaceSlugTaken, or with
	// domain.ErrWorkspaceLimitReached (limit and use included) if the plan
	// has none left, however many try at once.
	Add(ctx context.Context, workspace domain.Workspace) error
	// Get returns the workspace, or domain.ErrNotFound, also where the viewer
	// does not see it.
	Get(ctx context.Context, viewer domain.WorkspaceViewer, id domain.WorkspaceID) (domain.WorkspaceDetail, error)
	// List returns the workspaces that the viewer sees, by name without
	// regard to case; the keys of the page are the name and the id.
	List(ctx context.Context, viewer domain.WorkspaceViewer, page domain.PageRequest) (domain.Page[domain.WorkspaceDetail], error)
	// TakenSlugs returns which of the slugs are in use.
	TakenSlugs(ctx context.Context, slugs []domain.Slug) ([]domain.Slug, error)
	// Save replaces a stored workspace and returns it at its next version. It
	// fails with domain.ErrNotFound, and with domain.ErrPreconditionFailed if
	// the stored version is another.
	Save(ctx context.Context, workspace domain.Workspace) (domain.Workspace, error)
	// Remove deletes the workspace and uncounts it, or fails with
	// domain.ErrNotFound.
	Remove(ctx context.Context, id domain.WorkspaceID) error

	// AddMember adds a member of the organization to a workspace. It fails
	// with domain.ErrNotFound if either does not exist, and with
	// domain.ErrAlreadyMember.
	AddMember(ctx context.Context, member domain.WorkspaceMember) error
	// Members returns who was added, newest membership first; the key of the
	// page is the membership's id.
	Members(ctx context.Context, id domain.WorkspaceID, page domain.PageRequest) (domain.Page[domain.WorkspaceMemberDetail], error)
	// RemoveMember takes a member out of a workspace, or fails with
	// domain.ErrNotFound.
	RemoveMember(ctx context.Context, id domain.WorkspaceID, membership domain.MembershipID) error
}

// Subscription is the organization's one subscription.
type Subscription interface {
	// Add stores the subscription of a new organization.
	Add(ctx context.Context, subscription domain.Subscription) error
	// Get returns the subscription, or domain.ErrNotFound.
	Get(ctx context.Context) (domain.Subscription, error)
	// Save replaces the stored subscription, or fails with domain.ErrNotFound.
	// It does not change the organization's limits: that is the use case's to
	// do in the same update.
	Save(ctx context.Context, subscription domain.Subscription) error
}

// Usage is what the organization used, one row for each metric and period.
// Rows of one period come in the order of domain.Metrics.
type Usage interface {
	// Put stores rows, replacing those of the same metric and period.
	Put(ctx context.Context, rows []domain.UsageMetric) error
	// At returns the rows of the period that t falls into, or, where there are
	// none yet, of the latest before; none for an organization without any.
	At(ctx context.Context, t time.Time) ([]domain.UsageMetric, error)
	// History returns the rows of the given number of latest periods that
	// ended at or before t, latest first.
	History(ctx context.Context, t time.Time, periods int) ([]domain.UsageMetric, error)
}
