package main

import (
	"context"
	"fmt"
	"io"
	"net"

	"github.com/gofiber/fiber/v2"
)

// bareRole makes this program the peer instead of the measurer.
const bareRole = "serve-bare"

// serveBare answers every request with what it reads from in: the least that
// Fiber can do.
func serveBare(in io.Reader, out io.Writer) error {
	body, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	app := fiber.New(fiber.Config{DisableStartupMessage: true})
	app.Get("/", func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
		return c.Send(body)
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
// checks, headers and log, to a bare Fiber route that sends the same bytes.
func benchDetail(ctx context.Context, o options) ([]figure, error) {
	product, err := startProduct(ctx, o.binary)
	if err != nil {
		return nil, err
	}
	defer product.stop()
	ask, err := detailRequest(ctx, product)
	if err != nil {
		return nil, err
	}
	body, err := get(ctx, product.addr, ask)
	if err != nil {
		return nil, err
	}
	bare, err := startBare(ctx, body)
	if err != nil {
		return nil, err
	}
	defer bare.stop()
	askBare := []byte("GET / HTTP/1.1\r\nHost: localhost\r\nCookie: " + product.cookie + "\r\n\r\n")

	ratio := figure{name: "organization detail / bare Fiber, requests a second", floor: 0.70}
	productCPU, bareCPU := figure{name: "  CPU of the product", unit: " µs"}, figure{name: "  CPU of bare Fiber", unit: " µs"}
	tail := figure{name: "  p99 of the product / p99 of bare Fiber"}
	perSecond := figure{name: "  requests a second of the product"}
	for round := range o.rounds + 1 {
		a, err := load(ctx, product, ask, o)
		if err != nil {
			return nil, fmt.Errorf("load the product: %w", err)
		}
		b, err := load(ctx, bare, askBare, o)
		if err != nil {
			return nil, fmt.Errorf("load the peer: %w", err)
		}
		if round == 0 {
			continue // to warm up
		}
		ratio.values = append(ratio.values, a.perSecond/b.perSecond)
		tail.values = append(tail.values, a.p99.Seconds()/b.p99.Seconds())
		perSecond.values = append(perSecond.values, a.perSecond)
		productCPU.values = append(productCPU.values, float64(a.cpu.Nanoseconds())/1000)
		bareCPU.values = append(bareCPU.values, float64(b.cpu.Nanoseconds())/1000)
	}
	return []figure{ratio, perSecond, productCPU, bareCPU, tail}, nil
}

// detailRequest asks as a browser does, with the CSRF cookie that the first
// answer set.
func detailRequest(ctx context.Context, p *process) ([]byte, error) {
	first := "GET /api/v1/organizations/acme HTTP/1.1\r\nHost: localhost\r\nCookie: " + p.cookie
	csrf, err := cookieOf(ctx, p.addr, []byte(first+"\r\n\r\n"))
	return []byte(first + "; " + csrf + "\r\n\r\n"), err
}
