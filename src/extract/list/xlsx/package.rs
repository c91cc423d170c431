//! The files of a package (ECMA-376 part 2), read as streams of XML.
//!
//! The package is a ZIP archive: a few kilobytes may say that they are gigabytes. So all of it is unpacked
//! once into nothing, counted, before anything is read from it; and each file is read piece by piece,
//! so that no more of it is held than one piece.

use std::borrow::Cow;
use std::cell::Cell;
use std::io::{self, BufReader, Cursor, Read};
use std::rc::Rc;

use quick_xml::Reader;
use quick_xml::escape::{resolve_predefined_entity, unescape_with};
use quick_xml::events::{BytesEnd, BytesStart, Event};
use zip::ZipArchive;
use zip::result::ZipResult;

use crate::domain::verdict::Unreadable;
use crate::extract::xml::unexpected;

/// So much may a spreadsheet be unpacked; the largest public list is 30 MB.
const MAX_UNPACKED_BYTES: u64 = 256 << 20;

/// So many files may be in one.
const MAX_FILES: usize = 4096;

/// So long may a tag or a text be; the text of a cell has 32,767 characters at most.
const MAX_PIECE_BYTES: usize = 1 << 20;

/// So deep may elements be nested; those of a sheet are five deep.
const MAX_DEPTH: usize = 64;

/// An archive whose files are read by their paths.
pub(super) struct XlsxPackage<'b> {
    archive: ZipArchive<Cursor<&'b [u8]>>,
}

fn no_package(error: &dyn std::fmt::Display) -> Unreadable {
    unexpected("the spreadsheet (expected an archive in the XLSX form)", error)
}

impl<'b> XlsxPackage<'b> {
    /// # Errors
    /// Where the body is no archive, or one that unpacks to too much.
    pub(super) fn open(body: &'b [u8]) -> Result<Self, Unreadable> {
        Self::within(body, MAX_UNPACKED_BYTES)
    }

    /// Unpacks the archive without keeping anything, then opens it.
    pub(super) fn within(body: &'b [u8], limit: u64) -> Result<Self, Unreadable> {
        let mut archive = ZipArchive::new(Cursor::new(body)).map_err(|error| no_package(&error))?;
        if archive.len() > MAX_FILES {
            return Err(no_package(&format_args!("one of {} files", archive.len())));
        }
        let mut left = limit;
        for index in 0..archive.len() {
            let file = archive.by_index(index).map_err(|error| no_package(&error))?;
            let read =
                io::copy(&mut file.take(left + 1), &mut io::sink()).map_err(|error| no_package(&error))?;
            left = left.checked_sub(read).ok_or_else(|| {
                no_package(&format_args!("one that unpacks to more than {} MiB", limit >> 20))
            })?;
        }
        Ok(Self { archive })
    }

    /// The file at a path, whose case does not matter; `None` where there is none.
    ///
    /// # Errors
    /// Where it cannot be unpacked.
    pub(super) fn find(&mut self, path: &str) -> Result<Option<XmlStream<'_>>, Unreadable> {
        let path = path.trim_start_matches('/');
        let is_it = |name: &ZipResult<Cow<'_, str>>| {
            name.as_ref().is_ok_and(|name| name.trim_start_matches('/').eq_ignore_ascii_case(path))
        };
        let Some(index) = self.archive.file_names().position(|name| is_it(&name)) else { return Ok(None) };
        let file = self.archive.by_index(index).map_err(|error| no_package(&error))?;
        Ok(Some(XmlStream::of(path.to_owned(), Box::new(file))))
    }

    /// The same of a file that must be there.
    pub(super) fn file(&mut self, path: &str) -> Result<XmlStream<'_>, Unreadable> {
        let missing = || Unreadable::Missing { what: format!("the file {path:?} in the spreadsheet") };
        self.find(path)?.ok_or_else(missing)
    }
}

/// A file of the package, piece by piece.
pub(super) struct XmlStream<'a> {
    name: String,
    reader: Reader<BufReader<Bounded<'a>>>,
    buffer: Vec<u8>,
    left: Rc<Cell<usize>>,
    depth: usize,
}

/// Fails where a piece goes on beyond measure.
struct Bounded<'a> {
    file: Box<dyn Read + 'a>,
    left: Rc<Cell<usize>>,
}

impl Read for Bounded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        let left = self.left.get().checked_sub(read);
        self.left.set(left.ok_or_else(|| io::Error::other("a tag or a text of more than 1 MiB"))?);
        Ok(read)
    }
}

/// A piece of a file. An element without content opens and closes.
pub(super) enum XmlPiece<'a> {
    Open(BytesStart<'a>),
    Close(BytesEnd<'a>),
    Text(Cow<'a, str>),
}

impl<'a> XmlStream<'a> {
    fn of(name: String, file: Box<dyn Read + 'a>) -> Self {
        let left = Rc::new(Cell::new(MAX_PIECE_BYTES));
        let mut reader = Reader::from_reader(BufReader::new(Bounded { file, left: Rc::clone(&left) }));
        reader.config_mut().expand_empty_elements = true;
        Self { name, reader, buffer: Vec::new(), left, depth: 0 }
    }

    /// The next piece, `None` at the end.
    ///
    /// # Errors
    /// Where the file is not well-formed, ends early, or has what no spreadsheet has.
    pub(super) fn next(&mut self) -> Result<Option<XmlPiece<'_>>, Unreadable> {
        let what =
            |found: &dyn std::fmt::Display| unexpected(&format!("{:?} in the spreadsheet", self.name), found);
        self.buffer.clear();
        self.left.set(MAX_PIECE_BYTES);
        match self.reader.read_event_into(&mut self.buffer).map_err(|error| what(&error))? {
            Event::Start(tag) => {
                self.depth += 1;
                if self.depth > MAX_DEPTH {
                    return Err(Unreadable::TooDeep { limit: MAX_DEPTH });
                }
                Ok(Some(XmlPiece::Open(tag)))
            }
            Event::End(tag) => {
                self.depth = self.depth.saturating_sub(1);
                Ok(Some(XmlPiece::Close(tag)))
            }
            Event::Text(text) => Ok(Some(XmlPiece::Text(text.xml10_content()))),
            Event::CData(text) => Ok(Some(XmlPiece::Text(text.xml10_content()))),
            Event::GeneralRef(reference) => {
                let character = reference.resolve_char_ref().ok().flatten();
                let name = reference.xml10_content();
                let text = character
                    .map(String::from)
                    .or_else(|| resolve_predefined_entity(&name).map(str::to_owned));
                text.map(|text| Some(XmlPiece::Text(text.into())))
                    .ok_or_else(|| what(&format_args!("the entity &{name};")))
            }
            // What defines entities of its own is no spreadsheet.
            Event::DocType(_) => Err(what(&"a document type")),
            Event::Eof if self.depth > 0 => Err(what(&"that it ends early")),
            Event::Eof => Ok(None),
            _ => Ok(Some(XmlPiece::Text("".into()))),
        }
    }

    /// Shows every element that opens.
    pub(super) fn each_open(
        mut self,
        mut show: impl FnMut(&str, &BytesStart<'_>) -> Result<(), Unreadable>,
    ) -> Result<(), Unreadable> {
        while let Some(piece) = self.next()? {
            if let XmlPiece::Open(tag) = piece {
                show(tag.local_name().as_ref(), &tag)?;
            }
        }
        Ok(())
    }
}

/// An attribute by its name, whatever its prefix.
pub(super) fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut attributes = tag.attributes();
    let found =
        attributes.with_checks(false).flatten().find(|found| found.key.local_name().as_ref() == name)?;
    let value: &str = &found.value;
    let resolved = unescape_with(value, resolve_predefined_entity);
    Some(resolved.map_or_else(|_| value.to_owned(), Cow::into_owned))
}

/// Whether an attribute says yes.
pub(super) fn is_set(tag: &BytesStart<'_>, name: &str) -> bool {
    attribute(tag, name).is_some_and(|value| is_yes(&value))
}

/// Whether a value is a yes of XML Schema.
pub(super) fn is_yes(value: &str) -> bool {
    matches!(value.trim(), "1" | "true" | "on")
}

/// The number that an attribute says.
pub(super) fn number<T: std::str::FromStr>(tag: &BytesStart<'_>, name: &str) -> Option<T> {
    attribute(tag, name)?.trim().parse().ok()
}
