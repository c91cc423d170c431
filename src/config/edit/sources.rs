//! Sources changed where they stand, comments and order kept.

use toml_edit::{Item, Table, Value};

use super::{Edit, EditError, table};
use crate::domain::id::SourceId;
use crate::domain::spelling::did_you_mean;

/// What is to become different of a source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceRevision {
    /// Keys with their new values, as TOML, or as text where that is none.
    pub set: Vec<(String, String)>,
    /// Keys that go.
    pub unset: Vec<String>,
}

impl Edit {
    /// Changes keys of a source where it stands. Whether the values may be so is found out by [`Edit::check`].
    ///
    /// # Errors
    /// [`EditError::UnknownSource`]; [`EditError::NoSuchKey`] for a key that is to go and is not there.
    pub fn revise_source(&mut self, id: &SourceId, revision: &SourceRevision) -> Result<(), EditError> {
        let table = self.source_table(id)?;
        for key in &revision.unset {
            if table.remove(key).is_none() {
                return Err(EditError::NoSuchKey { id: id.clone(), key: key.clone() });
            }
        }
        for (key, text) in &revision.set {
            let new = text.parse::<Value>().unwrap_or_else(|_| Value::from(text.as_str()));
            match table.get_mut(key).and_then(Item::as_value_mut) {
                Some(old) => {
                    let decor = old.decor().clone();
                    *old = new;
                    *old.decor_mut() = decor;
                }
                None => table[key.as_str()] = Item::Value(new.decorated(" ", "")),
            }
        }
        Ok(())
    }

    /// Takes a source away, with the comments that stand directly above it.
    ///
    /// # Errors
    /// [`EditError::UnknownSource`].
    pub fn remove_source(&mut self, id: &SourceId) -> Result<(), EditError> {
        for document in self.documents.values_mut() {
            let tables = document.content.get_mut("source").and_then(Item::as_array_of_tables_mut);
            let Some(tables) = tables else { continue };
            let index = tables.iter().position(|table| is(table, id));
            if let Some(index) = index {
                table::remove(tables, index);
                document.is_changed = true;
                return Ok(());
            }
        }
        Err(self.unknown_source(id))
    }

    /// The table of a source, which is about to be changed.
    fn source_table(&mut self, id: &SourceId) -> Result<&mut Table, EditError> {
        let error = self.unknown_source(id);
        let documents = self.documents.values_mut();
        let found = documents.filter_map(|document| {
            let tables = document.content.get_mut("source").and_then(Item::as_array_of_tables_mut)?;
            let table = tables.iter_mut().find(|table| is(table, id))?;
            document.is_changed = true;
            Some(table)
        });
        found.into_iter().next().ok_or(error)
    }

    fn unknown_source(&self, id: &SourceId) -> EditError {
        let lists = self
            .documents
            .values()
            .filter_map(|document| document.content.get("source")?.as_array_of_tables());
        let known =
            lists.flat_map(toml_edit::ArrayOfTables::iter).filter_map(|table| table.get("id")?.as_str());
        EditError::UnknownSource { id: id.clone(), hint: did_you_mean(id.as_str(), known) }
    }
}

fn is(table: &Table, id: &SourceId) -> bool {
    table.get("id").and_then(Item::as_str) == Some(id.as_str())
}
