//! Changes as feed readers take them: Atom (RFC 4287) and JSON Feed 1.1.
//!
//! An item's id is made of the change's own and is the same in every feed, whatever the address of the service.

use askama::Template;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use url::Url;

use super::page::{ChangePage, ChangeReader, FieldPage, line};
use super::rendered::RenderError;
use crate::domain::change::Change;
use crate::domain::id::ChangeId;
use crate::domain::matching::Watchlist;
use crate::domain::text::boundary_before;
use crate::domain::text_diff::WordFate;

/// Of one item's texts as much stands in a feed; its page has all of it.
const MAX_TEXT_BYTES: usize = 8 * 1024;

/// A feed, ready to be written.
#[derive(Debug)]
pub struct Feed {
    /// What it is called.
    pub title: String,
    /// Who makes it.
    pub author: String,
    /// Its own address.
    pub address: String,
    /// The page that shows the same.
    pub page: String,
    /// Where older items are.
    pub next: Option<String>,
    /// The items, the newest first.
    pub items: Vec<FeedItem>,
}

/// One change in a feed.
#[derive(Debug)]
pub struct FeedItem {
    id: String,
    title: String,
    page: String,
    source_link: Option<String>,
    published: String,
    updated: String,
    updated_at: DateTime<Utc>,
    companies: Vec<String>,
    html: String,
}

#[derive(Template)]
#[template(path = "feed/item.html")]
struct FeedContent {
    change: ChangePage,
}

#[derive(Template)]
#[template(path = "feed/atom.xml")]
struct Atom<'a> {
    feed: FeedView<'a>,
}

/// A feed as the template has it.
struct FeedView<'a> {
    title: &'a str,
    author: &'a str,
    address: &'a str,
    page: &'a str,
    next: Option<&'a str>,
    updated: String,
    items: &'a [FeedItem],
}

#[derive(Serialize)]
struct JsonFeed<'a> {
    version: &'static str,
    title: &'a str,
    home_page_url: &'a str,
    feed_url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_url: Option<&'a str>,
    authors: [Author<'a>; 1],
    items: Vec<JsonItem<'a>>,
}

#[derive(Serialize)]
struct Author<'a> {
    name: &'a str,
}

#[derive(Serialize)]
struct JsonItem<'a> {
    id: &'a str,
    url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_url: Option<&'a str>,
    title: &'a str,
    content_html: &'a str,
    date_published: &'a str,
    date_modified: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    tags: &'a [String],
}

impl<'a> JsonItem<'a> {
    fn of(item: &'a FeedItem) -> Self {
        Self {
            id: &item.id,
            url: &item.page,
            external_url: item.source_link.as_deref(),
            title: &item.title,
            content_html: &item.html,
            date_published: &item.published,
            date_modified: &item.updated,
            tags: &item.companies,
        }
    }
}

impl FeedItem {
    /// A change as an item; its page stands below `base`.
    ///
    /// # Errors
    /// A template that cannot be filled in.
    pub fn of(change: &Change, watchlist: &Watchlist, base: &Url) -> Result<Self, RenderError> {
        let mut page = ChangePage::of(change, ChangeReader::of_all(watchlist, None));
        let mut left = MAX_TEXT_BYTES;
        page.fields.iter_mut().for_each(|field| cut(field, &mut left));
        let taken_back = if change.retracted_at.is_some() { "Taken back: " } else { "" };
        let updated_at = change.retracted_at.unwrap_or(change.found_at).max(change.found_at);
        let names = change.companies().into_iter().map(|id| line(watchlist.short_name(id)));
        Ok(Self {
            id: urn_of(&change.id),
            title: xml(&format!("{taken_back}{}: {} ({})", page.source_title, page.title, page.happened)),
            page: page_of(base, &change.id),
            source_link: page.link.as_ref().map(|link| link.href.clone()),
            published: moment(change.found_at),
            updated: moment(updated_at),
            updated_at,
            companies: names.map(|name| xml(&name)).collect(),
            html: xml(&FeedContent { change: page }.render()?),
        })
    }
}

impl Feed {
    /// The feed as Atom.
    ///
    /// # Errors
    /// A template that cannot be filled in.
    pub fn atom(&self) -> Result<String, RenderError> {
        // Of an empty feed nobody knows when it changed last, and nothing is said of now: it is the same each time.
        let updated = self.items.iter().map(|item| item.updated_at).max().unwrap_or_default();
        let feed = FeedView {
            title: &xml(&self.title),
            author: &xml(&self.author),
            address: &self.address,
            page: &self.page,
            next: self.next.as_deref(),
            updated: moment(updated),
            items: &self.items,
        };
        Ok(Atom { feed }.render()?)
    }

    /// The feed as JSON Feed.
    ///
    /// # Errors
    /// What cannot be written as JSON.
    pub fn json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(&JsonFeed {
            version: "https://jsonfeed.org/version/1.1",
            title: &self.title,
            home_page_url: &self.page,
            feed_url: &self.address,
            next_url: self.next.as_deref(),
            authors: [Author { name: &self.author }],
            items: self.items.iter().map(JsonItem::of).collect(),
        })
    }
}

/// The address of a change's page.
#[must_use]
pub fn page_of(base: &Url, change: &ChangeId) -> String {
    format!("{base}changes/{change}")
}

/// A name for a change that holds wherever it is told (RFC 9562: a UUID of a form of its own, version 8). Ids of
/// earlier programs are shorter.
fn urn_of(change: &ChangeId) -> String {
    let mut digits: Vec<char> = change.as_str().chars().chain(['0'; 32]).take(32).collect();
    digits[12] = '8';
    digits[16] = '8';
    let part = |range: std::ops::Range<usize>| digits[range].iter().collect::<String>();
    format!("urn:uuid:{}-{}-{}-{}-{}", part(0..8), part(8..12), part(12..16), part(16..20), part(20..32))
}

/// Leaves of a field what fits.
fn cut(field: &mut FieldPage, left: &mut usize) {
    for (_, words) in &mut field.pieces {
        let end = boundary_before(words, words.len().min(*left));
        field.is_cut |= end < words.len();
        words.truncate(end);
        *left -= end;
    }
}

/// A text without what no XML document may hold.
fn xml(text: &str) -> String {
    let is_allowed =
        |c: &char| matches!(c, '\t' | '\n' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    text.chars().filter(is_allowed).collect()
}

fn moment(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_a_uuid_of_its_own_digits() {
        let id = ChangeId::from_text("0123456789abcdef0123456789abcdef");
        assert_eq!(urn_of(&id), "urn:uuid:01234567-89ab-8def-8123-456789abcdef");
        assert_eq!(urn_of(&ChangeId::from_text("ab")), "urn:uuid:ab000000-0000-8000-8000-000000000000");
    }

    #[test]
    fn what_no_xml_may_hold_goes() {
        assert_eq!(xml("a\u{0}\u{b}\u{fffe}\u{ffff}b\n\u{1f600}"), "ab\n\u{1f600}");
    }
}
