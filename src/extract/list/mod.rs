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
mod record;
pub(super) mod uflpa;
pub(super) mod uk;
pub(super) mod un;
pub(super) mod xlsx;
pub(super) mod xml;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};

use encoding_rs::WINDOWS_1252;
use rustc_hash::FxHashSet;
use url::Url;

use self::packed::{FieldNumbers, Packed};
use self::record::FieldParts;
pub(super) use self::record::Record;
use super::date;
use super::html::link_list;
use super::limits;
use super::section;
use super::table::folded;
use crate::domain::entry::{Completeness, Document, Entry, LINKS, Resemblance, SECTION};
use crate::domain::fields::FieldName;
use crate::domain::source::{Pairs, RowSettings};
use crate::domain::text::{lines, one_line, plain_line};
use crate::domain::verdict::Unreadable;

/// The field that holds an entry's other names, one a line.
const ALIASES: &str = "aliases";

/// An entry of one row, and what is true of the row and not said in it.
#[derive(Debug)]
struct Single {
    entry: Entry,
    marks: Vec<(&'static str, String)>,
}

/// Makes entries of records.
#[derive(Debug)]
pub(super) struct Rows<'a> {
    settings: &'a RowSettings,
    page: &'a Url,
    /// Entries of one row each, where rows are not grouped.
    single: Vec<Single>,
    /// Records that become one entry, in the order of the file, where they are.
    groups: Vec<(String, Vec<Packed>)>,
    known: HashMap<String, usize>,
    /// The names of what waits in groups.
    names: FieldNumbers,
    /// The fields that some row had.
    had: FxHashSet<FieldName>,
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
            single: Vec::new(),
            groups: Vec::new(),
            known: HashMap::new(),
            names: FieldNumbers::default(),
            had: FxHashSet::default(),
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
            record.mark(SECTION, heading.as_str());
        }
        for (field, _) in &record.fields {
            if !self.had.contains(field) {
                self.had.insert(field.clone());
            }
        }
        let key = record.key(&self.settings.key);
        self.bytes += key.len() + record.bytes();
        limits::check_bytes(self.bytes)?;
        if self.settings.group {
            self.add_to_group(key, record);
        } else {
            self.single.push(self.single(key, record));
        }
        Ok(())
    }

    fn add_to_group(&mut self, key: String, record: Record) {
        let known = self.known.get(&key).copied();
        let record = self.names.pack(record, known.and_then(|index| self.groups[index].1.last()));
        if let Some(index) = known {
            self.groups[index].1.push(record);
        } else {
            self.known.insert(key.clone(), self.groups.len());
            self.groups.push((key, vec![record]));
        }
    }

    /// The record with its texts normalised, split, joined, and without what stands for nothing.
    fn settled(&self, mut record: Record) -> Record {
        record.fields.retain_mut(|(field, parts)| {
            self.settle(field, parts);
            !parts.is_empty()
        });
        self.take_aliases(&mut record);
        record
    }

    fn settle(&self, field: &FieldName, parts: &mut FieldParts) {
        parts.iter_mut().for_each(settle_text);
        parts.retain(|part| !self.is_null(part));
        if self.settings.joined.iter().any(|joined| *joined == **field) {
            *parts = std::iter::once(one_line(&parts.join(" "))).collect();
        }
        if let Some(separator) = self.settings.split.get(field.as_str()) {
            *parts = parts.iter().flat_map(|part| part.split(separator.as_str())).map(one_line).collect();
        }
        parts.retain(|part| !self.is_null(part));
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
            record.set(field, [names.name]);
            record.parts_mut(ALIASES).extend(names.aliases);
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
        let is_missing = |field: &&String| !self.had.contains(field.as_str());
        if self.count > 0
            && let Some(field) = fields.iter().filter(is_needed).find(is_missing)
        {
            return Err(Unreadable::Missing { what: format!("the field {field:?}, in all the entries,") });
        }
        let (single, groups) = (std::mem::take(&mut self.single), std::mem::take(&mut self.groups));
        let single = single.into_iter().map(|single| self.finished(single));
        let grouped = groups.into_iter().map(|(key, records)| self.grouped(key, records));
        let entries = if self.settings.group { grouped.collect() } else { single.collect() };
        Ok(Document::new(entries, Completeness::Whole, Resemblance::Title))
    }

    /// The entry of one row. What it says of the page waits: the list may have a column that is called so.
    fn single(&self, key: String, mut record: Record) -> Single {
        let name = self.title_field().map(|field| record.line(field)).filter(|name| !name.is_empty());
        let title = name.unwrap_or_else(|| key.clone());
        self.tell_names_apart(&mut record, &title);
        let mut entry = Entry::new(key, title);
        self.add_properties(&mut entry, |field| record.parts(field).first().map(String::as_str));
        // With its links.
        entry.fields.reserve_exact(record.fields.len() + usize::from(!record.links.is_empty()));
        for (field, parts) in record.fields {
            entry = entry.with(field, distinct(parts));
        }
        entry = entry.with(LINKS, link_list(record.links));
        Single { entry, marks: record.marks }
    }

    fn finished(&self, single: Single) -> Entry {
        let Single { mut entry, marks } = single;
        for field in &self.forgotten {
            entry.fields.remove(field);
        }
        let mut said: BTreeMap<String, FieldParts> = BTreeMap::new();
        for (name, text) in marks {
            said.entry(self.mark_field(name)).or_default().push(text);
        }
        for (field, mut parts) in said {
            parts.extend(entry.fields.remove(&field));
            entry = entry.with(field, distinct(parts));
        }
        entry
    }

    fn unpacked(&self, record: Packed) -> Record {
        let mut record = self.names.unpack(record);
        record.fields.retain(|(field, _)| !self.forgotten.contains(field.as_str()));
        record
    }

    fn grouped(&self, key: String, records: Vec<Packed>) -> Entry {
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
        let mut said: BTreeMap<FieldName, FieldParts> = BTreeMap::new();
        let mut links = Vec::new();
        for mut record in records {
            links.append(&mut record.links);
            for (name, text) in std::mem::take(&mut record.marks) {
                said.entry(self.mark_field(name).into()).or_default().push(text);
            }
            self.tell_names_apart(&mut record, &entry.title);
            for (field, parts) in record.fields {
                said.entry(field).or_default().extend(parts);
            }
        }
        self.add_properties(&mut entry, |field| said.get(field)?.first().map(String::as_str));
        for (field, parts) in said {
            entry = entry.with(field, distinct(parts));
        }
        entry.with(LINKS, link_list(links))
    }

    /// Adds the entry's date and address, by what its row says in a field.
    fn add_properties<'t>(&self, entry: &mut Entry, said_in: impl Fn(&str) -> Option<&'t str>) {
        let said_in = |field: &Option<String>| said_in(field.as_ref()?);
        entry.date = said_in(&self.settings.date)
            .and_then(|text| date::formatted(text, self.settings.date_format.as_deref()));
        entry.url = said_in(&self.settings.link).and_then(|text| web_address(self.page, text));
    }

    /// The field of a mark; the list may have a column that is called so.
    fn mark_field(&self, name: &str) -> String {
        if self.had.contains(name) { format!("{name}_on_page") } else { name.to_owned() }
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
            record.remove(field);
        }
        if !self.settings.group {
            return;
        }
        let Some(field) = self.title_field() else { return };
        let names = self.names(record, field);
        record.remove(field);
        if names.iter().any(|name| name == title) {
            record.set(field, [title.to_owned()]);
        }
        let mut others = names;
        others.extend(record.remove(ALIASES));
        // The same name with another full stop is no other name.
        let own = folded(title);
        others.retain(|name| folded(name) != own);
        if !others.is_empty() {
            record.set(ALIASES, others);
        }
    }

    /// Whether the record is one of those that name their entry.
    fn is_first(&self, record: &Record) -> bool {
        let first = &self.settings.first;
        first.iter().all(|(field, text)| record.line(field).eq_ignore_ascii_case(text))
    }
}

/// Brings a text into the form in which it is kept: by lines, misread characters put right.
fn settle_text(text: &mut String) {
    match plain_line(text).map(str::len) {
        Some(length) if length == text.len() => {}
        Some(length) if !text.starts_with(' ') => text.truncate(length),
        _ => *text = lines(&mended(text)),
    }
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
fn distinct(mut parts: FieldParts) -> String {
    if parts.len() < 2 {
        return parts.pop().unwrap_or_default();
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
