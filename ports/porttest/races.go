package porttest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// How many race: against a limit or for one thing, and to change the same.
const (
	crowd   = 100
	takers  = 50
	workers = 12
)

var raceTests = []storeTest{
	race("of many who want the last seat, one gets it", crowd, RaceForLastSeat),
	race("of many workspaces that would be the last, one is made", crowd, RaceForLastWorkspace),
	race("of many who claim one slug, one gets it", takers, RaceForSlug),
	race("of many who claim one slug in updates, one gets it, and the others go on", takers, raceForSlugInUpdates),
	race("of many who take one link, one gets it", takers, RaceForAuthToken),
	race("of many who sign up with one address, one does", workers, raceForEmail),
	race("of many who save one version, one does", workers, raceToSave),
}

// race makes a test of a function that lets n race.
func race(name string, n int, run func(context.Context, ports.Store, ports.IDs, int) error) storeTest {
	return storeTest{name, func(t *testing.T, s *scene) {
		if err := run(t.Context(), s.store, s.ids, n); err != nil {
			t.Error(err)
		}
	}}
}

// atOnce runs fn n times in parallel and returns what each returned.
func atOnce(n int, fn func(i int) error) []error {
	var wg sync.WaitGroup
	start, errs := make(chan struct{}), make([]error, n)
	for i := range n {
		wg.Go(func() {
			<-start
			errs[i] = fn(i)
		})
	}
	close(start)
	wg.Wait()
	return errs
}

// oneWins says what is wrong unless exactly one succeeded and refused finds
// nothing wrong with the errors of the others. It returns who won.
func oneWins(errs []error, refused func(error) error) (winner int, err error) {
	winner = -1
	for i, err := range errs {
		switch {
		case err != nil:
			if err := refused(err); err != nil {
				return 0, fmt.Errorf("one who lost: %w", err)
			}
		case winner >= 0:
			return 0, errors.New("more than one succeeded")
		default:
			winner = i
		}
	}
	if winner < 0 {
		return 0, errors.New("nobody succeeded")
	}
	return winner, nil
}

// failsWith finds nothing wrong with one error.
func failsWith(want error) func(error) error {
	return func(err error) error {
		if errors.Is(err, want) {
			return nil
		}
		return fmt.Errorf("got %w, want %q", err, want.Error())
	}
}

// RaceForSlug lets n organizations claim one slug at once. It returns an error
// unless exactly one gets it.
func RaceForSlug(ctx context.Context, store ports.Store, ids ports.IDs, n int) error {
	return raceForSlug(ctx, founder{ids, store}, n, func(c company, slug domain.Slug) error {
		return store.Slugs().Claim(ctx, c.id, slug, noon)
	})
}

// raceForSlugInUpdates does so in updates, whose losers claim another slug.
func raceForSlugInUpdates(ctx context.Context, store ports.Store, ids ports.IDs, n int) error {
	return raceForSlug(ctx, founder{ids, store}, n, func(c company, slug domain.Slug) error {
		var lost error
		err := store.Update(ctx, c.scope(), func(tx ports.Repositories) error {
			if lost = tx.Slugs().Claim(ctx, c.id, slug, noon); lost == nil {
				return nil
			}
			return tx.Slugs().Claim(ctx, c.id, "instead-"+domain.Slug(c.id), noon)
		})
		if err == nil && lost != nil {
			_, err = store.Directory().Actor(ctx, c.owner.ID, "instead-"+string(c.id))
		}
		if err != nil {
			return fmt.Errorf("going on after a lost slug: %w", err)
		}
		return lost
	})
}

func raceForSlug(ctx context.Context, f founder, n int, claim func(company, domain.Slug) error) error {
	owner, err := f.addUser(ctx, "Owner")
	if err != nil {
		return err
	}
	companies := make([]company, n)
	for i := range companies {
		if companies[i], err = f.found(ctx, owner, roomy); err != nil {
			return err
		}
	}
	slug := "wanted-" + domain.Slug(f.ids.New())
	errs := atOnce(n, func(i int) error { return claim(companies[i], slug) })
	winner, err := oneWins(errs, failsWith(domain.ErrSlugTaken))
	if err != nil {
		return fmt.Errorf("%d claim one slug: %w", n, err)
	}
	actor, err := f.store.Directory().Actor(ctx, owner.ID, string(slug))
	if err == nil && actor.Organization != companies[winner].id {
		err = errors.New("the slug does not lead to who got it")
	}
	return err
}

// RaceForAuthToken lets n take one link at once. It returns an error unless
// exactly one gets it.
func RaceForAuthToken(ctx context.Context, store ports.Store, ids ports.IDs, n int) error {
	user, err := founder{ids, store}.addUser(ctx, "Owner")
	if err != nil {
		return err
	}
	link := domain.AuthToken{
		Hash: newToken(ids), Purpose: domain.TokenResetPassword, User: user.ID, Email: user.Email, CreatedAt: noon,
	}
	if err := store.AuthTokens().Add(ctx, link); err != nil {
		return err
	}
	errs := atOnce(n, func(int) error {
		_, err := store.AuthTokens().Take(ctx, link.Hash, link.Purpose)
		return err
	})
	if _, err := oneWins(errs, failsWith(domain.ErrInvalidToken)); err != nil {
		return fmt.Errorf("%d take one link: %w", n, err)
	}
	return nil
}

func raceForEmail(ctx context.Context, store ports.Store, ids ports.IDs, n int) error {
	f := founder{ids, store}
	users := make([]domain.User, n)
	for i := range users {
		users[i] = f.newUser("Namesake")
		users[i].Email = users[0].Email
	}
	errs := atOnce(n, func(i int) error { return store.Users().Add(ctx, users[i]) })
	winner, err := oneWins(errs, failsWith(domain.ErrEmailTaken))
	if err != nil {
		return fmt.Errorf("%d sign up with one address: %w", n, err)
	}
	user, err := store.Users().ByEmail(ctx, users[0].Email)
	if err == nil && user != users[winner] {
		err = errors.New("the address is not that of who signed up")
	}
	return err
}
