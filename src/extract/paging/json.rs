//! JSON that goes on: by an address, a token, the number of a page or of an entry.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;
use url::Url;

use super::{next_page, partial, pattern};
use crate::domain::bundle::BundlePart;
use crate::domain::source::JsonSettings;
use crate::domain::text::counted;
use crate::domain::verdict::Unreadable;
use crate::extract::following::{self, WantedAnswer};
use crate::extract::list::json as list;
use crate::extract::{RawDocument, charset};

/// Names under which JSON says where it goes on.
const NEXT_KEYS: [&str; 9] = [
    "next",
    "nextpage",
    "nexturl",
    "nextlink",
    "nextpageurl",
    "odatanextlink",
    "nexthref",
    "nextpagelink",
    "nextrecordsurl",
];
/// Names under which it says that there is more.
const MORE_KEYS: [&str; 5] = ["hasmore", "hasnext", "hasnextpage", "exceededtransferlimit", "more"];
/// Names under which it counts what there is in all.
const TOTAL_KEYS: [&str; 18] = [
    "totalnoticecount",
    "recordcount",
    "numberofrecords",
    "matches",
    "hits",
    "total",
    "count",
    "totalcount",
    "totalresults",
    "totalrecords",
    "totalitems",
    "totalelements",
    "totalhits",
    "numfound",
    "recordstotal",
    "resultcount",
    "odatacount",
    "totalsize",
];
/// Objects in which all of these stand beside the entries.
const AROUND: [&str; 13] = [
    "links",
    "_links",
    "meta",
    "metadata",
    "pagination",
    "paging",
    "page",
    "info",
    "response",
    "cursor",
    "cursors",
    "pageinfo",
    "page_info",
];

/// Names under which JSON says by which token the next answer is asked for, and the name of the question.
const CURSOR_KEYS: [(&str, &str); 9] = [
    ("iterationnexttoken", "iterationNextToken"),
    ("nextcursor", "cursor"),
    ("endcursor", "after"),
    ("nextpagetoken", "pageToken"),
    ("nexttoken", "nextToken"),
    ("continuationtoken", "continuationToken"),
    ("nextcontinuationtoken", "continuationToken"),
    ("scrollid", "scroll_id"),
    ("resumptiontoken", "resumptionToken"),
];
/// Names under which it numbers its pages.
const PAGE_KEYS: [&str; 6] = ["page", "currentpage", "pagenumber", "pageno", "pageindex", "number"];
/// Names under which it counts them.
const PAGES_KEYS: [&str; 6] = ["totalpages", "pages", "lastpage", "pagecount", "numpages", "numberofpages"];
/// Names under which it says at which entry it begins.
const OFFSET_KEYS: [&str; 4] = ["offset", "skip", "start", "startindex"];

/// The next page of JSON: where it names one, or says by what the next is asked for.
///
/// # Errors
/// Where it says that there is more, and not where.
pub(super) fn next(
    settings: &JsonSettings,
    parts: &[BundlePart<'_>],
) -> Result<Option<WantedAnswer>, Unreadable> {
    static JSON_HINT: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"(?i)next|more|total|count|numfound|exceeded|page|cursor|token|offset|scroll")
    });
    let Some(last) = parts.last() else { return Ok(None) };
    let text = charset::decode(&RawDocument::from(last)).into_owned();
    if !JSON_HINT.is_match(&text) {
        return Ok(None);
    }
    let Ok(value) = list::parse(&text) else { return Ok(None) };
    if parts[..parts.len() - 1].iter().any(|part| part.body == last.body) {
        return Err(partial(&format!("{} leads to the same entries again", last.url)));
    }
    let said = EnvelopeValues(around(&value));
    if let Some(next) = said.find(&NEXT_KEYS, link) {
        return next_page(parts, following::address(last, &next)?);
    }
    let question = match said.cursor(last) {
        Some(question) => Some(question),
        None => said.page_number(last)?,
    };
    if let Some(question) = question {
        return next_page(parts, following::address(last, &question.url(&last.url))?);
    }
    if let Some(name) = said.name(&MORE_KEYS, |value| (value.as_bool() == Some(true)).then_some(())) {
        return Err(partial(&format!("{name}: true")));
    }
    if let Some(next) = said.find(&NEXT_KEYS, token) {
        return Err(partial(&format!("next: {next}")));
    }
    let rows = list::count(settings, parts)?;
    // Of what is counted some may not be wanted: then a list is as long.
    let there = rows.max(longest(&value));
    let Some((name, total)) = said.total(there) else { return Ok(None) };
    let has_rows = list::count(settings, std::slice::from_ref(last))? > 0;
    match said.offset(last, rows).or_else(|| page_after(last)) {
        Some(question) if has_rows => next_page(parts, following::address(last, &question.url(&last.url))?),
        _ => Err(partial(&format!("{name}: {total}, with {}", counted(rows, "entry", "entries")))),
    }
}

/// What a root says by which it is a part of a longer list, in words.
pub(in crate::extract) fn says_more_in(value: &Value) -> Option<String> {
    let said = EnvelopeValues(around(value));
    if let Some(next) = said.find(&NEXT_KEYS, link) {
        return Some(format!("it names a next page, {next}"));
    }
    let cursors = CURSOR_KEYS.map(|(name, _)| name);
    if let Some(name) = said.name(&cursors, token) {
        return Some(format!("it names a next page by its {name}"));
    }
    if let (Some(page), Some(pages)) =
        (said.find(&PAGE_KEYS, Value::as_u64), said.find(&PAGES_KEYS, Value::as_u64))
        && page < pages
        && pages > 1
    {
        return Some(format!("it says to be page {page} of {pages}"));
    }
    let longest = longest(value);
    let (name, total) = said.total(longest)?;
    Some(format!("it says {name} {total} and holds {longest}"))
}

/// By what the next answer is asked for.
struct NextQuery {
    name: String,
    value: String,
}

impl NextQuery {
    /// The address with this in its question, in place of what was asked before.
    fn url(&self, here: &Url) -> String {
        let mut url = here.clone();
        let is_other = |name: &str| !name.eq_ignore_ascii_case(&self.name);
        let others: Vec<(String, String)> = here
            .query_pairs()
            .filter(|(name, _)| is_other(name))
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        url.query_pairs_mut().clear().extend_pairs(others).append_pair(&self.name, &self.value);
        url.into()
    }
}

/// What stands beside the entries, by folded name.
struct EnvelopeValues<'a>(Vec<(String, &'a Value)>);

impl EnvelopeValues<'_> {
    fn find<T>(&self, names: &[&str], read: impl Fn(&Value) -> Option<T>) -> Option<T> {
        self.0.iter().find_map(|(name, value)| names.contains(&&**name).then(|| read(value)).flatten())
    }

    /// The name under which something is said.
    fn name<T>(&self, names: &[&str], read: impl Fn(&Value) -> Option<T>) -> Option<&str> {
        let is_it = |(name, value): &&(String, &Value)| names.contains(&&**name) && read(value).is_some();
        self.0.iter().find(is_it).map(|(name, _)| name.as_str())
    }

    /// The first count that is larger than what is there.
    fn total(&self, there: usize) -> Option<(&str, usize)> {
        self.0.iter().filter(|(name, _)| TOTAL_KEYS.contains(&&**name)).find_map(|(name, value)| {
            let total = usize::try_from(value.as_u64()?).ok()?;
            (total > there).then_some((name.as_str(), total))
        })
    }

    /// The token of the next answer. A word that comes with the last page as well ends where that says so.
    fn cursor(&self, last: &BundlePart<'_>) -> Option<NextQuery> {
        let has_more = self.find(&MORE_KEYS, Value::as_bool);
        if has_more == Some(false) {
            return None;
        }
        CURSOR_KEYS.iter().find_map(|(name, question)| {
            let value = self.find(&[name], token)?;
            // These come with the last answer as well: they lead on only where it says that there is more.
            if matches!(*name, "endcursor" | "scrollid") && has_more != Some(true) {
                return None;
            }
            Some(NextQuery { name: asked_as(last, question), value })
        })
    }

    /// The number of the next page, where pages are numbered and counted.
    fn page_number(&self, last: &BundlePart<'_>) -> Result<Option<NextQuery>, Unreadable> {
        let found = |names: &[&str]| self.find(names, Value::as_u64);
        let (Some(page), Some(pages)) = (found(&PAGE_KEYS), found(&PAGES_KEYS)) else { return Ok(None) };
        // Pages counted from 0 end one earlier.
        let is_from_zero =
            page == 0 || last.url.query_pairs().any(|(name, value)| is_page(&name) && value == "0");
        let next = page + 1;
        if next > pages.saturating_sub(u64::from(is_from_zero)) {
            return Ok(None);
        }
        let asked = last.url.query_pairs().find(|(name, _)| is_page(name));
        if let Some((name, value)) = &asked
            && value.parse::<u64>().is_ok_and(|asked| asked != page)
        {
            return Err(partial(&format!("page {page} of {pages}, although {name}={value} was asked for")));
        }
        let name = asked.map_or_else(|| "page".to_owned(), |(name, _)| name.into_owned());
        Ok(Some(NextQuery { name, value: next.to_string() }))
    }

    /// The number of the entry at which the next answer begins.
    fn offset(&self, last: &BundlePart<'_>, rows: usize) -> Option<NextQuery> {
        let (name, offset) = self.0.iter().find_map(|(name, value)| {
            OFFSET_KEYS.contains(&&**name).then(|| Some((name.as_str(), value.as_u64()?))).flatten()
        })?;
        let asked = last.url.query_pairs().find(|(asked, _)| asked.eq_ignore_ascii_case(name));
        if asked.is_some_and(|(_, value)| value.parse() != Ok(offset)) {
            return None;
        }
        Some(NextQuery { name: asked_as(last, name), value: rows.to_string() })
    }
}

/// The number after that of the page that was asked for, where one was.
fn page_after(last: &BundlePart<'_>) -> Option<NextQuery> {
    let (name, value) = last.url.query_pairs().find(|(name, _)| is_page(name))?;
    let next = value.parse::<u64>().ok()?.checked_add(1)?;
    Some(NextQuery { name: name.into_owned(), value: next.to_string() })
}

fn is_page(name: &str) -> bool {
    matches!(
        name.to_ascii_lowercase().as_str(),
        "page"
            | "p"
            | "pg"
            | "pageno"
            | "pagenum"
            | "pagenumber"
            | "page_number"
            | "pageindex"
            | "currentpage"
    )
}

/// What the address calls the question, if it asks it already.
fn asked_as(part: &BundlePart<'_>, question: &str) -> String {
    let asked = part.url.query_pairs().find(|(name, _)| name.eq_ignore_ascii_case(question));
    asked.map_or_else(|| question.to_owned(), |(name, _)| name.into_owned())
}

fn token(value: &Value) -> Option<String> {
    value.as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// The length of the longest list near the root.
fn longest(value: &Value) -> usize {
    fn at(value: &Value, depth: usize) -> usize {
        match value {
            Value::Array(values) => values.len(),
            Value::Object(members) if depth > 0 => {
                members.values().map(|member| at(member, depth - 1)).max().unwrap_or(0)
            }
            _ => 0,
        }
    }
    at(value, 3)
}

/// The members that stand beside the entries, by folded name.
fn around(value: &Value) -> Vec<(String, &Value)> {
    let Some(members) = value.as_object() else { return Vec::new() };
    let folded = |name: &str| name.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
    let mut found: Vec<(String, &Value)> =
        members.iter().map(|(name, value)| (folded(name), value)).collect();
    for (name, value) in members {
        if AROUND.contains(&&*name.to_lowercase())
            && let Some(inner) = value.as_object()
        {
            found.extend(inner.iter().map(|(name, value)| (folded(name), value)));
        }
    }
    found
}

fn link(value: &Value) -> Option<String> {
    let text = value.as_str().or_else(|| value.get("href")?.as_str())?;
    let is_link = text.contains('/') || text.starts_with('?');
    is_link.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::tests::part;

    #[test]
    fn json_goes_on_where_it_says_and_is_refused_where_it_does_not() {
        let settings = JsonSettings { entries: "$.results[*]".to_owned(), ..JsonSettings::default() };
        let wanted = |body: &str| {
            let wanted = next(&settings, &[part("first", "https://a.test/api", body)]);
            wanted
                .map(|wanted| wanted.map(|wanted| wanted.url.to_string()))
                .map_err(|error| error.to_string())
        };
        let next = Ok(Some("https://a.test/api?page=2".to_owned()));
        assert_eq!(wanted(r#"{"count":3,"next":"https://a.test/api?page=2","results":[1,2]}"#), next);
        assert_eq!(wanted(r#"{"_links":{"next":{"href":"?page=2"}},"results":[1]}"#), next);
        assert_eq!(wanted(r#"{"@odata.nextLink":"/api?page=2","results":[1]}"#), next);
        assert!(wanted(r#"{"next":"https://b.test/api?page=2","results":[1]}"#).is_err());
        for part in [
            r#"{"total":3,"results":[1,2]}"#,
            r#"{"meta":{"total_count":57},"results":[1,2]}"#,
            r#"{"has_more":true,"results":[1]}"#,
            r#"{"exceededTransferLimit":true,"results":[1]}"#,
        ] {
            assert!(wanted(part).is_err_and(|error| error.contains("a part of it")), "{part}");
        }
        for whole in [
            r#"{"total":2,"next":null,"results":[1,2]}"#,
            r#"{"count":3,"results":[1],"others":[1,2,3]}"#,
            r#"{"has_more":false,"results":[{"count":9}]}"#,
            r"[1,2]",
        ] {
            assert_eq!(wanted(whole), Ok(None), "{whole}");
        }
    }

    fn asked(parts: &[(&str, &str)]) -> Result<Option<String>, String> {
        let settings = JsonSettings { entries: "$.results[*]".to_owned(), ..JsonSettings::default() };
        let parts: Vec<BundlePart<'_>> = parts.iter().map(|(url, body)| part(url, url, body)).collect();
        let wanted = next(&settings, &parts).map_err(|error| error.to_string())?;
        Ok(wanted.map(|wanted| wanted.url.to_string()))
    }

    const API: &str = "https://a.test/api?q=x";

    #[test]
    fn a_token_a_page_and_an_offset_lead_on() {
        for (body, expected) in [
            (r#"{"next_cursor":"b c","results":[1]}"#, "https://a.test/api?q=x&cursor=b+c"),
            (r#"{"nextPageToken":"t2","results":[1]}"#, "https://a.test/api?q=x&pageToken=t2"),
            (
                r#"{"pageInfo":{"hasNextPage":true,"endCursor":"e"},"results":[1]}"#,
                "https://a.test/api?q=x&after=e",
            ),
            (r#"{"page":1,"total_pages":3,"results":[1]}"#, "https://a.test/api?q=x&page=2"),
            (r#"{"page":{"number":0,"totalPages":2},"results":[1]}"#, "https://a.test/api?q=x&page=1"),
            (r#"{"total":57,"offset":0,"limit":2,"results":[1,2]}"#, "https://a.test/api?q=x&offset=2"),
        ] {
            assert_eq!(asked(&[(API, body)]), Ok(Some(expected.to_owned())), "{body}");
        }
        let second = "https://a.test/api?q=x&offset=2";
        let pages = [
            (API, r#"{"total":5,"offset":0,"results":[1,2]}"#),
            (second, r#"{"total":5,"offset":2,"results":[3,4]}"#),
        ];
        assert_eq!(asked(&pages), Ok(Some("https://a.test/api?q=x&offset=4".to_owned())));
        let last = [pages[0], (second, r#"{"total":4,"offset":2,"results":[3,4]}"#)];
        assert_eq!(asked(&last), Ok(None));
    }

    #[test]
    fn a_total_leads_on_from_the_page_that_was_asked_for() {
        let first = ("https://a.test/api?page=1", r#"{"totalNoticeCount":5,"results":[1,2]}"#);
        let second = ("https://a.test/api?page=2", r#"{"totalNoticeCount":5,"results":[3,4]}"#);
        let third = ("https://a.test/api?page=3", r#"{"totalNoticeCount":5,"results":[5]}"#);
        assert_eq!(asked(&[first]), Ok(Some(second.0.to_owned())));
        assert_eq!(asked(&[first, second]), Ok(Some(third.0.to_owned())));
        assert_eq!(asked(&[first, second, third]), Ok(None));
        let nothing = (third.0, r#"{"totalNoticeCount":5,"results":[]}"#);
        assert!(asked(&[first, second, nothing]).is_err());
        assert!(asked(&[("https://a.test/api", first.1)]).is_err(), "nobody knows how its pages are called");
    }

    #[test]
    fn what_ends_is_whole() {
        for body in [
            r#"{"next_cursor":"","results":[1]}"#,
            r#"{"next_cursor":null,"results":[1]}"#,
            r#"{"pageInfo":{"hasNextPage":false,"endCursor":"e"},"results":[1]}"#,
            r#"{"page":3,"total_pages":3,"results":[1]}"#,
            r#"{"page":{"number":1,"totalPages":1},"results":[1]}"#,
            r#"{"pages":12,"results":[{"page":1}]}"#,
        ] {
            assert_eq!(asked(&[(API, body)]), Ok(None), "{body}");
        }
    }

    #[test]
    fn a_server_that_gives_another_page_than_was_asked_for_is_refused() {
        let same = r#"{"page":1,"total_pages":3,"results":[1]}"#;
        assert!(asked(&[(API, same), ("https://a.test/api?q=x&page=2", same)]).is_err());
        let token = r#"{"next_cursor":"b","results":[1]}"#;
        assert!(asked(&[(API, token), ("https://a.test/api?q=x&cursor=b", token)]).is_err());
        let offset = r#"{"total":5,"offset":0,"results":[1,2]}"#;
        assert!(asked(&[(API, offset), ("https://a.test/api?q=x&offset=2", offset)]).is_err());
        assert!(asked(&[(API, r#"{"next":"soon","results":[1]}"#)]).is_err());
    }

    #[test]
    fn a_proposal_is_told_that_there_is_more() {
        let said = |body: &str| says_more_in(&serde_json::from_str(body).unwrap());
        assert_eq!(
            said(r#"{"recordCount":30,"results":[1,2]}"#).as_deref(),
            Some("it says recordcount 30 and holds 2")
        );
        assert!(said(r#"{"nextPageToken":"x","results":[1]}"#).is_some());
        assert!(said(r#"{"page":1,"total_pages":3,"results":[1]}"#).is_some());
        assert_eq!(said(r#"{"page":1,"total_pages":1,"total":1,"results":[1]}"#), None);
    }
}
