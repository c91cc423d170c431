//! Whether what came is all there is: pages that scripts put together, and lists of several pages.

use std::sync::LazyLock;

use regex::Regex;
use scraper::ElementRef;

use crate::domain::text::one_line;
use crate::extract::RawDocument;
use crate::extract::charset::decode;
use crate::extract::html::{self, Markup};
use crate::extract::json;
use crate::extract::paging;
use crate::extract::xml;
use crate::html::elements::is_block;

/// A page that shows fewer characters than this shows nothing of a list.
const MIN_SHOWN_CHARS: usize = 400;

/// The elements that scripts fill.
const MOUNTS: &str = "#root, #app, #__next, #__nuxt, app-root, [ng-app], [data-reactroot]";

/// Whether what the server sends is a frame that scripts fill in the reader's browser.
pub(in crate::extract) fn needs_browser(page: &RawDocument<'_>) -> bool {
    let Ok(markup) = Markup::of(page) else { return false };
    let has =
        |css: &str| html::selector(css).is_ok_and(|selector| markup.tree.select(&selector).next().is_some());
    if !has("script") {
        return false;
    }
    let shown = one_line(&markup.text());
    if shown.chars().count() >= MIN_SHOWN_CHARS {
        return false;
    }
    let asks_for_scripts = || {
        let text = decode(page).to_lowercase();
        [
            "enable javascript",
            "requires javascript",
            "need to enable javascript",
            "javascript is required",
            "javascript to run",
        ]
        .iter()
        .any(|words| text.contains(words))
    };
    has(MOUNTS) || asks_for_scripts()
}

#[expect(clippy::expect_used, reason = "the patterns are constants, each exercised by a test")]
fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("constant pattern")
}

/// `Showing 1 to 11 of 13`, `1-11 of 13 results`.
static SHOWN: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:showing|displaying|results?|items?|entries|records)?\s*(?<from>\d[\d,]*)\s*(?:to|-|–|—|through)\s*(?<to>\d[\d,]*)\s+of\s+(?:about\s+|approximately\s+)?(?<all>\d[\d,]*)\b(?:\s+(?:results?|items?|entries|records|rows))?",
    )
});

/// `Page 1 of 3`.
static PAGES: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)\bpage\s+(?<page>\d+)\s+of\s+(?<all>\d+)\b"));

/// What says, in words, that a longer list goes on elsewhere.
pub(in crate::extract) fn goes_on(page: &RawDocument<'_>) -> Option<String> {
    let text = decode(page);
    let start = text.trim_start_matches('\u{feff}').trim_start();
    if start.starts_with('{') {
        return in_json(page);
    }
    if !start.starts_with('<') {
        return None;
    }
    let is_html = |root: &str| matches!(root, "html" | "a" | "link" | "span") || is_block(root);
    if xml::check(start).is_ok_and(|root| !is_html(&root.to_ascii_lowercase())) {
        return paging::xml_says_more(start);
    }
    let markup = Markup::of(page).ok()?;
    next_page(&markup).or_else(|| counted(&markup.text()))
}

/// A count that is larger than what is shown.
fn counted(text: &str) -> Option<String> {
    let number = |digits: &str| digits.replace(',', "").parse::<u64>().ok();
    text.lines().map(one_line).find_map(|line| {
        if let Some(found) = SHOWN.captures(&line) {
            let (from, to, all) = (number(&found["from"])?, number(&found["to"])?, number(&found["all"])?);
            if from <= to && to < all {
                return Some(format!("it says {:?}", found[0].trim()));
            }
        }
        let found = PAGES.captures(&line)?;
        (number(&found["page"])? < number(&found["all"])?).then(|| format!("it says {:?}", &found[0]))
    })
}

/// Links and marks that lead to the next page.
const NEXT: &str = "link[rel~=\"next\"], a[rel~=\"next\"], .pager__item--next a, .pagination-next a, li.next a, a.next, [aria-label=\"Next\"], [aria-label=\"Next page\"], [title=\"Go to next page\"]";

fn next_page(markup: &Markup) -> Option<String> {
    let next = html::selector(NEXT).ok()?;
    let leads_on = |element: ElementRef<'_>| {
        let is_off = element.attr("aria-disabled") == Some("true")
            || element.value().classes().any(|class| class == "disabled");
        let mut target = markup.address().join(element.attr("href")?.trim()).ok()?;
        target.set_fragment(None);
        let is_other = target.scheme().starts_with("http") && target != *markup.address();
        (is_other && !is_off).then(|| format!("it has a next page, {target}"))
    };
    markup.tree.select(&next).find_map(leads_on)
}

fn in_json(page: &RawDocument<'_>) -> Option<String> {
    paging::json_says_more(&json::parse(page).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of<T>(body: &str, look: fn(&RawDocument<'_>) -> T) -> T {
        let url = "https://agency.test/list".parse().unwrap();
        look(&RawDocument { body: body.as_bytes(), content_type: None, url: &url })
    }

    #[test]
    fn a_frame_that_scripts_fill_needs_a_browser() {
        assert!(of(
            "<html><body><div id='root'></div><script src='/app.js'></script></body></html>",
            needs_browser
        ));
        assert!(of(
            "<body><noscript>You need to enable JavaScript to run this app.</noscript><script>1</script></body>",
            needs_browser
        ));
        let list =
            format!("<body><div id='root'><p>{}</p></div><script>1</script></body>", "words ".repeat(100));
        assert!(!of(&list, needs_browser));
        assert!(!of("<body><main><p>Gone.</p></main></body>", needs_browser));
    }

    #[test]
    fn a_list_that_goes_on_says_so() {
        for (body, expected) in [
            ("<p>Showing 1 to 11 of 13 entries</p>", Some("it says \"Showing 1 to 11 of 13 entries\"")),
            ("<p>Showing 1 to 13 of 13 entries</p>", None),
            ("<p>Page 1 of 3</p>", Some("it says \"Page 1 of 3\"")),
            ("<p>Page 3 of 3</p>", None),
            (
                "<ul><li class='next'><a href='?page=2'>Next</a></li></ul>",
                Some("it has a next page, https://agency.test/list?page=2"),
            ),
            ("<a rel='next' href='#'>Next</a>", None),
            (
                "{\"next\": \"https://agency.test/list?page=2\", \"results\": []}",
                Some("it names a next page, https://agency.test/list?page=2"),
            ),
            ("{\"total\": 30, \"results\": [1, 2]}", Some("it says total 30 and holds 2")),
            ("{\"total\": 2, \"results\": [1, 2]}", None),
            ("{\"recordCount\": 30, \"results\": [1, 2]}", Some("it says recordcount 30 and holds 2")),
            ("<list total='3'><entry/></list>", Some("it says total 3 and holds 1")),
            ("a,b\n1,2\n", None),
        ] {
            assert_eq!(of(body, goes_on).as_deref(), expected, "{body}");
        }
    }
}
