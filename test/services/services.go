package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// servers are all that tests need. Each has a file of its own.
func servers() []server {
	return []server{postgres(), redis(), pgbouncer(), rabbitmq()}
}

// services are the servers that are there for a command.
type services struct {
	place     *place
	variables map[string]string
	summary   []string // what each is, for people
}

// openServices makes sure that all servers are there, without those of some
// names.
func openServices(ctx context.Context, without []string) (*services, error) {
	p, err := openPlace(ctx)
	if err != nil {
		return nil, err
	}
	s := &services{place: p, variables: map[string]string{}}
	if err := s.start(ctx, without); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *services) close() { s.place.close() }

// environment returns the variables as a process takes them.
func (s *services) environment() []string {
	var env []string
	for _, name := range slices.Sorted(maps.Keys(s.variables)) {
		env = append(env, name+"="+s.variables[name])
	}
	return env
}

func (s *services) start(ctx context.Context, without []string) error {
	var needed []server
	for _, one := range servers() {
		if slices.Contains(without, one.service) {
			continue
		}
		if given := os.Getenv(one.variable); given != "" {
			s.variables[one.variable] = given
			s.summary = append(s.summary, one.name+" of "+one.variable)
		} else {
			needed = append(needed, one)
		}
	}
	if len(needed) == 0 {
		return nil
	}
	// All from one place: a PgBouncer in a container does not reach a
	// PostgreSQL on our loopback.
	here, missing := installed(ctx, needed)
	switch {
	case len(missing) == 0:
		return s.startHere(ctx, needed, here)
	case dockerAnswers(ctx):
		return s.startInDocker(ctx, needed)
	case ctx.Err() != nil:
		return context.Cause(ctx)
	default:
		return unavailable(needed, missing)
	}
}

// unavailable says what is missing, and everything that would help.
func unavailable(needed []server, missing []error) error {
	var variables []string
	for _, one := range needed {
		variables = append(variables, one.variable)
	}
	return fmt.Errorf("tests need servers, and no Docker with compose answers instead of what is missing:\n%w\n"+
		`Run "make setup" to install them, start Docker, or set %s`, errors.Join(missing...), strings.Join(variables, ", "))
}

// startHere starts servers from what is installed: first all those that stand
// for themselves, then those that stand in front of one of them.
func (s *services) startHere(ctx context.Context, needed []server, here map[string]installation) error {
	var first, then []server
	for _, one := range needed {
		if one.inFrontOf == "" {
			first = append(first, one)
		} else {
			then = append(then, one)
		}
	}
	for _, together := range [][]server{first, then} {
		processes := make([]*process, len(together))
		failures := make([]error, len(together))
		var all sync.WaitGroup
		for i, one := range together {
			all.Go(func() {
				processes[i], failures[i] = one.start(ctx, s.place, here[one.name].folder, s.variables)
			})
		}
		all.Wait()
		if err := errors.Join(failures...); err != nil {
			return err
		}
		for i, one := range together {
			s.add(one, here[one.name].version, processes[i].addr)
			if one.pidVariable != "" {
				s.variables[one.pidVariable] = strconv.Itoa(processes[i].pid())
			}
		}
	}
	return nil
}

// add notes a server that we have started.
func (s *services) add(one server, which, addr string) {
	s.variables[one.variable] = one.url(addr)
	s.summary = append(s.summary, one.name+" "+which+" on "+addr)
}
