//! What is left of a page when its entries are taken from it.

use std::collections::HashSet;

use crate::domain::entry::Document;
use crate::domain::source::SourceKind;
use crate::domain::text::{one_line, shorten};
use crate::extract::RawDocument;
use crate::extract::html::{self, Markup};
use crate::extract::html_table::is_numbering;
use crate::extract::table;

/// So many cells are looked for in all that the entries say.
const MAX_SOUGHT: usize = 400;

/// So many of those that are not found are shown.
const MAX_EXAMPLES: usize = 3;

/// So much of one is shown.
const MAX_EXAMPLE_CHARS: usize = 60;

/// What the cells of the tables that are read say, and their entries do not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// How many cells say something.
    pub cells: usize,
    /// How many of them are in no entry.
    pub lost: usize,
    /// Some of these.
    pub examples: Vec<String>,
    /// How many other tables the page has, which hold rows and are not read.
    pub tables: usize,
}

impl LeftOut {
    /// Whether more is lost than a title or a note in the table.
    #[must_use]
    pub fn is_much(&self) -> bool {
        self.lost > 1 && self.lost * 50 > self.cells
    }
}

/// A table with fewer rows holds no list.
const MIN_ROWS: usize = 4;

pub(in crate::extract) fn left_out(
    kind: &SourceKind,
    page: &RawDocument<'_>,
    document: &Document,
) -> LeftOut {
    let SourceKind::HtmlTable(settings) = kind else { return LeftOut::default() };
    let (Ok(markup), Ok(selector)) = (Markup::of(page), html::selector(&settings.selector)) else {
        return LeftOut::default();
    };
    let headers: HashSet<String> =
        settings.columns.0.iter().map(|(header, _)| table::folded_header(header)).collect();
    let read: Vec<_> = markup.tree.select(&selector).collect();
    let mut left = LeftOut {
        tables: others(&markup, &read.iter().map(|table| table.id()).collect()),
        ..LeftOut::default()
    };
    let said = EntryTexts::of(document);
    let mut sought = 0;
    let mut known = HashSet::new();
    for cell in read.iter().flat_map(|table| cells_that_say(*table)) {
        if !known.insert(cell.id()) {
            continue;
        }
        let text = one_line(&html::text(cell));
        if text.is_empty() || headers.contains(&table::folded_header(&text)) {
            continue;
        }
        left.cells += 1;
        if said.has_line(&text) || (sought < MAX_SOUGHT && said.has(&text)) {
            continue;
        }
        sought += 1;
        left.lost += 1;
        if left.examples.len() < MAX_EXAMPLES {
            left.examples.push(shorten(&text, MAX_EXAMPLE_CHARS));
        }
    }
    left
}

/// The cells of a table but those that only count its rows.
fn cells_that_say(table: scraper::ElementRef<'_>) -> Vec<scraper::ElementRef<'_>> {
    let rows = table::rows(table);
    let width = rows.iter().map(Vec::len).max().unwrap_or(0);
    let is_number = |text: &String| text.trim().trim_end_matches(['.', ')']).parse::<u64>().is_ok();
    let counts = |column: &usize| {
        let texts = rows.iter().filter_map(|row| row.get(*column)).map(|cell| one_line(&html::text(*cell)));
        is_numbering(texts.skip_while(|text| !is_number(text)))
    };
    let counting: HashSet<usize> = (0..width).filter(counts).collect();
    let cells = rows.into_iter().flat_map(|row| row.into_iter().enumerate().collect::<Vec<_>>());
    cells.filter(|(column, _)| !counting.contains(column)).map(|(_, cell)| cell).collect()
}

/// Tables with rows that are not among those that are read, nor within one.
fn others(markup: &Markup, read: &HashSet<ego_tree::NodeId>) -> usize {
    let Ok(tables) = html::selector("table") else { return 0 };
    let is_other = |table: &scraper::ElementRef<'_>| {
        let is_read = |id| read.contains(&id);
        !is_read(table.id())
            && !table.ancestors().any(|element| is_read(element.id()))
            && table::rows(*table).len() >= MIN_ROWS
    };
    markup.tree.select(&tables).take(super::MAX_TABLES).filter(is_other).count()
}

/// All that entries say.
struct EntryTexts {
    lines: HashSet<String>,
    all: String,
}

impl EntryTexts {
    fn of(document: &Document) -> Self {
        let mut said = Self { lines: HashSet::new(), all: String::new() };
        for text in document.entries.iter().flat_map(|entry| entry.fields.values().chain([&entry.title])) {
            said.lines.extend(text.lines().map(one_line));
            let text = one_line(text);
            said.all.push_str(&text);
            said.all.push('\n');
            said.lines.insert(text);
        }
        said
    }

    fn has_line(&self, text: &str) -> bool {
        self.lines.contains(text)
    }

    fn has(&self, text: &str) -> bool {
        self.all.contains(text)
    }
}
