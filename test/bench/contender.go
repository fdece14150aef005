package main

import (
	"context"
	"fmt"
)

// contender is a server that is measured in turn with others, and what it is
// asked.
type contender struct {
	server   *process
	requests [][]byte
	samples  []sample // one for each round
}

// compete loads all contenders, one after the other in each round.
func compete(ctx context.Context, o options, contenders ...*contender) error {
	for round := range o.rounds + 1 {
		for _, c := range contenders {
			s, err := load(ctx, c.server, c.requests, o)
			if err != nil {
				return fmt.Errorf("load %s: %w", c.server.cmd, err)
			}
			if round > 0 { // the first is to warm up
				c.samples = append(c.samples, s)
			}
		}
	}
	return nil
}

// values are what the rounds came to.
func (c *contender) values(of func(sample) float64) []float64 {
	values := make([]float64, len(c.samples))
	for i, s := range c.samples {
		values[i] = of(s)
	}
	return values
}

// over is values in ratio to those of another contender.
func (c *contender) over(other *contender, of func(sample) float64) []float64 {
	ratios, others := c.values(of), other.values(of)
	for i := range ratios {
		ratios[i] /= others[i]
	}
	return ratios
}

// What figures are made of.

func speed(s sample) float64    { return s.perSecond }
func tail(s sample) float64     { return s.p99.Seconds() }
func cpu(s sample) float64      { return float64(s.cpu.Nanoseconds()) / 1000 }
func database(s sample) float64 { return float64(s.databaseCPU.Nanoseconds()) / 1000 }
