package rowcache_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"rowhouse/adapters/memory"
	"rowhouse/adapters/postgres"
	"rowhouse/ports"
)

// A simulation of several processes over a database, one step of one of them at
// a time, in any order. It needs no database, so it can try more orders than
// would ever be met with one.

// mistake is one that a simulation must find.
type mistake int

const (
	noMistake     mistake = iota
	lateMark              // a row is marked when it is put
	trustsShared          // a shared value is taken as it is
	asksSinceLast         // the feed is asked since the last change that was seen
	looksAhead            // the first look tells only what happens after it
	forgetsMine           // changes of one's own are not told
)

// simulatedKeys is how many rows there are.
const simulatedKeys = 2

// part is half of a row. Different transactions can change both at once, such
// as an organization and its subscription.
type part struct{ key, half int }

// version is what a part was, and from when on.
type version struct {
	number int
	since  time.Duration // when it was committed
	xid    postgres.Position
}

// simulation is the database and the time.
type simulation struct {
	ctx     context.Context //nolint:containedctx // that of the test
	random  *rand.Rand
	mistake mistake
	clock   *handClock
	wall    *memory.Clock // of the shared cache
	cache   ports.Cache

	next      postgres.Position
	running   map[postgres.Position]bool
	locked    map[part]bool
	versions  map[part][]version
	committed []postgres.Change // in no order
	wrong     string
	served    map[string]int // where from
}

func newSimulation(ctx context.Context, seed uint64, mistake mistake) *simulation {
	wall := memory.NewClock()
	s := &simulation{
		ctx: ctx, random: rand.New(rand.NewPCG(seed, 1)), mistake: mistake, clock: &handClock{}, wall: wall, cache: memory.NewCache(wall),
		next: 10, running: map[postgres.Position]bool{}, locked: map[part]bool{}, versions: map[part][]version{}, served: map[string]int{},
	}
	for key := range simulatedKeys {
		for half := range 2 {
			s.versions[part{key, half}] = []version{{}}
		}
	}
	return s
}

// run takes so many steps, and returns what was wrong first.
func (s *simulation) run(steps int) string {
	var actors []func()
	for range 3 {
		actors = append(actors, s.newProcess()...)
	}
	for range steps {
		if s.wrong != "" {
			return s.wrong
		}
		took := time.Duration(s.random.IntN(10_000)) * time.Microsecond
		s.clock.advance(took)
		s.wall.Advance(took)
		actors[s.random.IntN(len(actors))]()
	}
	return s.wrong
}

func (s *simulation) oldestRunning() postgres.Position {
	oldest := s.next
	for xid := range s.running {
		oldest = min(oldest, xid)
	}
	return oldest
}

// stored is a row as a snapshot shows it.
type stored [2]int

func (s *simulation) read(key int) (row stored) {
	for half := range row {
		all := s.versions[part{key, half}]
		row[half] = all[len(all)-1].number
	}
	return row
}

func TestSimulation_NothingIsServedForTooLong(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		s := newSimulation(t.Context(), seed, noMistake)
		if wrong := s.run(20_000); wrong != "" {
			t.Errorf("seed %d: %s", seed, wrong)
		}
		for _, from := range []string{"memory", "the shared cache", "the database"} {
			if s.served[from] < 20 {
				t.Errorf("seed %d: %s was asked %d times, which proves little", seed, from, s.served[from])
			}
		}
	}
}

func TestSimulation_Control(t *testing.T) {
	t.Parallel()
	for name, mistake := range map[string]mistake{
		"a row is marked when it is put":                  lateMark,
		"a shared value is taken as it is":                trustsShared,
		"the feed is asked since the last change":         asksSinceLast,
		"the first look tells only what happens after it": looksAhead,
		"changes of one's own are not told":               forgetsMine,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(200) {
				if wrong := newSimulation(t.Context(), seed, mistake).run(20_000); wrong != "" {
					t.Logf("seed %d: %s", seed, wrong)
					return
				}
			}
			t.Error("nobody has noticed")
		})
	}
}
