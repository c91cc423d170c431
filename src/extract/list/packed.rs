//! Records as they wait among hundreds of thousands: the texts of each in one piece, the names of its
//! fields kept once for all.

use std::collections::HashMap;

use url::Url;

use super::Record;

/// A record, packed.
#[derive(Debug)]
pub(super) struct Packed {
    text: Box<str>,
    parts: Box<[Part]>,
    links: Box<[(String, Url)]>,
}

/// A part of what a record says. There is one for each cell of a list.
#[derive(Debug, Clone, Copy)]
struct Part {
    /// Twice the number of the field, or that of the mark and one.
    name: u32,
    /// Where it ends in the text.
    end: u32,
}

impl Part {
    fn is_mark(self) -> bool {
        self.name % 2 == 1
    }

    fn number(self) -> usize {
        self.name as usize / 2
    }
}

/// The names of fields and marks, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Names {
    numbers: HashMap<String, u32>,
    fields: Vec<String>,
    marks: Vec<&'static str>,
}

impl Names {
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

    pub(super) fn pack(&mut self, record: Record) -> Packed {
        let (mut text, mut parts) = (String::new(), Vec::new());
        let mut add = |name: u32, is_mark: bool, part: &str| {
            text.push_str(part);
            let name = name * 2 + u32::from(is_mark);
            // No body is so long that its end would not fit.
            parts.push(Part { name, end: u32::try_from(text.len()).unwrap_or(u32::MAX) });
        };
        for (name, texts) in &record.fields {
            let name = self.field(name);
            texts.iter().for_each(|part| add(name, false, part));
        }
        for (name, part) in &record.marks {
            add(self.mark(name), true, part);
        }
        Packed { text: text.into(), parts: parts.into(), links: record.links.into() }
    }

    pub(super) fn unpack(&self, packed: Packed) -> Record {
        let mut record = Record { links: packed.links.into_vec(), ..Record::default() };
        let mut start = 0;
        for part in &packed.parts {
            let (text, index) = (&packed.text[start..part.end as usize], part.number());
            start = part.end as usize;
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
        let mut names = Names::default();
        let (fields, marks, links) = (record.fields.clone(), record.marks.clone(), record.links.clone());
        let packed = names.pack(record);
        let unpacked = names.unpack(packed);
        assert_eq!((unpacked.fields, unpacked.marks, unpacked.links), (fields, marks, links));
    }
}
