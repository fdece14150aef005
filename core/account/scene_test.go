package account_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rowhouse/adapters/memory"
	"rowhouse/core/account"
	"rowhouse/core/domain"
	"rowhouse/core/image"
	"rowhouse/core/notification"
	"rowhouse/ports"
)

const (
	secret = "correct horse battery" // everybody's password
	other  = "staple and a paper clip"
)

var key = domain.SecretKey("0123456789abcdef0123456789abcdef")

// scene is Ada, who is signed in on a laptop and a phone, and Eve, who is
// signed in too and whose account must never change. No mail has been sent.
type scene struct {
	t *testing.T
	parts

	service      *account.Service
	clock        *memory.Clock
	ids          *memory.IDs
	stored       *memory.Store
	hasher       *passwords
	mails        *mailbox
	files        *blobs
	laptop       account.SignedIn
	phone        account.SignedIn
	eve          account.SignedIn
	laptopClient account.Client
}

// parts are what a test may replace before it builds another service.
type parts struct {
	config    account.Config
	store     ports.Store
	passwords ports.Passwords
	throttle  ports.Throttle
	mailer    ports.Mailer
}

func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{
		t: t, clock: memory.NewClock(), ids: memory.NewIDs(), stored: memory.NewStore(), hasher: &passwords{parameters: "today"},
		mails: &mailbox{Mailbox: memory.NewMailbox()}, files: &blobs{kept: map[domain.BlobKey]string{}},
	}
	tokens := memory.NewTokens()
	s.parts = parts{config: account.Config{Key: key}, store: s.stored, passwords: s.hasher, throttle: memory.NewThrottle(s.clock), mailer: s.mails}
	s.service = s.with(tokens, nil)

	founding := s.with(tokens, func(p *parts) { p.mailer, p.config.VerifyAtOnce = memory.NewMailbox(), true })
	s.laptopClient = account.Client{UserAgent: "Laptop/1.0", IP: "2001:db8::1"}
	s.laptop = s.signUp(founding, "ada@example.com", "Ada Lovelace", s.laptopClient)
	s.eve = s.signUp(founding, "eve@example.com", "Eve Adams", account.Client{})
	var err error
	s.phone, err = s.service.SignIn(t.Context(), "ada@example.com", secret, account.Client{UserAgent: "Phone/1.0", IP: "192.0.2.1"})
	s.must(err)
	s.hasher.reset()
	return s
}

// with builds a service out of other parts.
func (s *scene) with(tokens ports.Tokens, change func(*parts)) *account.Service {
	p := s.parts
	if change != nil {
		change(&p)
	}
	notify := notification.NewService(p.mailer, s.clock, s.ids, "https://rowhouse.example")
	return account.NewService(p.config, p.store, s.clock, s.ids, tokens, p.passwords, p.throttle, image.NewStore(images{}, s.files), notify)
}

// but builds a service out of other parts, whose tokens differ from those that
// were made so far.
func (s *scene) but(change func(*parts)) *account.Service {
	tokens := memory.NewTokens()
	for range 1000 {
		tokens.New()
	}
	return s.with(tokens, change)
}

func (s *scene) signUp(service *account.Service, email, name string, client account.Client) account.SignedIn {
	s.t.Helper()
	signedIn, err := service.SignUp(s.t.Context(), account.SignUpInput{Email: email, Password: secret, Name: name}, client)
	s.must(err)
	return signedIn
}

// user returns the account as it is stored.
func (s *scene) user(id domain.UserID) domain.User {
	s.t.Helper()
	user, err := s.stored.Users().Get(s.t.Context(), id)
	s.must(err)
	return user
}

func (s *scene) ada() domain.User { return s.user(s.laptop.Caller.User.ID) }

// link returns the token of the newest mail to an address.
func (s *scene) link(to domain.Email) domain.Token {
	s.t.Helper()
	mails := s.sent(to)
	if len(mails) == 0 || len(mails[0].Links) != 1 {
		s.t.Fatalf("no mail with a link to %s: %v", to, mails)
	}
	_, token, found := strings.Cut(mails[0].Links[0], "#")
	if !found {
		s.t.Fatalf("the link %q has no token", mails[0].Links[0])
	}
	return domain.Token(token)
}

// sent returns the mails to an address, newest first, or all.
func (s *scene) sent(to domain.Email) []domain.Mail {
	s.t.Helper()
	mails, err := s.mails.List(context.WithoutCancel(s.t.Context()), to)
	s.must(err)
	return mails
}

// wantMails checks whom mails were sent to, oldest first, and what about.
func (s *scene) wantMails(want ...string) {
	s.t.Helper()
	var got []string
	for _, mail := range slices.Backward(s.sent("")) {
		got = append(got, fmt.Sprintf("%s: %s", mail.To, mail.Subject))
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		s.t.Errorf("mails %q, want %q", got, want)
	}
}

// wantLive checks which of some sessions still count.
func (s *scene) wantLive(want map[domain.Token]bool) {
	s.t.Helper()
	names := map[domain.Token]string{s.laptop.Token: "the laptop", s.phone.Token: "the phone", s.eve.Token: "Eve"}
	for token, live := range want {
		_, _, err := s.stored.Sessions().ByToken(s.t.Context(), token.Hash())
		if live && err != nil || !live && !errors.Is(err, domain.ErrNotFound) {
			s.t.Errorf("the session of %q: %v, want it to be there: %t", names[token], err, live)
		}
	}
}

func (s *scene) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatalf("unexpected error: %v", err)
	}
}

// everything is all that is kept, down to the last row and file, and all that
// was sent.
func (s *scene) everything() string {
	return fmt.Sprintf("%+v %v %v", s.stored, s.files.kept, s.sent(""))
}

// wantUnchanged checks that a call fails with want, changes nothing and sends
// nothing.
func (s *scene) wantUnchanged(call string, want error, fn func() error) {
	s.t.Helper()
	before := s.everything()
	if err := fn(); !errors.Is(err, want) {
		s.t.Errorf("%s = %v, want %v", call, err, want)
	}
	if after := s.everything(); after != before {
		s.t.Errorf("%s has changed %s", call, difference(before, after))
	}
}

// wantAllOrNothing lets the caller give up before each of the steps that a use
// case asks of the storage, and checks that nothing of it is left and nothing
// was sent. At last nobody gives up, and it succeeds.
func (s *scene) wantAllOrNothing(call string, fn func(*account.Service, context.Context) error) {
	s.t.Helper()
	service := s.but(func(p *parts) { p.throttle = patient{} })
	before := s.everything()
	for steps := int64(0); ; steps++ {
		ctx := &givingUp{Context: s.t.Context()}
		ctx.patience.Store(steps)
		err := fn(service, ctx)
		if err == nil {
			if steps == 0 {
				s.t.Errorf("%s asks nothing of the storage", call)
			}
			return
		}
		if !errors.Is(err, context.Canceled) {
			s.t.Fatalf("%s after %d steps = %v, want %v", call, steps, err, context.Canceled)
		}
		if after := s.everything(); after != before {
			s.t.Fatalf("%s failed after %d steps and has changed %s", call, steps, difference(before, after))
		}
	}
}

// difference says where two texts begin to differ.
func difference(before, after string) string {
	i := 0
	for i < len(before) && i < len(after) && before[i] == after[i] {
		i++
	}
	around := func(s string) string { return s[max(i-100, 0):min(i+200, len(s))] }
	return fmt.Sprintf("…%s…\nto …%s…", around(before), around(after))
}

// givingUp is the context of a caller who gives up after being asked a number
// of times.
type givingUp struct {
	context.Context

	patience atomic.Int64
}

func (c *givingUp) Err() error {
	if c.patience.Add(-1) < 0 {
		return context.Canceled
	}
	return nil
}

// patient is a throttle that lets everything through.
type patient struct{}

func (patient) Reserve(context.Context, string, domain.ThrottlePolicy) (bool, time.Duration, error) {
	return true, 0, nil
}

func (patient) Forget(context.Context, string) error { return nil }

// passwords hashes by writing the parameters before the password.
type passwords struct {
	mu               sync.Mutex
	parameters       string
	outage           error
	verified         []string // what was verified, and against what
	hashed           int
	inVerify, inHash func() // what happens meanwhile
}

func (p *passwords) reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.verified, p.hashed = nil, 0
}

func (p *passwords) Hash(_ context.Context, password string) (domain.PasswordHash, error) {
	p.mu.Lock()
	p.hashed++
	hash, outage, meanwhile := domain.PasswordHash(p.parameters+":"+password), p.outage, p.inHash
	p.mu.Unlock()
	if outage != nil {
		return "", outage
	}
	if meanwhile != nil {
		meanwhile()
	}
	return hash, nil
}

func (p *passwords) Verify(_ context.Context, password string, hash domain.PasswordHash) (match, outdated bool, err error) {
	p.mu.Lock()
	p.verified = append(p.verified, password+" of "+string(hash))
	today, outage, meanwhile := p.parameters, p.outage, p.inVerify
	p.mu.Unlock()
	if outage != nil {
		return false, false, outage
	}
	if meanwhile != nil {
		meanwhile()
	}
	parameters, plain, found := strings.Cut(string(hash), ":")
	return found && plain == password, found && parameters != today, nil
}

// mailbox takes mails however impatient the caller is.
type mailbox struct {
	*memory.Mailbox

	outage error
}

func (m *mailbox) Send(ctx context.Context, mail domain.Mail) error {
	if m.outage != nil {
		return m.outage
	}
	return m.Mailbox.Send(context.WithoutCancel(ctx), mail)
}

// images takes all but texts for pictures.
type images struct{}

func (images) Normalize(_ context.Context, upload []byte) (domain.Blob, error) {
	if strings.HasPrefix(string(upload), "text") {
		return domain.Blob{}, domain.ErrImageUnsupported
	}
	return domain.Blob{ContentType: "image/png", Content: append([]byte("png:"), upload...)}, nil
}

// blobs keeps files in a map.
type blobs struct {
	kept            map[domain.BlobKey]string
	noPut, noRemove error
}

func (b *blobs) Put(_ context.Context, key domain.BlobKey, blob domain.Blob) error {
	if b.noPut == nil {
		b.kept[key] = string(blob.Content)
	}
	return b.noPut
}

func (b *blobs) Get(context.Context, domain.BlobKey) (domain.Blob, error) {
	return domain.Blob{}, domain.ErrNotFound
}

func (b *blobs) Remove(_ context.Context, key domain.BlobKey) error {
	if b.noRemove == nil {
		delete(b.kept, key)
	}
	return b.noRemove
}

// together runs n functions at once and returns what they return.
func together(n int, fn func(i int) error) []error {
	errs := make([]error, n)
	start := make(chan struct{})
	var done sync.WaitGroup
	for i := range n {
		done.Go(func() {
			<-start
			errs[i] = fn(i)
		})
	}
	close(start)
	done.Wait()
	return errs
}

func wantError(t *testing.T, call string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s = %v, want %v", call, err, want)
	}
}

func field(name, code string) error { return domain.Invalid(name, code, "") }

// all asks for the first page, of the largest size.
var all = domain.PageRequest{Limit: domain.MaxPageLimit}
