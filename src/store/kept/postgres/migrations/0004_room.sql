-- Records that are written over and over find room on their own page: then no index has to name another place, and
-- the server takes the room back by itself, without a vacuum.

ALTER TABLE read_states SET (fillfactor = 60);
ALTER TABLE touches SET (fillfactor = 60);
ALTER TABLE mails SET (fillfactor = 80);
ALTER TABLE deliveries SET (fillfactor = 80);

-- What was taken out of a queue stands at its head, where everybody looks first, until it is vacuumed.

ALTER TABLE mails_due SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
ALTER TABLE urgent_due SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
ALTER TABLE hook_due SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
ALTER TABLE looks SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
ALTER TABLE items SET (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);
