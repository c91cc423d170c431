//! Entries that stand together and are gone together.
//!
//! Many files are put together from others: a consolidated list of a dozen lists, a page of several
//! tables, a chapter of sections. When one of them was not there while the file was made, its entries are
//! missing all at once, and however few they are among the rest, that is a part and not the whole.
//!
//! What entries stand under is said by a field, or by the headings above them. Where the field says where
//! they stand, two are enough to be a group; of any other field only one of few values, each of several
//! entries, is: a country or a type, and neither a name nor a day.

use std::collections::{BTreeMap, BTreeSet};

use super::docket::is_docket_entry;
use super::entry::{Document, Entry, LINKS, Resemblance};
use super::fields::FieldName;

/// Fields that say where an entry stands, whatever their values are.
const PLACES: [&str; 12] = [
    "band",
    "caption",
    "group",
    "heading",
    "list",
    "list_name",
    "list_type",
    "section",
    "sheet",
    "source",
    "source_list",
    "table",
];

/// Of a field that says where entries stand, so many are a group: one may always go by itself.
const MIN_PLACED: usize = 2;

/// Of any other field so many with one value are.
const MIN_ALIKE: usize = 5;

/// So many sections under one heading are.
const MIN_SECTIONS: usize = 3;

/// A field of more values than these sorts entries and does not group them.
const MAX_VALUES: usize = 32;

/// A longer text is no group's name.
const MAX_NAME_BYTES: usize = 200;

/// A group of which nothing is left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gone {
    /// What its entries stand under: a field with its value, or a heading.
    pub name: String,
    /// How many they were.
    pub entries: usize,
}

/// The largest group of which every entry is among the `removed` and no other has come.
#[must_use]
pub fn gone(before: &Document, after: &Document, removed: &[&str]) -> Option<Gone> {
    if removed.len() < MIN_PLACED {
        return None;
    }
    let removed: BTreeSet<&str> = removed.iter().copied().collect();
    let by_field = fields_of(before, &removed).into_iter().filter_map(|field| {
        let groups = Groups::by(before, |entry| value(entry, field));
        let least = groups.least_of_field(field, before.entries.len())?;
        let kept = Groups::by(after, |entry| value(entry, field));
        groups
            .largest_gone(&kept, &removed, least)
            .map(|(name, entries)| Gone { name: format!("{field} {name:?}"), entries })
    });
    by_field.chain(section(before, after, &removed)).max_by_key(|gone| gone.entries)
}

/// The fields that removed entries have.
fn fields_of<'a>(before: &'a Document, removed: &BTreeSet<&str>) -> BTreeSet<&'a str> {
    let gone = before.entries.iter().filter(|entry| removed.contains(entry.key.as_str()));
    // What a docket's entries have in common is the case's.
    let gone = gone.filter(|entry| !is_docket_entry(entry));
    gone.flat_map(|entry| entry.fields.keys().map(FieldName::as_str)).filter(|name| *name != LINKS).collect()
}

fn value<'a>(entry: &'a Entry, field: &str) -> Option<&'a str> {
    let value = entry.fields.get(field)?.as_str();
    (value.len() <= MAX_NAME_BYTES && !value.contains('\n')).then_some(value)
}

/// Of prose the section that went with all the sections within it.
fn section(before: &Document, after: &Document, removed: &BTreeSet<&str>) -> Option<Gone> {
    if before.resemblance != Resemblance::Text {
        return None;
    }
    let (groups, kept) = (Groups::by(before, heading), Groups::by(after, heading));
    let (name, entries) = groups.largest_gone(&kept, removed, MIN_SECTIONS)?;
    (groups.members.len() > 1).then(|| Gone { name: format!("section {name:?}"), entries })
}

/// The uppermost heading above an entry of prose.
fn heading(entry: &Entry) -> Option<&str> {
    entry.key.split('/').next().filter(|heading| !heading.is_empty())
}

/// The entries of a document by what they stand under.
struct Groups<'a> {
    members: BTreeMap<&'a str, Vec<&'a str>>,
}

impl<'a> Groups<'a> {
    fn by(document: &'a Document, name: impl Fn(&'a Entry) -> Option<&'a str>) -> Self {
        let mut members: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for entry in &document.entries {
            if let Some(name) = name(entry) {
                members.entry(name).or_default().push(&entry.key);
            }
        }
        Self { members }
    }

    fn len(&self) -> usize {
        self.members.values().map(Vec::len).sum()
    }

    /// How many entries are a group of this field; `None` where it groups nothing.
    fn least_of_field(&self, field: &str, all: usize) -> Option<usize> {
        let has_others = self.members.len() > 1 || self.len() < all;
        if PLACES.contains(&field.to_lowercase().as_str()) {
            return has_others.then_some(MIN_PLACED);
        }
        let is_of_few = (2..=MAX_VALUES).contains(&self.members.len());
        let is_of_all = self.len() * 10 >= all * 9;
        let are_large = self.len() >= self.members.len() * MIN_ALIKE;
        // Days, numbers and notices are what entries that came together share.
        let are_words = self.members.keys().all(|name| !name.bytes().any(|byte| byte.is_ascii_digit()));
        (is_of_few && is_of_all && are_large && are_words).then_some(MIN_ALIKE)
    }

    fn largest_gone(
        &self,
        kept: &Groups<'_>,
        removed: &BTreeSet<&str>,
        least: usize,
    ) -> Option<(&'a str, usize)> {
        let is_gone = |name: &str, keys: &[&str]| {
            keys.len() >= least
                && !kept.members.contains_key(name)
                && keys.iter().all(|key| removed.contains(key))
        };
        self.members
            .iter()
            .filter(|(name, keys)| is_gone(name, keys))
            .map(|(name, keys)| (*name, keys.len()))
            .max_by_key(|(_, entries)| *entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::entry::Completeness;

    fn document(groups: &[(&str, &str, usize)]) -> Document {
        let entry = |field: &str, group: &str, number: usize| {
            Entry::new(format!("{group}-{number}"), "A")
                .with(field, group)
                .with("date", if number == 0 { "2020-01-01" } else { "2021-02-03" })
        };
        let entries = groups
            .iter()
            .flat_map(|(field, group, count)| (0..*count).map(|number| entry(field, group, number)));
        Document::new(entries.collect(), Completeness::Whole, Resemblance::Title)
    }

    #[track_caller]
    fn check(before: &[(&str, &str, usize)], after: &[(&str, &str, usize)], expected: Option<(&str, usize)>) {
        let (before, after) = (document(before), document(after));
        let kept: BTreeSet<&str> = after.entries.iter().map(|entry| entry.key.as_str()).collect();
        let keys = before.entries.iter().map(|entry| entry.key.as_str());
        let removed: Vec<&str> = keys.filter(|key| !kept.contains(key)).collect();
        let gone = gone(&before, &after, &removed);
        assert_eq!(gone.as_ref().map(|gone| (gone.name.as_str(), gone.entries)), expected);
    }

    #[test]
    fn a_list_that_goes_whole_is_named_however_small_it_is() {
        let three = [("list", "Entities", 180), ("list", "Unverified", 2), ("list", "Military", 28)];
        check(&three, &[three[0], three[2]], Some(("list \"Unverified\"", 2)));
        check(&three, &[three[0], three[1]], Some(("list \"Military\"", 28)));
        check(&three, &[three[0], three[1], ("list", "Military", 1)], None);
        check(&[three[0], ("list", "Single", 1)], &[three[0]], None);
    }

    #[test]
    fn any_field_of_few_values_groups_and_days_do_not() {
        let countries =
            [("country", "Freedonia", 40), ("country", "Sylvania", 6), ("country", "Ruritania", 3)];
        check(&countries, &[countries[0], countries[2]], Some(("country \"Sylvania\"", 6)));
        check(&countries, &countries[..2], None);
        let notices = [("notice", "85 FR 1", 40), ("notice", "86 FR 2", 6)];
        check(&notices, &notices[..1], None);
    }

    #[test]
    fn a_list_of_one_group_is_judged_as_a_whole() {
        check(&[("list", "Only", 5)], &[("list", "Only", 2)], None);
    }

    #[test]
    fn of_prose_a_section_goes_with_what_is_within_it() {
        let of = |keys: &[&str]| {
            let entries = keys.iter().map(|key| Entry::new(*key, *key).with("text", "x")).collect();
            Document::new(entries, Completeness::Whole, Resemblance::Text)
        };
        let before = of(&["scope", "scope/a", "parties", "parties/a", "parties/b", "terms"]);
        let after = of(&["scope", "scope/a", "terms"]);
        let found = gone(&before, &after, &["parties", "parties/a", "parties/b"]);
        assert_eq!(found.map(|gone| (gone.name, gone.entries)), Some(("section \"parties\"".to_owned(), 3)));
        assert_eq!(
            gone(&before, &of(&["scope", "scope/a", "parties", "parties/a", "parties/b"]), &["terms"]),
            None
        );
    }
}
