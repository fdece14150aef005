// Package porttest is the contract of package ports as tests. Every adapter
// calls these from its own tests, so that all of them keep the same promises.
//
// What several callers do at once is checked by functions of their own (RaceTo…
// and RaceFor…) that return an error instead of failing a test. That makes it
// possible to show that they find the violation in an adapter that has one.
package porttest
