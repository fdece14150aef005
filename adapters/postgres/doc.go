// Package postgres keeps everything that must not get lost in PostgreSQL.
//
// Tenants are kept apart twice. Every statement names its organization (see
// scope.go), and the database compares that with the setting of the
// transaction (row-level security, see migrations). Each of the two is tested
// without the other.
//
// The setting travels with its statement in one round trip: see driver.go, the
// database/sql driver that GORM speaks to.
package postgres
