// Package seed fills an empty store with made-up companies, so that every role
// and every state can be seen.
package seed

import (
	"context"
	"fmt"

	"rowhouse/core/domain"
	"rowhouse/core/organization"
	"rowhouse/core/workspace"
	"rowhouse/ports"
)

// Password is that of every seeded user.
const Password = "rowhouse-demo"

// passwordHash is Password hashed once with today's parameters. Hashing it
// anew for each user would take most of the start.
//
//nolint:gosec // it protects nothing
const passwordHash domain.PasswordHash = "$argon2id$v=19$m=47104,t=1,p=1$clYlmOYzp3oZY4s5N9957g$VHs9uaKIwgZTvVQTgnIVQ6tQckKDexcCdb7OkoEPGp4"

// Seeder writes the data through the same use cases and ports as everybody.
type Seeder struct {
	Store         ports.Store
	Clock         ports.Clock
	IDs           ports.IDs
	Tokens        ports.Tokens
	Organizations *organization.Service
	Workspaces    *workspace.Service
}

// Account is a seeded user to try, and what they can show.
type Account struct {
	Email domain.Email
	Shows string
	// Token is that of a session that is open already.
	Token domain.Token
}

// Run fills the store and returns the accounts to try, the best first.
func (s Seeder) Run(ctx context.Context) ([]Account, error) {
	users := map[string]domain.User{}
	for _, p := range people {
		user, err := s.addUser(ctx, p)
		if err != nil {
			return nil, fmt.Errorf("seed user %s: %w", p.email, err)
		}
		users[p.key] = user
	}
	for _, c := range companies {
		if err := s.addCompany(ctx, c, users); err != nil {
			return nil, fmt.Errorf("seed organization %s: %w", c.name, err)
		}
	}
	var accounts []Account
	for _, p := range people {
		if p.shows == "" {
			continue
		}
		token, err := s.openSession(ctx, users[p.key])
		if err != nil {
			return nil, fmt.Errorf("seed session of %s: %w", p.email, err)
		}
		accounts = append(accounts, Account{Email: p.email, Shows: p.shows, Token: token})
	}
	return accounts, nil
}

func (s Seeder) addUser(ctx context.Context, p person) (domain.User, error) {
	now := s.Clock.Now()
	user := domain.User{
		ID: domain.UserID(s.IDs.New()), Email: p.email, Name: p.name, PasswordHash: passwordHash,
		IsOperator: p.operator, CreatedAt: now, UpdatedAt: now,
	}
	if !p.unverified {
		user.EmailVerifiedAt = now
	}
	return user, s.Store.Users().Add(ctx, user)
}

func (s Seeder) openSession(ctx context.Context, user domain.User) (domain.Token, error) {
	token, now := s.Tokens.New(), s.Clock.Now()
	return token, s.Store.Sessions().Add(ctx, domain.Session{
		ID: domain.SessionID(s.IDs.New()), User: user.ID, Token: token.Hash(), UserAgent: "Seeded session", IP: "127.0.0.1",
		CreatedAt: now, LastSeenAt: now, SudoAt: now,
	})
}

// addCompany founds an organization as its owner would, puts it on its plan,
// and fills it.
func (s Seeder) addCompany(ctx context.Context, c company, users map[string]domain.User) error {
	created, err := s.Organizations.Create(ctx, users[c.owner], organization.CreateInput{Name: c.name, Description: c.description})
	if err != nil {
		return err
	}
	owner := domain.Actor{
		User: users[c.owner].ID, Organization: created.ID, Membership: created.Membership, Role: domain.RoleOwner,
	}
	if err := s.subscribe(ctx, owner, c); err != nil {
		return err
	}
	members := map[string]domain.MembershipID{c.owner: owner.Membership}
	for _, m := range c.members {
		if members[m.who], err = s.addMember(ctx, owner, users[m.who], m.role); err != nil {
			return err
		}
	}
	for _, w := range c.workspaces {
		if err := s.addWorkspace(ctx, owner, w, members); err != nil {
			return err
		}
	}
	return s.settle(ctx, owner, c)
}

// subscribe puts the organization on its plan, with what it has used of it.
func (s Seeder) subscribe(ctx context.Context, owner domain.Actor, c company) error {
	return s.Store.Update(ctx, ports.Of(owner.Organization), func(tx ports.Repositories) error {
		tenant, now := tx.Tenant(owner.Organization), s.Clock.Now()
		subscription, err := tenant.Subscription().Get(ctx)
		if err != nil {
			return err
		}
		subscription.Plan, subscription.Status, subscription.Interval = c.plan, domain.StatusActive, domain.IntervalMonth
		if c.plan == domain.TierFree {
			subscription.Status, subscription.Interval = domain.StatusFree, ""
		}
		if err := tenant.Subscription().Save(ctx, subscription); err != nil {
			return err
		}
		limits := domain.PlanOf(c.plan).Limits
		rows := domain.NewUsagePeriod(limits, subscription.UsagePeriod(now), 0, now)
		for i := range rows {
			rows[i].Quantity = c.used[rows[i].Metric]
		}
		if err := tenant.Usage().Put(ctx, rows); err != nil {
			return err
		}
		org, err := tenant.Organization().Get(ctx)
		if err != nil {
			return err
		}
		org.MemberLimit, org.WorkspaceLimit = limits.Members, limits.Workspaces
		_, err = tenant.Organization().Save(ctx, org)
		return err
	})
}

func (s Seeder) addMember(ctx context.Context, owner domain.Actor, user domain.User, role domain.Role) (domain.MembershipID, error) {
	id, now := domain.MembershipID(s.IDs.New()), s.Clock.Now()
	return id, s.Store.Tenant(owner.Organization).Memberships().Add(ctx, domain.Membership{
		ID: id, User: user.ID, Role: role, InvitedBy: owner.User, CreatedAt: now, UpdatedAt: now,
	})
}

func (s Seeder) addWorkspace(ctx context.Context, owner domain.Actor, w division, members map[string]domain.MembershipID) error {
	created, err := s.Workspaces.Create(ctx, owner, workspace.CreateInput{
		Name: w.name, Description: w.description, Visibility: string(w.visibility),
	})
	if err != nil {
		return err
	}
	for _, who := range w.members {
		if _, err := s.Workspaces.AddMember(ctx, owner, created.ID, members[who]); err != nil {
			return err
		}
	}
	return nil
}

// settle brings about the states that no use case leads to yet: over the
// limits of a plan that was downgraded, and suspended.
func (s Seeder) settle(ctx context.Context, owner domain.Actor, c company) error {
	if c.downgradedTo != "" {
		c.plan = c.downgradedTo
		if err := s.subscribe(ctx, owner, c); err != nil {
			return err
		}
	}
	if !c.suspended {
		return nil
	}
	return s.Store.Update(ctx, ports.Of(owner.Organization), func(tx ports.Repositories) error {
		organizations := tx.Tenant(owner.Organization).Organization()
		org, err := organizations.Get(ctx)
		if err != nil {
			return err
		}
		org.SuspendedAt = s.Clock.Now()
		_, err = organizations.Save(ctx, org)
		return err
	})
}
