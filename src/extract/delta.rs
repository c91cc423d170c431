//! What a publisher says that it changed: the delta file of the Office of Foreign Assets Control.
//!
//! Each entity in it has its number, as in the lists, and an action. Which lists it stands on is said of what was added;
//! what was removed is on none.

use super::{charset, list, xml};
use crate::domain::source::PublishedChanges;
use crate::domain::verdict::Unreadable;
use crate::extract::RawDocument;

/// Reads what changed on the list of this name.
///
/// # Errors
/// Where it is no file of changes.
pub fn published_changes(list: &str, page: &RawDocument<'_>) -> Result<PublishedChanges, Unreadable> {
    let text = charset::decode(page);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    xml::check(text)?;
    let texts = |entries: &str, fields: &[&str]| list::xml::texts(text, &[entries.to_owned()], fields);
    let days = texts("*/publicationInfo", &["datePublished"])?.into_iter().flatten().next();
    let Some(published) = days.filter(|text| !text.is_empty()) else {
        return Err(Unreadable::Missing { what: "the day of the publication".to_owned() });
    };
    let mut changes = PublishedChanges {
        day: published.split('T').next().unwrap_or_default().to_owned(),
        ..PublishedChanges::default()
    };
    for entity in texts("*/entities/entity", &["@id", "@action", "sanctionsLists/sanctionsList"])? {
        let [number, action, lists] = &entity[..] else { continue };
        match &*action.to_lowercase() {
            _ if number.is_empty() => {}
            "add" | "added" if lists.lines().any(|name| name.eq_ignore_ascii_case(list)) => {
                changes.added.insert(number.clone());
            }
            "remove" | "removed" | "delete" | "deleted" => {
                changes.removed.insert(number.clone());
            }
            _ => {}
        }
    }
    Ok(changes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<PublishedChanges, Unreadable> {
        let url = "https://service.test/changes/latest".parse().unwrap();
        published_changes("SDN List", &RawDocument { body: text.as_bytes(), content_type: None, url: &url })
    }

    #[test]
    fn what_was_added_to_the_list_and_what_was_removed_from_any_is_read() {
        let list = |name: &str| {
            format!("<sanctionsLists><sanctionsList id=\"1\">{name}</sanctionsList></sanctionsLists>")
        };
        let text = format!(
            "<?xml version=\"1.0\"?><sanctionsData xmlns=\"https://service.test/DeltaFile/1.0\"><publicationInfo>\
             <datePublished>2031-09-23T10:00:00</datePublished></publicationInfo><entities>\
             <entity id=\"11\" action=\"add\">{}<name>A</name></entity>\
             <entity id=\"12\" action=\"add\">{}</entity>\
             <entity id=\"13\" action=\"modify\">{}</entity>\
             <entity id=\"14\" action=\"delete\"/><entity id=\"15\" action=\"remove\"></entity>\
             </entities></sanctionsData>",
            list("SDN List"),
            list("Another List"),
            list("SDN List")
        );
        let changes = read(&text).unwrap();
        assert_eq!(changes.day, "2031-09-23");
        let numbers = |numbers: &std::collections::BTreeSet<String>| -> Vec<String> {
            numbers.iter().cloned().collect()
        };
        assert_eq!(
            (numbers(&changes.added), numbers(&changes.removed)),
            (vec!["11".to_owned()], vec!["14".to_owned(), "15".to_owned()])
        );
    }

    #[test]
    fn what_is_no_file_of_changes_is_refused() {
        assert!(read("<html><body>Access denied</body></html>").is_err());
        assert!(read("no XML").is_err());
    }
}
