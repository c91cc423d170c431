//! What the store cannot do, in words that name the place.

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
    /// A write was acknowledged without having been forced to the disk.
    #[error(
        "the store {path} does not force its writes to the disk; this build must not be used, a power cut would lose what it acknowledged"
    )]
    NotDurable {
        /// The database folder.
        path: String,
    },
    /// The engine failed.
    #[error("the store failed")]
    Engine(#[from] sled::Error),
    /// The disk refused a write: what was acknowledged stands, but nothing more can be promised.
    #[error(
        "the store takes no more writes since the disk refused one ({reason}); restart once the disk is well"
    )]
    DiskFailed {
        /// What the engine said.
        reason: String,
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
