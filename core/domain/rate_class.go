package domain

import (
	"net/netip"
	"strings"
)

// RateClass is a kind of requests that share a rate.
type RateClass string

// The classes, and who is counted in each.
const (
	RateSignIn               RateClass = "sign_in"               // an address
	RateSignUp               RateClass = "sign_up"               // an address
	RateRecovery             RateClass = "recovery"              // an address: what makes us mail links, and uses those to a new password
	RateInvitationPreview    RateClass = "invitation_preview"    // an address
	RateOrganizationCreation RateClass = "organization_creation" // a user
	RateInvitation           RateClass = "invitation"            // a user in an organization
)

// RateClasses are all classes.
var RateClasses = []RateClass{
	RateSignIn, RateSignUp, RateRecovery, RateInvitationPreview, RateOrganizationCreation, RateInvitation,
}

// Requester is who sends a request, as far as that is known.
type Requester struct {
	Address      netip.Addr
	User         UserID
	Organization OrganizationID
}

// networkBits is how much of an IPv6 address names a customer of a provider:
// the rest they choose themselves.
const networkBits = 64

// Counted is who the class counts the request for. No two classes, and no two
// of those who are counted, share one.
func (c RateClass) Counted(r Requester) string {
	switch c {
	case RateOrganizationCreation:
		return strings.Join([]string{string(c), string(r.User)}, ":")
	case RateInvitation:
		return strings.Join([]string{string(c), string(r.User), string(r.Organization)}, ":")
	case RateSignIn, RateSignUp, RateRecovery, RateInvitationPreview:
		return strings.Join([]string{string(c), network(r.Address)}, ":")
	default:
		return string(c)
	}
}

// network is the address, or the network that one customer has all of.
func network(address netip.Addr) string {
	address = address.Unmap().WithZone("")
	if !address.Is6() {
		return address.String()
	}
	prefix, _ := address.Prefix(networkBits) // fails beyond 128 bits alone
	return prefix.String()
}
