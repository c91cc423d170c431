//! A text in the form in which names are looked for, with the way back.
//!
//! One pass does all of it: compatibility forms, case, diacritics and width are folded, traditional
//! Chinese becomes simplified; apostrophes and the full stops inside abbreviations go, `&` becomes
//! "and"; a word divided by a hyphen at a line's end is joined; soft hyphens, zero-width and control
//! characters go; every other run of punctuation and white space becomes one blank. A blank also
//! parts Latin from Han, and none stays between two Han characters, so that a line break inside a
//! Chinese name does not hide it.
//!
//! Plain ASCII, which is most of every page, is copied in runs; the way back is kept as the few
//! places where it is more than a distance. A span given back lies on character boundaries of the
//! original text, always.

mod letter;
mod simplified;
mod words;

use std::borrow::Cow;
use std::ops::Range;

pub(in crate::domain) use self::words::{may_have_word, pair_hash, word_hash};
use super::script::{is_apostrophe, is_hyphen, is_mark, is_unspaced};
use crate::domain::text::is_deceptive;

/// From here on in the folded text, up to the next step, bytes come from one place.
#[derive(Debug, Clone, Copy)]
struct FoldStep {
    folded: usize,
    start: usize,
    /// Where all bytes up to the next step come from one character: its end.
    /// Otherwise each byte comes from one byte, counted from `start`.
    end: Option<usize>,
}

/// What the folded text ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TextEnd {
    Blank,
    Spaced,
    Unspaced,
}

/// A folded text and where it came from.
///
/// It begins with a blank, and there is never more than one between two words.
#[derive(Debug)]
pub struct Folded {
    bytes: Vec<u8>,
    steps: Vec<FoldStep>,
    last: TextEnd,
    /// What a hyphen at a line's end does.
    divided: Divided,
    /// Whether there was one.
    has_divided: bool,
}

/// What becomes of two parts with a hyphen and a line's end between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Divided {
    /// One word that was too long for its line: "Hik-", "vision".
    Joined,
    /// Two words that a hyphen joins: "Dahua-", "branded".
    Apart,
}

/// What an ASCII byte is to the pass over plain text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plain {
    Letter,
    Blank,
    Other,
}

const PLAIN: [Plain; 256] = {
    let mut table = [Plain::Other; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        if byte.is_ascii_alphanumeric() {
            table[byte as usize] = Plain::Letter;
        } else if matches!(byte, b' ' | b'\n' | b'\t' | b'\r') {
            table[byte as usize] = Plain::Blank;
        }
        byte += 1;
    }
    table
};

impl Folded {
    /// Folds a text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self::with(text, Divided::Joined)
    }

    /// Folds a text in which words divided at a line's end are taken in this way.
    #[must_use]
    pub fn with(text: &str, divided: Divided) -> Self {
        let mut bytes = Vec::with_capacity(text.len() + text.len() / 16 + 2);
        bytes.push(b' ');
        let mut folded = Self { bytes, steps: Vec::new(), last: TextEnd::Blank, divided, has_divided: false };
        let mut at = 0;
        while at < text.len() {
            at = folded.copy_plain(text.as_bytes(), at);
            at = folded.take_other(text, at);
        }
        folded
    }

    /// Whether some word is divided at a line's end, or two are joined by a hyphen there: the text
    /// alone does not say which.
    #[must_use]
    pub fn has_divided(&self) -> bool {
        self.has_divided
    }

    /// The folded text, valid UTF-8.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The folded text without the blanks around it.
    #[must_use]
    pub fn words(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.bytes.trim_ascii())
    }

    /// Where a part of the folded text, from the first byte of a letter to the last byte of one,
    /// stands in the original.
    #[must_use]
    pub fn original(&self, part: &Range<usize>) -> Range<usize> {
        let first = self.step_at(part.start);
        let start = if first.end.is_some() { first.start } else { first.start + part.start - first.folded };
        let last = self.step_at(part.end.saturating_sub(1));
        let end = last.end.unwrap_or(last.start + part.end.saturating_sub(last.folded));
        start..end
    }

    fn step_at(&self, folded: usize) -> FoldStep {
        let following = self.steps.partition_point(|step| step.folded <= folded);
        let before = following.checked_sub(1).and_then(|index| self.steps.get(index));
        before.copied().unwrap_or(FoldStep { folded, start: 0, end: None })
    }

    /// Copies letters, digits and single blanks until something else comes; gives its place.
    fn copy_plain(&mut self, text: &[u8], from: usize) -> usize {
        let mut at = from;
        let mut is_blank = self.last != TextEnd::Spaced;
        while let Some(&byte) = text.get(at) {
            match PLAIN[usize::from(byte)] {
                Plain::Letter => is_blank = false,
                Plain::Blank if !is_blank => is_blank = true,
                _ => break,
            }
            at += 1;
        }
        if at > from {
            if self.last == TextEnd::Unspaced {
                self.blank();
            }
            self.as_it_is(from);
            self.bytes.extend(text[from..at].iter().map(|&byte| match byte {
                b'\n' | b'\t' | b'\r' => b' ',
                other => other.to_ascii_lowercase(),
            }));
            self.last = if is_blank { TextEnd::Blank } else { TextEnd::Spaced };
        }
        at
    }

    /// Takes one character, or a run of white space, that plain copying stopped at.
    fn take_other(&mut self, text: &str, at: usize) -> usize {
        let Some(c) = text[at..].chars().next() else { return at };
        let end = at + c.len_utf8();
        let (before, after) = (&text[..at], &text[end..]);
        if c.is_whitespace() {
            return self.white_space(text, at);
        }
        if is_apostrophe(c) {
            if is_elision(before, after) {
                self.blank();
            }
        } else if c == '.' {
            if !is_inside_abbreviation(before, after) {
                self.blank();
            }
        } else if is_hyphen(c) {
            let line_break = line_break_after(after);
            self.has_divided |= line_break.is_some();
            match line_break {
                Some(blank_bytes) if self.divided == Divided::Joined => return end + blank_bytes,
                _ => self.blank(),
            }
        } else if c == '&' || c == '\u{FF06}' {
            self.blank();
            self.of_one(at, end);
            self.bytes.extend_from_slice(b"and");
            self.last = TextEnd::Spaced;
            self.blank();
        } else if c.is_alphanumeric() && !is_superscript(c) {
            self.letter(c, at, end);
        } else if !is_deceptive(c) && !is_mark(c) {
            self.blank();
        }
        end
    }

    /// A run of white space: one blank, or none between two characters of an unspaced script.
    fn white_space(&mut self, text: &str, at: usize) -> usize {
        let rest = text[at..].trim_start();
        let goes_on = self.last == TextEnd::Unspaced && rest.chars().next().is_some_and(is_unspaced);
        if !goes_on {
            self.blank();
        }
        text.len() - rest.len()
    }

    fn letter(&mut self, c: char, at: usize, end: usize) {
        let begin = self.bytes.len();
        let mut kind = None;
        letter::fold(c, |folded| {
            let of_script = if is_unspaced(folded) { TextEnd::Unspaced } else { TextEnd::Spaced };
            let first = *kind.get_or_insert(of_script);
            if self.bytes.len() == begin && self.last != TextEnd::Blank && self.last != first {
                self.bytes.push(b' ');
            }
            let mut buffer = [0; 4];
            self.bytes.extend_from_slice(folded.encode_utf8(&mut buffer).as_bytes());
        });
        let Some(kind) = kind else { return };
        let from = begin + usize::from(self.bytes.get(begin) == Some(&b' '));
        let taken = self.bytes.len() - from;
        let is_one_for_one = taken == c.len_utf8() && lead_bytes(&self.bytes[from..]) == 1;
        let step = FoldStep { folded: from, start: at, end: (!is_one_for_one).then_some(end) };
        self.take_step(step);
        self.last = kind;
    }

    fn blank(&mut self) {
        if self.last != TextEnd::Blank {
            self.bytes.push(b' ');
            self.last = TextEnd::Blank;
        }
    }

    /// What follows comes byte by byte from this place on.
    fn as_it_is(&mut self, start: usize) {
        self.take_step(FoldStep { folded: self.bytes.len(), start, end: None });
    }

    /// What follows comes from one character.
    fn of_one(&mut self, start: usize, end: usize) {
        self.take_step(FoldStep { folded: self.bytes.len(), start, end: Some(end) });
    }

    fn take_step(&mut self, step: FoldStep) {
        let goes_on = self.steps.last().is_some_and(|last| {
            last.end.is_none() && step.end.is_none() && step.start - last.start == step.folded - last.folded
        });
        if !goes_on {
            self.steps.push(step);
        }
    }
}

fn lead_bytes(utf8: &[u8]) -> usize {
    utf8.iter().filter(|&&byte| byte & 0xC0 != 0x80).count()
}

/// Digits and letters that mark a footnote and are no part of the word before them.
fn is_superscript(c: char) -> bool {
    matches!(c, '²' | '³' | '¹' | '\u{2070}'..='\u{209C}')
}

/// Whether an apostrophe parts two words, as in "l'entreprise", instead of standing inside one.
fn is_elision(before: &str, after: &str) -> bool {
    let mut letters = before.chars().rev();
    let article = letters.next();
    let is_short = match article {
        Some('d' | 'l' | 'D' | 'L') => !letters.next().is_some_and(char::is_alphanumeric),
        _ => false,
    };
    is_short && after.starts_with(char::is_alphabetic)
}

/// Whether a full stop stands between single letters, as in "U.S.A.", with another to come.
fn is_inside_abbreviation(before: &str, after: &str) -> bool {
    let mut letters = before.chars().rev().filter(|&c| !is_mark(c));
    letters.next().is_some_and(char::is_alphabetic)
        && !letters.next().is_some_and(char::is_alphanumeric)
        && after.starts_with(char::is_alphanumeric)
}

/// How many bytes of white space with a line break follow a hyphen, if a word goes on after them.
fn line_break_after(text: &str) -> Option<usize> {
    let rest = text.trim_start();
    let blank = text.len() - rest.len();
    let goes_on = rest.starts_with(char::is_alphabetic);
    (blank > 0 && goes_on && text[..blank].contains('\n')).then_some(blank)
}

#[cfg(test)]
mod tests;
