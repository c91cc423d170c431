//! Two texts compared as a reader compares them: line by line, sentence by sentence, word by word.
//!
//! A long text is first compared by its lines. Lines that differ are laid beside the lines most like
//! them, and only those two are compared further. So a row that went is a row that went, not a
//! scattering of words, and the time a comparison takes grows with the texts and not with their square.

use std::ops::Range;

use imara_diff::{Algorithm, Diff, InternedInput};
use serde::{Deserialize, Serialize};

/// A run of words with one fate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WordRun {
    /// What became of the words.
    pub fate: WordFate,
    /// The words, with the white space between them.
    pub text: String,
}

/// What became of a run of words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WordFate {
    /// In both texts.
    Kept,
    /// Only in the old one.
    Removed,
    /// Only in the new one.
    Added,
}

/// Compares two texts. Joined up, the runs that are not added give `before`, those not removed `after`.
#[must_use]
pub fn words(before: &str, after: &str) -> Vec<WordRun> {
    let mut runs = Runs::default();
    compare(before, after, Grain::Lines, &mut runs);
    bridge(runs.0)
}

/// The pieces of a text that are compared as wholes.
#[derive(Debug, Clone, Copy)]
enum Grain {
    Lines,
    Sentences,
    Words,
}

impl Grain {
    /// How two pieces of such lengths, one of which became the other, are compared.
    fn within(self, before: &str, after: &str) -> Self {
        match self {
            Self::Lines if before.len().max(after.len()) > LONG_BYTES => Self::Sentences,
            _ => Self::Words,
        }
    }

    fn parts(self, text: &str) -> Vec<&str> {
        match self {
            Self::Lines => text.split_inclusive('\n').collect(),
            Self::Sentences => sentences(text),
            Self::Words => word_tokens(text),
        }
    }
}

/// A shorter line is compared word by word at once: what ends a sentence is a guess ("Co., Ltd. of Hangzhou").
const LONG_BYTES: usize = 2_000;
/// How alike (shared words over all words) two pieces must be to be one that was reworded.
const ALIKE: f64 = 0.5;
/// Two single pieces less alike than this have nothing to do with each other.
const RELATED: f64 = 0.25;
/// Of shorter pieces every word is compared, be they alike or not.
const SHORT_WORDS: usize = 12;
/// More pairs of pieces than this are not laid beside each other.
const MAX_PAIRS: usize = 40_000;

fn compare(before: &str, after: &str, grain: Grain, runs: &mut Runs) {
    if before == after {
        return runs.push(WordFate::Kept, after);
    }
    let (old, new) = (grain.parts(before), grain.parts(after));
    let mut at = 0;
    for (removed, added) in hunks(&old, &new) {
        runs.push_all(WordFate::Kept, &new[at..added.start]);
        at = added.end;
        replace(&old[removed], &new[added], grain, runs);
    }
    runs.push_all(WordFate::Kept, &new[at..]);
}

/// The ranges that differ, in order.
fn hunks(old: &[&str], new: &[&str]) -> Vec<(Range<usize>, Range<usize>)> {
    let mut input = InternedInput::default();
    input.update_before(old.iter().copied());
    input.update_after(new.iter().copied());
    let mut diff = Diff::compute(Algorithm::Myers, &input);
    diff.postprocess_no_heuristic(&input);
    let range = |range: Range<u32>| range.start as usize..range.end as usize;
    diff.hunks().map(|hunk| (range(hunk.before), range(hunk.after))).collect()
}

/// Pieces that were replaced by others: each that was reworded is compared with its successor.
fn replace(old: &[&str], new: &[&str], grain: Grain, runs: &mut Runs) {
    let pairs = if matches!(grain, Grain::Words) { Vec::new() } else { reworded(old, new) };
    let (mut i, mut j) = (0, 0);
    for (old_at, new_at) in pairs {
        runs.push_all(WordFate::Removed, &old[i..old_at]);
        runs.push_all(WordFate::Added, &new[j..new_at]);
        compare(old[old_at], new[new_at], grain.within(old[old_at], new[new_at]), runs);
        (i, j) = (old_at + 1, new_at + 1);
    }
    runs.push_all(WordFate::Removed, &old[i..]);
    runs.push_all(WordFate::Added, &new[j..]);
}

/// Which piece became which, in order, so that the likeness of all pairs together is greatest.
fn reworded(old: &[&str], new: &[&str]) -> Vec<(usize, usize)> {
    if old.len().saturating_mul(new.len()) > MAX_PAIRS {
        return Vec::new();
    }
    let bags = |pieces: &[&str]| -> Vec<Vec<u64>> { pieces.iter().map(|piece| bag(piece)).collect() };
    let (old, new) = (bags(old), bags(new));
    if let ([before], [after]) = (old.as_slice(), new.as_slice()) {
        let is_short = before.len().max(after.len()) <= SHORT_WORDS;
        return if is_short || likeness(before, after) >= RELATED { vec![(0, 0)] } else { Vec::new() };
    }
    let width = new.len() + 1;
    let mut best = vec![0.0_f64; (old.len() + 1) * width];
    let mut paired = vec![0.0_f64; old.len() * new.len()];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            let likeness = likeness(&old[i], &new[j]);
            let pair = if likeness >= ALIKE { likeness + best[(i + 1) * width + j + 1] } else { 0.0 };
            paired[i * new.len() + j] = pair;
            best[i * width + j] = pair.max(best[(i + 1) * width + j]).max(best[i * width + j + 1]);
        }
    }
    let (mut i, mut j, mut pairs) = (0, 0, Vec::new());
    while i < old.len() && j < new.len() {
        let here = best[i * width + j];
        if paired[i * new.len() + j] > 0.0 && paired[i * new.len() + j] >= here {
            pairs.push((i, j));
            (i, j) = (i + 1, j + 1);
        } else if best[(i + 1) * width + j] >= here {
            i += 1;
        } else {
            j += 1;
        }
    }
    pairs
}

/// The words of a piece, in no order, each as its hash.
fn bag(piece: &str) -> Vec<u64> {
    let mut words: Vec<u64> = piece.split_whitespace().map(fnv).collect();
    words.sort_unstable();
    words
}

/// FNV-1a: the same in every process, unlike the standard library's hasher.
fn fnv(word: &str) -> u64 {
    word.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The words that two pieces share over all their words, from 0 to 1.
#[expect(clippy::cast_precision_loss, reason = "word counts are far below 2^52")]
fn likeness(old: &[u64], new: &[u64]) -> f64 {
    let (mut i, mut j, mut shared) = (0, 0, 0_usize);
    while i < old.len() && j < new.len() {
        match old[i].cmp(&new[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                shared += 1;
                (i, j) = (i + 1, j + 1);
            }
        }
    }
    let all = old.len() + new.len();
    if all == 0 { 1.0 } else { 2.0 * shared as f64 / all as f64 }
}

/// A text cut after each blank that follows the end of a sentence.
fn sentences(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut previous) = (0, ' ');
    for (at, c) in text.char_indices() {
        let ends_with_blank = c.is_whitespace() && matches!(previous, '.' | '!' | '?' | ';' | ':');
        if ends_with_blank || matches!(c, '。' | '！' | '？' | '；') {
            let end = at + c.len_utf8();
            parts.push(&text[start..end]);
            start = end;
        }
        previous = c;
    }
    if start < text.len() {
        parts.push(&text[start..]);
    }
    parts
}

/// Words and the white space between them, one after the other.
fn word_tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut start = 0;
    let mut was_blank = None;
    for (at, c) in text.char_indices() {
        let is_blank = c.is_whitespace();
        if was_blank.is_some_and(|was| was != is_blank) {
            tokens.push(&text[start..at]);
            start = at;
        }
        was_blank = Some(is_blank);
    }
    if start < text.len() {
        tokens.push(&text[start..]);
    }
    tokens
}

/// Runs under construction: neighbours of one fate are one.
#[derive(Default)]
struct Runs(Vec<WordRun>);

impl Runs {
    fn push(&mut self, fate: WordFate, text: &str) {
        match self.0.last_mut() {
            _ if text.is_empty() => {}
            Some(run) if run.fate == fate => run.text.push_str(text),
            _ => self.0.push(WordRun { fate, text: text.to_owned() }),
        }
    }

    fn push_all(&mut self, fate: WordFate, texts: &[&str]) {
        for text in texts {
            self.push(fate, text);
        }
    }
}

/// Lets a lone blank between two changed runs change with them: `a b` → `c d` is one replacement, not two.
fn bridge(runs: Vec<WordRun>) -> Vec<WordRun> {
    let mut bridged: Vec<WordRun> = Vec::with_capacity(runs.len());
    let (mut removed, mut added) = (String::new(), String::new());
    let flush = |removed: &mut String, added: &mut String, bridged: &mut Vec<WordRun>| {
        for (fate, text) in
            [(WordFate::Removed, std::mem::take(removed)), (WordFate::Added, std::mem::take(added))]
        {
            if !text.is_empty() {
                bridged.push(WordRun { fate, text });
            }
        }
    };
    let mut runs = runs.into_iter().peekable();
    while let Some(run) = runs.next() {
        match run.fate {
            WordFate::Removed => removed.push_str(&run.text),
            WordFate::Added => added.push_str(&run.text),
            WordFate::Kept => {
                let is_bridge = run.text.trim().is_empty()
                    && !run.text.contains('\n')
                    && !removed.is_empty()
                    && !added.is_empty()
                    && runs.peek().is_some();
                if is_bridge {
                    removed.push_str(&run.text);
                    added.push_str(&run.text);
                } else {
                    flush(&mut removed, &mut added, &mut bridged);
                    bridged.push(run);
                }
            }
        }
    }
    flush(&mut removed, &mut added, &mut bridged);
    bridged
}

#[cfg(test)]
mod tests;
