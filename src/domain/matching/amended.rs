//! What of an amended entry was amended, and how much of it that speaks of.
//!
//! A row of a list is about the name that it bears, whichever of its words changed. A section of prose is not:
//! of it only the paragraph, row or item that changed counts, with its heading and its label. A name elsewhere in
//! the section was there before and is no news.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::{ChangePart, Match, Watchlist};
use crate::domain::change::{ChangeKind, EntryChange, FieldChange};
use crate::domain::entry::{CAPTION, LINKS, PARTIES};
use crate::domain::noise::NoiseClass;
use crate::domain::source::Source;
use crate::domain::text_diff::{WordFate, WordRun, words};

/// The words of an entry that changed, field by field.
pub(super) struct Amended<'a> {
    change: &'a EntryChange,
    source: &'a Source,
    /// What was compared, by the name of its field; empty unless the entry was amended.
    runs: BTreeMap<&'a str, Vec<WordRun>>,
}

/// Where a text speaks of the change.
pub(super) enum TextScope {
    /// Everywhere.
    All,
    /// Within these bytes.
    Within(Vec<Range<usize>>),
}

impl TextScope {
    pub fn holds(&self, span: &Range<usize>) -> bool {
        match self {
            Self::All => true,
            Self::Within(ranges) => {
                ranges.iter().any(|range| range.start <= span.start && span.end <= range.end)
            }
        }
    }
}

impl<'a> Amended<'a> {
    pub fn of(source: &'a Source, change: &'a EntryChange) -> Self {
        let is_amended = change.kind == ChangeKind::Amended;
        let compared = change.fields.iter().filter(|field| is_amended && field.name != LINKS);
        let runs = compared.map(|field| (field.name.as_str(), words(said_before(field), said_after(field))));
        Self { change, source, runs: runs.collect() }
    }

    /// Where a text of the entry is new, or has gone.
    pub fn words_in(&self, field: &str, text: &str) -> Vec<(Range<usize>, ChangePart)> {
        let Some((runs, kept, part)) = self.side(field, text) else { return Vec::new() };
        let mut amended = Vec::new();
        let mut at = 0;
        for run in runs.iter().filter(|run| run.fate == WordFate::Kept || run.fate == kept) {
            let end = at + run.text.len();
            if run.fate == kept {
                amended.push((at..end, part));
            }
            at = end;
        }
        amended
    }

    /// Whether a text is what its field said before the change, or says since.
    fn side(&self, field: &str, text: &str) -> Option<(&[WordRun], WordFate, ChangePart)> {
        let changed = self.change.fields.iter().find(|changed| changed.name == field)?;
        let runs = self.runs.get(field)?;
        if changed.after.as_deref() == Some(text) {
            return Some((runs, WordFate::Added, ChangePart::AddedWords));
        }
        (changed.before.as_deref() == Some(text)).then_some((
            runs,
            WordFate::Removed,
            ChangePart::RemovedWords,
        ))
    }

    /// Where a text of the entry speaks of the change.
    pub fn scope(&self, field: &str, text: &str) -> TextScope {
        let changes = &self.change.fields;
        let is_whole = self.change.kind != ChangeKind::Amended || !self.source.kind.is_prose();
        if is_whole || ["title", CAPTION, PARTIES].contains(&field) {
            return TextScope::All;
        }
        if self.runs.contains_key(field) {
            let words = self.words_in(field, text).into_iter().map(|(range, _)| range);
            let moved = self.moved_lines(field);
            let lines = words.flat_map(|range| lines_of(text, &range)).filter(|line| {
                let line = self.source.noise.canonical(&text[line.clone()]);
                !moved.contains(&line)
            });
            return TextScope::Within(lines.map(|line| with_label(text, line)).collect());
        }
        match changes.as_slice() {
            [links] if links.name == LINKS => lines_with_labels(links, text),
            // A heading that changed changes what is said below it.
            _ => TextScope::All,
        }
    }

    /// Lines that stand elsewhere in the text than before, where their order says nothing.
    fn moved_lines(&self, field: &str) -> BTreeSet<String> {
        let noise = &self.source.noise;
        if !noise.classes.contains(&NoiseClass::LineOrder) {
            return BTreeSet::new();
        }
        let Some(changed) = self.change.fields.iter().find(|changed| changed.name == field) else {
            return BTreeSet::new();
        };
        let lines =
            |said: &str| -> BTreeSet<String> { said.lines().map(|line| noise.canonical(line)).collect() };
        lines(said_before(changed)).intersection(&lines(said_after(changed))).cloned().collect()
    }
}

impl Watchlist {
    /// The companies named by the labels of links that came, went or lead elsewhere.
    pub(super) fn named_by_links(&self, change: &EntryChange) -> Vec<Match> {
        let links =
            change.fields.iter().filter(|field| change.kind == ChangeKind::Amended && field.name == LINKS);
        let labels = links.flat_map(|links| {
            let gone = labels(changed_links(said_before(links), said_after(links)));
            let come = labels(changed_links(said_after(links), said_before(links)));
            come.map(|label| (label, ChangePart::AddedWords))
                .chain(gone.map(|label| (label, ChangePart::RemovedWords)))
        });
        labels
            .flat_map(|(label, part)| {
                self.find(LINKS, label).into_iter().map(move |found| Match { part, ..found })
            })
            .collect()
    }
}

fn said_before(field: &FieldChange) -> &str {
    field.before.as_deref().unwrap_or_default()
}

fn said_after(field: &FieldChange) -> &str {
    field.after.as_deref().unwrap_or_default()
}

/// The lines of one list that the other has not.
fn changed_links<'a>(list: &'a str, other: &'a str) -> impl Iterator<Item = &'a str> {
    let known: BTreeSet<&str> = other.lines().collect();
    list.lines().filter(move |line| !known.contains(line))
}

fn labels<'a>(links: impl Iterator<Item = &'a str>) -> impl Iterator<Item = &'a str> {
    links.filter_map(|link| link.split_once('\t')).map(|(label, _)| label)
}

/// The lines in which a link that changed can stand; everywhere where that is not known.
fn lines_with_labels(links: &FieldChange, text: &str) -> TextScope {
    let changed = changed_links(said_before(links), said_after(links))
        .chain(changed_links(said_after(links), said_before(links)));
    let labels: BTreeSet<&str> = labels(changed).collect();
    let mut ranges = Vec::new();
    for label in labels {
        // The label of a link in a row begins with what the row is about.
        let own = label.rsplit_once(": ").map_or(label, |(_, own)| own);
        let lead = label.strip_suffix(own).unwrap_or_default().trim_end_matches(": ");
        let lead = lead.trim_end_matches('…');
        let stands_in = |line: &Range<usize>| {
            let line = &text[line.clone()];
            !own.is_empty() && (line.contains(label) || line.contains(own) && line.contains(lead))
        };
        let found: Vec<Range<usize>> = lines_of(text, &(0..text.len())).filter(stands_in).collect();
        if found.is_empty() {
            return TextScope::All;
        }
        ranges.extend(found.into_iter().map(|line| with_label(text, line)));
    }
    TextScope::Within(ranges)
}

/// The lines that a range touches, without their ends.
fn lines_of<'t>(text: &'t str, range: &Range<usize>) -> impl Iterator<Item = Range<usize>> + use<'t> {
    let start = text[..range.start].rfind('\n').map_or(0, |end| end + 1);
    // A range that ends with its line does not touch the next one.
    let last =
        if range.end > range.start && text[..range.end].ends_with('\n') { range.end - 1 } else { range.end };
    let end = text[last..].find('\n').map_or(text.len(), |at| last + at);
    let mut at = start;
    text[start..end].split('\n').map(move |line| {
        let range = at..at + line.len();
        at = range.end + 1;
        range
    })
}

/// A line with the label before it: "Respondent:".
fn with_label(text: &str, line: Range<usize>) -> Range<usize> {
    let before = text[..line.start].trim_end_matches('\n');
    if before.ends_with([':', '：']) {
        return before.rfind('\n').map_or(0, |end| end + 1)..line.end;
    }
    line
}
