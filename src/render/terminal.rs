//! A change on a terminal.

use anstyle::{AnsiColor, Effects, Style};
use chrono_tz::Tz;

use super::change_view::concerns;
use super::difference::{DiffPiece, inert, runs_of};
use super::explanation::explanation;
use super::field_view::{FieldBody, FieldView, fields_of, indent_of};
use super::flow::{Indent, set, wrap};
use super::when::{exact_on_terminal, on_terminal};
use crate::domain::change::{Change, ChangeKind, Evidence};
use crate::domain::docket::DocketEvent;
use crate::domain::id::CompanyId;
use crate::domain::matching::Match;
use crate::domain::text::{counted, one_line, shorten};
use crate::domain::text_diff::WordFate;

const BOLD: Style = Style::new().effects(Effects::BOLD);
const REMOVED: Style = AnsiColor::Red.on_default().effects(Effects::STRIKETHROUGH);
const FOUND: Style = AnsiColor::Yellow.on_default().effects(Effects::BOLD.insert(Effects::UNDERLINE));
const ADDED: Style = AnsiColor::Green.on_default().effects(Effects::UNDERLINE);

/// A change as `changes show` and `check now` print it, ending in a line feed.
///
/// Without colour, removed and added words are told apart by signs and marks, so that
/// nothing is lost in a pipe. Times are those of `zone`. Escape sequences in the source's text are taken out: the
/// only ones in the answer are those made here.
#[must_use]
pub fn for_terminal(
    change: &Change,
    short_name: impl Fn(&CompanyId) -> String,
    zone: Tz,
    colour: bool,
) -> String {
    let bold = |text: &str| paint(BOLD, text, colour);
    let kind = match change.entry.kind {
        ChangeKind::Added => paint(ADDED, "added", colour),
        ChangeKind::Removed => paint(REMOVED, "removed", colour),
        ChangeKind::Amended | ChangeKind::AlreadyListed => bold(&change.entry.kind.to_string()),
    };
    let event = change.entry.event().filter(|event| *event != DocketEvent::New);
    let event = event.map_or_else(String::new, |event| format!(" ({event})"));
    let mut lines = vec![
        format!("{} {kind}{event}  {}", bold(&one_line(change.id.short())), one_line(&change.source_title)),
        wrap(&shorten(&one_line(&change.entry.title), 300), Indent::of("  ")),
    ];
    if let Some(date) = change.entry.date {
        lines.push(format!("  date:   {date}"));
    }
    if change.is_notice() {
        lines.push(format!("  since:  {}", listed_since(change, zone)));
    }
    if let Some(url) = &change.entry.url {
        lines.push(format!("  link:   {}", shorten(&one_line(url), 500)));
    }
    lines.push(format!("  found:  {}", on_terminal(change.found_at, zone)));
    let (fields, left_out) = fields_of(change, None);
    lines.extend(fields.iter().map(|field| if colour { coloured(field) } else { field.plain() }));
    if left_out > 0 {
        lines.push(format!("  ({} not shown)", counted(left_out, "more field is", "more fields are")));
    }
    let (explained, _) = concerns(change, &[], short_name, str::to_owned);
    if !explained.is_empty() {
        lines.push("  concerns".to_owned());
        lines.extend(
            explained.iter().map(|line| wrap(&line.plain(""), Indent { first: "    ", rest: "      " })),
        );
    }
    if !change.possible.is_empty() {
        let possible = change.possible.iter().map(|found| {
            let company = format!("{}: ", one_line(found.company.as_str()));
            explanation(found, change, str::to_owned).behind(&company).plain("")
        });
        lines.push("  possible, no alert was raised".to_owned());
        lines.extend(possible.map(|line| wrap(&line, Indent { first: "    ", rest: "      " })));
    }
    lines.push("  proof".to_owned());
    let earlier = if change.is_notice() { "first" } else { "before" };
    lines.extend([("now", &change.evidence), (earlier, &change.previous)].map(|(when, evidence)| {
        let Evidence { url, read_at, status, sha256 } = evidence;
        let (address, read_at) = (shorten(&one_line(url), 500), exact_on_terminal(*read_at, zone));
        let hash = one_line(sha256.as_str());
        format!(
            "    {when:<7} {address}\n            read {read_at}, HTTP status {status}\n            sha256 {hash}"
        )
    }));
    lines.push(String::new());
    lines.join("\n")
}

/// Since when a notice's entry is known to be there.
fn listed_since(change: &Change, zone: Tz) -> String {
    match change.entry.date {
        Some(date) => format!("{date}, the date it bears"),
        None => format!("{} or earlier, when it was read first", on_terminal(change.previous.read_at, zone)),
    }
}

/// A match with everything that speaks for it, as `changes explain` and `company test` print it,
/// ending in a line feed: the rule, the name, the place in the text with its words marked, the
/// score, and the way from whom is named to the company.
///
/// `texts` are those the match may stand in, each with its field.
#[must_use]
pub fn match_for_terminal(found: &Match, texts: &[(String, String)], colour: bool) -> String {
    let mut lines = vec![format!(
        "{}  by {}, score {}",
        paint(BOLD, found.company.as_str(), colour),
        found.rule.label(),
        found.score
    )];
    if !found.alias.is_empty() {
        let kind = found.alias_kind.map_or("words", |kind| kind.label());
        lines.push(wrap(&format!("{kind} “{}”", shorten(&one_line(&found.alias), 300)), Indent::of("  ")));
    }
    if let Some(marked) = marked_place(found, texts, colour) {
        let part = found.part.label();
        lines.push(format!("  {} {}..{}, {part}:", one_line(&found.field), found.span.start, found.span.end));
        lines.push(format!("    {marked}"));
    }
    if !found.path.is_empty() {
        lines.push(wrap(&format!("ownership: {}", one_line(&found.path.join(" → "))), Indent::of("  ")));
    }
    if !found.reason.is_empty() {
        lines.push(wrap(&one_line(&found.reason), Indent::of("  ")));
    }
    lines.push(String::new());
    lines.join("\n")
}

/// The words of a match between those around it.
fn marked_place(found: &Match, texts: &[(String, String)], colour: bool) -> Option<String> {
    let is_its_text = |text: &&String| found.stands_in(text);
    let (_, text) = texts.iter().find(|(field, text)| *field == found.field && is_its_text(&text))?;
    let (before, words, after) = found.around(text);
    let words =
        if colour { paint(FOUND, &one_line(words), colour) } else { format!("[{}]", one_line(words)) };
    let (before, after) = (one_line(&format!("{before}|")), one_line(&format!("|{after}")));
    Some(format!("{}{words}{}", before.trim_end_matches('|'), after.trim_start_matches('|')))
}

/// A change word by word, as `changes diff` prints it, ending in a line feed: every changed field
/// whole, in its own lines, nothing left out.
///
/// Without colour, removed words stand in `[-…-]` and added ones in `{+…+}`, as `wdiff(1)` has it.
#[must_use]
pub fn differences_for_terminal(change: &Change, colour: bool) -> String {
    let mut text = format!("{}  {}\n", one_line(change.id.short()), one_line(&change.entry.title));
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

fn marked(fate: WordFate, words: &str, colour: bool) -> String {
    match fate {
        _ if colour => paint(fate_style(fate), words, true),
        WordFate::Kept => words.to_owned(),
        WordFate::Removed => format!("[-{words}-]"),
        WordFate::Added => format!("{{+{words}+}}"),
    }
}

/// Line by line without anything a terminal would obey.
fn printable(text: &str) -> String {
    text.split('\n').map(inert).collect::<Vec<_>>().join("\n")
}

fn paint(style: Style, text: &str, colour: bool) -> String {
    if colour { format!("{style}{text}{style:#}") } else { text.to_owned() }
}

fn fate_style(fate: WordFate) -> Style {
    match fate {
        WordFate::Kept => Style::new(),
        WordFate::Removed => REMOVED,
        WordFate::Added => ADDED,
    }
}

/// The field with its changed words coloured in their places.
fn coloured(field: &FieldView) -> String {
    let painted = |fate: WordFate, words: &str| paint(fate_style(fate), words, true);
    let mut lines = vec![format!("  {}", paint(BOLD, &field.name, true))];
    match &field.body {
        FieldBody::Words { pieces, .. } => lines.push(set(pieces, Indent::of("    "), painted)),
        FieldBody::Links(rows) => lines.extend(
            rows.iter()
                .map(|row| set(&[DiffPiece::Words(row.fate, row.words())], indent_of(row.fate), painted)),
        ),
    }
    lines.extend(field.left_out.iter().map(|left_out| format!("    ({left_out})")));
    lines.join("\n")
}
