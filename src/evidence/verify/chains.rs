//! The chains of a package: each from where it may begin to the seal over its end.

use std::collections::BTreeMap;

use chrono::SecondsFormat;

use super::members::AccountedMembers;
use super::{CheckedSeal, PackageCheck, UnsoundPackage, wrong};
use crate::domain::evidence::seal::{Seal, SealProof};
use crate::domain::evidence::{Chain, ChainLine, ChainedLine};
use crate::domain::id::BodyHash;
use crate::evidence::package::{Layout, PackageKind, PackagedSource};
use crate::evidence::stamp;

/// The lines of a source: those that are shown, and those up to the seal.
pub(super) struct ShownChain {
    pub(super) shown: Vec<ChainedLine>,
}

impl PackageCheck {
    /// The chain of a source, from where it may begin to the seal.
    pub(super) fn source(
        &mut self,
        members: &mut AccountedMembers,
        source: &PackagedSource,
    ) -> Result<ShownChain, UnsoundPackage> {
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
                (PackageKind::Source | PackageKind::Company, None, None, true) => Ok(ShownChain { shown }),
                _ => Err(wrong(&name, "no read is in it")),
            };
        };
        self.sealed(members, source, &chain)?;
        self.beginning(members, source, &first.line)?;
        Ok(ShownChain { shown })
    }

    /// The end of a chain must be under its seal.
    fn sealed(
        &mut self,
        members: &mut AccountedMembers,
        source: &PackagedSource,
        chain: &Chain,
    ) -> Result<(), UnsoundPackage> {
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
        members: &mut AccountedMembers,
        name: &str,
        source: &PackagedSource,
        number: u64,
    ) -> Result<SealProof, UnsoundPackage> {
        let proof: SealProof = members.json(name)?;
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
    pub(super) fn seal(
        &mut self,
        members: &mut AccountedMembers,
        number: u64,
    ) -> Result<Seal, UnsoundPackage> {
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
        members: &mut AccountedMembers,
        source: &PackagedSource,
        first: &ChainLine,
    ) -> Result<(), UnsoundPackage> {
        let name = self.layout.chain(&source.id);
        if let Some(number) = source.anchor {
            let anchor = self.layout.anchor(&source.id);
            let proof = self.proof(members, &anchor, source, number)?;
            if (proof.head.seq + 1, &proof.head.hash) != (first.seq, &first.previous) {
                return Err(wrong(&anchor, "the chain does not begin after it"));
            }
            self.notes.push(format!("{}: retention removed the lines before read {}", source.id, first.seq));
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

    pub(super) fn checked_seals(
        &mut self,
        members: &mut AccountedMembers,
    ) -> Result<Vec<CheckedSeal>, UnsoundPackage> {
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

fn append(chain: &mut Chain, name: &str, text: &[u8]) -> Result<(), UnsoundPackage> {
    if text.is_empty() {
        return Ok(());
    }
    let Some(lines) = text.strip_suffix(b"\n") else { return Err(wrong(name, "its last line has no end")) };
    for line in lines.split(|byte| *byte == b'\n') {
        chain.append(line).map_err(|broken| wrong(name, broken))?;
    }
    Ok(())
}
