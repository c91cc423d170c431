//! What became of a docket entry, more finely than added, removed or amended.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{ACCESS, DOCKET, DOCUMENTS, KIND, TEXT};
use crate::domain::change::{ChangeKind, EntryChange, FieldChange};
use crate::domain::entry::LINKS;

/// What became of a docket entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DocketEvent {
    /// It was entered.
    New,
    /// It, or a document of it, may no longer be read by everybody.
    Sealed,
    /// A document can be had that could not.
    DocumentAttached,
    /// It says something else.
    TextAmended,
    /// A document can no longer be had.
    DocumentWithdrawn,
    /// Its number, dates or anything else about it was corrected.
    DetailsAmended,
    /// It is no longer on the docket.
    Gone,
}

impl DocketEvent {
    /// What a change of a docket entry means; `None` for any other entry.
    ///
    /// Where several things happened at once the gravest is named; the fields show all.
    #[must_use]
    pub fn of(change: &EntryChange) -> Option<Self> {
        let has = |field: &str| change.context.iter().any(|(name, _)| name == field);
        if !(has(DOCKET) && has(KIND)) {
            return None;
        }
        match change.kind {
            ChangeKind::Added => Some(Self::New),
            ChangeKind::Removed => Some(Self::Gone),
            ChangeKind::Amended => Some(Self::of_fields(&change.fields)),
            // Nothing became of it.
            ChangeKind::AlreadyListed => None,
        }
    }

    fn of_fields(fields: &[FieldChange]) -> Self {
        let (access, text) = (find(fields, ACCESS), find(fields, TEXT));
        let (links, count) = (find(fields, LINKS), find(fields, DOCUMENTS));
        if access.is_some_and(comes) || text.is_some_and(is_now_sealed) {
            Self::Sealed
        } else if links.is_some_and(comes) || count.is_some_and(grows) {
            Self::DocumentAttached
        } else if text.is_some() {
            Self::TextAmended
        } else if links.is_some_and(goes) || count.is_some() {
            Self::DocumentWithdrawn
        } else {
            Self::DetailsAmended
        }
    }
}

fn find<'a>(fields: &'a [FieldChange], name: &str) -> Option<&'a FieldChange> {
    fields.iter().find(|field| field.name == name)
}

/// Whether a list leads somewhere, or says something, that it did not. A link's label alone does not count: it
/// repeats the entry's number, which an entry may get days after its document.
fn comes(list: &FieldChange) -> bool {
    let known: BTreeSet<&str> = list.before.as_deref().unwrap_or_default().lines().map(target).collect();
    list.after.as_deref().unwrap_or_default().lines().any(|line| !known.contains(target(line)))
}

/// Of a link its address, of any other line all of it.
fn target(line: &str) -> &str {
    line.split_once('\t').map_or(line, |(_, address)| address)
}

/// Whether a list no longer leads somewhere that it led.
fn goes(list: &FieldChange) -> bool {
    comes(&FieldChange { name: list.name.clone(), before: list.after.clone(), after: list.before.clone() })
}

fn grows(count: &FieldChange) -> bool {
    let number = |text: Option<&str>| text.and_then(|text| text.parse::<u64>().ok()).unwrap_or_default();
    number(count.after.as_deref()) > number(count.before.as_deref())
}

/// Whether the entry calls itself sealed and did not. That it speaks of something sealed is not enough.
fn is_now_sealed(text: &FieldChange) -> bool {
    let says = |text: Option<&str>| {
        let text = text.unwrap_or_default().to_lowercase();
        text.trim_start_matches(|c: char| !c.is_alphanumeric()).starts_with("sealed")
            || ["(sealed)", "[sealed]", "*sealed*"].iter().any(|mark| text.contains(mark))
    };
    says(text.after.as_deref()) && !says(text.before.as_deref())
}

impl EntryChange {
    /// What became of a docket entry; `None` for entries of other sources.
    #[must_use]
    pub fn event(&self) -> Option<DocketEvent> {
        DocketEvent::of(self)
    }

    /// What happened, in words: `added`, `amended`, `amended (document attached)`.
    #[must_use]
    pub fn happened(&self) -> String {
        match self.event() {
            None | Some(DocketEvent::New) => self.kind.to_string(),
            Some(event) => format!("{} ({event})", self.kind),
        }
    }
}

impl fmt::Display for DocketEvent {
    /// In words, as they stand in a mail after "amended: ".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::New => "new on the docket",
            Self::Sealed => "sealed",
            Self::DocumentAttached => "document attached",
            Self::TextAmended => "text amended",
            Self::DocumentWithdrawn => "document withdrawn",
            Self::DetailsAmended => "details amended",
            Self::Gone => "gone from the docket",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::diff::diff;
    use crate::domain::entry::{Completeness, Document, Entry, Resemblance};
    use crate::domain::noise::Noise;

    fn entry(fields: &[(&str, &str)]) -> Entry {
        let entry = Entry::new("23-1/5", "23-1 A v. B: ORDER")
            .with(DOCKET, "23-1")
            .with(KIND, "order")
            .with(TEXT, "ORDER granting 3");
        fields.iter().fold(entry, |entry, (name, text)| entry.with(*name, *text))
    }

    fn events(before: Vec<Entry>, after: Vec<Entry>) -> Vec<Option<DocketEvent>> {
        let page = |entries| Document::new(entries, Completeness::Whole, Resemblance::Never);
        let changes = diff(&page(before), &page(after), &Noise::default());
        changes.iter().map(DocketEvent::of).collect()
    }

    #[track_caller]
    fn check(before: &[(&str, &str)], after: &[(&str, &str)], expected: DocketEvent) {
        assert_eq!(events(vec![entry(before)], vec![entry(after)]), [Some(expected)]);
    }

    #[test]
    fn what_happened_is_named() {
        use DocketEvent::*;
        check(&[], &[(TEXT, "ORDER granting 4")], TextAmended);
        check(&[], &[(LINKS, "document 5\thttps://x.test/1")], DocumentAttached);
        check(
            &[(LINKS, "document 5\thttps://x.test/1")],
            &[
                (LINKS, "document 5\thttps://x.test/1\nattachment 1\thttps://x.test/2"),
                (TEXT, "ORDER (Attachments: # 1 A)"),
            ],
            DocumentAttached,
        );
        check(&[(DOCUMENTS, "1")], &[(DOCUMENTS, "2")], DocumentAttached);
        check(&[(LINKS, "document 5\thttps://x.test/1")], &[], DocumentWithdrawn);
        check(&[(DOCUMENTS, "1")], &[], DocumentWithdrawn);
        check(&[(LINKS, "document 5\thttps://x.test/1")], &[(ACCESS, "sealed")], Sealed);
        check(&[], &[(TEXT, "SEALED ORDER granting 3")], Sealed);
        check(&[(TEXT, "SEALED ORDER")], &[(TEXT, "SEALED ORDER granting 4")], TextAmended);
        check(&[(ACCESS, "sealed")], &[(LINKS, "document 5\thttps://x.test/1")], DocumentAttached);
        check(&[], &[("filed", "2024-04-02")], DetailsAmended);
        check(
            &[(LINKS, "document\thttps://x.test/1")],
            &[(LINKS, "document 5\thttps://x.test/1"), ("number", "5")],
            DetailsAmended,
        );
        assert_eq!(events(vec![], vec![entry(&[])]), [Some(New)]);
        assert_eq!(events(vec![entry(&[])], vec![]), [Some(Gone)]);
    }

    #[test]
    fn a_row_of_a_list_has_no_docket() {
        assert_eq!(events(vec![], vec![Entry::new("a", "A").with(TEXT, "x")]), [None]);
    }
}
