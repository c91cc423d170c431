//! A field's two texts as pieces to show: what changed, with a little of what surrounds it.
//!
//! Everything is cut to a [`Budget`], since a source may change by megabytes,
//! and what is cut is counted, since a reader must know that there is more.

use crate::domain::change::FieldChange;
use crate::domain::diff::{Fate, Run, words};
use crate::domain::noise::{Noise, NoiseClass};
use crate::domain::text::is_deceptive;

/// A part of a text as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// Words with one fate, on one line, single blanks kept as the source has them.
    Words(Fate, String),
    /// Unchanged words left out.
    Gap,
}

/// What is shown of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Difference {
    /// In reading order.
    pub pieces: Vec<Piece>,
    /// Characters of changed words that are not shown.
    pub left_out_chars: usize,
}

/// How much of a change may still be shown, in characters.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    chars: usize,
}

/// Of one change.
const CHANGE_CHARS: usize = 6_000;
/// Of one field, so that a long first field cannot hide the others.
const FIELD_CHARS: usize = 1_500;
/// Runs of changed words in one field: each costs markup.
const FIELD_RUNS: usize = 40;
/// Unchanged characters shown on each side of a change: about two lines of context.
const CONTEXT_CHARS: usize = 70;
/// Where two texts differ over more than this, they are not compared word by word: that takes
/// quadratic time, and nobody reads the result.
const MAX_COMPARED_BYTES: usize = 20_000;

impl Budget {
    /// What one change may use.
    pub(super) fn of_a_change() -> Self {
        Self { chars: CHANGE_CHARS }
    }

    /// Whether nothing more may be shown.
    pub(super) fn is_spent(self) -> bool {
        self.chars == 0
    }
}

/// White space as blanks, deceptive characters dropped; nothing trimmed, since runs are joined up again.
pub(super) fn inert(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    for c in text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }) {
        let is_doubled = c == ' ' && kept.ends_with(' ');
        if !is_deceptive(c) && !is_doubled {
            kept.push(c);
        }
    }
    kept
}

/// What is shown of a field, taken from the budget.
pub(super) fn difference(field: &FieldChange, budget: &mut Budget) -> Difference {
    let runs = without_moved_marks(runs_of(field));
    let mut shown =
        Shown { pieces: Vec::new(), chars: budget.chars.min(FIELD_CHARS), runs: FIELD_RUNS, left_out: 0 };
    let all = shown.chars;
    for (index, run) in runs.iter().enumerate() {
        let text = inert(&run.text);
        if run.fate == Fate::Kept {
            shown.keep(&text, index > 0, index + 1 < runs.len());
        } else if !text.is_empty() {
            shown.change(run.fate, &text);
        }
    }
    budget.chars -= all - shown.chars;
    Difference { pieces: shown.pieces, left_out_chars: shown.left_out }
}

/// All of a field, word by word, nothing left out.
pub(super) fn runs_of(field: &FieldChange) -> Vec<Run> {
    match (field.before.as_deref(), field.after.as_deref()) {
        (Some(before), Some(after)) => compared(before, after),
        (before, after) => one_after_the_other(before, after),
    }
}

/// Lets words stand that differ in nothing but their footnote marks or what is said to screen readers:
/// such marks move whenever a footnote or a template comes or goes, and would draw the eye from what
/// was said. Where nothing else differs they are shown.
fn without_moved_marks(runs: Vec<Run>) -> Vec<Run> {
    let noise = Noise::of([NoiseClass::FootnoteMarks, NoiseClass::ScreenReader]);
    let says_nothing = |text: &str| !text.trim().is_empty() && noise.canonical(text).is_empty();
    let mut calm: Vec<Run> = Vec::with_capacity(runs.len());
    for run in &runs {
        let is_moved_mark = run.fate == Fate::Added
            && calm.last().is_some_and(|last| {
                last.fate == Fate::Removed && noise.canonical(&last.text) == noise.canonical(&run.text)
            });
        if is_moved_mark {
            calm.pop();
            push(&mut calm, Fate::Kept, &run.text);
        } else if !says_nothing(&run.text) {
            push(&mut calm, run.fate, &run.text);
        } else if run.fate != Fate::Removed {
            push(&mut calm, Fate::Kept, &run.text);
        }
    }
    let is_all_calm = calm.iter().all(|run| run.fate == Fate::Kept);
    if is_all_calm { runs } else { calm }
}

/// Adds a run, as part of the last one where that has the same fate.
fn push(runs: &mut Vec<Run>, fate: Fate, text: &str) {
    match runs.last_mut() {
        Some(last) if last.fate == fate => last.text.push_str(text),
        _ if text.is_empty() => {}
        _ => runs.push(Run { fate, text: text.to_owned() }),
    }
}

fn one_after_the_other(before: Option<&str>, after: Option<&str>) -> Vec<Run> {
    [(Fate::Removed, before), (Fate::Added, after)]
        .into_iter()
        .filter_map(|(fate, text)| Some(Run { fate, text: text?.to_owned() }))
        .filter(|run| !run.text.is_empty())
        .collect()
}

/// Two texts compared word by word between what they share at both ends.
fn compared(before: &str, after: &str) -> Vec<Run> {
    let head = shared_head(before, after);
    let tail = shared_tail(&before[head..], &after[head..]);
    let middle = |text: &str| text[head..text.len() - tail].to_owned();
    let (old, new) = (middle(before), middle(after));
    let differing = if old.len().max(new.len()) <= MAX_COMPARED_BYTES {
        words(&old, &new)
    } else {
        one_after_the_other(Some(&old), Some(&new))
    };
    let mut runs: Vec<Run> = Vec::new();
    push(&mut runs, Fate::Kept, &after[..head]);
    for run in differing {
        push(&mut runs, run.fate, &run.text);
    }
    push(&mut runs, Fate::Kept, &after[after.len() - tail..]);
    runs
}

/// Bytes that both texts begin with, up to and including a blank.
fn shared_head(before: &str, after: &str) -> usize {
    let same = before.bytes().zip(after.bytes()).take_while(|(a, b)| a == b).count();
    before.as_bytes()[..same].iter().rposition(|&byte| byte == b' ').map_or(0, |blank| blank + 1)
}

/// Bytes that both texts end with, from a blank on.
fn shared_tail(before: &str, after: &str) -> usize {
    let same = before.bytes().rev().zip(after.bytes().rev()).take_while(|(a, b)| a == b).count();
    let start = before.len() - same;
    before.as_bytes()[start..].iter().position(|&byte| byte == b' ').map_or(0, |blank| same - blank)
}

struct Shown {
    pieces: Vec<Piece>,
    chars: usize,
    runs: usize,
    left_out: usize,
}

impl Shown {
    fn change(&mut self, fate: Fate, text: &str) {
        let length = text.chars().count();
        if self.chars == 0 || self.runs == 0 {
            self.left_out += length;
            return;
        }
        self.runs -= 1;
        let end = text.char_indices().nth(self.chars).map_or(text.len(), |(index, _)| index);
        let shown_chars = length.min(self.chars);
        self.chars -= shown_chars;
        self.left_out += length - shown_chars;
        self.pieces.push(Piece::Words(fate, text[..end].to_owned()));
        if end < text.len() {
            self.pieces.push(Piece::Gap);
        }
    }

    /// Unchanged words: of a long run only the ends that border on a change.
    fn keep(&mut self, text: &str, after_a_change: bool, before_a_change: bool) {
        if self.chars == 0 || self.runs == 0 {
            return;
        }
        let head = if after_a_change { head_of(text) } else { 0 };
        let tail = if before_a_change { tail_of(text) } else { text.len() };
        if head >= tail {
            self.push_kept(text);
        } else {
            self.push_kept(&text[..head]);
            self.pieces.push(Piece::Gap);
            self.push_kept(&text[tail..]);
        }
    }

    fn push_kept(&mut self, part: &str) {
        if !part.is_empty() {
            self.chars = self.chars.saturating_sub(part.chars().count());
            self.pieces.push(Piece::Words(Fate::Kept, part.to_owned()));
        }
    }
}

/// Where the context after a change ends: at the last blank within reach.
fn head_of(text: &str) -> usize {
    match text.char_indices().nth(CONTEXT_CHARS) {
        None => text.len(),
        Some((limit, _)) => text[..limit].rfind(' ').unwrap_or(limit),
    }
}

/// Where the context before a change begins: after the first blank within reach.
fn tail_of(text: &str) -> usize {
    match text.char_indices().rev().nth(CONTEXT_CHARS) {
        None => 0,
        Some((limit, c)) => {
            let start = limit + c.len_utf8();
            text[start..].find(' ').map_or(start, |blank| start + blank + 1)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(before: Option<&str>, after: Option<&str>) -> FieldChange {
        FieldChange {
            name: "text".to_owned(),
            before: before.map(str::to_owned),
            after: after.map(str::to_owned),
        }
    }

    fn shown(before: &str, after: &str) -> String {
        difference(&field(Some(before), Some(after)), &mut Budget::of_a_change())
            .pieces
            .iter()
            .map(|piece| match piece {
                Piece::Gap => "…".to_owned(),
                Piece::Words(Fate::Kept, text) => text.clone(),
                Piece::Words(Fate::Removed, text) => format!("[-{text}-]"),
                Piece::Words(Fate::Added, text) => format!("{{+{text}+}}"),
            })
            .collect()
    }

    #[test]
    fn a_moved_footnote_mark_draws_no_eye_unless_nothing_else_differs() {
        assert_eq!(
            shown("for purposes.† This is old", "for purposes.‡ This is new"),
            "for purposes.‡ This is [-old-]{+new+}"
        );
        assert_eq!(shown("purposes.†", "purposes.‡"), "[-purposes.†-]{+purposes.‡+}");
    }

    #[test]
    fn words_for_screen_readers_draw_no_eye_unless_nothing_else_differs() {
        assert_eq!(
            shown("see the order of old", "see Visit - the order of new"),
            "see Visit - the order of [-old-]{+new+}"
        );
        assert_eq!(
            shown("see Visit - the order of old", "see the order of new"),
            "see the order of [-old-]{+new+}"
        );
        assert_eq!(shown("see the order", "see Visit - the order"), "see {+Visit - +}the order");
    }

    #[test]
    fn far_unchanged_words_are_left_out() {
        let filler = "word ".repeat(100);
        let text = shown(&format!("{filler}old {filler}"), &format!("{filler}new {filler}"));
        assert!(text.starts_with("…word "), "{text}");
        assert!(text.contains("word [-old-]{+new+} word"), "{text}");
        assert!(text.ends_with("word…"), "{text}");
        assert!(text.len() < 200, "{text}");
    }

    #[test]
    fn a_text_too_long_to_compare_is_shown_from_where_it_differs() {
        let same = "word ".repeat(10_000);
        let (old, new) = ("old ".repeat(6_000), "new ".repeat(6_000));
        let text = shown(&format!("{same}{old}{same}"), &format!("{same}{new}{same}"));
        assert!(text.starts_with("…word ") && text.contains("word [-old old"), "{text}");
        assert_eq!(shown("same same", "same"), "same[- same-]");
    }

    #[test]
    fn near_changes_share_their_context() {
        assert_eq!(shown("a b c d", "a x c y"), "a [-b-]{+x+} c [-d-]{+y+}");
    }

    #[test]
    fn what_is_left_out_is_counted() {
        let mut budget = Budget::of_a_change();
        let long = "海".repeat(FIELD_CHARS + 5);
        let difference = difference(&field(None, Some(&long)), &mut budget);
        assert_eq!(difference.left_out_chars, 5);
        assert_eq!(budget.chars, CHANGE_CHARS - FIELD_CHARS);
    }

    #[test]
    fn a_spent_budget_shows_nothing_and_says_so() {
        let mut budget = Budget { chars: 0 };
        assert!(budget.is_spent());
        let difference = difference(&field(Some("old"), Some("new")), &mut budget);
        assert_eq!((difference.pieces, difference.left_out_chars), (Vec::new(), 6));
    }

    #[test]
    fn shown_words_cannot_reorder_or_break_the_line() {
        assert_eq!(inert("a\u{202e}b\r\n\u{1b}[31mc\u{200b}  d"), "ab [31mc d");
    }
}
