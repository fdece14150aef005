package seed_test

import (
	"testing"

	"rowhouse/adapters/argon2"
	"rowhouse/adapters/memory"
	"rowhouse/adapters/system"
	"rowhouse/adapters/unidecode"
	"rowhouse/bootstrap/seed"
	"rowhouse/core/domain"
	"rowhouse/core/image"
	"rowhouse/core/organization"
	"rowhouse/core/slug"
	"rowhouse/core/workspace"
	"rowhouse/ports"
)

func seeded(t *testing.T) (ports.Store, []seed.Account) {
	t.Helper()
	store, clock, ids, slugs := memory.NewStore(), system.Clock{}, system.IDs{}, slug.NewMaker(unidecode.Transliterator{})
	accounts, err := seed.Seeder{
		Store: store, Clock: clock, IDs: ids, Tokens: system.Tokens{},
		Organizations: organization.NewService(store, clock, ids, slugs, image.NewStore(nil, nil)),
		Workspaces:    workspace.NewService(store, clock, ids, slugs),
	}.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return store, accounts
}

func TestEverySeededUserSignsInWithThePassword(t *testing.T) {
	t.Parallel()
	store, accounts := seeded(t)
	passwords := argon2.New(argon2.DefaultConfig())
	checked := map[domain.PasswordHash]bool{}
	for _, a := range accounts {
		user, err := store.Users().ByEmail(t.Context(), a.Email)
		if err != nil {
			t.Fatalf("%s: %v", a.Email, err)
		}
		if !checked[user.PasswordHash] {
			match, outdated, err := passwords.Verify(t.Context(), seed.Password, user.PasswordHash)
			if err != nil || !match || outdated {
				t.Errorf("%s: match %t, outdated %t, %v; want a match with today's parameters", a.Email, match, outdated, err)
			}
			checked[user.PasswordHash] = true
		}
		if _, owner, err := store.Sessions().ByToken(t.Context(), a.Token.Hash()); err != nil || owner.ID != user.ID {
			t.Errorf("%s has no open session: %v", a.Email, err)
		}
	}
	if err := domain.CheckPassword("password", seed.Password); err != nil {
		t.Errorf("the password would be refused: %v", err)
	}
}

// The demo is there to show every role and state.
func TestEveryRoleAndStateCanBeSeen(t *testing.T) {
	t.Parallel()
	store, accounts := seeded(t)
	seen := map[string]bool{}
	for _, a := range accounts {
		user, err := store.Users().ByEmail(t.Context(), a.Email)
		if err != nil {
			t.Fatal(err)
		}
		seen["operator"] = seen["operator"] || user.IsOperator
		seen["unverified"] = seen["unverified"] || !user.EmailVerified()
		page, err := store.Directory().Organizations(t.Context(), user.ID, domain.PageRequest{Limit: 50})
		if err != nil {
			t.Fatal(err)
		}
		seen["no organization"] = seen["no organization"] || len(page.Items) == 0
		seen["several organizations"] = seen["several organizations"] || len(page.Items) > 1
		for _, o := range page.Items {
			seen[string(o.Role)], seen[string(o.Plan)] = true, true
			seen["suspended"] = seen["suspended"] || o.Suspended()
			seen["full"] = seen["full"] || o.Members == int64(o.MemberLimit) && o.Workspaces == int64(o.WorkspaceLimit)
			seen["over its limits"] = seen["over its limits"] || o.MemberLimit != domain.Unlimited && o.Members > int64(o.MemberLimit)
		}
	}
	for _, want := range []string{
		"member", "admin", "owner", "free", "pro", "enterprise", "operator", "unverified", "no organization",
		"several organizations", "suspended", "full", "over its limits",
	} {
		if !seen[want] {
			t.Errorf("nobody to show %q", want)
		}
	}
}
