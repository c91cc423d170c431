//! What kind of source a page could be, for somebody who wants to watch it.
//!
//! Guesses, the best first, as an operator would write them; whether one reads
//! the page is for the caller to try. Pages are looked at here, files of lists in
//! `file`; what both make of their rows stands in `grid`.

mod extent;
mod file;
mod grid;
mod list;
mod named;
mod pdf;
mod rest;
mod shape;
mod sheet;

use std::collections::{BTreeMap, BTreeSet};

use scraper::ElementRef;
use toml::Value;

pub(super) use self::extent::{goes_on, needs_browser};
use self::grid::Grid;
pub(super) use self::pdf::of as of_pdf;
pub use self::rest::LeftOut;
pub(super) use self::rest::left_out;
use super::RawDocument;
use super::charset::decode;
use super::html::{self, Markup};
use super::table::{self, TableRow};
use super::xml;
use crate::domain::text::one_line;

/// Settings that could read a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guess {
    /// Lines of a source's table that begin with its kind.
    pub settings: String,
    /// What these settings pass over, in words.
    pub leaves_out: Vec<String>,
}

impl From<String> for Guess {
    fn from(settings: String) -> Self {
        Self { settings, leaves_out: Vec::new() }
    }
}

/// So many tables of a page are looked at.
const MAX_TABLES: usize = 64;

/// A table with fewer rows is more likely there for looks.
const MIN_ROWS: usize = 3;

/// Where the prose of a page stands, the most telling place first.
const PROSE: [&str; 5] = ["main", "article", "[role=\"main\"]", "#content", "body"];

/// How a spreadsheet begins.
const ARCHIVE: &[u8] = b"PK\x03\x04";

/// The settings that could read a page.
pub(super) fn of(page: &RawDocument<'_>) -> Vec<Guess> {
    if page.body.starts_with(ARCHIVE) {
        return sheet::of(page.body);
    }
    let text = decode(page);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let root = xml::check(text).unwrap_or_default();
    let mut found: Vec<Guess> = named::of(page, text, &root).into_iter().map(Guess::from).collect();
    if matches!(root.as_str(), "rss" | "feed" | "RDF") || text.starts_with('{') {
        found.push(lines(&[("kind", "feed".into())]).into());
        found.extend(file::json(text).map(Guess::from));
        return found;
    }
    let Ok(markup) = Markup::of(page) else {
        found.extend(file::of(text));
        return found;
    };
    found.extend(tables(&markup));
    found.extend(list::of(&markup).into_iter().map(Guess::from));
    // Pages of prose may be well-formed as well.
    if !root.eq_ignore_ascii_case("html") {
        found.extend(file::of(text));
    }
    let prose = PROSE.map(|place| lines(&[("kind", "page-text".into()), ("keep", vec![place].into())]));
    found.extend(prose.map(Guess::from));
    found
}

fn lines(pairs: &[(&str, Value)]) -> String {
    pairs.iter().map(|(key, value)| format!("{key} = {value}\n")).collect()
}

/// Every way to read the page's tables, the longest table first.
fn tables(markup: &Markup) -> Vec<Guess> {
    let Ok(selector) = html::selector("table") else { return Vec::new() };
    let mut tables: Vec<HeaderedTable<'_>> =
        markup.tree.select(&selector).take(MAX_TABLES).filter_map(HeaderedTable::of).collect();
    tables.sort_by_key(|sheet| std::cmp::Reverse(sheet.grid.rows.len()));
    tables.iter().flat_map(HeaderedTable::settings).collect()
}

/// A table with headers.
struct HeaderedTable<'a> {
    element: ElementRef<'a>,
    /// Header and field of each column; `None` for one without a header.
    columns: Vec<Option<(String, String)>>,
    grid: Grid,
    /// What is said of columns that count the rows.
    counts: Vec<String>,
}

impl<'a> HeaderedTable<'a> {
    fn of(element: ElementRef<'a>) -> Option<Self> {
        let rows = table::rows(element);
        let header = rows.iter().take(table::HEADER_ROWS).position(is_header)?;
        let columns: Vec<_> = rows[header].iter().map(|cell| column(&html::text(*cell))).collect();
        let text = |row: &TableRow<'_>| row.iter().map(|cell| one_line(&html::text(*cell))).collect();
        let rows: Vec<Vec<String>> =
            rows[header + 1..].iter().filter(|row| !table::is_spanned(row)).map(text).collect();
        let fields = columns.iter().map(|column| column.as_ref().map(|(_, field)| field.clone())).collect();
        let (mut columns, mut grid) = (columns, Grid { fields, rows });
        let counts = grid.drop_counts(&mut columns);
        (grid.rows.len() >= MIN_ROWS).then_some(Self { element, columns, grid, counts })
    }

    /// The settings with each selector by which the table could be found, the most telling first.
    fn settings(&self) -> Vec<Guess> {
        let columns = renamed(&self.columns);
        let selectors = selectors(self.element).into_iter().map(|selector| {
            let mut pairs = vec![
                ("kind", "html-table".into()),
                ("selector", selector.into()),
                ("columns", columns.clone()),
            ];
            pairs.extend(self.grid.settings());
            let leaves_out = self.grid.without_header(true).into_iter().chain(self.counts.clone()).collect();
            Guess { settings: lines(&pairs), leaves_out }
        });
        selectors.collect()
    }
}

/// Whether a row is one of headers: at least two, and no two the same.
fn is_header(row: &TableRow<'_>) -> bool {
    let headers: Vec<String> =
        table::folded_headers(row).into_iter().filter(|header| !header.is_empty()).collect();
    headers.len() >= 2 && headers.iter().collect::<BTreeSet<_>>().len() == headers.len()
}

/// A header and the field that it becomes.
fn column(header: &str) -> Option<(String, String)> {
    let header = one_line(header);
    let field = table::folded(&header).replace('-', "_");
    (!field.is_empty()).then_some((header, field))
}

/// The setting that names columns.
fn renamed(columns: &[Option<(String, String)>]) -> Value {
    let columns: BTreeMap<&str, &str> =
        columns.iter().flatten().map(|(header, field)| (header.as_str(), field.as_str())).collect();
    Value::Table(columns.into_iter().map(|(header, field)| (header.to_owned(), field.into())).collect())
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
        let found = of(&RawDocument { body: body.as_bytes(), content_type: None, url: &url });
        assert!(found.iter().any(|guess| guess.settings.starts_with(expected)), "{found:#?}");
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
    fn files_of_lists_are_read_by_what_their_rows_have() {
        check(
            "https://agency.test/list.csv",
            "Name;Listed on;Note\nOne;2026-01-01;a\nTwo;2026-01-02;a\nThree;2026-01-02;\"b; c\"\n",
            "kind = \"csv\"\ndelimiter = \";\"\ncolumns = { \"Listed on\" = \"listed_on\", Name = \"name\", Note = \"note\" }\n\
             key = [\"name\"]\nrow_title = \"name\"\nrow_date = \"listed_on\"\n",
        );
        check(
            "https://agency.test/list.json",
            r#"{"at": "x", "found": [{"id": 1, "Full name": "One", "page": "https://agency.test/1", "also": ["a"]},
                {"id": 2, "Full name": "Two", "page": "https://agency.test/2"}, {"id": 3, "Full name": "Two", "page": "https://agency.test/3"}]}"#,
            "kind = \"json\"\nentries = \"$.found[*]\"\n\
             fields = { also = \"$.also[*]\", full_name = \"$['Full name']\", id = \"$.id\", page = \"$.page\" }\n\
             key = [\"id\"]\nrow_title = \"full_name\"\nrow_link = \"page\"\n",
        );
        check(
            "https://agency.test/list.xml",
            "<list><people><person id='1'><name>One</name></person><person id='2'><name>Two</name></person>\
             <person id='3'><name>Three</name></person></people><firms><firm id='4'><name>Four</name></firm></firms></list>",
            "kind = \"xml\"\nentries = [\"list/firms/firm\", \"list/people/person\"]\n\
             fields = { id = \"@id\", name = \"name\" }\nkey = [\"id\"]\nrow_title = \"name\"\n",
        );
    }

    #[test]
    fn lists_and_blocks_that_are_most_of_a_page_are_read_item_by_item() {
        let items = "<li>Acme Networks Ltd<li>Beta Optics LLC<li>Gamma Drones Inc.<li>Delta Corp.";
        let page = format!(
            "<nav><ul><li>Home</ul></nav><main><h1>Debarred</h1><p>These may not tender.</p><ul>{items}</ul></main>"
        );
        check(
            "https://agency.test/",
            &page,
            "kind = \"html-list\"\nselector = \"main ul\"\nkey = [\"text\"]\n",
        );
        let bold = page.replace("Acme Networks", "<b>Acme</b> Networks").replace("Beta", "<b>Beta</b>");
        let bold = bold.replace("Gamma", "<b>Gamma</b>").replace("Delta", "<b>Delta</b>");
        check(
            "https://agency.test/",
            &bold,
            "kind = \"html-list\"\nselector = \"main ul\"\nfields = { name = \"b\" }\n",
        );
        let article = |n: usize| {
            format!(
                "<article><h2><a href='/{n}'>News {n}</a></h2><p class=date>2026-01-0{n}</p><p>More.</p></article>"
            )
        };
        let news = format!("<main><h1>News</h1>{}{}{}</main>", article(1), article(2), article(3));
        check(
            "https://agency.test/",
            &news,
            "kind = \"html-list\"\nselector = \"main article\"\n\
             fields = { date = \".date\", page = \"h2 a@href\", title = \"h2\" }\nkey = [\"title\"]\nrow_date = \"date\"\nrow_link = \"page\"\n",
        );
        let prose =
            format!("<main><h1>Notice</h1><p>{}</p><ul>{items}</ul></main>", "Long prose. ".repeat(40));
        let found = of(&RawDocument {
            body: prose.as_bytes(),
            content_type: None,
            url: &"https://agency.test/".parse().unwrap(),
        });
        assert!(!found.iter().any(|settings| settings.settings.contains("html-list")), "{found:#?}");
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
