package mailing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"rowhouse/core/domain"
	"rowhouse/core/job"
	"rowhouse/core/notification"
	"rowhouse/ports"
)

// Sender does the jobs that send mails.
type Sender struct {
	store  ports.Store
	clock  ports.Clock
	key    domain.SecretKey
	notify *notification.Service
	files  FileURL
}

// FileURL returns where a file is found, as an absolute address.
type FileURL func(domain.BlobKey) string

// NewSender returns a Sender. All arguments are required.
func NewSender(store ports.Store, clock ports.Clock, key domain.SecretKey, notify *notification.Service, files FileURL) *Sender {
	return &Sender{store: store, clock: clock, key: key, notify: notify, files: files}
}

// Handlers returns the handlers of all kinds of mails. None changes anything.
func (s *Sender) Handlers() job.Handlers {
	return job.Handlers{
		KindVerifyEmail:      s.withLink(domain.TokenVerifyEmail, s.verifyEmail),
		KindResetPassword:    s.withLink(domain.TokenResetPassword, s.resetPassword),
		KindConfirmNewEmail:  s.withLink(domain.TokenChangeEmail, s.confirmNewEmail),
		KindPasswordChanged:  toUser(s, s.passwordChanged),
		KindEmailChangeAsked: toUser(s, s.emailChangeAsked),
		KindEmailChanged:     toUser(s, s.emailChanged),
		KindNewSignIn:        s.newSignIn,
		KindInvitation:       s.invitation,
	}
}

// decode reads the payload of a job. One that cannot be read never can.
func decode[T any](j domain.Job) (payload T, err error) {
	if err := json.Unmarshal(j.Payload, &payload); err != nil {
		return payload, domain.Permanent(fmt.Errorf("payload: %w", err))
	}
	return payload, nil
}

// letter is one mail to write: the service that gives it the job's id, so that
// one that is sent twice is known to be the same, and the user.
type letter struct {
	notify *notification.Service
	user   domain.User
	about  aboutUser
}

// toUser makes a handler that sends a mail about an account. Where that is gone
// meanwhile, there is nobody to tell.
func toUser(s *Sender, send func(context.Context, letter) error) job.Handler {
	return func(ctx context.Context, j domain.Job) (job.Effects, error) {
		about, err := decode[aboutUser](j)
		if err != nil {
			return nil, err
		}
		user, err := s.store.Users().Get(ctx, about.User)
		if errors.Is(err, domain.ErrNotFound) {
			return nil, nil //nolint:nilnil // no effects and no error: it is done
		}
		if err != nil {
			return nil, err
		}
		return nil, send(ctx, letter{s.notify.WithID(domain.MailID(j.ID)), user, about})
	}
}

// withLink makes a handler that sends a mail with a link, if that still works:
// it may have been used, replaced or run out while the mail had to wait.
func (s *Sender) withLink(purpose domain.TokenPurpose, send func(context.Context, letter, domain.AuthToken, domain.Token) error) job.Handler {
	return toUser(s, func(ctx context.Context, l letter) error {
		link, err := s.store.AuthTokens().Of(ctx, l.user.ID, purpose)
		if errors.Is(err, domain.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		token := domain.LinkToken(s.key, purpose, l.about.Link)
		if link.Hash != token.Hash() || !link.Live(s.clock.Now()) {
			return nil
		}
		return send(ctx, l, link, token)
	})
}

func (s *Sender) verifyEmail(ctx context.Context, l letter, _ domain.AuthToken, token domain.Token) error {
	return l.notify.VerifyEmail(ctx, l.user, token)
}

func (s *Sender) resetPassword(ctx context.Context, l letter, _ domain.AuthToken, token domain.Token) error {
	return l.notify.ResetPassword(ctx, l.user, token)
}

func (s *Sender) confirmNewEmail(ctx context.Context, l letter, link domain.AuthToken, token domain.Token) error {
	return l.notify.ConfirmNewEmail(ctx, l.user, link.Email, token)
}

func (s *Sender) passwordChanged(ctx context.Context, l letter) error {
	return l.notify.PasswordChanged(ctx, l.user)
}

func (s *Sender) emailChangeAsked(ctx context.Context, l letter) error {
	l.user.Email = l.about.Address // the one that it was asked for at
	return l.notify.EmailChangeAsked(ctx, l.user)
}

// emailChanged has its link only while that works, unlike the mails that are
// nothing without one.
func (s *Sender) emailChanged(ctx context.Context, l letter) error {
	var token domain.Token
	if l.about.Link != "" {
		link, err := s.store.AuthTokens().Of(ctx, l.user.ID, domain.TokenRevertEmail)
		if err != nil && !errors.Is(err, domain.ErrNotFound) {
			return err
		}
		made := domain.LinkToken(s.key, domain.TokenRevertEmail, l.about.Link)
		if err == nil && link.Hash == made.Hash() && link.Live(s.clock.Now()) {
			token = made
		}
	}
	return l.notify.EmailChanged(ctx, l.user, l.about.Address, token)
}

func (s *Sender) newSignIn(ctx context.Context, j domain.Job) (job.Effects, error) {
	about, err := decode[newSignIn](j)
	if err != nil {
		return nil, err
	}
	return toUser(s, func(ctx context.Context, l letter) error {
		return l.notify.NewSignIn(ctx, l.user, notification.SignIn{UserAgent: about.UserAgent, IP: about.IP, At: about.At})
	})(ctx, j)
}

// invitation sends the mail about an invitation, unless it has been answered,
// taken back or sent again since.
func (s *Sender) invitation(ctx context.Context, j domain.Job) (job.Effects, error) {
	about, err := decode[aboutInvitation](j)
	if err != nil {
		return nil, err
	}
	tenant := s.store.Tenant(j.Organization)
	organization, err := tenant.Organization().Get(ctx)
	if errors.Is(err, domain.ErrNotFound) {
		return nil, nil //nolint:nilnil // it was deleted meanwhile, with its invitations
	}
	if err != nil {
		return nil, err
	}
	i, err := tenant.Invitations().Get(ctx, about.Invitation)
	if errors.Is(err, domain.ErrNotFound) {
		return nil, domain.ErrTenantMismatch // they are kept for as long as their organization
	}
	if err != nil {
		return nil, err
	}
	if i.StateAt(s.clock.Now()) != domain.InvitationPending || i.Sent != about.Sent {
		return nil, nil //nolint:nilnil // there is nothing to send any more
	}
	known, err := s.hasAccount(ctx, i.Email)
	if err != nil {
		return nil, err
	}
	logo := ""
	if organization.Logo != "" {
		logo = s.files(organization.Logo)
	}
	return nil, s.notify.WithID(domain.MailID(j.ID)).Invitation(ctx, notification.InvitationLetter{
		To: i.Email, OrganizationName: organization.Name, LogoURL: logo, InviterName: i.InviterName,
		Role: i.Role, HasAccount: known, ExpiresAt: i.ExpiresAt,
		Token: domain.InvitationToken(s.key, i.ID, i.Sent),
	})
}

func (s *Sender) hasAccount(ctx context.Context, email domain.Email) (bool, error) {
	_, err := s.store.Users().ByEmail(ctx, email)
	if errors.Is(err, domain.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}
