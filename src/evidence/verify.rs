//! Checking a package: nothing but the file is needed.
//!
//! Each step takes the members that it has accounted for; at the end there must be none left, and the manifest must be
//! the one of those there are, byte for byte.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use zip::ZipArchive;

use super::derived::{README, manifest};
use super::package::{FORM, FORMAT, Kind, Layout, Package, PackagedSource, pretty};
use super::page::change_page;
use super::stamp;
use super::warc::{WarcRecord, write_info};
use crate::domain::evidence::seal::{Proof, Seal};
use crate::domain::evidence::{Chain, ChainLine, Linked, Silence, ToldChange};
use crate::domain::id::BodyHash;

/// A member that is looked into is no larger; bodies and the WARC file are only hashed.
const MAX_BYTES: u64 = 1 << 30;

/// Nor is any other: of a few kilobytes petabytes can be unpacked.
const MAX_HASHED_BYTES: u64 = 1 << 36;

/// Why a package is not sound.
#[derive(Debug, thiserror::Error)]
pub enum Unsound {
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
pub struct Checked {
    /// What it is about.
    pub kind: Kind,
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

fn wrong(member: &str, reason: impl std::fmt::Display) -> Unsound {
    Unsound::Member { member: member.to_owned(), reason: reason.to_string() }
}

/// Checks a package.
///
/// # Errors
/// The first thing that is not as it must be.
pub fn verify(path: &Path) -> Result<Checked, Unsound> {
    let mut members = Members::open(path)?;
    let package: Package = members.json(Layout::PACKAGE)?;
    if package.format != FORMAT || package.form != FORM {
        return Err(wrong(
            Layout::PACKAGE,
            format!("expected the format {FORMAT}, form {FORM}; use a newer regwatch"),
        ));
    }
    members.is(Layout::README, README.as_bytes())?;
    let mut check =
        Check { layout: Layout::of(package.kind), package, seals: BTreeMap::new(), notes: Vec::new() };
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
    Ok(Checked {
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

/// The lines of a source: those that are shown, and those up to the seal.
struct Shown {
    shown: Vec<Linked>,
}

struct Check {
    package: Package,
    layout: Layout,
    /// The seals that are named, with their JSON.
    seals: BTreeMap<u64, (Seal, Vec<u8>)>,
    notes: Vec<String>,
}

impl Check {
    /// Whether what is asked for is named as it must be for its kind.
    fn shape(&self) -> Result<(), Unsound> {
        let Package { kind, sources, company, from, to, retracted_at, .. } = &self.package;
        let ids: BTreeSet<_> = sources.iter().map(|source| &source.id).collect();
        let is_right = ids.len() == sources.len()
            && match kind {
                Kind::Change => {
                    sources.len() == 1
                        && sources[0].changes.len() == 1
                        && sources[0].allowed_distance == 0
                        && from.is_none()
                        && to.is_none()
                }
                Kind::Source => {
                    sources.len() == 1 && retracted_at.is_none() && from.is_some() && to.is_some()
                }
                Kind::Company => retracted_at.is_none() && from.is_some() && to.is_some(),
            }
            && company.is_some() == (*kind == Kind::Company)
            && sources.iter().all(|source| {
                let is_among = |id| source.changes.contains(id);
                source.concerning.iter().all(is_among)
                    && (source.concerning.is_empty() || *kind == Kind::Company)
            });
        if is_right {
            Ok(())
        } else {
            Err(wrong(Layout::PACKAGE, "it is not what a package of its kind names"))
        }
    }

    /// The chain of a source, from where it may begin to the seal.
    fn source(&mut self, members: &mut Members, source: &PackagedSource) -> Result<Shown, Unsound> {
        let name = self.layout.chain(&source.id);
        let text = members.take(&name)?;
        let mut chain = Chain::default();
        append(&mut chain, &name, &text)?;
        let shown = chain.lines().to_vec();
        let later = self.layout.later(&source.id);
        if members.has(&later) {
            let text = members.take(&later)?;
            append(&mut chain, &later, &text)?;
            if chain.lines().len() == shown.len() {
                return Err(wrong(&later, "it is empty"));
            }
        }
        if let Some(other) = shown.iter().find(|linked| linked.line.source != source.id) {
            return Err(wrong(&name, format!("it is of {}, expected {}", other.line.source, source.id)));
        }
        let Some(first) = shown.first() else {
            return match (self.package.kind, source.seal, source.anchor, chain.lines().is_empty()) {
                (Kind::Source | Kind::Company, None, None, true) => Ok(Shown { shown }),
                _ => Err(wrong(&name, "no read is in it")),
            };
        };
        self.sealed(members, source, &chain)?;
        self.beginning(members, source, &first.line)?;
        Ok(Shown { shown })
    }

    /// The end of a chain must be under its seal.
    fn sealed(
        &mut self,
        members: &mut Members,
        source: &PackagedSource,
        chain: &Chain,
    ) -> Result<(), Unsound> {
        let name = self.layout.proof(&source.id);
        let Some(number) = source.seal else {
            return Err(wrong(&name, "no seal is named over the end of the chain"));
        };
        let proof = self.proof(members, &name, source, number)?;
        let last = chain.lines().last().map(|linked| (linked.line.seq, &linked.hash));
        if last != Some((proof.head.seq, &proof.head.hash)) {
            return Err(wrong(&name, format!("the end of the chain is not the head under seal {number}")));
        }
        Ok(())
    }

    fn proof(
        &mut self,
        members: &mut Members,
        name: &str,
        source: &PackagedSource,
        number: u64,
    ) -> Result<Proof, Unsound> {
        let proof: Proof = members.json(name)?;
        if proof.head.source != source.id {
            return Err(wrong(name, format!("it is of {}, expected {}", proof.head.source, source.id)));
        }
        let seal = self.seal(members, number)?;
        if !proof.is_under(&seal) {
            return Err(wrong(name, format!("it does not lead to the root of seal {number}")));
        }
        Ok(proof)
    }

    /// A seal, which is read once.
    fn seal(&mut self, members: &mut Members, number: u64) -> Result<Seal, Unsound> {
        if let Some((seal, _)) = self.seals.get(&number) {
            return Ok(seal.clone());
        }
        let name = self.layout.seal(number);
        let text = members.take(&name)?;
        let seal: Seal = serde_json::from_slice(&text).map_err(|error| wrong(&name, error))?;
        if seal.text().as_bytes() != text || seal.seal != number {
            return Err(wrong(&name, "it is not written as a seal is"));
        }
        if seal.installation != self.package.installation {
            return Err(wrong(&name, "it is of another installation"));
        }
        self.seals.insert(number, (seal.clone(), text));
        Ok(seal)
    }

    /// A chain begins with its first line of all, after a sealed head, or where what is asked for begins.
    fn beginning(
        &mut self,
        members: &mut Members,
        source: &PackagedSource,
        first: &ChainLine,
    ) -> Result<(), Unsound> {
        let name = self.layout.chain(&source.id);
        if let Some(number) = source.anchor {
            let anchor = self.layout.anchor(&source.id);
            let proof = self.proof(members, &anchor, source, number)?;
            if (proof.head.seq + 1, &proof.head.hash) != (first.seq, &first.previous) {
                return Err(wrong(&anchor, "the chain does not begin after it"));
            }
            self.notes.push(format!("{}: lines before read {} were let go of", source.id, first.seq));
            return Ok(());
        }
        if first.seq == 1 {
            self.notes.push(format!(
                "{}: its chain begins at {}",
                source.id,
                first.at.to_rfc3339_opts(SecondsFormat::Secs, true)
            ));
            return Ok(());
        }
        // The read before a change is looked at with the change.
        match self.package.range() {
            Some((from, _)) if first.at > from => Err(wrong(
                &name,
                "reads between the beginning of the time asked for and its first line are missing",
            )),
            _ => Ok(()),
        }
    }

    /// The changes, each bound by the line of the read that found it.
    fn changes(&self, members: &mut Members, chains: &[Shown]) -> Result<Vec<ToldChange>, Unsound> {
        let mut changes = Vec::new();
        for (source, chain) in self.package.sources.iter().zip(chains) {
            for id in &source.changes {
                let name = self.layout.change(id, "json");
                let text = members.take(&name)?;
                let change: ToldChange =
                    serde_json::from_slice(&text).map_err(|error| wrong(&name, error))?;
                if change.text().as_bytes() != text || change.id != *id || change.source != source.id {
                    return Err(wrong(&name, "it is not written as a change is"));
                }
                let digest = BodyHash::of(&text);
                let is_bound = |linked: &&Linked| {
                    linked.line.changes.contains(&digest) && linked.line.is_of(&change.evidence)
                };
                let bound = match self.package.kind {
                    Kind::Change => chain.shown.last().filter(is_bound),
                    Kind::Source | Kind::Company => chain.shown.iter().find(is_bound),
                };
                if bound.is_none() {
                    return Err(wrong(
                        &name,
                        "the line of the read that found it does not name it as it is here",
                    ));
                }
                if self.package.kind == Kind::Change {
                    self.read_before(source, chain, &change)?;
                }
                let page = self.layout.change(id, "html");
                members.is(&page, change_page(&change, self.package.retracted_at).as_bytes())?;
                changes.push(change);
            }
        }
        Ok(changes)
    }

    /// The chain of a change begins with the read before it, unless it or its chain begins later.
    fn read_before(
        &self,
        source: &PackagedSource,
        chain: &Shown,
        change: &ToldChange,
    ) -> Result<(), Unsound> {
        let Some(first) = chain.shown.first() else { return Ok(()) };
        if source.anchor.is_some() || first.line.seq == 1 || first.line.is_of(&change.previous) {
            return Ok(());
        }
        Err(wrong(&self.layout.chain(&source.id), "it does not begin with the read before the change"))
    }

    /// Bodies and headers: each is what its name says, and one that lines name; what is not here is said so.
    fn contents(
        &mut self,
        members: &mut Members,
        chains: &[Shown],
        changes: &[ToldChange],
    ) -> Result<(), Unsound> {
        let lines = || chains.iter().flat_map(|chain| &chain.shown).map(|linked| &linked.line);
        let proofs = || changes.iter().flat_map(|change| [&change.evidence, &change.previous]);
        let mut bodies: BTreeSet<&BodyHash> = lines().filter_map(|line| line.body.as_ref()).collect();
        bodies.extend(proofs().map(|evidence| &evidence.sha256));
        let headers: BTreeSet<&BodyHash> = lines().filter_map(|line| line.headers.as_ref()).collect();
        let mut absent: BTreeSet<BodyHash> = BTreeSet::new();
        for hash in bodies {
            let name = self.layout.body(hash);
            if !members.has(&name) {
                absent.insert(hash.clone());
            } else if members.hash(&name)? != *hash {
                return Err(wrong(&name, "its content is not what its name says"));
            }
        }
        let is_change = self.package.kind == Kind::Change;
        let proving: HashSet<&BodyHash> = lines()
            .filter(|line| proofs().any(|evidence| line.is_of(evidence)))
            .filter_map(|line| line.headers.as_ref())
            .collect();
        for hash in headers {
            let name = self.layout.headers(hash);
            if members.has(&name) {
                if members.hash(&name)? != *hash {
                    return Err(wrong(&name, "its content is not what its name says"));
                }
            } else if is_change && proving.contains(hash) {
                absent.insert(hash.clone());
            }
        }
        // Of a time every change is told, so that nothing can be left out of it.
        if let Some((from, to)) = self.package.range() {
            let told: HashSet<BodyHash> =
                changes.iter().map(|change| BodyHash::of(change.text().as_bytes())).collect();
            let found = lines().filter(|line| line.finds_within(from, to)).flat_map(|line| &line.changes);
            absent.extend(found.filter(|digest| !told.contains(digest)).cloned());
        }
        if let Some(missing) = proofs().find(|evidence| is_change && absent.contains(&evidence.sha256)) {
            return Err(wrong(
                &self.layout.body(&missing.sha256),
                "the body that proves the change is missing",
            ));
        }
        if !absent.iter().eq(&self.package.absent) {
            return Err(wrong(Layout::PACKAGE, "what it says to be absent is not what is missing"));
        }
        if !absent.is_empty() {
            self.notes.push(format!(
                "{} bodies, headers or changes that lines name are not kept any more, or never were",
                absent.len()
            ));
        }
        Ok(())
    }

    fn silence(&self, members: &mut Members, chains: &[Shown]) -> Result<Vec<Silence>, Unsound> {
        let Some(range) = self.package.range() else { return Ok(Vec::new()) };
        let of = |(source, chain): (&PackagedSource, &Shown)| {
            let lines: Vec<ChainLine> = chain.shown.iter().map(|linked| linked.line.clone()).collect();
            Silence::of(
                &source.id,
                &lines,
                range,
                source.allowed_distance,
                self.package.asked(source).to_vec(),
            )
        };
        let silence: Vec<Silence> = self.package.sources.iter().zip(chains).map(of).collect();
        members.is(Layout::SILENCE, &pretty(&silence))?;
        Ok(silence)
    }

    /// The WARC file follows from lines, headers and bodies.
    fn warc(&self, members: &mut Members, chains: &[Shown]) -> Result<(), Unsound> {
        let mut hasher = Hasher(Sha256::new());
        let lines = || chains.iter().flat_map(|chain| &chain.shown).map(|linked| &linked.line);
        if let Some(first) = lines().next() {
            write_info(&mut hasher, first)?;
        }
        for line in lines().filter(|line| WarcRecord::is_of(line)) {
            let (Some(body), Some(headers)) = (&line.body, &line.headers) else { continue };
            let (body, headers) = (self.layout.body(body), self.layout.headers(headers));
            if !members.has(&body) || !members.has(&headers) {
                continue;
            }
            let (body, headers) = (members.content(&body)?, members.content(&headers)?);
            let headers = String::from_utf8_lossy(&headers);
            WarcRecord { line, headers: &headers, body: &body }.write(&mut hasher)?;
        }
        if members.hash(Layout::WARC)? != BodyHash::from_digest(&hasher.0.finalize()) {
            return Err(wrong(Layout::WARC, "it does not say what the other members say"));
        }
        Ok(())
    }

    fn checked_seals(&mut self, members: &mut Members) -> Result<Vec<CheckedSeal>, Unsound> {
        let (mut checked, mut stamps) = (Vec::new(), BTreeMap::new());
        for (number, (seal, text)) in &self.seals {
            let name = self.layout.stamp(*number);
            let stamped = if members.has(&name) {
                let answer = members.take(&name)?;
                stamps.insert(*number, BodyHash::of(&answer));
                Some(stamp::read(&answer, text).map_err(|error| wrong(&name, error))?)
            } else {
                None
            };
            match &stamped {
                None => self
                    .notes
                    .push(format!("seal {number} has no time stamp: it shows consistency, and no time")),
                Some(stamped) if !stamped.is_checked => self.notes.push(format!(
                    "seal {number}: the signature of its time stamp is of a kind this program does not check"
                )),
                Some(_) => {}
            }
            checked.push(CheckedSeal {
                seal: *number,
                at: seal.at,
                stamped_at: stamped.as_ref().map(|stamped| stamped.at),
                stamped_by: stamped.map(|stamped| stamped.signer),
            });
        }
        if stamps != self.package.stamps {
            return Err(wrong(Layout::PACKAGE, "the time stamps are not those that it names"));
        }
        Ok(checked)
    }
}

fn append(chain: &mut Chain, name: &str, text: &[u8]) -> Result<(), Unsound> {
    if text.is_empty() {
        return Ok(());
    }
    let Some(lines) = text.strip_suffix(b"\n") else { return Err(wrong(name, "its last line has no end")) };
    for line in lines.split(|byte| *byte == b'\n') {
        chain.append(line).map_err(|broken| wrong(name, broken))?;
    }
    Ok(())
}

struct Hasher(Sha256);

impl Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The members of a file, of which each must be accounted for.
struct Members {
    zip: ZipArchive<BufReader<File>>,
    names: BTreeSet<String>,
    hashes: BTreeMap<String, BodyHash>,
}

impl Members {
    fn open(path: &Path) -> Result<Self, Unsound> {
        let unreadable = |error: zip::result::ZipError| Unsound::Unreadable(error.to_string());
        let mut file = BufReader::new(File::open(path)?);
        let listed = entries(&mut file)?;
        let mut zip = ZipArchive::new(file).map_err(unreadable)?;
        // A name that stands in the file twice would be read by one program here and by another there.
        if listed.is_some_and(|listed| listed != zip.len()) {
            return Err(Unsound::Unreadable("a name stands in it twice".to_owned()));
        }
        let mut names = BTreeSet::new();
        for index in 0..zip.len() {
            let member = zip.by_index_raw(index).map_err(unreadable)?;
            let name = member.name().map_err(unreadable)?.into_owned();
            // Whoever zips a folder anew has an entry for each folder in it.
            if member.is_dir() && member.size() == 0 {
                continue;
            }
            names.insert(name);
        }
        Ok(Self { zip, names, hashes: BTreeMap::new() })
    }

    fn has(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    fn read(&mut self, name: &str, out: &mut dyn Write, limit: u64) -> Result<(), Unsound> {
        let member = self.zip.by_name(name).map_err(|_| wrong(name, "it is missing"))?;
        let read = io::copy(&mut member.take(limit + 1), out).map_err(|error| wrong(name, error))?;
        if read > limit {
            return Err(wrong(name, format!("it has more than {limit} bytes")));
        }
        Ok(())
    }

    /// The content of a member, which is accounted for by this or otherwise.
    fn content(&mut self, name: &str) -> Result<Vec<u8>, Unsound> {
        let mut content = Vec::new();
        self.read(name, &mut content, MAX_BYTES)?;
        Ok(content)
    }

    /// The content of a member, which is accounted for.
    fn take(&mut self, name: &str) -> Result<Vec<u8>, Unsound> {
        let content = self.content(name)?;
        self.hashes.insert(name.to_owned(), BodyHash::of(&content));
        Ok(content)
    }

    /// The hash of a member, which is accounted for.
    fn hash(&mut self, name: &str) -> Result<BodyHash, Unsound> {
        let mut hasher = Hasher(Sha256::new());
        self.read(name, &mut hasher, MAX_HASHED_BYTES)?;
        let hash = BodyHash::from_digest(&hasher.0.finalize());
        self.hashes.insert(name.to_owned(), hash.clone());
        Ok(hash)
    }

    /// A member that can say nothing else.
    fn is(&mut self, name: &str, expected: &[u8]) -> Result<(), Unsound> {
        if self.take(name)? == expected {
            return Ok(());
        }
        Err(wrong(name, "it does not follow from the other members"))
    }

    /// A member of JSON, written as it is always written.
    fn json<T: DeserializeOwned + Serialize>(&mut self, name: &str) -> Result<T, Unsound> {
        let text = self.take(name)?;
        let value: T = serde_json::from_slice(&text).map_err(|error| wrong(name, error))?;
        if pretty(&value) != text {
            return Err(wrong(name, "it is not written as it always is"));
        }
        Ok(value)
    }

    /// Nothing may be left, and the manifest must list what there is.
    fn finish(mut self) -> Result<usize, Unsound> {
        let manifest = manifest(&self.hashes);
        let found = self.content(Layout::MANIFEST)?;
        if found != manifest.as_bytes() {
            let listed = String::from_utf8_lossy(&found);
            let other = manifest.lines().find(|line| !listed.lines().any(|listed| listed == *line));
            let about = other.map_or("its lines", |line| line.split("  ").nth(1).unwrap_or(line));
            return Err(wrong(
                Layout::MANIFEST,
                format!("it is not the list of the members: look at {about}"),
            ));
        }
        let known = |name: &&String| *name != Layout::MANIFEST && !self.hashes.contains_key(*name);
        match self.names.iter().find(known) {
            Some(name) => Err(wrong(name, "nothing names it")),
            None => Ok(self.names.len()),
        }
    }
}

/// How many entries the end of a ZIP says that it has; `None` where it says so elsewhere (ZIP64).
fn entries(file: &mut (impl Read + Seek)) -> Result<Option<usize>, Unsound> {
    const MARK: &[u8] = b"PK\x05\x06";
    const LONGEST: u64 = 22 + 65_535;
    let length = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(length.saturating_sub(LONGEST)))?;
    let mut end = Vec::new();
    file.read_to_end(&mut end)?;
    file.seek(SeekFrom::Start(0))?;
    let at = end.windows(4).rposition(|bytes| bytes == MARK);
    let at = at.ok_or_else(|| Unsound::Unreadable("it is no ZIP".to_owned()))?;
    let count = end.get(at + 10..at + 12).map(|bytes| u16::from_le_bytes([bytes[0], bytes[1]]));
    Ok(count.filter(|count| *count != u16::MAX).map(usize::from))
}
