//! How rows become entries, whatever file they stand in, as an operator says it.

use std::collections::BTreeMap;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// Pairs in the order in which they were given: that order is the order of a field's parts.
///
/// Serialised as a map.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pairs<T = String>(pub Vec<(String, T)>);

impl<T: Serialize> Serialize for Pairs<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<T> FromIterator<(String, T)> for Pairs<T> {
    fn from_iter<I: IntoIterator<Item = (String, T)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

impl Pairs {
    /// Pairs of constant texts, for settings that are built in.
    #[must_use]
    pub fn of(pairs: &[(&str, &str)]) -> Self {
        pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
    }
}

/// Which brackets in a name hold other names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Brackets {
    /// Those that say so: "(a.k.a. …)", "(and two aliases: …)", "(formerly known as …)".
    Named,
    /// Those, and one at the end that holds no more than a name: "(AMEC)".
    Last,
}

impl Brackets {
    /// Both, as they are written.
    pub const ALL: [(&str, Self); 2] = [("named", Self::Named), ("last", Self::Last)];
}

/// How rows become entries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RowSettings {
    /// The fields that say what a row is about.
    pub key: Vec<String>,
    /// The field that names a row to a reader; the first key field unless given.
    #[serde(rename = "row_title")]
    pub title: Option<String>,
    /// The field that holds a row's date.
    #[serde(rename = "row_date")]
    pub date: Option<String>,
    /// The field that holds the address at which a reader finds the row.
    #[serde(rename = "row_link")]
    pub link: Option<String>,
    /// How dates are written, in the letters of strftime; the usual forms of the United States unless given.
    pub date_format: Option<String>,
    /// Whether rows with the same key are one entry: their other names become its aliases, what
    /// else differs becomes lines.
    #[serde(skip_serializing_if = "is_false")]
    pub group: bool,
    /// Which of such rows names the entry: field → its text there. The first in the file unless given.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub first: BTreeMap<String, String>,
    /// Field → what separates several things said in one place, each of which becomes a line.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub split: BTreeMap<String, String>,
    /// Fields whose parts are one line, such as the parts of a name, and not a line each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub joined: Vec<String>,
    /// Texts that stand for nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub null: Vec<String>,
    /// Fields that a good read may lack altogether.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub optional: Vec<String>,
    /// Which brackets in the title's field hold aliases.
    pub bracketed_aliases: Option<Brackets>,
}

impl RowSettings {
    /// Whether rows are known by what they say in a field: it is of their key, their name, date or address.
    #[must_use]
    pub fn is_known_by(&self, field: &str) -> bool {
        let names = self.key.iter().flat_map(|names| names.split('|'));
        let own = [&self.title, &self.date, &self.link];
        names.chain(own.into_iter().flatten().map(String::as_str)).any(|name| name == field)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "what serde asks for")]
fn is_false(value: &bool) -> bool {
    !value
}
