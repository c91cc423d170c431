//! The store as a whole.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What was found when the store was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opened {
    /// Nothing: a new store was made.
    New,
    /// A store without its mark: of an older program, or brought from elsewhere.
    Adopted,
    /// The store that the mark beside it belongs to.
    Known,
}

/// How large the store is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreSize {
    /// Its files.
    pub bytes: u64,
    /// What a copy of it would not need of that, about.
    pub reclaimable: u64,
    /// Its records, keys and values.
    pub live: u64,
    /// How many these are.
    pub records: u64,
}

/// What the store holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreStats {
    /// Where it lies.
    pub path: PathBuf,
    /// How large it is.
    pub size: StoreSize,
    /// What retention would let go of now.
    pub releasable: Releasable,
    /// Records and bytes by kind, the most bytes first.
    pub kinds: Vec<KindStats>,
    /// The last backup that was taken.
    pub backup: Option<BackupNote>,
}

/// Records of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KindStats {
    /// What they are called in the store.
    pub name: String,
    /// How many.
    pub records: u64,
    /// Keys and values.
    pub bytes: u64,
}

/// What retention would let go of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Releasable {
    /// Mails whose bytes are old enough.
    pub mails: usize,
    /// These bytes, as they lie in the store.
    pub mail_bytes: u64,
    /// Accepted reads whose details are old enough.
    pub reads: usize,
    /// Bodies of accepted states that are old enough.
    pub bodies: usize,
    /// These bytes, as they lie in the store.
    pub body_bytes: u64,
    /// Lines at the beginnings of chains that are old enough.
    #[serde(default)]
    pub chain_lines: usize,
}

/// What a clean-up of bodies found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct GarbageReport {
    /// Bodies something refers to.
    pub kept: usize,
    /// Bodies removed because nothing did.
    pub removed: usize,
}

/// A backup that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupNote {
    /// When.
    pub at: DateTime<Utc>,
    /// The file.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// The hash of what it holds.
    pub sha256: String,
}

/// A backup that was written, or read to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Archived {
    /// The file.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// How many records it holds.
    pub records: u64,
    /// The commits after which it was taken.
    pub commits: u64,
    /// The hash of what it holds.
    pub sha256: String,
}

/// A store that was compacted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compacted {
    /// Where it lies.
    pub path: PathBuf,
    /// How large it was.
    pub bytes_before: u64,
    /// How large it is.
    pub bytes: u64,
    /// How many records it holds.
    pub records: u64,
}
