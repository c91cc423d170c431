-- Every kind of records is a table. The key leads to the record; keys sort as bytes, so that what belongs together
-- stands together, and what is to be done next stands first. A record is what the program keeps of one thing: a byte
-- for the version, a byte for the form, and JSON, which is read with
--   SELECT convert_from(substr(record, 3), 'UTF8')::jsonb FROM subscribers WHERE substr(record, 2, 1) = '\x00';
-- What is larger than 2 KiB lies in `bodies`, compressed and in parts, so that every record lies in its row.

CREATE TABLE meta (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
) WITH (fillfactor = 50);
ALTER TABLE meta ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE meta IS 'What the installation knows of itself.';

CREATE TABLE read_states (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
) WITH (fillfactor = 50);
ALTER TABLE read_states ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE read_states IS 'Source id → ReadState.';

CREATE TABLE baselines (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
);
ALTER TABLE baselines ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE baselines IS 'Source id → Baseline.';

CREATE TABLE held (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
);
ALTER TABLE held ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE held IS 'Source id → QuarantinedRead.';

CREATE TABLE standings (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
);
ALTER TABLE standings ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE standings IS 'Source id → MatchIndex.';

CREATE TABLE snapshots (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
);
ALTER TABLE snapshots ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE snapshots IS 'Source id, 0, sequence (u64) → Snapshot.';

CREATE TABLE changes (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
);
ALTER TABLE changes ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE changes IS 'Change id → Change.';

CREATE TABLE changes_by_time (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
);
ALTER TABLE changes_by_time ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE changes_by_time IS 'Moment found, change id → nothing.';

CREATE TABLE alerts (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
);
ALTER TABLE alerts ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE alerts IS 'Alert id → Alert, until every reader has an item of it.';

CREATE TABLE subscribers (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
) WITH (fillfactor = 70);
ALTER TABLE subscribers ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE subscribers IS 'Address → Subscriber.';

CREATE TABLE mails (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
) WITH (fillfactor = 60);
ALTER TABLE mails ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE mails IS 'Mail id → StoredMail.';

CREATE TABLE mails_due (
    key bytea PRIMARY KEY,
    record bytea NOT NULL,
    claimed_until timestamptz
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
ALTER TABLE mails_due ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE mails_due IS 'Moment due, mail id → nothing, for every mail that is not settled.';

CREATE TABLE messages (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
);
ALTER TABLE messages ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE messages IS 'SHA-256 of a message that came in → when.';

CREATE TABLE correspondence (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
);
ALTER TABLE correspondence ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE correspondence IS 'Address → Correspondence.';

CREATE TABLE tokens (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
);
ALTER TABLE tokens ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE tokens IS 'Hash of a token → the address it was mailed to.';

CREATE TABLE budgets (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
);
ALTER TABLE budgets ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE budgets IS 'What is counted → how much of it may still be done.';

CREATE TABLE bodies (
    key bytea PRIMARY KEY,
    record bytea NOT NULL,
    wanted_by xid8 NOT NULL DEFAULT pg_current_xact_id()
);
ALTER TABLE bodies ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE bodies IS 'SHA-256, chunk number (u16) → a part of the body, compressed.';

CREATE TABLE incidents (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
);
ALTER TABLE incidents ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE incidents IS 'Incident id → Incident.';

CREATE TABLE subscriber_keys (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
);
ALTER TABLE subscriber_keys ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE subscriber_keys IS 'SubscriberKey → the address of a subscriber.';

CREATE TABLE items (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
);
ALTER TABLE items ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE items IS 'Address, 0, alert id → AlertItem, until a mail was made of it.';

CREATE TABLE looks (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
ALTER TABLE looks ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE looks IS 'Moment, address → nothing: when to look at what waits for a reader.';

CREATE TABLE retractions (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
);
ALTER TABLE retractions ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE retractions IS 'Retraction id → Retraction, until everybody was told.';

CREATE TABLE accepted (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
);
ALTER TABLE accepted ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE accepted IS 'Source id → the Snapshot of its Baseline, so that nobody decodes a document who only asks whether it is another.';

CREATE TABLE ways_in (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
);
ALTER TABLE ways_in ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE ways_in IS 'Way in → MailSourceState.';

CREATE TABLE suppressions (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
);
ALTER TABLE suppressions ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE suppressions IS 'SuppressionKey → Suppression.';

CREATE TABLE soft_bounces (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
);
ALTER TABLE soft_bounces ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE soft_bounces IS 'SuppressionKey → SoftBounces.';

CREATE TABLE undelivered (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
);
ALTER TABLE undelivered ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE undelivered IS 'Mail id → nothing, for every mail that was given up and somebody must know of.';

CREATE TABLE breakers (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
);
ALTER TABLE breakers ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE breakers IS 'Channel → Breaker, while it is out of reach.';

CREATE TABLE begun (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
);
ALTER TABLE begun ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE begun IS 'SHA-256 of a message that is being taken in → how often that was begun.';

CREATE TABLE wishes (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
);
ALTER TABLE wishes ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE wishes IS 'What somebody wanted to follow and nobody tracks, folded → UntrackedWish.';

CREATE TABLE urgent_due (
    key bytea PRIMARY KEY,
    record bytea NOT NULL,
    claimed_until timestamptz
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
ALTER TABLE urgent_due ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE urgent_due IS 'The same as MailsDue for mails that go before those.';

CREATE TABLE change_numbers (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
);
ALTER TABLE change_numbers ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE change_numbers IS 'n, number (u32) → change id; i, change id → number.';

CREATE TABLE change_terms (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
) WITH (fillfactor = 70);
ALTER TABLE change_terms ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE change_terms IS 'Term, 0, block (u32) → the numbers within the block of the changes that have it.';

CREATE TABLE reads (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
);
ALTER TABLE reads ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE reads IS 'Source id, 0, moment → ReadRecord.';

CREATE TABLE audit (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
);
ALTER TABLE audit ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE audit IS 'Number (u64) → AuditEntry.';

CREATE TABLE named_on (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
);
ALTER TABLE named_on ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE named_on IS 'Company id, 0, source id → nothing, where an entry of the source names the company.';

CREATE TABLE watchlist_versions (
    key bytea PRIMARY KEY,
    record bytea NOT NULL,
    wanted_by xid8 NOT NULL DEFAULT pg_current_xact_id()
);
ALTER TABLE watchlist_versions ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE watchlist_versions IS 'WatchlistHash → the WatchlistVersion that it names, as long as a MatchIndex does.';

CREATE TABLE robots (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
);
ALTER TABLE robots ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE robots IS 'SHA-256 of an origin → RobotsCopy.';

CREATE TABLE anew (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
);
ALTER TABLE anew ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE anew IS 'Mail id → nothing, for every answer that is to be composed again.';

CREATE TABLE pauses (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
);
ALTER TABLE pauses ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE pauses IS 'Source id → SourcePause.';

CREATE TABLE released (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
);
ALTER TABLE released ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE released IS 'SHA-256 of a body that was let go of → when.';

CREATE TABLE ask_again (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
);
ALTER TABLE ask_again ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE ask_again IS 'Address → nothing, for everybody whose Correspondence has something to be asked again.';

CREATE TABLE access_tokens (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
);
ALTER TABLE access_tokens ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE access_tokens IS 'AccessTokenHash → AccessToken.';

CREATE TABLE screenings (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
);
ALTER TABLE screenings ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE screenings IS 'ScreeningId → StandingList.';

CREATE TABLE chain (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
);
ALTER TABLE chain ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE chain IS 'Source id, 0, number (u64) → a line of its chain.';

CREATE TABLE seals (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
);
ALTER TABLE seals ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE seals IS 'Number (u64) → a seal and the heads under it.';

CREATE TABLE stamps (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
);
ALTER TABLE stamps ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE stamps IS 'Number of a seal (u64) → the time that an authority put to it.';

CREATE TABLE webhooks (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
);
ALTER TABLE webhooks ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE webhooks IS 'Webhook id → Webhook.';

CREATE TABLE hook_events (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
);
ALTER TABLE hook_events ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE hook_events IS 'Event id → HookEvent, until every webhook has its delivery of it.';

CREATE TABLE deliveries (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
);
ALTER TABLE deliveries ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE deliveries IS 'Delivery id → Delivery.';

CREATE TABLE hook_due (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
);
ALTER TABLE hook_due ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE hook_due IS 'Webhook id, 0, moment due, delivery id → nothing, for every delivery that waits.';

CREATE TABLE hook_log (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
);
ALTER TABLE hook_log ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE hook_log IS 'Webhook id, 0, moment queued, delivery id → nothing.';

CREATE TABLE followers (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
);
ALTER TABLE followers ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE followers IS 'Company id, 0, address → nothing, for everybody who may be told of the company.';

CREATE TABLE mails_telling (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
);
ALTER TABLE mails_telling ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE mails_telling IS 'Change id, 0, mail id → nothing, for every mail that tells the change.';

CREATE TABLE mails_to (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
);
ALTER TABLE mails_to ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE mails_to IS 'Address, 0, mail id → nothing.';

CREATE TABLE mails_by_time (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
);
ALTER TABLE mails_by_time ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE mails_by_time IS 'Moment queued, mail id → nothing.';

CREATE TABLE mails_aside (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
);
ALTER TABLE mails_aside ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE mails_aside IS 'State, 0, moment queued, mail id → nothing, for every mail that neither waits nor was sent.';

CREATE TABLE incidents_by_end (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
);
ALTER TABLE incidents_by_end ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE incidents_by_end IS 'Moment since which it is past, or the last of all, incident id → nothing.';

CREATE TABLE told (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
);
ALTER TABLE told ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE told IS 'Change id, 0, address → ToldEvent, of readers who want one mail for an event.';

CREATE TABLE uses (
    key bytea PRIMARY KEY,
    record bytea NOT NULL
);
ALTER TABLE uses ALTER record SET STORAGE PLAIN;
COMMENT ON TABLE uses IS 'SHA-256 of a host → QuotaUse.';
