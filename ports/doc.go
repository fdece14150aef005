// Package ports declares what the core requires of the outside world: one
// interface for each conversation, in the core's own words. These are the
// driven ports. The driving ports need no declaration: they are the exported
// methods of the packages under core.
//
// An id that is no UUID names nothing, wherever one is asked for.
//
// The comments here are the contract. Package porttest is the same contract as
// tests, and every adapter runs it.
package ports
