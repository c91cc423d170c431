//! RSS feeds of United States courts (CM/ECF): the newest docket entries, about a day of them.
//!
//! A feed's titles are escaped twice, its descriptions are escaped HTML, its
//! encoding is ISO-8859-1 and its times bear zone *names*. One filing may make
//! several items: one for each consolidated case (they stay apart), one for each
//! event and one for each defendant in a criminal case (they are joined). Which
//! kinds of entry a court's feed carries differs by court, and absence from a
//! feed is never a removal.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use chrono::NaiveDate;
use quick_xml::Reader;
use quick_xml::events::Event;
use regex::Regex;
use url::Url;

use super::{DocketEntry, case_number, document_id, normal_address, pattern, zone};
use crate::domain::entry::EntryDate;
use crate::domain::text::one_line;
use crate::domain::verdict::Unreadable;
use crate::extract::RawDocument;
use crate::extract::charset::decode;
use crate::extract::date::date;
use crate::extract::html::{self, Markup};
use crate::extract::items::{WellFormed, well_formed};
use crate::extract::xml::{self, unexpected};

/// The entries, and the names of items that are malformed and were left out.
pub(super) fn read(page: &RawDocument<'_>) -> Result<(Vec<DocketEntry>, Vec<String>), Unreadable> {
    let text = decode(page);
    let WellFormed { text, root, left_out } = well_formed(text.trim_start_matches('\u{feff}'))?;
    if root != "rss" {
        return Err(unexpected("the root element (expected rss)", &root));
    }
    let items = items(&text)?;
    let mut places: BTreeMap<(String, Option<String>), usize> = BTreeMap::new();
    let mut filings: Vec<RssFiling> = Vec::new();
    for item in &items {
        let filing = RssFiling::of(item, page.url)?;
        let identity = (filing.entry.key(), item.get("pubDate").cloned());
        if let Some(&place) = places.get(&identity) {
            filings[place].join(filing);
        } else {
            places.insert(identity, filings.len());
            filings.push(filing);
        }
    }
    Ok((filings.into_iter().map(RssFiling::into_entry).collect(), left_out))
}

/// An item's elements by name.
type ItemElements = BTreeMap<String, String>;

/// The items of the channel, which must be there; it may be empty.
fn items(text: &str) -> Result<Vec<ItemElements>, Unreadable> {
    let mut reader = Reader::from_str(text);
    let (mut items, mut path, mut content) = (Vec::new(), Vec::<String>::new(), String::new());
    let mut has_channel = false;
    loop {
        match reader.read_event().map_err(|error| unexpected("the XML", &error))? {
            Event::Start(tag) => {
                path.push(tag.local_name().as_ref().to_owned());
                content.clear();
                has_channel |= path.len() == 2 && path[1] == "channel";
                if path.len() == 3 && path[2] == "item" {
                    items.push(ItemElements::new());
                }
            }
            Event::End(_) => {
                let name = path.pop().unwrap_or_default();
                if path.len() == 3
                    && path[2] == "item"
                    && let Some(item) = items.last_mut()
                {
                    item.entry(name).or_insert_with(|| std::mem::take(&mut content));
                }
                content.clear();
            }
            Event::Text(text) => content.push_str(&text.xml10_content()),
            Event::CData(text) => content.push_str(&text.xml10_content()),
            Event::GeneralRef(reference) => content.push_str(&xml::resolved(&reference)),
            Event::Eof if has_channel => return Ok(items),
            Event::Eof => return Err(Unreadable::Missing { what: "the feed's channel".to_owned() }),
            _ => {}
        }
    }
}

/// `[event]`, as the description begins.
static EVENT: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^(?<before>[^\[]*)\[(?<event>.*?)\](?<rest>(?:\s*\(|\s+[^\]]*$|$).*)"));

/// What a bankruptcy court says of the case before the event.
static FRAME: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^(?:Case )?Type:\s*\w*\s*Office:\s*\w*\s*Chapter:\s*\w*\s*(?:Trustee:.*)?$"));

/// What tells apart the entries of one docket in an item's `guid`.
static SEQUENCE: LazyLock<Regex> = LazyLock::new(|| pattern(r"\?\d+[-&](?<number>\d+)$"));

/// One filing in one case.
struct RssFiling {
    entry: DocketEntry,
    events: Vec<String>,
}

impl RssFiling {
    fn of(item: &ItemElements, page: &Url) -> Result<Self, Unreadable> {
        let text = |name: &str| item.get(name).map_or("", |text| text.trim());
        let title = one_line(&html::unescape(text("title")));
        let (case, caption) = case_number(&title)
            .map_or_else(|| (String::new(), title.clone()), |(case, rest)| (case, rest.to_owned()));
        let markup = Markup::parse(text("description"), page)?;
        let links = markup.links_in(markup.tree.root_element());
        let (event, rest) = split(&one_line(&markup.text()), &links, &caption);
        let labels: Vec<String> = links.iter().map(|(label, _)| label.clone()).collect();
        let documents: Vec<(String, Url)> =
            links.into_iter().map(|(label, address)| (label, normal_address(address))).collect();
        let number = labels.first().filter(|label| is_number(label)).cloned().unwrap_or_default();
        let id = documents.first().and_then(|(_, address)| document_id(address));
        let moment = date(text("pubDate"));
        let entered = moment.map_or_else(|| text("pubDate").to_owned(), |moment| moment.to_string());
        let own = identity(text("guid")).or_else(|| Some(number.clone()).filter(|number| !number.is_empty()));
        let link = Some(text("link")).filter(|link| !link.is_empty());
        let entry = DocketEntry {
            docket: if case.is_empty() { title } else { case },
            caption,
            number,
            // A moment is the same in every zone.
            id: own.or(id).unwrap_or_else(|| match moment {
                Some(EntryDate::Moment(moment)) => moment.to_utc().to_rfc3339(),
                _ => entered.clone(),
            }),
            filed: moment.and_then(|moment| filing_day(moment, page)),
            entered,
            moment,
            text: rest,
            documents,
            url: link.and_then(|link| page.join(link).ok()),
            ..DocketEntry::default()
        };
        Ok(Self { entry, events: event.into_iter().collect() })
    }

    /// Adds another event of the same filing.
    fn join(&mut self, other: Self) {
        self.events.extend(other.events);
        self.entry.documents.extend(other.entry.documents);
        if self.entry.number.is_empty() {
            self.entry.number = other.entry.number;
        }
    }

    fn into_entry(mut self) -> DocketEntry {
        // Their order in the feed says nothing.
        self.events.sort();
        self.events.dedup();
        let said = [self.events.join("; "), std::mem::take(&mut self.entry.text)];
        let said: Vec<String> = said.into_iter().filter(|part| !part.is_empty()).collect();
        DocketEntry { text: said.join("\n"), ..self.entry }
    }
}

fn is_number(label: &str) -> bool {
    !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_digit())
}

/// The day as the court counts it. A time in Greenwich's zone, which district courts give, does not
/// tell it: what is filed in the evening in New York appears on the next day there.
fn filing_day(moment: EntryDate, court: &Url) -> Option<NaiveDate> {
    match moment {
        EntryDate::Moment(moment) if moment.offset().local_minus_utc() == 0 => {
            Some(moment.with_timezone(&zone::of_court(court)?).date_naive())
        }
        other => Some(other.day()),
    }
}

/// The event in brackets, and what else the description says beside links and the caption.
fn split(text: &str, links: &[(String, Url)], caption: &str) -> (Option<String>, String) {
    let mut rest = text.to_owned();
    let mut event = None;
    if let Some(found) = EVENT.captures(text) {
        event = Some(one_line(&found["event"])).filter(|event| !event.is_empty());
        rest = format!("{} {}", &found["before"], &found["rest"]);
    }
    // An item has one link; a hostile one has thousands, and each costs a search.
    for (label, _) in links.iter().take(8) {
        rest = rest.replacen(&format!("({label})"), "", 1);
    }
    let rest = one_line(&rest);
    let says_nothing = rest == caption || FRAME.is_match(&rest);
    (event, if says_nothing { String::new() } else { rest })
}

/// The court's own number for the docket entry, where its feed gives one.
fn identity(guid: &str) -> Option<String> {
    let part = Url::parse(guid).ok().and_then(|guid| {
        guid.query_pairs().find(|(name, _)| name == "partId").map(|(_, number)| number.into_owned())
    });
    part.filter(|number| !number.is_empty())
        .or_else(|| SEQUENCE.captures(guid).map(|found| found["number"].to_owned()))
}

#[cfg(test)]
mod tests;
