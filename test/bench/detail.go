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
	askBare := make([][]byte, len(asks))
	for i, c := range d.callers {
		askBare[i] = []byte("GET / HTTP/1.1\r\nHost: localhost\r\nCookie: " + c.cookie + "\r\n\r\n")
	}

	ratio := figure{name: "organization detail, everything on / bare Fiber of the same bytes, requests a second", floor: 0.70}
	bodyOnly := figure{name: "  / bare Fiber of the same body alone"}
	productCPU, bareCPU := figure{name: "  CPU of the product", unit: " µs"}, figure{name: "  CPU of bare Fiber", unit: " µs"}
	tail := figure{name: "  p99 of the product / p99 of bare Fiber"}
	perSecond := figure{name: "  requests a second of the product"}
	for round := range o.rounds + 1 {
		a, err := load(ctx, product, asks, o)
		if err != nil {
			return nil, fmt.Errorf("load the product: %w", err)
		}
		b, err := load(ctx, bare, askBare, o)
		if err != nil {
			return nil, fmt.Errorf("load the peer: %w", err)
		}
		l, err := load(ctx, least, askBare, o)
		if err != nil {
			return nil, fmt.Errorf("load the peer: %w", err)
		}
		if round == 0 {
			continue // to warm up
		}
		bodyOnly.values = append(bodyOnly.values, a.perSecond/l.perSecond)
		ratio.values = append(ratio.values, a.perSecond/b.perSecond)
		tail.values = append(tail.values, a.p99.Seconds()/b.p99.Seconds())
		perSecond.values = append(perSecond.values, a.perSecond)
		productCPU.values = append(productCPU.values, float64(a.cpu.Nanoseconds())/1000)
		bareCPU.values = append(bareCPU.values, float64(b.cpu.Nanoseconds())/1000)
	}
	return []figure{ratio, bodyOnly, perSecond, productCPU, bareCPU, tail}, nil
}
