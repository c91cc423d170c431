//! Texts of cells, of which some words may be struck through.

use super::package::{XmlPiece, XmlStream, attribute, is_yes};
use crate::domain::verdict::Unreadable;
use crate::extract::limits;

/// A text, as its cells share it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct SharedText {
    pub(super) all: String,
    /// The runs that are set by themselves: where each ends, and whether it is struck. Where a run is
    /// not, it is set as its cell.
    runs: Vec<(usize, Option<bool>)>,
}

impl SharedText {
    pub(super) fn plain(all: String) -> Self {
        Self { all, runs: Vec::new() }
    }

    /// The words that are struck, in a cell that is struck or not.
    pub(super) fn struck(&self, is_cell_struck: bool) -> String {
        if self.runs.is_empty() {
            return if is_cell_struck { self.all.clone() } else { String::new() };
        }
        let mut struck: Vec<&str> = Vec::new();
        let mut start = 0;
        for (end, is_struck) in &self.runs {
            if is_struck.unwrap_or(is_cell_struck) {
                struck.push(&self.all[start..*end]);
            }
            start = *end;
        }
        struck.concat()
    }
}

/// A text under construction, from the elements of a shared or an inline one.
#[derive(Default)]
pub(super) struct SharedTextBuilder {
    text: SharedText,
    is_in_text: bool,
    /// How a word is pronounced is no part of it.
    pronounced: usize,
    is_struck: Option<bool>,
    is_in_run_properties: bool,
}

impl SharedTextBuilder {
    pub(super) fn take(&mut self, piece: &XmlPiece<'_>) {
        match piece {
            XmlPiece::Open(tag) => match tag.local_name().as_ref() {
                "rPh" => self.pronounced += 1,
                "r" => self.is_struck = None,
                "rPr" => {
                    self.is_in_run_properties = true;
                    self.is_struck = Some(false);
                }
                "strike" if self.is_in_run_properties => {
                    self.is_struck = Some(attribute(tag, "val").is_none_or(|value| is_yes(&value)));
                }
                "t" => self.is_in_text = self.pronounced == 0,
                _ => {}
            },
            XmlPiece::Close(tag) => match tag.local_name().as_ref() {
                "rPh" => self.pronounced = self.pronounced.saturating_sub(1),
                "rPr" => self.is_in_run_properties = false,
                "t" => self.is_in_text = false,
                "r" => {
                    self.end_run();
                    self.is_struck = None;
                }
                _ => {}
            },
            XmlPiece::Text(text) if self.is_in_text => self.text.all.push_str(text),
            XmlPiece::Text(_) => {}
        }
    }

    fn end_run(&mut self) {
        self.text.runs.push((self.text.all.len(), self.is_struck));
    }

    pub(super) fn finish(mut self) -> SharedText {
        let end = self.text.all.len();
        if self.text.runs.last().is_some_and(|(last, _)| *last < end) {
            self.text.runs.push((end, None));
        }
        let is_one = self.text.runs.iter().all(|(_, is_struck)| is_struck.is_none());
        if is_one {
            self.text.runs.clear();
        }
        self.text.unescaped()
    }
}

impl SharedText {
    /// The text with `_x000D_` and the like read as the characters that they stand for.
    fn unescaped(self) -> Self {
        if !self.all.contains("_x") {
            return self;
        }
        let (mut all, mut runs, mut start) = (String::new(), Vec::new(), 0);
        for (end, is_struck) in &self.runs {
            all.push_str(&unescaped(&self.all[start..*end]));
            runs.push((all.len(), *is_struck));
            start = *end;
        }
        all.push_str(&unescaped(&self.all[start..]));
        Self { all, runs }
    }
}

/// `ST_Xstring`: a character that XML cannot hold is written `_xHHHH_`.
pub(super) fn unescaped(text: &str) -> String {
    let (mut shown, mut rest) = (String::new(), text);
    while let Some(at) = rest.find("_x") {
        let code = rest.get(at + 2..at + 6).filter(|_| rest.get(at + 6..at + 7) == Some("_"));
        let code = code.filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let character = code.and_then(|code| char::from_u32(u32::from_str_radix(code, 16).ok()?));
        let (end, character) = match character {
            Some(character) => (at + 7, character),
            None => (at + 1, '_'),
        };
        shown.push_str(&rest[..at]);
        shown.push(character);
        rest = &rest[end..];
    }
    shown.push_str(rest);
    shown
}

/// The texts that the cells of a book share.
pub(super) fn texts(mut file: XmlStream<'_>) -> Result<Vec<SharedText>, Unreadable> {
    let (mut texts, mut bytes) = (Vec::new(), 0);
    let mut current: Option<SharedTextBuilder> = None;
    while let Some(piece) = file.next()? {
        match &piece {
            XmlPiece::Open(tag) if tag.local_name().as_ref() == "si" => {
                current = Some(SharedTextBuilder::default());
            }
            XmlPiece::Close(tag) if tag.local_name().as_ref() == "si" => {
                let text = current.take().map(SharedTextBuilder::finish).unwrap_or_default();
                bytes += text.all.len();
                limits::check_bytes(bytes)?;
                texts.push(text);
                limits::check_parts("texts of cells", texts.len())?;
            }
            piece => {
                if let Some(builder) = &mut current {
                    builder.take(piece);
                    limits::check_bytes(bytes + builder.text.all.len())?;
                }
            }
        }
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_say_by_themselves_whether_they_are_struck() {
        let text = SharedText {
            all: "Alpha Beta Gamma".to_owned(),
            runs: vec![(6, None), (11, Some(true)), (16, Some(false))],
        };
        assert_eq!((text.struck(false), text.struck(true)), ("Beta ".to_owned(), "Alpha Beta ".to_owned()));
        assert_eq!(SharedText::plain("Alpha".to_owned()).struck(true), "Alpha");
    }

    #[test]
    fn characters_that_xml_cannot_hold_are_read() {
        assert_eq!(unescaped("a_x000D_b"), "a\rb");
        assert_eq!(unescaped("_x005F_x000D_"), "_x000D_");
        for text in ["a_xb", "_x00_", "_xZZZZ_", "_xD800_", "x_x12"] {
            assert_eq!(unescaped(text), text);
        }
        let text = SharedText { all: "a_x0041_b".to_owned(), runs: vec![(8, Some(true)), (9, Some(false))] };
        assert_eq!(
            text.unescaped(),
            SharedText { all: "aAb".to_owned(), runs: vec![(2, Some(true)), (3, Some(false))] }
        );
    }
}
