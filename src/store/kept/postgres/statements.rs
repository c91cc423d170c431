//! All that the server is asked, in one place. A test has the server prepare each.
//!
//! Every kind of records is a table of its own with the columns `key` and `record`; see `migrations`. What differs
//! between them is only the name of the table, so that a statement is written once and made for each.

use std::sync::LazyLock;

use crate::store::kept::trees::TreeName;

/// A step begins so: it is kept only as if no other had been done at the same time.
pub(super) const BEGIN_STEP: &str = "BEGIN ISOLATION LEVEL SERIALIZABLE";

/// A look begins so: it sees one state, and is in nobody's way.
pub(super) const BEGIN_LOOK: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// A step ends so.
pub(super) const COMMIT: &str = "COMMIT";

/// Or so.
pub(super) const ROLLBACK: &str = "ROLLBACK";

/// Notes a step where the opening's last one in that place stood, so that whether it was kept can be asked after the
/// connection was lost; returns the number of its transaction.
pub(super) const NOTE_STEP: &str = "INSERT INTO steps (opening, place, step) VALUES ($1, $2, $3) \
    ON CONFLICT (opening, place) DO UPDATE SET step = excluded.step, at = excluded.at \
    RETURNING pg_current_xact_id()::text";

/// Whether a transaction is still under way. After a crash the server may not have given out its number yet.
pub(super) const IS_UNDER_WAY: &str = "SELECT CASE WHEN $1::text::xid8 < pg_current_xact_id() \
    THEN pg_xact_status($1::text::xid8) IS NOT DISTINCT FROM 'in progress' ELSE false END";

/// Whether a step was the last one that was kept in its place.
pub(super) const IS_KEPT: &str =
    "SELECT EXISTS (SELECT FROM steps WHERE opening = $1 AND place = $2 AND step = $3)";

/// Forgets the steps of an opening that ends.
pub(super) const FORGET_STEPS: &str = "DELETE FROM steps WHERE opening = $1";

/// Forgets steps of openings that ended without a word. One that only seems to be gone may yet ask about its last ones.
pub(super) const FORGET_OLD_STEPS: &str =
    "DELETE FROM steps WHERE at < clock_timestamp() - interval '30 days'";

/// Names the steps that had ended by now.
pub(super) const HORIZON: &str = "SELECT pg_current_snapshot()::text";

/// Of each connection: whole tables are not to be read where an index leads, since a step that read one is in the way
/// of everybody who writes it; statements that are no step of their own, as claims are, pass over what others are just
/// taking instead of failing; and nobody holds a transaction open who has gone away.
pub(super) const SET_UP: &str = "SET enable_seqscan = off; SET enable_bitmapscan = off; \
    SET default_transaction_isolation = 'read committed'; SET idle_in_transaction_session_timeout = '60s'; SET application_name = 'regwatch'";

/// Holds an opening for as long as the connection stands.
pub(super) const HOLD_OPENING: &str = "SELECT pg_advisory_lock($1)";

/// Whether nobody holds an opening.
pub(super) const IS_GONE: &str = "SELECT pg_try_advisory_xact_lock($1)";

/// Makes the rows of claims that were never made.
pub(super) const MAKE_CLAIMS: &str =
    "INSERT INTO claims (name) SELECT unnest($1::text[]) ON CONFLICT (name) DO NOTHING";

/// Claims those that nobody has, and that nobody is just claiming. A daemon claims only while its configuration is the one in force. With each comes whether its last owner never gave it
/// back, and what was noted.
pub(super) const CLAIM: &str = "WITH free AS (SELECT name, owner FROM claims WHERE name = ANY($1) \
    AND (until <= clock_timestamp() OR (owner = $2 AND number = $3)) \
    AND ($5::text IS NULL OR $5 = coalesce((SELECT fingerprint FROM generations ORDER BY number DESC LIMIT 1), $5)) \
    FOR UPDATE SKIP LOCKED) \
    UPDATE claims SET owner = $2, number = $3, until = clock_timestamp() + make_interval(secs => $4) FROM free \
    WHERE claims.name = free.name AND claims.name = ANY($1) \
    RETURNING claims.name, free.owner <> 0, claims.note, (extract(epoch FROM clock_timestamp()) * 1000)::bigint";

/// How long each is not free yet.
pub(super) const FREE_IN: &str = "SELECT name, extract(epoch FROM until - clock_timestamp())::float8 FROM claims WHERE name = ANY($1) \
     AND until > clock_timestamp()";

/// Has claims last on that are still this opening's.
pub(super) const KEEP_UP: &str = "UPDATE claims SET until = clock_timestamp() + make_interval(secs => held.lasting) \
    FROM unnest($1::text[], $2::bigint[], $3::float8[]) AS held (name, number, lasting) \
    WHERE claims.name = held.name AND claims.name = ANY($1) AND claims.number = held.number AND claims.owner = $4 \
    RETURNING claims.name";

/// Gives one back, which rests for a time.
pub(super) const GIVE_BACK: &str = "UPDATE claims SET owner = 0, \
    until = clock_timestamp() + make_interval(secs => $4), note = coalesce($5, note) \
    WHERE name = $1 AND owner = $2 AND number = $3";

/// Whether one is still this opening's; as long as the step that asks is under way nobody else can take it.
pub(super) const HOLDS: &str =
    "SELECT 1 FROM claims WHERE name = $1 AND owner = $2 AND number = $3 FOR SHARE";

/// Forgets claims that nobody has had for long.
pub(super) const FORGET_CLAIMS: &str =
    "DELETE FROM claims WHERE until < clock_timestamp() - interval '2 days'";

/// Notes for other workers that something was written which says when sources are read.
pub(super) const RING: &str = "INSERT INTO rung AS kept (source, opening, by) \
    SELECT unnest($1::text[]), $2::bigint, pg_current_xact_id() ON CONFLICT (source) DO UPDATE \
    SET opening = excluded.opening, by = excluded.by";

/// Of which sources other openings wrote something by steps that had not ended at a horizon; and the next horizon.
pub(super) const RUNG_SINCE: &str = "SELECT pg_current_snapshot()::text, \
    (SELECT array_agg(source) FROM rung WHERE by >= pg_snapshot_xmin($1::text::pg_snapshot) \
    AND NOT pg_visible_in_snapshot(by, $1::text::pg_snapshot) AND opening <> $2)";

/// Hears what others say.
pub(super) const LISTEN: &str = "LISTEN regwatch";

/// Says something to the others.
pub(super) const SAY: &str = "SELECT pg_notify('regwatch', $1)";

/// Adopts a configuration unless it is in force; one that another took the place of only if somebody insists.
pub(super) const ADOPT: &str = "INSERT INTO generations (number, fingerprint) \
    SELECT coalesce(max(number), 0) + 1, $1 FROM generations \
    HAVING ($2 OR NOT coalesce(bool_or(fingerprint = $1), false)) \
    AND coalesce((SELECT fingerprint FROM generations ORDER BY number DESC LIMIT 1), '') <> $1";

/// The configuration in force.
pub(super) const GENERATION: &str = "SELECT number, fingerprint, (extract(epoch FROM adopted_at) * 1000)::bigint \
    FROM generations ORDER BY number DESC LIMIT 1";

/// Makes a daemon known, and that it is alive.
pub(super) const ENROL: &str = "INSERT INTO workers (opening, record, seen_at) \
    VALUES ($1, $2::text::jsonb, clock_timestamp()) ON CONFLICT (opening) DO UPDATE \
    SET record = excluded.record, seen_at = excluded.seen_at";

/// All daemons: whether each is alive, which configuration it has, whether that is in force, and what it has claimed.
pub(super) const WORKERS: &str = "SELECT opening, record::text, (extract(epoch FROM seen_at) * 1000)::bigint, \
    seen_at > clock_timestamp() - interval '30 seconds' AND NOT pg_try_advisory_xact_lock(opening), \
    (SELECT max(number) FROM generations WHERE fingerprint = record ->> 'configuration'), \
    coalesce(record ->> 'configuration' = (SELECT fingerprint FROM generations ORDER BY number DESC LIMIT 1), true), \
    (SELECT array_agg(name ORDER BY name) FROM (SELECT name FROM claims WHERE owner = opening \
    AND until > clock_timestamp() ORDER BY name LIMIT 20) AS held) \
    FROM workers ORDER BY record ->> 'host', opening";

/// The daemons whose process is gone, apart from this one.
pub(super) const DEPARTED: &str =
    "SELECT opening FROM workers WHERE opening <> $1 AND pg_try_advisory_xact_lock(opening)";

/// Has what openings claimed be free.
pub(super) const FREE_CLAIMS: &str = "UPDATE claims SET until = '-infinity' WHERE owner = ANY($1)";

/// Forgets daemons.
pub(super) const FORGET_WORKERS: &str = "DELETE FROM workers WHERE opening = ANY($1)";

/// How the server stands: what is off that must be on, and its clock in milliseconds.
pub(super) const STANDING: &str = "SELECT current_setting('fsync'), current_setting('full_page_writes'), \
    current_setting('synchronous_commit'), (extract(epoch FROM clock_timestamp()) * 1000)::bigint, \
    current_setting('server_version_num')::integer";

/// How large the tables are.
pub(super) const BYTES: &str = "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM pg_class c \
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'";

/// How many records there are, as the server knows without counting.
pub(super) const ESTIMATE: &str = "SELECT coalesce(sum(greatest(c.reltuples, 0)), 0)::bigint FROM pg_class c \
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'";

/// The last of a run of followers, of whom so many are passed over.
pub(super) const END_OF_RUN: &str = "SELECT substr(key, $3::integer) FROM followers WHERE key >= $1 AND key < $2 \
    ORDER BY key OFFSET $4 LIMIT 1";

/// The ways in which a run of followers follow, but for those who left long ago.
pub(super) const WAYS_OF_RUN: &str = "SELECT record, count(*) FROM followers WHERE key >= $1 AND key < $2 \
    AND NOT (record >= $3 AND record < $4) GROUP BY record";

/// The followers of a run who follow in one of these ways.
pub(super) const READERS_OF_RUN: &str = "SELECT substr(key, $3::integer) FROM followers \
    WHERE key >= $1 AND key < $2 AND record = ANY($4)";

/// A follower of a run who neither left long ago, nor follows in one of these ways, nor is one of these.
pub(super) const UNSEEN_OF_RUN: &str = "SELECT 1 FROM followers WHERE key >= $1 AND key < $2 \
    AND NOT (record >= $4 AND record < $5) AND record <> ALL($6) AND substr(key, $3::integer) <> ALL($7) LIMIT 1";

/// Gives the followers of a run who follow in one of these ways an item, and has each looked at at the moment that
/// belongs to the way: also where another worker has just taken that look, as a step does that writes it.
pub(super) const GIVE_TO_RUN: &str = "WITH way AS (SELECT * FROM unnest($4::bytea[], $5::bytea[]) AS w (record, moment)), \
    reader AS MATERIALIZED (SELECT substr(f.key, $3::integer) AS address, way.moment FROM followers f \
    JOIN way ON way.record = f.record WHERE f.key >= $1 AND f.key < $2 AND substr(f.key, $3::integer) <> ALL($8)), \
    item AS (INSERT INTO items AS kept (key, record) SELECT address || $6::bytea, $7::bytea FROM reader \
    ON CONFLICT (key) DO UPDATE SET record = excluded.record WHERE kept.record IS DISTINCT FROM excluded.record) \
    INSERT INTO looks (key, record) SELECT moment || address, ''::bytea FROM reader \
    ON CONFLICT (key) DO UPDATE SET claimed_until = NULL";

/// One migration at a time.
pub(super) const ONE_MIGRATION: &str = "SELECT pg_advisory_xact_lock(7166920441)";

/// Which migrations were made.
pub(super) const MIGRATIONS_TABLE: &str = "CREATE TABLE IF NOT EXISTS migrations (number integer PRIMARY KEY, \
    name text NOT NULL, sha256 text NOT NULL, made_at timestamptz NOT NULL DEFAULT clock_timestamp())";

/// Whether that is known at all.
pub(super) const HAS_MIGRATIONS: &str = "SELECT to_regclass('migrations') IS NOT NULL";

/// Which were made.
pub(super) const MIGRATIONS: &str = "SELECT number, name, sha256 FROM migrations ORDER BY number";

/// One was made.
pub(super) const NOTE_MIGRATION: &str = "INSERT INTO migrations (number, name, sha256) VALUES ($1, $2, $3)";

/// Those that are not of one table.
const PLAIN: [&str; 43] = [
    BEGIN_STEP,
    BEGIN_LOOK,
    COMMIT,
    ROLLBACK,
    NOTE_STEP,
    IS_UNDER_WAY,
    IS_KEPT,
    FORGET_STEPS,
    FORGET_OLD_STEPS,
    HORIZON,
    HOLD_OPENING,
    IS_GONE,
    MAKE_CLAIMS,
    CLAIM,
    FREE_IN,
    KEEP_UP,
    GIVE_BACK,
    HOLDS,
    FORGET_CLAIMS,
    RING,
    RUNG_SINCE,
    LISTEN,
    SAY,
    ADOPT,
    GENERATION,
    ENROL,
    WORKERS,
    DEPARTED,
    FREE_CLAIMS,
    FORGET_WORKERS,
    STANDING,
    BYTES,
    ESTIMATE,
    END_OF_RUN,
    WAYS_OF_RUN,
    READERS_OF_RUN,
    UNSEEN_OF_RUN,
    GIVE_TO_RUN,
    ONE_MIGRATION,
    MIGRATIONS_TABLE,
    HAS_MIGRATIONS,
    MIGRATIONS,
    NOTE_MIGRATION,
];

/// From which end of a range rows are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RangeEnd {
    Front,
    Back,
}

/// Which rows of a range are asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct RangeOf {
    pub(super) end: RangeEnd,
    pub(super) has_values: bool,
    /// It has no end.
    pub(super) is_open: bool,
}

/// What is asked of one table.
#[derive(Debug)]
pub(super) struct Statements {
    pub(super) get: String,
    pub(super) get_all: String,
    pub(super) has: String,
    pub(super) count: String,
    /// Records and bytes.
    pub(super) size: String,
    pub(super) put: String,
    pub(super) remove: String,
    ranges: [String; 8],
    /// Claims what is due, of tables that are queues.
    pub(super) claim: Option<String>,
    /// Which of these keys a step wanted that had not ended at a horizon, of tables that a clean-up removes from.
    pub(super) wanted: Option<String>,
}

impl Statements {
    fn of(tree: TreeName) -> Self {
        let table = tree.name();
        let kind = TableKind::of(tree);
        Self {
            get: format!("SELECT record FROM {table} WHERE key = $1"),
            get_all: format!("SELECT key, record FROM {table} WHERE key = ANY($1)"),
            has: format!("SELECT 1 FROM {table} WHERE key = $1"),
            count: format!("SELECT count(*) FROM {table}"),
            size: format!(
                "SELECT count(*), coalesce(sum(length(key) + length(record)), 0)::bigint FROM {table}"
            ),
            put: put(table, kind),
            remove: format!("DELETE FROM {table} WHERE key = ANY($1)"),
            ranges: std::array::from_fn(|number| range(table, number)),
            claim: (kind == TableKind::Queue).then(|| claim(table)),
            wanted: (kind == TableKind::Collected).then(|| wanted(table)),
        }
    }

    pub(super) fn range(&self, of: RangeOf) -> &str {
        &self.ranges[number_of(of)]
    }

    /// Every one of them.
    fn all(&self) -> impl Iterator<Item = &String> {
        let plain = [&self.get, &self.get_all, &self.has, &self.count, &self.size, &self.put, &self.remove];
        plain.into_iter().chain(&self.ranges).chain(&self.claim).chain(&self.wanted)
    }
}

/// What a table has besides its keys and records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TableKind {
    Plain,
    /// Until when a row is claimed.
    Queue,
    /// By which step a row was wanted last.
    Collected,
}

impl TableKind {
    fn of(tree: TreeName) -> Self {
        match tree {
            TreeName::MailsDue | TreeName::UrgentDue | TreeName::Looks => Self::Queue,
            TreeName::Bodies | TreeName::WatchlistVersions => Self::Collected,
            _ => Self::Plain,
        }
    }
}

fn put(table: &str, kind: TableKind) -> String {
    let written = match kind {
        // What is there already is not written once more.
        TableKind::Plain => "record = excluded.record WHERE kept.record IS DISTINCT FROM excluded.record",
        TableKind::Queue => "record = excluded.record, claimed_until = NULL",
        TableKind::Collected => "record = excluded.record, wanted_by = pg_current_xact_id()",
    };
    format!(
        "INSERT INTO {table} AS kept (key, record) SELECT * FROM unnest($1::bytea[], $2::bytea[]) \
         ON CONFLICT (key) DO UPDATE SET {written}"
    )
}

fn number_of(of: RangeOf) -> usize {
    usize::from(of.end == RangeEnd::Back) + 2 * usize::from(of.has_values) + 4 * usize::from(of.is_open)
}

fn range(table: &str, number: usize) -> String {
    let order = if number.is_multiple_of(2) { "ASC" } else { "DESC" };
    let columns = if (number / 2).is_multiple_of(2) { "key" } else { "key, record" };
    let end = if number / 4 == 0 { "AND key < $3" } else { "" };
    format!("SELECT {columns} FROM {table} WHERE key >= $1 {end} ORDER BY key {order} LIMIT $2")
}

/// Takes the first that are due and that nobody else has just taken, but for those that the same operation had already,
/// by what stands behind the moment. Who takes them has so many seconds to say what becomes of them; otherwise they are
/// there for others again. A daemon takes some only while its configuration is the one in force.
fn claim(table: &str) -> String {
    format!(
        "WITH due AS (SELECT key FROM {table} WHERE key < $1 \
         AND substr(key, 9) <> ALL($3) \
         AND (claimed_until IS NULL OR claimed_until < clock_timestamp()) \
         AND ($5::text IS NULL OR $5 = coalesce((SELECT fingerprint FROM generations ORDER BY number DESC LIMIT 1), $5)) \
         ORDER BY key LIMIT $2 FOR UPDATE SKIP LOCKED) \
         UPDATE {table} SET claimed_until = clock_timestamp() + make_interval(secs => $4) \
         WHERE key = ANY (ARRAY(SELECT key FROM due)) RETURNING key"
    )
}

fn wanted(table: &str) -> String {
    format!(
        "SELECT key FROM {table} WHERE key = ANY($1) AND NOT pg_visible_in_snapshot(wanted_by, $2::text::pg_snapshot)"
    )
}

/// What is asked of the table of a kind of records.
pub(super) fn sql(tree: TreeName) -> &'static Statements {
    static ALL: LazyLock<Vec<Statements>> = LazyLock::new(|| TreeName::all().map(Statements::of).collect());
    &ALL[tree as usize]
}

/// Every statement that is prepared.
pub(super) fn all() -> impl Iterator<Item = &'static str> {
    PLAIN.into_iter().chain(TreeName::all().flat_map(|tree| sql(tree).all().map(String::as_str)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_is_asked_nothing_that_is_not_prepared_for_a_look() {
        let source = include_str!("statements.rs");
        let constants = source.lines().filter_map(|line| line.strip_prefix("pub(super) const "));
        let names: Vec<&str> =
            constants.filter_map(|rest| rest.split_once(": &str")).map(|(name, _)| name).collect();
        // Several at once cannot be prepared; every connection begins with them.
        let unlisted: Vec<&&str> = names
            .iter()
            .filter(|name| **name != "SET_UP" && !source.contains(&format!("\n    {name},\n")))
            .collect();
        assert!(unlisted.is_empty() && names.len() == PLAIN.len() + 1, "{unlisted:?}");
    }
}
