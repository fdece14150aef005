package notification

import (
	"context"
	"time"

	"rowhouse/core/domain"
)

// InvitationLetter is what the mail about an invitation says.
type InvitationLetter struct {
	To               domain.Email
	OrganizationName string
	LogoURL          string // absolute; "" for the initial of the name
	InviterName      string // "" where nobody knows any more
	Role             domain.Role
	HasAccount       bool // whether somebody with this address can sign in
	Token            domain.Token
	ExpiresAt        time.Time
}

// Invitation invites somebody to an organization. Who has no account is asked
// to make one; its link shows the invitation, and accepts nothing by itself.
func (s *Service) Invitation(ctx context.Context, in InvitationLetter) error {
	organization := either(shown(in.OrganizationName), "an organization")
	inviter := shown(in.InviterName)
	l := letter{
		Kind:    "invitation",
		Subject: invites(shorten(inviter, inSubject), shorten(organization, inSubject)) + " on Rowhouse",
		Sender:  newSender(organization, in.LogoURL),
		Heading: invites(inviter, organization),
		Facts: []fact{
			{"Your role", title(in.Role)},
			{"Open until", moment(in.ExpiresAt)},
		},
		Link:     s.link("/invite", in.Token),
		Footnote: "If you do not want to join, ignore this mail or decline: nothing happens until you accept.",
		Reason:   "somebody at " + organization + " invited this address",
	}
	if in.HasAccount {
		l.Preview = "Sign in to accept."
		l.Paragraphs = []string{"You have an account on Rowhouse already. Sign in with the one for this e-mail address to accept the invitation."}
		l.Action = "Accept the invitation"
	} else {
		l.Preview = "Set up your account to accept."
		l.Paragraphs = []string{"You need an account on Rowhouse to join. Setting one up takes a minute: your address is confirmed by this mail already."}
		l.Action = "Set up your account"
	}
	return s.send(ctx, in.To, l)
}

// inSubject is how long a name in a subject may be, in characters, so that all
// of the subject has room.
const inSubject = 40

func invites(inviter, organization string) string {
	if inviter == "" {
		return "You are invited to join " + organization
	}
	return inviter + " invites you to join " + organization
}

func title(r domain.Role) string {
	switch r {
	case domain.RoleOwner:
		return "Owner"
	case domain.RoleAdmin:
		return "Admin"
	case domain.RoleMember:
	}
	return "Member"
}
