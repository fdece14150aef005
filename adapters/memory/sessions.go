package memory

import (
	"context"
	"fmt"
	"slices"
	"time"

	"rowhouse/core/domain"
)

type sessions struct{ *repositories }

func (r sessions) Add(ctx context.Context, session domain.Session) error {
	return r.write(ctx, func(tx *transaction) error {
		if !tx.users.has(session.User) {
			return domain.ErrNotFound
		}
		if tx.sessions.has(session.ID) || tx.sessionByToken.has(session.Token) {
			return fmt.Errorf("add session %s: %w", session.ID, errExists)
		}
		tx.sessions.put(tx, session.ID, session)
		tx.sessionByToken.put(tx, session.Token, session.ID)
		tx.sessionsOf.add(tx, session.User, session.ID)
		if len(tx.sessionsOf.of(session.User)) > domain.MaxSessionsPerUser {
			tx.removeSession(tx.leastRecentlyUsed(session.User))
		}
		return nil
	})
}

func (r sessions) ByToken(ctx context.Context, token domain.TokenHash) (session domain.Session, user domain.User, err error) {
	err = r.read(ctx, func(d *data) error {
		id, err := d.sessionByToken.get(token)
		if err != nil {
			return err
		}
		session = d.sessions[id]
		user = d.users[session.User]
		return nil
	})
	return session, user, err
}

func (r sessions) Touch(ctx context.Context, id domain.SessionID, at time.Time) error {
	return r.write(ctx, func(tx *transaction) error {
		if session, ok := tx.sessions[id]; ok && session.LastSeenAt.Before(at) {
			session.LastSeenAt = at
			tx.sessions.put(tx, id, session)
		}
		return nil
	})
}

func (r sessions) Save(ctx context.Context, session domain.Session) error {
	return r.write(ctx, func(tx *transaction) error {
		before, err := tx.sessions.get(session.ID)
		if err != nil || before.User != session.User {
			return domain.ErrNotFound
		}
		if before.Token != session.Token {
			if tx.sessionByToken.has(session.Token) {
				return fmt.Errorf("save session %s: %w", session.ID, errExists)
			}
			tx.sessionByToken.remove(tx, before.Token)
			tx.sessionByToken.put(tx, session.Token, session.ID)
		}
		tx.sessions.put(tx, session.ID, session)
		return nil
	})
}

func (r sessions) List(ctx context.Context, user domain.UserID, page domain.PageRequest) (list domain.Page[domain.Session], err error) {
	err = r.read(ctx, func(d *data) error {
		ids := d.sessionsOf.of(user)
		end := len(ids)
		if page.After != "" {
			end, _ = d.sessionsOf.search(user, domain.SessionID(page.After))
		}
		list = newestFirst(ids, end, page.Limit, func(id domain.SessionID) (domain.Session, bool) {
			return d.sessions[id], true
		})
		return nil
	})
	return list, err
}

func (r sessions) Remove(ctx context.Context, user domain.UserID, id domain.SessionID) error {
	return r.write(ctx, func(tx *transaction) error {
		if session, ok := tx.sessions[id]; !ok || session.User != user {
			return domain.ErrNotFound
		}
		tx.removeSession(id)
		return nil
	})
}

func (r sessions) RemoveOthers(ctx context.Context, user domain.UserID, keep domain.SessionID) error {
	return r.write(ctx, func(tx *transaction) error {
		tx.removeSessions(user, keep)
		return nil
	})
}

func (d *data) leastRecentlyUsed(user domain.UserID) domain.SessionID {
	return slices.MinFunc(d.sessionsOf.of(user), func(a, b domain.SessionID) int {
		return d.sessions[a].LastSeenAt.Compare(d.sessions[b].LastSeenAt)
	})
}

func (tx *transaction) removeSession(id domain.SessionID) {
	session := tx.sessions[id]
	tx.sessionByToken.remove(tx, session.Token)
	tx.sessionsOf.remove(tx, session.User, id)
	tx.sessions.remove(tx, id)
}

func (tx *transaction) removeSessions(user domain.UserID, keep domain.SessionID) {
	for _, id := range slices.Clone(tx.sessionsOf.of(user)) {
		if id != keep {
			tx.removeSession(id)
		}
	}
}
