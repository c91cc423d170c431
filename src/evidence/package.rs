//! What a package is about, and where in it what stands.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::id::{BodyHash, ChangeId, CompanyId, InstallationId, SourceId};

/// What every package calls itself.
pub(super) const FORMAT: &str = "regwatch-evidence";

/// The form that is written. What follows from the other members does so by the rules of its form: they never change,
/// another rule is another form.
pub(super) const FORM: u32 = 1;

/// What a package is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PackageKind {
    /// One change.
    Change,
    /// A source over a time.
    Source,
    /// All sources over a time, and what they said of a company.
    Company,
}

/// A company and the names by which it is looked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompanyNames {
    /// Its id.
    pub id: CompanyId,
    /// The names.
    pub names: Vec<String>,
}

/// One source of a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackagedSource {
    /// The source.
    pub id: SourceId,
    /// How far two looks at it may lie apart by its schedule, in seconds; of a change 0.
    pub allowed_distance: i64,
    /// The seal over the end of its chain; nothing where it has none.
    pub seal: Option<u64>,
    /// The seal over the line before its first one, where older lines were let go of.
    pub anchor: Option<u64>,
    /// The changes that its reads found: of a time all of them.
    pub changes: Vec<ChangeId>,
    /// Those of them that concern the company that is asked for.
    pub concerning: Vec<ChangeId>,
}

/// What a package is about: `package.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// [`FORMAT`].
    pub format: String,
    /// [`FORM`].
    pub form: u32,
    /// What it is about.
    pub kind: PackageKind,
    /// Whose reads they are.
    pub installation: InstallationId,
    /// The time that is asked for; of a change nothing.
    pub from: Option<DateTime<Utc>>,
    /// Its end.
    pub to: Option<DateTime<Utc>>,
    /// The company that is asked for.
    pub company: Option<CompanyNames>,
    /// When the change was taken back by a person, where it was.
    pub retracted_at: Option<DateTime<Utc>>,
    /// The SHA-256 of each time stamp, by the number of its seal.
    pub stamps: BTreeMap<u64, BodyHash>,
    /// The sources.
    pub sources: Vec<PackagedSource>,
    /// What chain lines or changes name by its hash and is not here: bodies; of a change also headers, of a time also
    /// changes.
    pub absent: Vec<BodyHash>,
}

impl Package {
    /// An empty one.
    #[must_use]
    pub fn new(kind: PackageKind, installation: InstallationId) -> Self {
        Self {
            format: FORMAT.to_owned(),
            form: FORM,
            kind,
            installation,
            from: None,
            to: None,
            company: None,
            retracted_at: None,
            stamps: BTreeMap::new(),
            sources: Vec::new(),
            absent: Vec::new(),
        }
    }

    /// The changes of a source that are asked for.
    pub(super) fn asked<'a>(&self, source: &'a PackagedSource) -> &'a [ChangeId] {
        if self.kind == PackageKind::Company { &source.concerning } else { &source.changes }
    }

    /// The time that is asked for.
    #[must_use]
    pub fn range(&self) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        self.from.zip(self.to)
    }
}

/// A member's JSON: lines that people read.
pub(super) fn pretty<T: Serialize>(value: &T) -> Vec<u8> {
    // Texts and numbers, all of which JSON has.
    let mut text = serde_json::to_vec_pretty(value).unwrap_or_default();
    text.push(b'\n');
    text
}

/// The names of members.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    kind: PackageKind,
}

#[expect(clippy::unused_self, reason = "all names are asked for in one way")]
impl Layout {
    /// Those of a package of this kind.
    pub(super) fn of(kind: PackageKind) -> Self {
        Self { kind }
    }

    /// What it is about.
    pub(super) const PACKAGE: &'static str = "package.json";
    /// All members with their hashes.
    pub(super) const MANIFEST: &'static str = "manifest.sha256";
    /// How to check it.
    pub(super) const README: &'static str = "README.txt";
    /// The reads whose bodies are here, for programs that replay them.
    pub(super) const WARC: &'static str = "evidence.warc";
    /// How the sources were seen.
    pub(super) const SILENCE: &'static str = "silence.json";

    fn of_source(self, source: &SourceId, name: &str) -> String {
        match self.kind {
            PackageKind::Company => format!("{source}/{name}"),
            PackageKind::Change | PackageKind::Source => name.to_owned(),
        }
    }

    pub(super) fn chain(self, source: &SourceId) -> String {
        self.of_source(source, "chain.jsonl")
    }

    pub(super) fn later(self, source: &SourceId) -> String {
        self.of_source(source, "later.jsonl")
    }

    pub(super) fn proof(self, source: &SourceId) -> String {
        self.of_source(source, "proof.json")
    }

    pub(super) fn anchor(self, source: &SourceId) -> String {
        self.of_source(source, "anchor.json")
    }

    pub(super) fn change(self, id: &ChangeId, ending: &str) -> String {
        match self.kind {
            PackageKind::Change => format!("change.{ending}"),
            PackageKind::Source | PackageKind::Company => format!("changes/{id}.{ending}"),
        }
    }

    pub(super) fn seal(self, number: u64) -> String {
        format!("seals/{number}.json")
    }

    pub(super) fn stamp(self, number: u64) -> String {
        format!("seals/{number}.tsr")
    }

    pub(super) fn body(self, hash: &BodyHash) -> String {
        format!("bodies/{hash}")
    }

    pub(super) fn headers(self, hash: &BodyHash) -> String {
        format!("headers/{hash}.txt")
    }
}
