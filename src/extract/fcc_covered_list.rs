//! The FCC's Covered List: <https://www.fcc.gov/supplychain/coveredlist>.
//!
//! One table of two columns, the equipment or service and when it was included.
//! The page has no row ids, so a row is known by whom it names (or, for the
//! rows that name nobody, which category) and its inclusion date. The same page
//! holds tables of conditional approvals. Those are *exemptions* and must never
//! be read as listings, which is why a table is taken by its place and its
//! headers together.

use scraper::ElementRef;

use super::RawDocument;
use super::date::days;
use super::html::{self, Markup};
use super::section;
use super::table::{self, TableRow, folded};
use crate::domain::entry::{Completeness, Document, Entry, EntryDate, HIDDEN, Resemblance, SECTION, STRUCK};
use crate::domain::noise::{Noise, NoiseClass};
use crate::domain::text::{lines, shorten};
use crate::domain::verdict::Unreadable;

/// Where the table stands: since 2026-03-20, before that, and wherever a redesign may put it.
const PLACES: [&str; 3] = ["div#covered-list table", "div.page-body table", "table"];

/// Where it never stands.
const EXEMPTIONS: &str = "conditional-approvals";

const SUBJECT_HEADER: &str = "Covered Equipment or Services";
const DATE_HEADER: &str = "Date of Inclusion on Covered List";

/// Longer names are cut; so much of a sentence is no name.
const MAX_NAME_CHARS: usize = 120;

pub(super) fn extract(page: &RawDocument<'_>) -> Result<Document, Unreadable> {
    let markup = Markup::of(page)?;
    let listing = listing(&markup)?;
    let mut entries = Vec::new();
    let mut heading = String::new();
    for (index, row) in listing.rows.iter().enumerate() {
        let (subject, date) = (row.get(listing.subject).copied(), row.get(listing.date).copied());
        let Some(subject) = subject.or_else(|| row.first().copied()) else { continue };
        if table::is_spanned(row) && listing.rows.get(index + 1).is_some_and(|next| !table::is_spanned(next))
        {
            heading = section::label(&html::text(subject));
            continue;
        }
        entries.extend(entry(&markup, subject, date.filter(|date| date.id() != subject.id()), &heading));
    }
    Ok(Document::new(entries, Completeness::Whole, Resemblance::Title).relative_to(markup.address()))
}

/// The rows below the headers, and which columns are meant.
struct CoveredTable<'a> {
    rows: Vec<TableRow<'a>>,
    subject: usize,
    date: usize,
}

fn listing(markup: &Markup) -> Result<CoveredTable<'_>, Unreadable> {
    let mut other = None;
    for place in PLACES {
        let selector = html::selector(place)?;
        let tables = markup.tree.select(&selector).filter(|table| !is_exemption(*table));
        let mut found: Vec<CoveredTable<'_>> = Vec::new();
        for rows in tables.map(table::rows) {
            if other.is_none() {
                other = rows.first().map(row_text);
            }
            found.extend(with_headers(rows));
        }
        if found.len() > 1 {
            return Err(Unreadable::Unexpected {
                what: format!("the table {SUBJECT_HEADER:?}"),
                found: format!("{} of them", found.len()),
            });
        }
        if let Some(listing) = found.pop() {
            return Ok(listing);
        }
    }
    let what = format!("the table {SUBJECT_HEADER:?} / {DATE_HEADER:?}");
    Err(match other {
        Some(other) => {
            Unreadable::Unexpected { what, found: format!("a table that begins {:?}", shorten(&other, 80)) }
        }
        None => Unreadable::Missing { what },
    })
}

fn is_exemption(table: ElementRef<'_>) -> bool {
    table.ancestors().filter_map(ElementRef::wrap).any(|element| element.attr("id") == Some(EXEMPTIONS))
}

fn row_text(row: &TableRow<'_>) -> String {
    row.iter().map(|cell| html::text(*cell).replace('\n', " ")).collect::<Vec<_>>().join(" | ")
}

fn with_headers(mut rows: Vec<TableRow<'_>>) -> Option<CoveredTable<'_>> {
    let (subject, date) = (table::folded_header(SUBJECT_HEADER), table::folded_header(DATE_HEADER));
    let columns = rows.iter().take(table::HEADER_ROWS).enumerate().find_map(|(index, row)| {
        let headers = table::folded_headers(row);
        let column = |wanted: &String| headers.iter().position(|header| header == wanted);
        Some((index, column(&subject)?, column(&date)?))
    });
    let (index, subject, date) = columns?;
    rows.drain(..=index);
    Some(CoveredTable { rows, subject, date })
}

/// What a row says; one that ends early says no date.
fn entry(
    markup: &Markup,
    subject: ElementRef<'_>,
    date: Option<ElementRef<'_>>,
    heading: &str,
) -> Option<Entry> {
    let said = html::said(subject);
    if said.text.is_empty() {
        return None;
    }
    let text = said.name().to_owned();
    let dated = date.map(html::said).unwrap_or_default();
    let written = dated.name().to_owned();
    let days = days(&written);
    let included = days.first().map_or_else(|| written.clone(), ToString::to_string);
    let updated: Vec<String> = days.iter().skip(1).map(ToString::to_string).collect();
    let title = name(subject, &text);
    let key = format!("{}/{included}", folded(&title));
    let links =
        markup.links_in(subject).into_iter().chain(date.into_iter().flat_map(|date| markup.links_in(date)));
    let both = |one: String, other: String| lines(&format!("{one}\n{other}"));
    let mut entry = Entry::new(key, title)
        .with("text", said.text)
        .with("included", included)
        .with("updated", updated.join("\n"))
        .with(SECTION, heading)
        .with(STRUCK, both(said.struck, dated.struck))
        .with(HIDDEN, both(said.hidden, dated.hidden));
    entry.date = days.first().copied().map(EntryDate::Day);
    Some(html::with_links(entry, links))
}

/// Whom a row names first, or else which category it is about.
///
/// A name follows "by". Where the page sets it in bold, that is where it ends;
/// a copy of the page without bold must give the same name, or every row would
/// seem to have changed.
fn name(subject: ElementRef<'_>, text: &str) -> String {
    let text = plain(text);
    let name = bold_name(subject).or_else(|| written_name(head(&text))).unwrap_or_else(|| category(&text));
    shorten(
        name.trim_matches(|c: char| matches!(c, '.' | ',' | ';' | ':') || c.is_whitespace()),
        MAX_NAME_CHARS,
    )
}

/// One line without footnote marks.
fn plain(text: &str) -> String {
    Noise::of([NoiseClass::FootnoteMarks, NoiseClass::ScreenReader]).canonical(text)
}

fn bold_name(subject: ElementRef<'_>) -> Option<String> {
    let mut before = String::new();
    let mut depth = 0_usize;
    let mut bold = html::TextLines::default();
    let mut found = None;
    html::walk(subject, &std::collections::HashSet::new(), |piece| match piece {
        _ if found.is_some() => {}
        html::PagePiece::Open(element) if is_bold(element) => depth += 1,
        html::PagePiece::Close(element) if is_bold(element) => {
            depth -= 1;
            let words = std::mem::take(&mut bold).finish();
            let name = plain(&words);
            if depth == 0 && plain(&before).ends_with(" by") && !name.is_empty() {
                found = Some(name);
            }
            before.push_str(&words);
        }
        _ if depth > 0 => bold.take(&piece),
        html::PagePiece::Text(text) => before.push_str(text),
        _ => {}
    });
    found
}

fn is_bold(element: ElementRef<'_>) -> bool {
    matches!(element.value().name(), "strong" | "b")
}

/// The part of the sentence that says what is covered, before what is excepted or limited.
fn head(text: &str) -> &str {
    let end = [" except", " -", "- ", " to the extent"].iter().filter_map(|mark| text.find(mark)).min();
    &text[..end.unwrap_or(text.len())]
}

/// Legal forms that may follow a name's comma.
const FORMS: [&str; 10] = ["Inc", "LLC", "Ltd", "Co", "Corp", "Limited", "LP", "LLP", "GmbH", "Company"];

fn written_name(text: &str) -> Option<String> {
    let (_, rest) = text.split_once(" by ")?;
    let mut words: Vec<&str> = Vec::new();
    for word in rest.split(' ') {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        let is_form = FORMS.contains(&bare) || FORMS.contains(&bare.replace('.', "").as_str());
        let is_name = bare.starts_with(|c: char| c.is_uppercase() || c.is_numeric() || !c.is_ascii())
            || word == "&"
            || matches!(word, "of" | "de") && !words.is_empty();
        let is_next_clause = words.last().is_some_and(|last| last.ends_with([',', ';'])) && !is_form;
        if !is_name || is_next_clause {
            break;
        }
        words.push(word);
    }
    (!words.is_empty()).then(|| words.join(" "))
}

/// "Routers" of "Routers produced in a foreign country, …".
fn category(text: &str) -> String {
    let ends = [" produced", " manufactured", " provided", " supplied", " that ", " which ", ",", ";", ":"];
    let head = head(text);
    let end = ends.iter().filter_map(|mark| head.find(mark)).filter(|&end| end > 0).min();
    head[..end.unwrap_or(head.len())].to_owned()
}

#[cfg(test)]
mod tests;
