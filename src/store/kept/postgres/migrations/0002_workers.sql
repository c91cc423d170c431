-- What several workers on one database must know of each other. Apart from `paces` nothing here is a record of the
-- installation: it may be emptied while nobody is at work, and no copy of the store has it.

CREATE TABLE claims (
    name text PRIMARY KEY,
    owner bigint NOT NULL DEFAULT 0,
    number bigint NOT NULL DEFAULT 0,
    until timestamptz NOT NULL DEFAULT '-infinity',
    note bytea
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
COMMENT ON TABLE claims IS 'What one worker at a time does: reading a source, asking a host, a job. Owner is the number of an opening, 0 of nobody; until then nobody else may have it.';

CREATE TABLE rung (
    source text PRIMARY KEY,
    opening bigint NOT NULL,
    by xid8 NOT NULL DEFAULT pg_current_xact_id()
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX rung_by ON rung (by);
COMMENT ON TABLE rung IS 'Source id → the step that last wrote when it is read.';

CREATE TABLE generations (
    number integer PRIMARY KEY,
    fingerprint text NOT NULL,
    adopted_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE generations IS 'The configurations that were adopted, the last of which is in force.';

CREATE TABLE workers (
    opening bigint PRIMARY KEY,
    record jsonb NOT NULL,
    seen_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 50);
COMMENT ON TABLE workers IS 'The daemons that work on the database.';

ALTER TABLE looks ADD COLUMN claimed_until timestamptz;

CREATE TABLE paces (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
ALTER TABLE paces ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE paces IS 'Recipient domain, or * for all mail → MailPace.';
