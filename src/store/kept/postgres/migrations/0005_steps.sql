-- Which step each opening kept last in each of its places, so that it can tell whether one was kept whose end it did not
-- hear. The number of a transaction does not tell: after a crash the server gives numbers again that it had given to
-- transactions of which nothing had reached its disk. Like what several workers must know of each other, it is no record of
-- the installation.

CREATE TABLE steps (
    opening bigint,
    place integer,
    step bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (opening, place)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
COMMENT ON TABLE steps IS 'Opening, place → the step that was kept there last.';
