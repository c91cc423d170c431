//! What a publisher says that it changed: the delta file of the Office of Foreign Assets Control.
//!
//! Each entity in it has its number, as in the lists, and an action. Which lists it stands on is said of what was added;
//! what was removed is on none.

use super::{charset, list, xml};
use crate::domain::source::{PublishedChanges, PublishedList};
use crate::domain::verdict::Unreadable;
use crate::extract::RawDocument;

/// Reads what changed on a list.
///
/// # Errors
/// Where it is no file of changes.
pub fn published_changes(
    list: &PublishedList,
    page: &RawDocument<'_>,
) -> Result<PublishedChanges, Unreadable> {
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
    let mut is_placed = false;
    for entity in texts("*/entities/entity", &["@id", "@action", "sanctionsLists/sanctionsList"])? {
        let [number, action, lists] = &entity[..] else { continue };
        match &*action.to_lowercase() {
            _ if number.is_empty() => {}
            "add" | "added" => {
                is_placed |= !lists.trim().is_empty();
                if list.has(lists.lines().map(str::trim).filter(|name| !name.is_empty())) {
                    changes.added.insert(number.clone());
                } else if lists.trim().is_empty() {
                    changes.unplaced.insert(number.clone());
                }
            }
            "remove" | "removed" | "delete" | "deleted" => {
                changes.removed.insert(number.clone());
            }
            _ => {}
        }
    }
    if is_placed {
        // One that is on no list is on this one neither.
        changes.unplaced.clear();
    }
    Ok(changes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_as(list: &PublishedList, text: &str) -> Result<PublishedChanges, Unreadable> {
        let url = "https://service.test/changes/latest".parse().unwrap();
        published_changes(list, &RawDocument { body: text.as_bytes(), content_type: None, url: &url })
    }

    fn read(text: &str) -> Result<PublishedChanges, Unreadable> {
        read_as(&PublishedList::ChangesOf("SDN List".to_owned()), text)
    }

    fn numbers(numbers: &std::collections::BTreeSet<String>) -> Vec<&str> {
        numbers.iter().map(String::as_str).collect()
    }

    fn delta(entities: &str) -> String {
        format!(
            "<?xml version=\"1.0\"?><sanctionsData xmlns=\"https://service.test/DeltaFile/1.0\"><publicationInfo>\
             <datePublished>2031-09-23T10:00:00</datePublished></publicationInfo><entities>{entities}</entities></sanctionsData>"
        )
    }

    #[test]
    fn what_was_added_to_the_list_and_what_was_removed_from_any_is_read() {
        let list = |name: &str| {
            format!("<sanctionsLists><sanctionsList id=\"1\">{name}</sanctionsList></sanctionsLists>")
        };
        let text = delta(&format!(
            "<entity id=\"11\" action=\"add\">{}<name>A</name></entity>\
             <entity id=\"12\" action=\"add\">{}</entity>\
             <entity id=\"13\" action=\"modify\">{}</entity>\
             <entity id=\"14\" action=\"delete\"/><entity id=\"15\" action=\"remove\"></entity>\
             <entity id=\"16\" action=\"add\"></entity>",
            list("SDN List"),
            list("Another List"),
            list("SDN List")
        ));
        let changes = read(&text).unwrap();
        assert_eq!(changes.day, "2031-09-23");
        assert_eq!((numbers(&changes.added), numbers(&changes.removed)), (vec!["11"], vec!["14", "15"]));
        assert!(changes.unplaced.is_empty());
        let others = PublishedList::ChangesOfAllBut("sdn list".to_owned());
        let changes = read_as(&others, &text).unwrap();
        assert_eq!((numbers(&changes.added), numbers(&changes.removed)), (vec!["12"], vec!["14", "15"]));
    }

    #[test]
    fn additions_of_which_none_says_on_which_list_are_told_apart() {
        let changes = read(&delta("<entity id=\"11\" action=\"add\"/><entity id=\"12\" action=\"add\"/>"));
        let changes = changes.unwrap();
        assert_eq!((numbers(&changes.added), numbers(&changes.unplaced)), (vec![], vec!["11", "12"]));
    }

    #[test]
    fn what_is_no_file_of_changes_is_refused() {
        assert!(read("<html><body>Access denied</body></html>").is_err());
        assert!(read("no XML").is_err());
    }
}
