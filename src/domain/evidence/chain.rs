//! Whether lines follow each other.

use super::line::{ChainLine, NOTHING_BEFORE};
use crate::domain::id::{BodyHash, SourceId};

/// Why lines are no chain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BrokenChain {
    /// It is none.
    #[error("line {number} cannot be read: {reason}")]
    Unreadable {
        /// Which, from 1.
        number: usize,
        /// Why.
        reason: String,
    },
    /// It says the same, written otherwise.
    #[error("line {0} is not in the form of a line")]
    Rewritten(usize),
    /// It is of another source.
    #[error("line {number} is of {found}, expected {expected}")]
    AnotherSource {
        /// Which, from 1.
        number: usize,
        /// Of whose.
        found: SourceId,
        /// Of whose it should be.
        expected: SourceId,
    },
    /// One is missing, or too much.
    #[error("line {number} is read {found} of its source, expected {expected}")]
    Sequence {
        /// Which, from 1.
        number: usize,
        /// Its number in the chain.
        found: u64,
        /// The one after the line before.
        expected: u64,
    },
    /// It does not name the line before it.
    #[error("line {0} does not name the line before it: one of the two was changed")]
    Unlinked(usize),
}

/// A line with its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainedLine {
    /// The line.
    pub line: ChainLine,
    /// The SHA-256 of its bytes.
    pub hash: BodyHash,
}

/// Lines that follow each other, all of one source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chain {
    lines: Vec<ChainedLine>,
}

impl Chain {
    /// Reads lines, each of which must follow the one before.
    ///
    /// # Errors
    /// The first line that does not.
    pub fn read<'a>(texts: impl Iterator<Item = &'a [u8]>) -> Result<Self, BrokenChain> {
        let mut chain = Self::default();
        for text in texts {
            chain.append(text)?;
        }
        Ok(chain)
    }

    /// Reads one more.
    ///
    /// # Errors
    /// Why it does not follow.
    pub fn append(&mut self, text: &[u8]) -> Result<(), BrokenChain> {
        let number = self.lines.len() + 1;
        let line: ChainLine = serde_json::from_slice(text)
            .map_err(|error| BrokenChain::Unreadable { number, reason: error.to_string() })?;
        if line.text().as_bytes() != text {
            return Err(BrokenChain::Rewritten(number));
        }
        match self.lines.last() {
            Some(before) => follows(number, before, &line)?,
            None if line.seq == 0 => return Err(BrokenChain::Sequence { number, found: 0, expected: 1 }),
            // Only the first of all names nothing.
            None if (line.seq == 1) != (line.previous.as_str() == NOTHING_BEFORE) => {
                return Err(BrokenChain::Unlinked(number));
            }
            None => {}
        }
        self.lines.push(ChainedLine { hash: BodyHash::of(text), line });
        Ok(())
    }

    /// The lines, the oldest first.
    #[must_use]
    pub fn lines(&self) -> &[ChainedLine] {
        &self.lines
    }

    /// The line of a number.
    #[must_use]
    pub fn at(&self, seq: u64) -> Option<&ChainedLine> {
        let first = self.lines.first()?.line.seq;
        self.lines.get(usize::try_from(seq.checked_sub(first)?).ok()?)
    }
}

fn follows(number: usize, before: &ChainedLine, line: &ChainLine) -> Result<(), BrokenChain> {
    let expected = before.line.seq + 1;
    if line.source != before.line.source {
        let (found, expected) = (line.source.clone(), before.line.source.clone());
        return Err(BrokenChain::AnotherSource { number, found, expected });
    }
    if line.seq != expected {
        return Err(BrokenChain::Sequence { number, found: line.seq, expected });
    }
    if line.previous != before.hash {
        return Err(BrokenChain::Unlinked(number));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::evidence::{ChainVerdict, ChainedRead};
    use chrono::{DateTime, Duration};

    fn read(minutes: i64) -> ChainedRead {
        ChainedRead {
            at: DateTime::UNIX_EPOCH + Duration::minutes(minutes),
            read_at: None,
            url: "https://agency.test/list".to_owned(),
            status: Some(200),
            headers: Some(BodyHash::of(b"h")),
            body: Some(BodyHash::of(b"b")),
            verdict: ChainVerdict::Good,
            reason: None,
        }
    }

    fn lines(count: i64) -> Vec<ChainLine> {
        let source = "list".parse().unwrap();
        let mut lines: Vec<ChainLine> = Vec::new();
        for minute in 0..count {
            lines.push(ChainLine::after(&source, lines.last(), read(minute), Vec::new()));
        }
        lines
    }

    fn check(texts: &[String]) -> Result<Chain, BrokenChain> {
        Chain::read(texts.iter().map(String::as_bytes))
    }

    #[test]
    fn lines_that_follow_each_other_are_a_chain_from_wherever_it_is_begun() {
        let texts: Vec<String> = lines(5).iter().map(ChainLine::text).collect();
        let chain = check(&texts).unwrap();
        assert_eq!(chain.lines().len(), 5);
        let rest = check(&texts[2..]).unwrap();
        assert_eq!(rest.at(4), chain.at(4));
        assert_eq!((rest.at(2), rest.at(6)), (None, None));
    }

    #[test]
    fn a_line_that_is_dropped_exchanged_added_or_edited_is_seen() {
        let texts: Vec<String> = lines(5).iter().map(ChainLine::text).collect();
        let mut dropped = texts.clone();
        dropped.remove(2);
        assert_eq!(check(&dropped), Err(BrokenChain::Sequence { number: 3, found: 4, expected: 3 }));
        let mut exchanged = texts.clone();
        exchanged.swap(1, 2);
        assert_eq!(check(&exchanged), Err(BrokenChain::Sequence { number: 2, found: 3, expected: 2 }));
        let mut added = texts.clone();
        added.insert(2, texts[1].clone());
        assert!(check(&added).is_err());
        let mut edited = texts.clone();
        edited[1] = edited[1].replace("good", "failed");
        assert_eq!(check(&edited), Err(BrokenChain::Unlinked(3)));
        let mut spaced = texts.clone();
        spaced[4].push(' ');
        assert_eq!(check(&spaced), Err(BrokenChain::Rewritten(5)));
        let mut first = texts.clone();
        first[0] = first[0].replace(NOTHING_BEFORE, &NOTHING_BEFORE.replace('0', "1"));
        assert_eq!(check(&first), Err(BrokenChain::Unlinked(1)));
    }
}
