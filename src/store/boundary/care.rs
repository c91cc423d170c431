//! What looking after the store finds and does.

use std::path::PathBuf;

use serde::Serialize;

use crate::domain::id::InstallationId;

/// What a look at the whole store found.
#[derive(Debug, Clone, Serialize)]
pub struct Verified {
    /// Where it lies.
    pub path: PathBuf,
    /// Whether all of it is there and can be read.
    pub is_sound: bool,
    /// Whose it is.
    pub installation: Option<InstallationId>,
    /// The steps that were kept in it.
    pub commits: u64,
    /// How long its log is.
    pub log_bytes: u64,
    /// What it holds.
    pub trees: Vec<TreeCount>,
    /// Why it would not be opened.
    pub findings: Vec<String>,
    /// What looks odd and is of no account.
    pub notes: Vec<String>,
    /// Records that cannot be read, or refer to what is not there.
    pub records: Vec<RecordFault>,
}

/// How many records of a kind there are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TreeCount {
    /// What they are called in the store.
    pub name: &'static str,
    /// What one of them is.
    pub what: &'static str,
    /// Those that can be read.
    pub records: u64,
    /// Those that should be there, where that is known.
    pub expected: Option<u64>,
}

/// A record that cannot be read, or refers to what is not there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct RecordFault {
    /// Among which records.
    pub tree: &'static str,
    /// What it is.
    pub what: &'static str,
    /// Its key, as far as people can read it.
    pub key: String,
    /// Why.
    pub reason: String,
}

/// What may be done to a store.
#[derive(Debug, Clone, Copy, Default)]
pub struct RepairWishes {
    /// It is to be done; otherwise it is only told.
    pub apply: bool,
    /// A store that is behind its mark is taken as it is.
    pub accept_older: bool,
    /// Another installation's store is taken as this one's.
    pub accept_foreign: bool,
}

/// What was done to a store, or would be.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Repaired {
    /// Where it lies.
    pub path: PathBuf,
    /// Whether it was done.
    pub is_applied: bool,
    /// What; empty where there is nothing to do.
    pub deeds: Vec<String>,
    /// What is lost.
    pub lost: Vec<String>,
    /// Records that were removed, or refer to what is lost.
    pub records: Vec<RecordFault>,
    /// Where the damaged database is kept.
    pub aside: Option<PathBuf>,
}
