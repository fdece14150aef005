package main

import (
	"context"
	"path/filepath"
	"strconv"
	"syscall"
)

func redis() server {
	return server{
		name:     "Redis",
		variable: "TEST_REDIS_URL",
		url:      func(addr string) string { return "redis://" + addr },
		programs: []string{"redis-server"},
		start:    startRedis,
		service:  "redis",
		port:     6379,
	}
}

func startRedis(ctx context.Context, p *place, bin string, _ map[string]string) (*process, error) {
	folder, err := p.folder("redis")
	if err != nil {
		return nil, err
	}
	return p.launch(ctx, daemon{
		name:   "Redis",
		folder: folder,
		ready:  "Ready to accept connections",
		quit:   syscall.SIGKILL, // it keeps nothing
		command: func(port int) ([]string, error) {
			return []string{
				filepath.Join(bin, "redis-server"),
				"--bind", "127.0.0.1", "--port", strconv.Itoa(port),
				"--dir", folder, "--save", "", "--appendonly", "no",
			}, nil
		},
	})
}
