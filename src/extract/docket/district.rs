//! Docket pages of the district and bankruptcy courts, the Court of International Trade and the
//! Judicial Panel on Multidistrict Litigation, as PACER shows them.
//!
//! The heading names the case, a table with the headers `Date Filed`, `#` and
//! `Docket Text` holds the entries; both are the proof. Entries without a number
//! are usual. The receipt at the foot differs on every read and is passed over,
//! save that it tells whether the whole docket was asked for.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

use ego_tree::NodeId;
use regex::Regex;
use scraper::ElementRef;
use url::Url;

use super::{
    Docket, DocketEntry, case, case_number, day, document_id, entered, normal_address, pattern, words,
};
use crate::domain::entry::Completeness;
use crate::domain::text::{one_line, shorten};
use crate::domain::verdict::Unreadable;
use crate::extract::html::{self, Markup, PagePiece, selector};
use crate::extract::table::{self, TableRow};
use crate::extract::xml::unexpected;

/// What an answer says in the place of entries where there are none of those that were asked for.
static NONE_SELECTED: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)\bproceedings\b[^.]{0,120}\bnone satisfy the selection criteria"));

static HEADING: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)(?:DOCKET FOR CASE|Bankruptcy Petition|Adversary Proceeding) #:\s*(?:[A-Z]{2,4}/)?(?<number>\S.*)$",
    )
});

pub(super) fn read(markup: &Markup) -> Result<Docket, Unreadable> {
    let missing = |what: &str| Unreadable::Missing { what: what.to_owned() };
    let (heading, number) = heading(markup)?.ok_or_else(|| missing("the heading of a docket"))?;
    let case = case::read(markup, heading)?;
    let mut known: Option<EntryColumns> = None;
    let mut entries = Vec::new();
    // The cells whose tables are a part of what an entry says.
    let mut said = HashSet::new();
    for table in markup.tree.select(&selector("table")?) {
        if known.is_some() && table.ancestors().any(|element| said.contains(&element.id())) {
            continue;
        }
        let rows = table::rows(table);
        let (body, columns) = match (columns(&rows), &known) {
            (Some((header, columns)), _) => (&rows[header + 1..], columns),
            // A long docket goes on in tables without headers.
            (None, Some(columns)) if rows.first().is_some_and(|row| is_entry(row, columns)) => {
                (&rows[..], columns.clone())
            }
            _ => continue,
        };
        for row in body {
            let Some((entry, cell)) = entry(markup, row, &columns)? else { continue };
            entries.push(entry);
            said.insert(cell);
        }
        known = Some(columns);
    }
    let is_none_selected = known.is_none() && says_none_selected(markup)?;
    if known.is_none() && !is_none_selected {
        return Err(missing("the table of docket entries"));
    }
    for entry in &mut entries {
        entry.docket.clone_from(&number);
        entry.caption.clone_from(&case.caption);
        entry.parties.clone_from(&case.parties);
    }
    // Of what was not asked for nothing is said.
    let completeness = if is_none_selected { Completeness::Window } else { completeness(markup)? };
    Ok(Docket { entries, completeness, number, is_honestly_empty: is_none_selected })
}

/// Whether the court says that the case has entries, and none of those that were asked for.
fn says_none_selected(markup: &Markup) -> Result<bool, Unreadable> {
    let places = selector("h2, center, b, p")?;
    let says_so = |place: ElementRef<'_>| {
        let start: String = place.text().take(16).collect();
        NONE_SELECTED.is_match(&one_line(&start))
    };
    Ok(markup.tree.select(&places).any(says_so))
}

/// The heading of the page and the case's number in it.
fn heading(markup: &Markup) -> Result<Option<(ElementRef<'_>, String)>, Unreadable> {
    let headings = selector("h3, h2, center > b")?;
    let numbered = |heading| html::text(heading).lines().find_map(number).map(|number| (heading, number));
    Ok(markup.tree.select(&headings).find_map(numbered))
}

/// The case's number in a line of the heading: after the words that announce it, or alone.
fn number(line: &str) -> Option<String> {
    let announced = HEADING.captures(line).map(|found| found["number"].to_owned());
    let alone = case_number(announced.as_deref().unwrap_or(line)).filter(|(_, rest)| rest.is_empty());
    alone.map(|(number, _)| number).or(announced)
}

/// Where an entry's day, its number and documents, and its text stand.
#[derive(Clone)]
struct EntryColumns {
    count: usize,
    date: usize,
    papers: Range<usize>,
    text: usize,
}

/// The row of headers and the columns below it, if the table is one of docket entries. Over the days
/// it says by what the docket was asked to be sorted: `Date Filed`, `Filing Date`, `Docket Date`.
fn columns(rows: &[TableRow<'_>]) -> Option<(usize, EntryColumns)> {
    rows.iter().take(2).enumerate().find_map(|(index, row)| {
        let headers = table::folded_headers(row);
        let is_date = |header: &String| header.len() <= MAX_DATE_HEADER && header.contains("date");
        let date = headers.iter().position(is_date)?;
        let text = headers.iter().position(|header| header == "dockettext")?;
        // One header may stand over two columns: for entries with a document and without. Some courts
        // leave it out.
        let first = row.get(date + 1)?.id();
        let papers = row[date + 1..text.max(date + 1)].iter().take_while(|cell| cell.id() == first).count();
        let papers = date + 1..date + 1 + papers;
        (date < text).then_some((index, EntryColumns { count: row.len(), date, papers, text }))
    })
}

/// A longer header is not the one over the days.
const MAX_DATE_HEADER: usize = 24;

/// Whether a row without headers above it has a day where these columns have one.
fn is_entry(row: &TableRow<'_>, columns: &EntryColumns) -> bool {
    let date = row.get(columns.date).filter(|_| row.len() == columns.count);
    date.is_some_and(|cell| day(&cell.text().take(8).collect::<String>()).is_some())
}

/// The entry of a row, and the cell that holds its text; `None` for a row that is none.
///
/// # Errors
/// Where a row begins as an entry does and does not go on as one: what it says would be lost.
fn entry(
    markup: &Markup,
    row: &TableRow<'_>,
    columns: &EntryColumns,
) -> Result<Option<(DocketEntry, NodeId)>, Unreadable> {
    let Some(filed) = row.get(columns.date).and_then(|date| day(&html::text(*date))) else {
        return Ok(None);
    };
    let (papers, said) =
        parts(row, columns).ok_or_else(|| unexpected("a row of docket entries", &said(row)))?;
    let text = words(&html::text(said));
    let digits = |cell: &ElementRef<'_>| html::text(*cell).chars().take_while(char::is_ascii_digit).collect();
    let number: String =
        papers.iter().map(digits).find(|number: &String| !number.is_empty()).unwrap_or_default();
    let label = format!("document {number}").trim_end().to_owned();
    let links = papers.iter().flat_map(|cell| markup.links_in(*cell));
    let main = links.into_iter().find(|(_, address)| leads_to_document(address));
    let mut documents: Vec<(String, Url)> =
        main.map(|(_, address)| (label, normal_address(address))).into_iter().collect();
    let id = documents.first().and_then(|(_, address)| document_id(address));
    documents.extend(attachments(markup, said));
    let entry = DocketEntry {
        // A number may be put in later and is the same on every page; a paper's may change its copy.
        id: if number.is_empty() { id.unwrap_or_default() } else { String::new() },
        number,
        filed: Some(filed),
        entered: entered(&text),
        text,
        documents,
        ..DocketEntry::default()
    };
    Ok(Some((entry, said.id())))
}

/// Whether an address leads to a document: by its number, or by where it stands on the docket, as
/// older pages have it.
fn leads_to_document(address: &Url) -> bool {
    document_id(address).is_some() || address.path().ends_with("/show_doc.pl")
}

/// A row's cells for its papers, and the one for its text. In a row with fewer cells than there are
/// columns the papers have one cell less; one with more is none that we know.
fn parts<'r, 'a>(
    row: &'r TableRow<'a>,
    columns: &EntryColumns,
) -> Option<(&'r [ElementRef<'a>], ElementRef<'a>)> {
    let missing = columns.count.checked_sub(row.len())?;
    let text = columns.text.checked_sub(missing).filter(|text| *text > columns.date)?;
    let papers = columns.papers.start..columns.papers.end.saturating_sub(missing).max(columns.papers.start);
    Some((row.get(papers)?, *row.get(text)?))
}

/// What a row says, shortened.
fn said(row: &TableRow<'_>) -> String {
    let texts: Vec<String> = row.iter().map(|cell| one_line(&html::text(*cell))).collect();
    format!("{:?}", shorten(&texts.join(" | "), 120))
}

/// What stands before the first attachment's number, and before each further one's.
static FIRST: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)attachments?(?:\(s\))?[^#]{0,60}:\s*#\s*$"));
static FURTHER: LazyLock<Regex> = LazyLock::new(|| pattern(r",\s*#\s*$"));

/// Before a link so much of the text is looked at.
const MAX_LEAD_BYTES: usize = 200;

/// The attachments that a text lists. Links to other entries of the docket stand in it as well.
fn attachments(markup: &Markup, text: ElementRef<'_>) -> Vec<(String, Url)> {
    let (mut attachments, mut lead) = (Vec::new(), String::new());
    html::walk(text, &HashSet::new(), |piece| match piece {
        PagePiece::Text(words) => {
            lead.push_str(words);
            if lead.len() > 2 * MAX_LEAD_BYTES {
                let cut = (0..=lead.len() - MAX_LEAD_BYTES).rev().find(|cut| lead.is_char_boundary(*cut));
                lead.drain(..cut.unwrap_or(0));
            }
        }
        PagePiece::Open(element) => {
            let Some(address) = markup.target(element).filter(|address| document_id(address).is_some())
            else {
                return;
            };
            if FIRST.is_match(&lead) || !attachments.is_empty() && FURTHER.is_match(&lead) {
                let number = one_line(&element.text().take(4).collect::<String>());
                attachments.push((format!("attachment {number}"), normal_address(address)));
            }
        }
        _ => {}
    });
    attachments
}

static PARTIAL: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:(?:starting|ending) with|(?:start|end) date|(?:from|to):\s*\d{1,2}/|doc from:\s*[1-9])|\(filtered\)",
    )
});

/// Whether the receipt says that a part of the docket was asked for: then what is not there may still be.
pub(super) fn completeness(markup: &Markup) -> Result<Completeness, Unreadable> {
    let is_receipt = |row: &ElementRef<'_>| row.child_elements().any(|cell| cell.value().name() == "th");
    let rows = selector("center > table tr")?;
    let is_partial = markup.tree.select(&rows).filter(is_receipt).any(|row| {
        let text: String = row.text().take(32).collect();
        PARTIAL.is_match(&text)
    });
    Ok(if is_partial { Completeness::Window } else { Completeness::Whole })
}
