package rowcache_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"time"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// truth is what a unit is.
type truth struct {
	session      string // of the member: none, "plain" or "sudo"
	sessions     int    // how many there were before it
	member       string // the names
	owner        string
	membership   domain.Membership // of the member; role none if there is none
	organization domain.Organization
	plan         domain.Tier
	moved        bool // the old slug leads elsewhere
}

func truthOf(u unit) truth {
	organization := u.organizationRow()
	organization.Members, organization.Workspaces = 2, 1
	return truth{session: "plain", member: "member", owner: "owner", membership: u.membershipRow(), organization: organization, plan: domain.TierFree}
}

// facts are what can be old for itself: each is a row, or less.
func (w truth) facts() map[string]string {
	detail := domain.OrganizationDetail{Organization: w.organization, Plan: w.plan}
	return map[string]string{
		sessionFact(w.sessions): w.session, "member": w.member, "owner": w.owner, "role": string(w.membership.Role),
		"suspended": strconv.FormatBool(w.organization.Suspended()), "moved": strconv.FormatBool(w.moved), "organization": describe(detail),
	}
}

func sessionFact(n int) string { return fmt.Sprint("session ", n) }

// sessionAfter returns the member's session that comes after so many.
func (u unit) sessionAfter(n int) domain.Session {
	session := u.session("member")
	if n > 0 {
		session.ID, session.Token = id[domain.SessionID](1000+n, u), u.token(fmt.Sprint("member-", n))
	}
	return session
}

// model knows what a unit was, and since when it is something else.
type model struct {
	unit

	mu   sync.Mutex
	now  truth
	past map[string][]was
}

// was is what a fact was, or is.
type was struct {
	value string
	by    int       // the process that has made it so, or byHand
	since time.Time // when the call that made it so returned; zero before
}

func newModel(u unit) *model {
	m := &model{unit: u, now: truthOf(u), past: map[string][]was{}}
	for fact, value := range m.now.facts() {
		m.past[fact] = []was{{value: value, since: time.Now()}}
	}
	return m
}

// byHand is in the place of a process where somebody works past all of them.
const byHand = -1

// change makes something true by a call, which may be seen as soon as it begins.
func (m *model) change(next truth, by int, call func() error) error {
	var changed []string
	m.mu.Lock()
	m.now = next
	for fact, value := range next.facts() {
		past := m.past[fact]
		if len(past) == 0 {
			past = []was{{value: none, since: time.Now()}}
		}
		if past[len(past)-1].value != value {
			m.past[fact] = append(past, was{value: value, by: by})
			changed = append(changed, fact)
		}
	}
	m.mu.Unlock()
	err := call()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, fact := range changed {
		m.past[fact][len(m.past[fact])-1].since = time.Now()
	}
	return err
}

// could reports whether a process that asked at a time may be told that a fact
// has a value.
func (m *model) could(fact, value string, reader int, asked time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	past := m.past[fact]
	for _, was := range slices.Backward(past) {
		if was.value == value {
			return true
		}
		known := !was.since.IsZero() && was.since.Before(asked)
		if known && (was.by == reader || asked.Sub(was.since) > mostStale) {
			return false
		}
	}
	return false
}

// view is a way to read some facts of a unit.
type view struct {
	name string
	read func(context.Context, ports.Store, *model) (func(could func(fact, value string) bool) bool, error)
}

var views = []view{
	{"session", func(ctx context.Context, store ports.Store, m *model) (func(func(string, string) bool) bool, error) {
		m.mu.Lock()
		n := max(m.now.sessions-rand.N(2), 0) // the last, or the one before it
		m.mu.Unlock()
		session, user, err := store.Sessions().ByToken(ctx, m.sessionAfter(n).Token)
		value := map[bool]string{true: "plain", false: "sudo"}[session.SudoAt.IsZero()]
		if errors.Is(err, domain.ErrNotFound) {
			return func(could func(string, string) bool) bool { return could(sessionFact(n), none) }, nil
		}
		return func(could func(string, string) bool) bool {
			return could(sessionFact(n), value) && could("member", user.Name)
		}, err
	}},
	{"actor", func(ctx context.Context, store ports.Store, m *model) (func(func(string, string) bool) bool, error) {
		actor, err := store.Directory().Actor(ctx, m.member(), string(m.organization()))
		if errors.Is(err, domain.ErrNotFound) {
			return func(could func(string, string) bool) bool { return could("role", none) }, nil
		}
		return func(could func(string, string) bool) bool {
			return could("role", string(actor.Role)) && could("suspended", strconv.FormatBool(actor.Suspended))
		}, err
	}},
	{"actor by slug", func(ctx context.Context, store ports.Store, m *model) (func(func(string, string) bool) bool, error) {
		actor, err := store.Directory().Actor(ctx, m.member(), string(m.oldSlug()))
		if errors.Is(err, domain.ErrNotFound) {
			return func(could func(string, string) bool) bool { return could("role", none) || could("moved", "true") }, nil
		}
		return func(could func(string, string) bool) bool {
			return could("moved", "false") && could("role", string(actor.Role)) && could("suspended", strconv.FormatBool(actor.Suspended))
		}, err
	}},
	{"organization", func(ctx context.Context, store ports.Store, m *model) (func(func(string, string) bool) bool, error) {
		detail, err := m.in(store).Organization().Detail(ctx)
		owner := detail.OwnerName
		detail.OwnerName = ""
		return func(could func(string, string) bool) bool {
			return could("organization", describe(detail)) && could("owner", owner)
		}, err
	}},
}

// check reads a view in a process, and returns an error if it is too old.
func (m *model) check(ctx context.Context, v view, processes []process, reader int) error {
	asked := time.Now()
	holds, err := v.read(ctx, processes[reader], m)
	if err != nil {
		return fmt.Errorf("%s of unit %d: %w", v.name, m.unit, err)
	}
	var wrong string
	could := func(fact, value string) bool {
		is := m.could(fact, value, reader, asked)
		if !is {
			wrong = fmt.Sprintf("%s %q", fact, value)
		}
		return is
	}
	if !holds(could) {
		return fmt.Errorf("%w: %s of unit %d in process %d: %s", errTooOld, v.name, m.unit, reader, wrong)
	}
	return nil
}

var errTooOld = errors.New("too old")
