package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// databaseCPU returns the CPU time that the server's backends have used so far.
// A backend that ends takes its time with it, so what is measured must keep its
// connections.
func databaseCPU() (time.Duration, error) {
	postmaster := os.Getenv("TEST_POSTGRES_PID")
	if postmaster == "" {
		return 0, errors.New("TEST_POSTGRES_PID is not set: the CPU of a PostgreSQL that `make bench` did not start cannot be read. Unset TEST_DATABASE_URL")
	}
	children, err := os.ReadFile("/proc/" + postmaster + "/task/" + postmaster + "/children") //nolint:gosec // a number
	if err != nil {
		return 0, err
	}
	var sum time.Duration
	for child := range strings.FieldsSeq(string(children)) {
		used, err := cpuOf(child)
		if errors.Is(err, os.ErrNotExist) {
			continue // it has just ended
		}
		if err != nil {
			return 0, err
		}
		sum += used
	}
	return sum, nil
}

// clockTick is the kernel's unit of CPU time (USER_HZ), the same on every
// Linux that Go runs on.
const clockTick = 10 * time.Millisecond

// cpuOf returns the CPU time that a process has used so far.
func cpuOf(pid string) (time.Duration, error) {
	stat, err := os.ReadFile("/proc/" + pid + "/stat") //nolint:gosec // a number
	if err != nil {
		return 0, err
	}
	// The name, in parentheses, may hold spaces: fields are counted behind it.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+2:]))
	user, errUser := strconv.Atoi(fields[11])
	system, errSystem := strconv.Atoi(fields[12])
	if err := errors.Join(errUser, errSystem); err != nil {
		return 0, fmt.Errorf("read CPU time: %w", err)
	}
	return time.Duration(user+system) * clockTick, nil
}
