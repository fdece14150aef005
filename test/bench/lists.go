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

// peerRequests asks a peer for a path, with the cookie of each caller.
func peerRequests(d *dataset, path func(caller) string) [][]byte {
	all := make([][]byte, len(d.callers))
	for i, c := range d.callers {
		all[i] = []byte("GET " + path(c) + " HTTP/1.1\r\nHost: localhost\r\nCookie: " + c.cookie + "\r\n\r\n")
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

	workspaces, errW := requests(ctx, product, small, "/workspaces")
	largeWorkspaces, errL := requests(ctx, onLarge, large, "/workspaces")
	organizations, errO := requests(ctx, product, small, "")
	largeOrganizations, errP := requests(ctx, onLarge, large, "")
	if err := errors.Join(errW, errL, errO, errP); err != nil {
		return nil, err
	}
	sameWorkspaces := peerRequests(small, func(c caller) string { return "/workspaces/" + c.organization })
	list, big := &contender{server: product, requests: workspaces}, &contender{server: onLarge, requests: largeWorkspaces}
	raw, rls := &contender{server: open, requests: sameWorkspaces}, &contender{server: bound, requests: sameWorkspaces}
	mine, bigMine := &contender{server: product, requests: organizations}, &contender{server: onLarge, requests: largeOrganizations}
	if err := compete(ctx, o, list, raw, rls, big, mine, bigMine); err != nil {
		return nil, err
	}
	return []figure{
		{name: "workspace list, everything on / Fiber and pgx without tenants, requests a second", values: list.over(raw, speed), floor: 0.85},
		{name: "  requests a second of the product", values: list.values(speed)},
		{name: "  CPU of the product", unit: " µs", values: list.values(cpu)},
		{name: "  CPU of the peer", unit: " µs", values: raw.values(cpu)},
		{name: "  CPU of PostgreSQL for the product", unit: " µs", values: list.values(database)},
		{name: "row-level security: CPU of PostgreSQL with / without, one round trip each", values: rls.over(raw, database), ceil: 1.30},
		{name: "  requests a second with / without", values: rls.over(raw, speed)},
		{name: "workspace list on 20 times the data / on the small set", values: big.over(list, speed), floor: 0.85},
		{name: "organization list, through GORM, on 20 times the data / on the small set", values: bigMine.over(mine, speed), floor: 0.85},
		{name: "  requests a second of the organization list", values: mine.values(speed)},
		{name: "  CPU of the product", unit: " µs", values: mine.values(cpu)},
		{name: "  CPU of PostgreSQL", unit: " µs", values: mine.values(database)},
	}, nil
}
