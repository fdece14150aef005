// Command bench measures how fast Rowhouse is, in ratios: each figure is of
// the product against a peer, in turn and in one run, so that it holds on a
// noisy machine. It fails where a ratio is below its floor.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options are what the command line decides.
type options struct {
	rounds      int
	connections int
	requests    int
	binary      string
}

func run(ctx context.Context, args []string) error {
	if len(args) == 1 && args[0] == bareRole {
		return serveBare(os.Stdin, os.Stdout)
	}
	var o options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.IntVar(&o.rounds, "rounds", 8, "rounds of each pair; the median counts")
	flags.IntVar(&o.connections, "connections", 8, "connections that ask at the same time")
	flags.IntVar(&o.requests, "requests", 20_000, "requests in a round")
	flags.StringVar(&o.binary, "binary", "bin/rowhouse", "the product, built")
	if err := flags.Parse(args); err != nil {
		return err
	}
	detail, err := benchDetail(ctx, o)
	if err != nil {
		return err
	}
	start, err := benchColdStart(ctx, o)
	if err != nil {
		return err
	}
	return report(os.Stdout, append(detail, start))
}
