package notification

import (
	"context"
	"net/netip"
	"time"

	"rowhouse/core/domain"
)

// VerifyEmail asks a new user to prove their address.
func (s *Service) VerifyEmail(ctx context.Context, user domain.User, token domain.Token) error {
	return s.send(ctx, user.Email, letter{
		Kind: "verify_email", Subject: "Confirm your e-mail address",
		Preview: "One step, and your account is ready.",
		Heading: "Confirm your e-mail address", Name: shown(user.Name),
		Paragraphs: []string{"Welcome to Rowhouse. Please confirm that this address is yours."},
		Action:     "Confirm address", Link: s.link("/verify-email", token),
		Footnote: "The link works for 24 hours. If you did not sign up, ignore this mail.",
		Reason:   "somebody signed up with this address",
	})
}

// ResetPassword sends the link to set a new password.
func (s *Service) ResetPassword(ctx context.Context, user domain.User, token domain.Token) error {
	return s.send(ctx, user.Email, letter{
		Kind: "reset_password", Subject: "Set a new password",
		Preview: "The link works once, for 30 minutes.",
		Heading: "Set a new password", Name: shown(user.Name),
		Paragraphs: []string{"Somebody, most likely you, asked for a new password for your account."},
		Action:     "Set a new password", Link: s.link("/reset-password", token),
		Footnote: "The link works once, for 30 minutes. If you did not ask, ignore this mail: nothing has changed.",
		Reason:   "somebody asked for a new password for the account with this address",
	})
}

// PasswordChanged tells a user that their password is another.
func (s *Service) PasswordChanged(ctx context.Context, user domain.User) error {
	return s.send(ctx, user.Email, letter{
		Kind: "password_changed", Subject: "Your password was changed",
		Preview: "If this was not you, set another password now.",
		Heading: "Your password was changed", Name: shown(user.Name),
		Paragraphs: []string{
			"The password of your account was changed, and other devices were signed out.",
			"If this was you, there is nothing to do. If not, set another password now: that signs out every device.",
		},
		Action: "Set another password", Link: s.forgotPassword(),
		Reason: reasonSecurity,
	})
}

// ConfirmNewEmail asks the address that an account shall move to.
func (s *Service) ConfirmNewEmail(ctx context.Context, user domain.User, to domain.Email, token domain.Token) error {
	return s.send(ctx, to, letter{
		Kind: "confirm_new_email", Subject: "Confirm your new e-mail address",
		Preview: "Your account moves here once you confirm.",
		Heading: "Confirm your new e-mail address", Name: shown(user.Name),
		Paragraphs: []string{"You asked to use this address for your account from now on."},
		Action:     "Confirm address", Link: s.link("/verify-email", token),
		Footnote: "The link works for 24 hours. If you did not ask, ignore this mail: nothing has changed.",
		Reason:   "somebody wants to use this address for their account",
	})
}

// EmailChangeAsked tells a user, at their present address, that their account
// shall move to another.
func (s *Service) EmailChangeAsked(ctx context.Context, user domain.User) error {
	return s.send(ctx, user.Email, letter{
		Kind: "email_change_asked", Subject: "A change of your e-mail address was asked for",
		Preview: "If this was not you, set another password now.",
		Heading: "A change of your e-mail address was asked for", Name: shown(user.Name),
		Paragraphs: []string{
			"Your account will move to another address once that address is confirmed.",
			"If this was you, there is nothing to do here. If not, set another password now: that stops the change and signs out every device.",
		},
		Action: "Set another password", Link: s.forgotPassword(),
		Reason: reasonSecurity,
	})
}

// EmailChanged tells the old address that the account has moved, with the
// link that takes it back. Without one, an address before that has it.
func (s *Service) EmailChanged(ctx context.Context, user domain.User, old domain.Email, revert domain.Token) error {
	l := letter{
		Kind: "email_changed", Subject: "Your e-mail address was changed",
		Preview: "If this was not you, take it back.",
		Heading: "Your e-mail address was changed", Name: shown(user.Name),
		// The address may be a stranger's, and its domain one to lure people to.
		Paragraphs: []string{"Your account now uses another address: " + shown(user.Email.Masked())},
		Footnote:   "If this was not you, use the link that was mailed to the address before this one.",
		Reason:     "your account used this address until now",
	}
	if revert != "" {
		l.Action, l.Link = "Take the change back", s.link("/verify-email", revert)
		l.Footnote = "If this was not you, take it back within 72 hours: that also signs out every device."
	}
	return s.send(ctx, old, l)
}

// SignIn is what is known about one. UserAgent and IP are what the client says
// of itself: of both only what is understood is shown.
type SignIn struct {
	UserAgent, IP string
	At            time.Time
}

// NewSignIn tells a user about a sign-in from a device that was not known.
func (s *Service) NewSignIn(ctx context.Context, user domain.User, in SignIn) error {
	place := "unknown"
	if ip, err := netip.ParseAddr(in.IP); err == nil {
		place = ip.Unmap().WithZone("").String() // a zone can be any text
	}
	return s.send(ctx, user.Email, letter{
		Kind: "new_sign_in", Subject: "New sign-in to your account",
		Preview: "If this was not you, set another password now.",
		Heading: "New sign-in to your account", Name: shown(user.Name),
		Paragraphs: []string{"Somebody signed in to your account on a device that we had not seen before."},
		Facts: []fact{
			{"Device", device(in.UserAgent)},
			{"IP address", place},
			{"Time", moment(in.At)},
		},
		Action: "Set another password", Link: s.forgotPassword(),
		Footnote: "If this was you, there is nothing to do. If not, set another password now: that signs out every device.",
		Reason:   reasonSecurity,
	})
}

const reasonSecurity = "it is about the security of your account"

func (s *Service) forgotPassword() string { return string(s.url) + "/forgot-password" }
