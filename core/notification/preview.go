package notification

import (
	"context"
	"fmt"

	"rowhouse/core/domain"
)

// Sample is what previews are about.
type Sample struct {
	To                          domain.Email
	Name, Organization, Inviter string
	LogoURL                     string
	UserAgent, IP               string
}

// NewSample returns a Sample with made-up names.
func NewSample(to domain.Email) Sample {
	return Sample{
		To: to, Name: "Grace Hopper", Organization: "Acme", Inviter: "Ada Lovelace",
		UserAgent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0", IP: "203.0.113.7",
	}
}

// Preview is a mail to look at. Its links lead nowhere.
type Preview struct {
	Name string // what it is, such as "invitation to a new person"
	send func(ctx context.Context, s *Service, about Sample) error
}

// previewToken opens nothing: tokens are longer.
const previewToken domain.Token = "preview"

// Previews returns every mail, in all that it may look like.
func Previews() []Preview {
	return []Preview{
		{"verify email", func(ctx context.Context, s *Service, about Sample) error {
			return s.VerifyEmail(ctx, about.user(), previewToken)
		}},
		{"reset password", func(ctx context.Context, s *Service, about Sample) error {
			return s.ResetPassword(ctx, about.user(), previewToken)
		}},
		{"password changed", func(ctx context.Context, s *Service, about Sample) error {
			return s.PasswordChanged(ctx, about.user())
		}},
		{"confirm new email", func(ctx context.Context, s *Service, about Sample) error {
			return s.ConfirmNewEmail(ctx, about.user(), about.To, previewToken)
		}},
		{"email change asked", func(ctx context.Context, s *Service, about Sample) error {
			return s.EmailChangeAsked(ctx, about.user())
		}},
		{"email changed", func(ctx context.Context, s *Service, about Sample) error {
			return s.EmailChanged(ctx, about.user(), about.To, previewToken)
		}},
		{"email changed again", func(ctx context.Context, s *Service, about Sample) error {
			return s.EmailChanged(ctx, about.user(), about.To, "")
		}},
		{"new sign in", func(ctx context.Context, s *Service, about Sample) error {
			return s.NewSignIn(ctx, about.user(), SignIn{UserAgent: about.UserAgent, IP: about.IP, At: s.clock.Now()})
		}},
		{"invitation to a new person", func(ctx context.Context, s *Service, about Sample) error {
			return s.Invitation(ctx, about.invitation(s))
		}},
		{"invitation to somebody with an account", func(ctx context.Context, s *Service, about Sample) error {
			in := about.invitation(s)
			in.HasAccount, in.Role = true, domain.RoleAdmin
			return s.Invitation(ctx, in)
		}},
		{"invitation by somebody who is gone", func(ctx context.Context, s *Service, about Sample) error {
			in := about.invitation(s)
			in.InviterName, in.LogoURL = "", ""
			return s.Invitation(ctx, in)
		}},
	}
}

// Send sends the preview as the mail that it is.
func (p Preview) Send(ctx context.Context, s *Service, about Sample) error {
	return p.send(ctx, s, about)
}

// SendPreviews sends all of them, the last first: a mailbox that begins with
// the newest shows them in their order.
func (s *Service) SendPreviews(ctx context.Context, about Sample) error {
	previews := Previews()
	for i := range previews {
		p := previews[len(previews)-1-i]
		if err := p.Send(ctx, s, about); err != nil {
			return fmt.Errorf("preview %s: %w", p.Name, err)
		}
	}
	return nil
}

func (about Sample) user() domain.User { return domain.User{Name: about.Name, Email: about.To} }

func (about Sample) invitation(s *Service) InvitationLetter {
	return InvitationLetter{
		To: about.To, OrganizationName: about.Organization, LogoURL: about.LogoURL, InviterName: about.Inviter,
		Role: domain.RoleMember, Token: previewToken, ExpiresAt: s.clock.Now().AddDate(0, 0, 7),
	}
}
