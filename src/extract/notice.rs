//! A list that stands in the text of a notice of the Federal Register and in no file: the Chinese military companies of
//! section 1260H.
//!
//! Two answers make a document. The first is a search of the API, which says which notice is the newest; that is the
//! source's own word for its state, since the text of a notice never changes. The second is that text: paragraphs, each
//! a company, some with their subsidiaries in brackets.

use std::sync::LazyLock;

use regex::Regex;
use serde::Deserialize;

use super::following::{WantedAnswer, address};
use super::list::{Record, Rows};
use super::xml::unexpected;
use super::{RawDocument, charset, html, json};
use crate::domain::bundle::BundlePart;
use crate::domain::entry::Document;
use crate::domain::source::{Brackets, NoticeSettings, RowSettings};
use crate::domain::text::{one_line, shorten};
use crate::domain::verdict::Unreadable;

/// The part of the document that holds the notice's text.
const NOTICE: &str = "notice";

/// A company's name with all its other names has no more characters; a sentence of the notice may.
const MAX_NAME_CHARS: usize = 400;

/// So much of a paragraph is told that is no company.
const MAX_SHOWN_CHARS: usize = 80;

#[expect(clippy::expect_used, reason = "the patterns are constants, each exercised by a test")]
fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("constant pattern")
}

/// Where the pages of the printed edition part: in the middle of a paragraph, with blank lines around.
static PAGE_BREAK: LazyLock<Regex> = LazyLock::new(|| pattern(r"\s*\[\[Page [A-Z]?\d+\]\]\s*"));

static TAG: LazyLock<Regex> = LazyLock::new(|| pattern(r"</?[A-Za-z][^<>]*>"));

static BLANK_LINE: LazyLock<Regex> = LazyLock::new(|| pattern(r"\n[ \t\r]*\n\s*"));

/// What stands behind any notice.
static AT_THE_END: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^(?:Dated:|\[FR Doc\.|BILLING CODE|Authority:)|Federal Register Liaison"));

static SUBSIDIARIES: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\(\s*and [^:()]*\bsubsidiar(?:y|ies)[^:()]*:\s*"));

/// The form of a company, behind a comma that parts no names.
static FORM: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?i)^(?:and\s+)?(?:ltd|llc|l\.l\.c|inc|co|corp|company|limited|plc|s\.a|l\.p|lp)\b\.?")
});

fn rows() -> RowSettings {
    RowSettings {
        key: vec!["name".to_owned()],
        bracketed_aliases: Some(Brackets::Last),
        optional: vec!["parent".to_owned()],
        ..RowSettings::default()
    }
}

pub(super) fn extract(settings: &NoticeSettings, page: &RawDocument<'_>) -> Result<Document, Unreadable> {
    let parts = page.parts()?;
    let Some(notice) = parts.iter().find(|part| !is_json(part)) else {
        return Err(Unreadable::Missing { what: "the text of the notice".to_owned() });
    };
    let text = plain(&charset::decode(&RawDocument::from(notice)));
    let rows_settings = rows();
    let mut rows = Rows::new(&rows_settings, page.url);
    let mut is_ended = false;
    for paragraph in paragraphs(behind(settings, &text)?) {
        is_ended = is_ended || ends(settings, &paragraph);
        if is_ended {
            break;
        }
        if paragraph.ends_with(':') {
            rows.begin(paragraph.trim_end_matches(':'));
            continue;
        }
        for (name, parent) in companies(&paragraph)? {
            let mut record = Record::default();
            record.push("name", &name);
            if let Some(parent) = parent {
                record.push("parent", &parent);
            }
            rows.take(record)?;
        }
    }
    if !is_ended {
        return Err(Unreadable::Missing { what: "what ends the list in the notice".to_owned() });
    }
    rows.finish(&["name".to_owned()])
}

/// The text of the newest notice.
pub(super) fn wanted(
    settings: &NoticeSettings,
    parts: &[BundlePart<'_>],
) -> Result<Option<WantedAnswer>, Unreadable> {
    let [search] = parts else { return Ok(None) };
    if !is_json(search) {
        // The source's own address is that of a notice's text.
        return Ok(None);
    }
    let newest = FoundDocument::newest(settings, search)?;
    let Some(text) = newest.raw_text_url else {
        return Err(Unreadable::Missing {
            what: format!("the address of the text of {}", newest.document_number),
        });
    };
    Ok(Some(WantedAnswer { name: NOTICE.to_owned(), url: address(search, &text)? }))
}

/// Which notice is the newest.
pub(super) fn signal(settings: &NoticeSettings, first: &BundlePart<'_>) -> Option<String> {
    Some(FoundDocument::newest(settings, first).ok()?.document_number)
}

fn is_json(part: &BundlePart<'_>) -> bool {
    part.body.trim_ascii_start().first().is_some_and(|&byte| byte == b'{')
}

#[derive(Deserialize)]
struct NoticeSearch {
    results: Option<Vec<FoundDocument>>,
}

/// A document that was found.
#[derive(Deserialize)]
struct FoundDocument {
    document_number: String,
    title: Option<String>,
    publication_date: Option<String>,
    raw_text_url: Option<String>,
}

impl FoundDocument {
    /// The notice with the list that was published last.
    fn newest(settings: &NoticeSettings, search: &BundlePart<'_>) -> Result<Self, Unreadable> {
        let NoticeSearch { results } = json::parse(&RawDocument::from(search))?;
        let Some(results) = results else {
            return Err(Unreadable::Missing { what: "the results of the search".to_owned() });
        };
        let notices = results.into_iter().filter(|found| found.is_meant(settings));
        let newest = notices.max_by(|one, other| {
            let (one, other) = (&one.publication_date, &other.publication_date);
            // Of two of one day the first stands, as of `order=newest`.
            one.cmp(other).then(std::cmp::Ordering::Greater)
        });
        let what = format!("a notice with {:?} in its title", settings.notice);
        newest.ok_or(Unreadable::Missing { what })
    }

    fn is_meant(&self, settings: &NoticeSettings) -> bool {
        let title = one_line(self.title.as_deref().unwrap_or_default()).to_lowercase();
        let says = |words: &String| title.contains(&words.to_lowercase());
        says(&settings.notice) && !settings.unless.iter().any(says)
    }
}

/// The text without what the site and the printed edition put into it.
fn plain(text: &str) -> String {
    let text = text.replace("<bullet>", "\u{2022}");
    let text = TAG.replace_all(&text, "");
    let text = html::unescape(&PAGE_BREAK.replace_all(&text, "\n"));
    text.replace("``", "\"").replace("''", "\"")
}

/// What follows the words behind which the list begins, wherever their lines are broken.
fn behind<'a>(settings: &NoticeSettings, text: &'a str) -> Result<&'a str, Unreadable> {
    let words: Vec<String> = settings.after.split_whitespace().map(regex::escape).collect();
    let found = Regex::new(&words.join(r"\s+")).ok().and_then(|after| after.find(text));
    let missing = || Unreadable::Missing { what: format!("{:?} in the notice", settings.after) };
    found.map(|found| &text[found.end()..]).ok_or_else(missing)
}

fn ends(settings: &NoticeSettings, paragraph: &str) -> bool {
    AT_THE_END.is_match(paragraph) || settings.before.iter().any(|words| paragraph.contains(words.as_str()))
}

/// The paragraphs, each on one line; one whose brackets are open goes on in the next.
fn paragraphs(text: &str) -> Vec<String> {
    let is_open = |text: &String| text.matches('(').count() > text.matches(')').count();
    let mut paragraphs: Vec<String> = Vec::new();
    for paragraph in BLANK_LINE.split(text).map(one_line).filter(|paragraph| !paragraph.is_empty()) {
        match paragraphs.last_mut().filter(|last| is_open(last)) {
            Some(last) => {
                last.push(' ');
                last.push_str(&paragraph);
            }
            None => paragraphs.push(paragraph),
        }
    }
    paragraphs
}

/// The company that a paragraph names, and its subsidiaries with their parent.
fn companies(paragraph: &str) -> Result<Vec<(String, Option<String>)>, Unreadable> {
    let paragraph = paragraph.trim_start_matches(['\u{2022}', ' ']).trim_end_matches([';', ' ']);
    let Some(listed) = SUBSIDIARIES.find(paragraph) else {
        return Ok(vec![(name(paragraph)?, None)]);
    };
    let parent = name(&paragraph[..listed.start()])?;
    let inside = paragraph[listed.end()..].trim_end();
    let inside = inside.strip_suffix(')').unwrap_or(inside);
    let mut found = vec![(parent.clone(), None)];
    for subsidiary in parted(inside) {
        found.push((name(&subsidiary)?, Some(parent.clone())));
    }
    Ok(found)
}

/// A name, which is short.
fn name(text: &str) -> Result<String, Unreadable> {
    let name = one_line(text);
    if name.is_empty() || name.chars().count() > MAX_NAME_CHARS {
        let shown = shorten(text, MAX_SHOWN_CHARS);
        return Err(unexpected("a company of the notice", &format!("{shown:?}")));
    }
    Ok(name)
}

/// An enumeration in its parts: commas within brackets, and before the form of a company, part nothing.
fn parted(text: &str) -> Vec<String> {
    let mut depth = 0_usize;
    let parts = text.split(|c| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && matches!(c, ',' | ';')
    });
    let mut parted: Vec<String> = Vec::new();
    for part in parts.map(str::trim).filter(|part| !part.is_empty()) {
        match parted.last_mut() {
            Some(last) if FORM.is_match(part) => {
                last.push_str(", ");
                last.push_str(part);
            }
            _ => parted.push(part.strip_prefix("and ").unwrap_or(part).to_owned()),
        }
    }
    parted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::tests::part;

    const SEARCH: &str = "https://register.test/api/v1/documents.json?conditions[term]=list";
    const TEXT: &str = "https://register.test/documents/full_text/text/2031/06/10/2031-11571.txt";

    fn settings() -> NoticeSettings {
        NoticeSettings {
            notice: "Designation of Timber Companies".to_owned(),
            unless: vec!["removal".to_owned()],
            after: "in accordance with section 12:".to_owned(),
            before: vec!["should be removed from".to_owned()],
        }
    }

    fn notice(list: &str) -> String {
        format!(
            "<html><head><title>Register</title></head><body><pre>\n[Register Volume 99]\n\nSUMMARY: The list is \
             published in accordance\nwith section 12:\n\n{list}\n\n    The following should be removed from the \
             list:\n\nOld Oak Ltd.\n\n    Dated: June 5, 2031.\n[FR Doc. 2031-11571]\n</pre></body></html>"
        )
    }

    fn read(text: &str) -> Result<Document, String> {
        let url = TEXT.parse().unwrap();
        let page = RawDocument { body: text.as_bytes(), content_type: Some("text/plain"), url: &url };
        extract(&settings(), &page).map_err(|unreadable| unreadable.to_string())
    }

    #[track_caller]
    fn check(list: &str, expected: &[(&str, &str, &str)]) {
        let document = read(&notice(list)).unwrap();
        let field = |entry: &crate::domain::entry::Entry, name: &str| {
            entry.fields.get(name).cloned().unwrap_or_default()
        };
        let found: Vec<_> = document
            .entries
            .iter()
            .map(|entry| (entry.title.clone(), field(entry, "aliases"), field(entry, "parent")))
            .collect();
        let found: Vec<_> = found.iter().map(|(a, b, c)| (a.as_str(), b.as_str(), c.as_str())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn each_paragraph_is_a_company_and_what_is_removed_is_none() {
        check(
            "Alder Group Holding Limited (Alder)\n\n<bullet> Birch &amp; Sons,\n  Inc.\n\n",
            &[("Alder Group Holding Limited", "Alder", ""), ("Birch & Sons, Inc.", "", "")],
        );
    }

    #[test]
    fn subsidiaries_are_entries_of_their_own_with_their_parent() {
        check(
            "Cedar Corporation (CC) (and 3 subsidiaries: Cedar Wood Co., Ltd. (CW), Cedar (North, South) Inc., and \
             Cedar Pulp)\n\nDogwood",
            &[
                ("Cedar Corporation", "CC", ""),
                ("Cedar Wood Co., Ltd.", "CW", "Cedar Corporation (CC)"),
                ("Cedar (North, South) Inc.", "", "Cedar Corporation (CC)"),
                ("Cedar Pulp", "", "Cedar Corporation (CC)"),
                ("Dogwood", "", ""),
            ],
        );
    }

    #[test]
    fn a_paragraph_goes_on_over_the_end_of_a_page() {
        check(
            "Elm Industries\n\n[[Page 35190]]\n\nCo., Ltd.\n\nFir Holding (formerly Fir\n\nTrading)",
            &[("Elm Industries Co., Ltd.", "", ""), ("Fir Holding", "Fir Trading", "")],
        );
    }

    #[test]
    fn what_is_no_such_notice_is_refused() {
        assert!(
            read("<html><body><pre>Another notice.</pre></body></html>").unwrap_err().contains("section 12:")
        );
        let endless = "in accordance with section 12:\n\nGinkgo Ltd.\n";
        assert!(read(endless).unwrap_err().contains("what ends the list"));
        let prose = notice(&"The Secretary has found that ".repeat(20));
        assert!(read(&prose).unwrap_err().contains("a company of the notice"));
    }

    fn search(results: &str) -> String {
        format!("{{\"count\": 9, \"results\": [{results}]}}")
    }

    fn result(number: &str, title: &str, day: &str) -> String {
        format!(
            "{{\"document_number\":\"{number}\",\"title\":\"{title}\",\"publication_date\":\"{day}\",\
             \"raw_text_url\":\"https://register.test/documents/full_text/text/{number}.txt\"}}"
        )
    }

    #[test]
    fn the_newest_notice_with_the_list_is_read() {
        let meant = "Notice of Availability of Designation of Timber Companies";
        let results = [
            result("2031-4", "Removal: Designation of Timber Companies", "2031-08-01"),
            result("2031-3", "Another notice", "2031-07-01"),
            result("2031-1", meant, "2031-01-07"),
            result("2031-2", meant, "2031-06-10"),
        ];
        let body = search(&results.join(","));
        let first = part("first", SEARCH, &body);
        assert_eq!(signal(&settings(), &first).as_deref(), Some("2031-2"));
        let next = wanted(&settings(), std::slice::from_ref(&first)).unwrap().unwrap();
        assert_eq!(next.url.as_str(), "https://register.test/documents/full_text/text/2031-2.txt");
        let both = [first, part(NOTICE, next.url.as_str(), "text")];
        assert_eq!(wanted(&settings(), &both), Ok(None));
        let none = search(&results[1]);
        let first = part("first", SEARCH, &none);
        assert!(wanted(&settings(), std::slice::from_ref(&first)).is_err());
        assert_eq!(signal(&settings(), &first), None);
    }

    #[test]
    fn a_notice_leads_to_its_own_machine_only() {
        let elsewhere = search(
            "{\"document_number\":\"1\",\"title\":\"Designation of Timber Companies\",\"raw_text_url\":\"https://b.test/\"}",
        );
        assert!(wanted(&settings(), &[part("first", SEARCH, &elsewhere)]).is_err());
    }
}
