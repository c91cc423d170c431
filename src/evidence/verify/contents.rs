//! What the chains of a package name: changes, bodies and headers, and what follows from them.

use std::collections::{BTreeSet, HashSet};

use sha2::{Digest as _, Sha256};

use super::chains::ShownChain;
use super::members::{AccountedMembers, Hasher};
use super::{PackageCheck, UnsoundPackage, wrong};
use crate::domain::evidence::{ChainLine, ChainedLine, Silence, ToldChange};
use crate::domain::id::BodyHash;
use crate::evidence::package::{Layout, PackageKind, PackagedSource, pretty};
use crate::evidence::page::change_page;
use crate::evidence::warc::{WarcRecord, write_info};

impl PackageCheck {
    /// The changes, each bound by the line of the read that found it.
    pub(super) fn changes(
        &self,
        members: &mut AccountedMembers,
        chains: &[ShownChain],
    ) -> Result<Vec<ToldChange>, UnsoundPackage> {
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
                let is_bound = |linked: &&ChainedLine| {
                    linked.line.changes.contains(&digest) && linked.line.is_of(&change.evidence)
                };
                let bound = match self.package.kind {
                    PackageKind::Change => chain.shown.last().filter(is_bound),
                    PackageKind::Source | PackageKind::Company => chain.shown.iter().find(is_bound),
                };
                if bound.is_none() {
                    return Err(wrong(
                        &name,
                        "the line of the read that found it does not name it as it is here",
                    ));
                }
                if self.package.kind == PackageKind::Change {
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
        chain: &ShownChain,
        change: &ToldChange,
    ) -> Result<(), UnsoundPackage> {
        let Some(first) = chain.shown.first() else { return Ok(()) };
        if source.anchor.is_some() || first.line.seq == 1 || first.line.is_of(&change.previous) {
            return Ok(());
        }
        Err(wrong(&self.layout.chain(&source.id), "it does not begin with the read before the change"))
    }

    /// Bodies and headers: each is what its name says, and one that lines name; what is not here is said so.
    pub(super) fn contents(
        &mut self,
        members: &mut AccountedMembers,
        chains: &[ShownChain],
        changes: &[ToldChange],
    ) -> Result<(), UnsoundPackage> {
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
        let is_change = self.package.kind == PackageKind::Change;
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
                "{} bodies, headers or changes that lines name are no longer stored, or never were",
                absent.len()
            ));
        }
        Ok(())
    }

    pub(super) fn silence(
        &self,
        members: &mut AccountedMembers,
        chains: &[ShownChain],
    ) -> Result<Vec<Silence>, UnsoundPackage> {
        let Some(range) = self.package.range() else { return Ok(Vec::new()) };
        let of = |(source, chain): (&PackagedSource, &ShownChain)| {
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
    pub(super) fn warc(
        &self,
        members: &mut AccountedMembers,
        chains: &[ShownChain],
    ) -> Result<(), UnsoundPackage> {
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
}
