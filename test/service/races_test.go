package service_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"rowhouse/adapters/postgres/pgtest"
	"rowhouse/core/domain"
)

// The races of test/acceptance, with two processes that share nothing but the
// database, asked in turn. The controls do without the product, see
// lookThenAct.

// newPair starts two processes.
func newPair(t *testing.T, d *pgtest.Database) (pair []*process, p people) {
	t.Helper()
	e := newEnvironment(t, d)
	return []*process{serve(t, e), serve(t, e)}, newPeople(t, d)
}

// atOnce does something n times at the same moment and returns what each came
// to.
func atOnce[T any](t *testing.T, n int, do func(i int) (T, error)) []T {
	t.Helper()
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	results, errs := make([]T, n), make([]error, n)
	ready.Add(n)
	for i := range n {
		done.Go(func() {
			ready.Done()
			<-start
			results[i], errs[i] = do(i)
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
	for i, err := range errs {
		if err != nil {
			t.Fatalf("number %d: %v", i, err)
		}
	}
	return results
}

// statuses counts the answers by status and code.
func statuses(answers []response) map[string]int {
	counts := map[string]int{}
	for _, res := range answers {
		counts[fmt.Sprintf("%d %s", res.status, res.code)]++
	}
	return counts
}

const racers = 100

func TestOfAHundredOverTwoProcessesOneGetsTheLastWorkspace(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	busy(t)
	pair, p := newPair(t, d)
	owner := p.newcomer(t, "Racer", pair...)
	path := "/organizations/" + owner.found(t, "Race") + "/workspaces"
	owner.do(t, http.StatusCreated, http.MethodPost, path, M{"name": "The second of three"})
	got := statuses(atOnce(t, racers, func(i int) (response, error) {
		return owner.try(t.Context(), http.MethodPost, path, M{"name": fmt.Sprintf("Number %d", i)})
	}))
	report(t, "%v", got)
	if got["201 "] != 1 || got["409 workspace_limit_reached"] != racers-1 {
		t.Errorf("answers = %v, want one 201 and 409 workspace_limit_reached for the rest", got)
	}
}

const founders = 50

func TestFiftyOrganizationsOfOneNameOverTwoProcessesGetFiftyAddresses(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	busy(t)
	pair, p := newPair(t, d)
	founder := p.newcomer(t, "Founder", pair...)
	slugs := map[string]bool{}
	for _, res := range atOnce(t, founders, func(int) (response, error) {
		return founder.try(t.Context(), http.MethodPost, "/organizations", M{"name": "Acme"})
	}) {
		if res.status != http.StatusCreated {
			t.Fatalf("found an organization: %d %s", res.status, res.body)
		}
		slugs[res.text(t, "slug")] = true
	}
	report(t, "%d addresses", len(slugs))
	for n := 1; n <= founders; n++ {
		if want := string(domain.Slug("acme").Numbered(n)); !slugs[want] {
			t.Errorf("no organization got %s; they got %v", want, slugs)
		}
	}
}

func TestOfTwoTransfersAtOnceOverTwoProcessesOneSucceeds(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	busy(t)
	pair, p := newPair(t, d)
	owner, all := p.newcomer(t, "Olga", pair...), map[string]int{}
	for range 20 {
		id := owner.found(t, "Acme")
		path, heirs := "/organizations/"+id, make([]string, len(pair))
		for i := range heirs {
			var err error
			if heirs[i], err = p.join(t.Context(), id, p.add(t, "Heir"), domain.RoleAdmin); err != nil {
				t.Fatal(err)
			}
		}
		answers := statuses(atOnce(t, len(heirs), func(i int) (response, error) {
			return owner.on(pair[i]).try(t.Context(), http.MethodPost, path+"/transfer-ownership", M{"membership_id": heirs[i]})
		}))
		owners := len(owner.get(t, path+"/members?role=owner").object(t)["data"].([]any))
		if answers["200 "] != 1 || answers["403 forbidden"] != 1 || owners != 1 {
			t.Errorf("answers = %v and %d owners, want one 200, one 403 forbidden and one owner", answers, owners)
		}
		for answer, n := range answers {
			all[answer] += n
		}
	}
	report(t, "%v", all)
}

const guesses = 200

func TestOfTwoHundredWrongPasswordsOverTwoProcessesFiveAreLookedAt(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	busy(t)
	pair, p := newPair(t, d)
	user, err := p.store.Users().Get(t.Context(), p.add(t, "Victim"))
	if err != nil {
		t.Fatal(err)
	}
	attacker, since := newBrowser(t, pair...), time.Now()
	got := statuses(atOnce(t, guesses, func(i int) (response, error) {
		return attacker.try(t.Context(), http.MethodPost, "/auth/sign-in", M{"email": user.Email, "password": fmt.Sprintf("wrong password %d", i)})
	}))
	took := time.Since(since)
	allowed := allowedWithin(took)
	report(t, "%v in %s", got, took)
	if got["401 invalid_credentials"] > allowed || got["401 invalid_credentials"]+got["429 rate_limited"] != guesses {
		t.Errorf("answers = %v in %s, want at most %d 401 and 429 for the rest", got, took, allowed)
	}
}

// allowedWithin is how many attempts are let through in this time. It is five,
// unless the machine is so slow that the wait before the next is over.
func allowedWithin(took time.Duration) int {
	policy, start := domain.ThrottlePasswords, now()
	attempts, n := domain.Attempts{}, 0
	for at := start; !at.After(start.Add(took)); at = at.Add(10 * time.Millisecond) {
		for allowed := true; allowed; {
			if attempts, allowed, _ = attempts.Reserve(policy, at); allowed {
				n++
			}
		}
	}
	return n
}
