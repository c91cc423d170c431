//! Whether a change tells more than another one of the same event.

use std::collections::BTreeSet;

use crate::domain::change::{Change, ChangeKind};
use crate::domain::docket;
use crate::domain::matching::MatchRule;
use crate::domain::topic::Topic;

/// Fields that say what a document or docket entry is: where both changes say it, they must say the same.
const WHAT_IT_IS: [&str; 3] = [docket::KIND, "type", "status"];

/// Fields of which anything that was not told is more: what must be done by when, what may not be read any more, and
/// which documents it stands against.
const MORE: [&str; 7] =
    ["effective", "comments_close", "dates", docket::ACCESS, "corrects", "corrected_by", "note"];

/// Beginnings of words by which a document is about an earlier one: one that the first change did not have is more.
const OF_AN_EARLIER_ONE: [&str; 17] = [
    "errat",
    "corrig",
    "correct",
    "extend",
    "extension",
    "postpon",
    "withdr",
    "rescind",
    "revis",
    "amend",
    "supplement",
    "delay",
    "stay",
    "reopen",
    "clarif",
    "vacat",
    "remand",
];

/// Whether somebody who was told `told` of a topic learns nothing more of it by `change`, which is certainly about
/// the same document or docket entry. What came and what was amended is compared; a removal, and what was there
/// already, is always told.
#[must_use]
pub fn says_no_more(change: &Change, told: &Change, topic: &Topic) -> bool {
    let happened = match change.entry.kind {
        ChangeKind::Added => told.entry.kind == ChangeKind::Added,
        ChangeKind::Amended => is_amended_alike(change, told),
        ChangeKind::Removed | ChangeKind::AlreadyListed => false,
    };
    happened
        && change.entry.event() == told.entry.event()
        && names_no_more(change, told, topic)
        && WHAT_IT_IS.iter().all(|field| {
            let both = said(change, field).zip(said(told, field));
            both.is_none_or(|(one, other)| one == other)
        })
        && MORE.iter().all(|field| said(change, field).is_none_or(|text| said(told, field) == Some(text)))
        && earlier_ones(change).is_subset(&earlier_ones(told))
}

/// Whether everything that an amendment says now was told of another.
fn is_amended_alike(change: &Change, told: &Change) -> bool {
    told.entry.kind == ChangeKind::Amended
        && change.entry.fields.iter().all(|field| {
            told.entry.fields.iter().any(|other| other.name == field.name && other.after == field.after)
        })
}

/// Whether a company is named no more plainly than it was: one that was covered, and is named now, is told.
fn names_no_more(change: &Change, told: &Change, topic: &Topic) -> bool {
    let is_named = |change: &Change| {
        let mut found = change.matches.iter().filter(|found| topic.company() == Some(&found.company));
        found.any(|found| found.rule != MatchRule::Exposure)
    };
    let is_found = told.matches.iter().any(|found| topic.company() == Some(&found.company));
    is_found && (is_named(told) || !is_named(change))
}

/// Returns what a field says after a change; `None` if it is empty.
fn said<'a>(change: &'a Change, name: &str) -> Option<&'a str> {
    let changed = change.entry.fields.iter().find(|field| field.name == name);
    let text = match changed {
        Some(field) => field.after.as_deref(),
        None => change.entry.context.iter().find(|(known, _)| known == name).map(|(_, text)| text.as_str()),
    };
    text.map(str::trim).filter(|text| !text.is_empty())
}

fn earlier_ones(change: &Change) -> BTreeSet<&'static str> {
    let said = [Some(change.entry.title.as_str()), said(change, "action"), said(change, "type")];
    let said = said.into_iter().flatten().collect::<Vec<_>>().join(" ").to_lowercase();
    let words: Vec<&str> = said.split(|c: char| !c.is_alphanumeric()).collect();
    OF_AN_EARLIER_ONE.into_iter().filter(|head| words.iter().any(|word| word.starts_with(head))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::change::FieldChange;
    use crate::domain::grouping::tests::change;

    fn named(fields: &[(&str, &str)], rule: &str) -> Change {
        let mut change = change("Notice of additions", "2026-11-24T10:00:00Z", fields).1;
        let found = serde_json::json!({
            "company": "zte", "alias": "ZTE", "alias_kind": null, "rule": rule, "field": "title",
            "span": { "start": 0, "end": 3 }, "excerpt": "ZTE",
        });
        change.matches = vec![serde_json::from_value(found).unwrap()];
        change
    }

    #[track_caller]
    fn check(change: &Change, told: &Change, expected: bool) {
        assert_eq!(says_no_more(change, told, &"zte".parse().unwrap()), expected);
    }

    #[test]
    fn the_same_told_by_another_source_is_no_more() {
        let told = named(&[("type", "Rule"), ("effective", "2026-12-01"), ("text", "long")], "alias");
        check(&named(&[("type", "Rule"), ("effective", "2026-12-01")], "alias"), &told, true);
        check(&named(&[("agencies", "Commerce")], "name"), &told, true);
    }

    #[test]
    fn a_date_a_kind_or_a_document_that_was_not_told_is_more() {
        let told = named(&[("type", "Rule"), ("status", "on public inspection")], "alias");
        for more in [
            ("type", "Notice"),
            ("status", "published"),
            ("effective", "2026-12-01"),
            ("comments_close", "2026-12-01"),
            ("corrects", "2026-1"),
            ("access", "sealed"),
            ("action", "Final rule; correction."),
        ] {
            check(&named(&[more], "alias"), &told, false);
        }
        let mut erratum = named(&[], "alias");
        erratum.entry.title = "Erratum to the notice of additions".to_owned();
        check(&erratum, &told, false);
    }

    #[test]
    fn another_company_or_one_that_is_named_more_plainly_is_more() {
        let told = named(&[], "alias");
        assert!(!says_no_more(&told, &told, &"huawei".parse().unwrap()));
        check(&told, &named(&[], "exposure"), false);
        check(&named(&[], "exposure"), &told, true);
    }

    #[test]
    fn what_goes_is_told_and_so_is_another_amendment() {
        let of_kind = |kind: ChangeKind, after: &str| {
            let mut change = named(&[], "alias");
            change.entry.kind = kind;
            change.entry.fields =
                vec![FieldChange { name: "dates".to_owned(), before: None, after: Some(after.to_owned()) }];
            change
        };
        let added = of_kind(ChangeKind::Added, "a");
        check(&added, &added, true);
        check(&of_kind(ChangeKind::Removed, "a"), &of_kind(ChangeKind::Removed, "a"), false);
        check(&of_kind(ChangeKind::Removed, "a"), &added, false);
        check(&of_kind(ChangeKind::AlreadyListed, "a"), &added, false);
        let amended = of_kind(ChangeKind::Amended, "a");
        check(&amended, &added, false);
        check(&amended, &amended, true);
        check(&of_kind(ChangeKind::Amended, "b"), &amended, false);
    }
}
