package service_test

import (
	"net/http"
	"regexp"
	"testing"
	"time"

	"rowhouse/adapters/postgres"
	"rowhouse/adapters/postgres/pgtest"
)

func TestSeed(t *testing.T) {
	t.Parallel()
	e := newEnvironment(t, pgtest.New(t))
	far := e.with("PUBLIC_URL", "https://rowhouse.example")
	run(t, far, "seed").mustRefuse(t, "PUBLIC_URL", "https://rowhouse.example", "--force")

	out := run(t, e, "seed").must(t)
	mustNotTell(t, out)
	password := regexp.MustCompile(`password "([^"]+)"`).FindStringSubmatch(out)
	email := regexp.MustCompile(`\S+@acme\.example`).FindString(out)
	if len(password) < 2 || email != "ada@acme.example" {
		t.Fatalf("seed does not say who can sign in, and how: %s", out)
	}
	ada := newBrowser(t, serve(t, e))
	ada.keep(ada.do(t, http.StatusOK, http.MethodPost, "/auth/sign-in", M{"email": email, "password": password[1]}))
	if name := ada.get(t, "/organizations/acme").text(t, "name"); name != "Acme" {
		t.Errorf("organization = %q, want Acme", name)
	}

	run(t, e, "seed").mustRefuse(t, "seeded already")
	run(t, far, "seed", "--force").mustRefuse(t, "seeded already")
	run(t, far.with("DATABASE_URL", pgtest.New(t).URL(postgres.RoleApp)), "seed", "--force").must(t)
}

func TestOperator(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	e := newEnvironment(t, d)
	p := newPeople(t, d)
	processes := []*process{serve(t, e), serve(t, e)}
	otto := p.newcomer(t, "Otto", processes...)
	var longest time.Duration
	email := otto.get(t, "/me").text(t, "email")
	for _, change := range []struct {
		verb string
		want bool
	}{{"grant", true}, {"grant", true}, {"revoke", false}, {"revoke", false}} {
		for range 4 { // both processes know the user by heart
			otto.get(t, "/me")
		}
		run(t, e, "operator", change.verb, email).must(t)
		for _, p := range processes {
			longest = max(longest, eventually(t, worstLag, change.verb+" is seen", func() bool {
				return otto.on(p).get(t, "/me").object(t)["is_operator"] == change.want
			}))
		}
	}
	report(t, "seen in processes that run at most %s later", longest)
	run(t, e, "operator", "grant", "nobody@example.com").mustRefuse(t, "nobody@example.com")
	run(t, e, "operator", "grant").mustRefuse(t, "arg")
}
