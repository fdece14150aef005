package invitation_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"rowhouse/adapters/memory"
	"rowhouse/core/coretest"
	"rowhouse/core/domain"
	"rowhouse/core/invitation"
	"rowhouse/core/job"
	"rowhouse/core/mailing"
	"rowhouse/core/membership"
	"rowhouse/core/notification"
	"rowhouse/ports"
)

var key = domain.SecretKey("0123456789abcdef0123456789abcdef")

// scene is Acme, whose people have proven their addresses, with Alan, who has
// an account and is a member of nothing.
type scene struct {
	*coretest.Acme

	Alan    domain.User
	service *invitation.Service
	members *membership.Service
	worker  *job.Worker
	mailbox *memory.Mailbox
}

func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{Acme: coretest.NewAcme(t), mailbox: memory.NewMailbox()}
	s.Alan = s.User("Alan")
	for _, user := range []*domain.User{&s.Ada, &s.Grace, &s.Linus, &s.Hedy, &s.Alan} {
		user.EmailVerifiedAt = s.Clock.Now()
		s.Must(s.Store.Users().Save(t.Context(), *user))
	}
	s.service = s.with(s.Store)
	s.members = membership.NewService(s.Store, s.Clock)
	notify := notification.NewService(s.mailbox, s.Clock, s.IDs, "https://rowhouse.example")
	sender := mailing.NewSender(s.Store, s.Clock, key, notify, func(key domain.BlobKey) string { return "https://rowhouse.example/files/" + key.FileName() })
	s.worker = job.NewWorker(s.Store, memory.NewJobs(s.Store), s.Clock, s.IDs, func() float64 { return 0.5 }, sender.Handlers())
	return s
}

// with is the service on another store.
func (s *scene) with(store ports.Store) *invitation.Service {
	return invitation.NewService(store, s.Clock, s.IDs, key, mailing.NewJobs(s.Clock, s.IDs))
}

// The members who may invite, and one who may not.
func (s *scene) ada() invitation.Sender { return invitation.Sender{Actor: s.Owner, User: s.Ada} }

func (s *scene) grace() invitation.Sender { return invitation.Sender{Actor: s.Admin, User: s.Grace} }

func (s *scene) linus() invitation.Sender { return invitation.Sender{Actor: s.Member, User: s.Linus} }

// caller is somebody who is signed in.
func caller(user domain.User) domain.Caller { return domain.Caller{User: user} }

// invite sends an invitation.
func (s *scene) invite(by invitation.Sender, email, role string) domain.InvitationDetail {
	s.T.Helper()
	i, err := s.service.Create(s.T.Context(), by, email, role)
	s.Must(err)
	return i
}

// token is what the newest mail about the invitation has in its link.
func (s *scene) token(i domain.InvitationDetail) domain.Token {
	s.T.Helper()
	i = s.stored(i.ID)
	token := domain.InvitationToken(key, i.ID, i.Sent)
	mails := s.mails(i.Email)
	if len(mails) == 0 || !slices.Contains(mails[0].Links, "https://rowhouse.example/invite#"+string(token)) {
		s.T.Fatalf("no mail to %s has the link with %q: %+v", i.Email, string(token), mails)
	}
	return token
}

// mails sends what waits, and returns what an address has got, newest first.
func (s *scene) mails(to domain.Email) []domain.Mail {
	s.T.Helper()
	outcomes, err := s.worker.Drain(s.T.Context())
	s.Must(err)
	for _, o := range outcomes {
		s.Must(o.Failure)
	}
	mails, err := s.mailbox.List(s.T.Context(), to)
	s.Must(err)
	return mails
}

func (s *scene) stored(id domain.InvitationID) domain.InvitationDetail {
	s.T.Helper()
	i, err := s.Tenant(s.Owner).Invitations().Get(s.T.Context(), id)
	s.Must(err)
	return i
}

// listed returns the addresses of the invitations in a state, oldest first.
func (s *scene) listed(state string) string {
	s.T.Helper()
	page, err := s.service.List(s.T.Context(), s.Owner, state, domain.PageRequest{Limit: 100})
	s.Must(err)
	var emails []string
	for _, i := range slices.Backward(page.Items) {
		emails = append(emails, string(i.Email))
	}
	return strings.Join(emails, " ")
}

// seats says how Acme's seats are used: members and pending invitations of the
// limit.
func (s *scene) seats() string {
	s.T.Helper()
	o, err := s.Tenant(s.Owner).Organization().Get(s.T.Context())
	s.Must(err)
	return fmt.Sprintf("%d+%d of %d", o.Members, o.PendingInvitations, o.MemberLimit)
}

// setLimit changes how many members the plan allows.
func (s *scene) setLimit(limit domain.Limit) {
	s.T.Helper()
	o, err := s.Tenant(s.Owner).Organization().Get(s.T.Context())
	s.Must(err)
	o.MemberLimit = limit
	_, err = s.Tenant(s.Owner).Organization().Save(s.T.Context(), o)
	s.Must(err)
}

// pay puts Acme on a plan that lets more invitations go out in a day.
func (s *scene) pay() {
	s.T.Helper()
	subscription, err := s.Tenant(s.Owner).Subscription().Get(s.T.Context())
	s.Must(err)
	subscription.Plan = domain.TierPro
	s.Must(s.Tenant(s.Owner).Subscription().Save(s.T.Context(), subscription))
	s.setLimit(50)
}

func wantSeats(t *testing.T, s *scene, want string) {
	t.Helper()
	if got := s.seats(); got != want {
		t.Errorf("seats used: %s, want %s", got, want)
	}
}
