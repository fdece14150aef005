package postgres

import (
	"context"
	"errors"
	"fmt"
)

// minServerVersion is PostgreSQL's own number for 15.0.
const minServerVersion = 150_000

// standing is what a process has to know of its role and its schema before it
// serves anybody.
type standing struct {
	Version      int64  // of the server
	Role         string // that we are
	Dangerous    bool   // it passes by row-level security, or could make itself do so
	Memberships  int64  // roles that it could become
	Owned        int64  // tables that are its own
	Unprotected  int64  // tables of tenants that are not under forced row-level security
	HasSchema    bool
	SchemaNumber int64
	Timeouts     bool // the bounds of bootstrap.sql are there
}

const standingOf = `
SELECT current_setting('server_version_num')::bigint AS version,
    current_user::text AS role,
    r.rolsuper OR r.rolbypassrls OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication AS dangerous,
    (SELECT count(*) FROM pg_auth_members m WHERE m.member = r.oid) AS memberships,
    (SELECT count(*) FROM pg_class c WHERE c.relowner = r.oid) AS owned,
    (SELECT count(*) FROM pg_class c
     JOIN pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped
        AND a.attname = CASE c.relname WHEN 'organizations' THEN 'id' ELSE 'organization_id' END
     WHERE c.relnamespace = to_regnamespace('app') AND c.relkind IN ('r', 'p')
        AND NOT (c.relrowsecurity AND c.relforcerowsecurity)) AS unprotected,
    to_regclass('app.schema_migrations') IS NOT NULL AS has_schema,
    current_setting('statement_timeout') <> '0' AND current_setting('lock_timeout') <> '0' AS timeouts
FROM pg_roles r WHERE r.rolname = current_user`

// ErrSchemaTooOld says that migrations are missing.
var ErrSchemaTooOld = errors.New("the schema is too old for this binary: run `rowhouse migrate up`")

// Check refuses to go on under a role that could reach the rows of every
// tenant, on a schema that does not keep them apart, or on one that is too old.
func (s *Store) Check(ctx context.Context) error {
	var found standing
	if err := s.platform(ctx).Raw(standingOf).Take(&found).Error; err != nil {
		return translate(err)
	}
	switch {
	case found.Version < minServerVersion:
		return fmt.Errorf("this is PostgreSQL %d, and Rowhouse needs 15 or newer", found.Version/10_000)
	case found.Dangerous:
		return fmt.Errorf("the role %q of DATABASE_URL is a superuser, passes by row-level security or can make roles that do: nothing would keep tenants apart. Use %s", found.Role, RoleApp)
	case found.Memberships > 0:
		return fmt.Errorf("the role %q of DATABASE_URL is a member of other roles, and could become one that sees more. Use %s", found.Role, RoleApp)
	case found.Owned > 0:
		return fmt.Errorf("the role %q of DATABASE_URL owns tables, and could take their row-level security away. Use %s", found.Role, RoleApp)
	case !found.HasSchema:
		return ErrSchemaTooOld
	case found.Unprotected > 0:
		return fmt.Errorf("%d tables of tenants are not under forced row-level security", found.Unprotected)
	case !found.Timeouts:
		return fmt.Errorf("the role %q has no statement_timeout or no lock_timeout: run what `rowhouse migrate bootstrap` prints, as a superuser", found.Role)
	}
	return s.CheckSchema(ctx)
}

// CheckSchema fails with ErrSchemaTooOld where migrations are missing. A schema
// that is newer than this binary is fine: releases overlap.
func (s *Store) CheckSchema(ctx context.Context) error {
	needed, err := neededVersion()
	if err != nil {
		return err
	}
	var version int64
	err = s.platform(ctx).Raw(`SELECT coalesce(max(version_id), 0) FROM app.schema_migrations WHERE is_applied`).Scan(&version).Error
	if err != nil {
		return translate(err)
	}
	if version < needed {
		return fmt.Errorf("%w (it is at version %d and needs %d)", ErrSchemaTooOld, version, needed)
	}
	return nil
}
