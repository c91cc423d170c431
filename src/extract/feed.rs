//! Any RSS, Atom or JSON feed: agencies' news, releases, press.

use std::borrow::Cow;
use std::collections::BTreeSet;

use feed_rs::model;
use feed_rs::parser::Builder;
use serde_json::Value;
use url::Url;

use super::RawDocument;
use super::charset::decode;
use super::date::date;
use super::html::{self, Markup};
use super::items::{WellFormed, is_too_much, well_formed};
use super::xml::unexpected;
use crate::domain::entry::{Completeness, Document, Entry, EntryDate, Resemblance};
use crate::domain::noise::Noise;
use crate::domain::text::{one_line, shorten};
use crate::domain::verdict::Unreadable;

/// No feed that anybody reads holds more; a hostile one could hold a million.
const MAX_ITEMS: usize = 20_000;

/// The field that says what an entry is filed under, a category a line.
const CATEGORIES: &str = "categories";

/// A title made from an entry's text is cut to this.
const MAX_TITLE_CHARS: usize = 120;

pub(super) fn extract(page: &RawDocument<'_>) -> Result<Document, Unreadable> {
    let (feed, mut left_out) = read(page)?;
    let (mut entries, mut reason) = (Vec::new(), None);
    for (index, item) in feed.entries.iter().enumerate() {
        match entry(item, page.url) {
            Ok(entry) => entries.push(entry),
            Err(error) => {
                let title =
                    item.title.as_ref().map(|title| one_line(&title.content)).filter(|text| !text.is_empty());
                let title = title.map(|title| format!("{:?}", shorten(&title, MAX_TITLE_CHARS)));
                left_out.push(title.unwrap_or_else(|| format!("item {}", index + 1)));
                reason.get_or_insert(error);
            }
        }
    }
    if let Some(reason) = reason.filter(|_| is_too_much(left_out.len(), entries.len() + left_out.len())) {
        return Err(reason);
    }
    let about = feed.title.map(|title| one_line(&title.content)).filter(|title| !title.is_empty());
    Ok(Document { about, left_out, ..Document::new(entries, Completeness::Window, Resemblance::Item) })
}

/// Reads a feed of any form.
///
/// # Errors
/// Where it is none.
pub(super) fn parse(page: &RawDocument<'_>) -> Result<model::Feed, Unreadable> {
    read(page).map(|(feed, _)| feed)
}

/// The same, with the names of items that are malformed and were left out.
fn read(page: &RawDocument<'_>) -> Result<(model::Feed, Vec<String>), Unreadable> {
    let text = decode(page);
    // The text is decoded; what the declaration says of its bytes no longer holds.
    let text = without_declaration(text.trim_start_matches('\u{feff}').trim_start());
    limit_items(text)?;
    if text.starts_with('{') {
        return read_json(page, text);
    }
    let WellFormed { text, left_out, .. } = well_formed(text)?;
    Ok((parse_text(page, &text)?, left_out))
}

/// A JSON feed without the items that are none.
fn read_json(page: &RawDocument<'_>, text: &str) -> Result<(model::Feed, Vec<String>), Unreadable> {
    let reason = match parse_text(page, text) {
        Ok(feed) => return Ok((feed, Vec::new())),
        Err(reason) => reason,
    };
    let Ok(mut whole) = serde_json::from_str::<Value>(text) else { return Err(reason) };
    let items = whole.get("items").and_then(|items| items.as_array()).cloned().unwrap_or_default();
    let (mut good, mut left_out) = (Vec::new(), Vec::new());
    for (index, item) in items.iter().enumerate() {
        whole["items"] = serde_json::json!([item]);
        if parse_text(page, &whole.to_string()).is_ok() {
            good.push(item.clone());
        } else {
            let name = ["title", "id", "url"]
                .iter()
                .find_map(|key| item.get(key))
                .map(|name| shorten(&one_line(&name.to_string()), MAX_TITLE_CHARS));
            left_out.push(name.unwrap_or_else(|| format!("item {}", index + 1)));
        }
        if is_too_much(left_out.len(), items.len()) {
            return Err(reason);
        }
    }
    if good.is_empty() {
        return Err(reason);
    }
    whole["items"] = good.into();
    Ok((parse_text(page, &whole.to_string())?, left_out))
}

fn parse_text(page: &RawDocument<'_>, text: &str) -> Result<model::Feed, Unreadable> {
    let parser = Builder::new()
        .base_uri(Some(page.url.as_str()))
        // An entry without an id is known by its link or title, here below.
        .id_generator(|_, _, _| String::new())
        .timestamp_parser(|text| {
            date(text).map(|date| match date {
                EntryDate::Moment(moment) => moment.to_utc(),
                EntryDate::Day(day) => day.and_time(chrono::NaiveTime::MIN).and_utc(),
            })
        })
        .build();
    let text = with_text_ids(text);
    parser.parse(text.as_bytes()).map_err(|error| unexpected("the feed", &error))
}

/// A JSON feed whose items have numbers for identifiers, with texts in their place: JSON Feed 1.1 asks its readers
/// to take them so.
fn with_text_ids(text: &str) -> Cow<'_, str> {
    if !text.starts_with('{') {
        return Cow::Borrowed(text);
    }
    let Ok(mut feed) = serde_json::from_str::<Value>(text) else { return Cow::Borrowed(text) };
    let items = feed.get_mut("items").and_then(Value::as_array_mut);
    let mut has_number = false;
    for id in items.into_iter().flatten().filter_map(|item| item.get_mut("id")) {
        if id.is_number() {
            *id = Value::String(id.to_string());
            has_number = true;
        }
    }
    if has_number { Cow::Owned(feed.to_string()) } else { Cow::Borrowed(text) }
}

/// Counts what may be an item before any of them is read: each costs hundreds of times its own bytes.
fn limit_items(text: &str) -> Result<(), Unreadable> {
    // An item of a JSON feed holds a few objects.
    let count = if text.starts_with('{') {
        text.matches('{').count() / 8
    } else {
        text.matches("<item").count().max(text.matches("entry>").count())
    };
    if count > MAX_ITEMS {
        return Err(unexpected("the feed", &format_args!("{count} items, expected at most {MAX_ITEMS}")));
    }
    Ok(())
}

fn without_declaration(text: &str) -> &str {
    match text.strip_prefix("<?xml").and_then(|rest| rest.split_once("?>")) {
        Some((_, rest)) => rest.trim_start(),
        None => text,
    }
}

fn entry(item: &model::Entry, page: &Url) -> Result<Entry, Unreadable> {
    let plain = |text: &str| Markup::parse(text, page).map(|markup| html::shown(markup.tree.root_element()));
    let content = item.content.as_ref().and_then(|content| content.body.as_deref());
    // A summary is what its publisher wants told; the whole article may be revised for a comma.
    let text =
        plain(item.summary.as_ref().map(|summary| summary.content.as_str()).or(content).unwrap_or_default())?;
    let title = one_line(&plain(item.title.as_ref().map_or("", |title| title.content.as_str()))?);
    let url = link(item, page);
    // The first publication; when it was last touched is no news.
    let moment = item.published.or(item.updated);
    let id = one_line(&item.id);
    // What is an address is known by where it leads, however it is spelled.
    let noise = Noise::default();
    let key = if !id.is_empty() {
        noise.canonical_url(&id)
    } else if let Some(url) = &url {
        noise.canonical_url(url.as_str())
    } else {
        let day = moment.map_or_else(String::new, |moment| moment.to_rfc3339());
        format!("{title}/{day}")
    };
    let title = if title.is_empty() { shorten(&one_line(&text), MAX_TITLE_CHARS) } else { title };
    let title = if title.is_empty() { key.clone() } else { title };
    let mut entry = Entry::new(key, title).with("text", text).with(CATEGORIES, categories(item));
    entry.date = moment.map(|moment| EntryDate::Moment(moment.fixed_offset()));
    entry.url = url.map(String::from);
    Ok(entry)
}

/// What the entry is filed under, each category once, in no order but that of their names.
fn categories(item: &model::Entry) -> String {
    let name = |category: &model::Category| {
        let label = category.label.as_deref().filter(|label| !label.trim().is_empty());
        one_line(label.unwrap_or(&category.term))
    };
    let names: BTreeSet<String> = item.categories.iter().map(name).filter(|name| !name.is_empty()).collect();
    names.into_iter().collect::<Vec<_>>().join("\n")
}

/// Where the entry is read: its alternate link, or its first.
pub(super) fn link(item: &model::Entry, page: &Url) -> Option<Url> {
    let is_alternate = |link: &&model::Link| link.rel.as_deref().is_none_or(|rel| rel == "alternate");
    let link = item.links.iter().find(is_alternate).or_else(|| item.links.first())?;
    page.join(link.href.trim()).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(body: &str) -> Result<Document, Unreadable> {
        let url = "https://agency.test/news/feed".parse().unwrap();
        extract(&RawDocument { body: body.as_bytes(), content_type: None, url: &url })
    }

    #[track_caller]
    fn check(body: &str, key: &str, title: &str, day: Option<&str>, address: Option<&str>, text: &str) {
        let document = document(body).unwrap();
        assert_eq!((document.completeness, document.resemblance), (Completeness::Window, Resemblance::Item));
        let entry = &document.entries[0];
        assert_eq!((entry.key.as_str(), entry.title.as_str(), entry.url.as_deref()), (key, title, address));
        assert_eq!(entry.date.map(|date| date.to_string()).as_deref(), day);
        assert_eq!(entry.fields.get("text").map_or("", String::as_str), text);
    }

    fn rss(item: &str) -> String {
        format!(
            "<?xml version='1.0' encoding='ISO-8859-1'?><rss version='2.0'><channel><title>News</title>{item}</channel></rss>"
        )
    }

    #[test]
    fn an_rss_item_is_read() {
        check(
            &rss(
                "<item><title>Fish &amp;amp; Chips</title><link>https://agency.test/1</link><guid>g-1</guid>\
                  <description>&lt;p&gt;One.&lt;/p&gt;&lt;p&gt;Two &lt;b&gt;é&lt;/b&gt;.&lt;/p&gt;</description>\
                  <pubDate>Fri, 03 Feb 2023 11:57:38 EST</pubDate></item>",
            ),
            "g-1",
            "Fish & Chips",
            Some("2023-02-03T16:57:38+00:00"),
            Some("https://agency.test/1"),
            "One.\nTwo é.",
        );
    }

    #[test]
    fn without_an_id_the_link_and_then_the_title_with_its_date_is_the_key() {
        check(
            &rss("<item><title>A</title><link>https://agency.test/1</link></item>"),
            "agency.test/1",
            "A",
            None,
            Some("https://agency.test/1"),
            "",
        );
        check(
            &rss("<item><title>A</title><pubDate>Fri, 03 Feb 2023 11:57:38 GMT</pubDate></item>"),
            "A/2023-02-03T11:57:38+00:00",
            "A",
            Some("2023-02-03T11:57:38+00:00"),
            None,
            "",
        );
    }

    #[test]
    fn an_atom_entry_is_read_and_its_first_date_counts() {
        check(
            "<feed xmlns='http://www.w3.org/2005/Atom'><title>News</title><id>f</id><updated>2024-01-02T00:00:00Z</updated>\
             <entry><id>urn:1</id><title>A &lt; B</title><link rel='self' href='x'/><link href='/docs/1'/>\
             <published>2024-01-01T10:00:00-05:00</published><updated>2024-02-01T10:00:00Z</updated>\
             <summary type='html'>&lt;i&gt;short&lt;/i&gt;</summary></entry></feed>",
            "urn:1",
            "A < B",
            Some("2024-01-01T15:00:00+00:00"),
            Some("https://agency.test/docs/1"),
            "short",
        );
    }

    #[test]
    fn a_json_item_is_read() {
        check(
            "{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"News\",\"items\":[{\"id\":\"7\",\
             \"url\":\"https://agency.test/7\",\"title\":\"Seven\",\"content_html\":\"<p>a</p>b\",\
             \"date_published\":\"2024-01-01T10:00:00Z\"}]}",
            "7",
            "Seven",
            Some("2024-01-01T10:00:00+00:00"),
            Some("https://agency.test/7"),
            "a\nb",
        );
    }

    #[test]
    fn a_json_item_may_have_a_number_for_its_identifier() {
        check(
            "{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"News\",\"items\":[{\"id\":7,\
             \"url\":\"https://agency.test/7\",\"title\":\"Seven\",\"content_text\":\"a\"}]}",
            "7",
            "Seven",
            None,
            Some("https://agency.test/7"),
            "a",
        );
    }

    #[test]
    fn categories_are_read_in_whatever_order_they_come() {
        let read_categories = |categories: &str| {
            let document =
                document(&rss(&format!("<item><guid>1</guid><title>A</title>{categories}</item>"))).unwrap();
            document.entries[0].fields.get("categories").cloned()
        };
        let both =
            read_categories("<category>Final</category><category domain='x'>Active &amp; new</category>");
        assert_eq!(both.as_deref(), Some("Active & new\nFinal"));
        assert_eq!(read_categories("<category>Revoked</category>").as_deref(), Some("Revoked"));
        assert_eq!(read_categories(""), None);
    }

    #[test]
    fn a_link_that_does_not_lead_to_the_web_is_none() {
        let document =
            document(&rss("<item><guid>1</guid><title>A</title><link>javascript:alert(1)</link></item>"))
                .unwrap();
        assert_eq!(document.entries[0].url, None);
    }

    #[test]
    fn an_empty_feed_is_good_and_no_feed_is_not() {
        assert_eq!(document(&rss("")).unwrap().entries.len(), 0);
        for bad in [
            "",
            "<html><body>Access Denied</body></html>",
            "{\"error\":\"forbidden\"}",
            "[]",
            "<rss version='2.0'>",
        ] {
            assert!(document(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn nesting_entities_and_attributes_do_not_blow_up() {
        let nested = format!("{}{}", "<media:x>".repeat(50_000), "</media:x>".repeat(50_000));
        assert!(
            document(&rss(&format!("<item xmlns:media='http://search.yahoo.com/mrss/'>{nested}</item>")))
                .is_err()
        );
        let levels: Vec<String> = (1..30)
            .map(|level| format!("<!ENTITY e{level} '&e{0};&e{0};&e{0};&e{0};'>", level - 1))
            .collect();
        let bomb = format!(
            "<!DOCTYPE rss [<!ENTITY e0 'boom'>{}]><rss version='2.0'><channel><title>t</title><item><title>x &e29;</title></item></channel></rss>",
            levels.concat()
        );
        assert!(document(&bomb).is_err());
    }

    #[test]
    fn a_malformed_item_is_left_out_by_name_and_a_defined_entity_is_read() {
        let good = |title: &str| format!("<item><guid>{title}</guid><title>{title}</title></item>");
        let body = rss(&format!("{}{}{}", good("A"), good("B &co; C"), good("D")));
        let found = document(&body).unwrap();
        assert_eq!((found.entries.len(), found.left_out), (2, vec!["\"B &co; C\"".to_owned()]));
        assert_eq!(found.about.as_deref(), Some("News"));
        let defined = body.replace("<rss", "<!DOCTYPE rss [<!ENTITY co 'Example Ltd'>]><rss");
        assert_eq!(document(&defined).unwrap().entries[1].title, "B Example Ltd C");
        let json = |second: &str| {
            format!(
                "{{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"News\",\"items\":[{{\"id\":\"1\",\"title\":\"A\"}},{second}]}}"
            )
        };
        let found = document(&json("{\"id\":{\"n\":2},\"title\":\"B\"}")).unwrap();
        assert_eq!((found.entries.len(), found.left_out), (1, vec!["\"B\"".to_owned()]));
        assert!(document(&json("{\"id\":\"2\"")).is_err(), "it was cut off");
    }
}
