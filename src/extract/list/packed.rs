//! Records as they wait for others of their group: the texts of each in one piece, the names of its fields kept once
//! for all, and a long text that every row of a party repeats once for these.

use std::collections::HashMap;
use std::sync::Arc;

use url::Url;

use super::Record;

/// A record, packed.
#[derive(Debug)]
pub(super) struct Packed {
    text: Box<str>,
    parts: Box<[PackedPart]>,
    /// Long texts, which records of one group share.
    long: Box<[Arc<str>]>,
    links: Box<[(String, Url)]>,
}

/// A part of what a record says. There is one for each cell of a list.
#[derive(Debug, Clone, Copy)]
struct PackedPart {
    /// Four times the number of the field or the mark, and [`IS_MARK`] and [`IS_LONG`].
    name: u32,
    /// Where it ends in the text; of a long text its number.
    end: u32,
}

const IS_MARK: u32 = 1;
const IS_LONG: u32 = 2;

/// A text of so many bytes is long.
const LONG_BYTES: usize = 64;

impl PackedPart {
    fn is_mark(self) -> bool {
        self.name & IS_MARK != 0
    }

    fn number(self) -> usize {
        self.name as usize / 4
    }
}

/// The names of fields and marks, by their numbers.
#[derive(Debug, Default)]
pub(super) struct FieldNumbers {
    numbers: HashMap<String, u32>,
    fields: Vec<String>,
    marks: Vec<&'static str>,
}

impl FieldNumbers {
    fn field(&mut self, name: &str) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = u32::try_from(self.fields.len()).unwrap_or(u32::MAX);
        self.numbers.insert(name.to_owned(), number);
        self.fields.push(name.to_owned());
        number
    }

    fn mark(&mut self, name: &'static str) -> u32 {
        let index = self.marks.iter().position(|known| *known == name).unwrap_or_else(|| {
            self.marks.push(name);
            self.marks.len() - 1
        });
        u32::try_from(index).unwrap_or(u32::MAX)
    }

    /// Packs a record, of whose group `last` came before.
    pub(super) fn pack(&mut self, record: Record, last: Option<&Packed>) -> Packed {
        let (mut text, mut parts, mut long): (String, Vec<PackedPart>, Vec<Arc<str>>) = Default::default();
        let known = |part: &str| last?.long.iter().find(|known| ***known == *part).cloned();
        // No body is so long that its end would not fit.
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let mut add = |name: u32, mark: u32, part: &str| {
            if part.len() < LONG_BYTES {
                text.push_str(part);
                parts.push(PackedPart { name: name * 4 + mark, end: number(text.len()) });
            } else {
                parts.push(PackedPart { name: name * 4 + mark + IS_LONG, end: number(long.len()) });
                long.push(known(part).unwrap_or_else(|| Arc::from(part)));
            }
        };
        for (name, texts) in &record.fields {
            let name = self.field(name);
            texts.iter().for_each(|part| add(name, 0, part));
        }
        for (name, part) in &record.marks {
            add(self.mark(name), IS_MARK, part);
        }
        Packed { text: text.into(), parts: parts.into(), long: long.into(), links: record.links.into() }
    }

    pub(super) fn unpack(&self, packed: Packed) -> Record {
        let mut record = Record { links: packed.links.into_vec(), ..Record::default() };
        let mut start = 0;
        for part in &packed.parts {
            let index = part.number();
            let text = if part.name & IS_LONG == 0 {
                let text = &packed.text[start..part.end as usize];
                start = part.end as usize;
                text
            } else {
                &packed.long[part.end as usize]
            };
            if part.is_mark() {
                record.marks.push((self.marks[index], text.to_owned()));
            } else {
                record.push(&self.fields[index], text);
            }
        }
        record
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_out_as_it_went_in() {
        let mut record = Record::default();
        record.push("name", "Example Works");
        record.push("name", "");
        record.push("note", "größer");
        record.mark("section", "Removed");
        record.links.push(("More".to_owned(), "https://agency.test/".parse().unwrap()));
        let mut names = FieldNumbers::default();
        let (fields, marks, links) = (record.fields.clone(), record.marks.clone(), record.links.clone());
        let packed = names.pack(record, None);
        let unpacked = names.unpack(packed);
        assert_eq!((unpacked.fields, unpacked.marks, unpacked.links), (fields, marks, links));
    }

    #[test]
    fn what_every_record_of_a_group_repeats_is_there_once() {
        let (long, other) = ("for reasons ".repeat(9), "for other reasons ".repeat(9));
        let record = |name: &str, reasons: &str| {
            let mut record = Record::default();
            record.push("name", name);
            record.push("reasons", reasons);
            record.push("reasons", "short");
            record.mark("section", reasons);
            record
        };
        let mut names = FieldNumbers::default();
        let first = names.pack(record("A", &long), None);
        let second = names.pack(record("B", &long), Some(&first));
        let third = names.pack(record("C", &other), Some(&second));
        assert!(Arc::ptr_eq(&first.long[0], &second.long[0]));
        for (packed, name, reasons) in [(first, "A", &long), (second, "B", &long), (third, "C", &other)] {
            let (unpacked, expected) = (names.unpack(packed), record(name, reasons));
            assert_eq!((unpacked.fields, unpacked.marks), (expected.fields, expected.marks));
        }
    }
}
