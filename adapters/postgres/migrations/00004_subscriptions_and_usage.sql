-- +goose Up

CREATE TABLE app.subscriptions (
    organization_id      uuid        NOT NULL REFERENCES app.organizations (id),
    id                   uuid        NOT NULL,
    plan                 text        NOT NULL,
    interval             text        NOT NULL DEFAULT '', -- none while free
    status               text        NOT NULL,
    current_period_start timestamptz NOT NULL,
    current_period_end   timestamptz NOT NULL,
    cancel_at_period_end boolean     NOT NULL DEFAULT false,
    trial_end            timestamptz,
    grace_ends_at        timestamptz,
    created_at           timestamptz NOT NULL,
    updated_at           timestamptz NOT NULL,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT subscriptions_organization_key UNIQUE (organization_id)
);
CREATE INDEX subscriptions_status_idx ON app.subscriptions (status, current_period_end);
CREATE TRIGGER record_change AFTER INSERT OR UPDATE OR DELETE ON app.subscriptions
    FOR EACH ROW EXECUTE FUNCTION app.record_change('organization', '', 'organization_id');

ALTER TABLE app.subscriptions ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.subscriptions FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON app.subscriptions TO rowhouse_app, rowhouse_worker
    USING (organization_id = NULLIF(current_setting('app.organization_id', true), '')::uuid)
    WITH CHECK (organization_id = NULLIF(current_setting('app.organization_id', true), '')::uuid);
-- The list of one's organizations shows their plans.
CREATE POLICY my_organizations ON app.subscriptions FOR SELECT TO rowhouse_app
    USING (organization_id IN (SELECT m.organization_id FROM app.memberships m
                               WHERE m.user_id = NULLIF(current_setting('app.user_id', true), '')::uuid));
CREATE POLICY operator ON app.subscriptions FOR SELECT TO rowhouse_operator USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON app.subscriptions TO rowhouse_app, rowhouse_worker;
GRANT SELECT ON app.subscriptions TO rowhouse_operator;

CREATE TABLE app.usage_metrics (
    organization_id uuid        NOT NULL REFERENCES app.organizations (id),
    metric          text        NOT NULL,
    quantity        bigint      NOT NULL,
    limit_quantity  bigint      NOT NULL, -- -1 is no limit
    period_start    timestamptz NOT NULL,
    period_end      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    PRIMARY KEY (organization_id, metric, period_start)
) PARTITION BY RANGE (period_start);

-- One partition a year, and one for everything else. A partition that is asked
-- directly does not know the policies of its parent, so each has its own, and
-- nobody is granted anything on it.
-- +goose StatementBegin
DO $$
DECLARE
    t text;
    own constant text := '(organization_id = NULLIF(current_setting(''app.organization_id'', true), '''')::uuid)';
BEGIN
    FOR year IN 2026 .. 2035 LOOP
        EXECUTE format('CREATE TABLE app.usage_metrics_%s PARTITION OF app.usage_metrics FOR VALUES FROM (%L) TO (%L)',
            year, make_timestamptz(year, 1, 1, 0, 0, 0, 'UTC'), make_timestamptz(year + 1, 1, 1, 0, 0, 0, 'UTC'));
    END LOOP;
    CREATE TABLE app.usage_metrics_default PARTITION OF app.usage_metrics DEFAULT;

    FOR t IN
        SELECT 'usage_metrics' UNION ALL
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'app.usage_metrics'::regclass
    LOOP
        EXECUTE format('ALTER TABLE app.%I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE app.%I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY tenant ON app.%I TO rowhouse_app, rowhouse_worker USING %s WITH CHECK %s', t, own, own);
        EXECUTE format('CREATE POLICY fence ON app.%I AS RESTRICTIVE TO rowhouse_app, rowhouse_worker USING %s WITH CHECK %s', t, own, own);
    END LOOP;
END
$$;
-- +goose StatementEnd
CREATE POLICY operator ON app.usage_metrics FOR SELECT TO rowhouse_operator USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON app.usage_metrics TO rowhouse_app, rowhouse_worker;
GRANT SELECT ON app.usage_metrics TO rowhouse_operator;

-- +goose Down
DROP TABLE app.usage_metrics, app.subscriptions;
