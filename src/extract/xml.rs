//! What must hold of an XML body before it is read any further.

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};

use crate::domain::verdict::Unreadable;

/// So deep may elements be nested; feeds stay under 10.
const MAX_DEPTH: usize = 64;

/// So many attributes may a tag have; looking for duplicates costs their square.
const MAX_ATTRIBUTES: usize = 256;

/// A body that is not as it should be.
pub(super) fn unexpected(what: &str, found: &dyn std::fmt::Display) -> Unreadable {
    Unreadable::Unexpected { what: what.to_owned(), found: found.to_string() }
}

/// Reads the whole text once and gives the name of its root element.
///
/// # Errors
/// Where it is not well-formed, ends early, or has what no feed has: hundreds of
/// nested elements or attributes.
pub(super) fn check(text: &str) -> Result<String, Unreadable> {
    let mut reader = Reader::from_str(text);
    let (mut depth, mut root): (usize, Option<String>) = (0, None);
    loop {
        match reader.read_event().map_err(|error| unexpected("the XML", &error))? {
            Event::Start(tag) => {
                limit_attributes(&tag)?;
                be_only_root(&mut root, depth, &tag)?;
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(Unreadable::TooDeep { limit: MAX_DEPTH });
                }
            }
            Event::Empty(tag) => {
                limit_attributes(&tag)?;
                be_only_root(&mut root, depth, &tag)?;
            }
            Event::Text(text) if depth == 0 && root.is_some() && !text.xml10_content().trim().is_empty() => {
                return Err(unexpected("the XML", &"text behind the root element"));
            }
            Event::End(_) => depth = depth.saturating_sub(1),
            Event::Eof if depth > 0 => return Err(unexpected("the XML", &"that it ends early")),
            Event::Eof => {
                return root.ok_or_else(|| Unreadable::Missing { what: "the root element".to_owned() });
            }
            _ => {}
        }
    }
}

/// A second root is a second document, or what somebody wrote behind the first.
fn be_only_root(root: &mut Option<String>, depth: usize, tag: &BytesStart<'_>) -> Result<(), Unreadable> {
    match root {
        Some(_) if depth > 0 => Ok(()),
        Some(root) => {
            let found = format!("a second one behind {root:?}, {:?}", tag.local_name().as_ref());
            Err(unexpected("the root element of the XML", &found))
        }
        None => {
            *root = Some(tag.local_name().as_ref().to_owned());
            Ok(())
        }
    }
}

fn limit_attributes(tag: &BytesStart<'_>) -> Result<(), Unreadable> {
    let count = tag.attributes_raw().matches('=').take(MAX_ATTRIBUTES + 1).count();
    // A data address may hold many equals signs; what costs is long as well.
    if count > MAX_ATTRIBUTES {
        return Err(unexpected("the XML", &"a tag of hundreds of attributes"));
    }
    Ok(())
}

/// What a reference stands for. What a document type defines was put in its place before
/// ([`entity::resolved`](super::entity::resolved)).
pub(super) fn resolved(reference: &BytesRef<'_>) -> String {
    if let Ok(Some(character)) = reference.resolve_char_ref() {
        return character.to_string();
    }
    let name = reference.xml10_content();
    resolve_predefined_entity(&name).map_or_else(|| format!("&{name};"), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_is_named() {
        assert_eq!(check("<?xml version='1.0'?><!-- x --><a:rss x='1'><b/></a:rss>"), Ok("rss".to_owned()));
    }

    #[test]
    fn what_is_cut_off_malformed_or_flooded_is_refused() {
        for text in [
            String::new(),
            "plain text".to_owned(),
            "<rss><channel>".to_owned(),
            "<rss><channel><ti".to_owned(),
            "<rss></channel>".to_owned(),
            "<rss/><rss/>".to_owned(),
            "<rss></rss>more".to_owned(),
            "<rss></rss><!-- x --><script>1</script>".to_owned(),
            "<a>".repeat(100_000),
            format!("<rss {}/>", "a='1' ".repeat(100_000)),
        ] {
            assert!(check(&text).is_err(), "{text:.40}");
        }
    }
}
