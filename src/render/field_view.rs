//! A change's fields as they are shown: texts with what differs in them, and links that came or went.

use chrono_tz::Tz;

use super::difference::{Budget, DiffPiece, difference, inert};
use super::face::{Face, SourceWords, label};
use super::flow::{Indent, set, wrap};
use super::link::SafeLink;
use super::when::readable;
use crate::domain::change::{Change, FieldChange};
use crate::domain::entry::LINKS;
use crate::domain::matching::Match;
use crate::domain::text::{counted, one_line, shorten};
use crate::domain::text_diff::WordFate;

/// Of a change, at most so many fields are shown.
const MAX_FIELDS: usize = 12;
/// Of a link list, at most so many links are shown.
const MAX_LINKS: usize = 15;
/// Lines of a list up to this length are a series: names, addresses.
const SERIES_BYTES: usize = 120;
/// Texts up to this length are shown whole, before and after on lines of their own.
const SHORT_CHARS: usize = 160;

/// In which words fields are shown to a reader of mail.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wording<'a> {
    pub words: Option<&'a SourceWords>,
    pub face: Face,
    pub zone: Tz,
}

impl Wording<'_> {
    /// What a field is called.
    pub(super) fn label(&self, field: &str) -> String {
        label(self.words, self.face, field)
    }

    /// A field's only text, dates in words.
    fn text(&self, text: &str) -> String {
        readable(text, self.zone).unwrap_or_else(|| self.quoted(text))
    }

    /// A text as its source has it, a series on one line.
    fn quoted(&self, text: &str) -> String {
        let is_a_series = self.face == Face::List && text.lines().all(|line| line.len() < SERIES_BYTES);
        if is_a_series { text.lines().collect::<Vec<_>>().join("; ") } else { text.to_owned() }
    }
}

/// One field that differs.
pub(super) struct FieldView {
    pub name: String,
    pub body: FieldBody,
    /// What is not shown, in words.
    pub left_out: Option<String>,
}

/// What is shown of a field.
pub(super) enum FieldBody {
    /// A text: its pieces, and where it is short both whole texts.
    Words { pieces: Vec<DiffPiece>, whole: Option<(String, String)> },
    /// Links that came or went.
    Links(Vec<LinkRow>),
}

/// One link that came or went.
pub(super) struct LinkRow {
    pub fate: WordFate,
    pub label: String,
    /// The address where it may be followed, else as text.
    pub link: Result<SafeLink, String>,
}

/// The fields of a change within its budget, and how many are not shown.
/// Without `wording` they are called by their keys and their dates stay as they are.
pub(super) fn fields_of(change: &Change, wording: Option<Wording>) -> (Vec<FieldView>, usize) {
    let mut budget = Budget::of_a_change(change.entry.fields.len().min(MAX_FIELDS));
    let mut fields = Vec::new();
    let sought = found_words(change);
    for field in change.entry.fields.iter().take(MAX_FIELDS) {
        if budget.is_spent() {
            break;
        }
        let field = FieldView::of(field, wording, &sought, &mut budget);
        fields.push(if change.is_notice() { field.unchanged() } else { field });
    }
    let left_out = change.entry.fields.len() - fields.len();
    (fields, left_out)
}

/// The names by which a change concerns anybody, as its texts have them.
fn found_words(change: &Change) -> Vec<&str> {
    let texts = |found: &Match| {
        let context = change.entry.context.iter().filter(|(name, _)| *name == found.field);
        context.map(|(_, text)| text.as_str()).find(|text| found.stands_in(text))
    };
    let words = |found: &Match| texts(found)?.get(found.span.clone());
    let mut found: Vec<&str> =
        change.matches.iter().filter_map(words).filter(|words| !words.is_empty()).collect();
    found.sort_unstable();
    found.dedup();
    found
}

impl FieldView {
    fn of(field: &FieldChange, wording: Option<Wording>, sought: &[&str], budget: &mut Budget) -> Self {
        let name =
            wording.map_or_else(|| shorten(&one_line(&field.name), 80), |wording| wording.label(&field.name));
        if field.name == LINKS {
            return Self::of_links(name, field);
        }
        // Where two texts are told apart each is quoted: whoever looks for it at the source must find it.
        let is_amended = field.before.is_some() && field.after.is_some();
        let worded = |text: &Option<String>| {
            let text = text.as_deref()?;
            Some(match wording {
                None => text.to_owned(),
                Some(wording) if is_amended => wording.quoted(text),
                Some(wording) => wording.text(text),
            })
        };
        let field = &FieldChange {
            name: field.name.clone(),
            before: worded(&field.before),
            after: worded(&field.after),
        };
        let difference = difference(field, sought, budget);
        let whole = match (&field.before, &field.after) {
            (Some(before), Some(after)) => Some((inert(before), inert(after))).filter(|(before, after)| {
                difference.left_out_chars == 0
                    && before.chars().count().max(after.chars().count()) <= SHORT_CHARS
            }),
            _ => None,
        };
        let left_out = (difference.left_out_chars > 0)
            .then(|| format!("{} more changed characters are not shown", difference.left_out_chars));
        Self { name, body: FieldBody::Words { pieces: difference.pieces, whole }, left_out }
    }

    fn of_links(name: String, field: &FieldChange) -> Self {
        let lines = |text: &Option<String>| -> Vec<String> {
            text.as_deref().unwrap_or_default().lines().map(str::to_owned).collect()
        };
        let (before, after) = (lines(&field.before), lines(&field.after));
        let gone = before.iter().filter(|line| !after.contains(line)).map(|line| (WordFate::Removed, line));
        let come = after.iter().filter(|line| !before.contains(line)).map(|line| (WordFate::Added, line));
        let mut rows: Vec<LinkRow> = gone.chain(come).map(|(fate, line)| LinkRow::of(fate, line)).collect();
        let hidden = rows.len().saturating_sub(MAX_LINKS);
        rows.truncate(MAX_LINKS);
        let left_out =
            (hidden > 0).then(|| format!("{} not shown", counted(hidden, "more link is", "more links are")));
        Self { name, body: FieldBody::Links(rows), left_out }
    }

    /// The same with nothing in it new: a notice tells what was there already.
    pub(super) fn unchanged(mut self) -> Self {
        match &mut self.body {
            FieldBody::Words { pieces, .. } => {
                for piece in pieces {
                    if let DiffPiece::Words(fate, _) = piece {
                        *fate = WordFate::Kept;
                    }
                }
            }
            FieldBody::Links(rows) => rows.iter_mut().for_each(|row| row.fate = WordFate::Kept),
        }
        self
    }

    /// Whether removed and added words are told apart by marks inside the text.
    pub(super) fn is_marked(&self) -> bool {
        let is_changed =
            |piece: &DiffPiece| matches!(piece, DiffPiece::Words(WordFate::Removed | WordFate::Added, _));
        match &self.body {
            FieldBody::Words { pieces, whole: None } => {
                pieces.iter().any(is_changed) && !is_one_sided(pieces)
            }
            _ => false,
        }
    }

    /// All that is shown of a text, without marks.
    pub(super) fn text(&self) -> String {
        let FieldBody::Words { pieces, .. } = &self.body else { return String::new() };
        let piece = |piece: &DiffPiece| match piece {
            DiffPiece::Gap => " […] ".to_owned(),
            DiffPiece::Words(_, words) => words.clone(),
        };
        one_line(&pieces.iter().map(piece).collect::<String>())
    }

    /// The field as plain text: its name, then lines that begin with `-` and `+`, or a marked text.
    pub(super) fn plain(&self) -> String {
        let mut lines = vec![format!("  {}", self.name)];
        lines.extend(match &self.body {
            FieldBody::Words { whole: Some((before, after)), .. } => {
                vec![signed(WordFate::Removed, before), signed(WordFate::Added, after)]
            }
            FieldBody::Words { pieces, whole: None } if is_one_sided(pieces) => {
                vec![set(pieces, indent_of(fate_of(pieces)), |_, words| words.to_owned())]
            }
            FieldBody::Words { pieces, whole: None } => {
                vec![set(&marked(pieces), Indent::of("    "), |_, words| words.to_owned())]
            }
            FieldBody::Links(rows) => rows.iter().map(|row| signed(row.fate, &row.words())).collect(),
        });
        lines.extend(self.left_out.iter().map(|left_out| format!("    ({left_out})")));
        lines.join("\n")
    }
}

/// Whether nothing but removed words, or nothing but added ones, is there.
fn is_one_sided(pieces: &[DiffPiece]) -> bool {
    let fate = fate_of(pieces);
    fate != WordFate::Kept
        && pieces.iter().all(|piece| match piece {
            DiffPiece::Words(other, _) => *other == fate,
            DiffPiece::Gap => true,
        })
}

fn fate_of(pieces: &[DiffPiece]) -> WordFate {
    pieces
        .iter()
        .find_map(|piece| match piece {
            DiffPiece::Words(fate, _) => Some(*fate),
            DiffPiece::Gap => None,
        })
        .unwrap_or(WordFate::Kept)
}

pub(super) fn indent_of(fate: WordFate) -> Indent<'static> {
    let first = match fate {
        WordFate::Kept => "      ",
        WordFate::Removed => "    - ",
        WordFate::Added => "    + ",
    };
    Indent { first, rest: "      " }
}

fn signed(fate: WordFate, text: &str) -> String {
    wrap(text, indent_of(fate))
}

/// The pieces with `[-removed-]` and `{+added+}` as part of their text. Marks that the source
/// itself wrote are parted by a blank, so that it cannot forge them.
fn marked(pieces: &[DiffPiece]) -> Vec<DiffPiece> {
    pieces
        .iter()
        .map(|piece| match piece {
            DiffPiece::Gap => DiffPiece::Gap,
            DiffPiece::Words(fate, text) => {
                let text =
                    text.replace("[-", "[ -").replace("-]", "- ]").replace("{+", "{ +").replace("+}", "+ }");
                let words = text.trim();
                let (open, close) = match fate {
                    _ if words.is_empty() => ("", ""),
                    WordFate::Kept => ("", ""),
                    WordFate::Removed => ("[-", "-]"),
                    WordFate::Added => ("{+", "+}"),
                };
                let head = if text.starts_with(' ') { " " } else { "" };
                let tail = if text.ends_with(' ') { " " } else { "" };
                DiffPiece::Words(WordFate::Kept, format!("{head}{open}{words}{close}{tail}"))
            }
        })
        .collect()
}

impl LinkRow {
    fn of(fate: WordFate, row: &str) -> Self {
        let (label, address) = row.split_once('\t').unwrap_or(("", row));
        let link = SafeLink::of(address).ok_or_else(|| shorten(&one_line(address), 200));
        Self { fate, label: shorten(&one_line(label), 200), link }
    }

    /// The link as plain text.
    pub(super) fn words(&self) -> String {
        let address = match &self.link {
            Ok(link) => format!("<{}>", link.href),
            Err(text) => text.clone(),
        };
        if self.label.is_empty() { address } else { format!("{} {address}", self.label) }
    }
}
