//! The named contents of an entry, kept small: a list of a hundred thousand entries has a handful of names.
//!
//! To its users it is a map from names to texts in the order of the names, and is written down as one.

use std::borrow::Borrow;
use std::cell::RefCell;
use std::fmt;
use std::ops::{Deref, Index};
use std::sync::Arc;

use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// The name of a field. Entries that are made one after another share it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldName(Arc<str>);

/// So many of the names that were used last are shared.
const SHARED_NAMES: usize = 128;

thread_local! {
    static SHARED: RefCell<[Option<Arc<str>>; SHARED_NAMES]> = const { RefCell::new([const { None }; SHARED_NAMES]) };
}

/// Where a name waits to be used again. Another one may take its place.
fn place_of(name: &str) -> usize {
    let mixed = name.bytes().fold(5381_usize, |sum, byte| sum.wrapping_mul(33) ^ usize::from(byte));
    mixed % SHARED_NAMES
}

impl FieldName {
    /// Returns the name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for FieldName {
    fn from(name: &str) -> Self {
        SHARED.with_borrow_mut(|shared| {
            let slot = &mut shared[place_of(name)];
            match slot {
                Some(known) if **known == *name => Self(Arc::clone(known)),
                _ => Self(Arc::clone(slot.insert(Arc::from(name)))),
            }
        })
    }
}

impl From<String> for FieldName {
    fn from(name: String) -> Self {
        Self::from(name.as_str())
    }
}

impl Deref for FieldName {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for FieldName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FieldName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Serialize for FieldName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for FieldName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(NameVisitor)
    }
}

struct NameVisitor;

impl Visitor<'_> for NameVisitor {
    type Value = FieldName;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<FieldName, E> {
        Ok(name.into())
    }
}

/// Texts by their names, in the order of the names.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fields(Vec<(FieldName, String)>);

impl Fields {
    /// None at all.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Makes room for so many more, and for no others.
    pub fn reserve_exact(&mut self, fields: usize) {
        self.0.reserve_exact(fields);
    }

    fn find(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| known.as_str().cmp(name))
    }

    /// Returns the text of a field.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&String> {
        self.find(name).ok().map(|at| &self.0[at].1)
    }

    /// Returns whether there is such a field.
    #[must_use]
    pub fn contains_key(&self, name: &str) -> bool {
        self.find(name).is_ok()
    }

    /// Sets a field; returns the text that it had.
    pub fn insert(&mut self, name: impl Into<FieldName>, mut text: String) -> Option<String> {
        // It is kept for long, and texts that were put together have room to grow.
        text.shrink_to_fit();
        let name = name.into();
        // Most come in the order of their names.
        let is_behind = self.0.last().is_none_or(|(last, _)| *last < name);
        let place = if is_behind { Err(self.0.len()) } else { self.find(&name) };
        match place {
            Ok(at) => Some(std::mem::replace(&mut self.0[at].1, text)),
            Err(at) => {
                self.0.insert(at, (name, text));
                None
            }
        }
    }

    /// Removes a field; returns its text.
    pub fn remove(&mut self, name: &str) -> Option<String> {
        self.find(name).ok().map(|at| self.0.remove(at).1)
    }

    /// Gives back the room for more fields.
    pub fn shrink_to_fit(&mut self) {
        self.0.shrink_to_fit();
    }

    /// Returns whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns how many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Shows all in the order of their names.
    pub fn iter(&self) -> FieldsIter<'_> {
        self.0.iter().map(|(name, text)| (name, text))
    }

    /// Shows the names in their order.
    #[must_use]
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &FieldName> + ExactSizeIterator {
        self.0.iter().map(|(name, _)| name)
    }

    /// Shows the texts in the order of their names.
    #[must_use]
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &String> + ExactSizeIterator {
        self.0.iter().map(|(_, text)| text)
    }
}

/// Shows fields in the order of their names.
pub type FieldsIter<'a> = std::iter::Map<
    std::slice::Iter<'a, (FieldName, String)>,
    fn(&'a (FieldName, String)) -> (&'a FieldName, &'a String),
>;

impl<'a> IntoIterator for &'a Fields {
    type Item = (&'a FieldName, &'a String);
    type IntoIter = FieldsIter<'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl IntoIterator for Fields {
    type Item = (FieldName, String);
    type IntoIter = std::vec::IntoIter<(FieldName, String)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<N: Into<FieldName>> Extend<(N, String)> for Fields {
    fn extend<I: IntoIterator<Item = (N, String)>>(&mut self, fields: I) {
        for (name, text) in fields {
            self.insert(name, text);
        }
    }
}

impl<N: Into<FieldName>> FromIterator<(N, String)> for Fields {
    fn from_iter<I: IntoIterator<Item = (N, String)>>(fields: I) -> Self {
        let mut all = Self::new();
        all.extend(fields);
        all
    }
}

impl<N: Into<FieldName>, const COUNT: usize> From<[(N, String); COUNT]> for Fields {
    fn from(fields: [(N, String); COUNT]) -> Self {
        fields.into_iter().collect()
    }
}

impl Index<&str> for Fields {
    type Output = String;

    /// # Panics
    /// Where there is no such field.
    fn index(&self, name: &str) -> &String {
        let Ok(at) = self.find(name) else { panic!("no field {name:?} among {self:?}") };
        &self.0[at].1
    }
}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.iter().map(|(name, text)| (name.as_str(), text))).finish()
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self)
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("texts by the names of fields")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut fields = Fields::new();
        while let Some((name, text)) = map.next_entry::<FieldName, String>()? {
            fields.insert(name, text);
        }
        fields.shrink_to_fit();
        Ok(fields)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const PAIRS: [(&str, &str); 5] =
        [("name", "Zeta"), ("also", "A"), ("name", "Eta"), ("", "x"), ("zoo", "")];

    #[test]
    fn it_does_what_a_map_does() {
        let of = |pairs: &[(&str, &str)]| -> Fields {
            pairs.iter().map(|(name, text)| (*name, (*text).to_owned())).collect()
        };
        let mut fields = of(&PAIRS);
        let mut map: BTreeMap<String, String> =
            PAIRS.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        let same = |fields: &Fields, map: &BTreeMap<String, String>| {
            let shown: Vec<(&str, &String)> =
                fields.iter().map(|(name, text)| (name.as_str(), text)).collect();
            let expected: Vec<(&str, &String)> =
                map.iter().map(|(name, text)| (name.as_str(), text)).collect();
            assert_eq!(shown, expected);
            assert_eq!(fields.len(), map.len());
            let json = serde_json::to_string(fields).unwrap();
            assert_eq!(json, serde_json::to_string(map).unwrap());
            assert_eq!(serde_json::from_str::<Fields>(&json).unwrap(), *fields);
            assert_eq!(serde_json::from_reader::<_, Fields>(json.as_bytes()).unwrap(), *fields);
            assert_eq!(format!("{fields:?}"), format!("{map:?}"));
        };
        same(&fields, &map);
        assert_eq!(fields.insert("also", "B".to_owned()), map.insert("also".to_owned(), "B".to_owned()));
        assert_eq!(fields.remove("name"), map.remove("name"));
        assert_eq!(fields.remove("nobody"), None);
        same(&fields, &map);
        assert_eq!((fields.get("zoo").map(String::as_str), fields.get("name")), (Some(""), None));
        assert_eq!(fields["also"], "B");
        let others: Fields = PAIRS.iter().rev().map(|(name, text)| (*name, (*text).to_owned())).collect();
        assert_eq!(others["name"], "Zeta", "the last word on a name counts");
    }

    #[test]
    fn entries_share_the_names_of_their_fields() {
        let (one, other) = (FieldName::from("address"), FieldName::from("address".to_owned()));
        assert!(Arc::ptr_eq(&one.0, &other.0));
        let many: Vec<FieldName> = (0..4 * SHARED_NAMES).map(|number| number.to_string().into()).collect();
        assert!(many.iter().enumerate().all(|(number, name)| name.as_str() == number.to_string()));
    }
}
