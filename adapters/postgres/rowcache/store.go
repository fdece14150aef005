package rowcache

import (
	"context"
	"encoding/hex"
	"strings"
	"sync"
	"time"

	"rowhouse/adapters/postgres"
	"rowhouse/core/domain"
	"rowhouse/ports"
)

// Store is a ports.Store that answers from memory what it can. Inside of an
// update it never does.
type Store struct {
	*postgres.Store

	watch    *watch
	shared   shared
	announce *announcer

	ofSessions  *sessions
	ofDirectory *directory

	sessions *level[domain.TokenHash, domain.Session]
	tokens   *level[domain.SessionID, domain.TokenHash] // by which a session is found
	users    *level[domain.UserID, domain.User]
	slugs    *level[domain.Slug, domain.OrganizationID]
	members  *level[seat, member]
	access   *level[domain.OrganizationID, bool] // whether it is suspended
	details  *level[domain.OrganizationID, domain.OrganizationDetail]
	names    *level[domain.UserID, string]
}

var _ ports.Store = (*Store)(nil)

// seat is a user in an organization.
type seat struct {
	organization domain.OrganizationID
	user         domain.UserID
}

// member is what the user is there.
type member struct {
	id   domain.MembershipID
	role domain.Role
}

// size is how many rows of each kind are kept.
const size = 20_000

// New returns a Store around another, which must not have been used yet. It
// serves nothing from memory until Run follows the changes.
func New(store *postgres.Store, cache ports.Cache, signal ports.Signal, elapsed Elapsed) *Store {
	w := newWatch(elapsed)
	s := &Store{
		Store: store, watch: w, shared: shared{cache, w}, announce: newAnnouncer(cache, signal),
		sessions: newLevel[domain.TokenHash, domain.Session](w, size),
		tokens:   newLevel[domain.SessionID, domain.TokenHash](w, size),
		users:    newLevel[domain.UserID, domain.User](w, size),
		slugs:    newLevel[domain.Slug, domain.OrganizationID](w, size),
		members:  newLevel[seat, member](w, size),
		access:   newLevel[domain.OrganizationID, bool](w, size),
		details:  newLevel[domain.OrganizationID, domain.OrganizationDetail](w, size),
		names:    newLevel[domain.UserID, string](w, size),
	}
	s.ofSessions, s.ofDirectory = &sessions{store.Sessions(), s}, &directory{store.Directory(), s}
	w.drop = s.drop
	store.OnChange(func(changes []postgres.Change) {
		w.own(changes)
		s.announce.changed(changes)
	})
	return s
}

// Run follows the changes until ctx ends, and tells other processes about those
// of this one.
func (s *Store) Run(ctx context.Context) {
	var wg sync.WaitGroup
	wg.Go(func() { s.announce.run(ctx) })
	s.Follow(ctx, s.announce.signal.Listen(ctx), s.watch)
	wg.Wait()
}

// drop forgets what a change is about.
func (s *Store) drop(subject postgres.Subject, key string) {
	switch subject {
	case postgres.SubjectUser:
		s.users.drop(domain.UserID(key))
		s.names.drop(domain.UserID(key))
	case postgres.SubjectSession:
		if token, ok := hashOf(key); ok {
			s.sessions.drop(token)
		} else {
			s.sessions.clear() // one of them it was
		}
	case postgres.SubjectMember:
		organization, user, _ := strings.Cut(key, ":")
		s.members.drop(seat{domain.OrganizationID(organization), domain.UserID(user)})
	case postgres.SubjectAccess:
		s.access.drop(domain.OrganizationID(key))
	case postgres.SubjectOrganization:
		s.details.drop(domain.OrganizationID(key))
	case postgres.SubjectSlug:
		s.slugs.drop(domain.Slug(key))
	}
}

// hashOf reads the hash of a token as the trigger writes it, which depends on
// the settings of who made the change.
func hashOf(text string) (h domain.TokenHash, ok bool) {
	digits, ok := strings.CutPrefix(text, `\x`)
	if !ok || len(digits) != hex.EncodedLen(len(h)) {
		return h, false
	}
	_, err := hex.Decode(h[:], []byte(digits))
	return h, err == nil
}

// Sessions implements ports.Repositories.
func (s *Store) Sessions() ports.Sessions { return s.ofSessions }

// Directory implements ports.Repositories.
func (s *Store) Directory() ports.Directory { return s.ofDirectory }

// Tenant implements ports.Repositories.
func (s *Store) Tenant(id domain.OrganizationID) ports.Tenant {
	return tenant{s.Store.Tenant(id), s, id}
}

type sessions struct {
	ports.Sessions
	store *Store
}

// ByToken implements ports.Sessions.
func (r *sessions) ByToken(ctx context.Context, token domain.TokenHash) (domain.Session, domain.User, error) {
	s := r.store
	if now, fresh := s.watch.fresh(); fresh && ctx.Err() == nil {
		if session := s.sessions.at(now, token); session != nil {
			if user := s.users.at(now, session.User); user != nil {
				return *session, *user, nil
			}
		}
	}
	ofSession, ofToken, ofUser := s.sessions.mark(), s.tokens.mark(), s.users.mark()
	session, user, err := r.Sessions.ByToken(ctx, token)
	if err != nil {
		return session, user, err
	}
	s.tokens.put(ofToken, session.ID, token)
	s.sessions.put(ofSession, token, session)
	s.users.put(ofUser, user.ID, user)
	return session, user, nil
}

// Touch implements ports.Sessions. It is no change that others are told of:
// each process does it for itself, when its own row gets old.
func (r *sessions) Touch(ctx context.Context, id domain.SessionID, at time.Time) error {
	if err := r.Sessions.Touch(ctx, id, at); err != nil {
		return err
	}
	if token, ok := r.store.tokens.get(id); ok {
		r.store.sessions.change(token, func(session *domain.Session) {
			if session.LastSeenAt.Before(at) {
				session.LastSeenAt = at
			}
		})
	}
	return nil
}

type directory struct {
	ports.Directory
	store *Store
}

// Actor implements ports.Directory.
func (r *directory) Actor(ctx context.Context, user domain.UserID, ref string) (domain.Actor, error) {
	s := r.store
	now, fresh := s.watch.fresh()
	organization, known := s.resolve(now, fresh, ref)
	if known && fresh && ctx.Err() == nil {
		if actor, ok := s.actor(now, organization, user); ok {
			return actor, nil
		}
	}
	ofSlug, ofMember, ofAccess := s.slugs.mark(), s.members.mark(), s.access.mark()
	position, looked := s.watch.now()
	found, shared := membership{}, false
	if known {
		found, shared = load(ctx, s.shared, organization, memberKey(user), func(m membership) []change {
			if m.ID == "" {
				return nil
			}
			return []change{{postgres.SubjectMember, string(organization) + ":" + string(user)}, {postgres.SubjectAccess, string(organization)}}
		})
	}
	actor := domain.Actor{User: user, Organization: organization, Membership: found.ID, Role: found.Role, Suspended: found.Suspended}
	if !shared {
		var err error
		if actor, err = r.Directory.Actor(ctx, user, ref); err != nil {
			return actor, err
		}
		if looked {
			save(ctx, s.shared, actor.Organization, memberKey(user), position, membership{actor.Membership, actor.Role, actor.Suspended})
		}
	}
	if !shared && !domain.IsUUID(ref) { // else it is from memory, from before the mark
		s.slugs.put(ofSlug, domain.Slug(ref), actor.Organization)
	}
	s.members.put(ofMember, seat{actor.Organization, user}, member{actor.Membership, actor.Role})
	s.access.put(ofAccess, actor.Organization, actor.Suspended)
	return actor, nil
}

// resolve returns the organization that ref names, if it is an id or the slug
// is in memory, and fresh.
func (s *Store) resolve(now time.Duration, fresh bool, ref string) (domain.OrganizationID, bool) {
	if domain.IsUUID(ref) {
		return domain.OrganizationID(strings.ToLower(ref)), true
	}
	if fresh {
		if found := s.slugs.at(now, domain.Slug(ref)); found != nil {
			return *found, true
		}
	}
	return "", false
}

// actor puts an actor together from memory, which is fresh.
func (s *Store) actor(now time.Duration, organization domain.OrganizationID, user domain.UserID) (actor domain.Actor, known bool) {
	m, suspended := s.members.at(now, seat{organization, user}), s.access.at(now, organization)
	if m == nil || suspended == nil {
		return domain.Actor{}, false
	}
	return domain.Actor{User: user, Organization: organization, Membership: m.id, Role: m.role, Suspended: *suspended}, true
}

type tenant struct {
	ports.Tenant
	store *Store
	id    domain.OrganizationID
}

// Organization implements ports.Tenant.
func (t tenant) Organization() ports.Organization {
	return organization{t.Tenant.Organization(), t.store, t.id}
}

type organization struct {
	ports.Organization
	store *Store
	id    domain.OrganizationID
}

// Detail implements ports.Organization.
func (r organization) Detail(ctx context.Context) (domain.OrganizationDetail, error) {
	s := r.store
	if now, fresh := s.watch.fresh(); fresh && ctx.Err() == nil {
		if found := s.details.at(now, r.id); found != nil {
			if name := s.names.at(now, found.Owner); name != nil {
				detail := *found
				detail.OwnerName = *name
				return detail, nil
			}
		}
	}
	ofDetail, ofName := s.details.mark(), s.names.mark()
	position, looked := s.watch.now()
	detail, shared := load(ctx, s.shared, r.id, detailKey(r.id), func(d domain.OrganizationDetail) []change {
		if d.ID != r.id {
			return nil
		}
		return []change{{postgres.SubjectOrganization, string(r.id)}, {postgres.SubjectUser, string(d.Owner)}}
	})
	if !shared {
		var err error
		if detail, err = r.Organization.Detail(ctx); err != nil {
			return detail, err
		}
		if looked {
			save(ctx, s.shared, r.id, detailKey(r.id), position, detail)
		}
	}
	s.details.put(ofDetail, r.id, detail)
	s.names.put(ofName, detail.Owner, detail.OwnerName)
	return detail, nil
}
