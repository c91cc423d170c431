//! The XML of a part, read from its beginning to its end without a tree: sections, appendices, and
//! the tables of the one appendix that is asked for.
//!
//! Divisions are elements `DIV1` to `DIV9` with a number `N` and a `TYPE`; their tables are HTML's in
//! capitals. The layout is described in the *eCFR XML User Guide* of the Government Publishing Office.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::domain::entry::Entry;
use crate::domain::source::EcfrSettings;
use crate::domain::text::{lines, one_line};
use crate::domain::verdict::Unreadable;
use crate::extract::xml::{resolved, unexpected};

/// A section or an appendix.
#[derive(Debug, Default)]
pub(super) struct Division {
    /// `§ 744.11`, `Supplement No. 4 to Part 744`.
    number: String,
    heading: String,
    text: String,
    /// The rows of all its tables; headers begin a table.
    pub(super) rows: Vec<PartRow>,
}

impl Division {
    /// A table alone.
    pub(super) fn of_rows(rows: Vec<PartRow>) -> Self {
        Self { rows, ..Self::default() }
    }

    pub(super) fn into_entry(self) -> Entry {
        let number = one_line(&self.number);
        let heading = one_line(&self.heading);
        let title = if heading.is_empty() { number.clone() } else { heading };
        Entry::new(number, title).with("text", lines(&self.text))
    }
}

/// A row of a table.
#[derive(Debug, Default)]
pub(super) struct PartRow {
    pub(super) cells: Vec<PartCell>,
}

/// A cell, its text with its lines.
#[derive(Debug, Default)]
pub(super) struct PartCell {
    pub(super) text: String,
    pub(super) is_header: bool,
    /// How many columns and rows it covers.
    pub(super) columns: usize,
    pub(super) rows: usize,
}

/// The elements within a line; every other one begins and ends lines.
const INLINE: [&str; 16] =
    ["a", "b", "e", "em", "fr", "ftref", "i", "img", "span", "strong", "su", "sub", "sup", "u", "xref", "ac"];

/// Wider cells are no cells; a table must not grow by being read.
const MAX_SPAN: usize = 64;

/// The sections and appendices of the part, or the one appendix asked for.
///
/// # Errors
/// Where the part is not there.
pub(super) fn divisions(text: &str, settings: &EcfrSettings) -> Result<Vec<Division>, Unreadable> {
    let mut reader = Reader::from_str(text);
    let mut walk = PartWalk {
        settings,
        path: Vec::new(),
        has_part: false,
        part: None,
        open: None,
        divisions: Vec::new(),
    };
    loop {
        match reader.read_event().map_err(|error| unexpected("the XML", &error))? {
            Event::Start(tag) => walk.start(&tag),
            Event::Empty(tag) => {
                walk.start(&tag);
                walk.end();
            }
            Event::End(_) => walk.end(),
            Event::Text(text) => walk.text(&text.xml10_content()),
            Event::CData(text) => walk.text(&text.xml10_content()),
            Event::GeneralRef(reference) => walk.text(&resolved(&reference)),
            Event::Eof if walk.has_part => return Ok(walk.divisions),
            Event::Eof => {
                let what = format!("the division of part {}", settings.part);
                return Err(Unreadable::Missing { what });
            }
            _ => {}
        }
    }
}

struct PartWalk<'a> {
    settings: &'a EcfrSettings,
    /// The names of the open elements, in lower case.
    path: Vec<String>,
    has_part: bool,
    /// How many elements are open around the part.
    part: Option<usize>,
    open: Option<OpenDivision>,
    divisions: Vec<Division>,
}

/// The division that is being read.
struct OpenDivision {
    division: Division,
    /// How many elements are open around it.
    depth: usize,
}

impl PartWalk<'_> {
    fn start(&mut self, tag: &BytesStart<'_>) {
        let name = tag.local_name().as_ref().to_ascii_lowercase();
        if self.open.is_none() && name.starts_with("div") {
            self.enter(tag);
        }
        if let Some(open) = &mut self.open {
            open.start(&name, tag);
        }
        self.path.push(name);
    }

    fn enter(&mut self, tag: &BytesStart<'_>) {
        let (number, kind) = (attribute(tag, "N"), attribute(tag, "TYPE"));
        if kind == "PART" && number == self.settings.part {
            self.has_part = true;
            self.part = Some(self.path.len());
        }
        let is_leaf = matches!(kind.as_str(), "SECTION" | "APPENDIX");
        if is_leaf && self.part.is_some() && self.is_asked_for(&number) {
            let division = Division { number, ..Division::default() };
            self.open = Some(OpenDivision { division, depth: self.path.len() });
        }
    }

    fn is_asked_for(&self, number: &str) -> bool {
        let wanted = self.settings.appendix.as_deref();
        wanted.is_none_or(|wanted| one_line(number).eq_ignore_ascii_case(&one_line(wanted)))
    }

    fn end(&mut self) {
        let name = self.path.pop().unwrap_or_default();
        if let Some(open) = &mut self.open {
            open.break_line(&name);
        }
        if let Some(open) = self.open.take_if(|open| open.depth == self.path.len()) {
            self.divisions.push(open.division);
        }
        self.part.take_if(|depth| *depth == self.path.len());
    }

    fn text(&mut self, text: &str) {
        let Some(open) = &mut self.open else { return };
        let inside = self.path.get(open.depth + 1..).unwrap_or_default();
        match inside.last().map(String::as_str) {
            Some("su" | "sup") => open.add(&format!(" {}", raised(text)), inside),
            _ => open.add(text, inside),
        }
    }
}

impl OpenDivision {
    fn start(&mut self, name: &str, tag: &BytesStart<'_>) {
        match name {
            "tr" => self.division.rows.push(PartRow::default()),
            "td" | "th" => {
                let span =
                    |name| attribute(tag, name).trim().parse::<usize>().unwrap_or(1).clamp(1, MAX_SPAN);
                let cell = PartCell {
                    text: String::new(),
                    is_header: name == "th",
                    columns: span("colspan"),
                    rows: span("rowspan"),
                };
                if let Some(row) = self.division.rows.last_mut() {
                    row.cells.push(cell);
                }
            }
            _ => self.break_line(name),
        }
    }

    fn break_line(&mut self, name: &str) {
        if INLINE.contains(&name) {
            return;
        }
        self.division.text.push('\n');
        if let Some(cell) = self.division.rows.last_mut().and_then(|row| row.cells.last_mut()) {
            cell.text.push('\n');
        }
    }

    fn add(&mut self, text: &str, inside: &[String]) {
        if inside.first().is_some_and(|name| name == "head") {
            self.division.heading.push_str(text);
            return;
        }
        // What stands within a line of the source may be broken there; it is one line.
        let flat: String = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
        let in_cell = inside.iter().any(|name| name == "td" || name == "th");
        match self.division.rows.last_mut().and_then(|row| row.cells.last_mut()) {
            Some(cell) if in_cell => cell.text.push_str(&flat),
            _ => {}
        }
        self.division.text.push_str(&flat);
    }
}

/// An attribute's value; names are compared without case.
fn attribute(tag: &BytesStart<'_>, name: &str) -> String {
    let mut attributes = tag.attributes();
    let mut found = attributes.with_checks(false).flatten();
    let found = found.find(|found| found.key.local_name().as_ref().eq_ignore_ascii_case(name));
    let value = found.map(|found| found.value.into_owned()).unwrap_or_default();
    match quick_xml::escape::unescape(&value) {
        Ok(unescaped) => unescaped.into_owned(),
        Err(_) => value,
    }
}

/// Digits as they are raised above the line, so that a footnote's mark is told from a number.
fn raised(text: &str) -> String {
    const RAISED: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let raise = |c: char| c.to_digit(10).and_then(|digit| RAISED.get(digit as usize).copied()).unwrap_or(c);
    text.chars().map(raise).collect()
}

/// Without the footnote marks at its end.
pub(super) fn without_marks(text: &str) -> &str {
    text.trim_end_matches(|c: char| matches!(c, '⁰' | '¹' | '²' | '³' | '⁴'..='⁹') || c.is_whitespace())
}
