package ports

import "context"

// Signal tells all processes at once that there is something to look at. It
// carries nothing and can get lost, so whoever listens must look now and then
// anyway: a signal only makes it sooner.
type Signal interface {
	// Send tells all who listen, in this process and in others. An error means
	// that some may not have been told.
	Send(ctx context.Context) error
	// Listen returns a channel that gets a value some time after each Send,
	// one for several if they come faster than they are taken. It also gets
	// one whenever signals may have been lost: as soon as it can hear, and
	// after a connection broke. It is closed soon after ctx ends.
	Listen(ctx context.Context) <-chan struct{}
}
