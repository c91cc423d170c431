//! What a page shows of itself: title, language, where it sends its readers, whether its end is there.

use std::cell::RefCell;

use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{Tag, TagKind, Token, TokenSink, TokenSinkResult};
use url::Url;

use super::charset::{decode, is_lossy};
use super::ending::{self, TAIL_BYTES};
use super::parser::{self, AfterPiece};
use super::{RawDocument, html, progress};
use crate::domain::page_profile::PageProfile;

/// A page that goes on longer before its body begins has no head worth looking for.
const HEAD_BYTES: usize = 256 * 1024;

/// See [`super::face()`].
pub(super) fn face(page: &RawDocument<'_>) -> PageProfile {
    let start = RawDocument { body: &page.body[..page.body.len().min(HEAD_BYTES)], ..*page };
    let head = head(&start);
    PageProfile {
        title: (!is_feed(page.body)).then(|| html::title(&start)).flatten(),
        language: head.language,
        sends_on_to: head.refresh.and_then(|target| other_host(page.url, &target)),
        is_closed: is_closed(page.body),
        media_type: page.content_type.and_then(media_type),
        body_bytes: page.body.len(),
        is_half_decoded: is_half_decoded(page),
        in_progress: progress::words(page),
    }
}

/// Of a bundle, whether one of its parts is.
fn is_half_decoded(page: &RawDocument<'_>) -> bool {
    page.parts().is_ok_and(|parts| parts.iter().any(|part| is_lossy(&part.into())))
}

fn media_type(declared: &str) -> Option<String> {
    let media = declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    (!media.is_empty()).then_some(media)
}

/// Whether a body is XML of another kind than a page: what it calls a title is not a page's.
fn is_feed(body: &[u8]) -> bool {
    let start = String::from_utf8_lossy(&body[..body.len().min(TAIL_BYTES)]).to_ascii_lowercase();
    let text = start.trim_start_matches('\u{feff}').trim_start();
    ["<?xml", "<rss", "<feed", "<rdf"].iter().any(|mark| text.starts_with(mark)) && !text.contains("<html")
}

/// Whether an HTML document's closing tag stands near its end, and whether lines of text end with a line
/// end; nothing for what shows its end by itself, and for a document that fits between.
fn is_closed(body: &[u8]) -> Option<bool> {
    let start = body[..body.len().min(TAIL_BYTES)].to_ascii_lowercase();
    let has = |text: &[u8], tag: &[u8]| text.windows(tag.len()).any(|window| window == tag);
    if has(&start, b"<html") || has(&start, b"<!doctype html") {
        return Some(ending::is_closed(body));
    }
    let first = start.iter().copied().find(u8::is_ascii_graphic);
    let is_lines = !start.contains(&0) && !first.is_none_or(|byte| matches!(byte, b'<' | b'{' | b'[' | b'%'));
    is_lines.then(|| body.ends_with(b"\n") || body.ends_with(b"\r"))
}

/// A page that shows itself longer than this before it leads on is a page to be read.
const SOON_SECONDS: f32 = 30.0;

fn other_host(own: &Url, refresh: &str) -> Option<String> {
    let (seconds, target) = refresh.split_once(';')?;
    seconds.trim().parse().ok().filter(|seconds: &f32| *seconds <= SOON_SECONDS)?;
    let target = target.trim();
    let target =
        target.get(..4).filter(|name| name.eq_ignore_ascii_case("url=")).map_or(target, |_| &target[4..]);
    let target = own.join(target.trim_matches(['"', '\'', ' '])).ok()?;
    let host = target.host_str()?;
    let bare = |host: &str| host.strip_prefix("www.").unwrap_or(host).to_owned();
    (own.host_str().map(bare) != Some(bare(host))).then(|| host.to_owned())
}

#[derive(Default)]
struct HeadTags {
    language: Option<String>,
    refresh: Option<String>,
    is_done: bool,
}

/// Looks at the tags before the body and at nothing else.
#[derive(Default)]
struct HeadSink(RefCell<HeadTags>);

impl TokenSink for HeadSink {
    type Handle = ();

    fn process_token(&self, token: Token, _line_number: u64) -> TokenSinkResult<()> {
        let Token::TagToken(tag) = token else { return TokenSinkResult::Continue };
        let mut head = self.0.borrow_mut();
        if head.is_done || tag.kind != TagKind::StartTag {
            return TokenSinkResult::Continue;
        }
        match &*tag.name {
            "html" => head.language = attribute(&tag, "lang").as_deref().and_then(first_subtag),
            "meta"
                if attribute(&tag, "http-equiv").is_some_and(|name| name.eq_ignore_ascii_case("refresh")) =>
            {
                head.refresh = head.refresh.take().or_else(|| attribute(&tag, "content"));
            }
            "body" => head.is_done = true,
            "title" => return TokenSinkResult::RawData(RawKind::Rcdata),
            "script" => return TokenSinkResult::RawData(RawKind::ScriptData),
            "style" | "noscript" => return TokenSinkResult::RawData(RawKind::Rawtext),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

fn attribute(tag: &Tag, name: &str) -> Option<String> {
    tag.attrs
        .iter()
        .find(|attribute| &*attribute.name.local == name)
        .map(|attribute| attribute.value.to_string())
}

fn first_subtag(language: &str) -> Option<String> {
    let first = language.split(['-', '_']).next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_tag = (2..=8).contains(&first.len()) && first.bytes().all(|byte| byte.is_ascii_lowercase());
    is_tag.then_some(first)
}

fn head(start: &RawDocument<'_>) -> HeadTags {
    let stop_when_done =
        |sink: &HeadSink, _| Ok(if sink.0.borrow().is_done { AfterPiece::Stop } else { AfterPiece::Go });
    parser::feed(&decode(start), HeadSink::default(), stop_when_done)
        .map(|sink| sink.0.into_inner())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(body: &str) -> PageProfile {
        let url = "https://agency.test/list".parse().unwrap();
        face(&RawDocument {
            body: body.as_bytes(),
            content_type: Some("Text/HTML; charset=utf-8"),
            url: &url,
        })
    }

    #[test]
    fn the_language_is_the_first_subtag() {
        for (lang, expected) in [("en-US", Some("en")), ("ES", Some("es")), ("", None), ("x y", None)] {
            let face = of(&format!("<!DOCTYPE html><html class=a lang=\"{lang}\"><head></head></html>"));
            assert_eq!(face.language.as_deref(), expected);
        }
        assert_eq!(of("<p>text").language, None);
        assert_eq!(of("<p>text").media_type.as_deref(), Some("text/html"));
    }

    #[test]
    fn a_page_that_leads_to_another_host_says_so_and_one_that_reloads_itself_does_not() {
        let sends = |content: &str| {
            of(&format!("<html><head><META http-equiv='Refresh' content=\"{content}\"></head><body>"))
                .sends_on_to
        };
        assert_eq!(sends("1;URL=https://portal.test/login?u=a").as_deref(), Some("portal.test"));
        assert_eq!(sends("0; url='//portal.test/'").as_deref(), Some("portal.test"));
        assert_eq!(sends("300"), None);
        assert_eq!(sends("300; url=https://portal.test/"), None);
        assert_eq!(sends("0; url=https://www.agency.test/list"), None);
        assert_eq!(sends("0; url=/new/list"), None);
        assert_eq!(
            of("<html><body><meta http-equiv=refresh content='0;url=https://x.test/'>").sends_on_to,
            None
        );
    }

    #[test]
    fn a_feed_has_no_page_s_title() {
        assert_eq!(of("<?xml version='1.0'?><rss><channel><title>Maintenance</title>").title, None);
        let page = "<?xml version='1.0'?><!DOCTYPE html><html><head><title>Log in</title></head></html>";
        assert_eq!(of(page).title.as_deref(), Some("Log in"));
    }

    #[test]
    fn a_page_is_closed_where_its_end_is_there() {
        let page = |end: &str| format!("<!DOCTYPE html><html><body>{}{end}", "<p>text</p>".repeat(1000));
        assert_eq!(of(&page("</body></HTML>\n<!-- made in 3 ms -->")).is_closed, Some(true));
        assert_eq!(of(&page("")).is_closed, Some(false));
        assert_eq!(of("<rss><channel></channel></rss>").is_closed, None);
        assert_eq!(of("").is_closed, None);
        assert_eq!(of("Name,Date\nA,2020\n").is_closed, Some(true));
        assert_eq!(of("Name,Date\nA,20").is_closed, Some(false));
    }
}
