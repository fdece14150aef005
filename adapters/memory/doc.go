// Package memory implements the ports in process memory. The Store, Throttle
// and Mailbox are full adapters, not stubs: they pass the same contract tests
// as the others and carry the whole product in tests, demos and benchmarks.
// Clock, IDs and Tokens are deterministic and for tests alone.
package memory
