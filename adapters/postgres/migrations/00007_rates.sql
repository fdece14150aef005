-- +goose Up

-- How often something was done. The key is a hash: it may hold an address. What
-- counts is the time that is owed, by the clock of the database; see
-- core/domain/rate.go.
CREATE TABLE app.rates (
    key     bytea PRIMARY KEY,
    paid_at timestamptz NOT NULL -- when nothing is owed any more
);
CREATE INDEX rates_paid_idx ON app.rates (paid_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON app.rates TO rowhouse_app, rowhouse_worker;

-- +goose Down
DROP TABLE app.rates;
