//! Lists of parties, whatever file they come in: rows become entries.
//!
//! Every format gives [`Record`]s, field by field; [`Rows`] makes entries of
//! them by the same settings for all (`key`, `group`, `split`, …). The lists that
//! have a kind of their own are these formats with settings built in, so that a
//! list that is not here needs a configuration and no code.

mod alias;
pub(super) mod column;
pub(super) mod columns;
pub(super) mod csl;
pub(super) mod csv;
pub(super) mod dpl;
pub(super) mod eu;
pub(super) mod json;
pub(super) mod ofac;
mod packed;
pub(super) mod pdf_text;
pub(super) mod uflpa;
pub(super) mod uk;
pub(super) mod un;
pub(super) mod xlsx;
pub(super) mod xml;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};

use encoding_rs::WINDOWS_1252;
use url::Url;

use self::packed::{Names, Packed};
use super::date;
use super::html::{Said, link_list};
use super::limits;
use super::section;
use super::table::folded;
use crate::domain::entry::{Completeness, Document, Entry, HIDDEN, LINKS, Resemblance, SECTION, STRUCK};
use crate::domain::noise::without_note_number;
use crate::domain::source::{Pairs, RowSettings};
use crate::domain::text::{boundary_before, is_one_plain_line, lines, one_line};
use crate::domain::verdict::Unreadable;

/// The field that holds an entry's other names, one a line.
const ALIASES: &str = "aliases";

/// A row is known by so much of a field.
const MAX_KEY_BYTES: usize = 2_000;

/// What one row says: for each field its parts, in the order of the settings.
#[derive(Debug, Default)]
pub(super) struct Record {
    pub(super) fields: BTreeMap<String, Vec<String>>,
    pub(super) links: Vec<(String, Url)>,
    /// What is true of the row and not said in it: where it stands, what of it is struck or hidden.
    marks: BTreeMap<&'static str, Vec<String>>,
}

impl Record {
    /// Adds a part to a field.
    pub(super) fn push(&mut self, field: &str, text: &str) {
        match self.fields.get_mut(field) {
            Some(parts) => parts.push(text.to_owned()),
            None => drop(self.fields.insert(field.to_owned(), vec![text.to_owned()])),
        }
    }

    /// Notes what is true of the row, if it is anything.
    pub(super) fn mark(&mut self, name: &'static str, text: &str) {
        if !text.is_empty() {
            self.marks.entry(name).or_default().push(text.to_owned());
        }
    }

    /// Notes which words of the row are struck through or hidden.
    pub(super) fn mark_words(&mut self, said: &Said) {
        self.mark(STRUCK, &said.struck);
        self.mark(HIDDEN, &said.hidden);
    }

    fn parts(&self, field: &str) -> &[String] {
        self.fields.get(field).map_or(&[], Vec::as_slice)
    }

    /// The field as one line.
    fn line(&self, field: &str) -> String {
        one_line(&self.parts(field).join(" "))
    }

    /// What the field says of whom the row is about; the beginning of a long text tells enough.
    fn folded(&self, field: &str) -> String {
        let line = self.line(field);
        folded(&without_note_number(&line[..boundary_before(&line, MAX_KEY_BYTES)]))
    }

    /// Whether nothing is in it but white space.
    pub(super) fn says_nothing(&self) -> bool {
        self.fields.values().flatten().all(|part| part.trim().is_empty())
    }

    /// All that it says, where it is one text.
    fn only_text(&self) -> Option<&str> {
        let mut texts = self.fields.values().flatten();
        texts.next().filter(|_| texts.next().is_none()).map(String::as_str)
    }

    fn is_blank(&self) -> bool {
        self.fields.values().all(Vec::is_empty)
    }

    /// What the row is about.
    fn key(&self, fields: &[String]) -> String {
        let joined = |parts: &mut dyn Iterator<Item = String>| parts.collect::<Vec<_>>().join("/");
        // `number|name` is the first of the two that the row has.
        let first_of =
            |names: &String| names.split('|').map(|field| self.folded(field)).find(|text| !text.is_empty());
        let key = joined(&mut fields.iter().map(|names| first_of(names).unwrap_or_default()));
        if key.trim_matches('/').is_empty() {
            // A row that leaves its key blank is still said by the list.
            return joined(&mut self.fields.keys().map(|field| self.folded(field)));
        }
        key
    }
}

/// Makes entries of records.
#[derive(Debug)]
pub(super) struct Rows<'a> {
    settings: &'a RowSettings,
    page: &'a Url,
    /// Records that become one entry, in the order of the file.
    groups: Vec<(String, Vec<Packed>)>,
    known: HashMap<String, usize>,
    /// The fields that some row had.
    names: Names,
    /// How many rows say something.
    count: usize,
    /// How much they say.
    bytes: usize,
    /// The row above that heads the next ones, where rows do.
    heading: Option<String>,
    /// Fields that turned out to say nothing of the rows.
    forgotten: HashSet<String>,
}

impl<'a> Rows<'a> {
    pub(super) fn new(settings: &'a RowSettings, page: &'a Url) -> Self {
        Self {
            settings,
            page,
            groups: Vec::new(),
            known: HashMap::new(),
            names: Names::default(),
            count: 0,
            bytes: 0,
            heading: None,
            forgotten: HashSet::new(),
        }
    }

    /// For rows of columns, where one that says only how things stand, such as `REMOVED`, heads those
    /// below it. In a list of one column it may be anything.
    pub(super) fn of_columns(settings: &'a RowSettings, page: &'a Url, columns: &Pairs) -> Self {
        let heading = (columns.0.len() > 1).then(String::new);
        Self { heading, ..Self::new(settings, page) }
    }

    /// The rows that follow stand below this one, which is none of them.
    pub(super) fn begin(&mut self, text: &str) {
        self.heading = Some(section::label(text));
    }

    /// Leaves a field out of all rows.
    pub(super) fn forget(&mut self, field: &str) {
        self.forgotten.insert(field.to_owned());
    }

    /// Takes the next row; a blank one says nothing.
    ///
    /// # Errors
    /// Where there are more rows than the source may have entries.
    pub(super) fn take(&mut self, record: Record) -> Result<(), Unreadable> {
        let mut record = self.settled(record);
        if record.is_blank() {
            return Ok(());
        }
        self.count += 1;
        limits::check_entries(self.count)?;
        if let Some(heading) = &mut self.heading {
            if let Some(text) = record.only_text().filter(|text| section::is_standing(text)) {
                *heading = section::label(text);
                return Ok(());
            }
            record.mark(SECTION, heading);
        }
        let key = record.key(&self.settings.key);
        let record = self.names.pack(record);
        self.bytes += key.len() + record.bytes();
        limits::check_bytes(self.bytes)?;
        if !self.settings.group {
            self.groups.push((key, vec![record]));
        } else if let Some(&index) = self.known.get(&key) {
            self.groups[index].1.push(record);
        } else {
            self.known.insert(key.clone(), self.groups.len());
            self.groups.push((key, vec![record]));
        }
        Ok(())
    }

    /// The record with its texts normalised, split, joined, and without what stands for nothing.
    fn settled(&self, record: Record) -> Record {
        let mut settled = Record { links: record.links, marks: record.marks, ..Record::default() };
        for (field, parts) in record.fields {
            let texts = parts.into_iter().map(settled_text);
            let mut kept: Vec<String> = texts.filter(|part| !self.is_null(part)).collect();
            if self.settings.joined.contains(&field) {
                kept = vec![one_line(&kept.join(" "))];
            }
            if let Some(separator) = self.settings.split.get(&field) {
                kept = kept.iter().flat_map(|part| part.split(separator.as_str())).map(one_line).collect();
            }
            kept.retain(|part| !self.is_null(part));
            if !kept.is_empty() {
                settled.fields.insert(field, kept);
            }
        }
        self.take_aliases(&mut settled);
        settled
    }

    fn is_null(&self, part: &str) -> bool {
        part.is_empty() || self.settings.null.iter().any(|null| null == part)
    }

    /// Moves the aliases out of the name's brackets.
    fn take_aliases(&self, record: &mut Record) {
        let (Some(brackets), Some(field)) = (self.settings.bracketed_aliases, self.title_field()) else {
            return;
        };
        let name = record.line(field);
        let names = alias::names(&name, brackets);
        if !names.aliases.is_empty() {
            record.fields.insert(field.to_owned(), vec![names.name]);
            record.fields.entry(ALIASES.to_owned()).or_default().extend(names.aliases);
        }
    }

    fn title_field(&self) -> Option<&'a str> {
        self.settings.title.as_ref().or_else(|| self.settings.key.first()).map(String::as_str)
    }

    /// The document.
    ///
    /// # Errors
    /// Where no row at all had a field that rows must have: the structure has changed.
    pub(super) fn finish(mut self, fields: &[String]) -> Result<Document, Unreadable> {
        let is_needed = |field: &&String| !self.settings.optional.contains(field);
        if !self.groups.is_empty()
            && let Some(field) = fields.iter().filter(is_needed).find(|field| !self.names.has(field))
        {
            return Err(Unreadable::Missing { what: format!("the field {field:?}, in all the entries,") });
        }
        let groups = std::mem::take(&mut self.groups);
        let entries = groups.into_iter().map(|(key, records)| self.entry(key, records)).collect();
        Ok(Document::new(entries, Completeness::Whole, Resemblance::Title))
    }

    fn unpacked(&self, record: Packed) -> Record {
        let mut record = self.names.unpack(record);
        record.fields.retain(|field, _| !self.forgotten.contains(field));
        record
    }

    fn entry(&self, key: String, records: Vec<Packed>) -> Entry {
        let mut records: Vec<Record> = records.into_iter().map(|record| self.unpacked(record)).collect();
        records.sort_by_key(|record| !self.is_first(record));
        let name = self.title_field().and_then(|field| {
            records
                .iter()
                .map(|record| self.names(record, field))
                .find(|names| !names.is_empty())?
                .into_iter()
                .next()
        });
        let mut entry = Entry::new(key.clone(), name.unwrap_or(key));
        let mut said: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut links = Vec::new();
        for mut record in records {
            links.append(&mut record.links);
            for (name, mut texts) in std::mem::take(&mut record.marks) {
                said.entry(self.mark_field(name)).or_default().append(&mut texts);
            }
            self.tell_names_apart(&mut record, &entry.title);
            for (field, parts) in record.fields {
                said.entry(field).or_default().extend(parts);
            }
        }
        let first_of = |field: &Option<String>| said.get(field.as_ref()?)?.first().cloned();
        entry.date = first_of(&self.settings.date)
            .and_then(|text| date::formatted(&text, self.settings.date_format.as_deref()));
        entry.url = first_of(&self.settings.link).and_then(|text| web_address(self.page, &text));
        for (field, parts) in said {
            entry = entry.with(field, distinct(&parts));
        }
        entry.with(LINKS, link_list(links))
    }

    /// The field of a mark; the list may have a column that is called so.
    fn mark_field(&self, name: &str) -> String {
        if self.names.has(name) { format!("{name}_on_page") } else { name.to_owned() }
    }

    /// The names in a row: where rows are grouped each part is one, else they are one together.
    fn names(&self, record: &Record, field: &str) -> Vec<String> {
        let mut names = if self.settings.group {
            record.parts(field).iter().map(|part| one_line(part)).collect()
        } else {
            vec![record.line(field)]
        };
        names.retain(|name| !name.is_empty());
        names
    }

    /// Leaves in the title's field the entry's own name; others are aliases. What told rows apart is dropped.
    fn tell_names_apart(&self, record: &mut Record, title: &str) {
        for field in self.settings.first.keys() {
            record.fields.remove(field);
        }
        if !self.settings.group {
            return;
        }
        let Some(field) = self.title_field() else { return };
        let names = self.names(record, field);
        record.fields.remove(field);
        if names.iter().any(|name| name == title) {
            record.fields.insert(field.to_owned(), vec![title.to_owned()]);
        }
        let mut others = names;
        others.extend(record.fields.remove(ALIASES).unwrap_or_default());
        // The same name with another full stop is no other name.
        let own = folded(title);
        others.retain(|name| folded(name) != own);
        if !others.is_empty() {
            record.fields.insert(ALIASES.to_owned(), others);
        }
    }

    /// Whether the record is one of those that name their entry.
    fn is_first(&self, record: &Record) -> bool {
        let first = &self.settings.first;
        first.iter().all(|(field, text)| record.line(field).eq_ignore_ascii_case(text))
    }
}

/// The text as it is kept: by lines, misread characters put right.
fn settled_text(text: String) -> String {
    if is_one_plain_line(&text) { text } else { lines(&mended(&text)) }
}

/// The text with bytes of windows-1252 that were once taken for Latin-1 read as what they were.
///
/// Such controls mean nothing in a list, and dropping them would join words: "Gui\u{92}an".
fn mended(text: &str) -> Cow<'_, str> {
    let is_misread = |c: char| ('\u{80}'..='\u{9f}').contains(&c) && c != '\u{85}';
    if !text.contains(is_misread) {
        return Cow::Borrowed(text);
    }
    let meant = |c: char| match u8::try_from(u32::from(c)) {
        Ok(byte) if is_misread(c) => WINDOWS_1252.decode_without_bom_handling(&[byte]).0.into_owned(),
        _ => c.to_string(),
    };
    Cow::Owned(text.chars().map(meant).collect())
}

/// The parts, each once, a line each.
fn distinct(parts: &[String]) -> String {
    if let [part] = parts {
        return part.clone();
    }
    let mut seen = HashSet::new();
    let kept: Vec<&str> = parts.iter().map(String::as_str).filter(|part| seen.insert(*part)).collect();
    kept.join("\n")
}

/// An absolute address on the web.
fn web_address(page: &Url, text: &str) -> Option<String> {
    let url = page.join(text.trim()).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| url.into())
}

#[cfg(test)]
mod tests;
