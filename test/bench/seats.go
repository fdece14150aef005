package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"rowhouse/adapters/postgres"
	"rowhouse/adapters/system"
	"rowhouse/core/domain"
	"rowhouse/core/invitation"
	"rowhouse/core/mailing"
)

// What is measured of invitations for the last seat: so many rounds, in each so
// many at once in an organization of its own.
const (
	seatRounds  = 1000
	seatCrowd   = 100
	seatBlocks  = 8  // of rounds, whose ratio is one value
	seatPool    = 16 // connections of either side
	seatTimeout = time.Minute
)

// lastSeat is an organization that has room for one more.
type lastSeat struct {
	organization domain.OrganizationID
	owner        invitation.Sender
}

// inviter sends an invitation, and reports whether there was a seat.
type inviter func(ctx context.Context, in lastSeat, email domain.Email) (bool, error)

// benchSeats compares inviting for the last seat, as the product does it, to
// the way that is written first: lock the organization's row, count, insert.
func benchSeats(ctx context.Context, d *dataset) ([]figure, error) {
	seats, err := prepareSeats(ctx, d)
	if err != nil {
		return nil, fmt.Errorf("prepare seats: %w", err)
	}
	store, err := postgres.Open(ctx, d.url(postgres.RoleApp), postgres.PoolConfig{MaxConnections: seatPool, MaxWait: seatTimeout})
	if err != nil {
		return nil, err
	}
	defer store.Close()
	store.SetClock(system.Clock{})
	pool, err := openSeats(ctx, d.url(postgres.RoleApp))
	if err != nil {
		return nil, err
	}
	defer pool.Close()

	key := domain.SecretKey("a key for benchmarks that is long enough")
	service := invitation.NewService(store, system.Clock{}, system.IDs{}, key, mailing.NewJobs(system.Clock{}, system.IDs{}))
	product := func(ctx context.Context, in lastSeat, email domain.Email) (bool, error) {
		_, err := service.Create(ctx, in.owner, string(email), "member")
		if errors.Is(err, domain.ErrMemberLimitReached) {
			return false, nil
		}
		return err == nil, err
	}
	peer := func(ctx context.Context, in lastSeat, email domain.Email) (bool, error) {
		return inviteUnderRowLock(ctx, pool, in, email)
	}
	ratio := figure{name: "invitations for the last seat / counted under a row lock, requests a second", floor: 1.5}
	perSecond := figure{name: "  requests a second of the product, a hundred at once"}
	for block := range seatBlocks {
		var ours, theirs time.Duration
		for round := block * seatRounds / seatBlocks; round < (block+1)*seatRounds/seatBlocks; round++ {
			for _, side := range []struct {
				invite inviter
				seat   lastSeat
				took   *time.Duration
			}{{product, seats[2*round], &ours}, {peer, seats[2*round+1], &theirs}} {
				took, err := rush(ctx, side.invite, side.seat)
				if err != nil {
					return nil, err
				}
				*side.took += took
			}
		}
		ratio.values = append(ratio.values, theirs.Seconds()/ours.Seconds())
		perSecond.values = append(perSecond.values, seatCrowd*seatRounds/seatBlocks/ours.Seconds())
	}
	return []figure{ratio, perSecond}, nil
}

// rush lets a crowd invite at once. It fails unless exactly one got the seat.
func rush(ctx context.Context, invite inviter, in lastSeat) (time.Duration, error) {
	var wg sync.WaitGroup
	var invited atomic.Int64
	failures := make([]error, seatCrowd)
	start := time.Now()
	for i := range seatCrowd {
		wg.Go(func() {
			got, err := invite(ctx, in, domain.Email(fmt.Sprintf("guest-%d@%s.example.com", i, in.organization)))
			if got {
				invited.Add(1)
			}
			failures[i] = err
		})
	}
	wg.Wait()
	took := time.Since(start)
	if err := errors.Join(failures...); err != nil {
		return 0, err
	}
	if n := invited.Load(); n != 1 {
		return 0, fmt.Errorf("%d invitations for one seat", n)
	}
	return took, nil
}

// prepareSeats makes two organizations for each round, with one seat left.
func prepareSeats(ctx context.Context, d *dataset) ([]lastSeat, error) {
	c, err := pgx.Connect(ctx, d.url(""))
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.Close(ctx) }()
	found, err := c.Query(ctx, `
WITH chosen AS (
    UPDATE app.organizations SET member_limit = seats_used + pending_invitations + 1
    WHERE id IN (SELECT id FROM app.organizations ORDER BY id LIMIT $1)
    RETURNING id, owner_id
)
SELECT o.id::text, o.owner_id::text, m.id::text FROM chosen o JOIN app.memberships m ON m.organization_id = o.id AND m.user_id = o.owner_id`, 2*seatRounds)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, func(row pgx.CollectableRow) (lastSeat, error) {
		var organization, user, membership string
		err := row.Scan(&organization, &user, &membership)
		id := domain.OrganizationID(organization)
		return lastSeat{organization: id, owner: invitation.Sender{
			Actor: domain.Actor{User: domain.UserID(user), Organization: id, Membership: domain.MembershipID(membership), Role: domain.RoleOwner},
			User:  domain.User{ID: domain.UserID(user), Name: "Owner", EmailVerifiedAt: time.Now()},
		}}, err
	})
}

func openSeats(ctx context.Context, url string) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	config.MaxConns = seatPool
	return pgxpool.NewWithConfig(ctx, config)
}

// inviteUnderRowLock is the way that is written first, with the same tables and
// policies, and with nothing of what the product does beside: no job, no
// bounds on how many go out, no second look at what the sender may.
func inviteUnderRowLock(ctx context.Context, pool *pgxpool.Pool, in lastSeat, email domain.Email) (invited bool, err error) {
	err = pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT set_config('app.organization_id', $1, true)`, string(in.organization)); err != nil {
			return err
		}
		var limit, members, pending int64
		err := tx.QueryRow(ctx, `SELECT member_limit FROM app.organizations WHERE id = $1 FOR UPDATE`, string(in.organization)).Scan(&limit)
		if err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM app.memberships WHERE organization_id = $1`, string(in.organization)).Scan(&members); err != nil {
			return err
		}
		err = tx.QueryRow(ctx, `SELECT count(*) FROM app.invitations WHERE organization_id = $1 AND state = 'pending' AND expires_at > now()`,
			string(in.organization)).Scan(&pending)
		if err != nil || members+pending >= limit {
			return err
		}
		invited = true
		id, token := system.IDs{}.New(), system.Tokens{}.New().Hash()
		_, err = tx.Exec(ctx, `
INSERT INTO app.invitations (organization_id, id, inviter_id, email, role, token_hash, state, sent, resends, created_at, last_sent_at, expires_at)
VALUES ($1, $2, $3, $4, 'member', $5, 'pending', 1, 0, now(), now(), now() + interval '7 days')`,
			string(in.organization), id, string(in.owner.User.ID), string(email), token[:])
		return err
	})
	return invited, err
}
