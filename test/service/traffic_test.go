package service_test

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"
)

// traffic is people who use a process, and how it went.
type traffic struct {
	stop context.CancelFunc
	wg   sync.WaitGroup

	mu      sync.Mutex
	answers []answer
}

// answer is how one request went.
type answer struct {
	route        string // what was asked for, as its name in a report
	began, ended time.Time
	response     response
	err          error
	creates      string // the name of what it was to make; "" for nothing
}

func (a answer) took() time.Duration { return a.ended.Sub(a.began) }

// succeeded reports whether what was asked for was given, or made.
func (a answer) succeeded() bool {
	return a.err == nil && (a.response.status == http.StatusOK || a.response.status == http.StatusCreated)
}

// request is one that is made again and again.
type request struct {
	route        string
	from         *browser
	method, path string
	creates      bool // something with a name that no other has
}

// newTraffic makes these requests until it is stopped, each every so often,
// whether or not the one before is answered.
func newTraffic(t *testing.T, every time.Duration, requests ...request) *traffic {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	a := &traffic{stop: stop}
	a.wg.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for n := 0; ctx.Err() == nil; n++ {
			for i, r := range requests {
				a.wg.Go(func() { a.ask(context.WithoutCancel(ctx), r, strconv.Itoa(i)+"-"+strconv.Itoa(n)) })
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
			}
		}
	})
	t.Cleanup(func() { a.end() })
	return a
}

// ask makes one request. What was begun is waited for, so that it is known how
// it went.
func (a *traffic) ask(ctx context.Context, r request, name string) {
	one, body := answer{route: r.route, began: time.Now()}, any(nil)
	if r.creates {
		one.creates, body = name, M{"name": name}
	}
	one.response, one.err = r.from.try(ctx, r.method, r.path, body)
	one.ended = time.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answers = append(a.answers, one)
}

// end stops the traffic and returns how all requests went.
func (a *traffic) end() []answer {
	a.stop()
	a.wg.Wait()
	return a.soFar()
}

// soFar returns how the requests went until now.
func (a *traffic) soFar() []answer {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]answer(nil), a.answers...)
}

// since returns those that began at a moment or later.
func since(at time.Time, answers []answer) []answer {
	var later []answer
	for _, one := range answers {
		if !one.began.Before(at) {
			later = append(later, one)
		}
	}
	return later
}

// times returns how long the answers took.
func times(answers []answer) []time.Duration {
	took := make([]time.Duration, len(answers))
	for i, one := range answers {
		took[i] = one.took()
	}
	return took
}
