//! The Denied Persons List.

use regwatch::domain::source::SourceKind;

use super::*;

/// A text by its letters and digits alone.
fn folded(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[test]
fn every_name_is_one_entry_with_the_addresses_of_all_its_rows() {
    for (path, entries) in [("bis/dpl.txt", 414), ("ita_importer/dpl.txt", 9)] {
        let Some(body) = capture(path) else { return };
        let document = good(&SourceKind::Dpl, path, &body);
        assert_eq!(document.entries.len(), entries, "{path}");
        let said: Vec<(String, String)> = document
            .entries
            .iter()
            .map(|entry| {
                let address = entry.fields.get("address").map_or("", String::as_str);
                (folded(&entry.title), folded(address))
            })
            .collect();
        for row in rows(&body, b'\t', true).iter().filter(|row| !row[0].trim().is_empty()) {
            let (name, street) = (folded(&row[0]), folded(&row[1]));
            let is_said = said.iter().any(|(title, address)| *title == name && address.contains(&street));
            assert!(is_said, "{path}: {:?} at {:?} is missing", &row[0], &row[1]);
        }
    }
}
