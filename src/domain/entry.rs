//! What a page says, as entries: the unit that is compared, matched and told.

pub mod rows;

use std::collections::BTreeSet;
use std::fmt;

use chrono::{DateTime, FixedOffset, NaiveDate};
use rustc_hash::{FxBuildHasher, FxHashSet};
use serde::{Deserialize, Serialize};

use super::fields::{FieldName, Fields};

/// The field that holds an entry's links, one `label ⇥ address` a line.
pub const LINKS: &str = "links";

/// The field that names the parties of the proceeding an entry belongs to.
pub const CAPTION: &str = "caption";

/// The field that names them where there is no caption, or beside it.
pub const PARTIES: &str = "parties";

/// The field that says where on its page an entry stands: under which heading, caption or row of a table.
pub const SECTION: &str = "section";

/// The field that holds those words of an entry that are struck through.
pub const STRUCK: &str = "struck_through";

/// The field that holds those words of an entry that the page hides.
pub const HIDDEN: &str = "hidden";

/// The date an entry bears: a bare day, or a moment where the source gives one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EntryDate {
    /// A calendar day in the source's own zone.
    Day(NaiveDate),
    /// A point in time with the offset the source wrote.
    Moment(DateTime<FixedOffset>),
}

impl EntryDate {
    /// The calendar day, as the source wrote it.
    #[must_use]
    pub fn day(self) -> NaiveDate {
        match self {
            Self::Day(day) => day,
            Self::Moment(moment) => moment.date_naive(),
        }
    }
}

impl fmt::Display for EntryDate {
    /// ISO 8601: `2021-03-12` or `2023-02-03T11:57:38-05:00`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(day) => f.pad(&day.format("%Y-%m-%d").to_string()),
            Self::Moment(moment) => f.pad(&moment.to_rfc3339()),
        }
    }
}

impl std::str::FromStr for EntryDate {
    type Err = chrono::ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match DateTime::parse_from_rfc3339(text) {
            Ok(moment) => Ok(Self::Moment(moment)),
            Err(_) => NaiveDate::parse_from_str(text, "%Y-%m-%d").map(Self::Day),
        }
    }
}

impl Serialize for EntryDate {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EntryDate {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// One thing a source says: a row, a docket entry, a feed item, a section.
///
/// The key says what the entry is *about* and survives rewording; it never
/// depends on the entry's position. All texts are normalised for display
/// (white space folded, deceptive characters dropped) but otherwise as the
/// source wrote them: noise is a matter of comparing, not of keeping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Stable identity within its source.
    pub key: String,
    /// What a reader would call the entry.
    pub title: String,
    /// The date it bears, where it bears one.
    pub date: Option<EntryDate>,
    /// Where a reader finds it, absolute.
    pub url: Option<String>,
    /// Named contents, in the order of their names.
    pub fields: Fields,
}

impl Entry {
    /// An entry without contents.
    #[must_use]
    pub fn new(key: impl Into<String>, title: impl Into<String>) -> Self {
        Self { key: key.into(), title: title.into(), date: None, url: None, fields: Fields::new() }
    }

    /// Adds a field unless its text is empty.
    #[must_use]
    pub fn with(mut self, name: impl Into<FieldName>, text: impl Into<String>) -> Self {
        let text = text.into();
        if !text.is_empty() {
            self.fields.insert(name, text);
        }
        self
    }

    /// Everything the entry says, for matching: the title and each field that is not a link list.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        std::iter::once(("title", self.title.as_str())).chain(
            self.fields
                .iter()
                .filter(|(name, _)| name.as_str() != LINKS)
                .map(|(name, text)| (name.as_str(), text.as_str())),
        )
    }
}

/// Whether an entry's absence means that it is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Completeness {
    /// The page holds every entry there is: absence is removal.
    Whole,
    /// The page holds the newest entries only: absence means nothing.
    Window,
}

/// How an entry that seems gone is recognised in one that seems new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resemblance {
    /// By its title: list rows, whose texts are alike and whose names tell them apart.
    Title,
    /// By its text: sections of prose, whose headings may be reworded.
    Text,
    /// By its link, or by its title with its day or its text: items of a feed, which are given new identifiers.
    Item,
    /// By its day and its text: entries of a docket, which clerks renumber.
    DayAndText,
    /// Never: entries with identifiers of their own.
    Never,
}

/// All that one body says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// The entries, each key once.
    #[serde(with = "rows")]
    pub entries: Vec<Entry>,
    /// What an absence means.
    pub completeness: Completeness,
    /// How a renamed entry is recognised.
    pub resemblance: Resemblance,
    /// Whether the source says itself that there is nothing of what it was asked for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_honestly_empty: bool,
    /// What the source calls itself, where it does: a feed's title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// What could not be read and was left out, by name; of the read it came with alone.
    #[serde(skip)]
    pub left_out: Vec<String>,
    /// The address that its addresses were relative to, where the page has any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// The newest date of what was passed over, as of other cases; of the read it came with alone.
    #[serde(skip)]
    pub newest_passed_over: Option<EntryDate>,
}

/// Separates a key from the number that tells apart entries that are about the same thing.
const TWIN_MARK: char = '~';

/// Returns for each key that several entries bear the places of all of them.
fn twins(entries: &[Entry]) -> Vec<Vec<usize>> {
    let mut keys = FxHashSet::with_capacity_and_hasher(entries.len(), FxBuildHasher);
    // In most documents every entry has a key of its own.
    if entries.iter().all(|entry| keys.insert(entry.key.as_str())) {
        return Vec::new();
    }
    let mut places: Vec<usize> = (0..entries.len()).collect();
    places.sort_by_key(|place| &entries[*place].key);
    let families = places.chunk_by(|one, other| entries[*one].key == entries[*other].key);
    families.filter(|members| members.len() > 1).map(<[usize]>::to_vec).collect()
}

impl Document {
    /// Makes a document, giving every entry a key of its own.
    ///
    /// Entries about the same thing share a key as the parser made it; all but
    /// the first get `~2`, `~3`, … in the order of their dates and texts, never
    /// of their positions. Exact copies are as many entries as there are, save where entries have
    /// identifiers of their own: there a copy is the same thing said again. A key that looks like
    /// that of a twin before any was told apart gets `~1`: it is nobody's twin.
    #[must_use]
    pub fn new(mut entries: Vec<Entry>, completeness: Completeness, resemblance: Resemblance) -> Self {
        for entry in &mut entries {
            entry.fields.shrink_to_fit();
            if family(&entry.key) != entry.key {
                entry.key.push(TWIN_MARK);
                entry.key.push('1');
            }
        }
        let is_identified = matches!(resemblance, Resemblance::Never | Resemblance::Item);
        let mut copies = Vec::new();
        for mut members in twins(&entries) {
            members.sort_by(|&a, &b| {
                let (a, b) = (&entries[a], &entries[b]);
                (a.date, &a.title, &a.fields, &a.url).cmp(&(b.date, &b.title, &b.fields, &b.url))
            });
            members.dedup_by(|later, earlier| {
                let is_copy = is_identified && entries[*later] == entries[*earlier];
                if is_copy {
                    copies.push(*later);
                }
                is_copy
            });
            for (number, &index) in members.iter().enumerate().skip(1) {
                let key = format!("{}{TWIN_MARK}{}", family(&entries[index].key), number + 1);
                entries[index].key = key;
            }
        }
        let copies: BTreeSet<usize> = copies.into_iter().collect();
        let mut index = 0..;
        entries.retain(|_| index.next().is_none_or(|index| !copies.contains(&index)));
        Self {
            entries,
            completeness,
            resemblance,
            is_honestly_empty: false,
            about: None,
            left_out: Vec::new(),
            base: None,
            newest_passed_over: None,
        }
    }

    /// The same with what its addresses were relative to.
    #[must_use]
    pub fn relative_to(self, base: &url::Url) -> Self {
        Self { base: Some(base.to_string()), ..self }
    }

    /// The newest date of anything the source shows.
    #[must_use]
    pub fn newest(&self) -> Option<EntryDate> {
        self.entries.iter().filter_map(|entry| entry.date).chain(self.newest_passed_over).max()
    }

    /// Puts entries back that are still believed to be there; one whose key is taken becomes a twin.
    pub fn put_back(&mut self, entries: impl IntoIterator<Item = Entry>) {
        let mut taken: BTreeSet<String> = self.entries.iter().map(|entry| entry.key.clone()).collect();
        for mut entry in entries {
            let mut number = 2_usize;
            while taken.contains(&entry.key) {
                entry.key = format!("{}{TWIN_MARK}{number}", family(&entry.key));
                number += 1;
            }
            taken.insert(entry.key.clone());
            self.entries.push(entry);
        }
    }
}

/// The key as the parser made it, without the number that tells twins apart.
#[must_use]
pub fn family(key: &str) -> &str {
    match key.rsplit_once(TWIN_MARK) {
        Some((family, number)) if !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) => family,
        _ => key,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(key: &str, text: &str) -> Entry {
        Entry::new(key, key).with("text", text)
    }

    fn keys(entries: Vec<Entry>) -> Vec<(String, String)> {
        Document::new(entries, Completeness::Whole, Resemblance::Title)
            .entries
            .into_iter()
            .map(|entry| (entry.key, entry.fields["text"].clone()))
            .collect()
    }

    #[test]
    fn twins_are_told_apart_whatever_their_order() {
        let mut forward = keys(vec![row("a", "one"), row("a", "two"), row("b", "three")]);
        let mut backward = keys(vec![row("b", "three"), row("a", "two"), row("a", "one")]);
        forward.sort();
        backward.sort();
        assert_eq!(forward, backward);
        assert_eq!(forward[0], ("a".into(), "one".into()));
        assert_eq!(forward[1], ("a~2".into(), "two".into()));
        assert_eq!(family("a~2"), "a");
        assert_eq!(family("a~b"), "a~b");
    }

    #[test]
    fn exact_copies_are_as_many_as_there_are_unless_entries_have_identifiers() {
        let copies = || vec![row("a", "one"), row("b", "two"), row("a", "one")];
        let found: Vec<String> = keys(copies()).into_iter().map(|(key, _)| key).collect();
        assert_eq!(found, ["a", "b", "a~2"]);
        let identified = Document::new(copies(), Completeness::Window, Resemblance::Never);
        assert_eq!(identified.entries.len(), 2);
    }

    #[test]
    fn what_is_put_back_takes_nobody_s_key() {
        let mut document =
            Document::new(vec![row("a", "one"), row("a", "two")], Completeness::Whole, Resemblance::Title);
        document.put_back([row("a", "zero"), row("b", "three")]);
        let keys: Vec<&str> = document.entries.iter().map(|entry| entry.key.as_str()).collect();
        assert_eq!(keys, ["a", "a~2", "a~3", "b"]);
    }

    #[test]
    fn a_date_survives_its_text_form() {
        for text in ["2021-03-12", "2023-02-03T11:57:38-05:00"] {
            assert_eq!(text.parse::<EntryDate>().map(|date| date.to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn a_key_that_looks_like_a_twins_is_nobodys_twin() {
        let entries = [("a", "one"), ("a", "two"), ("a~2", "three"), ("a~2", "four"), ("b~", "five")];
        let keys = keys(entries.map(|(key, text)| row(key, text)).to_vec());
        let keys: Vec<&str> = keys.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["a", "a~2", "a~2~2", "a~2~1", "b~"]);
        let families: Vec<&str> = keys.iter().map(|key| family(key)).collect();
        assert_eq!(families, ["a", "a", "a~2", "a~2", "b~"]);
    }
}
