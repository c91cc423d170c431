//! CourtListener's Atom feed of one docket: its thirty newest entries.

use std::sync::LazyLock;

use feed_rs::model;
use regex::Regex;
use url::Url;

use super::{Docket, DocketEntry, entered, pattern};
use crate::domain::entry::{Completeness, EntryDate};
use crate::domain::text::one_line;
use crate::domain::verdict::Unreadable;
use crate::extract::html::Markup;
use crate::extract::{RawDocument, feed};

/// The case in an entry's title: a caption and, if it has one, a number.
static TITLE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?:Entry #(?<number>\d+)|Minute entry from .{1,40}?) in (?<caption>.*?)(?:, (?<docket>[^,]*\d[^,]*))?$",
    )
});

/// What an entry is called on the docket's page, which its link leads to.
static ANCHOR: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(?:entry-|minute-entry-)(?<id>\d+)$"));

pub(super) fn read(page: &RawDocument<'_>) -> Result<Docket, Unreadable> {
    let feed = feed::parse(page)?;
    let entries: Vec<DocketEntry> =
        feed.entries.iter().map(|item| entry(item, page.url)).collect::<Result<_, _>>()?;
    let numbered = entries.first().filter(|entry| entry.docket != entry.caption);
    let number = numbered.map_or_else(String::new, |entry| entry.docket.clone());
    Ok(Docket { entries, completeness: Completeness::Window, number, is_honestly_empty: false })
}

fn entry(item: &model::Entry, page: &Url) -> Result<DocketEntry, Unreadable> {
    let plain = |text: &str| Markup::parse(text, page).map(|markup| markup.text());
    let title = one_line(&plain(item.title.as_ref().map_or("", |title| title.content.as_str()))?);
    let unlike = || Unreadable::Unexpected {
        what: "the title of an entry (expected \"Entry #1 in\" or \"Minute entry from\" and the case)"
            .to_owned(),
        found: format!("{title:?}"),
    };
    let case = TITLE.captures(&title).ok_or_else(unlike)?;
    let part = |name: &str| case.name(name).map_or_else(String::new, |part| part.as_str().to_owned());
    let content = item.content.as_ref().and_then(|content| content.body.as_deref());
    let text =
        plain(item.summary.as_ref().map(|summary| summary.content.as_str()).or(content).unwrap_or_default())?;
    let url = feed::link(item, page);
    let anchor = url.as_ref().and_then(Url::fragment).and_then(|anchor| ANCHOR.captures(anchor));
    let number = part("number");
    let anchor = anchor.map_or_else(String::new, |found| found["id"].to_owned());
    let papers = item.links.iter().filter(|link| link.rel.as_deref() == Some("enclosure"));
    let papers = papers.filter_map(|link| page.join(link.href.trim()).ok());
    let label = format!("document {number}").trim_end().to_owned();
    Ok(DocketEntry {
        docket: if case.name("docket").is_some() { part("docket") } else { part("caption") },
        caption: part("caption"),
        id: if number.is_empty() { anchor } else { String::new() },
        number,
        // Midnight of the day in the Pacific zone, which is the same day in Greenwich's.
        filed: item.published.or(item.updated).map(|moment| EntryDate::Moment(moment.fixed_offset()).day()),
        entered: entered(&text),
        text: one_line(&text),
        documents: papers.map(|address| (label.clone(), address)).take(1).collect(),
        url,
        ..DocketEntry::default()
    })
}
