//! What the store cannot do, in words that name the place.

use crate::domain::id::{MailId, SourceId};

/// What kept the store from doing what it was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// Another process owns the store.
    #[error("the store {path} is in use by {}", holder.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}")))]
    Locked {
        /// The database folder.
        path: String,
        /// The owner's process id, as it noted it.
        holder: Option<u32>,
    },
    /// A file or folder beside the database cannot be used.
    #[error("cannot use {path}: {reason}")]
    File {
        /// The file.
        path: String,
        /// What the system said.
        reason: String,
    },
    /// The database cannot be opened.
    #[error("cannot open the store {path}: {reason}")]
    Open {
        /// The database folder.
        path: String,
        /// What the engine said.
        reason: String,
    },
    /// The tables of a database are not those of this program.
    #[error("the tables of the store {path} are not those of this program: {reason}")]
    Schema {
        /// Its address.
        path: String,
        /// How they stand.
        reason: String,
    },
    /// What is asked for is done otherwise where a server keeps the store.
    #[error("`regwatch {command}` is not for a store in PostgreSQL; use {instead}")]
    NotOfServer {
        /// The command.
        command: &'static str,
        /// What does it there.
        instead: &'static str,
    },
    /// A store into which another, or a backup, was to be copied, and not all of it was.
    #[error(
        "the store {path} is a copy that was not finished; run the same `regwatch store copy`, `restore` or `import` again"
    )]
    UnfinishedCopy {
        /// Where it lies.
        path: String,
    },
    /// A copy that is not what was copied.
    #[error(
        "the copy is not the same: of {what} there are {from}, and {to} in the copy. Is somebody at work on one of the stores? Stop the daemon and run the same command again"
    )]
    CopyDiffers {
        /// The kind of record.
        what: &'static str,
        /// What the one store has.
        from: String,
        /// What the copy has.
        to: String,
    },
    /// There is a mark of a database, and no database.
    #[error(
        "the store {path} is not there, and {mark} says that it was: is its disk mounted? Put it back, or copy a backup into its place. To start with an empty store instead, without subscribers and with every source unread, remove {mark}"
    )]
    Missing {
        /// The database folder.
        path: String,
        /// The mark.
        mark: String,
    },
    /// Neither a database nor a mark, where there must be one.
    #[error(
        "there is no store in {path}, and `store.required` forbids an empty one: is its disk mounted? For the very first start set `store.required = false`"
    )]
    NoneYet {
        /// The database folder.
        path: String,
    },
    /// A database that was behind when its mark was written: a backup, or what damage left of it.
    #[error(
        "the store {path} is older than it was, or cut short: it has {commits} commits, and had {known} or more. If a backup was copied back on purpose, run `regwatch store repair --accept-older --apply`; otherwise put the newer one back"
    )]
    Older {
        /// The database folder.
        path: String,
        /// The commits it has.
        commits: u64,
        /// The commits it had.
        known: u64,
    },
    /// Another installation's database, or another copy of this one that went its own way.
    #[error(
        "the store {path} is another one than {mark} belongs to. To use it from now on, run `regwatch store repair --accept-foreign --apply`; otherwise put the right one back"
    )]
    Foreign {
        /// The database folder.
        path: String,
        /// The mark.
        mark: String,
    },
    /// A database of which something is missing or not as it was written.
    #[error(
        "the store {path} is damaged: {}. Nothing was changed. `regwatch store verify` shows all damage, `regwatch store repair` what can be saved; a backup may save more",
        findings.join("; ")
    )]
    Damaged {
        /// The database folder.
        path: String,
        /// What is wrong with it.
        findings: Vec<String>,
    },
    /// A store stands where one is to be made.
    #[error(
        "{path} already has a store, which is not overwritten; move it away, or set another place in store.url"
    )]
    Occupied {
        /// The database folder.
        path: String,
    },
    /// A file that is no backup, or not all of one.
    #[error("cannot restore {path}: {reason}. Nothing was restored")]
    BadBackup {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
    /// What was opened is no longer what lies there.
    #[error(
        "the store {path} was moved, removed or replaced while it was in use: further writes would be lost"
    )]
    Moved {
        /// The database folder.
        path: String,
    },
    /// Something that lies in the database cannot be read; the step was not done.
    #[error("the store cannot read a record that this needs ({reason}); `regwatch store verify` shows more")]
    Unreadable {
        /// What the engine said.
        reason: String,
    },
    /// A write was acknowledged without having been forced to the disk.
    #[error(
        "the store {path} does not force its writes to the disk; do not use this build: a power cut would lose acknowledged writes"
    )]
    NotDurable {
        /// The database folder.
        path: String,
    },
    /// The engine failed.
    #[error("the store failed: {reason}")]
    Engine {
        /// What the engine said.
        reason: String,
        /// Whether it is that something which lies in it cannot be read.
        is_unreadable: bool,
    },
    /// The disk refused a write: what was acknowledged stands, but nothing more can be promised.
    #[error("the store accepts no more writes after a failed one ({reason}); fix its disk, then restart")]
    DiskFailed {
        /// What the engine said.
        reason: String,
    },
    /// The state of a source changed after the caller looked it up; nothing was kept.
    #[error(
        "another command changed source {source_id} at the same time, so this result was not stored; try again"
    )]
    Stale {
        /// The source.
        source_id: SourceId,
    },
    /// What is kept of a person, or how much may be asked of anybody, changed after the caller looked it up; nothing was
    /// kept.
    #[error(
        "another message or command changed subscriber {shown} at the same time, so this one was not kept; try again"
    )]
    Overtaken {
        /// The address with most of it hidden.
        shown: String,
    },
    /// Another worker took the same work further after this one looked it up; nothing was kept.
    #[error("{what} by another worker at the same time, so this was not kept; try again")]
    Superseded {
        /// What is so by now.
        what: &'static str,
    },
    /// What is said of a mail comes from a sender whose lease of it ended; nothing was kept.
    #[error("this sender no longer holds the lease of mail {mail}, so its outcome was not stored")]
    LeaseLost {
        /// The mail.
        mail: MailId,
    },
    /// What was to be written belongs to a claim that another worker has by now; nothing was kept.
    #[error(
        "another worker took over \"{claim}\" because this one was not heard of for too long, so this was not stored; try again"
    )]
    ClaimLost {
        /// What was claimed.
        claim: String,
    },
    /// A daemon with another configuration than the one in force claims nothing.
    #[error(
        "generation {generation} of the configuration is in force, and this daemon has another one; bring its files up to date and run `regwatch reload`"
    )]
    NotAdopted {
        /// The number of the configuration in force.
        generation: u32,
    },
    /// It was closed, or its writer ended.
    #[error("the store is closed")]
    Closed,
    /// A record of a later version of the program.
    #[error(
        "{what} {key} has record version {found}, this program knows up to {known}; use a newer regwatch"
    )]
    Newer {
        /// The kind of record.
        what: &'static str,
        /// Its key.
        key: String,
        /// The version found.
        found: u8,
        /// The newest version known.
        known: u8,
    },
    /// A record that does not say what it should.
    #[error("{what} {key} cannot be read: {reason}")]
    Undecodable {
        /// The kind of record.
        what: &'static str,
        /// Its key.
        key: String,
        /// Why.
        reason: String,
    },
    /// A body that is referred to and is not there, or not as it was stored.
    #[error("body {hash} is damaged: {reason}")]
    DamagedBody {
        /// Its SHA-256.
        hash: String,
        /// Why.
        reason: String,
    },
    /// A key or value beyond what survives power cuts.
    #[error("{what} {key} is {bytes} bytes, expected at most {limit}")]
    TooLarge {
        /// The kind of record.
        what: &'static str,
        /// Its key.
        key: String,
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// Nothing by this id.
    #[error("no {what} {id}")]
    NotFound {
        /// The kind of record.
        what: &'static str,
        /// The id or its beginning.
        id: String,
    },
    /// More than one by this beginning of an id.
    #[error("{id} is the beginning of {count} {what} ids; give more of it")]
    Ambiguous {
        /// The kind of record.
        what: &'static str,
        /// The beginning given.
        id: String,
        /// How many begin so.
        count: usize,
    },
}

impl StoreError {
    pub(super) fn not_of_server(command: &'static str, instead: &'static str) -> Self {
        Self::NotOfServer { command, instead }
    }

    /// Whether a step of somebody else came before, so that this one is to be computed anew.
    #[must_use]
    pub fn is_overtaken(&self) -> bool {
        matches!(self, Self::Stale { .. } | Self::Overtaken { .. } | Self::Superseded { .. })
    }

    /// Whether it is about one record, or what it refers to, and all others may be well.
    #[must_use]
    pub fn is_of_record(&self) -> bool {
        matches!(
            self,
            Self::Undecodable { .. }
                | Self::DamagedBody { .. }
                | Self::Unreadable { .. }
                | Self::Engine { is_unreadable: true, .. }
        )
    }
}
