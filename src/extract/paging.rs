//! Lists that go on: the next page is asked for, and what says that it is a part is never the whole.
//!
//! Where a page names its next one on the same machine, that is read as well, within bounds. Where it
//! says that there is more and not where ("Showing 1 to 10 of 57", a count larger than its rows, buttons
//! that only a script understands), it is refused.

mod header;
mod json;
mod xml;

use std::cell::RefCell;
use std::sync::LazyLock;

use regex::Regex;
use regex::bytes::Regex as BytesRegex;
use scraper::ElementRef;
use url::Url;

use super::following::{self, OpeningAnswer, WantedAnswer};
use super::html::{self, Markup};
use super::xml::unexpected;
use super::{RawDocument, html_table, limits};
use crate::domain::bundle::{BundlePart, FIRST};
use crate::domain::entry::{Document, family};
use crate::domain::source::{SourceKind, TableSettings};
use crate::domain::text::{counted, one_line, shorten};
use crate::domain::verdict::Unreadable;

pub(super) use self::header::address_of_next;
pub(super) use self::json::says_more_in as json_says_more;
pub(super) use self::xml::says_more_in as xml_says_more;

/// What a part of a list is not.
pub(super) const PART: &str = "the page (expected the whole list)";

/// A list of more pages is not read.
const MAX_PAGES: usize = 50;

/// So many characters of what a page says are told.
const MAX_SHOWN_CHARS: usize = 80;

#[expect(clippy::expect_used, reason = "the patterns are constants, each exercised by a test")]
fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("constant pattern")
}

/// What a page that is one of several has in it.
#[expect(clippy::expect_used, reason = "the pattern is a constant, exercised by every test")]
static HINT: LazyLock<BytesRegex> = LazyLock::new(|| {
    BytesRegex::new(
        r"(?i-u)\bnext\b|\bpag(?:e|er|ing|ination)\b|\bof\s+[0-9]|\btotal\b|\bfound\b|\bnumber of\b",
    )
    .expect("constant pattern")
});

/// The document that several pages are together; `read` reads one.
pub(super) fn together(
    page: &RawDocument<'_>,
    read: impl Fn(&RawDocument<'_>) -> Result<Document, Unreadable>,
) -> Result<Document, Unreadable> {
    let parts = page.parts()?;
    if let [only] = &parts[..] {
        return read(&RawDocument::from(only));
    }
    let mut whole: Option<Document> = None;
    for part in &parts {
        let document = read(&RawDocument::from(part))?;
        match &mut whole {
            Some(whole) => whole.entries.extend(document.entries),
            None => whole = Some(document),
        }
    }
    let Some(whole) = whole else { return Err(Unreadable::Missing { what: "the first page".to_owned() }) };
    let mut entries = whole.entries;
    for entry in &mut entries {
        // Twins are told apart over all pages.
        entry.key = family(&entry.key).to_owned();
    }
    Ok(Document::new(entries, whole.completeness, whole.resemblance))
}

fn next_page(parts: &[BundlePart<'_>], url: Url) -> Result<Option<WantedAnswer>, Unreadable> {
    if parts.len() >= MAX_PAGES {
        return Err(unexpected("the list", &format_args!("more than {MAX_PAGES} pages of it")));
    }
    Ok(Some(WantedAnswer { name: following::page_name(FIRST, parts.len() + 1), url }))
}

fn partial(said: &str) -> Unreadable {
    let said = shorten(&one_line(said), MAX_SHOWN_CHARS);
    unexpected(PART, &format_args!("a part of it: {said:?}"))
}

/// Whether further pages of a kind are read with its first, where a page names them.
fn has_pages(kind: &SourceKind) -> bool {
    match kind {
        SourceKind::HtmlTable(settings) => !settings.one_page,
        SourceKind::HtmlList(settings) => !settings.one_page,
        SourceKind::PageText(settings) => !settings.one_page,
        SourceKind::Json(settings) => !settings.one_page,
        SourceKind::Xml(settings) => !settings.one_page,
        SourceKind::Csv(_) => true,
        _ => false,
    }
}

/// The next page of a list, where the page says that there is one; `link` is the `Link` header of the
/// last answer.
///
/// # Errors
/// Where a page says that there is more, and not where.
pub(super) fn wanted(
    kind: &SourceKind,
    parts: &[BundlePart<'_>],
    link: Option<&str>,
) -> Result<Option<WantedAnswer>, Unreadable> {
    if !has_pages(kind) {
        return Ok(None);
    }
    let is_page =
        matches!(kind, SourceKind::HtmlTable(_) | SourceKind::HtmlList(_) | SourceKind::PageText(_));
    if let Some(wanted) = by_header(is_page, parts, link)? {
        return Ok(Some(wanted));
    }
    match kind {
        SourceKind::Json(settings) => json::next(settings, parts),
        SourceKind::Xml(settings) => xml::next(settings, parts),
        _ if is_page => of_html(parts),
        _ => Ok(None),
    }
}

/// The next page that the `Link` header of the last answer names. A page may call the next story its next; data
/// has only its own pages.
fn by_header(
    is_page: bool,
    parts: &[BundlePart<'_>],
    link: Option<&str>,
) -> Result<Option<WantedAnswer>, Unreadable> {
    let (Some(last), Some(link)) = (parts.last(), link) else { return Ok(None) };
    let next = address_of_next(link, &last.url).filter(|next| !is_page || is_same_list(&last.url, next));
    next.map_or(Ok(None), |next| next_page(parts, following::address(last, next.as_str())?))
}

/// The next page of a page.
fn of_html(parts: &[BundlePart<'_>]) -> Result<Option<WantedAnswer>, Unreadable> {
    let Some(last) = parts.last().filter(|last| HINT.is_match(last.body)) else {
        return Ok(None);
    };
    // What is no page at all is for its extractor to refuse.
    let Ok(markup) = Markup::of(&RawDocument::from(last)) else { return Ok(None) };
    Ok(match goes_on(&markup, parts)? {
        GoesOn::At(wanted) => Some(wanted),
        GoesOn::No { .. } => None,
    })
}

/// The next page of the table that a first answer shows, or else the table: the page is parsed once for both.
/// Nothing is read of what is no page. `url` is the address that answered.
pub(super) fn first_of_table(
    settings: &TableSettings,
    first: &BundlePart<'_>,
    link: Option<&str>,
    url: &Url,
) -> Result<OpeningAnswer, Unreadable> {
    if !settings.one_page
        && let Some(wanted) = by_header(true, std::slice::from_ref(first), link)?
    {
        return Ok(OpeningAnswer::Wanted(wanted));
    }
    let Ok(markup) = Markup::of(&RawDocument::from(first)) else { return Ok(OpeningAnswer::Whole(None)) };
    let mut text = String::new();
    if may_go_on(settings, first.body) {
        match goes_on(&markup, std::slice::from_ref(first))? {
            GoesOn::At(wanted) => return Ok(OpeningAnswer::Wanted(wanted)),
            GoesOn::No { text: said } => text = said,
        }
    }
    let document = html_table::read(settings, &markup.at(url), url).and_then(|document| {
        if !settings.rows.group {
            check_count(&text, document.entries.len())?;
        }
        limits::check_entries(document.entries.len())?;
        Ok(document)
    });
    Ok(OpeningAnswer::Whole(Some(document)))
}

/// Reads a table of one or several pages, each of which is parsed once.
pub(super) fn table(settings: &TableSettings, page: &RawDocument<'_>) -> Result<Document, Unreadable> {
    let may_count = !settings.rows.group && may_go_on(settings, page.body);
    // What the last page says.
    let text = RefCell::new(String::new());
    let document = together(page, |page| {
        let markup = Markup::of(page)?;
        if may_count {
            text.replace(markup.text());
        }
        html_table::read(settings, &markup, page.url)
    })?;
    check_count(&text.into_inner(), document.entries.len())?;
    Ok(document)
}

fn may_go_on(settings: &TableSettings, body: &[u8]) -> bool {
    !settings.one_page && HINT.is_match(body)
}

/// Whether another page follows.
enum GoesOn {
    At(WantedAnswer),
    No { text: String },
}

/// Whether another page follows the last of these, which is `markup`.
fn goes_on(markup: &Markup, parts: &[BundlePart<'_>]) -> Result<GoesOn, Unreadable> {
    let Some(last) = parts.last() else { return Ok(GoesOn::No { text: String::new() }) };
    let next = match next_link(markup, &last.url, parts.len()) {
        NextPage::At(url) => next_page(parts, following::address(last, url.as_str())?)?,
        NextPage::ByScript(said) => return Err(partial(&format!("{said}, which only a script follows"))),
        NextPage::None => None,
    };
    if let Some(next) = next {
        return Ok(GoesOn::At(next));
    }
    let text = markup.text();
    match says_more(&text) {
        Some(said) => Err(partial(&said)),
        None => Ok(GoesOn::No { text }),
    }
}

/// Refuses a list with fewer rows than its page says to show in all; of a list of several pages the last one is
/// asked.
///
/// # Errors
/// Names what the page says.
pub(super) fn check_last(
    is_one_page: bool,
    page: &RawDocument<'_>,
    entries: usize,
) -> Result<(), Unreadable> {
    if is_one_page || !HINT.is_match(page.body) {
        return Ok(());
    }
    let parts = page.parts()?;
    let Some(last) = parts.last() else { return Ok(()) };
    check_count(&Markup::of(&RawDocument::from(last))?.text(), entries)
}

/// The same by `text`, which is what the page says.
fn check_count(text: &str, entries: usize) -> Result<(), Unreadable> {
    if text.is_empty() {
        return Ok(());
    }
    let may_count = |line: &str| {
        line.starts_with(|first: char| first.is_numeric() || matches!(first, 't' | 'T' | 'n' | 'N'))
    };
    let larger = text.lines().filter(|line| may_count(line.trim())).find(|line| {
        let count = COUNT.captures(line.trim()).and_then(|found| {
            let count = ["count", "count2", "count3"].iter().find_map(|name| found.name(name))?;
            number(count.as_str())
        });
        count.is_some_and(|count| count > entries)
    });
    larger.map_or(Ok(()), |line| {
        Err(partial(&format!("{line}, with {}", counted(entries, "entry", "entries"))))
    })
}

static RANGE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?im)(?:\b(?:showing|displaying|viewing|results?|entries|records|rows|items)\b[^\d\n]{0,20}|^\s*)(?P<from>\d[\d,]*)\s*(?:-|–|—|to|through)\s*(?P<to>\d[\d,]*)\s+(?:out\s+)?of\s+(?:about\s+|approximately\s+|over\s+)?(?P<all>\d[\d,]*)",
    )
});
static SHOWN: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:showing|displaying)\s+(?:the\s+)?(?:first\s+|only\s+)?(?P<to>\d[\d,]*)\s+(?:\w+\s+)?(?:out\s+)?of\s+(?P<all>\d[\d,]*)",
    )
});
static PAGE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?im)^\s*page\s+(?P<to>\d+)\s+of\s+(?P<all>\d+)\s*$"));
static COUNT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^(?:(?:total(?:\s+number\s+of)?|number\s+of)\s+(?:entries|records|results|rows|items|entities|listings)\s*:?\s*(?P<count>\d[\d,]*)|total\s*:\s*(?P<count2>\d[\d,]*)\s+(?:entries|records|results|rows|items|entities)|(?P<count3>\d[\d,]*)\s+(?:entries|records|results|rows|items|entities)\s+(?:found|in total|total|listed))\.?$",
    )
});

fn number(text: &str) -> Option<usize> {
    text.replace(',', "").parse().ok()
}

/// Whether a text counts anything "of" a number. The expressions cost more than all else that is done with a page.
fn counts_of(text: &str) -> bool {
    let bytes = text.as_bytes();
    text.match_indices(['f', 'F']).any(|(at, _)| {
        let is_of = at > 0 && bytes[at - 1].eq_ignore_ascii_case(&b'o');
        is_of
            && text.get(at + 1..).is_some_and(|rest| {
                let rest = rest.trim_start();
                let roughly = ["about", "approximately", "over"].into_iter();
                let mut roughly = roughly.filter(|word| {
                    rest.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
                });
                let number = roughly.next().map_or(rest, |word| rest[word.len()..].trim_start());
                number.starts_with(char::is_numeric)
            })
    })
}

/// What a page says by which more follows.
fn says_more(text: &str) -> Option<String> {
    if !counts_of(text) {
        return None;
    }
    [&*RANGE, &*SHOWN, &*PAGE].into_iter().flat_map(|known| known.captures_iter(text)).find_map(|found| {
        let part = |name: &str| number(found.name(name)?.as_str());
        (part("to")? < part("all")?).then(|| found[0].trim().to_owned())
    })
}

enum NextPage {
    At(Url),
    ByScript(String),
    None,
}

/// What links to a next page say.
const LABELS: [&str; 12] = [
    "next",
    "next page",
    "next ›",
    "next »",
    "next >",
    "next →",
    "›",
    "»",
    "→",
    "siguiente",
    "suivant",
    "weiter",
];

/// Names under which the number of a page is asked for.
const PAGE_KEYS: [&str; 14] = [
    "page",
    "p",
    "pg",
    "paged",
    "pagenum",
    "pagenumber",
    "page_number",
    "pageindex",
    "page_index",
    "start",
    "offset",
    "skip",
    "cursor",
    "currentpage",
];

/// Where a page of this number is followed by another.
fn next_link(markup: &Markup, here: &Url, number: usize) -> NextPage {
    let Ok(anchors) = html::selector("a, link[rel], button") else { return NextPage::None };
    let anchors: Vec<ElementRef<'_>> = markup.tree.select(&anchors).collect();
    let target = |anchor: &ElementRef<'_>| {
        let mut url = markup.address().join(anchor.attr("href")?.trim()).ok()?;
        url.set_fragment(None);
        let is_fragment = anchor.attr("href")?.trim().starts_with('#');
        (!is_fragment && url != *here && is_same_list(here, &url)).then_some(url)
    };
    let is_next = |anchor: &&ElementRef<'_>| !is_disabled(**anchor) && says_next(**anchor);
    if let Some(url) = anchors.iter().filter(is_next).find_map(target) {
        return NextPage::At(url);
    }
    let wanted = (number + 1).to_string();
    let is_number = |anchor: &&ElementRef<'_>| {
        in_pager(**anchor) && anchor.text().take(4).collect::<String>().trim() == wanted
    };
    if let Some(url) = anchors.iter().filter(is_number).find_map(target) {
        return NextPage::At(url);
    }
    let by_script = anchors.iter().filter(is_next).filter(|anchor| in_pager(**anchor)).find(|anchor| {
        let href = anchor.attr("href").unwrap_or("#").trim();
        href.starts_with('#') || href.to_ascii_lowercase().starts_with("javascript:")
    });
    by_script.map_or(NextPage::None, |anchor| NextPage::ByScript(one_line(&html::text(*anchor))))
}

fn words_of(element: ElementRef<'_>, attribute: &str) -> String {
    element.attr(attribute).unwrap_or_default().to_ascii_lowercase()
}

fn says_next(anchor: ElementRef<'_>) -> bool {
    let rel = words_of(anchor, "rel");
    if rel.split_ascii_whitespace().any(|word| word == "next") {
        return true;
    }
    let text: String = anchor.text().take(8).collect();
    let said = [one_line(&text).to_lowercase(), words_of(anchor, "aria-label"), words_of(anchor, "title")];
    let is_label = |text: &String| LABELS.contains(&text.trim()) || text.starts_with("go to next page");
    // An arrow leads on in a pager, and elsewhere to anything.
    said.iter().any(is_label)
        && (in_pager(anchor)
            || said.iter().any(|text| text.contains("next page"))
            || said[0].starts_with("next"))
}

/// Whether an element or one right above it is one of those that turn pages.
fn in_pager(element: ElementRef<'_>) -> bool {
    let above = element.ancestors().filter_map(ElementRef::wrap).take(4);
    std::iter::once(element).chain(above).any(|element| {
        ["class", "id", "aria-label", "role"].iter().any(|name| words_of(element, name).contains("pag"))
    })
}

fn is_disabled(element: ElementRef<'_>) -> bool {
    let above = element.parent().and_then(ElementRef::wrap);
    std::iter::once(element).chain(above).any(|element| {
        words_of(element, "class").contains("disabled")
            || words_of(element, "aria-disabled") == "true"
            || element.attr("disabled").is_some()
    })
}

/// The number of a page at the end of a path.
static PAGE_OF_PATH: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)(?:/|[-_])(?:page|p|pg)(?:/|[-_])?\d+(?P<end>\.\w+)?/?$"));

/// Whether an address is that of another page of the same list: the same path and another question, or
/// paths that differ in the number of a page.
fn is_same_list(here: &Url, other: &Url) -> bool {
    if here.origin() != other.origin() {
        return false;
    }
    if here.path() == other.path() {
        let named = |url: &Url| -> Vec<String> {
            let pairs = url.query_pairs().filter(|(name, _)| !PAGE_KEYS.contains(&&*name.to_lowercase()));
            pairs.map(|(name, value)| format!("{name}={value}")).collect()
        };
        return named(here) == named(other)
            || other.query_pairs().any(|(name, _)| PAGE_KEYS.contains(&&*name.to_lowercase()));
    }
    let bare = |url: &Url| {
        let path = PAGE_OF_PATH.replace(url.path(), "$end").into_owned();
        path.trim_end_matches('/').to_owned()
    };
    PAGE_OF_PATH.is_match(other.path()) && bare(here) == bare(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::source::{CsvSettings, JsonSettings, PageTextSettings, TableSettings};
    use crate::extract::tests::part;

    #[track_caller]
    fn table(url: &str, body: &str) -> Result<Option<String>, String> {
        let wanted =
            wanted(&SourceKind::HtmlTable(TableSettings::default()), &[part("first", url, body)], None);
        wanted.map(|wanted| wanted.map(|wanted| wanted.url.to_string())).map_err(|error| error.to_string())
    }

    const LIST: &str = "https://a.test/list";

    #[test]
    fn a_next_page_of_the_same_list_is_wanted() {
        for (link, expected) in [
            ("<link rel=next href='?page=2'>", "https://a.test/list?page=2"),
            ("<a rel='nofollow next' href='/list/page/2/'>more</a>", "https://a.test/list/page/2/"),
            ("<a href='/list?page=1'>Next</a>", "https://a.test/list?page=1"),
            (
                "<ul class=pager><li><a href='?page=1' aria-label='Next page'>›</a></ul>",
                "https://a.test/list?page=1",
            ),
            (
                "<nav class=pagination><a href='?p=1'>1</a><a href='?p=2'>2</a><a href='?p=3'>3</a></nav>",
                "https://a.test/list?p=2",
            ),
        ] {
            assert_eq!(table(LIST, link), Ok(Some(expected.to_owned())), "{link}");
        }
        for other in [
            "<a rel=next href='/news/another-story'>Next: another story</a>",
            "<a href='#fn2'>2</a><a href='/docs/2'>2</a>",
            "<a rel=next href='https://b.test/list?page=2'>Next</a>",
            "<div class=pagination><a class='next disabled' href='#'>Next</a></div>",
            "<div class=slides><a href='#'>Next</a></div>",
            "<p>Total weight: 57</p>",
        ] {
            assert_eq!(table(LIST, other), Ok(None), "{other}");
        }
    }

    #[test]
    fn what_says_that_it_is_a_part_is_refused() {
        for said in [
            "<div>Showing 1 to 11 of 13 entries</div>",
            "<p>Results 1 - 20 of 1,234</p>",
            "<p>1–25 of 57</p>",
            "<p>Showing 10 of 57 entries</p>",
            "<p>Page 1 of 3</p>",
            "<div class=pagination><a class=next href='#'>Next</a></div>",
            "<div class=dataTables_paginate><a class=paginate_button href='javascript:void(0)'>Next</a></div>",
        ] {
            assert!(table(LIST, said).is_err_and(|error| error.contains("a part of it")), "{said}");
        }
        for whole in [
            "<p>Showing 1 to 13 of 13 entries</p>",
            "<p>Page 3 of 3</p>",
            "<p>Founded 1990 to 1995 of old</p>",
        ] {
            assert_eq!(table(LIST, whole), Ok(None), "{whole}");
        }
        let one = TableSettings { one_page: true, ..TableSettings::default() };
        assert_eq!(
            wanted(&SourceKind::HtmlTable(one), &[part("first", LIST, "<p>Page 1 of 3</p>")], None),
            Ok(None)
        );
    }

    #[test]
    fn a_count_larger_than_the_rows_is_refused() {
        let url = LIST.parse().unwrap();
        let check = |body: &str| {
            let page = RawDocument { body: body.as_bytes(), content_type: None, url: &url };
            check_count(&Markup::of(&page)?.text(), 11)
        };
        assert!(check("<p>Total entries: 13</p>").is_err() && check("<p>13 results found</p>").is_err());
        for fine in [
            "<p>Total entries: 11</p>",
            "<p>57 employees</p>",
            "<p>There are 13 results found elsewhere.</p>",
        ] {
            assert_eq!(check(fine), Ok(()), "{fine}");
        }
    }

    #[test]
    fn the_header_of_an_answer_leads_on() {
        let next = |kind: SourceKind, link: &str, body: &str| {
            let wanted = wanted(&kind, &[part("first", "https://a.test/list?x=1", body)], Some(link));
            wanted
                .map(|wanted| wanted.map(|wanted| wanted.url.to_string()))
                .map_err(|error| error.to_string())
        };
        let link = "<https://a.test/list?x=1&page=2>; rel=\"next\"";
        let expected = Ok(Some("https://a.test/list?x=1&page=2".to_owned()));
        assert_eq!(next(SourceKind::Json(JsonSettings::default()), link, "[1]"), expected);
        assert_eq!(next(SourceKind::Csv(CsvSettings::default()), link, "a\n1\n"), expected);
        let page =
            || SourceKind::PageText(PageTextSettings { keep: Vec::new(), drop: Vec::new(), one_page: false });
        assert_eq!(next(page(), link, "<p>x"), expected);
        assert_eq!(next(page(), "</stories/2>; rel=next", "<p>x"), Ok(None));
        assert_eq!(next(SourceKind::Feed, link, "<rss/>"), Ok(None));
        assert!(
            next(SourceKind::Json(JsonSettings::default()), "<https://b.test/2>; rel=next", "[1]").is_err()
        );
        let one = JsonSettings { one_page: true, ..JsonSettings::default() };
        assert_eq!(next(SourceKind::Json(one), link, "[1]"), Ok(None));
    }

    #[test]
    fn a_list_without_end_is_refused() {
        let parts: Vec<BundlePart<'_>> = (0..MAX_PAGES)
            .map(|n| {
                part(
                    &format!("p{n}"),
                    &format!("https://a.test/list?page={n}"),
                    "<a rel=next href='?page=99'>Next</a>",
                )
            })
            .collect();
        assert!(of_html(&parts).is_err());
    }
}
