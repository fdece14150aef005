// Package domain is the vocabulary of Rowhouse: users, organizations and what
// belongs to them, as values without I/O. A rule about one of them stands here
// and nowhere else.
//
// Entities are values. A method that changes one returns the changed copy;
// nothing happens until a port stores it.
package domain
