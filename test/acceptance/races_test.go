package acceptance_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"rowhouse/core/domain"
	"rowhouse/ports"
	"rowhouse/test/apitest"
)

// Every race here ships with a control: a variant that is broken on purpose,
// which the same race must find out.

// atOnce sends n requests at the same moment and returns the answers.
func atOnce(t *testing.T, n int, send func(i int) (*apitest.Response, error)) []*apitest.Response {
	t.Helper()
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	answers, errs := make([]*apitest.Response, n), make([]error, n)
	ready.Add(n)
	for i := range n {
		done.Go(func() {
			ready.Done()
			<-start
			answers[i], errs[i] = send(i)
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
	for i, err := range errs {
		if err != nil {
			t.Fatalf("request %d: %v", i, err)
		}
	}
	return answers
}

// statuses counts the answers by status and code.
func statuses(answers []*apitest.Response) map[string]int {
	counts := map[string]int{}
	for _, res := range answers {
		counts[fmt.Sprintf("%d %s", res.StatusCode, res.Code())]++
	}
	return counts
}

// raceForTheLastWorkspace has a hundred requests for the one workspace that
// the free plan has left.
func raceForTheLastWorkspace(t *testing.T, s *apitest.Server, prepare func(organization string)) map[string]int {
	t.Helper()
	owner := s.SignUp(t, "Racer")
	id := owner.Post("/organizations", M{"name": "Race"}).Want(http.StatusCreated).Text("id")
	owner.Post("/organizations/"+id+"/workspaces", M{"name": "The second of three"}).Want(http.StatusCreated)
	if prepare != nil {
		prepare(id)
	}
	return statuses(atOnce(t, racers, func(i int) (*apitest.Response, error) {
		return owner.TryDo(http.MethodPost, "/organizations/"+id+"/workspaces", M{"name": fmt.Sprintf("Number %d", i)})
	}))
}

const racers = 100

func TestOfAHundredAtOnceOneGetsTheLastWorkspace(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	got := raceForTheLastWorkspace(t, s, nil)
	if got["201 "] != 1 || got["409 workspace_limit_reached"] != racers-1 {
		t.Errorf("answers = %v, want one 201 and 409 workspace_limit_reached for the rest", got)
	}
}

func TestOfAHundredAtOnceOneGetsTheLastWorkspace_Control(t *testing.T) {
	t.Parallel()
	meet := newBarrier(racers)
	s := apitest.New(t, apitest.WithStore(func(store ports.Store) ports.Store {
		return countThenInsert{Store: store, meet: meet}
	}))
	got := raceForTheLastWorkspace(t, s, func(organization string) {
		s.Change(t, organization, func(o *domain.Organization) { o.WorkspaceLimit = domain.Unlimited })
		meet.open()
	})
	if got["201 "] <= 1 {
		t.Errorf("answers = %v: a store that counts first and inserts later went unnoticed", got)
	}
}

// foundAtOnce founds fifty organizations with one name and returns how many
// addresses they got.
func foundAtOnce(t *testing.T, s *apitest.Server) (slugs map[string]bool) {
	t.Helper()
	const n = 50
	founder := s.SignUp(t, "Founder")
	slugs = map[string]bool{}
	for _, res := range atOnce(t, n, func(int) (*apitest.Response, error) {
		return founder.TryDo(http.MethodPost, "/organizations", M{"name": "Acme"})
	}) {
		slugs[res.Want(http.StatusCreated).Text("slug")] = true
	}
	return slugs
}

func TestFiftyOrganizationsOfOneNameGetFiftyAddresses(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	slugs := foundAtOnce(t, s)
	for n := 1; n <= 50; n++ {
		if want := string(domain.Slug("acme").Numbered(n)); !slugs[want] {
			t.Errorf("no organization got %s; they got %v", want, slugs)
		}
	}
}

func TestFiftyOrganizationsOfOneNameGetFiftyAddresses_Control(t *testing.T) {
	t.Parallel()
	s := apitest.New(t, apitest.WithStore(func(store ports.Store) ports.Store { return askThenClaim{store} }))
	if slugs := foundAtOnce(t, s); len(slugs) == 50 {
		t.Error("a store that lets two organizations claim one address went unnoticed")
	}
}

// transferTwice hands one organization over to two members at once.
func transferTwice(t *testing.T, s *apitest.Server) (answers map[string]int, owners int) {
	t.Helper()
	c := s.Found(t, "Acme")
	heirs := []string{c.AdminID, c.MemberID}
	answers = statuses(atOnce(t, len(heirs), func(i int) (*apitest.Response, error) {
		return c.Owner.TryDo(http.MethodPost, c.Path("/transfer-ownership"), M{"membership_id": heirs[i]})
	}))
	owners = len(c.Member.Get(c.Path("/members?role=owner")).Want(http.StatusOK).Data())
	return answers, owners
}

func TestOfTwoTransfersAtOnceOneSucceeds(t *testing.T) {
	t.Parallel()
	for range 20 {
		answers, owners := transferTwice(t, apitest.New(t))
		if answers["200 "] != 1 || answers["403 forbidden"] != 1 || owners != 1 {
			t.Errorf("answers = %v and %d owners, want one 200, one 403 forbidden and one owner", answers, owners)
		}
	}
}

func TestOfTwoTransfersAtOnceOneSucceeds_Control(t *testing.T) {
	t.Parallel()
	s := apitest.New(t, apitest.WithStore(func(store ports.Store) ports.Store { return staleOwner{store} }))
	// It cannot store two owners either, but it has nobody to refuse.
	if answers, _ := transferTwice(t, s); answers["200 "] == 1 && answers["403 forbidden"] == 1 {
		t.Errorf("answers = %v: a store that shows who was owner a moment ago went unnoticed", answers)
	}
}

// guessAtOnce tries two hundred wrong passwords at once and returns how many
// were looked at.
func guessAtOnce(t *testing.T, s *apitest.Server) (verifications int64, answers map[string]int) {
	t.Helper()
	victim, attacker := s.SignUp(t, "Victim"), s.Anonymous(t)
	before := s.Passwords.Verifications.Load()
	answers = statuses(atOnce(t, guesses, func(i int) (*apitest.Response, error) {
		return attacker.TryDo(http.MethodPost, "/auth/sign-in", M{"email": victim.Email(), "password": fmt.Sprintf("wrong password %d", i)})
	}))
	return s.Passwords.Verifications.Load() - before, answers
}

const guesses = 200

func TestOfTwoHundredWrongPasswordsAtOnceFiveAreLookedAt(t *testing.T) {
	t.Parallel()
	verifications, answers := guessAtOnce(t, apitest.New(t))
	if verifications > 5 || answers["401 invalid_credentials"] > 5 || answers["429 rate_limited"] < guesses-5 {
		t.Errorf("%d verifications, answers = %v, want at most 5 and 429 for the rest", verifications, answers)
	}
}

func TestOfTwoHundredWrongPasswordsAtOnceFiveAreLookedAt_Control(t *testing.T) {
	t.Parallel()
	s := apitest.New(t, apitest.WithThrottle(func(ports.Throttle) ports.Throttle {
		return &checkThenCount{meet: newBarrier(guesses).open()}
	}))
	if verifications, _ := guessAtOnce(t, s); verifications <= 5 {
		t.Errorf("%d verifications: a throttle that checks first and counts later went unnoticed", verifications)
	}
}
