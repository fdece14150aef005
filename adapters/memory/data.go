package memory

import (
	"cmp"
	"strings"
	"time"

	"rowhouse/core/domain"
)

// data is everything that is stored. What belongs to a tenant has its
// organization in the key, so that no look-up can reach another one's rows.
type data struct {
	users       table[domain.UserID, domain.User]
	userByEmail table[domain.Email, domain.UserID]

	sessions       table[domain.SessionID, domain.Session]
	sessionByToken table[domain.TokenHash, domain.SessionID]
	sessionsOf     index[domain.UserID, domain.SessionID]

	authTokens  table[domain.TokenHash, domain.AuthToken]
	authTokenOf table[authTokenKey, domain.TokenHash]

	addresses     table[domain.Slug, address]
	presentSlugOf table[domain.OrganizationID, domain.Slug]

	organizations table[domain.OrganizationID, domain.Organization]
	subscriptions table[domain.OrganizationID, domain.Subscription]

	memberships   table[owned[domain.MembershipID], domain.Membership]
	membershipsOf index[domain.OrganizationID, domain.MembershipID]
	seatsOf       index[domain.UserID, seat]

	invitations       table[owned[domain.InvitationID], domain.Invitation]
	invitationsOf     index[domain.OrganizationID, domain.InvitationID]
	invitationsTo     index[domain.Email, owned[domain.InvitationID]]
	invitationByToken table[domain.TokenHash, owned[domain.InvitationID]]
	pendingTo         table[owned[domain.Email], domain.InvitationID]
	expiring          index[everything, expiry]

	workspaces      table[owned[domain.WorkspaceID], domain.Workspace]
	workspaceBySlug table[owned[domain.Slug], domain.WorkspaceID]
	workspacesOf    index[domain.OrganizationID, workspaceEntry]

	workspaceMembers   table[workspaceMemberKey, domain.WorkspaceMember]
	workspaceMembersOf index[owned[domain.WorkspaceID], domain.MembershipID]
	addedTo            index[owned[domain.MembershipID], domain.WorkspaceID]

	usage        table[usageKey, domain.UsageMetric]
	usagePeriods index[domain.OrganizationID, domain.Period]

	attempts table[string, throttled]

	jobs        table[domain.JobID, job]
	jobsOf      index[domain.OrganizationID, domain.JobID]
	jobsIn      index[domain.JobState, domain.JobID]
	unpublished index[everything, domain.JobID]
	ticks       table[tick, bool]
	ticksOf     index[string, int64]
}

func newData() data {
	return data{
		users:              table[domain.UserID, domain.User]{},
		userByEmail:        table[domain.Email, domain.UserID]{},
		sessions:           table[domain.SessionID, domain.Session]{},
		sessionByToken:     table[domain.TokenHash, domain.SessionID]{},
		sessionsOf:         newIndex[domain.UserID](cmp.Compare[domain.SessionID]),
		authTokens:         table[domain.TokenHash, domain.AuthToken]{},
		authTokenOf:        table[authTokenKey, domain.TokenHash]{},
		addresses:          table[domain.Slug, address]{},
		presentSlugOf:      table[domain.OrganizationID, domain.Slug]{},
		organizations:      table[domain.OrganizationID, domain.Organization]{},
		subscriptions:      table[domain.OrganizationID, domain.Subscription]{},
		memberships:        table[owned[domain.MembershipID], domain.Membership]{},
		membershipsOf:      newIndex[domain.OrganizationID](cmp.Compare[domain.MembershipID]),
		seatsOf:            newIndex[domain.UserID](seat.compare),
		invitations:        table[owned[domain.InvitationID], domain.Invitation]{},
		invitationsOf:      newIndex[domain.OrganizationID](cmp.Compare[domain.InvitationID]),
		invitationsTo:      newIndex[domain.Email](compareIDs[domain.InvitationID]),
		invitationByToken:  table[domain.TokenHash, owned[domain.InvitationID]]{},
		pendingTo:          table[owned[domain.Email], domain.InvitationID]{},
		expiring:           newIndex[everything](expiry.compare),
		workspaces:         table[owned[domain.WorkspaceID], domain.Workspace]{},
		workspaceBySlug:    table[owned[domain.Slug], domain.WorkspaceID]{},
		workspacesOf:       newIndex[domain.OrganizationID](workspaceEntry.compare),
		workspaceMembers:   table[workspaceMemberKey, domain.WorkspaceMember]{},
		workspaceMembersOf: newIndex[owned[domain.WorkspaceID]](cmp.Compare[domain.MembershipID]),
		addedTo:            newIndex[owned[domain.MembershipID]](cmp.Compare[domain.WorkspaceID]),
		usage:              table[usageKey, domain.UsageMetric]{},
		usagePeriods:       newIndex[domain.OrganizationID](comparePeriods),
		attempts:           table[string, throttled]{},
		jobs:               table[domain.JobID, job]{},
		jobsOf:             newIndex[domain.OrganizationID](cmp.Compare[domain.JobID]),
		jobsIn:             newIndex[domain.JobState](cmp.Compare[domain.JobID]),
		unpublished:        newIndex[everything](cmp.Compare[domain.JobID]),
		ticks:              table[tick, bool]{},
		ticksOf:            newIndex[string](cmp.Compare[int64]),
	}
}

// owned is the key of something that belongs to an organization.
type owned[ID ~string] struct {
	organization domain.OrganizationID
	id           ID
}

// compareIDs looks at the ids alone, which are unique across organizations.
func compareIDs[ID ~string](a, b owned[ID]) int { return cmp.Compare(a.id, b.id) }

// authTokenKey is what at most one live link can be for.
type authTokenKey struct {
	user    domain.UserID
	purpose domain.TokenPurpose
}

// address is who has a slug, or had it last.
type address struct {
	organization domain.OrganizationID
	givenUpAt    time.Time // zero while it is the present one
}

// seat is where a user is a member. A user has at most one in each
// organization.
type seat struct {
	organization domain.OrganizationID
	membership   domain.MembershipID
}

func (s seat) compare(other seat) int { return cmp.Compare(s.organization, other.organization) }

// everything is the one key of an index that has no groups.
type everything struct{}

// expiry is when an invitation that is stored as pending runs out.
type expiry struct {
	at         time.Time
	invitation owned[domain.InvitationID]
}

func (e expiry) compare(other expiry) int {
	return cmp.Or(e.at.Compare(other.at), compareIDs(e.invitation, other.invitation))
}

// workspaceEntry is where a workspace stands in the list: by name without
// regard to case, then by id.
type workspaceEntry struct {
	name string
	id   domain.WorkspaceID
}

func newWorkspaceEntry(name string, id domain.WorkspaceID) workspaceEntry {
	return workspaceEntry{name: strings.ToLower(name), id: id}
}

func (e workspaceEntry) compare(other workspaceEntry) int {
	return cmp.Or(strings.Compare(e.name, other.name), cmp.Compare(e.id, other.id))
}

type workspaceMemberKey struct {
	workspace  owned[domain.WorkspaceID]
	membership domain.MembershipID
}

// usageKey holds the start as a number, since two equal times can differ as
// keys.
type usageKey struct {
	organization domain.OrganizationID
	metric       domain.Metric
	start, end   int64 // in microseconds
}

// tick is the start of a schedule's period, in microseconds.
type tick struct {
	schedule string
	at       int64
}

func comparePeriods(a, b domain.Period) int {
	return cmp.Or(a.Start.Compare(b.Start), a.End.Compare(b.End))
}
