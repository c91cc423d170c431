//! A seal: the heads of all chains at one time, under one hash. Seals are a chain themselves.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::line::nothing_before;
use super::merkle;
use crate::domain::id::{BodyHash, InstallationId, SourceId};
use crate::domain::moment;

/// Heads are sealed at least so often.
const SEALED_EVERY_HOURS: i64 = 24;

/// The last line of a chain at some time. Its JSON is a leaf of the seal's tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainHead {
    /// The source.
    pub source: SourceId,
    /// The line's number.
    pub seq: u64,
    /// The line's SHA-256.
    pub hash: BodyHash,
}

impl ChainHead {
    fn leaf(&self) -> Vec<u8> {
        // Texts and numbers, all of which JSON has.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// What is sealed: its JSON is what an authority puts a time to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seal {
    /// 1 for the first, then counting up.
    pub seal: u64,
    /// When it was made.
    pub at: DateTime<Utc>,
    /// Whose chains they are.
    pub installation: InstallationId,
    /// How many heads there are.
    pub heads: u64,
    /// The root over them.
    pub root: BodyHash,
    /// The SHA-256 of the seal before.
    pub previous: BodyHash,
}

impl Seal {
    /// The seal over heads, after another one or as the first.
    #[must_use]
    pub fn over(
        heads: &[ChainHead],
        previous: Option<&Self>,
        installation: InstallationId,
        at: DateTime<Utc>,
    ) -> Self {
        let leaves: Vec<Vec<u8>> = heads.iter().map(ChainHead::leaf).collect();
        Self {
            seal: previous.map_or(0, |seal| seal.seal) + 1,
            at,
            installation,
            heads: heads.len() as u64,
            root: merkle::root(&leaves),
            previous: previous.map_or_else(nothing_before, Self::hash),
        }
    }

    /// Its JSON, as it is hashed and stamped.
    #[must_use]
    pub fn text(&self) -> String {
        // Texts and numbers, all of which JSON has.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The SHA-256 of its JSON.
    #[must_use]
    pub fn hash(&self) -> BodyHash {
        BodyHash::of(self.text().as_bytes())
    }

    /// Whether another one is due after it.
    #[must_use]
    pub fn is_over(&self, now: DateTime<Utc>) -> bool {
        now - self.at >= Duration::hours(SEALED_EVERY_HOURS) || moment::lies_ahead(self.at, now)
    }
}

/// That a head is under a seal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealProof {
    /// The head.
    #[serde(flatten)]
    pub head: ChainHead,
    /// The SHA-256 of the seal.
    pub under: BodyHash,
    /// Its place among all.
    pub index: u64,
    /// What must be known of the others, from the leaf upwards.
    pub path: Vec<BodyHash>,
}

impl SealProof {
    /// The proof that a source's head is under the seal over these; `None` where it is not.
    #[must_use]
    pub fn of(source: &SourceId, seal: &Seal, heads: &[ChainHead]) -> Option<Self> {
        let index = heads.iter().position(|head| head.source == *source)?;
        let leaves: Vec<Vec<u8>> = heads.iter().map(ChainHead::leaf).collect();
        let (head, path) = (heads[index].clone(), merkle::path(&leaves, index));
        Some(Self { head, under: seal.hash(), index: index as u64, path })
    }

    /// Whether the head is under this seal.
    #[must_use]
    pub fn is_under(&self, seal: &Seal) -> bool {
        let root = merkle::root_by(&self.head.leaf(), self.index, seal.heads, &self.path);
        root.as_ref() == Some(&seal.root) && self.under == seal.hash()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(name: &str, seq: u64) -> ChainHead {
        ChainHead { source: name.parse().unwrap(), seq, hash: BodyHash::of(name.as_bytes()) }
    }

    #[test]
    fn a_head_is_under_its_seal_and_another_one_is_not() {
        let heads = [head("a", 3), head("b", 7), head("c", 1)];
        let installation = InstallationId::of(&[7; 16]);
        let now = DateTime::UNIX_EPOCH;
        let seal = Seal::over(&heads, None, installation.clone(), now);
        let proof = SealProof::of(&heads[1].source, &seal, &heads).unwrap();
        assert!(proof.is_under(&seal));
        let other = SealProof { head: ChainHead { seq: 8, ..heads[1].clone() }, ..proof.clone() };
        assert!(!other.is_under(&seal));
        assert_eq!(SealProof::of(&"d".parse().unwrap(), &seal, &heads), None);
        let next = Seal::over(&heads[..2], Some(&seal), installation, now);
        assert_eq!((next.seal, next.previous), (2, BodyHash::of(seal.text().as_bytes())));
        let read: SealProof = serde_json::from_str(&serde_json::to_string(&proof).unwrap()).unwrap();
        assert_eq!(read, proof);
    }

    #[test]
    fn a_seal_is_over_after_a_day_and_when_the_clock_went_back() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let seal = Seal::over(&[], None, InstallationId::of(&[7; 16]), at("2026-11-24T12:00:00Z"));
        assert!(!seal.is_over(at("2026-11-25T11:59:59Z")));
        assert!(seal.is_over(at("2026-11-25T12:00:00Z")));
        assert!(seal.is_over(at("2026-11-20T12:00:00Z")));
    }
}
