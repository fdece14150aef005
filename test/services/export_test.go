package main

// Run is main without the exit.
var Run = run

// Older says whether one version is before another.
var Older = older

// What deployments/compose.test.yml has to repeat.
var (
	PostgresSettings = postgresSettings
	RabbitMQSettings = rabbitmqSettings
	PgBouncerConfig  = pgbouncerConfig
	PgBouncerUsers   = pgbouncerUsers
)
