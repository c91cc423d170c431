//! The words in which a publisher says that what is shown is being made.
//!
//! Only sentences that say so of now count, and only as long as the page did not always bear them: many
//! pages are "updated regularly".

use std::cell::{Cell, RefCell};
use std::fmt;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{TagKind, Token, TokenSink, TokenSinkResult};
use regex::Regex;
use regex::bytes::Regex as BytesRegex;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::RawDocument;
use super::parser::{self, AfterPiece};
use crate::domain::text::{one_line, shorten};

/// So many characters of the words are told.
const MAX_SHOWN_CHARS: usize = 120;

/// What every hint has in it, in lower case.
const TRACES: [&str; 6] = ["being ", "updating", "progress", "check back", "yet complete", "incomplete"];

/// Which of them is found says nothing. For the kind that takes the leftmost the library looks at many bytes at once.
#[expect(clippy::expect_used, reason = "the words are constants, exercised by every test")]
static TRACE: LazyLock<AhoCorasick> = LazyLock::new(|| {
    let search = AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(TRACES);
    search.expect("a few constant words")
});

/// So much of a page is brought into lower case at once.
const WINDOW_BYTES: usize = 8192;

/// Windows have so many bytes in common, so that no trace is cut.
const OVERLAP_BYTES: usize = 16;

/// Whether a page has anything of a hint in it. Nearly all are without, and words in one case are found much faster than
/// in whatever case they stand.
fn has_trace(mut body: &[u8]) -> bool {
    let mut window = [0; WINDOW_BYTES];
    loop {
        let window = &mut window[..body.len().min(WINDOW_BYTES)];
        window.copy_from_slice(&body[..window.len()]);
        window.make_ascii_lowercase();
        if TRACE.is_match(&*window) {
            return true;
        }
        if window.len() == body.len() {
            return false;
        }
        body = &body[window.len() - OVERLAP_BYTES..];
    }
}

/// What one of the sentences has in it. A page without is not looked at any further.
#[expect(clippy::expect_used, reason = "the pattern is a constant, exercised by every test")]
static HINT: LazyLock<BytesRegex> = LazyLock::new(|| {
    BytesRegex::new(r"(?i-u)being (?:updated|refreshed|re-?built|re-?generated|re-?loaded|uploaded|migrated|revised|re-?published)|updating|in\s+progress|in_progress|check back|not yet complete|incomplete").expect("constant pattern")
});

#[expect(clippy::expect_used, reason = "the pattern is a constant, exercised by every test")]
static SENTENCE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)[^.!?\n]{0,60}(?:",
        r"\b(?:is|are)\s+(?:currently\s+|presently\s+|now\s+|still\s+|temporarily\s+|in the process of\s+)?being\s+(?:updated|refreshed|re-?built|re-?generated|re-?loaded|uploaded|migrated|revised|re-?published)\b(?:\s+(?:now|at the moment|right now))?\s*(?:[.!;,:–—-]|$|\n|please)",
        r"|\b(?:update|upload|refresh|migration|publication|import|rebuild|maintenance)\s+(?:is\s+)?(?:currently\s+|still\s+)?in\s+progress\b",
        r"|\b(?:currently|now)\s+updating\b",
        r"|\bupdating(?:\s+(?:the\s+)?(?:data|list|page))?\s*(?:…|\.\.\.|$|\n)",
        r"|\bplease\s+check\s+back\s+(?:later|soon|shortly|again|in\b)",
        r"|\b(?:list|table|data|page)\s+is\s+(?:still\s+)?(?:incomplete|not yet complete)\b",
        r")[^.!?\n]{0,40}"
    ))
    .expect("constant pattern")
});

/// What a page says of its being made; `None` where it says nothing.
pub(super) fn words(page: &RawDocument<'_>) -> Option<String> {
    if !has_trace(page.body) || !HINT.is_match(page.body) {
        return None;
    }
    let shown = |text: &str| shorten(&one_line(text), MAX_SHOWN_CHARS);
    let body = String::from_utf8_lossy(page.body);
    let text = body.trim_start_matches('\u{feff}').trim_start();
    if text.starts_with('{') {
        return state(text);
    }
    let text = if text.starts_with('<') { visible(text)? } else { text.to_owned() };
    SENTENCE.find(&text).map(|found| shown(found.as_str()))
}

/// Collects what is shown, a line for each piece between tags of blocks.
#[derive(Default)]
struct ShownText {
    text: RefCell<String>,
    is_hidden: Cell<bool>,
}

impl TokenSink for ShownText {
    type Handle = ();

    fn process_token(&self, token: Token, _line_number: u64) -> TokenSinkResult<()> {
        match token {
            Token::CharacterTokens(more) if !self.is_hidden.get() => {
                let one_line = more.chars().map(|c| if c.is_whitespace() { ' ' } else { c });
                self.text.borrow_mut().extend(one_line);
            }
            Token::TagToken(tag) => {
                let name = &*tag.name;
                let is_inline = matches!(name, "a" | "b" | "em" | "i" | "span" | "strong" | "u");
                self.text.borrow_mut().push(if is_inline { ' ' } else { '\n' });
                let is_start = tag.kind == TagKind::StartTag;
                match name {
                    "script" | "style" | "noscript" => self.is_hidden.set(is_start),
                    _ => {}
                }
                match name {
                    "script" if is_start => return TokenSinkResult::RawData(RawKind::ScriptData),
                    "style" | "noscript" if is_start => return TokenSinkResult::RawData(RawKind::Rawtext),
                    _ => {}
                }
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

fn visible(markup: &str) -> Option<String> {
    let sink = parser::feed(markup, ShownText::default(), |_, _| Ok(AfterPiece::Go)).ok()?;
    Some(sink.text.into_inner())
}

/// What JSON says of itself beside its entries.
fn state(text: &str) -> Option<String> {
    let JsonMembers(members) = serde_json::from_str(text).ok()?;
    members.into_iter().find_map(|(name, value)| {
        let folded: String = name.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
        let is_sign = match (&folded[..], &value) {
            ("status" | "state" | "message" | "notice", ShortValue::Text(said)) => {
                let word = said.to_lowercase().replace(['_', '-'], " ");
                matches!(
                    &*word,
                    "in progress" | "updating" | "building" | "processing" | "partial" | "incomplete"
                ) || SENTENCE.is_match(said)
            }
            ("inprogress" | "updating" | "ispartial" | "incomplete", ShortValue::Flag(flag)) => *flag,
            ("complete" | "iscomplete", ShortValue::Flag(flag)) => !flag,
            _ => false,
        };
        let said = match value {
            ShortValue::Text(said) => said,
            ShortValue::Flag(flag) => flag.to_string(),
            ShortValue::Other => String::new(),
        };
        is_sign.then(|| shorten(&one_line(&format!("{name}: {said}")), MAX_SHOWN_CHARS))
    })
}

/// The members of an object, of which only short values are kept.
struct JsonMembers(Vec<(String, ShortValue)>);

enum ShortValue {
    Text(String),
    Flag(bool),
    Other,
}

impl<'de> Deserialize<'de> for JsonMembers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = JsonMembers;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<JsonMembers, A::Error> {
        let mut members = Vec::new();
        while let Some((name, member)) = map.next_entry::<String, ShortValue>()? {
            if !matches!(member, ShortValue::Other) {
                members.push((name, member));
            }
        }
        Ok(JsonMembers(members))
    }
}

impl<'de> Deserialize<'de> for ShortValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MemberVisitor)
    }
}

struct MemberVisitor;

impl<'de> Visitor<'de> for MemberVisitor {
    type Value = ShortValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_str<E>(self, text: &str) -> Result<ShortValue, E> {
        Ok(ShortValue::Text(text.to_owned()))
    }

    fn visit_bool<E>(self, flag: bool) -> Result<ShortValue, E> {
        Ok(ShortValue::Flag(flag))
    }

    fn visit_unit<E>(self) -> Result<ShortValue, E> {
        Ok(ShortValue::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<ShortValue, E> {
        Ok(ShortValue::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<ShortValue, E> {
        Ok(ShortValue::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<ShortValue, E> {
        Ok(ShortValue::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ShortValue, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(ShortValue::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<ShortValue, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(ShortValue::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(body: &str) -> Option<String> {
        let url = "https://agency.test/".parse().unwrap();
        words(&RawDocument { body: body.as_bytes(), content_type: None, url: &url })
    }

    #[test]
    fn a_trace_is_found_wherever_it_stands_and_in_whatever_case() {
        assert!(TRACES.iter().all(|trace| trace.len() <= OVERLAP_BYTES));
        for blanks in [0, 1, WINDOW_BYTES - 12, WINDOW_BYTES - 1, WINDOW_BYTES, 3 * WINDOW_BYTES - 40] {
            for trace in ["Check Back", "yet complete", "BEING "] {
                let page = format!("{}{trace}", " ".repeat(blanks));
                assert!(has_trace(page.as_bytes()), "{trace} behind {blanks} bytes");
                assert!(has_trace(format!("{page}{page}").as_bytes()), "{trace} behind {blanks} bytes");
                assert!(!has_trace(&page.as_bytes()[..page.len() - 1]), "{trace} behind {blanks} bytes");
            }
        }
        assert!(!has_trace(b""));
    }

    #[test]
    fn a_page_that_is_being_made_says_so() {
        for sentence in [
            "This list is currently being updated. Please check back later.",
            "The table is <b>being updated</b>",
            "Update in progress",
            "Data refresh is in progress; some entries are missing.",
            "Updating the list…",
            "Please check back soon",
        ] {
            assert!(of(&format!("<html><body><p>{sentence}</p></body></html>")).is_some(), "{sentence}");
        }
        assert!(of("Name,Date\nUpdate in progress\n").is_some());
        assert!(of("{\"status\":\"in_progress\",\"results\":[]}").is_some());
        assert_eq!(of("{\"complete\":false,\"note\":\"incomplete\"}").as_deref(), Some("complete: false"));
    }

    #[test]
    fn what_is_said_of_other_things_is_no_sign() {
        for body in [
            "<p>This list is updated regularly.</p>",
            "<p>Proceedings in progress: 3</p>",
            "<script>var s = 'Update in progress';</script><p>a</p>",
            "<!-- update in progress --><p>a</p>",
            "<p>Rules on records that are being updated by the licensee apply.</p>",
            "{\"results\":[{\"status\":\"in progress\"}]}",
        ] {
            assert_eq!(of(body), None, "{body}");
        }
    }
}
