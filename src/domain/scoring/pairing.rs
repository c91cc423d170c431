//! Which words of two names are the same word.

use std::ops::Range;

use super::name::NameWord;
use super::vocabulary::WordKind;

/// Words with fewer letters are never taken for misspelt.
pub(super) const MIN_MISSPELT_BYTES: usize = 4;
/// Words from so many letters on may have two letters wrong.
pub(super) const MIN_TWICE_MISSPELT_BYTES: usize = 9;
/// Longer words are compared as they are.
pub(super) const MAX_MISSPELT_BYTES: usize = 64;
/// As many words may be written as one.
pub(super) const MAX_TOGETHER: usize = 3;
/// As many words at least make an abbreviation.
pub(super) const MIN_ABBREVIATED: usize = 3;
/// What two different fund vehicles of one family have in common.
const FUND_WORDS: [&str; 4] = ["fund", "trust", "capital", "partner"];

/// Words that pair: one with one, or several with the one that they are written as.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct WordPair {
    pub a: Range<usize>,
    pub b: Range<usize>,
    pub weight: f64,
    /// Whether the words tell one company from another.
    pub is_telling: bool,
    errors: usize,
    /// Whether one is the initials of the others.
    pub is_abbreviation: bool,
    /// The letters of the shorter word.
    bytes: usize,
}

/// "Group" and "holding" stand in so many names that sharing them says nothing.
const SAYS_SOMETHING: f64 = 0.3;

impl WordPair {
    /// The factor by which a wrong letter lowers the score: the shorter the word, the more.
    pub fn misspelling(&self) -> Option<f64> {
        let by_length = match self.bytes {
            0..=5 => 0.80,
            6..=7 => 0.88,
            _ => 0.93,
        };
        (self.errors > 0).then_some(if self.errors > 1 { by_length - 0.07 } else { by_length })
    }
}

/// The pairs of two names, and what has no partner.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct WordPairing<'a> {
    pub a: &'a [NameWord],
    pub b: &'a [NameWord],
    pub pairs: Vec<WordPair>,
    /// A bit for each word that has a partner; a name has at most 32 words.
    paired_a: u32,
    paired_b: u32,
}

impl<'a> WordPairing<'a> {
    pub fn of(a: &'a [NameWord], b: &'a [NameWord]) -> Self {
        let mut pairing = Self { a, b, pairs: Vec::new(), paired_a: 0, paired_b: 0 };
        pairing.pair_equals();
        if pairing.is_open() {
            pairing.pair_written_together();
        }
        if pairing.is_open() {
            pairing.pair_abbreviation();
        }
        if pairing.is_open() {
            pairing.pair_misspelt();
        }
        if pairing.is_open() {
            pairing.pair_the_one_that_differs();
        }
        pairing
    }

    pub fn left_a(&self) -> impl Iterator<Item = &'a NameWord> {
        left(self.a, self.paired_a)
    }

    pub fn left_b(&self) -> impl Iterator<Item = &'a NameWord> {
        left(self.b, self.paired_b)
    }

    /// Whether the partners stand in the same order on both sides.
    pub fn is_in_order(&self) -> bool {
        let mut places: Vec<(usize, usize)> =
            self.pairs.iter().map(|pair| (pair.a.start, pair.b.start)).collect();
        places.sort_unstable();
        places.is_sorted_by_key(|(_, b)| *b)
    }

    /// Whether a word that pairs says that these are funds.
    pub fn is_fund_family(&self) -> bool {
        self.pairs.iter().any(|pair| FUND_WORDS.contains(&self.a[pair.a.start].text.as_str()))
    }

    /// Whether no word of any weight pairs but one, and that has a wrong letter.
    pub fn is_only_misspelt(&self) -> bool {
        let mut heavy = self.pairs.iter().filter(|pair| pair.weight >= SAYS_SOMETHING);
        let only = heavy.next();
        heavy.next().is_none() && only.is_some_and(|pair| pair.is_telling && pair.errors > 0)
    }

    /// Whether both sides have words without a partner.
    fn is_open(&self) -> bool {
        self.left_a().next().is_some() && self.left_b().next().is_some()
    }

    fn pair_equals(&mut self) {
        for (i, word) in self.a.iter().enumerate() {
            let partner =
                (0..self.b.len()).find(|&j| !is_paired(self.paired_b, j) && self.b[j].text == word.text);
            if let Some(j) = partner {
                self.pair(i..i + 1, j..j + 1, 0);
            }
        }
    }

    /// "Good Will" with "Goodwill".
    fn pair_written_together(&mut self) {
        for j in 0..self.b.len() {
            if let Some(range) = written_as(self.a, self.paired_a, &self.b[j], is_paired(self.paired_b, j)) {
                self.pair(range, j..j + 1, 0);
            }
        }
        for i in 0..self.a.len() {
            if let Some(range) = written_as(self.b, self.paired_b, &self.a[i], is_paired(self.paired_a, i)) {
                self.pair(i..i + 1, range, 0);
            }
        }
        // "Andrang Heta" with "'Ndrangheta": the whole of what is left, when that is one long word.
        if let (Some(i), Some(j)) = (only_run(self.a, self.paired_a), only_run(self.b, self.paired_b))
            && i.len().max(j.len()) > 1
        {
            let (left, right) = (together(self.a, &i), together(self.b, &j));
            if let Some(errors) = errors_between(&left, &right).filter(|_| left.len().min(right.len()) >= 8) {
                self.pair(i, j, errors);
            }
        }
    }

    /// "SMIC" with "Semiconductor Manufacturing International Corporation".
    fn pair_abbreviation(&mut self) {
        let abbreviates =
            |short: &[NameWord], paired: u32, long: Option<Range<usize>>, words: &[NameWord]| {
                let run = long.filter(|run| run.len() >= MIN_ABBREVIATED)?;
                let initials: Vec<u8> = words[run.clone()].iter().map(|token| token.initial).collect();
                let at = (0..short.len()).find(|&index| {
                    !is_paired(paired, index) && short[index].text.as_bytes() == initials.as_slice()
                })?;
                Some((at, run))
            };
        if let Some((i, run)) = abbreviates(self.a, self.paired_a, run_left(self.b, self.paired_b), self.b) {
            self.pair(i..i + 1, run, 0);
        } else if let Some((j, run)) =
            abbreviates(self.b, self.paired_b, run_left(self.a, self.paired_a), self.a)
        {
            self.pair(run, j..j + 1, 0);
        } else {
            return;
        }
        if let Some(pair) = self.pairs.last_mut() {
            pair.is_abbreviation = true;
        }
    }

    fn pair_misspelt(&mut self) {
        let mut near = Vec::new();
        for (i, word) in self.a.iter().enumerate().filter(|(i, _)| !is_paired(self.paired_a, *i)) {
            for (j, other) in self.b.iter().enumerate().filter(|(j, _)| !is_paired(self.paired_b, *j)) {
                if let Some(errors) = misspelling(word, other) {
                    near.push((errors, i, j));
                }
            }
        }
        near.sort_unstable();
        for (errors, i, j) in near {
            if !is_paired(self.paired_a, i) && !is_paired(self.paired_b, j) {
                self.pair(i..i + 1, j..j + 1, errors);
            }
        }
    }

    /// Of two names that say the same word by word but for one, and say what their companies deal in, that one may be
    /// further off: "Baowei Steel" with "Baowu Steel".
    fn pair_the_one_that_differs(&mut self) {
        let only = |tokens: &[NameWord], paired: u32| {
            let mut left = (0..tokens.len()).filter(|index| !is_paired(paired, *index));
            left.next().filter(|_| left.next().is_none())
        };
        let (Some(i), Some(j)) = (only(self.a, self.paired_a), only(self.b, self.paired_b)) else { return };
        let is_same_else = self.a.len() == self.b.len()
            && i == j
            && self.pairs.iter().all(|pair| pair.errors == 0 && pair.a.len() == 1 && pair.a == pair.b);
        if is_same_else
            && says_what_it_deals_in(self.a, i)
            && let Some(errors) = further_off(&self.a[i], &self.b[j])
        {
            self.pair(i..i + 1, j..j + 1, errors);
        }
    }

    fn pair(&mut self, a: Range<usize>, b: Range<usize>, errors: usize) {
        let (left, right) = (&self.a[a.clone()], &self.b[b.clone()]);
        let weight = |side: &[NameWord]| side.iter().map(|token| token.weight).fold(0.0, f64::max);
        let bytes = |side: &[NameWord]| side.iter().map(|token| token.text.len()).sum::<usize>();
        let is_telling = |side: &[NameWord]| side.iter().any(|token| token.kind == WordKind::Telling);
        self.paired_a |= bits(&a);
        self.paired_b |= bits(&b);
        self.pairs.push(WordPair {
            weight: f64::midpoint(weight(left), weight(right)),
            is_telling: is_telling(left) && is_telling(right),
            errors,
            is_abbreviation: false,
            bytes: bytes(left).min(bytes(right)),
            a,
            b,
        });
    }
}

fn is_paired(bits: u32, index: usize) -> bool {
    bits & (1 << index) != 0
}

fn bits(range: &Range<usize>) -> u32 {
    range.clone().fold(0, |bits, index| bits | 1 << index)
}

fn left(tokens: &[NameWord], paired: u32) -> impl Iterator<Item = &NameWord> {
    tokens.iter().enumerate().filter(move |(index, _)| !is_paired(paired, *index)).map(|(_, token)| token)
}

/// Words written as one.
pub(super) fn together(tokens: &[NameWord], range: &Range<usize>) -> String {
    tokens[range.clone()].iter().map(|token| token.text.as_str()).collect()
}

/// Words side by side, none of them paired, that together are written as one other.
fn written_as(tokens: &[NameWord], paired: u32, word: &NameWord, is_paired: bool) -> Option<Range<usize>> {
    if is_paired {
        return None;
    }
    (0..tokens.len()).find_map(|start| {
        (start + 2..=(start + MAX_TOGETHER).min(tokens.len())).map(|end| start..end).find(|range| {
            let is_free = paired & bits(range) == 0;
            let letters: usize = tokens[range.clone()].iter().map(|token| token.text.len()).sum();
            is_free && letters == word.text.len() && together(tokens, range) == word.text
        })
    })
}

/// The words without a partner, where they stand side by side.
fn run_left(tokens: &[NameWord], paired: u32) -> Option<Range<usize>> {
    let start = (0..tokens.len()).find(|&index| !is_paired(paired, index))?;
    let end = (0..tokens.len()).rev().find(|&index| !is_paired(paired, index))? + 1;
    (paired & bits(&(start..end)) == 0).then_some(start..end)
}

/// The same where they are up to three and none is known.
fn only_run(tokens: &[NameWord], paired: u32) -> Option<Range<usize>> {
    let run = run_left(tokens, paired).filter(|run| run.len() <= MAX_TOGETHER)?;
    tokens[run.clone()].iter().all(|token| token.kind == WordKind::Telling).then_some(run)
}

/// How many letters are wrong, where one word may be the other misspelt.
pub(super) fn misspelling(a: &NameWord, b: &NameWord) -> Option<usize> {
    let is_known = |token: &NameWord| token.kind != WordKind::Telling;
    let have_number = a.kind == WordKind::Number || b.kind == WordKind::Number;
    if have_number || (is_known(a) && is_known(b)) || (a.letters ^ b.letters).count_ones() > 4 {
        return None;
    }
    errors_between(&a.text, &b.text)
}

/// Whether some word besides one says what a company deals in, so that the others are not said of everybody.
pub(super) fn says_what_it_deals_in(tokens: &[NameWord], besides: usize) -> bool {
    tokens.iter().enumerate().any(|(index, token)| index != besides && token.kind == WordKind::Sector)
}

/// With which letters the only other word of a name begins that may be this one misspelt: one of three letters, and one
/// of five to nine. `None` where it may be none.
pub(super) fn beginning_of_further_off(token: &NameWord) -> Option<&str> {
    let letters = match token.text.len() {
        3 => 1,
        5..=9 => 3,
        _ => return None,
    };
    let is_word =
        token.kind == WordKind::Telling && token.text.bytes().all(|byte| byte.is_ascii_alphabetic());
    is_word.then(|| &token.text[..letters])
}

/// How many letters are wrong where everything else is the same: another letter of three, or two of up to eight.
fn further_off(a: &NameWord, b: &NameWord) -> Option<usize> {
    let (shorter, longer) = (a.text.len().min(b.text.len()), a.text.len().max(b.text.len()));
    let steps = match (shorter, longer) {
        (3, 3) => 1,
        (5..MIN_TWICE_MISSPELT_BYTES, ..=MIN_TWICE_MISSPELT_BYTES) => 2,
        _ => return None,
    };
    let begins_alike =
        beginning_of_further_off(a).is_some_and(|begin| beginning_of_further_off(b) == Some(begin));
    (begins_alike && differ_by(a.text.as_bytes(), b.text.as_bytes(), steps)).then_some(steps)
}

pub(super) fn errors_between(a: &str, b: &str) -> Option<usize> {
    let (shorter, longer) = (a.len().min(b.len()), a.len().max(b.len()));
    let tolerated = match shorter {
        0..MIN_MISSPELT_BYTES => 0,
        MIN_MISSPELT_BYTES..MIN_TWICE_MISSPELT_BYTES => 1,
        _ => 2,
    };
    let is_comparable = a.is_ascii() && b.is_ascii() && longer <= MAX_MISSPELT_BYTES;
    if !is_comparable || longer - shorter > tolerated {
        return None;
    }
    (0..=tolerated).find(|&errors| differ_by(a.as_bytes(), b.as_bytes(), errors))
}

/// Whether at most so many steps of writing (a letter more, less or other, or two side by side changed about) lead
/// from one word to the other: what `strsim::osa_distance` says, without its table. Every word of every row of every
/// list is asked for, and nearly all differ at once.
pub(super) fn differ_by(a: &[u8], b: &[u8], steps: usize) -> bool {
    let alike = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[alike..], &b[alike..]);
    if a.is_empty() || b.is_empty() || steps == 0 {
        return a.len().max(b.len()) <= steps;
    }
    let is_changed_about = a.len() > 1 && b.len() > 1 && a[0] == b[1] && a[1] == b[0];
    differ_by(&a[1..], &b[1..], steps - 1)
        || differ_by(&a[1..], b, steps - 1)
        || differ_by(a, &b[1..], steps - 1)
        || (is_changed_about && differ_by(&a[2..], &b[2..], steps - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_what_the_distance_of_two_words_says() {
        // Every word of up to five of three letters, among them doubled ones, which a step may stand at either
        // side of.
        let mut words = vec![String::new()];
        for length in 0..5 {
            let longest: Vec<String> = words.iter().filter(|word| word.len() == length).cloned().collect();
            words.extend(
                longest.iter().flat_map(|word| ['a', 'b', 'c'].map(|letter| format!("{word}{letter}"))),
            );
        }
        assert_eq!(words.len(), 364);
        for a in &words {
            for b in &words {
                let distance = strsim::osa_distance(a, b);
                for steps in 0..=2 {
                    let found = differ_by(a.as_bytes(), b.as_bytes(), steps);
                    assert_eq!(found, distance <= steps, "{a:?} {b:?} within {steps}");
                }
            }
        }
    }
}
