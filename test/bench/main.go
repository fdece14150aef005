// Command bench measures how fast Rowhouse is, in ratios: each figure is of
// the product against a peer, in turn and in one run, so that it holds on a
// noisy machine. It fails where a ratio is below its floor.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"time"
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
	output      string
	// database is true while the CPU of the database is measured too.
	database bool
}

// databaseCPU returns the CPU time that the database has used so far, or
// nothing where it is not measured.
func (o options) databaseCPU() (time.Duration, error) {
	if !o.database {
		return 0, nil
	}
	return databaseCPU()
}

func run(ctx context.Context, args []string) error {
	if len(args) == 1 {
		switch args[0] {
		case bareRole:
			return serveBare(os.Stdin, os.Stdout)
		case rowsRole:
			return serveRows(ctx, os.Stdin, os.Stdout)
		}
	}
	var o options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.IntVar(&o.rounds, "rounds", 8, "rounds of each pair; the median counts")
	flags.IntVar(&o.connections, "connections", 8, "connections that ask at the same time")
	flags.IntVar(&o.requests, "requests", 20_000, "requests in a round")
	flags.StringVar(&o.binary, "binary", "bin/rowhouse", "the product, built")
	flags.StringVar(&o.output, "output", "bin/bench.json", "where the figures are written")
	if err := flags.Parse(args); err != nil {
		return err
	}
	figures, err := measure(ctx, o)
	if err != nil {
		return err
	}
	if err := writeJSON(o.output, figures); err != nil {
		return err
	}
	return report(os.Stdout, figures)
}

// measure measures everything.
func measure(ctx context.Context, o options) (figures []figure, err error) {
	const size = 1000
	small, err := makeDataset(ctx, "rowhouse_bench_small", size)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, small.drop(ctx)) }()
	large, err := makeDataset(ctx, "rowhouse_bench_large", 20*size)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, large.drop(ctx)) }()
	detail, err := benchDetail(ctx, o, small)
	if err != nil {
		return nil, err
	}
	lists, err := benchLists(ctx, o, small, large)
	if err != nil {
		return nil, err
	}
	seats, err := benchSeats(ctx, large)
	if err != nil {
		return nil, err
	}
	start, err := benchColdStart(ctx, o)
	return slices.Concat(detail, lists, seats, []figure{start}), err
}
