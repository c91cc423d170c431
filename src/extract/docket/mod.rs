//! Dockets: one notion of an entry over everything that shows one.
//!
//! A court's feed, a docket page of PACER or of the Supreme Court, the answers of ACMS
//! and of CourtListener each have a file here that reads them into [`DocketEntry`];
//! what becomes of one is decided once, below. The names of the fields stand in
//! `domain::docket`.
//!
//! Deliberately absent: counsel and addresses, which are of private people too,
//! and the receipt at the foot of PACER's pages, which differs on every read.
//! Parties are read where a case has no caption of its own.

mod acms;
mod api;
mod appellate;
mod atom;
mod case;
mod court_rss;
mod district;
mod page;
mod scotus;
mod zone;

use std::sync::LazyLock;

use chrono::NaiveDate;
use regex::{Captures, Regex};
use scraper::ElementRef;
use url::Url;

use super::RawDocument;
use super::charset::decode;
use super::following::WantedAnswer;
use super::html::{self, Markup};
use super::xml::unexpected;
use crate::domain::bundle::BundlePart;
use crate::domain::docket::{self, FilingKind};
use crate::domain::entry::{Completeness, Document, Entry, EntryDate, Resemblance};
use crate::domain::source::{CourtlistenerSettings, DocketSettings};
use crate::domain::text::{one_line, shorten};
use crate::domain::verdict::Unreadable;

pub(super) fn court_rss(settings: &DocketSettings, page: &RawDocument<'_>) -> Result<Document, Unreadable> {
    let (entries, left_out) = court_rss::read(page)?;
    Ok(Document { left_out, ..document(settings, entries, Completeness::Window) })
}

/// A docket as PACER shows it; which of its systems did shows in what the body is.
pub(super) fn pacer(settings: &DocketSettings, page: &RawDocument<'_>) -> Result<Document, Unreadable> {
    let docket = if begins(page, &["{"]) {
        acms::read(page)?
    } else {
        let markup = whole(page, "<tr", "</table")?;
        if appellate::is_one(&markup) { appellate::read(&markup)? } else { district::read(&markup)? }
    };
    docket.into_document(settings)
}

/// A docket of the Supreme Court: its JSON, or a page.
pub(super) fn scotus(settings: &DocketSettings, page: &RawDocument<'_>) -> Result<Document, Unreadable> {
    let docket = if begins(page, &["{"]) {
        scotus::read_json(page)?
    } else {
        scotus::read_page(&whole(page, "<tr", "</table")?)?
    };
    docket.into_document(settings)
}

/// A docket as CourtListener gives it: by its API, as an Atom feed, or as a page.
pub(super) fn courtlistener(
    settings: &CourtlistenerSettings,
    page: &RawDocument<'_>,
) -> Result<Document, Unreadable> {
    let parts = page.parts()?;
    let first = parts.first().map_or(*page, RawDocument::from);
    let docket = if begins(&first, &["{"]) {
        api::read(&parts)?
    } else if begins(&first, &["<?xml", "<feed"]) {
        atom::read(&first)?
    } else {
        page::read(&whole(&first, "entry-", "</")?)?
    };
    docket.into_document(&settings.docket)
}

/// A page that was not cut off among its entries: what ends them stands behind the last, and so does
/// the page's own end where it has a beginning. A parser would close everything itself, and the
/// entries that did not arrive would seem to be gone.
fn whole(page: &RawDocument<'_>, entry: &str, end: &str) -> Result<Markup, Unreadable> {
    let text = decode(page).to_ascii_lowercase();
    let behind = &text[text.rfind(entry).unwrap_or(0)..];
    let is_ended = !text.contains("<body") || behind.contains("</body") || behind.contains("</html");
    if !(is_ended && behind.contains(end)) {
        return Err(Unreadable::Missing { what: "the end of the page".to_owned() });
    }
    Markup::of(page)
}

/// Whether no table lies within an element. An entry's text holds none; where entries lay within
/// entries, each would be read as often as it is deep, and a page must not grow by being read.
fn is_innermost(element: ElementRef<'_>) -> bool {
    !element.descendent_elements().any(|inner| inner.value().name() == "table")
}

/// What else must be asked of CourtListener's API.
pub(super) fn wanted(
    settings: &CourtlistenerSettings,
    parts: &[BundlePart<'_>],
) -> Result<Option<WantedAnswer>, Unreadable> {
    let is_api = parts.first().is_some_and(|first| begins(&RawDocument::from(first), &["{"]));
    if is_api { api::wanted(settings, parts) } else { Ok(None) }
}

/// So far into a body its first character is looked for.
const LEAD_BYTES: usize = 1024;

/// Whether a body begins with one of these, white space passed over.
fn begins(page: &RawDocument<'_>, starts: &[&str]) -> bool {
    let lead = RawDocument { body: &page.body[..page.body.len().min(LEAD_BYTES)], ..*page };
    let text = decode(&lead);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    starts.iter().any(|start| text.starts_with(start))
}

/// One case's docket.
struct Docket {
    entries: Vec<DocketEntry>,
    completeness: Completeness,
    /// The case's number as the source gives it; empty where it does not.
    number: String,
    /// Whether the source says itself that it has none of the entries it was asked for.
    is_honestly_empty: bool,
}

impl Docket {
    /// # Errors
    /// Where it is the docket of a case that is not wanted: somebody else's page was sent.
    fn into_document(self, settings: &DocketSettings) -> Result<Document, Unreadable> {
        if !self.number.is_empty() && !settings.wants_docket(&self.number) {
            let wanted = settings.dockets.join(", ");
            let found = format!("{:?}", shorten(&self.number, 80));
            return Err(unexpected(&format!("the docket (expected that of {wanted})"), &found));
        }
        let open = DocketSettings::default();
        let is_honestly_empty = self.is_honestly_empty && self.entries.is_empty();
        Ok(Document { is_honestly_empty, ..document(&open, self.entries, self.completeness) })
    }
}

fn document(settings: &DocketSettings, entries: Vec<DocketEntry>, completeness: Completeness) -> Document {
    // That a court brings nothing new is seen by all of its cases.
    let newest_passed_over = entries.iter().filter_map(DocketEntry::date).max();
    let entries = entries.into_iter().filter(|entry| settings.wants_docket(&entry.docket));
    let resemblance = match completeness {
        Completeness::Whole => Resemblance::DayAndText,
        Completeness::Window => Resemblance::Never,
    };
    let document = Document::new(entries.map(DocketEntry::into_entry).collect(), completeness, resemblance);
    Document { newest_passed_over, ..document }
}

/// A title says so much of an entry's text.
const MAX_TITLE_CHARS: usize = 120;

/// An entry as any source gives it.
#[derive(Default)]
struct DocketEntry {
    docket: String,
    caption: String,
    /// One party a line, where the source names them and has no caption of its own.
    parties: String,
    /// The number on the docket; empty for entries without.
    number: String,
    /// What the court's or the aggregator's database calls it, where that shows.
    id: String,
    filed: Option<NaiveDate>,
    /// A day, or a time in the court's zone.
    entered: String,
    /// When the source says it appeared, where that is a point in time.
    moment: Option<EntryDate>,
    text: String,
    /// Label and address, the main document first.
    documents: Vec<(String, Url)>,
    /// How many documents there are, where they have no addresses.
    count: u64,
    /// Who may not read what.
    access: String,
    url: Option<Url>,
}

impl DocketEntry {
    /// What the entry is about. An entry that has neither number nor id is known by its day: of
    /// several on one day those are paired that say the same, then those that say nearly the same.
    fn key(&self) -> String {
        let own = [&self.id, &self.number].into_iter().find(|own| !own.is_empty());
        let day = || self.filed.map_or_else(|| self.entered.clone(), |day| day.to_string());
        format!("{}/{}", self.docket, own.cloned().unwrap_or_else(day))
    }

    fn date(&self) -> Option<EntryDate> {
        self.moment.or(self.filed.map(EntryDate::Day))
    }

    fn into_entry(self) -> Entry {
        let date = self.date();
        let case = one_line(&format!("{} {}", self.docket, self.caption));
        let said = shorten(&one_line(&self.text), MAX_TITLE_CHARS);
        let title = if said.is_empty() { case } else { format!("{case}: {said}") };
        let count = if self.count > 0 { self.count.to_string() } else { String::new() };
        let mut entry = Entry::new(self.key(), title)
            .with(docket::KIND, FilingKind::of(&self.text).name())
            .with(docket::DOCKET, self.docket)
            .with(docket::CAPTION, self.caption)
            .with(docket::PARTIES, self.parties)
            .with(docket::NUMBER, self.number)
            .with(docket::FILED, self.filed.map_or_else(String::new, |day| day.to_string()))
            .with(docket::ENTERED, self.entered)
            .with(docket::TEXT, self.text)
            .with(docket::DOCUMENTS, count)
            .with(docket::ACCESS, self.access);
        entry.date = date;
        entry.url = self.url.or_else(|| Some(self.documents.first()?.1.clone())).map(String::from);
        html::with_links(entry, self.documents)
    }
}

#[expect(clippy::expect_used, reason = "the patterns are constants, each exercised by a test")]
fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("constant pattern")
}

/// A case number with what judges' initials and defendants' numbers may follow. Initials change when
/// a case is reassigned and do not belong to the number.
static CASE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^(?<case>(?:\d+:)?\d{2,4}-(?:[a-z~]+-)?\d+)(?:-[A-Za-z0-9/]{1,5})*(?:\s+|$)"));

/// The case number at the beginning of a text, and what follows it.
fn case_number(text: &str) -> Option<(String, &str)> {
    let found = CASE.captures(text)?;
    Some((found["case"].to_owned(), text[found[0].len()..].trim()))
}

/// A document's address: its id is the last number of the path.
static DOCUMENT: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?<before>/docs?\d*/)(?<id>\d{6,})(?:$|[/;])"));

/// PACER names a document by two numbers that differ in the fourth digit only.
fn normal_id(id: &str) -> String {
    id.char_indices().map(|(index, digit)| if index == 3 { '0' } else { digit }).collect()
}

/// A document's address in the form that does not depend on who asks: one of its two numbers, without
/// the parameters, which name the case again. Other addresses stay as they are.
fn normal_address(mut address: Url) -> Url {
    let path = DOCUMENT.replace(address.path(), |found: &Captures<'_>| {
        format!("{}{}", &found["before"], normal_id(&found["id"]))
    });
    let path = path.into_owned();
    if document_id(&address).is_some() {
        address.set_query(None);
    }
    address.set_path(&path);
    address
}

/// The number of the document at an address, if it leads to one.
fn document_id(address: &Url) -> Option<String> {
    DOCUMENT.captures(address.path()).map(|found| normal_id(&found["id"]))
}

static ENTERED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"[\[(]Entered:\s*(?<month>\d{1,2})/(?<day>\d{1,2})/(?<year>\d{4})(?:\s+(?<hour>\d{1,2}):(?<minute>\d{2})(?::\d{2})?\s*(?<half>[AP])M)?\s*[\])]",
    )
});

/// When an entry was entered, as its text says at the end: ISO 8601, without a zone.
fn entered(text: &str) -> String {
    let Some(found) = ENTERED.captures_iter(text).last() else { return String::new() };
    let number = |name: &str| found.name(name).and_then(|digits| digits.as_str().parse::<u32>().ok());
    let year = number("year").and_then(|year| i32::try_from(year).ok()).unwrap_or_default();
    let day = number("month").zip(number("day"));
    let Some(day) = day.and_then(|(month, day)| NaiveDate::from_ymd_opt(year, month, day)) else {
        return String::new();
    };
    let afternoon = if found.name("half").is_some_and(|half| half.as_str() == "P") { 12 } else { 0 };
    match number("hour").zip(number("minute")) {
        Some((hour, minute)) => format!("{day}T{:02}:{minute:02}", hour % 12 + afternoon),
        None => day.to_string(),
    }
}

/// An entry's text on one line, without the blank that the clerks' forms leave before a comma.
fn words(text: &str) -> String {
    one_line(text).replace(" ,", ",")
}

/// The day that a text is, and nothing else: `09/01/2022`.
fn day(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(text.trim(), "%m/%d/%Y").ok()
}

#[cfg(test)]
mod tests;
