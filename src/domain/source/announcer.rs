//! Other sources that speak of a source: what is new there may be a change here.

use serde::Serialize;

use crate::domain::change::{Change, ChangeKind};
use crate::domain::id::SourceId;

/// Another watched source that announces what changes on this one: its publisher's notices, documents of the Federal
/// Register. What is new there has this source read at once; where this source cannot be read, its followers are told of
/// the announcement itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Announcer {
    /// The other source.
    pub source: SourceId,
    /// An entry there speaks of this source if it contains one of these; every entry does where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub about: Vec<String>,
}

impl Announcer {
    /// Whether a change of the other source announces something of this one.
    #[must_use]
    pub fn announces(&self, change: &Change) -> bool {
        change.source == self.source
            && matches!(change.entry.kind, ChangeKind::Added | ChangeKind::Amended)
            && change.retracted_at.is_none()
            && self.speaks_of(change)
    }

    fn speaks_of(&self, change: &Change) -> bool {
        let said = change.entry.context.iter().map(|(_, text)| text).chain([&change.entry.title]);
        self.about.is_empty()
            || said
                .map(|text| in_words(text))
                .any(|said| self.about.iter().any(|about| said.contains(&in_words(about))))
    }
}

/// The words of a text in lower case, each between two blanks, so that no part of a word is found.
fn in_words(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let words: String = words.flat_map(|word| [" ", word]).collect();
    words.to_lowercase() + " "
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::grouping::tests::change;

    fn announcer(about: &[&str]) -> Announcer {
        let source = change("a", "2026-11-24T10:00:00Z", &[]).1.source;
        Announcer { source, about: about.iter().map(|&about| about.to_owned()).collect() }
    }

    #[test]
    fn an_entry_announces_a_source_by_whole_words_however_they_are_written() {
        let mut notice = change("a", "2026-11-24T10:00:00Z", &[]).1;
        "PSHSB Announces Update to the Covered\n List".clone_into(&mut notice.entry.title);
        for about in [&[][..], &["covered list"], &["secure networks act", "Covered-List"]] {
            assert!(announcer(about).announces(&notice), "{about:?}");
        }
        for about in [&["covered lists"][..], &["cover"], &["listed"]] {
            assert!(!announcer(about).announces(&notice), "{about:?}");
        }
        let elsewhere = Announcer { source: "other".parse().unwrap(), about: Vec::new() };
        assert!(!elsewhere.announces(&notice));
        let gone = Change { retracted_at: Some(notice.found_at), ..notice.clone() };
        notice.entry.kind = ChangeKind::Removed;
        assert!(!announcer(&[]).announces(&notice) && !announcer(&[]).announces(&gone));
    }
}
