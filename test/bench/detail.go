package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/gofiber/fiber/v2"
)

// bareRole makes this program the peer instead of the measurer.
const bareRole = "serve-bare"

// serveBare answers every request with what it reads from in: the least that
// Fiber can do to send the same bytes.
func serveBare(in io.Reader, out io.Writer) error {
	var same answer
	if err := json.NewDecoder(in).Decode(&same); err != nil {
		return err
	}
	app := fiber.New(fiber.Config{DisableStartupMessage: true})
	app.Get("/", func(c *fiber.Ctx) error {
		for name, values := range same.Header {
			c.Set(name, values[0])
		}
		return c.Send(same.Body)
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it lasts as long as the process
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(out, listener.Addr()); err != nil {
		return err
	}
	return app.Listener(listener)
}

// benchDetail compares the organization's detail, with session, tenant, all
// checks and log, on PostgreSQL and Redis, to a bare Fiber route that sends the
// same bytes, and to one that sends the same body with no more headers than
// Fiber's own.
func benchDetail(ctx context.Context, o options, d *dataset) ([]figure, error) {
	product, err := startService(ctx, o.binary, d)
	if err != nil {
		return nil, err
	}
	defer product.stop()
	asks, err := requests(ctx, product, d, "?")
	if err != nil {
		return nil, err
	}
	same, err := get(ctx, product.addr, asks[0])
	if err != nil {
		return nil, err
	}
	for _, own := range []string{"Date", "Content-Length"} {
		same.Header.Del(own) // Fiber sends them anyway
	}
	bare, err := startPeer(ctx, bareRole, same)
	if err != nil {
		return nil, err
	}
	defer bare.stop()
	least, err := startPeer(ctx, bareRole, answer{Header: http.Header{"Content-Type": same.Header["Content-Type"]}, Body: same.Body})
	if err != nil {
		return nil, err
	}
	defer least.stop()
	askBare := peerRequests(d, func(caller) string { return "/" })
	detail := &contender{server: product, requests: asks}
	bareFiber, bodyOnly := &contender{server: bare, requests: askBare}, &contender{server: least, requests: askBare}
	if err := compete(ctx, o, detail, bareFiber, bodyOnly); err != nil {
		return nil, err
	}
	return []figure{
		{name: "organization detail, everything on / bare Fiber of the same bytes, requests a second", values: detail.over(bareFiber, speed), floor: 0.70},
		{name: "  / bare Fiber of the same body alone", values: detail.over(bodyOnly, speed)},
		{name: "  requests a second of the product", values: detail.values(speed)},
		{name: "  CPU of the product", unit: " µs", values: detail.values(cpu)},
		{name: "  CPU of bare Fiber", unit: " µs", values: bareFiber.values(cpu)},
		{name: "  p99 of the product / p99 of bare Fiber", values: detail.over(bareFiber, tail)},
	}, nil
}
