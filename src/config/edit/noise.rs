//! What a source is told to pass over, written where the source stands.

use toml_edit::{Array, InlineTable, Item, Value};

use super::{Edit, EditError};
use crate::domain::id::SourceId;

impl Edit {
    /// Adds patterns to a source's noise; one that is there already is not added again.
    ///
    /// # Errors
    /// [`EditError::SourceForm`] where the source is not written under `[[source]]`, or its noise not as a table.
    pub fn pass_over(&mut self, id: &SourceId, patterns: &[String]) -> Result<(), EditError> {
        for document in self.documents.values_mut() {
            let Some(tables) = document.content.get_mut("source").and_then(Item::as_array_of_tables_mut)
            else {
                continue;
            };
            let Some(table) =
                tables.iter_mut().find(|table| table.get("id").and_then(Item::as_str) == Some(id.as_str()))
            else {
                continue;
            };
            let empty = || Item::Value(Value::InlineTable(InlineTable::new()));
            let noise = table.entry("noise").or_insert_with(empty).as_table_like_mut();
            let list = || Item::Value(Value::Array(Array::new()));
            let known = noise.and_then(|noise| noise.entry("patterns").or_insert_with(list).as_array_mut());
            let Some(known) = known else { break };
            for pattern in patterns {
                if !known.iter().any(|known| known.as_str() == Some(pattern)) {
                    known.push(pattern.as_str());
                }
            }
            document.is_changed = true;
            return Ok(());
        }
        Err(EditError::SourceForm(id.clone()))
    }
}
