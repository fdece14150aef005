// Command services runs a command with the servers that tests need:
//
//	services [-without SERVER]… -- COMMAND ARGUMENT…
//
// A server whose TEST_ variable is set is used as it is. The others are started
// from what is installed, or else with Docker, and stopped after the command,
// whose exit code becomes ours. The command finds all of them in the variables.
// One that it does not need can be left out: postgres, redis, pgbouncer, rabbitmq.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	os.Exit(run(os.Args[1:]))
}

const (
	exitFailed   = 1
	exitUsage    = 2
	exitNoSuch   = 127 // as shells say that there is no such command
	exitSignaled = 128 // and the number of the signal
)

func run(args []string) int {
	args, without, err := parse(args)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return exitUsage
	}
	ctx, stop := untilSignaled(context.Background())
	defer stop()
	began := time.Now()
	s, err := openServices(ctx, without)
	if sig, ok := errors.AsType[signaled](err); ok {
		return exitSignaled + int(sig)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "services:", err)
		return exitFailed
	}
	defer s.close()
	fmt.Fprintf(os.Stderr, "services: %s (%.1f s)\n", strings.Join(s.summary, ", "), time.Since(began).Seconds())
	code, err := runCommand(ctx, s.place.guard, args, s.environment())
	if err != nil {
		fmt.Fprintln(os.Stderr, "services:", err)
	}
	return code
}

// parse returns the command, and the servers to leave out.
func parse(args []string) (command, without []string, err error) {
	var known []string
	for _, one := range servers() {
		known = append(known, one.service)
	}
	flags := flag.NewFlagSet("services", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.Func("without", "", func(name string) error {
		if !slices.Contains(known, name) {
			return fmt.Errorf("there are %s", strings.Join(known, ", "))
		}
		without = append(without, name)
		return nil
	})
	err = flags.Parse(args)
	if err == nil && flags.NArg() == 0 {
		err = errors.New("a command is missing")
	}
	if err != nil {
		return nil, nil, fmt.Errorf("services: %w\nusage: services [-without SERVER]… -- COMMAND ARGUMENT…", err)
	}
	return flags.Args(), without, nil
}

// signaled is the reason why a context ended: somebody wants us to stop.
type signaled syscall.Signal

func (s signaled) Error() string { return syscall.Signal(s).String() }

// untilSignaled returns a context that ends with a signaled. Later signals
// change nothing: what was started is stopped in good order.
func untilSignaled(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	asked := []os.Signal{syscall.SIGINT, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // by nohup
		asked = append(asked, syscall.SIGHUP)
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, asked...)
	go func() {
		select {
		case sig := <-signals:
			if sig, ok := sig.(syscall.Signal); ok {
				cancel(signaled(sig))
			}
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(nil) }
}
