package service_test

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"rowhouse/adapters/postgres/pgtest"
)

const password = "orchard lantern 42"

// inviter is an owner whose organization is on a paid plan without a bound on
// its members.
type inviter struct {
	*browser

	path string // of the organization
}

// invitationsADay is how many invitations an organization that pays sends in a
// day.
const invitationsADay = 50

// newInviters makes as many as it takes to send n invitations in a day.
func newInviters(t *testing.T, d *pgtest.Database, n int, processes ...*process) []inviter {
	t.Helper()
	people := newPeople(t, d)
	var all []inviter
	for len(all)*invitationsADay < n {
		owner := people.newcomer(t, "Olga", processes...)
		all = append(all, inviter{owner, "/organizations/" + owner.found(t, "Acme")})
	}
	d.Exec(t, `UPDATE app.subscriptions SET plan = 'enterprise', interval = 'month'`)
	d.Exec(t, `UPDATE app.organizations SET member_limit = -1`)
	return all
}

func (i inviter) invite(t *testing.T, email string) (id string) {
	t.Helper()
	return i.do(t, http.StatusCreated, http.MethodPost, i.path+"/invitations", M{"email": email, "role": "member"}).text(t, "id")
}

// members returns the addresses of the first members.
func (i inviter) members(t *testing.T) map[string]bool {
	t.Helper()
	emails := map[string]bool{}
	list, ok := i.get(t, i.path+"/members?limit=100").object(t)["data"].([]any)
	if !ok {
		t.Fatal("no list of members")
	}
	for _, one := range list {
		user, _ := one.(M)["user"].(M)
		email, _ := user["email"].(string)
		emails[email] = true
	}
	return emails
}

func TestAnInvitationBringsSomebodyIn(t *testing.T) {
	t.Parallel()
	d, mails := pgtest.New(t), newMailServer(t)
	e := newEnvironment(t, d).with("SMTP_URL", mails.address)
	api := serve(t, e)
	work(t, e)
	owner := newInviters(t, d, 1, api)[0]
	const email = "grace@example.com"
	owner.invite(t, email)
	letter := mails.await(t, email, 1)

	grace := newBrowser(t, api)
	token := letter.token(t)
	shown := grace.do(t, http.StatusOK, http.MethodPost, "/invitations/preview", M{"token": token}).object(t)
	if organization, _ := shown["organization"].(M); organization["name"] != "Acme" || shown["has_account"] != false {
		t.Errorf("the invitation shows %v, want Acme and no account", shown)
	}
	grace.keep(grace.do(t, http.StatusCreated, http.MethodPost, "/auth/sign-up", M{"password": password, "name": "Grace", "invitation_token": token}))
	if got := grace.get(t, "/me").text(t, "email"); got != email {
		t.Errorf("signed up as %s, want %s", got, email)
	}
	grace.do(t, http.StatusOK, http.MethodPost, "/invitations/accept", M{"token": token})
	grace.get(t, owner.path)
	if members := owner.members(t); len(members) != 2 || !members[email] {
		t.Errorf("members %v, want the owner and %s", members, email)
	}
	// Once is enough, also for mails: nothing else was sent to prove the address.
	if got := mails.to(email); len(got) != 1 {
		t.Errorf("%d mails, want the invitation alone", len(got))
	}
}

// How long it takes from asking for an invitation until the mail is with the
// server that delivers it, and until the answer.
func TestInvitationsAreMailedSoon(t *testing.T) {
	t.Parallel()
	d, mails := pgtest.New(t), newMailServer(t)
	busy(t)
	e := newEnvironment(t, d).with("SMTP_URL", mails.address)
	api := serve(t, e)
	work(t, e)
	const invitations = 100
	inviters := newInviters(t, d, invitations, api)
	inviters[0].get(t, inviters[0].path)
	asked, answers := map[string]time.Time{}, []time.Duration{}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for i := range invitations {
		<-tick.C
		email := "person." + strconv.Itoa(i) + "@example.com"
		begun := time.Now()
		inviters[i%len(inviters)].invite(t, email)
		answers = append(answers, time.Since(begun))
		asked[email] = begun
	}
	eventually(t, patience, "all mails are taken", func() bool { return mails.taken.Load() >= invitations })
	var waits []time.Duration
	for _, one := range mails.all() {
		waits = append(waits, one.at.Sub(asked[one.to]))
	}
	report(t, "%d invitations: answered after p50 %s, p99 %s; with the mail server after p50 %s, p99 %s", invitations,
		percentile(answers, 0.5), percentile(answers, 0.99), percentile(waits, 0.5), percentile(waits, 0.99))
	if len(waits) != invitations {
		t.Errorf("%d mails, want %d", len(waits), invitations)
	}
	if p99 := percentile(waits, 0.99); p99 >= 2*time.Second {
		t.Errorf("mailed after p99 %s, want less than 2s", p99)
	}
	if median := percentile(answers, 0.5); median >= 100*time.Millisecond {
		t.Errorf("answered after p50 %s, want less than 100ms", median)
	}
}
