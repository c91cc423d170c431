//! The Denied Persons List.

use std::collections::BTreeSet;

use regwatch::domain::source::SourceKind;

use super::*;

#[test]
fn every_row_is_an_entry_under_its_name() {
    for (path, entries) in [("bis/dpl.txt", 543), ("ita_importer/dpl.txt", 9)] {
        let Some(body) = capture(path) else { return };
        let document = good(&SourceKind::Dpl, path, &body);
        assert_eq!(document.entries.len(), entries, "{path}");
        // Rows that say the same are one entry.
        let rows: BTreeSet<Vec<String>> = rows(&body, b'\t', true)
            .iter()
            .map(|row| row.iter().map(|text| text.split_whitespace().collect::<Vec<_>>().join(" ")).collect())
            .collect();
        let mut names: Vec<&str> =
            rows.iter().map(|row| row[0].as_str()).filter(|name| !name.is_empty()).collect();
        names.sort_unstable();
        assert_eq!(titles(&document), names, "{path}");
    }
}
