//! The entities that an XML document's own type defines, put in place of their references.
//!
//! A list may name its parties through entities. What they stand for is a part of what the document
//! says, so a reference that nothing defines makes the body unreadable: it is never shown as it is
//! written. Only what stands within the document counts; nothing is asked for elsewhere. The text may
//! not grow by more than a bound, however entities are nested.

use std::borrow::Cow;
use std::collections::HashMap;

use quick_xml::escape::resolve_predefined_entity;

use super::html::unescape;
use super::xml::unexpected;
use crate::domain::verdict::Unreadable;

/// Entities within entities may be nested so deep.
const MAX_DEPTH: usize = 16;

/// A document type may define so many.
const MAX_ENTITIES: usize = 4096;

/// All references together may add so much to a text, and as much as it has itself.
const MAX_GROWTH_BYTES: usize = 64 * 1024;

/// A longer name is none.
const MAX_NAME_BYTES: usize = 64;

/// The text with every reference replaced that is neither a character's number nor one of the five that
/// XML itself knows. Names of HTML's characters count where the document defines none.
///
/// # Errors
/// Where a reference is defined nowhere, or the text would grow beyond bounds.
pub(super) fn resolved(text: &str) -> Result<Cow<'_, str>, Unreadable> {
    if !text.contains('&') {
        return Ok(Cow::Borrowed(text));
    }
    let (entities, head) = document_type(text)?;
    let limit = text.len().saturating_mul(2).saturating_add(MAX_GROWTH_BYTES);
    let mut expansion = Expansion { entities, limit, out: String::new(), is_changed: false };
    expansion.out.push_str(&text[..head]);
    expansion.walk(&text[head..], 0)?;
    Ok(if expansion.is_changed { Cow::Owned(expansion.out) } else { Cow::Borrowed(text) })
}

struct Expansion {
    /// By name what an entity stands for; nothing where that is kept elsewhere.
    entities: HashMap<String, Option<String>>,
    limit: usize,
    out: String,
    is_changed: bool,
}

/// Within these nothing is a reference.
const PLAIN: [(&str, &str); 3] = [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")];

impl Expansion {
    fn walk(&mut self, mut text: &str, depth: usize) -> Result<(), Unreadable> {
        while let Some(at) = text.find(['&', '<']) {
            self.push(&text[..at])?;
            text = &text[at..];
            let length = match PLAIN.iter().find(|(begin, _)| text.starts_with(begin)) {
                Some((begin, end)) => {
                    text[begin.len()..].find(end).map_or(text.len(), |found| begin.len() + found + end.len())
                }
                None if text.starts_with('&') => self.reference(text, depth)?,
                None => 1,
            };
            // A reference was put into other words already.
            if !text.starts_with('&') {
                self.push(&text[..length])?;
            }
            text = &text[length..];
        }
        self.push(text)
    }

    fn push(&mut self, more: &str) -> Result<(), Unreadable> {
        if self.out.len() + more.len() > self.limit {
            return Err(unexpected("the XML", &"entities that make it grow beyond bounds"));
        }
        self.out.push_str(more);
        Ok(())
    }

    /// Writes what the reference at the beginning of a text stands for; gives its length.
    fn reference(&mut self, text: &str, depth: usize) -> Result<usize, Unreadable> {
        let Some(name) = name_at(text) else {
            self.push("&")?;
            return Ok(1);
        };
        let length = name.len() + 2;
        if name.starts_with('#') || resolve_predefined_entity(name).is_some() {
            self.push(&text[..length])?;
            return Ok(length);
        }
        self.is_changed = true;
        match self.entities.get(name).cloned() {
            Some(Some(_)) if depth >= MAX_DEPTH => {
                return Err(unexpected("the XML", &"entities nested too deeply"));
            }
            Some(Some(value)) => self.walk(&value, depth + 1)?,
            Some(None) => {
                let found = "that it is defined in another file".to_owned();
                return Err(unexpected(&format!("the reference \"&{name};\""), &found));
            }
            None => self.character(name)?,
        }
        Ok(length)
    }

    /// Writes the character to which HTML gives this name, as its number: it is never markup.
    fn character(&mut self, name: &str) -> Result<(), Unreadable> {
        let written = format!("&{name};");
        let meant = unescape(&written);
        if meant == written || meant.ends_with(';') {
            return Err(unexpected(&format!("the reference {written:?}"), &"no definition of it"));
        }
        for c in meant.chars() {
            self.push(&format!("&#{};", u32::from(c)))?;
        }
        Ok(())
    }
}

/// The name of the reference with which a text begins.
fn name_at(text: &str) -> Option<&str> {
    let end = text.bytes().take(MAX_NAME_BYTES).position(|byte| byte == b';')?;
    let name = &text[1..end];
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '#');
    (!name.is_empty() && name.chars().all(is_name)).then_some(name)
}

type Entities = HashMap<String, Option<String>>;

/// The entities that the document type defines, and where the text behind it begins.
fn document_type(text: &str) -> Result<(Entities, usize), Unreadable> {
    let mut at = 0;
    loop {
        at += text[at..].len() - text[at..].trim_start().len();
        let rest = &text[at..];
        if rest.starts_with("<!DOCTYPE") {
            break;
        }
        let Some((begin, end)) = PLAIN.iter().find(|(begin, _)| rest.starts_with(begin)) else {
            return Ok((Entities::new(), 0));
        };
        let Some(found) = rest[begin.len()..].find(end) else { return Ok((Entities::new(), 0)) };
        at += begin.len() + found + end.len();
    }
    let mut entities = Entities::new();
    let mut scan = DoctypeScan { text, at: at + "<!DOCTYPE".len() };
    let mut depth = 0_usize;
    while let Some(c) = scan.next_mark() {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            '>' if depth == 0 => return Ok((entities, scan.at)),
            '<' if scan.text[scan.at..].starts_with("!ENTITY") => {
                scan.at += "!ENTITY".len();
                if let Some((name, value)) = scan.declaration() {
                    // The first definition of a name counts.
                    entities.entry(name).or_insert(value);
                }
                if entities.len() > MAX_ENTITIES {
                    return Err(unexpected("the XML", &"thousands of entities"));
                }
            }
            _ => {}
        }
    }
    Err(unexpected("the XML", &"that it ends within its document type"))
}

/// A place within a document type.
struct DoctypeScan<'a> {
    text: &'a str,
    at: usize,
}

impl DoctypeScan<'_> {
    /// The next character that means something there, strings and comments passed over.
    fn next_mark(&mut self) -> Option<char> {
        loop {
            let rest = &self.text[self.at..];
            let found = rest.find(['[', ']', '<', '>', '"', '\''])?;
            self.at += found;
            let rest = &self.text[self.at..];
            if let Some((begin, end)) = PLAIN.iter().find(|(begin, _)| rest.starts_with(begin)) {
                self.at += begin.len() + rest[begin.len()..].find(end)? + end.len();
                continue;
            }
            let mark = rest.chars().next()?;
            self.at += 1;
            match mark {
                '"' | '\'' => self.at += self.text[self.at..].find(mark)? + 1,
                mark => return Some(mark),
            }
        }
    }

    /// The rest of an entity's declaration; nothing for those of the document type itself.
    fn declaration(&mut self) -> Option<(String, Option<String>)> {
        let rest = self.text[self.at..].trim_start();
        if rest.starts_with('%') {
            return None;
        }
        let (name, rest) = rest.split_once(char::is_whitespace)?;
        let rest = rest.trim_start();
        let quote = rest.chars().next()?;
        if !matches!(quote, '"' | '\'') {
            return Some((name.to_owned(), None));
        }
        let value = &rest[1..=rest[1..].find(quote)?];
        self.at = self.text.len() - rest.len() + value.len() + 2;
        Some((name.to_owned(), Some(with_characters(value))))
    }
}

/// A value with the numbers of characters replaced, as they are where an entity is defined.
fn with_characters(value: &str) -> String {
    let mut out = String::new();
    let mut rest = value;
    while let Some(at) = rest.find("&#") {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let character = name_at(rest).and_then(|name| {
            let number = &name[1..];
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            Some((char::from_u32(code)?, name.len() + 2))
        });
        let (text, length) = character.map_or(("&#".to_owned(), 2), |(c, length)| (c.to_string(), length));
        out.push_str(&text);
        rest = &rest[length..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(resolved(text).unwrap(), expected);
    }

    #[test]
    fn what_the_document_defines_is_put_in() {
        let of = |subset: &str, body: &str| {
            format!("<?xml version='1.0'?><!-- a --><!DOCTYPE r [{subset}]>{body}")
        };
        let subset = "<!-- <!ENTITY co 'no'> --><!ELEMENT r ANY><!ENTITY co \"A > B\"><!ENTITY all '&co; &amp; &#67;'>";
        check(&of(subset, "<r a='&co;'>&all;</r>"), &of(subset, "<r a='A > B'>A > B &amp; C</r>"));
        let twice = "<!ENTITY co 'first'><!ENTITY co 'second'>";
        check(&of(twice, "<r>&co;</r>"), &of(twice, "<r>first</r>"));
        let plain = of(subset, "<r><!-- &co; --><![CDATA[&co;]]><?p &co;?></r>");
        check(&plain, &plain);
    }

    #[test]
    fn characters_are_known_by_number_and_by_the_names_of_html() {
        check("<r>A &amp; B &#38; &lt;</r>", "<r>A &amp; B &#38; &lt;</r>");
        check("<r>caf&eacute; &LT;</r>", "<r>caf&#233; &#60;</r>");
        check("<r>AT&T & more</r>", "<r>AT&T & more</r>");
    }

    #[test]
    fn what_nothing_defines_is_named() {
        let error = |text: &str| resolved(text).unwrap_err().to_string();
        assert!(error("<r>&co;</r>").contains("the reference \"&co;\""));
        let elsewhere = "<!DOCTYPE r [<!ENTITY co SYSTEM 'file:///etc/passwd'>]><r>&co;</r>";
        assert!(error(elsewhere).contains("in another file"));
        assert!(error("<!DOCTYPE r [<!ENTITY co 'a &amp; b'").contains("ends within"));
        assert!(resolved("<!DOCTYPE r SYSTEM 'r.dtd'><r>a &amp; b</r>").is_ok());
    }

    #[test]
    fn entities_within_entities_grow_within_bounds() {
        let levels: String =
            (1..10).map(|n| format!("<!ENTITY e{n} '{}'>", format!("&e{};", n - 1).repeat(10))).collect();
        let bomb = format!("<!DOCTYPE r [<!ENTITY e0 'boom'>{levels}]><r>&e9;</r>");
        assert!(resolved(&bomb).unwrap_err().to_string().contains("beyond bounds"));
        let circle = "<!DOCTYPE r [<!ENTITY a '&b;'><!ENTITY b '&a;'>]><r>&a;</r>";
        assert!(resolved(circle).is_err());
        let flat =
            format!("<!DOCTYPE r [<!ENTITY a '{}'>]><r>{}</r>", "x".repeat(10_000), "&a;".repeat(10_000));
        assert!(resolved(&flat).is_err());
    }
}
