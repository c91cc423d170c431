//! A field's two texts as pieces to show: what changed, with a little of what surrounds it.
//!
//! Everything is cut to a [`Budget`], since a source may change by megabytes. All places that changed share it, so
//! that none hides the others, and what is cut is counted, since a reader must know that there is more.

use std::ops::Range;

use crate::domain::change::FieldChange;
use crate::domain::noise::{Noise, NoiseClass};
use crate::domain::text::is_deceptive;
use crate::domain::text_diff::{WordFate, WordRun, words};

/// A part of a text as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum DiffPiece {
    /// Words with one fate, on one line, single blanks kept as the source has them.
    Words(WordFate, String),
    /// Unchanged words left out.
    Gap,
}

/// What is shown of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Difference {
    /// In reading order.
    pub pieces: Vec<DiffPiece>,
    /// Characters of changed words that are not shown.
    pub left_out_chars: usize,
}

/// How much of a change may still be shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    chars: usize,
    /// The fields that share it.
    fields: usize,
}

/// Characters shown of one change.
const CHANGE_CHARS: usize = 6_000;
/// Of one field, so that a long first field cannot hide the others.
const FIELD_CHARS: usize = 1_500;
/// Places with changed words in one field: each costs markup.
const FIELD_PLACES: usize = 40;
/// Of each place at least this is shown, or nothing.
const PLACE_CHARS: usize = 60;
/// Unchanged characters shown on each side of a change: about two lines of context.
const CONTEXT_CHARS: usize = 70;

impl Budget {
    /// What one change with so many fields may use.
    pub(super) fn of_a_change(fields: usize) -> Self {
        Self { chars: CHANGE_CHARS, fields }
    }

    /// Whether nothing more may be shown.
    pub(super) fn is_spent(self) -> bool {
        self.chars == 0
    }

    /// What the next field may use: its share, however much the fields before it could have used.
    fn next_field(&mut self) -> usize {
        let share = self.chars / self.fields.max(1);
        self.fields = self.fields.saturating_sub(1);
        share.min(FIELD_CHARS)
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

/// What is shown of a field, taken from the budget. Where not all of it can be shown, the places that hold one
/// of the `sought` words come first: a reader's own company.
pub(super) fn difference(field: &FieldChange, sought: &[&str], budget: &mut Budget) -> Difference {
    let runs: Vec<WordRun> = without_moved_marks(runs_of(field))
        .into_iter()
        .map(|run| WordRun { text: inert(&run.text), ..run })
        .filter(|run| !run.text.is_empty())
        .collect();
    let share = budget.next_field();
    let allotted = allotted(&runs, sought, share);
    let mut shown = ShownPieces::default();
    for (index, run) in runs.iter().enumerate() {
        if run.fate == WordFate::Kept {
            let is_shown =
                |at: Option<usize>| at.and_then(|at| allotted.get(at)).is_some_and(|chars| *chars > 0);
            shown.keep(&run.text, is_shown(index.checked_sub(1)), is_shown(Some(index + 1)));
        } else {
            shown.change(run, allotted[index], sought);
        }
    }
    budget.chars -= allotted.iter().sum::<usize>();
    Difference { pieces: shown.pieces, left_out_chars: shown.left_out }
}

/// How many characters of each run are shown; of unchanged ones none.
///
/// All places are shown if they can be, each cut to the same length at most. Where there are too many, those
/// with a sought word are chosen first, then the others in the order of the text.
fn allotted(runs: &[WordRun], sought: &[&str], chars: usize) -> Vec<usize> {
    let mut places: Vec<usize> = (0..runs.len()).filter(|&at| runs[at].fate != WordFate::Kept).collect();
    places.sort_by_key(|&at| !sought.iter().any(|word| runs[at].text.contains(word)));
    places.truncate(FIELD_PLACES.min(chars.div_ceil(PLACE_CHARS)));
    let length = |at: usize| runs[at].text.chars().count();
    places.sort_by_key(|&at| length(at));
    let mut allotted = vec![0; runs.len()];
    let (mut left, count) = (chars, places.len());
    for (index, at) in places.into_iter().enumerate() {
        // The shorter ones leave more for the longer ones.
        allotted[at] = length(at).min(left / (count - index));
        left -= allotted[at];
    }
    allotted
}

/// All of a field, word by word, nothing left out.
pub(super) fn runs_of(field: &FieldChange) -> Vec<WordRun> {
    words(field.before.as_deref().unwrap_or_default(), field.after.as_deref().unwrap_or_default())
}

/// Lets words stand that differ in nothing but their footnote marks or what is said to screen readers:
/// such marks move whenever a footnote or a template comes or goes, and would draw the eye from what
/// was said. Where nothing else differs they are shown.
fn without_moved_marks(runs: Vec<WordRun>) -> Vec<WordRun> {
    let noise = Noise::of([NoiseClass::FootnoteMarks, NoiseClass::ScreenReader]);
    let says_nothing = |text: &str| !text.trim().is_empty() && noise.canonical(text).is_empty();
    let mut calm: Vec<WordRun> = Vec::with_capacity(runs.len());
    for run in &runs {
        let is_moved_mark = run.fate == WordFate::Added
            && calm.last().is_some_and(|last| {
                last.fate == WordFate::Removed && noise.canonical(&last.text) == noise.canonical(&run.text)
            });
        if is_moved_mark {
            calm.pop();
            push(&mut calm, WordFate::Kept, &run.text);
        } else if !says_nothing(&run.text) {
            push(&mut calm, run.fate, &run.text);
        } else if run.fate != WordFate::Removed {
            push(&mut calm, WordFate::Kept, &run.text);
        }
    }
    let is_all_calm = calm.iter().all(|run| run.fate == WordFate::Kept);
    if is_all_calm { runs } else { calm }
}

/// Adds a run, as part of the last one where that has the same fate.
fn push(runs: &mut Vec<WordRun>, fate: WordFate, text: &str) {
    match runs.last_mut() {
        Some(last) if last.fate == fate => last.text.push_str(text),
        _ if text.is_empty() => {}
        _ => runs.push(WordRun { fate, text: text.to_owned() }),
    }
}

#[derive(Default)]
struct ShownPieces {
    pieces: Vec<DiffPiece>,
    left_out: usize,
}

impl ShownPieces {
    /// Changed words, of which so many characters are shown: from the beginning, or around a sought word.
    fn change(&mut self, run: &WordRun, chars: usize, sought: &[&str]) {
        let length = run.text.chars().count();
        self.left_out += length - chars.min(length);
        if chars == 0 {
            return self.gap();
        }
        if chars >= length {
            return self.pieces.push(DiffPiece::Words(run.fate, run.text.clone()));
        }
        let window = window(&run.text, chars, sought);
        if window.start > 0 {
            self.gap();
        }
        let is_cut_behind = window.end < run.text.len();
        self.pieces.push(DiffPiece::Words(run.fate, run.text[window].to_owned()));
        if is_cut_behind {
            self.gap();
        }
    }

    /// Unchanged words: of a long run only the ends that border on a change that is shown.
    fn keep(&mut self, text: &str, after_a_change: bool, before_a_change: bool) {
        let head = if after_a_change { head_of(text) } else { 0 };
        let tail = if before_a_change { tail_of(text) } else { text.len() };
        if head >= tail {
            return self.push_kept(text);
        }
        self.push_kept(&text[..head]);
        self.gap();
        self.push_kept(&text[tail..]);
    }

    fn push_kept(&mut self, part: &str) {
        if !part.is_empty() {
            self.pieces.push(DiffPiece::Words(WordFate::Kept, part.to_owned()));
        }
    }

    fn gap(&mut self) {
        if self.pieces.last() != Some(&DiffPiece::Gap) {
            self.pieces.push(DiffPiece::Gap);
        }
    }
}

/// So many characters of a text, as far as they can be around the first sought word.
fn window(text: &str, chars: usize, sought: &[&str]) -> Range<usize> {
    let found = sought.iter().filter_map(|word| text.find(word)).min().unwrap_or(0);
    let before = text[..found].chars().count();
    let all = text.chars().count();
    let start = before.saturating_sub(chars / 4).min(all - chars);
    let byte = |at: usize| text.char_indices().nth(at).map_or(text.len(), |(byte, _)| byte);
    byte(start)..byte(start + chars)
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
        difference(&field(Some(before), Some(after)), &[], &mut Budget::of_a_change(1))
            .pieces
            .iter()
            .map(|piece| match piece {
                DiffPiece::Gap => "…".to_owned(),
                DiffPiece::Words(WordFate::Kept, text) => text.clone(),
                DiffPiece::Words(WordFate::Removed, text) => format!("[-{text}-]"),
                DiffPiece::Words(WordFate::Added, text) => format!("{{+{text}+}}"),
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
    fn a_small_change_is_shown_beside_a_large_one() {
        let same = "word ".repeat(10_000);
        let (old, new) = ("old ".repeat(6_000), "new ".repeat(6_000));
        let text = shown(&format!("{same}{old}{same}kept 5 here"), &format!("{same}{new}{same}kept 6 here"));
        assert!(text.starts_with("…word ") && text.contains("word [-old old"), "{text}");
        assert!(text.contains("kept [-5-]{+6+} here"), "{text}");
        assert_eq!(shown("same same", "same"), "same[- same-]");
    }

    #[test]
    fn of_a_long_text_the_part_with_the_sought_word_is_shown() {
        let filler = "word ".repeat(2_000);
        let long = format!("{filler}Hikvision of Hangzhou {filler}");
        let mut budget = Budget::of_a_change(1);
        let difference = difference(&field(None, Some(&long)), &["Hikvision"], &mut budget);
        let [DiffPiece::Gap, DiffPiece::Words(WordFate::Added, text), DiffPiece::Gap] =
            difference.pieces.as_slice()
        else {
            panic!("{:?}", difference.pieces);
        };
        assert!(text.contains("Hikvision of Hangzhou word"), "{text}");
        assert_eq!(difference.left_out_chars, long.chars().count() - FIELD_CHARS);
    }

    #[test]
    fn of_too_many_places_those_with_the_sought_word_are_shown() {
        let row = |number: usize, text: &str| format!("row {number} kept {text}{number} kept\n");
        let name = |number| if number == 900 { "ZTE" } else { "other" };
        let before: String = (0..1_000).map(|number| row(number, "old")).collect();
        let after: String = (0..1_000).map(|number| row(number, name(number))).collect();
        let mut budget = Budget::of_a_change(1);
        let difference = difference(&field(Some(&before), Some(&after)), &["ZTE"], &mut budget);
        let words = |piece: &DiffPiece| matches!(piece, DiffPiece::Words(_, text) if text.contains("ZTE900"));
        assert!(difference.pieces.iter().any(words), "{:?}", difference.pieces);
        assert!(difference.left_out_chars > 0);
    }

    #[test]
    fn every_field_has_its_share() {
        let mut budget = Budget::of_a_change(10);
        let long = "海".repeat(10_000);
        for _ in 0..10 {
            let difference = difference(&field(None, Some(&long)), &[], &mut budget);
            assert_eq!(difference.left_out_chars, 10_000 - CHANGE_CHARS / 10);
        }
    }

    #[test]
    fn near_changes_share_their_context() {
        assert_eq!(shown("a b c d", "a x c y"), "a [-b-]{+x+} c [-d-]{+y+}");
    }

    #[test]
    fn what_is_left_out_is_counted() {
        let mut budget = Budget::of_a_change(1);
        let long = "海".repeat(FIELD_CHARS + 5);
        let difference = difference(&field(None, Some(&long)), &[], &mut budget);
        assert_eq!(difference.left_out_chars, 5);
        assert_eq!(budget.chars, CHANGE_CHARS - FIELD_CHARS);
    }

    #[test]
    fn a_spent_budget_shows_nothing_and_says_so() {
        let mut budget = Budget { chars: 0, fields: 1 };
        assert!(budget.is_spent());
        let difference = difference(&field(Some("old"), Some("new")), &[], &mut budget);
        assert_eq!((difference.pieces, difference.left_out_chars), (vec![DiffPiece::Gap], 6));
    }

    #[test]
    fn shown_words_cannot_reorder_or_break_the_line() {
        assert_eq!(inert("a\u{202e}b\r\n\u{1b}[31mc\u{200b}  d"), "ab [31mc d");
    }
}
