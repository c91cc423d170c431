//! What kind of source a page could be, for somebody who wants to watch it.
//!
//! Guesses, the best first, as an operator would write them; whether one reads
//! the page is for the caller to try.

use std::collections::{BTreeMap, BTreeSet};

use scraper::ElementRef;
use toml::Value;

use super::Page;
use super::charset::decode;
use super::date::date;
use super::html::{self, Markup};
use super::table::{self, Row};
use super::xml;
use crate::domain::text::one_line;

/// So many tables of a page are looked at.
const MAX_TABLES: usize = 64;

/// A table with fewer rows is more likely there for looks.
const MIN_ROWS: usize = 3;

/// Where the prose of a page stands, the most telling place first.
const PROSE: [&str; 5] = ["main", "article", "[role=\"main\"]", "#content", "body"];

/// What a header says that stands over names.
const NAMING: [&str; 6] = ["name", "entity", "company", "party", "title", "equipment"];

/// The settings that could read a page, each as lines of TOML that begin with its kind.
pub(super) fn of(page: &Page<'_>) -> Vec<String> {
    let text = decode(page);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let mut found = Vec::new();
    let root = xml::check(text).unwrap_or_default();
    if matches!(root.as_str(), "rss" | "feed" | "RDF") || text.starts_with('{') {
        let is_court = page.url.host_str().is_some_and(|host| host.ends_with(".uscourts.gov"));
        found.extend(is_court.then(|| lines(&[("kind", "court-rss".into())])));
        found.push(lines(&[("kind", "feed".into())]));
        return found;
    }
    let Ok(markup) = Markup::of(page) else { return found };
    found.push(lines(&[("kind", "fcc-covered-list".into())]));
    found.extend(tables(&markup));
    found.extend(PROSE.map(|place| lines(&[("kind", "page-text".into()), ("keep", vec![place].into())])));
    found
}

fn lines(pairs: &[(&str, Value)]) -> String {
    pairs.iter().map(|(key, value)| format!("{key} = {value}\n")).collect()
}

/// Every way to read the page's tables, the longest table first.
fn tables(markup: &Markup) -> Vec<String> {
    let Ok(selector) = html::selector("table") else { return Vec::new() };
    let mut tables: Vec<Sheet<'_>> =
        markup.tree.select(&selector).take(MAX_TABLES).filter_map(Sheet::of).collect();
    tables.sort_by_key(|sheet| std::cmp::Reverse(sheet.rows.len()));
    tables.iter().flat_map(Sheet::settings).collect()
}

/// A table with headers, each column with its field.
struct Sheet<'a> {
    element: ElementRef<'a>,
    /// Header and field of each column; `None` for one without a header.
    columns: Vec<Option<(String, String)>>,
    rows: Vec<Vec<String>>,
}

impl<'a> Sheet<'a> {
    fn of(element: ElementRef<'a>) -> Option<Self> {
        let rows = table::rows(element);
        let header = rows.iter().take(table::HEADER_ROWS).position(is_header)?;
        let columns: Vec<_> = rows[header].iter().map(|cell| column(*cell)).collect();
        let text = |row: &Row<'_>| row.iter().map(|cell| one_line(&html::text(*cell))).collect();
        let rows: Vec<Vec<String>> =
            rows[header + 1..].iter().filter(|row| !table::is_spanned(row)).map(text).collect();
        (rows.len() >= MIN_ROWS).then_some(Self { element, columns, rows })
    }

    /// What the rows say in a column.
    fn values(&self, column: usize) -> impl Iterator<Item = &str> {
        self.rows.iter().map(move |row| row.get(column).map_or("", String::as_str))
    }

    fn fields(&self) -> impl Iterator<Item = (usize, &str)> {
        self.columns.iter().enumerate().filter_map(|(at, column)| Some((at, column.as_ref()?.1.as_str())))
    }

    /// The fields by which rows are known: one that is never blank and never the same, or else as
    /// many as it takes.
    fn key(&self) -> Vec<String> {
        let is_whole = |column: usize| self.values(column).all(|value| !value.is_empty());
        let is_alone = |column: usize| {
            let mut seen = BTreeSet::new();
            is_whole(column) && self.values(column).all(|value| seen.insert(value))
        };
        let alone: Vec<&str> =
            self.fields().filter(|(at, _)| is_alone(*at)).map(|(_, field)| field).collect();
        if let Some(field) = alone.iter().find(|field| is_naming(field)).or_else(|| alone.first()) {
            return vec![(*field).to_owned()];
        }
        let mut key: Vec<String> = Vec::new();
        let mut taken = Vec::new();
        for (at, field) in self.fields() {
            if key.iter().any(|known| known == field) {
                continue;
            }
            key.push(field.to_owned());
            taken.push(at);
            let mut seen = BTreeSet::new();
            let rows = self.rows.iter();
            let mut values = rows.map(|row| taken.iter().map(|at| row.get(*at)).collect::<Vec<_>>());
            if values.all(|values| seen.insert(values)) {
                break;
            }
        }
        key
    }

    /// The field that mostly holds dates.
    fn date(&self) -> Option<&str> {
        let dates = |column| self.values(column).filter(|value| date(value).is_some()).count();
        self.fields().find(|(at, _)| dates(*at) * 2 > self.rows.len()).map(|(_, field)| field)
    }

    /// The settings with each selector by which the table could be found, the most telling first.
    fn settings(&self) -> Vec<String> {
        let columns: BTreeMap<&str, &str> =
            self.columns.iter().flatten().map(|(header, field)| (header.as_str(), field.as_str())).collect();
        let columns = columns.into_iter().map(|(header, field)| (header.to_owned(), field.into()));
        let columns = Value::Table(columns.collect());
        let name = self.fields().map(|(_, field)| field).find(|field| is_naming(field));
        let selectors = selectors(self.element).into_iter().map(|selector| {
            let mut pairs = vec![
                ("kind", "html-table".into()),
                ("selector", selector.into()),
                ("columns", columns.clone()),
                ("key", self.key().into()),
            ];
            pairs.extend(name.map(|field| ("row_title", field.into())));
            pairs.extend(self.date().map(|field| ("row_date", field.into())));
            lines(&pairs)
        });
        selectors.collect()
    }
}

/// Whether a row is one of headers: at least two, and no two the same.
fn is_header(row: &Row<'_>) -> bool {
    let headers: Vec<String> =
        table::folded_headers(row).into_iter().filter(|header| !header.is_empty()).collect();
    headers.len() >= 2 && headers.iter().collect::<BTreeSet<_>>().len() == headers.len()
}

fn column(cell: ElementRef<'_>) -> Option<(String, String)> {
    let header = one_line(&html::text(cell));
    let field = table::folded(&header).replace('-', "_");
    (!field.is_empty()).then_some((header, field))
}

fn is_naming(field: &str) -> bool {
    field.split('_').any(|word| NAMING.contains(&word))
}

/// Selectors that match a table: by its own id, by one it stands in, by its classes, or any table.
fn selectors(table: ElementRef<'_>) -> Vec<String> {
    let is_plain = |name: &&str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
            // A number at the end was drawn by a machine.
            && !name.ends_with(|c: char| c.is_ascii_digit())
    };
    let mut found = Vec::new();
    found.extend(table.value().id().filter(is_plain).map(|id| format!("table#{id}")));
    let within = table.ancestors().filter_map(ElementRef::wrap);
    let id = within.filter_map(|element| element.value().id()).find(is_plain);
    found.extend(id.map(|id| format!("#{id} table")));
    found.extend(table.value().classes().filter(is_plain).map(|class| format!("table.{class}")));
    found.extend(["main table".to_owned(), "table".to_owned()]);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, body: &str, expected: &str) {
        let url = url.parse().unwrap();
        let found = of(&Page { body: body.as_bytes(), content_type: None, url: &url });
        assert!(found.iter().any(|settings| settings.starts_with(expected)), "{found:#?}");
    }

    const TABLE: &str = "<div id='list-of-entities'><table class='striped t1'>\
        <tr><th>Country</th><th>Name of Entity*</th><th>Effective Date</th><th></th></tr>\
        <tr><td>A</td><td>One</td><td>May 1, 2026</td><td>x</td></tr>\
        <tr><td>A</td><td>Two</td><td>May 2, 2026</td></tr>\
        <tr><td>B</td><td>Three</td><td>n/a</td></tr></table></div>";

    #[test]
    fn a_table_is_read_by_its_headers_and_known_by_its_names() {
        check(
            "https://agency.test/list",
            TABLE,
            "kind = \"html-table\"\nselector = \"#list-of-entities table\"\n\
             columns = { Country = \"country\", \"Effective Date\" = \"effective_date\", \"Name of Entity*\" = \"name_of_entity\" }\n\
             key = [\"name_of_entity\"]\nrow_title = \"name_of_entity\"\nrow_date = \"effective_date\"\n",
        );
        check("https://agency.test/list", TABLE, "kind = \"html-table\"\nselector = \"table.striped\"\n");
    }

    #[test]
    fn rows_that_one_field_does_not_tell_apart_are_known_by_several() {
        let body =
            TABLE.replace("Two", "One").replace("May 2, 2026", "May 1, 2026").replace("<td>B", "<td>A");
        let body = body.replace("n/a", "");
        check(
            "https://agency.test/list",
            &body,
            "kind = \"html-table\"\nselector = \"#list-of-entities table\"\ncolumns = { Country = \"country\", \"Effective Date\" = \"effective_date\", \"Name of Entity*\" = \"name_of_entity\" }\nkey = [\"country\", \"name_of_entity\", \"effective_date\"]\n",
        );
    }

    #[test]
    fn feeds_courts_and_prose_are_told_apart() {
        let feed = "<?xml version='1.0'?><rss version='2.0'><channel><title>t</title></channel></rss>";
        check("https://agency.test/feed", feed, "kind = \"feed\"\n");
        check("https://ecf.cadc.uscourts.gov/rss", feed, "kind = \"court-rss\"\n");
        let prose = "<main><h1>Notice</h1><p>Text</p></main>";
        check("https://agency.test/", prose, "kind = \"page-text\"\nkeep = [\"main\"]\n");
    }
}
