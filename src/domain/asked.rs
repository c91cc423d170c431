//! Fields that only one of two reads asked for: nothing can be said of how these changed.
//!
//! An address of the Federal Register's API names the fields that it wants of each document. Where an operator, or a
//! newer configuration, asks for more than before, every document of the results comes with more; where less is asked
//! for, with less. Neither is a change of any document.

use std::collections::{BTreeSet, HashMap};

use url::Url;

use super::entry::{Document, Entry, LINKS};
use super::source::SourceKind;

/// What the API calls what becomes a field of an entry. Title, type, publication date and the document's own address
/// are asked for by every address that is of use.
const NAMED: [(&str, &str); 11] = [
    ("abstract", "abstract"),
    ("action", "action"),
    ("agencies", "agencies"),
    ("citation", "citation"),
    ("comments_close_on", "comments_close"),
    ("correction_of", "corrects"),
    ("corrections", "corrected_by"),
    ("dates", "dates"),
    ("docket_ids", "docket"),
    ("effective_on", "effective"),
    ("pdf_url", LINKS),
];

/// What an address that names no fields is answered with.
const USUAL: [&str; 3] = ["abstract", "agencies", "pdf_url"];

/// The fields of entries that an address asks for; `None` where it is no address.
fn asked_by(address: &str) -> Option<BTreeSet<&'static str>> {
    let url: Url = address.parse().ok()?;
    let is_field = |name: &str| name == "fields[]" || name.starts_with("fields[");
    let named: BTreeSet<String> =
        url.query_pairs().filter(|(name, _)| is_field(name)).map(|(_, field)| field.into_owned()).collect();
    let is_asked = |name: &str| if named.is_empty() { USUAL.contains(&name) } else { named.contains(name) };
    Some(NAMED.iter().filter(|(name, _)| is_asked(name)).map(|(_, field)| *field).collect())
}

/// Whether an entry is of a search, of which the address decides what fields it has. What is on public inspection has
/// all there are.
fn is_of_a_search(entry: &Entry) -> bool {
    entry.fields.get("status").is_some_and(|status| status == "published")
}

/// Returns the earlier document as it would have been, had the read asked for the same fields as the later one at
/// `address`; `None` if it did.
#[must_use]
pub fn as_if_asked(
    kind: &SourceKind,
    (before, before_address): (&Document, &str),
    (after, address): (&Document, &str),
) -> Option<Document> {
    if !matches!(kind, SourceKind::FederalRegister(_)) || before_address == address {
        return None;
    }
    let (before_asked, asked) = (asked_by(before_address)?, asked_by(address)?);
    let differ: Vec<&str> = before_asked.symmetric_difference(&asked).copied().collect();
    if differ.is_empty() {
        return None;
    }
    let mut document = before.clone();
    let now: HashMap<&str, &Entry> = after.entries.iter().map(|entry| (entry.key.as_str(), entry)).collect();
    for entry in document.entries.iter_mut().filter(|entry| is_of_a_search(entry)) {
        let Some(now) = now.get(entry.key.as_str()).filter(|now| is_of_a_search(now)) else { continue };
        for field in &differ {
            match now.fields.get(field) {
                Some(text) => entry.fields.insert((*field).to_owned(), text.clone()),
                None => entry.fields.remove(field),
            };
        }
    }
    Some(document)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::diff::diff;
    use crate::domain::entry::{Completeness, Resemblance};
    use crate::domain::noise::Noise;
    use crate::domain::source::FederalRegisterSettings;

    const FEW: &str =
        "https://www.federalregister.gov/api/v1/documents.json?fields[]=title&fields[]=abstract";
    const MORE: &str = "https://www.federalregister.gov/api/v1/documents.json?fields[]=title&fields%5B%5D=docket_ids&fields[]=citation";

    fn register() -> SourceKind {
        SourceKind::FederalRegister(FederalRegisterSettings { pages: 1, inspection: None })
    }

    fn document(fields: &[(&str, &str)]) -> Document {
        let entry = Entry::new("2026-1", "A rule").with("status", "published");
        let entry = fields.iter().fold(entry, |entry, (name, text)| entry.with(*name, *text));
        Document::new(vec![entry], Completeness::Window, Resemblance::Never)
    }

    /// What differs, by the names of fields.
    #[track_caller]
    fn check(before: (&Document, &str), after: (&Document, &str), expected: &[&str]) {
        let known = as_if_asked(&register(), before, after);
        let changes = diff(known.as_ref().unwrap_or(before.0), after.0, &Noise::default());
        let fields: Vec<&str> =
            changes.iter().flat_map(|change| &change.fields).map(|field| field.name.as_str()).collect();
        assert_eq!(fields, expected);
    }

    #[test]
    fn what_is_asked_for_for_the_first_time_is_no_change_and_what_was_asked_for_is() {
        let few = document(&[("abstract", "It lists one."), ("effective", "2026-12-01")]);
        let more = document(&[("docket", "DA 26-1"), ("citation", "91 FR 1"), ("effective", "2026-12-02")]);
        check((&few, FEW), (&more, MORE), &["effective"]);
        check((&more, MORE), (&few, FEW), &["effective"]);
        check(
            (&more, MORE),
            (&document(&[("docket", "DA 26-2")]), MORE),
            &["citation", "docket", "effective"],
        );
    }

    #[test]
    fn a_document_that_was_on_public_inspection_is_compared_whole() {
        let mut inspected = document(&[("docket", "DA 26-1")]);
        inspected.entries[0].fields.insert("status".to_owned(), "on public inspection".to_owned());
        check((&inspected, FEW), (&document(&[("docket", "DA 26-2")]), MORE), &["docket", "status"]);
    }

    #[test]
    fn other_kinds_of_sources_say_all_they_have() {
        let (few, more) = (document(&[]), document(&[("docket", "DA 26-1")]));
        assert_eq!(as_if_asked(&SourceKind::Feed, (&few, FEW), (&more, MORE)), None);
    }
}
