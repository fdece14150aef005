package porttest

import (
	"context"
	"testing"
	"time"

	"rowhouse/ports"
)

// TestSignal checks that a ports.Signal does what its documentation says. It
// calls open once for each subtest, in parallel. It returns the signals of two
// processes that tell each other, or twice the same; nobody else sends.
func TestSignal(t *testing.T, open func(*testing.T) (one, another ports.Signal)) {
	t.Helper()
	for _, tt := range []struct {
		name string
		run  func(t *testing.T, one, another ports.Signal)
	}{
		{"all who listen are told, in this process and in another", testSignalAll},
		{"nobody waits for who does not listen closely, and is told once", testSignalMerged},
		{"who comes later is told from then on", testSignalLate},
		{"the channel is closed when its context ends, and no other", testSignalEnd},
		{"once the context has ended nothing is sent or heard", testSignalCancelled},
		{"many can come, send and go at once", testSignalAtOnce},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			one, another := open(t)
			tt.run(t, one, another)
		})
	}
}

// next takes a value from a channel, which must come.
func next(t *testing.T, what string, changed <-chan struct{}) {
	t.Helper()
	select {
	case _, ok := <-changed:
		if !ok {
			t.Fatalf("%s: the channel was closed, want a value", what)
		}
	case <-time.After(patience):
		t.Fatalf("%s: no value came", what)
	}
}

// rest waits until a channel is closed, which must happen, and returns how many
// values came before.
func rest(t *testing.T, what string, changed <-chan struct{}) int {
	t.Helper()
	for n := 0; ; n++ {
		select {
		case _, ok := <-changed:
			if !ok {
				return n
			}
		case <-time.After(patience):
			t.Fatalf("%s: the channel was not closed", what)
		}
	}
}

// listen returns a channel that can hear, until the test ends.
func listen(t *testing.T, what string, signal ports.Signal) <-chan struct{} {
	t.Helper()
	changed := signal.Listen(t.Context())
	next(t, what+" begins to listen", changed)
	return changed
}

func signalOnce(t *testing.T, signal ports.Signal) {
	t.Helper()
	if err := signal.Send(t.Context()); err != nil {
		t.Fatalf("Send = %v", err)
	}
}

func testSignalAll(t *testing.T, one, another ports.Signal) {
	listeners := map[string]<-chan struct{}{
		"one": listen(t, "one", one), "a second here": listen(t, "a second here", one), "another": listen(t, "another", another),
	}
	for range 3 {
		for _, from := range []ports.Signal{one, another} {
			signalOnce(t, from)
			for name, changed := range listeners {
				next(t, name, changed)
			}
		}
	}
}

func testSignalMerged(t *testing.T, one, another ports.Signal) {
	const sent = 100
	for _, listener := range []ports.Signal{one, another} {
		distracted, attentive := listen(t, "one that takes nothing", listener), listen(t, "one that does", listener)
		for range sent {
			signalOnce(t, one)
			next(t, "one that does", attentive)
		}
		if waiting := len(distracted); waiting > 1 {
			t.Errorf("%d values wait, want one for all", waiting)
		}
		next(t, "one that took nothing", distracted)
		if more := takeSome(distracted, sent/2); more == sent/2 {
			t.Errorf("over %d values came after %d signals, want one or a few", more, sent)
		}
		signalOnce(t, one)
		next(t, "one that took nothing, after another signal", distracted)
	}
}

// takeSome takes values from a channel until none comes any more, or enough
// have, and returns how many.
func takeSome(changed <-chan struct{}, enough int) int {
	for n := range enough {
		select {
		case <-changed:
		case <-time.After(100 * time.Millisecond):
			return n
		}
	}
	return enough
}

func testSignalLate(t *testing.T, one, another ports.Signal) {
	early := listen(t, "one", one)
	signalOnce(t, another)
	next(t, "one", early)
	late := listen(t, "another", another)
	signalOnce(t, one)
	next(t, "one", early)
	next(t, "another", late)
}

func testSignalEnd(t *testing.T, one, another ports.Signal) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	leaving := one.Listen(ctx)
	next(t, "one that will leave begins to listen", leaving)
	staying, elsewhere := listen(t, "one that stays", one), listen(t, "another", another)
	cancel()
	rest(t, "one that has left", leaving)
	for range 3 {
		signalOnce(t, one)
		next(t, "one that stays", staying)
		next(t, "another", elsewhere)
	}
}

func testSignalCancelled(t *testing.T, one, another ports.Signal) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	changed := another.Listen(ctx)
	next(t, "another begins to listen", changed)
	wantError(t, "Send", one.Send(cancelled(t)), context.Canceled)
	signalOnce(t, one)
	next(t, "another", changed)
	cancel()
	wantEqual(t, "signals of who had gone", rest(t, "another", changed), 0)
	rest(t, "one that never came", one.Listen(cancelled(t)))
}

func testSignalAtOnce(t *testing.T, one, another ports.Signal) {
	staying := listen(t, "one that stays", one)
	for _, err := range atOnce(workers, func(i int) error {
		signal := []ports.Signal{one, another}[i%2]
		for range 10 {
			ctx, cancel := context.WithCancel(t.Context())
			changed := signal.Listen(ctx)
			if err := signal.Send(ctx); err != nil {
				cancel()
				return err
			}
			cancel()
			for range changed { // until it is closed
			}
		}
		return nil
	}) {
		if err != nil {
			t.Errorf("Send = %v", err)
		}
	}
	next(t, "one that stays", staying)
}
