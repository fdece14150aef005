package notification_test

import (
	"context"
	"errors"
	"html"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang/mock/gomock"

	"rowhouse/adapters/memory"
	"rowhouse/core/domain"
	"rowhouse/core/notification"
	"rowhouse/ports"
	"rowhouse/ports/portmock"
)

const (
	address = "https://rowhouse.example"
	token   = domain.Token("NXaZ-9_q0Yc4hW1uT8kJvB2mR6sLpDfGeHiAoQxUyCE")
)

func newService(mailer ports.Mailer, clock *memory.Clock) *notification.Service {
	return notification.NewService(mailer, clock, memory.NewIDs(), address)
}

// ada is whom the mails about accounts are about.
var ada = domain.User{ID: "u1", Name: "Ada", Email: "ada@example.com"}

func invitation() notification.InvitationLetter {
	return notification.InvitationLetter{
		To: "grace@example.com", OrganizationName: "Acme", LogoURL: address + "/files/t0", InviterName: "Ada",
		Role: domain.RoleAdmin, Token: token, ExpiresAt: time.Date(2030, 5, 8, 23, 30, 0, 0, time.FixedZone("", -3600)),
	}
}

// occasion is a mail, and what it must say.
type occasion struct {
	name    string
	send    func(context.Context, *notification.Service) error
	to      domain.Email
	subject string
	link    string // "" without one
	words   []string
}

// occasions has every mail. A method of Service that begins no name here fails
// TestEveryMethodIsTried.
var occasions = []occasion{
	{
		"VerifyEmail", func(ctx context.Context, s *notification.Service) error { return s.VerifyEmail(ctx, ada, token) },
		"ada@example.com", "Confirm your e-mail address", "/verify-email#" + string(token),
		[]string{"Hello Ada,", "Welcome to Rowhouse", "24 hours"},
	},
	{
		"ResetPassword", func(ctx context.Context, s *notification.Service) error { return s.ResetPassword(ctx, ada, token) },
		"ada@example.com", "Set a new password", "/reset-password#" + string(token),
		[]string{"Hello Ada,", "new password", "30 minutes"},
	},
	{
		"PasswordChanged", func(ctx context.Context, s *notification.Service) error { return s.PasswordChanged(ctx, ada) },
		"ada@example.com", "Your password was changed", "/forgot-password",
		[]string{"Hello Ada,", "was changed", "If not, set another password now"},
	},
	{
		"ConfirmNewEmail", func(ctx context.Context, s *notification.Service) error {
			return s.ConfirmNewEmail(ctx, ada, "countess@example.org", token)
		},
		"countess@example.org", "Confirm your new e-mail address", "/verify-email#" + string(token),
		[]string{"Hello Ada,", "from now on", "24 hours"},
	},
	{
		"EmailChangeAsked", func(ctx context.Context, s *notification.Service) error { return s.EmailChangeAsked(ctx, ada) },
		"ada@example.com", "A change of your e-mail address was asked for", "/forgot-password",
		[]string{"Hello Ada,", "another address", "If not, set another password now"},
	},
	{
		"EmailChanged", func(ctx context.Context, s *notification.Service) error {
			return s.EmailChanged(ctx, ada, "countess@example.org", token)
		},
		"countess@example.org", "Your e-mail address was changed", "/verify-email#" + string(token),
		[]string{"Hello Ada,", "a***@ example. com", "72 hours"},
	},
	{
		"EmailChanged once more", func(ctx context.Context, s *notification.Service) error {
			return s.EmailChanged(ctx, ada, "countess@example.org", "")
		},
		"countess@example.org", "Your e-mail address was changed", "",
		[]string{"Hello Ada,", "a***@ example. com", "the address before this one"},
	},
	{
		"NewSignIn", func(ctx context.Context, s *notification.Service) error {
			return s.NewSignIn(ctx, ada, notification.SignIn{
				UserAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", IP: "::ffff:192.0.2.7",
				At: time.Date(2030, 5, 1, 0, 30, 0, 0, time.FixedZone("", 2*3600)),
			})
		},
		"ada@example.com", "New sign-in to your account", "/forgot-password",
		[]string{"Hello Ada,", "Firefox on Linux", "192.0.2.7", "30 April 2030, 22:30 UTC", "If not, set another password now"},
	},
	{
		"NewSignIn from somewhere", func(ctx context.Context, s *notification.Service) error {
			return s.NewSignIn(ctx, ada, notification.SignIn{UserAgent: "evil.com", IP: "fe80::1%evil.com"})
		},
		"ada@example.com", "New sign-in to your account", "/forgot-password",
		[]string{"Unknown device", "fe80::1"},
	},
	{
		"NewSignIn from nowhere", func(ctx context.Context, s *notification.Service) error {
			return s.NewSignIn(ctx, ada, notification.SignIn{IP: "evil.com"})
		},
		"ada@example.com", "New sign-in to your account", "/forgot-password",
		[]string{"Unknown device", "unknown"},
	},
	{
		"Invitation of somebody new", func(ctx context.Context, s *notification.Service) error { return s.Invitation(ctx, invitation()) },
		"grace@example.com", "Ada invites you to join Acme on Rowhouse", "/invite#" + string(token),
		[]string{"Hello,", "Ada invites you to join Acme", "Admin", "9 May 2030, 00:30 UTC", "You need an account", "Set up your account", "somebody at Acme"},
	},
	{
		"Invitation of somebody with an account", func(ctx context.Context, s *notification.Service) error {
			in := invitation()
			in.HasAccount, in.Role = true, domain.RoleMember
			return s.Invitation(ctx, in)
		},
		"grace@example.com", "Ada invites you to join Acme on Rowhouse", "/invite#" + string(token),
		[]string{"Hello,", "Ada invites you to join Acme", "Member", "You have an account", "Accept the invitation"},
	},
	{
		"Invitation by nobody to nothing", func(ctx context.Context, s *notification.Service) error {
			in := invitation()
			in.InviterName, in.OrganizationName, in.LogoURL = "\u200b", " ", ""
			return s.Invitation(ctx, in)
		},
		"grace@example.com", "You are invited to join an organization on Rowhouse", "/invite#" + string(token),
		[]string{"Hello,", "You are invited to join an organization"},
	},
}

func TestEveryMethodIsTried(t *testing.T) {
	t.Parallel()
	for method := range reflect.TypeFor[*notification.Service]().Methods() {
		if method.Name == "WithID" || method.Name == "SendPreviews" {
			continue
		}
		if !slices.ContainsFunc(occasions, func(o occasion) bool { return strings.HasPrefix(o.name, method.Name) }) {
			t.Errorf("no test sends %s", method.Name)
		}
		words := strings.TrimSpace(strings.ToLower(regexp.MustCompile(`[A-Z]`).ReplaceAllString(method.Name, " $0")))
		if !slices.ContainsFunc(notification.Previews(), func(p notification.Preview) bool { return strings.HasPrefix(p.Name, words) }) {
			t.Errorf("there is no preview of %s", method.Name)
		}
	}
}

// sent sends the mail of an occasion.
func (o occasion) sent(t *testing.T, clock *memory.Clock) domain.Mail {
	t.Helper()
	mailbox := memory.NewMailbox()
	if err := o.send(t.Context(), newService(mailbox, clock)); err != nil {
		t.Fatal(err)
	}
	mails, err := mailbox.List(t.Context(), "")
	if err != nil || len(mails) != 1 {
		t.Fatalf("%d mails, %v; want one", len(mails), err)
	}
	return mails[0]
}

func TestEveryMail(t *testing.T) {
	t.Parallel()
	for _, o := range occasions {
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			clock := memory.NewClock()
			mail := o.sent(t, clock)
			if mail.To != o.to || mail.Subject != o.subject || !mail.SentAt.Equal(clock.Now()) || !domain.IsUUID(string(mail.ID)) {
				t.Errorf("mail %s to %s, %q, at %v; want to %s, %q, now", mail.ID, mail.To, mail.Subject, mail.SentAt, o.to, o.subject)
			}
			var links []string
			if o.link != "" {
				links = []string{address + o.link}
			}
			if !slices.Equal(mail.Links, links) || !slices.Equal(hrefs(mail.HTML), links) {
				t.Errorf("links %q, and %q on the page; want %q", mail.Links, hrefs(mail.HTML), links)
			}
			for _, want := range append(o.words, links...) {
				if !strings.Contains(mail.Text, want) {
					t.Errorf("the text lacks %q:\n%s", want, mail.Text)
				}
				if !strings.Contains(html.UnescapeString(mail.HTML), want) {
					t.Errorf("the page lacks %q:\n%s", want, mail.HTML)
				}
			}
			if o.link != "" && strings.Count(html.UnescapeString(mail.HTML), links[0]) != 2 {
				t.Errorf("the page does not show the address of its link:\n%s", mail.HTML)
			}
			if all := mail.Text + mail.HTML; strings.Contains(all, "evil") || strings.Contains(all, "<no value>") || strings.Contains(all, "ZgotmplZ") {
				t.Errorf("the mail says what it must not:\n%s", all)
			}
		})
	}
}

func hrefs(page string) []string {
	var found []string
	for _, m := range regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		found = append(found, html.UnescapeString(m[1]))
	}
	return found
}

// A token before the fragment would reach access logs and other sites.
func TestTokensTravelInTheFragment(t *testing.T) {
	t.Parallel()
	for _, o := range occasions {
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			mail := o.sent(t, memory.NewClock())
			for _, body := range []string{mail.Text, mail.HTML, strings.Join(mail.Links, "\n")} {
				if shown, hidden := strings.Count(body, string(token)), strings.Count(body, "#"+string(token)); shown != hidden {
					t.Errorf("%q shows the token %d times, %d of them in a fragment:\n%s", mail.Subject, shown, hidden, body)
				}
			}
			if strings.Contains(mail.Subject, string(token)) {
				t.Errorf("the subject %q has the token", mail.Subject)
			}
		})
	}
}

// Who is told that the account moved must not learn where to.
func TestEmailChangedMasksTheNewAddress(t *testing.T) {
	t.Parallel()
	o := occasion{send: func(ctx context.Context, s *notification.Service) error {
		return s.EmailChanged(ctx, domain.User{Name: "Ada", Email: "ada.lovelace@example.com"}, "old@example.com", token)
	}}
	if mail := o.sent(t, memory.NewClock()); strings.Contains(mail.Text+mail.HTML, "lovelace") {
		t.Errorf("the mail gives the new address away:\n%s", mail.Text)
	}
}

func TestAnInvitationShowsALogoFromTheWebOrAnInitial(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, logo, organization, src, initial string }{
		{"a logo", "https://cdn.example/a?b=c&d", "Acme", "https://cdn.example/a?b=c&d", ""},
		{"a logo in a demo", "http://localhost:8000/files/x", "Acme", "http://localhost:8000/files/x", ""},
		{"none", "", "acme", "", "A"},
		{"none, and a name of another script", "", "«юлия»", "", "Ю"},
		{"none, and a name of digits", "", "#1 Pizza", "", "1"},
		{"none, and a name without letters", "", "🚀", "", "🚀"},
		{"a script", "javascript:alert(1)", "Acme", "", "A"},
		{"a picture in the address", "data:image/png;base64,AAAA", "Acme", "", "A"},
		{"a path", "/files/x", "Acme", "", "A"},
		{"no address", "https://%zz", "Acme", "", "A"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := invitation()
			in.LogoURL, in.OrganizationName = tt.logo, tt.organization
			o := occasion{send: func(ctx context.Context, s *notification.Service) error { return s.Invitation(ctx, in) }}
			page := o.sent(t, memory.NewClock()).HTML
			src, initial := "", ""
			if m := regexp.MustCompile(`<img src="([^"]*)"`).FindStringSubmatch(page); m != nil {
				src = html.UnescapeString(m[1])
			}
			if m := regexp.MustCompile(`<td class="tile"[^>]*>([^<]*)<`).FindStringSubmatch(page); m != nil {
				initial = m[1]
			}
			if src != tt.src || initial != tt.initial {
				t.Errorf("the logo %q and the initial %q, want %q and %q", src, initial, tt.src, tt.initial)
			}
		})
	}
}

func TestAMailHasTheIDThatItIsGivenOrANewOne(t *testing.T) {
	t.Parallel()
	const id = domain.MailID("0197aaaa-0000-7000-8000-000000000001")
	for _, o := range occasions {
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			mailbox := memory.NewMailbox()
			service := newService(mailbox, memory.NewClock())
			for _, s := range []*notification.Service{service.WithID(id), service.WithID(id), service, service} {
				if err := o.send(t.Context(), s); err != nil {
					t.Fatal(err)
				}
			}
			mails, err := mailbox.List(t.Context(), "")
			if err != nil || len(mails) != 4 {
				t.Fatalf("%d mails, %v; want 4", len(mails), err)
			}
			if mails[3].ID != id || mails[2].ID != id {
				t.Errorf("ids %s and %s, want %s", mails[3].ID, mails[2].ID, id)
			}
			if mails[1].ID == id || mails[0].ID == id || mails[1].ID == mails[0].ID {
				t.Errorf("ids %s and %s, want two that are new", mails[1].ID, mails[0].ID)
			}
		})
	}
}

func TestAnOutageIsReturned(t *testing.T) {
	t.Parallel()
	outage := errors.New("421 try again later")
	for _, o := range occasions {
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			mailer := portmock.NewMockMailer(gomock.NewController(t))
			mailer.EXPECT().Send(gomock.Any(), gomock.Any()).Return(outage).Times(1)
			err := o.send(t.Context(), newService(mailer, memory.NewClock()))
			if !errors.Is(err, outage) || !strings.HasPrefix(err.Error(), "send mail ") {
				t.Fatalf("%s = %v, want the mailer's error, and which mail it was", o.name, err)
			}
			for _, secret := range []string{string(token), "Ada", "Acme", "example"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("the error %q gives %s away", err, secret)
				}
			}
		})
	}
}

func TestSendPreviews(t *testing.T) {
	t.Parallel()
	mailbox := memory.NewMailbox()
	service := newService(mailbox, memory.NewClock())
	if err := service.SendPreviews(t.Context(), notification.NewSample("previews@example.com")); err != nil {
		t.Fatal(err)
	}
	mails, err := mailbox.List(t.Context(), "previews@example.com")
	if err != nil || len(mails) != len(notification.Previews()) {
		t.Fatalf("%d mails, %v; want each preview", len(mails), err)
	}
	if first := mails[0].Subject; first != "Confirm your e-mail address" {
		t.Errorf("%q comes first, want what comes first in life", first)
	}

	outage := errors.New("full")
	mailer := portmock.NewMockMailer(gomock.NewController(t))
	mailer.EXPECT().Send(gomock.Any(), gomock.Any()).Return(outage).Times(1)
	if err := newService(mailer, memory.NewClock()).SendPreviews(t.Context(), notification.Sample{}); !errors.Is(err, outage) {
		t.Errorf("SendPreviews = %v, want %v", err, outage)
	}
}
