//! RSS feeds of United States courts (CM/ECF): the newest docket entries, about a day of them.
//!
//! A feed's titles are escaped twice, its descriptions are escaped HTML, its
//! encoding is ISO-8859-1 and its times bear zone *names*. One filing may make
//! several items: one for each consolidated case (they stay apart), one for each
//! event and one for each defendant in a criminal case (they are joined). Which kinds of entry a court's feed carries
//! differs by court, and absence from a feed is never a removal.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use quick_xml::Reader;
use quick_xml::events::Event;
use regex::{Captures, Regex};
use url::Url;

use super::Page;
use super::charset::decode;
use super::date::date;
use super::html::{self, Markup};
use super::xml::{self, unexpected};
use crate::domain::entry::{Completeness, Document, Entry, Resemblance};
use crate::domain::text::one_line;
use crate::domain::verdict::Unreadable;

pub(super) fn extract(page: &Page<'_>) -> Result<Document, Unreadable> {
    let text = decode(page);
    let root = xml::check(&text)?;
    if root != "rss" {
        return Err(unexpected("the root element (expected rss)", &root));
    }
    let items = items(&text)?;
    let mut filings: BTreeMap<(String, Option<String>), usize> = BTreeMap::new();
    let mut read: Vec<Filing> = Vec::new();
    for item in &items {
        let filing = Filing::of(item, page.url)?;
        let identity = (filing.key.clone(), item.get("pubDate").cloned());
        if let Some(&index) = filings.get(&identity) {
            read[index].join(filing);
        } else {
            filings.insert(identity, read.len());
            read.push(filing);
        }
    }
    let entries = read.into_iter().map(Filing::into_entry).collect();
    Ok(Document::new(entries, Completeness::Window, Resemblance::Never))
}

/// An item's elements by name.
type Item = BTreeMap<String, String>;

/// The items of the channel, which must be there; it may be empty.
fn items(text: &str) -> Result<Vec<Item>, Unreadable> {
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
                    items.push(Item::new());
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

#[expect(clippy::expect_used, reason = "the pattern is a constant, exercised by a test")]
fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("constant pattern")
}

/// A case number with what judges' initials may follow, and the caption. Initials change when a case
/// is reassigned and do not belong to its number.
static TITLE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"^(?<case>(?:\d+:)?\d{2,4}-(?:[a-z~]+-)?\d+)(?:-[A-Z]{1,4}\d*)*(?:\s+(?<caption>.*))?$")
});

/// `[event]`, as the description begins.
static EVENT: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^(?<before>[^\[]*)\[(?<event>.*?)\](?<rest>(?:\s*\(|\s+[^\]]*$|$).*)"));

/// A document's address: its id is the last number of the path.
static DOCUMENT: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?<before>/docs?\d*/)(?<id>\d{6,})"));

/// What tells apart the entries of one docket in an item's `guid`.
static SEQUENCE: LazyLock<Regex> = LazyLock::new(|| pattern(r"\?\d+[-&](?<number>\d+)$"));

/// PACER names a document by two numbers that differ in the fourth digit only.
fn normal_id(id: &str) -> String {
    id.char_indices().map(|(index, digit)| if index == 3 { '0' } else { digit }).collect()
}

/// One filing in one case.
struct Filing {
    key: String,
    case: String,
    caption: String,
    events: Vec<String>,
    document: String,
    description: String,
    links: Vec<(String, Url)>,
    published: String,
    url: Option<Url>,
}

impl Filing {
    fn of(item: &Item, page: &Url) -> Result<Self, Unreadable> {
        let text = |name: &str| item.get(name).map_or("", String::as_str);
        let title = one_line(&html::unescape(text("title")));
        let (case, caption) = TITLE.captures(&title).map_or_else(
            || (String::new(), title.clone()),
            |found| {
                (
                    found["case"].to_owned(),
                    found.name("caption").map_or("", |caption| caption.as_str()).to_owned(),
                )
            },
        );
        let markup = Markup::parse(text("description"), page)?;
        let links = markup.links_in(markup.tree.root_element());
        let links: Vec<(String, Url)> =
            links.into_iter().map(|(label, target)| (label, normal_target(target))).collect();
        let (event, description) = split(&one_line(&markup.text()), &links, &caption);
        let document = document(&links);
        let guid = text("guid").trim();
        let published = text("pubDate").trim().to_owned();
        let identity = identity(guid).or_else(|| (!document.is_empty()).then(|| document.clone()));
        let identity = identity.unwrap_or_else(|| {
            date(&published).map_or_else(|| published.clone(), |moment| moment.to_string())
        });
        let subject = if case.is_empty() { title } else { case.clone() };
        let url = page.join(text("link").trim()).ok().filter(|_| !text("link").trim().is_empty());
        Ok(Self {
            key: format!("{subject}/{identity}"),
            case,
            caption,
            events: event.into_iter().collect(),
            document,
            description,
            links,
            published,
            url,
        })
    }

    /// Adds another event of the same filing.
    fn join(&mut self, other: Self) {
        self.events.extend(other.events);
        self.links.extend(other.links);
        if self.document.is_empty() {
            self.document = other.document;
        }
    }

    fn into_entry(mut self) -> Entry {
        // Their order in the feed says nothing.
        self.events.sort();
        self.events.dedup();
        let event = self.events.join("; ");
        let name = one_line(&format!("{} {}", self.case, self.caption));
        let title = if event.is_empty() { name } else { format!("{name}: {event}") };
        let mut entry = Entry::new(self.key, title)
            .with("case", self.case)
            .with("caption", self.caption)
            .with("event", event)
            .with("document", self.document)
            .with("description", self.description);
        entry.date = date(&self.published);
        entry.url = self.url.map(String::from);
        html::with_links(entry, self.links)
    }
}

fn normal_target(mut target: Url) -> Url {
    let path = DOCUMENT.replace(target.path(), |found: &Captures<'_>| {
        format!("{}{}", &found["before"], normal_id(&found["id"]))
    });
    let path = path.into_owned();
    target.set_path(&path);
    target
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
    (event, if rest == caption { String::new() } else { rest })
}

/// The number of the document on the docket, or else its id.
fn document(links: &[(String, Url)]) -> String {
    let Some((label, target)) = links.first() else { return String::new() };
    if !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_digit()) {
        return label.clone();
    }
    DOCUMENT.captures(target.path()).map_or_else(String::new, |found| found["id"].to_owned())
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
