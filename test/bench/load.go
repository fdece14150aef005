package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// sample is what one round of requests cost.
type sample struct {
	perSecond float64
	cpu       time.Duration // of the server, for each request
	p99       time.Duration
	// databaseCPU is that of the database, for each request; zero where there
	// is none to ask.
	databaseCPU time.Duration
}

// load sends requests, in turn, over a number of connections and measures.
func load(ctx context.Context, p *process, requests [][]byte, o options) (sample, error) {
	before, err := p.cpu()
	if err != nil {
		return sample{}, err
	}
	databaseBefore, err := o.databaseCPU()
	if err != nil {
		return sample{}, err
	}
	start := time.Now()
	latencies, err := ask(ctx, p.addr, requests, o)
	if err != nil {
		return sample{}, err
	}
	elapsed := time.Since(start)
	after, err := p.cpu()
	if err != nil {
		return sample{}, err
	}
	databaseAfter, err := o.databaseCPU()
	if err != nil {
		return sample{}, err
	}
	slices.Sort(latencies)
	n := len(latencies)
	return sample{
		perSecond: float64(n) / elapsed.Seconds(), cpu: (after - before) / time.Duration(n), p99: latencies[n*99/100],
		databaseCPU: (databaseAfter - databaseBefore) / time.Duration(n),
	}, nil
}

func ask(ctx context.Context, addr string, requests [][]byte, o options) ([]time.Duration, error) {
	each := o.requests / o.connections
	latencies := make([]time.Duration, each*o.connections)
	errs := make([]error, o.connections)
	var wg sync.WaitGroup
	for i := range o.connections {
		wg.Go(func() { errs[i] = askOne(ctx, addr, requests, i, latencies[i*each:(i+1)*each]) })
	}
	wg.Wait()
	return latencies, errors.Join(errs...)
}

// askOne sends one request after the other over one connection. It speaks as
// little HTTP as it can, so that the client costs little beside the server.
func askOne(ctx context.Context, addr string, requests [][]byte, first int, latencies []time.Duration) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	in := bufio.NewReaderSize(conn, 16<<10)
	for i := range latencies {
		request := requests[(first*97+i)%len(requests)] // connections do not walk in step
		start := time.Now()
		if _, err := conn.Write(request); err != nil {
			return err
		}
		if _, err := readAnswer(in); err != nil {
			return err
		}
		latencies[i] = time.Since(start)
	}
	return nil
}

const (
	okLine        = "HTTP/1.1 200 "
	contentLength = "Content-Length: "
)

// readAnswer reads one answer, which must be a 200 with its length, and
// returns the body. The body is valid until the next read.
func readAnswer(in *bufio.Reader) ([]byte, error) {
	line, err := in.ReadSlice('\n')
	if err != nil {
		return nil, err
	}
	if !bytes.HasPrefix(line, []byte(okLine)) {
		return nil, fmt.Errorf("the server answered %q", line)
	}
	length := 0
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return nil, err
		}
		if digits, ok := bytes.CutPrefix(line, []byte(contentLength)); ok {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(digits))); err != nil {
				return nil, err
			}
		}
		if len(line) == 2 {
			break
		}
	}
	body, err := in.Peek(length)
	if err != nil {
		return nil, err
	}
	_, err = io.CopyN(io.Discard, in, int64(length))
	return body, err
}

// answer is what a server sent: the headers that it chose, and the body.
type answer struct {
	Header http.Header `json:"header"`
	Body   []byte      `json:"body"`
}

// get asks once, and fails unless the answer is a 200.
func get(ctx context.Context, addr string, request []byte) (answer, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.Write(request); err != nil {
		return answer{}, err
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return answer{}, fmt.Errorf("the server answered %s", res.Status)
	}
	body, err := io.ReadAll(res.Body)
	return answer{Header: res.Header, Body: body}, err
}

// cookieOf returns the first cookie that an answer sets, as it is sent back.
func cookieOf(a answer) string {
	cookies := (&http.Response{Header: a.Header}).Cookies()
	if len(cookies) == 0 {
		return ""
	}
	return cookies[0].Name + "=" + cookies[0].Value
}
