//! How the entries of a document are written down: as rows below the names of their fields.
//!
//! A list has thousands of entries with the same few fields, and of most entries the key or the title is what one of
//! the fields says.
//!
//! ```json
//! {"fields": ["date", "name"], "rows": [["basalt", 1, null, null, "2026-03-01", "Basalt Works"]]}
//! ```
//!
//! A row has the key, the title, the date and the address of its entry, then what it says in each field, `null` where
//! nothing. A number instead of a text stands for what the field with this number says, counted from 0. Entries that
//! have many different fields are written one by one, as earlier programs wrote all of them.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use super::Entry;
use crate::domain::fields::{FieldName, Fields};

/// Entries with more fields between them are written one by one.
const MAX_FIELDS: usize = 64;

/// So many cells stand before those of the fields.
const HEAD_CELLS: usize = 4;

/// Writes entries.
pub fn serialize<S: Serializer>(entries: &[Entry], serializer: S) -> Result<S::Ok, S::Error> {
    let Some(names) = names_of(entries) else { return serializer.collect_seq(entries) };
    let names: Vec<&FieldName> = names.into_iter().collect();
    let mut map = serializer.serialize_map(Some(2))?;
    map.serialize_entry("fields", &names)?;
    map.serialize_entry("rows", &WrittenRows { entries, names: &names })?;
    map.end()
}

/// The names of all fields, if they are few enough.
fn names_of(entries: &[Entry]) -> Option<BTreeSet<&FieldName>> {
    let mut names = BTreeSet::new();
    for entry in entries {
        names.extend(entry.fields.iter().map(|(name, _)| name));
        if names.len() > MAX_FIELDS {
            return None;
        }
    }
    Some(names)
}

struct WrittenRows<'a> {
    entries: &'a [Entry],
    names: &'a [&'a FieldName],
}

impl Serialize for WrittenRows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.entries.iter().map(|entry| WrittenRow { entry, names: self.names }))
    }
}

struct WrittenRow<'a> {
    entry: &'a Entry,
    names: &'a [&'a FieldName],
}

impl Serialize for WrittenRow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut row = serializer.serialize_seq(Some(HEAD_CELLS + self.names.len()))?;
        self.put(&mut row, Some(&self.entry.key))?;
        self.put(&mut row, Some(&self.entry.title))?;
        row.serialize_element(&self.entry.date)?;
        self.put(&mut row, self.entry.url.as_ref())?;
        let mut fields = self.entry.fields.iter().peekable();
        for name in self.names {
            // Both are in the order of the names.
            row.serialize_element(&fields.next_if(|(known, _)| known == name).map(|(_, text)| text))?;
        }
        row.end()
    }
}

impl WrittenRow<'_> {
    /// Writes a text, or the number of the field that says the same.
    fn put<S: SerializeSeq>(&self, row: &mut S, text: Option<&String>) -> Result<(), S::Error> {
        let same = text.and_then(|text| self.entry.fields.iter().find(|(_, said)| *said == text));
        match same.and_then(|(name, _)| self.names.binary_search(&name).ok()) {
            Some(number) => row.serialize_element(&number),
            None => row.serialize_element(&text),
        }
    }
}

/// Reads entries.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Entry>, D::Error> {
    let mut entries = Vec::new();
    each(deserializer, |entry| entries.push(entry))?;
    entries.shrink_to_fit();
    Ok(entries)
}

/// Reads entries one after the other, for a caller that does not keep them all.
pub fn each<'de, D: Deserializer<'de>>(deserializer: D, take: impl FnMut(Entry)) -> Result<(), D::Error> {
    deserializer.deserialize_any(EntriesVisitor(take))
}

struct EntriesVisitor<F>(F);

impl<'de, F: FnMut(Entry)> Visitor<'de> for EntriesVisitor<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("entries, or their fields and rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut entries: A) -> Result<(), A::Error> {
        while let Some(entry) = entries.next_element()? {
            (self.0)(entry);
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        if map.next_key::<String>()?.as_deref() != Some("fields") {
            return Err(A::Error::missing_field("fields"));
        }
        let names: Vec<FieldName> = map.next_value()?;
        if map.next_key::<String>()?.as_deref() != Some("rows") {
            return Err(A::Error::missing_field("rows"));
        }
        map.next_value_seed(RowsSeed { names: &names, take: self.0 })?;
        match map.next_key::<IgnoredAny>()? {
            None => Ok(()),
            Some(_) => Err(A::Error::custom("something stands behind the rows")),
        }
    }
}

struct RowsSeed<'a, F> {
    names: &'a [FieldName],
    take: F,
}

impl<'de, F: FnMut(Entry)> DeserializeSeed<'de> for RowsSeed<'_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, F: FnMut(Entry)> Visitor<'de> for RowsSeed<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut rows: A) -> Result<(), A::Error> {
        while let Some(entry) = rows.next_element_seed(RowSeed(self.names))? {
            (self.take)(entry);
        }
        Ok(())
    }
}

struct RowSeed<'a>(&'a [FieldName]);

impl<'de> DeserializeSeed<'de> for RowSeed<'_> {
    type Value = Entry;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Entry, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for RowSeed<'_> {
    type Value = Entry;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a key, a title, a date, an address and {} fields", self.0.len())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut row: A) -> Result<Entry, A::Error> {
        let (key, title) = (self.cell::<A, RowText>(&mut row, 0)?, self.cell::<A, RowText>(&mut row, 1)?);
        let (date, url) = (self.cell(&mut row, 2)?, self.cell::<A, RowText>(&mut row, 3)?);
        let mut said = Vec::with_capacity(self.0.len());
        for number in 0..self.0.len() {
            said.push(self.cell::<A, Option<String>>(&mut row, HEAD_CELLS + number)?);
        }
        let (key, title, url) = (key.of(&said)?, title.of(&said)?, url.of(&said)?);
        let is_said = |(name, text): (&FieldName, Option<String>)| Some((name.clone(), text?));
        let mut fields: Fields = self.0.iter().zip(said).filter_map(is_said).collect();
        fields.shrink_to_fit();
        Ok(Entry {
            key: key.ok_or_else(|| A::Error::missing_field("key"))?,
            title: title.ok_or_else(|| A::Error::missing_field("title"))?,
            date,
            url,
            fields,
        })
    }
}

impl RowSeed<'_> {
    /// The next cell, which has this place in its row.
    fn cell<'de, A: SeqAccess<'de>, T: Deserialize<'de>>(
        &self,
        row: &mut A,
        place: usize,
    ) -> Result<T, A::Error> {
        row.next_element()?.ok_or_else(|| A::Error::invalid_length(place, self))
    }
}

/// A text of a row.
enum RowText {
    Own(String),
    /// What the field with this number says.
    OfField(usize),
    None,
}

impl RowText {
    /// The text itself, by what the fields of its row say.
    fn of<E: Error>(self, said: &[Option<String>]) -> Result<Option<String>, E> {
        match self {
            Self::Own(text) => Ok(Some(text)),
            Self::None => Ok(None),
            Self::OfField(number) => match said.get(number) {
                Some(Some(text)) => Ok(Some(text.clone())),
                _ => Err(E::custom(format!("the field number {number} says nothing"))),
            },
        }
    }
}

impl<'de> Deserialize<'de> for RowText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RowTextVisitor)
    }
}

struct RowTextVisitor;

impl Visitor<'_> for RowTextVisitor {
    type Value = RowText;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, the number of a field, or null")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<RowText, E> {
        Ok(RowText::Own(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<RowText, E> {
        Ok(RowText::Own(text))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<RowText, E> {
        usize::try_from(number).map(RowText::OfField).map_err(E::custom)
    }

    fn visit_unit<E: Error>(self) -> Result<RowText, E> {
        Ok(RowText::None)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn written(entries: &[Entry]) -> Value {
        serialize(entries, serde_json::value::Serializer).unwrap()
    }

    fn read(json: &Value) -> Result<Vec<Entry>, String> {
        // Through a reader, as large lists are read.
        let text = json.to_string();
        deserialize(&mut serde_json::Deserializer::from_reader(text.as_bytes()))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_list_is_rows_below_the_names_of_its_fields() {
        let entries = [
            Entry {
                date: Some("2026-03-01".parse().unwrap()),
                url: Some("https://agency.test/1".to_owned()),
                ..Entry::new("1", "Basalt Works").with("name", "Basalt Works").with("id", "1")
            },
            Entry::new("2", "Dolerite").with("name", "Dolerite Ltd").with("note", ""),
        ];
        let json = json!({
            "fields": ["id", "name"],
            "rows": [
                [0, 1, "2026-03-01", "https://agency.test/1", "1", "Basalt Works"],
                ["2", "Dolerite", null, null, null, "Dolerite Ltd"],
            ],
        });
        assert_eq!(written(&entries), json);
        assert_eq!(read(&json).unwrap(), entries);
    }

    #[test]
    fn entries_with_many_different_fields_are_written_one_by_one_and_read_like_any() {
        let entry =
            |number: usize| Entry::new(number.to_string(), "A").with(format!("field {number}"), "text");
        let entries: Vec<Entry> = (0..=MAX_FIELDS).map(entry).collect();
        assert!(written(&entries).is_array() && written(&entries[1..]).is_object());
        for entries in [&entries[..], &entries[1..], &[]] {
            assert_eq!(read(&written(entries)).unwrap(), entries);
        }
    }

    #[test]
    fn rows_that_are_not_as_they_should_be_are_no_entries() {
        let of = |row: Value| read(&json!({ "fields": ["id"], "rows": [row] })).unwrap_err();
        for (row, reason) in [
            (
                json!(["1", "A", null, null]),
                "invalid length 4, expected a key, a title, a date, an address and 1 fields",
            ),
            (json!(["1", 0, null, null, null]), "the field number 0 says nothing"),
            (json!(["1", 7, null, null, "x"]), "the field number 7 says nothing"),
            (json!([null, "A", null, null, "x"]), "missing field `key`"),
            (json!(["1", "A", "soon", null, "x"]), "input contains invalid characters"),
            (json!(["1", "A", null, null, "x", "y"]), "trailing characters"),
        ] {
            let found = of(row);
            assert!(found.starts_with(reason), "{found}");
        }
        assert!(read(&json!({ "rows": [] })).unwrap_err().starts_with("missing field `fields`"));
        assert!(read(&json!({ "fields": [] })).unwrap_err().starts_with("missing field `rows`"));
    }

    fn any_entry() -> impl Strategy<Value = Entry> {
        let fields = proptest::collection::btree_map("[a-d]", "[ab]{0,2}", 0..4);
        ("[ab]{1,2}", "[ab]{0,2}", proptest::option::of("[ab]{0,2}"), fields).prop_map(
            |(key, title, url, fields)| Entry {
                url,
                fields: fields.into_iter().collect(),
                ..Entry::new(key, title)
            },
        )
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(entries in proptest::collection::vec(any_entry(), 0..6)) {
            prop_assert_eq!(read(&written(&entries)).unwrap(), entries);
        }
    }
}
