//! Docket pages of the courts of appeals, as PACER shows them.
//!
//! The pages are tables within tables without a single name; what their parts
//! are is said by comments such as `NEW SECTION - DOCKET ENTRIES`, which are
//! the proof that this is a docket. Some courts number their entries, others
//! (the D.C. Circuit among them) do not; a check box, where there is one, holds
//! the number that the court's own database gives.

use std::sync::LazyLock;

use ego_tree::iter::Edge;
use regex::Regex;
use scraper::{ElementRef, Node};

use super::{Docket, DocketEntry, day, document_id, entered, is_innermost, normal_address, pattern, words};
use crate::domain::text::one_line;
use crate::domain::verdict::Unreadable;
use crate::extract::html::{self, Markup};

/// What the comments that part a page begin with.
const SECTION: &str = "NEW SECTION";

/// The part that is read.
const ENTRIES: &str = "DOCKET ENTRIES";

static NUMBER: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?m)(?:Docket #|Case Number):\s*(?<number>\d[\w:-]*)"));

/// Whether the page is one of an appellate court's.
pub(super) fn is_one(markup: &Markup) -> bool {
    markup.tree.tree.values().any(|node| matches!(node, Node::Comment(text) if text.contains(SECTION)))
}

pub(super) fn read(markup: &Markup) -> Result<Docket, Unreadable> {
    let missing = |what: &str| Unreadable::Missing { what: what.to_owned() };
    let (head, rows) = parts(markup)?;
    let rows = rows.ok_or_else(|| missing("the section of docket entries"))?;
    let (number, caption) = case(&head).ok_or_else(|| missing("the number of the case"))?;
    let entries = rows
        .into_iter()
        .filter_map(|row| entry(markup, row))
        .map(|entry| DocketEntry { docket: number.clone(), caption: caption.clone(), ..entry })
        .collect();
    let completeness = super::district::completeness(markup)?;
    Ok(Docket { entries, completeness, number, is_honestly_empty: false })
}

/// The rows above the first section's end, and those of the docket entries.
type SectionRows<'a> = (Vec<ElementRef<'a>>, Option<Vec<ElementRef<'a>>>);

/// The rows of the case's own section and, if there is such a section, of its entries.
fn parts(markup: &Markup) -> Result<SectionRows<'_>, Unreadable> {
    let (mut head, mut entries, mut section) = (Vec::new(), None, 0_usize);
    let mut is_entries = false;
    for edge in markup.tree.root_element().traverse() {
        let Edge::Open(node) = edge else { continue };
        if let Node::Comment(text) = node.value() {
            if text.contains(SECTION) {
                section += 1;
                is_entries = text.contains(ENTRIES);
                if is_entries {
                    entries.get_or_insert_with(Vec::new);
                }
            }
            continue;
        }
        let Some(row) = ElementRef::wrap(node).filter(|element| element.value().name() == "tr") else {
            continue;
        };
        if is_entries && let Some(rows) = &mut entries {
            rows.push(row);
        } else if section == 1 {
            head.push(row);
        }
    }
    if section == 0 {
        return Err(Unreadable::Missing { what: "the sections of an appellate docket".to_owned() });
    }
    Ok((head, entries))
}

/// The case's number, and its caption: the one row of its section that has no label.
fn case(rows: &[ElementRef<'_>]) -> Option<(String, String)> {
    let mut number = None;
    let mut caption = None;
    for row in rows.iter().filter(|row| is_innermost(**row)) {
        let text = html::text(*row);
        if number.is_none() {
            number = NUMBER.captures(&text).map(|found| found["number"].to_owned());
            continue;
        }
        let is_labelled = row.descendent_elements().any(|element| element.value().name() == "b");
        if caption.is_none() && !is_labelled && !text.is_empty() {
            caption = Some(one_line(&text));
        }
    }
    Some((number?, caption.unwrap_or_default()))
}

/// A row of three cells of which the first is a day.
fn entry(markup: &Markup, row: ElementRef<'_>) -> Option<DocketEntry> {
    let cells: Vec<ElementRef<'_>> = row.child_elements().take(4).collect();
    let &[date, papers, said] = cells.as_slice() else { return None };
    if !is_innermost(row) {
        return None;
    }
    let filed = day(&html::text(date))?;
    let text = words(&html::text(said));
    let number = html::text(papers);
    let number = number.lines().find(|line| line.bytes().all(|byte| byte.is_ascii_digit()));
    let number = number.unwrap_or_default().to_owned();
    let sequence = papers.descendent_elements().find_map(|element| {
        (element.value().name() == "input").then(|| element.attr("value"))?.map(str::to_owned)
    });
    let documents: Vec<_> = markup
        .links_in(papers)
        .into_iter()
        .filter(|(_, address)| document_id(address).is_some())
        .map(|(_, address)| (format!("document {number}").trim_end().to_owned(), normal_address(address)))
        .take(1)
        .collect();
    let is_restricted = papers
        .descendent_elements()
        .any(|element| element.attr("title").is_some_and(|title| title.contains("Restricted")));
    let paper = || documents.first().and_then(|(_, address)| document_id(address));
    let id = sequence.or_else(|| if number.is_empty() { paper() } else { None });
    Some(DocketEntry {
        number,
        id: id.unwrap_or_default(),
        filed: Some(filed),
        entered: entered(&text),
        text,
        documents,
        access: if is_restricted { "restricted".to_owned() } else { String::new() },
        ..DocketEntry::default()
    })
}
