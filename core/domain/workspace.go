package domain

import "time"

// Visibility says which members of the organization see a workspace.
type Visibility string

// The visibilities.
const (
	VisibilityOpen       Visibility = "open"       // every member of the organization
	VisibilityRestricted Visibility = "restricted" // those who were added; owner and admins always
)

// ParseVisibility reads a visibility.
func ParseVisibility(s string) (Visibility, error) {
	switch v := Visibility(s); v {
	case VisibilityOpen, VisibilityRestricted:
		return v, nil
	default:
		return "", Invalid("visibility", "unknown_visibility", "Choose one of: open, restricted.")
	}
}

// DefaultWorkspaceName is the name of the workspace that every organization
// starts with.
const DefaultWorkspaceName = "General"

// Workspace is a division of an organization.
type Workspace struct {
	ID          WorkspaceID
	Name        string
	Slug        Slug // unique in the organization; stays on renaming
	Description string
	Visibility  Visibility
	IsDefault   bool
	CreatedBy   UserID
	CreatedAt   time.Time
	UpdatedAt   time.Time
	// Version counts the changes from 1. Storage raises it.
	Version int64
}

// WorkspaceDetail is a workspace with what is shown beside it.
type WorkspaceDetail struct {
	Workspace

	CreatedByName string // "" where the account is gone
	Members       int64  // how many were added
}

// WorkspaceMember is a member of the organization who was added to a
// workspace.
type WorkspaceMember struct {
	Workspace  WorkspaceID
	Membership MembershipID
	AddedBy    UserID
	CreatedAt  time.Time
}

// WorkspaceMemberDetail is a workspace member with the person behind it.
type WorkspaceMemberDetail struct {
	WorkspaceMember

	Member Member
}

// WorkspaceViewer narrows workspaces to those that somebody sees: all of them
// for owner and admins, else the open ones and those they were added to.
type WorkspaceViewer struct {
	Membership MembershipID
	SeesAll    bool
}

// Viewer returns what the actor sees of the workspaces.
func (a Actor) Viewer() WorkspaceViewer {
	return WorkspaceViewer{Membership: a.Membership, SeesAll: a.Role.Above(RoleMember)}
}

// Reasons why a workspace cannot be made, changed or removed.
var (
	ErrWorkspaceLimitReached = &Error{Kind: KindConflict, Code: "workspace_limit_reached", Message: "The plan has no workspace left. Upgrade the plan or delete a workspace."}
	ErrWorkspaceSlugTaken    = &Error{Kind: KindConflict, Code: "slug_taken", Message: "The organization has a workspace with this address."}
	ErrDefaultWorkspace      = &Error{Kind: KindConflict, Code: "default_workspace", Message: "The default workspace cannot be deleted."}
	ErrDefaultStaysOpen      = &Error{Kind: KindConflict, Code: "default_workspace", Message: "The default workspace stays open to every member."}
)
