//! Writing what was gathered.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::gather::{GatheredSource, PackageMaterial};
use super::{Exported, ProveError, Prover};
use crate::domain::evidence::seal::SealProof;
use crate::domain::evidence::{ChainLine, headers_text};
use crate::domain::id::{BodyHash, SourceId};
use crate::evidence::{PackageContents, PackageKind, PackageWriter};
use crate::store::{Sealed, Stamp, StoreError};

impl Prover {
    pub(super) async fn write(
        &self,
        gathered: &PackageMaterial,
        path: &Path,
    ) -> Result<Exported, ProveError> {
        let of_file = |source: io::Error| ProveError::File { path: path.to_owned(), source };
        let mut package = gathered.package.clone();
        let headers = self.headers(gathered).await?;
        let file = OpenOptions::new().write(true).read(true).create_new(true).mode(0o600).open(path);
        let mut contents = PackageContents::new(PackageWriter::new(file.map_err(of_file)?), package.kind);
        let mut absent = BTreeSet::new();
        for hash in gathered.bodies() {
            match self.0.store.body(hash).await? {
                Some(body) => contents.body(hash, &body).map_err(of_file)?,
                None => drop(absent.insert(hash.clone())),
            }
        }
        let proving = gathered.proving_headers();
        for hash in gathered.lines().filter_map(|line| line.headers.as_ref()).collect::<BTreeSet<_>>() {
            match headers.get(hash) {
                Some(text) => contents.headers(hash, text).map_err(of_file)?,
                None if proving.contains(hash) => drop(absent.insert(hash.clone())),
                None => {}
            }
        }
        absent.extend(gathered.untold());
        let mut stamps = BTreeMap::new();
        package.absent = absent.into_iter().collect();
        for (packaged, of_source) in package.sources.iter().zip(&gathered.sources) {
            contents.chain(&packaged.id, &of_source.lines, &of_source.later).map_err(of_file)?;
            for (sealed, is_anchor) in [(&of_source.seal, false), (&of_source.anchor, true)]
                .into_iter()
                .filter_map(|(seal, is_anchor)| seal.as_ref().map(|seal| (seal, is_anchor)))
            {
                let stamp = add_seal(&mut contents, &packaged.id, sealed, is_anchor).map_err(of_file)?;
                stamps.extend(stamp.map(|stamp| (sealed.0.seal.seal, stamp)));
            }
            for change in &of_source.changes {
                contents.change(change, package.retracted_at).map_err(of_file)?;
            }
        }
        package.stamps = stamps;
        self.warc(&mut contents, gathered, &headers, &package.absent).await?.map_err(of_file)?;
        let chains: Vec<&[ChainLine]> = gathered.sources.iter().map(|of| &of.lines[..]).collect();
        contents.silence(&package, &chains).map_err(of_file)?;
        let file = contents.finish(&package).map_err(of_file)?;
        Ok(Exported {
            path: path.to_owned(),
            bytes: file.metadata().map_err(of_file)?.len(),
            lines: gathered.lines().count(),
            changes: gathered.sources.iter().map(|of| of.changes.len()).sum(),
            is_stamped: gathered
                .sources
                .iter()
                .filter_map(|of| of.seal.as_ref())
                .all(|(_, stamp)| stamp.is_some()),
            notes: gathered.notes.clone(),
        })
    }

    /// The headers that are kept with accepted and with quarantined reads, by their hash.
    async fn headers(&self, gathered: &PackageMaterial) -> Result<HashMap<BodyHash, String>, StoreError> {
        let mut texts = HashMap::new();
        for packaged in &gathered.package.sources {
            let snapshots = self.0.store.snapshots(&packaged.id, usize::MAX).await?;
            let held = self.0.store.quarantined(&packaged.id).await?;
            let of_snapshots = snapshots.iter().map(|snapshot| &snapshot.response.headers);
            for headers in of_snapshots.chain(held.iter().map(|held| &held.headers)) {
                let text = headers_text(headers);
                texts.insert(BodyHash::of(text.as_bytes()), text);
            }
        }
        Ok(texts)
    }

    async fn warc(
        &self,
        contents: &mut PackageContents,
        gathered: &PackageMaterial,
        headers: &HashMap<BodyHash, String>,
        absent: &[BodyHash],
    ) -> Result<io::Result<()>, StoreError> {
        let mut warc = match contents.warc(gathered.lines().next()) {
            Ok(warc) => warc,
            Err(error) => return Ok(Err(error)),
        };
        for line in gathered.lines() {
            let (Some(body), Some(headers)) =
                (&line.body, line.headers.as_ref().and_then(|hash| headers.get(hash)))
            else {
                continue;
            };
            if !warc.wants(line) || absent.contains(body) {
                continue;
            }
            let Some(body) = self.0.store.body(body).await? else { continue };
            if let Err(error) = warc.add(line, headers, &body) {
                return Ok(Err(error));
            }
        }
        warc.end();
        Ok(Ok(()))
    }
}

impl PackageMaterial {
    fn lines(&self) -> impl Iterator<Item = &ChainLine> {
        self.sources.iter().flat_map(|of| &of.lines)
    }

    /// All bodies that lines or changes name, each once, in the order of their hashes.
    fn bodies(&self) -> BTreeSet<&BodyHash> {
        let of_changes = self.sources.iter().flat_map(|of| &of.changes);
        let of_changes = of_changes.flat_map(|change| [&change.evidence.sha256, &change.previous.sha256]);
        self.lines().filter_map(|line| line.body.as_ref()).chain(of_changes).collect()
    }

    /// The changes of a time that lines name and that are not told.
    fn untold(&self) -> BTreeSet<BodyHash> {
        let Some((from, to)) = self.package.range() else { return BTreeSet::new() };
        let told = self.sources.iter().flat_map(|of| &of.changes);
        let told: BTreeSet<BodyHash> = told.map(|change| BodyHash::of(change.text().as_bytes())).collect();
        let found = self.lines().filter(|line| line.finds_within(from, to)).flat_map(|line| &line.changes);
        found.filter(|digest| !told.contains(digest)).cloned().collect()
    }

    /// The headers of the reads that prove a change.
    fn proving_headers(&self) -> BTreeSet<&BodyHash> {
        if self.package.kind != PackageKind::Change {
            return BTreeSet::new();
        }
        let is_proof = |of: &GatheredSource, line: &ChainLine| {
            of.changes.iter().any(|change| line.is_of(&change.evidence) || line.is_of(&change.previous))
        };
        let lines = self.sources.iter().flat_map(|of| of.lines.iter().filter(move |line| is_proof(of, line)));
        lines.filter_map(|line| line.headers.as_ref()).collect()
    }
}

fn add_seal(
    contents: &mut PackageContents,
    source: &SourceId,
    (sealed, stamp): &(Sealed, Option<Stamp>),
    is_anchor: bool,
) -> io::Result<Option<BodyHash>> {
    let broken = || io::Error::other(format!("{source} is not under seal {}", sealed.seal.seal));
    let proof = SealProof::of(source, &sealed.seal, &sealed.heads).ok_or_else(broken)?;
    let answer = stamp.as_ref().map(|stamp| STANDARD.decode(&stamp.answer)).transpose();
    let answer = answer.map_err(io::Error::other)?;
    contents.seal(&proof, &sealed.seal, answer.as_deref(), is_anchor)?;
    Ok(answer.map(|answer| BodyHash::of(&answer)))
}
