package main

import (
	"context"
	"time"
)

// benchColdStart measures from the start of the process to the first answer
// to somebody who is signed in.
func benchColdStart(ctx context.Context, o options) (figure, error) {
	f := figure{name: "cold start of the demo to the first signed-in answer", unit: " ms", ceil: 200}
	for range o.rounds + 1 {
		start := time.Now()
		p, err := startProduct(ctx, o.binary)
		if err != nil {
			return f, err
		}
		request := []byte("GET /api/v1/organizations HTTP/1.1\r\nHost: localhost\r\nCookie: " + p.cookie + "\r\n\r\n")
		_, err = get(ctx, p.addr, request)
		elapsed := time.Since(start)
		p.stop()
		if err != nil {
			return f, err
		}
		f.values = append(f.values, float64(elapsed.Microseconds())/1000)
	}
	return f, nil
}
