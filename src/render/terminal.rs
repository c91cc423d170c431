//! A change on a terminal.

use anstyle::{AnsiColor, Effects, Style};

use super::difference::{Piece, inert, runs_of};
use super::flow::{Indent, set, wrap};
use super::view::{FieldBody, FieldView, ProofView, concerns, fields_of, indent_of, moment};
use crate::domain::change::{Change, ChangeKind};
use crate::domain::diff::Fate;
use crate::domain::docket::DocketEvent;
use crate::domain::id::CompanyId;
use crate::domain::text::{one_line, shorten};

const BOLD: Style = Style::new().effects(Effects::BOLD);
const REMOVED: Style = AnsiColor::Red.on_default().effects(Effects::STRIKETHROUGH);
const ADDED: Style = AnsiColor::Green.on_default().effects(Effects::UNDERLINE);

/// A change as `changes show` and `check now` print it, ending in a line feed.
///
/// Without colour, removed and added words are told apart by signs and marks, so that
/// nothing is lost in a pipe. Escape sequences in the source's text are taken out: the
/// only ones in the answer are those made here.
#[must_use]
pub fn for_terminal(change: &Change, short_name: impl Fn(&CompanyId) -> String, colour: bool) -> String {
    let bold = |text: &str| paint(BOLD, text, colour);
    let kind = match change.entry.kind {
        ChangeKind::Added => paint(ADDED, "added", colour),
        ChangeKind::Removed => paint(REMOVED, "removed", colour),
        ChangeKind::Amended => bold("amended"),
    };
    let event = change.entry.event().filter(|event| *event != DocketEvent::New);
    let event = event.map_or_else(String::new, |event| format!(" ({event})"));
    let mut lines = vec![
        format!("{} {kind}{event}  {}", bold(&one_line(change.id.as_str())), one_line(&change.source_title)),
        wrap(&shorten(&one_line(&change.entry.title), 300), Indent::of("  ")),
    ];
    if let Some(date) = change.entry.date {
        lines.push(format!("  date:   {date}"));
    }
    if let Some(url) = &change.entry.url {
        lines.push(format!("  link:   {}", shorten(&one_line(url), 500)));
    }
    lines.push(format!("  found:  {}", moment(change.found_at)));
    let (fields, left_out) = fields_of(change);
    lines.extend(fields.iter().map(|field| if colour { coloured(field) } else { field.plain() }));
    if left_out > 0 {
        lines.push(format!("  ({left_out} more fields are not shown)"));
    }
    let (explained, _) = concerns(change, &[], short_name);
    if !explained.is_empty() {
        lines.push("  concerns".to_owned());
        lines.extend(explained.iter().map(|line| wrap(line, Indent { first: "    ", rest: "      " })));
    }
    lines.push("  proof".to_owned());
    lines.extend([("now", &change.evidence), ("before", &change.previous)].map(|(when, evidence)| {
        let proof = ProofView::of(evidence);
        let (address, read_at) = (proof.address, proof.read_at);
        format!(
            "    {when:<7} {address}\n            read {read_at}, HTTP status {}\n            sha256 {}",
            proof.status, proof.sha256
        )
    }));
    lines.push(String::new());
    lines.join("\n")
}

/// A change word by word, as `changes diff` prints it, ending in a line feed: every changed field
/// whole, in its own lines, nothing left out.
///
/// Without colour, removed words stand in `[-…-]` and added ones in `{+…+}`, as `wdiff(1)` has it.
#[must_use]
pub fn differences_for_terminal(change: &Change, colour: bool) -> String {
    let mut text = format!("{}  {}\n", one_line(change.id.as_str()), one_line(&change.entry.title));
    for field in &change.entry.fields {
        text.push('\n');
        text.push_str(&paint(BOLD, &one_line(&field.name), colour));
        text.push('\n');
        let runs = runs_of(field);
        text.extend(runs.iter().map(|run| marked(run.fate, &printable(&run.text), colour)));
        text.push('\n');
    }
    text
}

fn marked(fate: Fate, words: &str, colour: bool) -> String {
    match fate {
        _ if colour => paint(fate_style(fate), words, true),
        Fate::Kept => words.to_owned(),
        Fate::Removed => format!("[-{words}-]"),
        Fate::Added => format!("{{+{words}+}}"),
    }
}

/// Line by line without anything a terminal would obey.
fn printable(text: &str) -> String {
    text.split('\n').map(inert).collect::<Vec<_>>().join("\n")
}

fn paint(style: Style, text: &str, colour: bool) -> String {
    if colour { format!("{style}{text}{style:#}") } else { text.to_owned() }
}

fn fate_style(fate: Fate) -> Style {
    match fate {
        Fate::Kept => Style::new(),
        Fate::Removed => REMOVED,
        Fate::Added => ADDED,
    }
}

/// The field with its changed words coloured in their places.
fn coloured(field: &FieldView) -> String {
    let painted = |fate: Fate, words: &str| paint(fate_style(fate), words, true);
    let mut lines = vec![format!("  {}", paint(BOLD, &field.name, true))];
    match &field.body {
        FieldBody::Words { pieces, .. } => lines.push(set(pieces, Indent::of("    "), painted)),
        FieldBody::Links(rows) => lines.extend(
            rows.iter().map(|row| set(&[Piece::Words(row.fate, row.words())], indent_of(row.fate), painted)),
        ),
    }
    lines.extend(field.left_out.iter().map(|left_out| format!("    ({left_out})")));
    lines.join("\n")
}
