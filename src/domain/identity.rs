//! Whether a page of the right kind is about the right thing: another case's docket, another feed.
//!
//! A page that looks like the watched one passes every test of structure, and where little is known of
//! either even that of how much is gone. What it says itself to be about is looked at here.

use std::collections::BTreeSet;

use super::docket::{CaseNumber, DOCKET};
use super::entry::Document;
use super::source::SourceKind;

/// How a document is about something else than the accepted one, as a clause.
#[must_use]
pub fn other(kind: &SourceKind, before: &Document, after: &Document) -> Option<String> {
    match kind {
        SourceKind::PacerDocket(_) | SourceKind::Courtlistener(_) => other_case(before, after),
        _ => other_name(before, after),
    }
}

fn other_case(before: &Document, after: &Document) -> Option<String> {
    let (then, now) = (only_case(before)?, only_case(after)?);
    let is_other = !CaseNumber::of(then).is_same(&CaseNumber::of(now));
    is_other.then(|| format!("it is the docket of another case: {now:?}, before {then:?}"))
}

/// The number of the case that all entries belong to.
fn only_case(document: &Document) -> Option<&str> {
    let mut numbers = document.entries.iter().filter_map(|entry| entry.fields.get(DOCKET));
    let first = numbers.next()?;
    numbers.all(|number| number == first).then_some(first)
}

/// A feed may be given another name, and may have nothing but new entries; not both at once.
fn other_name(before: &Document, after: &Document) -> Option<String> {
    let (then, now) = (before.about.as_ref()?, after.about.as_ref()?);
    let known: BTreeSet<&str> = before.entries.iter().map(|entry| entry.key.as_str()).collect();
    let is_strange = after.entries.iter().all(|entry| !known.contains(entry.key.as_str()));
    let is_other = !known.is_empty() && is_strange && then.to_lowercase() != now.to_lowercase();
    is_other.then(|| format!("it calls itself {now:?}, before {then:?}, and nothing known is in it"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::entry::{Completeness, Entry, Resemblance};
    use crate::domain::source::DocketSettings;

    fn feed(name: &str, keys: &[&str]) -> Document {
        let entries = keys.iter().map(|key| Entry::new(*key, *key)).collect();
        let document = Document::new(entries, Completeness::Window, Resemblance::Never);
        Document { about: Some(name.to_owned()), ..document }
    }

    #[test]
    fn a_feed_of_another_name_with_nothing_known_is_another() {
        let before = feed("News", &["a", "b"]);
        let differs = |after: &Document| other(&SourceKind::Feed, &before, after).is_some();
        assert!(differs(&feed("Sports", &["c"])));
        assert!(!differs(&feed("Sports", &["b", "c"])), "it was given another name");
        assert!(!differs(&feed("NEWS", &["c"])), "much is new");
        assert!(!differs(&Document { about: None, ..feed("", &["c"]) }));
    }

    #[test]
    fn a_docket_of_another_case_is_another_however_short() {
        let kind = SourceKind::PacerDocket(DocketSettings::default());
        let docket = |number: &str| {
            let entry = Entry::new(format!("{number}/1"), "complaint").with(DOCKET, number);
            Document::new(vec![entry], Completeness::Whole, Resemblance::DayAndText)
        };
        let differs = |now: &str| other(&kind, &docket("1:20-cv-00012-ABC"), &docket(now));
        assert_eq!(differs("1:20-cv-12-XYZ"), None, "judges change");
        assert!(differs("1:20-cv-00013").is_some_and(|words| words.contains("another case")));
    }
}
