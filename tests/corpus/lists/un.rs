//! The Consolidated List of the United Nations.

use regwatch::domain::source::SourceKind;

use super::*;

const LIST: &str = "un/UN_consolidated.xml";

#[test]
fn every_party_is_an_entry_under_its_reference() {
    let Some(body) = capture(LIST) else { return };
    let document = good(&SourceKind::UnXml, LIST, &body);
    let people = document.entries.iter().filter(|entry| entry.fields["reference"].contains("i.")).count();
    assert_eq!((document.entries.len(), people), (1003, 730));
    assert!(document.entries.iter().all(|entry| entry.date.is_some() && !entry.key.contains('~')));
    let entry = entry(&document, "cdi-001");
    assert_eq!(entry.title, "ERIC BADEGE");
    let fields = fields(entry);
    assert_eq!(fields["listed"], "2012-12-31");
    assert_eq!(fields["address"], "Rwanda as of early 2016");
    assert_eq!(fields["nationality"], "Democratic Republic of the Congo");
    assert_eq!(fields["born"], "EXACT 1971");
}
