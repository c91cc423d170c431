//! Dockets: which cases and which kinds of entry.

use crate::config::list;
use crate::config::node::{AllowedKeys, ConfigNode, ConfigTable};
use crate::config::value;
use crate::domain::docket::{CaseNumber, FilingKind};
use crate::domain::source::{CourtlistenerSettings, DocketSettings, KindFilter, SourceKind};
use crate::domain::spelling::none_of;

const NAMES: &[&str] = &["dockets", "entries"];

pub(super) const COURT_RSS: AllowedKeys = AllowedKeys { heading: "court-rss", names: NAMES };
pub(super) const PACER_DOCKET: AllowedKeys = AllowedKeys { heading: "pacer-docket", names: NAMES };
pub(super) const SCOTUS_DOCKET: AllowedKeys = AllowedKeys { heading: "scotus-docket", names: NAMES };
pub(super) const COURTLISTENER: AllowedKeys =
    AllowedKeys { heading: "courtlistener", names: &["dockets", "entries", "pages", "case"] };

/// A hundred entries: more requests in one read than the API grants in a minute are of no use.
const DEFAULT_PAGES: usize = 5;

/// Two thousand entries.
const MAX_PAGES: u32 = 100;

pub(super) const ENTRIES: AllowedKeys = AllowedKeys { heading: "entries", names: &["keep", "drop"] };

pub(super) fn court_rss(table: &ConfigTable<'_>) -> Option<SourceKind> {
    settings(table).map(SourceKind::CourtRss)
}

pub(super) fn pacer_docket(table: &ConfigTable<'_>) -> Option<SourceKind> {
    settings(table).map(SourceKind::PacerDocket)
}

pub(super) fn scotus_docket(table: &ConfigTable<'_>) -> Option<SourceKind> {
    settings(table).map(SourceKind::ScotusDocket)
}

pub(super) fn courtlistener(table: &ConfigTable<'_>) -> Option<SourceKind> {
    let docket = settings(table);
    let pages =
        table.or("pages", DEFAULT_PAGES, |node| node.number(1..=MAX_PAGES).map(|number| number as usize));
    let case = table.optional("case", |node| node.parse(value::page_url));
    Some(SourceKind::Courtlistener(CourtlistenerSettings {
        docket: docket?,
        pages: pages?,
        case: case.ok()?,
    }))
}

fn settings(table: &ConfigTable<'_>) -> Option<DocketSettings> {
    let dockets = table.or("dockets", Vec::new(), |node| numbers(node));
    let entries = table.or("entries", KindFilter::default(), |node| entries(node));
    Some(DocketSettings { dockets: dockets?, entries: entries? })
}

/// Case numbers, each once in whatever spelling.
fn numbers(node: &ConfigNode<'_>) -> Option<Vec<String>> {
    let items = node.some_items("case numbers")?;
    let numbers = list::distinct(&items, number)?;
    let spelt_twice = |place: usize| {
        let number = CaseNumber::of(&numbers[place]);
        numbers[..place].iter().find(|other| CaseNumber::of(other).is_same(&number))
    };
    let twins = (0..numbers.len()).find_map(|place| Some((place, spelt_twice(place)?)));
    let Some((place, first)) = twins else { return Some(numbers) };
    items[place].fault(format_args!("is {first:?} in another spelling, expected each case once"));
    None
}

fn number(node: &ConfigNode<'_>) -> Option<String> {
    let text = node.line()?;
    if !text.bytes().any(|byte| byte.is_ascii_digit()) {
        node.fault(format_args!(
            "found {text:?}, expected a case number such as \"23-1032\" or \"1:09-cv-00480\""
        ));
        return None;
    }
    Some(text.to_owned())
}

fn entries(node: &ConfigNode<'_>) -> Option<KindFilter> {
    let table = node.table(&ENTRIES)?;
    let kinds =
        |name| table.or(name, Vec::new(), |node| list::distinct(&node.items("kinds of entry")?, kind));
    let (keep, drop) = (kinds("keep"), kinds("drop"));
    let filter = KindFilter { keep: keep?, drop: drop? };
    let lets_nothing_pass =
        !filter.keep.is_empty() && filter.keep.iter().all(|kind| filter.drop.contains(kind));
    if lets_nothing_pass {
        node.fault("drops everything that it keeps, expected at least one kind of entry to be left");
        return None;
    }
    Some(filter)
}

fn kind(node: &ConfigNode<'_>) -> Option<String> {
    node.parse(|text| {
        let names = FilingKind::names();
        if names.contains(&text) { Ok(text.to_owned()) } else { Err(none_of(text, &names)) }
    })
}
