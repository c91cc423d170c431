//! The items of an XML feed one by one, so that one that is malformed does not cost the others.
//!
//! Feeds are put together by programs that escape what they know of. An item with a stray `&` or `<` makes
//! the whole no XML; it is left out by name, where the others are whole and it is one of few.

use std::borrow::Cow;
use std::ops::Range;

use super::entity;
use super::xml;
use crate::domain::text::{one_line, shorten};
use crate::domain::verdict::Unreadable;

/// What items are called.
const NAMES: [&str; 2] = ["item", "entry"];

/// So much of an item's title is told.
const MAX_NAME_CHARS: usize = 80;

/// A feed that is well-formed, and the names of the items that were left out for it.
pub(super) struct WellFormed<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) root: String,
    pub(super) left_out: Vec<String>,
}

/// The feed without the items that are malformed.
///
/// # Errors
/// Where it is no XML for another reason, ends early, or too much of it is malformed.
pub(super) fn well_formed(text: &str) -> Result<WellFormed<'_>, Unreadable> {
    let reason = match check(text) {
        Ok(whole) => return Ok(whole),
        Err(reason) => reason,
    };
    let items = items(text);
    let is_fine = |range: &Range<usize>| check(&text[range.clone()]).is_ok();
    let (good, bad): (Vec<_>, Vec<_>) =
        items.iter().cloned().enumerate().partition(|(_, range)| is_fine(range));
    if good.is_empty() || is_too_much(bad.len(), items.len()) {
        return Err(reason);
    }
    let (mut rest, mut end) = (String::new(), 0);
    for (_, range) in &bad {
        rest.push_str(&text[end..range.start]);
        end = range.end;
    }
    rest.push_str(&text[end..]);
    let left_out = bad.iter().map(|(index, range)| name(&text[range.clone()], *index)).collect();
    // What is at fault outside of the items is at fault still.
    let WellFormed { text, root, .. } = check(&rest).map_err(|_| reason)?;
    Ok(WellFormed { text: Cow::Owned(text.into_owned()), root, left_out })
}

/// Whether so many malformed items are more than an oversight.
pub(super) fn is_too_much(malformed: usize, all: usize) -> bool {
    malformed > (all / 10).max(1)
}

fn check(text: &str) -> Result<WellFormed<'_>, Unreadable> {
    let text = entity::resolved(text)?;
    let root = xml::check(&text)?;
    Ok(WellFormed { text, root, left_out: Vec::new() })
}

/// Where the items stand. One that never ends goes as far as the next.
fn items(text: &str) -> Vec<Range<usize>> {
    let starts: Vec<(usize, &str)> =
        text.match_indices('<').filter_map(|(at, _)| Some((at, opens(&text[at + 1..])?))).collect();
    let mut items = Vec::new();
    for (index, (start, name)) in starts.iter().enumerate() {
        let next = starts.get(index + 1).map_or(text.len(), |(next, _)| *next);
        let end = format!("</{name}>");
        match text[*start..next].rfind(&end) {
            Some(found) => items.push(*start..start + found + end.len()),
            // The last one's end is the feed's: it was cut off.
            None if next < text.len() => items.push(*start..next),
            None => {}
        }
    }
    items
}

/// The name of the item that begins here.
fn opens(tag: &str) -> Option<&'static str> {
    NAMES.into_iter().find(|name| {
        tag.strip_prefix(name)
            .is_some_and(|rest| rest.starts_with(['>', '/']) || rest.starts_with(char::is_whitespace))
    })
}

/// What a malformed item is called by its own words.
fn name(item: &str, index: usize) -> String {
    let within = |name: &str| {
        let (_, rest) = item.split_once(&format!("<{name}"))?;
        let (_, rest) = rest.split_once('>')?;
        let (text, _) = rest.split_once("</")?;
        let text = one_line(text.trim_start_matches("<![CDATA[").trim_end_matches("]]>"));
        (!text.is_empty()).then(|| format!("{:?}", shorten(&text, MAX_NAME_CHARS)))
    };
    ["title", "guid", "id", "link"]
        .into_iter()
        .find_map(within)
        .unwrap_or_else(|| format!("item {}", index + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(items: &[&str]) -> String {
        let items: String = items.iter().map(|item| format!("<item>{item}</item>\n")).collect();
        format!("<?xml version='1.0'?><rss><channel><title>News</title>{items}</channel></rss>")
    }

    fn left_out(text: &str) -> Option<Vec<String>> {
        well_formed(text).ok().map(|feed| feed.left_out)
    }

    #[test]
    fn a_malformed_item_is_left_out_by_name() {
        let good = "<title>A</title><link>https://a.test/1</link>";
        assert_eq!(left_out(&feed(&[good, good])), Some(Vec::new()));
        for (bad, name) in [
            ("<title>B & <b C</title>", "\"B &\""),
            ("<title>C &undefined; D</title>", "\"C &undefined; D\""),
            ("<title>E</title><description><p>never closed</description>", "\"E\""),
            ("<p>", "item 2"),
        ] {
            let text = feed(&[good, bad, good]);
            let found = well_formed(&text).unwrap();
            assert_eq!(found.left_out.len(), 1, "{bad}");
            assert!(found.left_out[0].starts_with(name.trim_end_matches('"')), "{:?}", found.left_out);
            assert_eq!((found.text.matches("<item>").count(), found.root.as_str()), (2, "rss"));
        }
    }

    #[test]
    fn what_is_cut_off_or_malformed_throughout_is_refused() {
        let good = "<title>A</title>";
        let whole = feed(&[good, good, good]);
        for end in [20, 40, 60] {
            assert!(well_formed(&whole[..whole.len() - end]).is_err(), "{end}");
        }
        assert!(well_formed(&feed(&["<p>", "<p>", good])).is_err());
        assert!(well_formed(&feed(&["<p>"])).is_err());
        assert!(well_formed(&whole.replace("<channel>", "<channel><x>")).is_err());
    }

    #[test]
    fn an_item_that_never_ends_takes_none_of_the_next() {
        let text = feed(&["<title>A</title>", "<title>B</title>", "<title>C</title>"]);
        let text = text.replacen("</item>\n<item><title>B", "\n<item><title>B", 1);
        let found = well_formed(&text).unwrap();
        assert_eq!(found.left_out, ["\"A\""]);
        assert!(found.text.contains("<title>B</title>") && found.text.contains("<title>C</title>"));
    }
}
