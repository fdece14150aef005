// Package httpapi serves Rowhouse over HTTP: a handler decodes, calls a use
// case and encodes, and decides nothing. A request enters through guard.go,
// which asks the core who is calling and what they may do, in the order that
// the contract promises; errors leave through problem.go, and nowhere else.
package httpapi
