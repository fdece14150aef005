package main

import (
	"context"
	"errors"
	"fmt"

	"rowhouse/adapters/postgres"
)

// requests asks for a path of each caller's organization, as browsers do, with
// the CSRF cookie that the first answer set.
func requests(ctx context.Context, p *process, d *dataset, below string) ([][]byte, error) {
	all := make([][]byte, len(d.callers))
	for i, c := range d.callers {
		head := "GET /api/v1/organizations HTTP/1.1\r\nHost: localhost\r\nCookie: " + c.cookie
		if below != "" {
			head = "GET /api/v1/organizations/" + c.slug + below + " HTTP/1.1\r\nHost: localhost\r\nCookie: " + c.cookie
		}
		first, err := get(ctx, p.addr, []byte(head+"\r\n\r\n"))
		if err != nil {
			return nil, fmt.Errorf("caller %d: %w", i, err)
		}
		all[i] = []byte(head + "; " + cookieOf(first) + "\r\n\r\n")
	}
	return all, nil
}

// peerRequests asks the peer for the workspaces of the same organizations.
func peerRequests(d *dataset) [][]byte {
	all := make([][]byte, len(d.callers))
	for i, c := range d.callers {
		all[i] = []byte("GET /workspaces/" + c.organization + " HTTP/1.1\r\nHost: localhost\r\nCookie: " + c.cookie + "\r\n\r\n")
	}
	return all
}

// benchLists compares lists that come from the database: with everything on
// against Fiber and pgx without sessions and tenants, under row-level security
// against without, and on twenty times as many rows against few.
func benchLists(ctx context.Context, o options, small, large *dataset) ([]figure, error) {
	o.requests /= 4 // they take longer
	o.database = true
	var servers []*process
	defer func() {
		for _, p := range servers {
			p.stop()
		}
	}()
	var wrong []error
	start := func(p *process, err error) *process {
		if err != nil {
			wrong = append(wrong, err)
			return nil
		}
		servers = append(servers, p)
		return p
	}
	product, onLarge := start(startService(ctx, o.binary, small)), start(startService(ctx, o.binary, large))
	open := start(startPeer(ctx, rowsRole, rowsConfig{URL: small.url(""), Connections: postgres.DefaultMaxConnections}))
	bound := start(startPeer(ctx, rowsRole, rowsConfig{URL: small.url(postgres.RoleApp), Tenant: true, Connections: postgres.DefaultMaxConnections}))
	if err := errors.Join(wrong...); err != nil {
		return nil, err
	}

	type contender struct {
		server   *process
		requests [][]byte
		samples  []sample
	}
	workspaces, errW := requests(ctx, product, small, "/workspaces")
	largeWorkspaces, errL := requests(ctx, onLarge, large, "/workspaces")
	organizations, errO := requests(ctx, product, small, "")
	largeOrganizations, errP := requests(ctx, onLarge, large, "")
	if err := errors.Join(errW, errL, errO, errP); err != nil {
		return nil, err
	}
	contenders := []*contender{
		{server: product, requests: workspaces},
		{server: open, requests: peerRequests(small)},
		{server: bound, requests: peerRequests(small)},
		{server: onLarge, requests: largeWorkspaces},
		{server: product, requests: organizations},
		{server: onLarge, requests: largeOrganizations},
	}
	for round := range o.rounds + 1 {
		for _, c := range contenders {
			s, err := load(ctx, c.server, c.requests, o)
			if err != nil {
				return nil, err
			}
			if round > 0 { // the first is to warm up
				c.samples = append(c.samples, s)
			}
		}
	}
	each := func(a, b *contender, of func(sample) float64) []float64 {
		ratios := make([]float64, o.rounds)
		for i := range ratios {
			ratios[i] = of(a.samples[i]) / of(b.samples[i])
		}
		return ratios
	}
	plain := func(a *contender, of func(sample) float64) []float64 {
		values := make([]float64, o.rounds)
		for i := range values {
			values[i] = of(a.samples[i])
		}
		return values
	}
	speed := func(s sample) float64 { return s.perSecond }
	cpu := func(s sample) float64 { return float64(s.cpu.Nanoseconds()) / 1000 }
	database := func(s sample) float64 { return float64(s.databaseCPU.Nanoseconds()) / 1000 }
	list, raw, rls, big, mine, bigMine := contenders[0], contenders[1], contenders[2], contenders[3], contenders[4], contenders[5]
	return []figure{
		{name: "workspace list, everything on / Fiber and pgx without tenants, requests a second", values: each(list, raw, speed), floor: 0.85},
		{name: "  requests a second of the product", values: plain(list, speed)},
		{name: "  CPU of the product", unit: " µs", values: plain(list, cpu)},
		{name: "  CPU of the peer", unit: " µs", values: plain(raw, cpu)},
		{name: "  CPU of PostgreSQL for the product", unit: " µs", values: plain(list, database)},
		{name: "row-level security: CPU of PostgreSQL with / without, one round trip each", values: each(rls, raw, database), ceil: 1.30},
		{name: "  requests a second with / without", values: each(rls, raw, speed)},
		{name: "workspace list on 20 times the data / on the small set", values: each(big, list, speed), floor: 0.85},
		{name: "organization list, through GORM, on 20 times the data / on the small set", values: each(bigMine, mine, speed), floor: 0.85},
		{name: "  requests a second of the organization list", values: plain(mine, speed)},
		{name: "  CPU of the product", unit: " µs", values: plain(mine, cpu)},
		{name: "  CPU of PostgreSQL", unit: " µs", values: plain(mine, database)},
	}, nil
}
