//! What stands in a package, put where [`super::verify()`] looks for it.

use std::fs::File;
use std::io;

use chrono::{DateTime, Utc};

use super::derived::README;
use super::pack::{PackageMember, PackageWriter};
use super::package::{Layout, Package, PackageKind, pretty};
use super::page::change_page;
use super::warc::{WarcRecord, write_info};
use crate::domain::evidence::seal::{Seal, SealProof};
use crate::domain::evidence::{ChainLine, Silence, ToldChange};
use crate::domain::id::{BodyHash, SourceId};

/// A package that is being filled.
#[derive(Debug)]
pub struct PackageContents {
    packer: PackageWriter,
    layout: Layout,
}

/// The WARC file of a package.
#[derive(Debug)]
pub struct Warc<'a>(PackageMember<'a>);

impl PackageContents {
    /// Begins a package of a kind.
    #[must_use]
    pub fn new(packer: PackageWriter, kind: PackageKind) -> Self {
        Self { packer, layout: Layout::of(kind) }
    }

    /// Adds a body.
    ///
    /// # Errors
    /// The system's; so of all that follow.
    pub fn body(&mut self, hash: &BodyHash, body: &[u8]) -> io::Result<()> {
        self.packer.add(&self.layout.body(hash), body)
    }

    /// Adds headers.
    ///
    /// # Errors
    /// The system's.
    pub fn headers(&mut self, hash: &BodyHash, text: &str) -> io::Result<()> {
        self.packer.add(&self.layout.headers(hash), text.as_bytes())
    }

    /// Adds the chain of a source, and its lines from there to the seal.
    ///
    /// # Errors
    /// The system's.
    pub fn chain(&mut self, source: &SourceId, lines: &[ChainLine], later: &[ChainLine]) -> io::Result<()> {
        self.packer.add(&self.layout.chain(source), text_of(lines).as_bytes())?;
        if !later.is_empty() {
            self.packer.add(&self.layout.later(source), text_of(later).as_bytes())?;
        }
        Ok(())
    }

    /// Adds a seal, that a head is under it, and what an authority answered to it.
    ///
    /// # Errors
    /// The system's.
    pub fn seal(
        &mut self,
        proof: &SealProof,
        seal: &Seal,
        answer: Option<&[u8]>,
        is_anchor: bool,
    ) -> io::Result<()> {
        let source = &proof.head.source;
        let name = if is_anchor { self.layout.anchor(source) } else { self.layout.proof(source) };
        self.packer.add(&name, &pretty(proof))?;
        self.packer.add(&self.layout.seal(seal.seal), seal.text().as_bytes())?;
        match answer {
            Some(answer) => self.packer.add(&self.layout.stamp(seal.seal), answer),
            None => Ok(()),
        }
    }

    /// Adds a change, and its page.
    ///
    /// # Errors
    /// The system's.
    pub fn change(&mut self, change: &ToldChange, retracted_at: Option<DateTime<Utc>>) -> io::Result<()> {
        self.packer.add(&self.layout.change(&change.id, "json"), change.text().as_bytes())?;
        let page = change_page(change, retracted_at);
        self.packer.add(&self.layout.change(&change.id, "html"), page.as_bytes())
    }

    /// Begins the WARC file.
    ///
    /// # Errors
    /// The system's.
    pub fn warc(&mut self, first: Option<&ChainLine>) -> io::Result<Warc<'_>> {
        let mut member = self.packer.begin(Layout::WARC)?;
        if let Some(first) = first {
            write_info(&mut member, first)?;
        }
        Ok(Warc(member))
    }

    /// Adds how the sources were seen, where a time is asked for.
    ///
    /// # Errors
    /// The system's.
    pub fn silence(&mut self, package: &Package, chains: &[&[ChainLine]]) -> io::Result<()> {
        let Some(range) = package.range() else { return Ok(()) };
        let silence: Vec<Silence> = package
            .sources
            .iter()
            .zip(chains)
            .map(|(source, lines)| {
                Silence::of(&source.id, lines, range, source.allowed_distance, package.asked(source).to_vec())
            })
            .collect();
        self.packer.add(Layout::SILENCE, &pretty(&silence))
    }

    /// Adds what the package is about, and the manifest.
    ///
    /// # Errors
    /// The system's.
    pub fn finish(mut self, package: &Package) -> io::Result<File> {
        self.packer.add(Layout::PACKAGE, &pretty(package))?;
        self.packer.add(Layout::README, README.as_bytes())?;
        self.packer.finish()
    }
}

impl Warc<'_> {
    /// Whether a read belongs into it.
    #[must_use]
    pub fn wants(&self, line: &ChainLine) -> bool {
        WarcRecord::is_of(line)
    }

    /// Adds a read.
    ///
    /// # Errors
    /// The system's.
    pub fn add(&mut self, line: &ChainLine, headers: &str, body: &[u8]) -> io::Result<()> {
        WarcRecord { line, headers, body }.write(&mut self.0)
    }

    /// Ends it.
    pub fn end(self) {
        self.0.end();
    }
}

fn text_of(lines: &[ChainLine]) -> String {
    lines.iter().fold(String::new(), |mut text, line| {
        text.push_str(&line.text());
        text.push('\n');
        text
    })
}
