//! Checking a package: nothing but the file is needed.
//!
//! Each step takes the members that it has accounted for; at the end there must be none left, and the manifest must be
//! the one of those there are, byte for byte.

mod chains;
mod contents;
mod members;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::Serialize;

use self::members::AccountedMembers;
use crate::domain::evidence::Silence;
use crate::domain::evidence::seal::Seal;
use crate::evidence::derived::README;
use crate::evidence::package::{FORM, FORMAT, Layout, Package, PackageKind};

/// Why a package is not sound.
#[derive(Debug, thiserror::Error)]
pub enum UnsoundPackage {
    /// It cannot be read.
    #[error("it cannot be read as a package: {0}")]
    Unreadable(String),
    /// The file cannot be read.
    #[error("the file cannot be read")]
    File(#[from] io::Error),
    /// A member is not what it must be.
    #[error("{member}: {reason}")]
    Member {
        /// Which.
        member: String,
        /// Why.
        reason: String,
    },
}

/// What a sound package shows.
#[derive(Debug, Clone, Serialize)]
pub struct VerifiedPackage {
    /// What it is about.
    pub kind: PackageKind,
    /// Whose reads they are.
    pub installation: String,
    /// How many members were checked.
    pub members: usize,
    /// How many reads of how many sources.
    pub lines: usize,
    /// The sources.
    pub sources: Vec<String>,
    /// The changes that it tells.
    pub changes: Vec<String>,
    /// The seals over it.
    pub seals: Vec<CheckedSeal>,
    /// How each source was seen, where that was asked for.
    pub silence: Vec<Silence>,
    /// What else is worth knowing.
    pub notes: Vec<String>,
}

/// A seal over a package.
#[derive(Debug, Clone, Serialize)]
pub struct CheckedSeal {
    /// Its number.
    pub seal: u64,
    /// When it was made, by the installation's own word.
    pub at: DateTime<Utc>,
    /// The time that an authority put to it.
    pub stamped_at: Option<DateTime<Utc>>,
    /// Whose certificate signed that, by its own word.
    pub stamped_by: Option<String>,
}

fn wrong(member: &str, reason: impl std::fmt::Display) -> UnsoundPackage {
    UnsoundPackage::Member { member: member.to_owned(), reason: reason.to_string() }
}

/// Checks a package.
///
/// # Errors
/// The first thing that is not as it must be.
pub fn verify(path: &Path) -> Result<VerifiedPackage, UnsoundPackage> {
    let mut members = AccountedMembers::open(path)?;
    let package: Package = members.json(Layout::PACKAGE)?;
    if package.format != FORMAT || package.form != FORM {
        return Err(wrong(
            Layout::PACKAGE,
            format!("expected the format {FORMAT}, form {FORM}; use a newer regwatch"),
        ));
    }
    members.is(Layout::README, README.as_bytes())?;
    let mut check =
        PackageCheck { layout: Layout::of(package.kind), package, seals: BTreeMap::new(), notes: Vec::new() };
    check.shape()?;
    let mut chains = Vec::new();
    for source in &check.package.sources.clone() {
        chains.push(check.source(&mut members, source)?);
    }
    let seals = check.checked_seals(&mut members)?;
    let changes = check.changes(&mut members, &chains)?;
    check.contents(&mut members, &chains, &changes)?;
    let silence = check.silence(&mut members, &chains)?;
    check.warc(&mut members, &chains)?;
    let count = members.finish()?;
    Ok(VerifiedPackage {
        kind: check.package.kind,
        installation: check.package.installation.to_string(),
        members: count,
        lines: chains.iter().map(|chain| chain.shown.len()).sum(),
        sources: check.package.sources.iter().map(|source| source.id.to_string()).collect(),
        changes: changes.iter().map(|change| change.id.to_string()).collect(),
        seals,
        silence,
        notes: check.notes,
    })
}

struct PackageCheck {
    package: Package,
    layout: Layout,
    /// The seals that are named, with their JSON.
    seals: BTreeMap<u64, (Seal, Vec<u8>)>,
    notes: Vec<String>,
}

impl PackageCheck {
    /// Whether what is asked for is named as it must be for its kind.
    fn shape(&self) -> Result<(), UnsoundPackage> {
        let Package { kind, sources, company, from, to, retracted_at, .. } = &self.package;
        let ids: BTreeSet<_> = sources.iter().map(|source| &source.id).collect();
        let is_right = ids.len() == sources.len()
            && match kind {
                PackageKind::Change => {
                    sources.len() == 1
                        && sources[0].changes.len() == 1
                        && sources[0].allowed_distance == 0
                        && from.is_none()
                        && to.is_none()
                }
                PackageKind::Source => {
                    sources.len() == 1 && retracted_at.is_none() && from.is_some() && to.is_some()
                }
                PackageKind::Company => retracted_at.is_none() && from.is_some() && to.is_some(),
            }
            && company.is_some() == (*kind == PackageKind::Company)
            && sources.iter().all(|source| {
                let is_among = |id| source.changes.contains(id);
                source.concerning.iter().all(is_among)
                    && (source.concerning.is_empty() || *kind == PackageKind::Company)
            });
        if is_right {
            Ok(())
        } else {
            Err(wrong(Layout::PACKAGE, "it is not what a package of its kind names"))
        }
    }
}
