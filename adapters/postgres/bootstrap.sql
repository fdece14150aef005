-- Roles for Rowhouse. Run this once as a superuser in the database that it is to
-- use (psql -d rowhouse -f …); running it again does no harm. `rowhouse migrate up`
-- makes the tables afterwards.

BEGIN;
{{range .}}
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{{.Name}}') THEN
        CREATE ROLE {{.Name}};
    END IF;
END
$$;
ALTER ROLE {{.Name}} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION NOINHERIT;
{{- if .Verifier}}
ALTER ROLE {{.Name}} PASSWORD '{{.Verifier}}';
{{- end}}
{{end}}
-- The owner makes the schema and what is in it; nobody else makes anything.
DO $$
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT, CREATE ON DATABASE %I TO rowhouse_owner', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO rowhouse_app, rowhouse_worker, rowhouse_operator', current_database());
END
$$;
REVOKE ALL ON SCHEMA public FROM PUBLIC;

-- Kept with the roles, so that they hold behind a pooler too, which would not
-- pass on what a connection asks for.
--
-- Plans are made once for each statement and not anew for its arguments: the
-- statements are few and their plans the same for every tenant, and planning
-- would take more time than most of them.
ALTER ROLE rowhouse_app SET plan_cache_mode = force_generic_plan;
ALTER ROLE rowhouse_app SET statement_timeout = '5s';
ALTER ROLE rowhouse_app SET lock_timeout = '2s';
ALTER ROLE rowhouse_app SET idle_in_transaction_session_timeout = '10s';
ALTER ROLE rowhouse_app SET client_connection_check_interval = '2s';
ALTER ROLE rowhouse_worker SET plan_cache_mode = force_generic_plan;
ALTER ROLE rowhouse_worker SET statement_timeout = '30s';
ALTER ROLE rowhouse_worker SET lock_timeout = '2s';
ALTER ROLE rowhouse_worker SET idle_in_transaction_session_timeout = '30s';
ALTER ROLE rowhouse_operator SET statement_timeout = '30s';
ALTER ROLE rowhouse_operator SET lock_timeout = '2s';
ALTER ROLE rowhouse_operator SET idle_in_transaction_session_timeout = '10s';
-- A migration must not stand in line before everybody else for long.
ALTER ROLE rowhouse_owner SET lock_timeout = '2s';

COMMIT;
