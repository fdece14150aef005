package domain_test

import (
	"net/netip"
	"testing"

	"rowhouse/core/domain"
)

func TestRateClassCounted(t *testing.T) {
	t.Parallel()
	ada := domain.Requester{Address: netip.MustParseAddr("203.0.113.7"), User: "ada", Organization: "acme"}
	from := func(address string) domain.Requester {
		return domain.Requester{Address: netip.MustParseAddr(address), User: "ada", Organization: "acme"}
	}
	as := func(user domain.UserID, organization domain.OrganizationID) domain.Requester {
		return domain.Requester{Address: ada.Address, User: user, Organization: organization}
	}
	for _, tt := range []struct {
		name   string
		class  domain.RateClass
		a, b   domain.Requester
		shared bool
	}{
		{"an address counts for itself", domain.RateSignIn, ada, ada, true},
		{"another address does not", domain.RateSignIn, ada, from("203.0.113.8"), false},
		{"nor does it matter who comes from an address", domain.RateSignIn, ada, as("grace", "globex"), true},
		{"an address written as IPv6 is the same", domain.RateSignUp, ada, from("::ffff:203.0.113.7"), true},
		{"a network of IPv6 is one", domain.RateSignIn, from("2001:db8:1:2::1"), from("2001:db8:1:2:ffff:ffff:ffff:ffff"), true},
		{"the next network is another", domain.RateRecovery, from("2001:db8:1:2::1"), from("2001:db8:1:3::1"), false},
		{"a zone makes no difference", domain.RateInvitationPreview, from("fe80::1%eth0"), from("fe80::1%eth1"), true},
		{"a user counts from wherever they come", domain.RateOrganizationCreation, ada, from("203.0.113.8"), true},
		{"another user does not", domain.RateOrganizationCreation, ada, as("grace", "acme"), false},
		{"a founder counts in all organizations together", domain.RateOrganizationCreation, ada, as("ada", "globex"), true},
		{"who invites counts in each organization", domain.RateInvitation, ada, as("ada", "globex"), false},
		{"each who invites counts", domain.RateInvitation, ada, as("grace", "acme"), false},
		{"and it matters not from where", domain.RateInvitation, ada, from("203.0.113.8"), true},
		{"what is in no class is counted together", "unheard of", ada, from("203.0.113.8"), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, b := tt.class.Counted(tt.a), tt.class.Counted(tt.b)
			if (a == b) != tt.shared {
				t.Errorf("%q and %q; want one: %t", a, b, tt.shared)
			}
		})
	}
	t.Run("no two classes share anybody", func(t *testing.T) {
		t.Parallel()
		seen := map[string]domain.RateClass{}
		for _, class := range domain.RateClasses {
			key := class.Counted(ada)
			if other, ok := seen[key]; ok {
				t.Errorf("%s and %s both count %q", class, other, key)
			}
			seen[key] = class
		}
		if len(seen) != 6 {
			t.Errorf("%d classes, want 6", len(seen))
		}
	})
	t.Run("an address that is none has a count of its own", func(t *testing.T) {
		t.Parallel()
		if a := domain.RateSignIn.Counted(domain.Requester{}); a == domain.RateSignIn.Counted(ada) {
			t.Errorf("both are %q", a)
		}
	})
}
