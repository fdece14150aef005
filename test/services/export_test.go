package main

// Run is main without the exit.
var Run = run

// What deployments/compose.test.yml has to repeat.
var (
	PostgresSettings = postgresSettings
	PgBouncerConfig  = pgbouncerConfig
	PgBouncerUsers   = pgbouncerUsers
)
