//! CourtListener's page of a docket, in the two templates it is served in.
//!
//! The heading `h1[data-type="search.Docket"]` is the proof, and the list of
//! entries below it. A long docket is spread over several pages, of which one is
//! read: then an entry's absence means nothing.

use std::sync::LazyLock;

use regex::Regex;
use scraper::{ElementRef, Selector};
use url::Url;

use super::{Docket, DocketEntry, entered, normal_address, pattern};
use crate::domain::entry::Completeness;
use crate::domain::text::one_line;
use crate::domain::verdict::Unreadable;
use crate::extract::date::days;
use crate::extract::html::{self, Markup, selector};

/// `Caption (number)`.
static CASE: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(?<caption>.*?)\s*\((?<number>[^()]+)\)$"));

/// What an entry's row is called.
static ROW: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^(?:entry-(?<number>\d+)|minute-entry-(?<id>\d+))$"));

/// Where the parts of an entry stand in a template.
struct Template {
    rows: Selector,
    date: Selector,
    text: Selector,
    papers: Selector,
}

impl Template {
    fn all() -> Result<[Self; 2], Unreadable> {
        let template = |rows, date, text, papers| {
            Ok(Self {
                rows: selector(rows)?,
                date: selector(date)?,
                text: selector(text)?,
                papers: selector(papers)?,
            })
        };
        Ok([
            template(
                "#docket-entry-table > .row[id]",
                ":scope > div:nth-child(2)",
                ":scope > div:nth-child(3) > p",
                ".recap-documents",
            )?,
            template(
                "ol[aria-label=\"Docket entries\"] > li[id]",
                ":scope dl > div:nth-child(2) dd",
                ":scope dl > div:nth-child(3) dd",
                "ul[aria-label=\"Documents for this entry\"] > li",
            )?,
        ])
    }
}

pub(super) fn read(markup: &Markup) -> Result<Docket, Unreadable> {
    let missing = |what: &str| Unreadable::Missing { what: what.to_owned() };
    let headings = selector("h1[data-type=\"search.Docket\"]")?;
    let heading = markup.tree.select(&headings).next().ok_or_else(|| missing("the heading of a docket"))?;
    let title = one_line(&html::text(heading));
    let (caption, number) = match CASE.captures(&title) {
        Some(found) => (found["caption"].to_owned(), found["number"].to_owned()),
        None => (title.clone(), heading.attr("data-id").map_or_else(|| title.clone(), str::to_owned)),
    };
    let mut entries = Vec::new();
    for template in Template::all()? {
        let mut outer = None;
        for row in markup.tree.select(&template.rows) {
            // Rows within rows are no docket's, and each would be read as often as it is deep.
            if outer.is_some_and(|outer| row.ancestors().any(|element| element.id() == outer)) {
                continue;
            }
            outer = Some(row.id());
            entries.extend(entry(markup, &template, row));
        }
    }
    if entries.is_empty() {
        return Err(missing("the list of docket entries"));
    }
    for entry in &mut entries {
        entry.docket.clone_from(&number);
        entry.caption.clone_from(&caption);
    }
    let completeness = if has_more_pages(markup)? { Completeness::Window } else { Completeness::Whole };
    Ok(Docket { entries, completeness, number, is_honestly_empty: false })
}

fn entry(markup: &Markup, template: &Template, row: ElementRef<'_>) -> Option<DocketEntry> {
    let name = row.attr("id")?;
    let found = ROW.captures(name)?;
    let part = |name: &str| found.name(name).map_or_else(String::new, |part| part.as_str().to_owned());
    let said: Vec<String> = row.select(&template.text).map(html::text).collect();
    let date = row.select(&template.date).next()?;
    let day = date.descendent_elements().find_map(|element| element.attr("datetime"));
    let day = day.map_or_else(|| html::text(date), str::to_owned);
    let papers: Vec<EntryDocument> =
        row.select(&template.papers).map(|paper| EntryDocument::of(markup, paper)).collect();
    let text = one_line(&said.join(" "));
    let text = if text.is_empty() {
        papers.first().map_or_else(String::new, |paper| paper.description.clone())
    } else {
        text
    };
    let sealed = papers.iter().filter(|paper| paper.is_sealed).map(|paper| format!("{} sealed", paper.label));
    let access = sealed.collect::<Vec<_>>().join("\n");
    let mut url = markup.address().clone();
    url.set_fragment(Some(name));
    Some(DocketEntry {
        number: part("number"),
        id: part("id"),
        filed: days(&day).first().copied(),
        entered: entered(&text),
        text,
        access,
        documents: papers.into_iter().filter_map(|paper| Some((paper.label, paper.address?))).collect(),
        url: Some(url),
        ..DocketEntry::default()
    })
}

/// A document of an entry.
struct EntryDocument {
    label: String,
    description: String,
    is_sealed: bool,
    address: Option<Url>,
}

static LABEL: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)^(?:(?<main>main\s*doc)|att[a-z]*\s*(?<number>\d+))"));

impl EntryDocument {
    fn of(markup: &Markup, paper: ElementRef<'_>) -> Self {
        let text = html::text(paper);
        let mut words = text.lines();
        let first = words.next().unwrap_or_default();
        let label = LABEL.captures(first).map_or_else(
            || "document".to_owned(),
            |found| {
                found
                    .name("number")
                    .map_or_else(|| "main document".to_owned(), |it| format!("attachment {}", it.as_str()))
            },
        );
        let is_sealed = text.lines().any(|line| matches!(line, "Sealed on PACER" | "Unavailable"))
            || paper.descendent_elements().any(|element| element.attr("title") == Some("Sealed on PACER"));
        let links = markup.links_in(paper);
        // The file, else the page about it, else where it can be bought.
        let best =
            ["storage.courtlistener.com", "www.courtlistener.com", ".uscourts.gov"].iter().find_map(|host| {
                links.iter().find(|(_, address)| address.host_str().is_some_and(|it| it.ends_with(host)))
            });
        Self {
            label,
            description: words.next().map(one_line).unwrap_or_default(),
            is_sealed,
            address: best.map(|(_, address)| normal_address(address.clone())),
        }
    }
}

/// Whether the docket goes on elsewhere, or was narrowed down.
fn has_more_pages(markup: &Markup) -> Result<bool, Unreadable> {
    let is_narrowed =
        markup.address().query_pairs().any(|(name, value)| name != "order_by" && !value.is_empty());
    let links = selector("a[href*=\"page=\"]")?;
    let here = markup.address().path();
    let leads_on = |link| {
        markup.target(link).is_some_and(|target| {
            target.path() == here && target.query_pairs().any(|(name, _)| name == "page")
        })
    };
    Ok(is_narrowed || markup.tree.select(&links).any(leads_on))
}
