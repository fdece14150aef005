package redis_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/sony/gobreaker/v2"

	"rowhouse/adapters/redis"
)

// recovery is how long an outage may last on after the server is back.
const recovery = 10 * time.Second

// All connections from before stay dead, and there are more of them than could
// be tried one a second.
func TestCache_RecoversFromAnOutage(t *testing.T) {
	t.Parallel()
	proxy, log := newProxy(t), &logbook{}
	client := openClient(t, log.opener(redis.Open), proxy.address)
	acme, key := newOrganizationID(), memberKey("ada")
	one := newCache(t, client).Tenant(acme)
	another := newCache(t, openClient(t, redis.OpenPatient, address(t))).Tenant(acme)
	eventually(t, "many connections", func() bool {
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() { _ = client.Ping(t.Context()) })
		}
		wg.Wait()
		return proxy.accepted.Load() > 12
	})

	proxy.silence()
	eventually(t, "giving up", func() bool { return errors.Is(client.Ping(t.Context()), gobreaker.ErrOpenState) })
	one.Set(t.Context(), key, []byte("during"), time.Minute)
	if value, found := another.Get(t.Context(), key); found {
		t.Errorf("Get = %q, %t elsewhere during the outage; want none", value, found)
	}

	proxy.speak()
	back := time.Now()
	eventually(t, "recovery", func() bool {
		one.Set(t.Context(), key, []byte("after"), time.Minute)
		_, found := another.Get(t.Context(), key)
		return found && client.Ping(t.Context()) == nil
	})
	if took := time.Since(back); took > recovery {
		t.Errorf("recovery took %v, want at most %v", took, recovery)
	}
	if value, found := another.Get(t.Context(), key); string(value) != "after" {
		t.Errorf("Get = %q, %t elsewhere after the outage; want %q", value, found, "after")
	}
	for _, text := range []string{"redis does not answer", "redis answers again"} {
		if log.count(text) == 0 {
			t.Errorf("the log does not say that %s", text)
		}
	}
}

// heard takes a value from a channel, which must come.
func heard(t *testing.T, what string, changed <-chan struct{}) {
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

func TestSignal_SurvivesABrokenConnection(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]func(*proxy){
		"that is closed":      (*proxy).drop,
		"that gets no answer": func(p *proxy) { p.silence(); p.speak() },
	} {
		t.Run("one "+name, func(t *testing.T) {
			t.Parallel()
			proxy, log := newProxy(t), &logbook{}
			channel := redis.SignalChannel + ":" + string(newOrganizationID())
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			client := openClient(t, log.opener(redis.OpenPatient), proxy.address)
			changed := redis.NewSignalOn(client, channel, 200*time.Millisecond).Listen(ctx)
			another := redis.NewSignalOn(openClient(t, redis.OpenPatient, address(t)), channel, time.Minute)
			heard(t, "at the start", changed)

			for range 3 {
				fault(proxy)
				heard(t, "after the connection broke", changed)
				if err := another.Send(t.Context()); err != nil {
					t.Fatalf("Send = %v", err)
				}
				heard(t, "after another signal", changed)
			}
			cancel()
			for range changed {
				t.Error("one value too many came")
			}
			if n := log.count("the subscription broke"); n != 3 {
				t.Errorf("the log says %d times that the subscription broke, want 3", n)
			}
		})
	}
}

func TestSignal_WaitsForAServer(t *testing.T) {
	t.Parallel()
	proxy, log := newProxy(t), &logbook{}
	proxy.silence()
	signal := redis.NewSignal(openClient(t, log.opener(redis.Open), proxy.address))
	changed := signal.Listen(t.Context())
	if err := signal.Send(t.Context()); err == nil {
		t.Error("Send = nil without a server, want an error")
	}
	eventually(t, "a few tries", func() bool { return proxy.accepted.Load() > 3 })
	if len(changed) > 0 {
		t.Error("a value came without a server")
	}
	proxy.speak()
	heard(t, "when the server is there", changed)
	if n := log.count("the subscription broke"); n != 1 {
		t.Errorf("the log says %d times that the subscription broke, want once", n)
	}
}
