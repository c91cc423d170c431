//! Running text set in lines: wrapped at a width, with indents, word by word.

use unicode_width::UnicodeWidthStr;

use super::difference::DiffPiece;
use crate::domain::text_diff::WordFate;

/// The width of a mail's text, in columns (RFC 3676, 4.2: at most 78).
pub(super) const WIDTH: usize = 76;

/// How the first and the other lines of a paragraph begin.
#[derive(Debug, Clone, Copy)]
pub(super) struct Indent<'a> {
    /// Before the first line.
    pub first: &'a str,
    /// Before every other line.
    pub rest: &'a str,
}

impl<'a> Indent<'a> {
    /// The same indent on every line.
    pub(super) fn of(indent: &'a str) -> Self {
        Self { first: indent, rest: indent }
    }
}

/// One paragraph of plain words. A word wider than the line is left whole: it may be an address.
pub(super) fn wrap(text: &str, indent: Indent) -> String {
    set(&[DiffPiece::Words(WordFate::Kept, text.to_owned())], indent, |_, words| words.to_owned())
}

/// One paragraph of a difference; `paint` makes a run of words of one fate visible without adding columns.
pub(super) fn set(pieces: &[DiffPiece], indent: Indent, paint: impl Fn(WordFate, &str) -> String) -> String {
    let mut lines = FlowLines { indent, paint, done: String::new(), line: Vec::new(), width: 0 };
    for word in words_of(pieces) {
        lines.push(word);
    }
    lines.finish()
}

/// What stands between two blanks: often one run, several where a change is inside a word.
type FlowWord = Vec<(WordFate, String)>;

fn words_of(pieces: &[DiffPiece]) -> Vec<FlowWord> {
    let mut words: Vec<FlowWord> = Vec::new();
    let mut is_open = false;
    for piece in pieces {
        let (fate, text) = match piece {
            DiffPiece::Words(fate, text) => (*fate, text.as_str()),
            DiffPiece::Gap => (WordFate::Kept, " […] "),
        };
        for (index, part) in text.split(' ').enumerate() {
            is_open &= index == 0;
            if part.is_empty() {
                continue;
            }
            match words.last_mut() {
                Some(word) if is_open => word.push((fate, part.to_owned())),
                _ => words.push(vec![(fate, part.to_owned())]),
            }
            is_open = true;
        }
    }
    words
}

struct FlowLines<'a, P> {
    indent: Indent<'a>,
    paint: P,
    done: String,
    line: Vec<FlowWord>,
    width: usize,
}

impl<P: Fn(WordFate, &str) -> String> FlowLines<'_, P> {
    fn push(&mut self, word: FlowWord) {
        let width: usize = word.iter().map(|(_, text)| text.width()).sum();
        let indent = if self.done.is_empty() { self.indent.first } else { self.indent.rest };
        if !self.line.is_empty() && indent.width() + self.width + 1 + width > WIDTH {
            self.end_line();
        }
        self.width += width + usize::from(!self.line.is_empty());
        self.line.push(word);
    }

    /// Paints each run of one fate as a whole, the blanks inside it included.
    fn end_line(&mut self) {
        if !self.done.is_empty() {
            self.done.push('\n');
        }
        let indent = if self.done.is_empty() { self.indent.first } else { self.indent.rest };
        self.done.push_str(indent);
        let mut runs: Vec<(WordFate, String)> = Vec::new();
        let mut append = |fate: WordFate, text: &str| match runs.last_mut() {
            Some((known, run)) if *known == fate => run.push_str(text),
            _ => runs.push((fate, text.to_owned())),
        };
        let mut before = None;
        for word in std::mem::take(&mut self.line) {
            for (part, (fate, text)) in word.into_iter().enumerate() {
                if part == 0 && before.is_some() {
                    append(if before == Some(fate) { fate } else { WordFate::Kept }, " ");
                }
                append(fate, &text);
                before = Some(fate);
            }
        }
        for (fate, run) in runs {
            self.done.push_str(&(self.paint)(fate, &run));
        }
        self.width = 0;
    }

    fn finish(mut self) -> String {
        if !self.line.is_empty() {
            self.end_line();
        }
        self.done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_to_the_width_and_wide_letters_count_double() {
        let text = wrap(&"海康威视 camera ".repeat(20), Indent { first: "+ ", rest: "  " });
        assert!(text.starts_with("+ 海康威视 camera"));
        assert!(text.lines().count() > 3);
        for line in text.lines() {
            assert!(line.width() <= WIDTH, "{line:?}");
        }
    }

    #[test]
    fn an_address_is_never_broken() {
        let address = format!("https://agency.test/{}", "x".repeat(100));
        assert_eq!(wrap(&format!("see {address} there"), Indent::of("")), format!("see\n{address}\nthere"));
    }

    #[test]
    fn a_change_inside_a_word_does_not_part_it() {
        let pieces = [
            DiffPiece::Words(WordFate::Kept, "in 20".into()),
            DiffPiece::Words(WordFate::Removed, "25".into()),
            DiffPiece::Words(WordFate::Added, "26".into()),
            DiffPiece::Words(WordFate::Kept, ", then".into()),
        ];
        let text = set(&pieces, Indent::of(""), |fate, words| match fate {
            WordFate::Kept => words.to_owned(),
            WordFate::Removed => format!("<{words}>"),
            WordFate::Added => format!("({words})"),
        });
        assert_eq!(text, "in 20<25>(26), then");
    }
}
