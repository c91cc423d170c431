//! Rows of named fields, and what they say of themselves: by which they are known, when and where they
//! are read.

use std::collections::BTreeSet;

use toml::Value;

use crate::extract::date::date;

/// What a field is called that holds names.
const NAMING: [&str; 6] = ["name", "entity", "company", "party", "title", "equipment"];

/// The rows of a table or a file.
pub(super) struct Grid {
    /// The field of each column; `None` for one that is not read.
    pub fields: Vec<Option<String>>,
    /// What the rows say, column by column.
    pub rows: Vec<Vec<String>>,
}

impl Grid {
    /// The settings of the rows, in the order in which an operator reads them.
    pub(super) fn settings(&self) -> Vec<(&'static str, Value)> {
        let name = self.fields().map(|(_, field)| field).find(|field| is_naming(field));
        let mut pairs: Vec<(&'static str, Value)> = vec![("key", self.key().into())];
        pairs.extend(name.map(|field| ("row_title", field.into())));
        pairs.extend(self.mostly(|text| date(text).is_some()).map(|field| ("row_date", field.into())));
        pairs
    }

    /// The field that mostly holds addresses.
    pub(super) fn link(&self) -> Option<&str> {
        self.mostly(|text| text.starts_with("https://") || text.starts_with("http://"))
    }

    /// What the rows say in a column.
    fn values(&self, column: usize) -> impl Iterator<Item = &str> {
        self.rows.iter().map(move |row| row.get(column).map_or("", String::as_str))
    }

    fn fields(&self) -> impl Iterator<Item = (usize, &str)> {
        self.fields.iter().enumerate().filter_map(|(at, field)| Some((at, field.as_deref()?)))
    }

    /// The fields by which rows are known: one that is never blank and never the same, or else as
    /// many as it takes.
    fn key(&self) -> Vec<String> {
        let is_whole = |column: usize| self.values(column).all(|value| !value.is_empty());
        let is_alone = |column: usize| {
            let mut seen = BTreeSet::new();
            is_whole(column) && self.values(column).all(|value| seen.insert(value))
        };
        let alone: Vec<&str> =
            self.fields().filter(|(at, _)| is_alone(*at)).map(|(_, field)| field).collect();
        if let Some(field) = alone.iter().find(|field| is_naming(field)).or_else(|| alone.first()) {
            return vec![(*field).to_owned()];
        }
        let mut key: Vec<String> = Vec::new();
        let mut taken = Vec::new();
        for (at, field) in self.fields() {
            if key.iter().any(|known| known == field) {
                continue;
            }
            key.push(field.to_owned());
            taken.push(at);
            let mut seen = BTreeSet::new();
            let rows = self.rows.iter();
            let mut values = rows.map(|row| taken.iter().map(|at| row.get(*at)).collect::<Vec<_>>());
            if values.all(|values| seen.insert(values)) {
                break;
            }
        }
        key
    }

    /// The first field of which most values are such.
    fn mostly(&self, is_such: impl Fn(&str) -> bool) -> Option<&str> {
        let such = |column| self.values(column).filter(|value| is_such(value)).count();
        self.fields().find(|(at, _)| such(*at) * 2 > self.rows.len()).map(|(_, field)| field)
    }
}

fn is_naming(field: &str) -> bool {
    field.split('_').any(|word| NAMING.contains(&word))
}
