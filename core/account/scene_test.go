package account_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rowhouse/adapters/memory"
	"rowhouse/core/account"
	"rowhouse/core/coretest"
	"rowhouse/core/domain"
	"rowhouse/core/image"
	"rowhouse/core/job"
	"rowhouse/core/mailing"
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
	*coretest.Scene
	parts

	service      *account.Service
	worker       *job.Worker // brings the mails to the mailbox
	hasher       *passwords
	mails        *mailbox
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
}

func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{Scene: coretest.NewScene(t), hasher: &passwords{parameters: "today"}, mails: &mailbox{Mailbox: memory.NewMailbox()}}
	kept := s.Everything
	s.Everything = func() string { // and all that was sent
		sent := s.sent("")
		return fmt.Sprintf("%s %v", kept(), sent)
	}
	tokens := memory.NewTokens()
	s.parts = parts{config: account.Config{Key: key}, store: s.Store, passwords: s.hasher, throttle: memory.NewThrottle(s.Clock)}
	s.service = s.with(tokens, nil)

	founding := s.with(tokens, func(p *parts) { p.config.VerifyAtOnce = true })
	s.laptopClient = account.Client{UserAgent: "Laptop/1.0", IP: "2001:db8::1"}
	s.laptop = s.signUp(founding, "ada@example.com", "Ada Lovelace", s.laptopClient)
	s.eve = s.signUp(founding, "eve@example.com", "Eve Adams", account.Client{})
	var err error
	s.phone, err = s.service.SignIn(t.Context(), "ada@example.com", secret, account.Client{UserAgent: "Phone/1.0", IP: "192.0.2.1"})
	s.Must(err)
	s.hasher.reset()
	_, err = s.newWorker(memory.NewMailbox()).Drain(t.Context()) // nobody needs the mails so far
	s.Must(err)
	s.worker = s.newWorker(s.mails)
	return s
}

// newWorker returns what sends mails through the mailer.
func (s *scene) newWorker(mailer ports.Mailer) *job.Worker {
	notify := notification.NewService(mailer, s.Clock, s.IDs, "https://rowhouse.example")
	noFiles := func(domain.BlobKey) string { return "" }
	sender := mailing.NewSender(s.Store, s.Clock, key, notify, noFiles)
	steady := func() float64 { return 0.5 }
	return job.NewWorker(s.Store, memory.NewJobs(s.Store), s.Clock, s.IDs, steady, sender.Handlers())
}

// with builds a service out of other parts.
func (s *scene) with(tokens ports.Tokens, change func(*parts)) *account.Service {
	p := s.parts
	if change != nil {
		change(&p)
	}
	return account.NewService(
		p.config, p.store, s.Clock, ports.RealClock{Clock: s.Clock}, s.IDs, tokens, p.passwords, p.throttle,
		image.NewStore(coretest.Images{}, s.Blobs), mailing.NewJobs(s.Clock, s.IDs),
	)
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
	s.T.Helper()
	signedIn, err := service.SignUp(s.T.Context(), account.SignUpInput{Email: email, Password: secret, Name: name}, client)
	s.Must(err)
	return signedIn
}

// stored returns the account as it is stored.
func (s *scene) stored(id domain.UserID) domain.User {
	s.T.Helper()
	user, err := s.Store.Users().Get(s.T.Context(), id)
	s.Must(err)
	return user
}

func (s *scene) ada() domain.User { return s.stored(s.laptop.Caller.User.ID) }

// link returns the token of the newest mail to an address.
func (s *scene) link(to domain.Email) domain.Token {
	s.T.Helper()
	mails := s.sent(to)
	if len(mails) == 0 || len(mails[0].Links) != 1 {
		s.T.Fatalf("no mail with a link to %s: %v", to, mails)
	}
	_, token, found := strings.Cut(mails[0].Links[0], "#")
	if !found {
		s.T.Fatalf("the link %q has no token", mails[0].Links[0])
	}
	return domain.Token(token)
}

// sent returns the mails to an address, newest first, or all. Those that wait
// are sent before.
func (s *scene) sent(to domain.Email) []domain.Mail {
	s.T.Helper()
	if s.worker != nil { // else the scene is only being set
		_, err := s.worker.Drain(context.WithoutCancel(s.T.Context()))
		s.Must(err)
	}
	mails, err := s.mails.List(context.WithoutCancel(s.T.Context()), to)
	s.Must(err)
	return mails
}

// withoutMail runs fn while no mail can be sent. It must succeed all the same,
// and the mails wait until they can be.
func (s *scene) withoutMail(fn func() error) {
	s.T.Helper()
	s.mails.outage = errors.New("421 try again later")
	s.Must(fn())
	outcomes, err := s.worker.Drain(s.T.Context())
	s.Must(err)
	if len(outcomes) == 0 {
		s.T.Error("there was no mail to be sent")
	}
	for _, o := range outcomes {
		if !errors.Is(o.Failure, s.mails.outage) || o.RetryIn != time.Second {
			s.T.Errorf("a mail in an outage: %+v, want it tried again in a second", o)
		}
	}
	s.mails.outage = nil
	s.Clock.Advance(time.Second)
}

// wantMails checks whom mails were sent to, oldest first, and what about.
func (s *scene) wantMails(want ...string) {
	s.T.Helper()
	var got []string
	for _, mail := range slices.Backward(s.sent("")) {
		got = append(got, fmt.Sprintf("%s: %s", mail.To, mail.Subject))
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		s.T.Errorf("mails %q, want %q", got, want)
	}
}

// wantLive checks which of some sessions still count.
func (s *scene) wantLive(want map[domain.Token]bool) {
	s.T.Helper()
	names := map[domain.Token]string{s.laptop.Token: "the laptop", s.phone.Token: "the phone", s.eve.Token: "Eve"}
	for token, live := range want {
		_, _, err := s.Store.Sessions().ByToken(s.T.Context(), token.Hash())
		if live && err != nil || !live && !errors.Is(err, domain.ErrNotFound) {
			s.T.Errorf("the session of %q: %v, want it to be there: %t", names[token], err, live)
		}
	}
}

// wantAllOrNothing does as WantAllOrNothing, with a service that never makes
// anybody wait.
func (s *scene) wantAllOrNothing(call string, fn func(*account.Service, context.Context) error) {
	s.T.Helper()
	service := s.but(func(p *parts) { p.throttle = patient{} })
	s.WantAllOrNothing(call, func(ctx context.Context) error { return fn(service, ctx) })
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

func field(name, code string) error { return domain.Invalid(name, code, "") }

// all asks for the first page, of the largest size.
var all = domain.PageRequest{Limit: domain.MaxPageLimit}
