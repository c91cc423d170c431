//! Rows of a list in an appendix: whom it names, where, and under which terms.
//!
//! A country is written once and holds for the rows below it; a country without anybody says
//! `[Reserved]`. The names of a group's members stand below the group's, each behind a row that says
//! so, and share its citation. The cell with the name is kept whole, since it holds every alias and
//! address; the name and the aliases are taken out of it as far as they can be told apart.

use std::sync::LazyLock;

use chrono::NaiveDate;
use regex::Regex;

use super::name::{alias, name};
use super::part::{Division, PartCell, PartRow, without_marks};
use crate::domain::entry::{Entry, EntryDate};
use crate::domain::text::{lines, one_line, shorten};
use crate::domain::verdict::Unreadable;
use crate::extract::table::{folded, folded_header};

#[expect(clippy::expect_used, reason = "the pattern is a constant, exercised by every test")]
fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("constant pattern")
}

/// The columns of the lists, by what their headers begin with.
const COLUMNS: [(&str, &str); 8] = [
    ("country", COUNTRY),
    ("entity", NAME),
    ("listedperson", NAME),
    ("licenserequirement", "requirement"),
    ("licensereviewpolicy", "policy"),
    ("federalregister", CITATION),
    ("militaryend-user", NAME),
    ("name", NAME),
];

const COUNTRY: &str = "country";
/// The whole of the cell that names somebody.
const NAME: &str = "text";
const CITATION: &str = "citation";

/// A place that is kept free.
const RESERVED: &str = "[reserved]";

/// The head of a group: who its members belong to, and how many they are.
static GROUP: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^The following (?<count>\w+) (?:subordinate|affiliated) (?:institu\w+|entit\w+) of (?<parent>.+?):$",
    )
});

/// The row that announces a member.
static MEMBER: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^(?:Subordinate institu\w*|Affiliated entit\w*):?$"));

/// The day a notice was published, as citations write it.
static CITED: LazyLock<Regex> = LazyLock::new(|| pattern(r"(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})"));

const COUNTS: [&str; 15] = [
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen",
];

/// The entries of every table that has the list's columns.
///
/// # Errors
/// Where none has them.
pub(super) fn entries(division: &Division) -> Result<Vec<Entry>, Unreadable> {
    let mut list: Option<ListState> = None;
    let mut entries = Vec::new();
    for row in &division.rows {
        if row.cells.iter().any(|cell| cell.is_header) {
            if let Some(columns) = columns(row) {
                list = Some(ListState::with(columns));
            }
        } else if let Some(list) = &mut list {
            entries.extend(list.entry(row));
        }
    }
    if list.is_none() {
        return Err(Unreadable::Missing { what: "the table Country / Entity".to_owned() });
    }
    Ok(entries)
}

/// The field of each column; `None` where the row is not the list's header.
fn columns(row: &PartRow) -> Option<Vec<String>> {
    let mut fields: Vec<String> = Vec::new();
    for cell in row.cells.iter().take(MAX_COLUMNS) {
        let header = folded_header(&cell.text);
        let known = COLUMNS.iter().find(|(begins, _)| header.starts_with(begins));
        let field =
            known.map_or_else(|| folded(&cell.text).replace('-', "_"), |(_, field)| (*field).to_owned());
        fields.extend(std::iter::repeat_n(field, cell.columns));
    }
    fields.truncate(MAX_COLUMNS);
    let has = |name: &str| fields.iter().any(|field| field == name);
    (has(COUNTRY) && has(NAME)).then_some(fields)
}

/// What rows share is a label: a longer text is cut, since a list must not grow by being read.
const MAX_SHARED_CHARS: usize = 200;

fn shared(text: &str) -> String {
    shorten(text, MAX_SHARED_CHARS)
}

/// More columns than any list has.
const MAX_COLUMNS: usize = 32;

/// The state of a list from row to row.
struct ListState {
    columns: Vec<String>,
    /// What reaches down from above: for how many rows, and its text.
    reaching: Vec<(usize, String)>,
    country: String,
    citation: String,
    group: Option<EntryGroup>,
    /// Whether the row above announced a member.
    is_announced: bool,
}

struct EntryGroup {
    parent: String,
    members_left: usize,
}

impl ListState {
    fn with(columns: Vec<String>) -> Self {
        Self {
            reaching: vec![(0, String::new()); columns.len()],
            columns,
            country: String::new(),
            citation: String::new(),
            group: None,
            is_announced: false,
        }
    }

    fn entry(&mut self, row: &PartRow) -> Option<Entry> {
        if let [only] = &row.cells[..]
            && only.columns > 1
        {
            return self.across(only);
        }
        let texts = self.placed(row);
        let text = |field: &str| {
            let found =
                self.columns.iter().position(|column| column == field).and_then(|index| texts.get(index));
            found.map_or("", String::as_str)
        };
        let (country, cell) = (shared(&one_line(text(COUNTRY))), text(NAME).to_owned());
        let citation = one_line(text(CITATION));
        self.enter(&country);
        if !citation.is_empty() && !is_reserved(&citation) {
            self.citation = shared(&citation);
        }
        if cell.is_empty() || is_reserved(&cell) || self.is_of_group(&cell) {
            return None;
        }
        Some(self.listed(&cell, &texts))
    }

    /// A row of one cell: a country, or a note to the list.
    fn across(&mut self, cell: &PartCell) -> Option<Entry> {
        let text = lines(&cell.text);
        let is_country = !text.contains('\n')
            && text.chars().any(char::is_alphabetic)
            && !text.chars().any(|c| c.is_lowercase() || c.is_ascii_digit());
        if is_country {
            self.enter(&shared(&text));
            return None;
        }
        let title = shorten(&one_line(&text), 80);
        (!text.is_empty() && !is_reserved(&text))
            .then(|| Entry::new(format!("note/{}", folded(&title)), title).with("text", text))
    }

    fn enter(&mut self, country: &str) {
        if !country.is_empty() && country != self.country {
            country.clone_into(&mut self.country);
            self.citation.clear();
            self.group = None;
            self.is_announced = false;
        }
    }

    /// The row's texts by columns, with what reaches down from the rows above.
    fn placed(&mut self, row: &PartRow) -> Vec<String> {
        let mut cells = row.cells.iter();
        let mut texts = vec![String::new(); self.columns.len()];
        let mut column = 0;
        while column < self.columns.len() {
            if self.reaching[column].0 > 0 {
                self.reaching[column].0 -= 1;
                texts[column].clone_from(&self.reaching[column].1);
                column += 1;
                continue;
            }
            let Some(cell) = cells.next() else { break };
            let text = lines(&cell.text);
            if cell.rows > 1 {
                self.reaching[column] = (cell.rows - 1, shared(&text));
            }
            texts[column] = text;
            column += cell.columns;
        }
        texts
    }

    /// Whether a cell speaks of a group instead of naming somebody.
    fn is_of_group(&mut self, cell: &str) -> bool {
        if MEMBER.is_match(cell) {
            self.is_announced = true;
            return true;
        }
        let Some(found) = GROUP.captures(cell) else { return false };
        let members = COUNTS.iter().zip(1..).find(|(word, _)| found["count"].eq_ignore_ascii_case(word));
        self.group = Some(EntryGroup {
            parent: shared(&found["parent"]),
            members_left: members.map_or(0, |(_, count)| count),
        });
        true
    }

    /// Whom the next entry belongs to.
    fn parent(&mut self) -> String {
        let is_announced = std::mem::take(&mut self.is_announced);
        let Some(group) = self.group.as_mut().filter(|group| is_announced || group.members_left > 0) else {
            self.group = None;
            return String::new();
        };
        group.members_left = group.members_left.saturating_sub(1);
        group.parent.clone()
    }

    fn listed(&mut self, cell: &str, texts: &[String]) -> Entry {
        let parent = self.parent();
        let name = name(cell.lines().next().unwrap_or_default());
        let aliases: Vec<String> = cell.lines().filter_map(alias).collect();
        let key = format!("{}/{}", folded(&name), folded(without_marks(&self.country)));
        let mut entry = Entry::new(key, name).with("parent", parent).with("aliases", aliases.join("\n"));
        for (field, text) in self.columns.iter().zip(texts) {
            let text = match field.as_str() {
                COUNTRY => &self.country,
                CITATION if text.is_empty() => &self.citation,
                _ => text,
            };
            entry = entry.with(field.clone(), text.clone());
        }
        entry.date = first_cited(&self.citation).map(EntryDate::Day);
        entry
    }
}

fn is_reserved(text: &str) -> bool {
    text.trim().eq_ignore_ascii_case(RESERVED)
}

/// When somebody was first listed; two digits of a year are of this century until the lists began.
fn first_cited(citation: &str) -> Option<NaiveDate> {
    CITED.captures_iter(citation).find_map(|found| {
        let number = |index: usize| found[index].parse::<u32>().ok();
        let year = match number(3)? {
            year @ 0..=89 => year + 2000,
            year @ 90..=99 => year + 1900,
            year => year,
        };
        NaiveDate::from_ymd_opt(year.try_into().ok()?, number(1)?, number(2)?)
    })
}
