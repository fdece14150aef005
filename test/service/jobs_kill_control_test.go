package service_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"rowhouse/adapters/postgres"
	"rowhouse/adapters/rabbitmq"
	"rowhouse/adapters/rabbitmq/rabbittest"
	"rowhouse/adapters/system"
	"rowhouse/core/domain"
	"rowhouse/core/job"
	"rowhouse/ports"
)

// Here something is left out of what keeps jobs from getting lost, and must be
// found out. Who leaves it out is the test's own program once more, as a process
// that can be killed, on the same adapters as the product.

// letter is the kind of job that is done here. It takes as long as a mail.
const letter domain.JobKind = "mail.control"

const letterTakes = 20 * time.Millisecond

// beCareless does so in one of these ways, until it is killed.
func beCareless(way string) {
	ctx := context.Background()
	url, prefix := os.Getenv("AMQP_URL"), os.Getenv("AMQP_PREFIX")
	store, err := postgres.Open(ctx, os.Getenv("DATABASE_URL"), postgres.PoolConfig{MaxConnections: 10, MaxWait: time.Minute})
	if err != nil {
		fail(err)
	}
	switch way {
	case "acknowledges first":
		worker := newLetterWorker(store)
		for {
			_ = rabbittest.TakeCarelessly(ctx, url, prefix+".jobs.v1", 10, func(body []byte) {
				var message struct {
					ID domain.JobID `json:"id"`
				}
				if json.Unmarshal(body, &message) == nil {
					_, _ = worker.Do(ctx, message.ID)
				}
			})
			time.Sleep(50 * time.Millisecond)
		}
	case "publishes after the commit":
		queue, err := rabbitmq.Open(url, slog.New(slog.DiscardHandler), rabbitmq.Options{Prefix: prefix})
		if err != nil {
			fail(err)
		}
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				for queue.Ping(ctx) != nil {
					time.Sleep(10 * time.Millisecond)
				}
				for {
					one := domain.NewJob(domain.JobID(newID()), "", letter, M{}, now())
					if store.Outbox().Add(ctx, one) != nil {
						continue
					}
					for queue.Publish(ctx, []domain.Job{one})[0] != nil { // as careful as one can be
						time.Sleep(10 * time.Millisecond)
					}
				}
			})
		}
		all.Wait()
	}
	os.Exit(1)
}

func newLetterWorker(store *postgres.Store) *job.Worker {
	return job.NewWorker(store, postgres.NewJobs(store), system.Clock{}, system.IDs{}, rand.Float64, job.Handlers{
		letter: func(context.Context, domain.Job) (job.Effects, error) {
			time.Sleep(letterTakes)
			return nil, nil //nolint:nilnil // no effects and no error: it is done
		},
	})
}

// control is what the process under test works with.
type control struct {
	*workplace

	queue *rabbitmq.Queue
	store *postgres.Store // of workers
}

func newControl(t *testing.T) *control {
	t.Helper()
	c := &control{workplace: newWorkplace(t)}
	var err error
	c.queue, err = rabbitmq.Open(rabbittest.URL(t), slog.New(slog.DiscardHandler), rabbitmq.Options{Prefix: c.environment["AMQP_PREFIX"]})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.queue.Close)
	eventually(t, patience, "the queue is there", func() bool { return c.queue.Ping(t.Context()) == nil })
	c.store, err = postgres.Open(t.Context(), c.d.URL(postgres.RoleWorker), postgres.PoolConfig{MaxConnections: 10, MaxWait: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.store.Close)
	return c
}

// killAgainAndAgain has a process be careless, and another once it is killed, so
// many times and until there were jobs enough.
func (c *control) killAgainAndAgain(t *testing.T, way, role string, kills int) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	const enough = 200
	for n := 0; n < kills || n < 10*kills && c.count(t, `true`) < enough; n++ {
		cmd := exec.CommandContext(t.Context(), self)
		cmd.Env = c.environment.with("CARELESS", way).with("DATABASE_URL", c.d.URL(role)).list()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(350*time.Millisecond + rand.N(350*time.Millisecond)) // and 150 until it works
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
}

// beside does something again and again until the test ends.
func beside(t *testing.T, do func(context.Context)) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	var one sync.WaitGroup
	one.Go(func() {
		for ctx.Err() == nil {
			do(ctx)
		}
	})
	t.Cleanup(func() {
		stop()
		one.Wait()
	})
}

// awaitIdle waits until nothing more will happen by itself: all is published
// that anybody publishes, and nobody works on anything.
func (c *control) awaitIdle(t *testing.T) {
	t.Helper()
	broker := rabbittest.Connect(t, rabbittest.URL(t))
	open, quietSince := -1, time.Now()
	eventually(t, 2*patience, "nothing happens any more", func() bool {
		waiting, _ := broker.Messages(c.environment.jobs())
		if now := c.count(t, isOpen); now != open || waiting > 0 {
			open, quietSince = now, time.Now()
		}
		return time.Since(quietSince) > 2*time.Second
	})
}

func TestNothingIsLostOrDoneTwice_ControlThatAcknowledgesFirst(t *testing.T) {
	t.Parallel()
	c := newControl(t)
	const all = 1000
	var jobs []domain.Job
	for range all {
		jobs = append(jobs, c.job("", letter, M{}))
	}
	c.record(t, jobs...)
	relay := job.NewRelay(postgres.NewJobs(c.store), c.queue, system.Clock{})
	eventually(t, patience, "all are published", func() bool {
		more, err := relay.Once(t.Context())
		return err == nil && !more && c.count(t, `published_at IS NULL`) == 0
	})
	c.killAgainAndAgain(t, "acknowledges first", postgres.RoleWorker, 3)
	// One that is as it should be does what is left.
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	worker := letterHandler{newLetterWorker(c.store)}
	beside(t, func(context.Context) { c.queue.Consume(ctx, 20, worker) })
	c.awaitIdle(t)
	lost := c.count(t, isOpen)
	report(t, "%d of %d jobs are lost", lost, all)
	if lost == 0 {
		t.Error("no job is lost: what acknowledges first goes unnoticed")
	}
}

// letterHandler is a ports.QueueHandler.
type letterHandler struct{ worker *job.Worker }

func (h letterHandler) Handle(ctx context.Context, id domain.JobID) error {
	_, err := h.worker.Do(ctx, id)
	return err
}

func (h letterHandler) Reject(context.Context, domain.JobID, []byte, string) error { return nil }

var _ ports.QueueHandler = letterHandler{}

func TestNothingIsLostOrDoneTwice_ControlThatPublishesAfterTheCommit(t *testing.T) {
	t.Parallel()
	c := newControl(t)
	network, address := newBrokerProxy(t, rabbittest.URL(t))
	c.environment["AMQP_URL"] = address
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	worker := letterHandler{newLetterWorker(c.store)}
	beside(t, func(context.Context) { c.queue.Consume(ctx, 20, worker) })
	beside(t, func(context.Context) {
		time.Sleep(150*time.Millisecond + rand.N(350*time.Millisecond))
		network.drop()
	})
	c.killAgainAndAgain(t, "publishes after the commit", postgres.RoleApp, 15)
	c.awaitIdle(t)
	all, lost := c.count(t, `true`), c.count(t, isOpen)
	report(t, "%d of %d jobs are lost", lost, all)
	if lost == 0 {
		t.Error("no job is lost: what publishes after the commit goes unnoticed")
	}
}
