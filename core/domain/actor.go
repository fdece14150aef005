package domain

// Actor is a member who acts in an organization: who, where and as what. Only
// a look-up of the membership makes one, so whoever holds an Actor may at
// least read the organization.
type Actor struct {
	User         UserID
	Organization OrganizationID
	Membership   MembershipID
	Role         Role
	// Suspended is true while the organization can be read but not changed.
	Suspended bool
}

// Caller is a signed-in user and the session that the request came with.
type Caller struct {
	User    User
	Session Session
}
