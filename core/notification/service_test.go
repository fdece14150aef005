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

// letter is a mail that is sent, and what it must say.
type letter struct {
	to      domain.Email
	subject string
	link    string // "" without one
	words   []string
}

// occasion is a use case, and the letters that it sends, in their order.
type occasion struct {
	name string
	send func(ctx context.Context, service *notification.Service, user domain.User) error
	want []letter
}

// occasions lists every use case. A method that is missing here fails
// TestEveryOccasionIsListed.
var occasions = []occasion{
	{
		"VerifyEmail", func(ctx context.Context, service *notification.Service, user domain.User) error {
			return service.VerifyEmail(ctx, user, token)
		},
		[]letter{{"ada@example.com", "Confirm your e-mail address", address + "/verify-email#" + string(token), []string{"Welcome to Rowhouse", "24 hours"}}},
	},
	{
		"ResetPassword", func(ctx context.Context, service *notification.Service, user domain.User) error {
			return service.ResetPassword(ctx, user, token)
		},
		[]letter{{"ada@example.com", "Set a new password", address + "/reset-password#" + string(token), []string{"new password", "30 minutes"}}},
	},
	{
		"PasswordChanged", func(ctx context.Context, service *notification.Service, user domain.User) error {
			return service.PasswordChanged(ctx, user)
		},
		[]letter{{"ada@example.com", "Your password was changed", address + "/forgot-password", []string{"just changed", "If this was not you"}}},
	},
	{
		"ChangeEmail", func(ctx context.Context, service *notification.Service, user domain.User) error {
			return service.ChangeEmail(ctx, user, "countess@example.org", token)
		},
		[]letter{
			{"countess@example.org", "Confirm your new e-mail address", address + "/verify-email#" + string(token), []string{"from now on", "24 hours"}},
			{"ada@example.com", "A change of your e-mail address was asked for", "", []string{"another address", "change your password now"}},
		},
	},
	{
		"EmailChanged", func(ctx context.Context, service *notification.Service, user domain.User) error {
			return service.EmailChanged(ctx, user, "countess@example.org", token)
		},
		[]letter{{"countess@example.org", "Your e-mail address was changed", address + "/verify-email#" + string(token), []string{"a***@example.com", "72 hours"}}},
	},
}

func TestEveryOccasionIsListed(t *testing.T) {
	t.Parallel()
	for method := range reflect.TypeFor[*notification.Service]().Methods() {
		if !slices.ContainsFunc(occasions, func(o occasion) bool { return o.name == method.Name }) {
			t.Errorf("no test sends %s", method.Name)
		}
	}
}

func newService(mailer ports.Mailer, clock *memory.Clock) *notification.Service {
	return notification.NewService(mailer, clock, memory.NewIDs(), address)
}

func TestEveryMail(t *testing.T) {
	t.Parallel()
	names := []struct{ name, typed string }{
		{"a plain name", "Ada"},
		{"markup in the name", `<script>alert("1")</script><img src=x onerror=alert(1)>`},
		{"an entity in the name", "&lt;b&gt; &amp; Sons"},
		{"a template in the name", "{{.Link}} {{printf `%s` .Subject}}"},
		{"an address in the name", "https://evil.example/verify-email#x"},
		{"quotes in the name", `"'` + "`"},
		{"another script in the name", "Юлия 北京 🚀"},
	}
	for _, o := range occasions {
		for _, tt := range names {
			t.Run(o.name+" with "+tt.name, func(t *testing.T) {
				t.Parallel()
				clock, mailbox := memory.NewClock(), memory.NewMailbox()
				user := domain.User{ID: "u1", Name: tt.typed, Email: "ada@example.com"}
				if err := o.send(t.Context(), newService(mailbox, clock), user); err != nil {
					t.Fatal(err)
				}
				mails, err := mailbox.List(t.Context(), "")
				if err != nil || len(mails) != len(o.want) {
					t.Fatalf("%d mails, %v; want %d", len(mails), err, len(o.want))
				}
				slices.Reverse(mails) // oldest first
				for i, want := range o.want {
					wantMail(t, mails[i], want, tt.typed, clock)
				}
				if len(mails) == 2 && mails[0].ID == mails[1].ID {
					t.Error("two mails have one id")
				}
			})
		}
	}
}

func wantMail(t *testing.T, got domain.Mail, want letter, name string, clock *memory.Clock) {
	t.Helper()
	if got.To != want.to || got.Subject != want.subject || !got.SentAt.Equal(clock.Now()) || !domain.IsUUID(string(got.ID)) {
		t.Errorf("mail %s to %s, %q, at %v; want to %s, %q, now", got.ID, got.To, got.Subject, got.SentAt, want.to, want.subject)
	}
	if strings.ContainsAny(got.Subject, "\r\n") {
		t.Errorf("the subject %q has several lines", got.Subject)
	}
	var links []string
	if want.link != "" {
		links = []string{want.link}
	}
	if !slices.Equal(got.Links, links) {
		t.Errorf("links %q, want %q", got.Links, links)
	}
	wantText(t, got.Text, want, name)
	wantHTML(t, got.HTML, want, name)
}

func wantText(t *testing.T, text string, want letter, name string) {
	t.Helper()
	for _, part := range append([]string{"Hello " + name + ",\n", want.link, "-- Rowhouse"}, want.words...) {
		if !strings.Contains(text, part) {
			t.Errorf("the text lacks %q:\n%s", part, text)
		}
	}
	if strings.Contains(text, "<p") || strings.Contains(text, "&#") {
		t.Errorf("the text has markup of ours:\n%s", text)
	}
}

func wantHTML(t *testing.T, page string, want letter, name string) {
	t.Helper()
	for _, part := range append([]string{"<!doctype html>", "<h1", want.subject}, want.words...) {
		if !strings.Contains(page, part) {
			t.Errorf("the page lacks %q:\n%s", part, page)
		}
	}
	greeting := regexp.MustCompile(`>Hello ([^<]*),</p>`).FindStringSubmatch(page)
	if greeting == nil || html.UnescapeString(greeting[1]) != name {
		t.Errorf("the page greets %q, want %q:\n%s", greeting, name, page)
	}
	for _, markup := range []string{"<script", "<img", "<b>"} {
		if strings.Contains(page, markup) {
			t.Errorf("the page has the markup %q of a name:\n%s", markup, page)
		}
	}
	var hrefs []string
	for _, m := range regexp.MustCompile(`(?:href|src)="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		hrefs = append(hrefs, html.UnescapeString(m[1]))
	}
	var links []string
	if want.link != "" {
		links = []string{want.link}
	}
	if !slices.Equal(hrefs, links) {
		t.Errorf("the page leads to %q, want %q", hrefs, links)
	}
	if want.link != "" && strings.Count(html.UnescapeString(page), want.link) < 2 {
		t.Errorf("the page does not show the address of its link:\n%s", page)
	}
}

// A token before the fragment would reach access logs and other sites.
func TestTokensTravelInTheFragment(t *testing.T) {
	t.Parallel()
	for _, o := range occasions {
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			mailbox := memory.NewMailbox()
			if err := o.send(t.Context(), newService(mailbox, memory.NewClock()), domain.User{Name: "Ada", Email: "ada@example.com"}); err != nil {
				t.Fatal(err)
			}
			mails, err := mailbox.List(t.Context(), "")
			if err != nil {
				t.Fatal(err)
			}
			for _, mail := range mails {
				for _, body := range []string{mail.Text, mail.HTML, strings.Join(mail.Links, "\n")} {
					if shown, hidden := strings.Count(body, string(token)), strings.Count(body, "#"+string(token)); shown != hidden {
						t.Errorf("%q shows the token %d times, %d of them in a fragment:\n%s", mail.Subject, shown, hidden, body)
					}
				}
				if strings.Contains(mail.Subject, string(token)) {
					t.Errorf("the subject %q has the token", mail.Subject)
				}
			}
		})
	}
}

// Who is told that the account moved must not learn where to.
func TestEmailChangedMasksTheNewAddress(t *testing.T) {
	t.Parallel()
	mailbox := memory.NewMailbox()
	user := domain.User{Name: "Ada", Email: "ada.lovelace@example.com"}
	if err := newService(mailbox, memory.NewClock()).EmailChanged(t.Context(), user, "old@example.com", token); err != nil {
		t.Fatal(err)
	}
	mails, err := mailbox.List(t.Context(), "")
	if err != nil || len(mails) != 1 {
		t.Fatalf("mails = %v, %v; want one", mails, err)
	}
	if body := mails[0].Text + mails[0].HTML; strings.Contains(body, "lovelace") {
		t.Errorf("the mail gives the new address away:\n%s", body)
	}
}

func TestAnOutageIsReturned(t *testing.T) {
	t.Parallel()
	outage := errors.New("421 try again later")
	for _, o := range occasions {
		for i := range o.want {
			t.Run(o.name+" when mail "+string(rune('1'+i))+" is refused", func(t *testing.T) {
				t.Parallel()
				mailer := portmock.NewMockMailer(gomock.NewController(t))
				mailer.EXPECT().Send(gomock.Any(), gomock.Any()).Return(nil).Times(i)
				mailer.EXPECT().Send(gomock.Any(), gomock.Any()).Return(outage).Times(1)
				err := o.send(t.Context(), newService(mailer, memory.NewClock()), domain.User{Name: "Ada", Email: "ada@example.com"})
				if !errors.Is(err, outage) || !strings.Contains(err.Error(), o.want[i].subject) {
					t.Errorf("%s = %v, want the mailer's error, and which mail it was", o.name, err)
				}
				if err != nil && strings.Contains(err.Error(), string(token)) {
					t.Errorf("the error %q gives the token away", err)
				}
			})
		}
	}
}
