//! What one row says, as it is read.

use smallvec::SmallVec;
use url::Url;

use super::super::html::ElementText;
use super::super::table::folded;
use crate::domain::entry::{HIDDEN, STRUCK};
use crate::domain::fields::FieldName;
use crate::domain::noise::without_note_number;
use crate::domain::text::{boundary_before, one_line};

/// A row is known by so much of a field.
const MAX_KEY_BYTES: usize = 2_000;

/// What a row says in one field: nearly always one part.
pub(in crate::extract) type FieldParts = SmallVec<[String; 1]>;

/// What one row says: for each field its parts, in the order of the settings.
#[derive(Debug, Default)]
pub(in crate::extract) struct Record {
    /// In the order of their names.
    pub(super) fields: Vec<(FieldName, FieldParts)>,
    pub(in crate::extract) links: Vec<(String, Url)>,
    /// What is true of the row and not said in it: where it stands, what of it is struck or hidden.
    pub(super) marks: Vec<(&'static str, String)>,
}

impl Record {
    /// One with room for so many fields.
    pub(in crate::extract) fn with_room(fields: usize) -> Self {
        Self { fields: Vec::with_capacity(fields), ..Self::default() }
    }

    fn find(&self, field: &str) -> Result<usize, usize> {
        self.fields.binary_search_by(|(known, _)| known.as_str().cmp(field))
    }

    /// Adds a part to a field.
    pub(in crate::extract) fn push(&mut self, field: &str, text: impl Into<String>) {
        self.parts_mut(field).push(text.into());
    }

    /// The parts of a field, for more of them.
    pub(super) fn parts_mut(&mut self, field: &str) -> &mut FieldParts {
        let at = self.find(field).unwrap_or_else(|at| {
            self.fields.insert(at, (field.into(), FieldParts::new()));
            at
        });
        &mut self.fields[at].1
    }

    /// Sets all the parts of a field.
    pub(super) fn set(&mut self, field: &str, parts: impl IntoIterator<Item = String>) {
        *self.parts_mut(field) = parts.into_iter().collect();
    }

    /// Takes a field away; gives its parts.
    pub(super) fn remove(&mut self, field: &str) -> FieldParts {
        self.find(field).map(|at| self.fields.remove(at).1).unwrap_or_default()
    }

    /// Notes what is true of the row, if it is anything.
    pub(in crate::extract) fn mark(&mut self, name: &'static str, text: impl Into<String>) {
        let text = text.into();
        if !text.is_empty() {
            self.marks.push((name, text));
        }
    }

    /// Notes which words of the row are struck through or hidden.
    pub(in crate::extract) fn mark_words(&mut self, said: &ElementText) {
        self.mark(STRUCK, said.struck.as_str());
        self.mark(HIDDEN, said.hidden.as_str());
    }

    /// What the row says in a field.
    pub(super) fn parts(&self, field: &str) -> &[String] {
        self.find(field).map_or(&[], |at| &self.fields[at].1)
    }

    /// The field as one line.
    pub(super) fn line(&self, field: &str) -> String {
        match self.parts(field) {
            [] => String::new(),
            [only] => one_line(only),
            parts => one_line(&parts.join(" ")),
        }
    }

    /// What the field says of whom the row is about; the beginning of a long text tells enough.
    fn folded(&self, field: &str) -> String {
        let line = self.line(field);
        folded(&without_note_number(&line[..boundary_before(&line, MAX_KEY_BYTES)]))
    }

    /// All that the row says, part by part.
    fn texts(&self) -> impl Iterator<Item = &String> {
        self.fields.iter().flat_map(|(_, parts)| parts)
    }

    /// Whether nothing is in it but white space.
    pub(in crate::extract) fn says_nothing(&self) -> bool {
        self.texts().all(|part| part.trim().is_empty())
    }

    /// All that it says, where it is one text.
    pub(super) fn only_text(&self) -> Option<&str> {
        let mut texts = self.texts();
        texts.next().filter(|_| texts.next().is_none()).map(String::as_str)
    }

    /// Whether it has no parts at all.
    pub(super) fn is_blank(&self) -> bool {
        self.fields.iter().all(|(_, parts)| parts.is_empty())
    }

    /// How much it says, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let links: usize = self.links.iter().map(|(label, url)| label.len() + url.as_str().len()).sum();
        let marks: usize = self.marks.iter().map(|(_, text)| text.len()).sum();
        self.texts().map(String::len).sum::<usize>() + marks + links
    }

    /// What the row is about.
    pub(super) fn key(&self, fields: &[String]) -> String {
        // `number|name` is the first of the two that the row has.
        let first_of =
            |names: &String| names.split('|').map(|field| self.folded(field)).find(|text| !text.is_empty());
        let key = joined(fields.iter().map(|names| first_of(names).unwrap_or_default()));
        if key.trim_matches('/').is_empty() {
            // A row that leaves its key blank is still said by the list.
            return joined(self.fields.iter().map(|(field, _)| self.folded(field)));
        }
        key
    }
}

fn joined(mut parts: impl Iterator<Item = String>) -> String {
    let mut key = parts.next().unwrap_or_default();
    for part in parts {
        key.push('/');
        key.push_str(&part);
    }
    key
}
