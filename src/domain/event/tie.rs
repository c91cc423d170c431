//! Which changes are about the same document or docket entry.

use std::collections::BTreeSet;

use crate::domain::change::Change;
use crate::domain::entry::family;
use crate::domain::numbers::{DocumentNumber, NumberScheme};

/// A number that more changes call their own names nothing in particular.
pub const MAX_OWNERS: usize = 50;

/// Another change that is tied to one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tie {
    /// The other change.
    pub change: Change,
    /// The number that ties them.
    pub number: DocumentNumber,
    /// Whether both are about the document or docket entry of that number; otherwise one only speaks of it.
    pub is_certain: bool,
}

impl Tie {
    /// Whether it is the same that happened, told by another source: not only about the same document.
    #[must_use]
    pub fn is_told_by_another(&self, change: &Change) -> bool {
        self.is_certain
            && self.change.source != change.source
            && self.change.entry.kind == change.entry.kind
            && self.change.entry.event() == change.entry.event()
    }
}

/// How `change` is tied to others, in the order in which these were found. `sharing` are changes that have a number in
/// common with it, at most one more than [`MAX_OWNERS`] of each number. What was taken back ties nothing.
#[must_use]
pub fn ties(change: &Change, sharing: &[Change]) -> Vec<Tie> {
    let others: Vec<&Change> =
        sharing.iter().filter(|other| other.id != change.id && other.retracted_at.is_none()).collect();
    let clear: Vec<&DocumentNumber> = change
        .numbers
        .own
        .iter()
        .filter(|number| {
            let owners: Vec<&Change> =
                others.iter().copied().filter(|other| other.numbers.own.contains(number)).collect();
            names_one_thing(change, &owners)
        })
        .collect();
    let mut ties: Vec<Tie> = others.into_iter().filter_map(|other| tie(change, other, &clear)).collect();
    ties.sort_by(|one, two| {
        let place = |tie: &Tie| (tie.change.found_at, tie.change.source.clone(), tie.change.ordinal);
        place(one).cmp(&place(two)).then_with(|| one.change.id.cmp(&two.change.id))
    });
    ties
}

/// The certain tie of two changes, or else the other one. `clear` are the numbers of `change` that name one thing.
fn tie(change: &Change, other: &Change, clear: &[&DocumentNumber]) -> Option<Tie> {
    let differ = are_different(change, other);
    let certain = clear.iter().find(|number| !differ && other.numbers.own.contains(number));
    if let Some(number) = certain {
        return Some(Tie { change: other.clone(), number: (*number).clone(), is_certain: true });
    }
    let of = |one: &Change, two: &Change| -> Option<DocumentNumber> {
        one.numbers.own.iter().find(|number| two.numbers.cited.contains(number)).cloned()
    };
    // Two documents that begin on one page have nothing to do with each other.
    let shared = change
        .numbers
        .own
        .iter()
        .find(|number| number.scheme != NumberScheme::FrCitation && other.numbers.own.contains(number));
    let number = shared.cloned().or_else(|| of(change, other)).or_else(|| of(other, change))?;
    Some(Tie { change: other.clone(), number, is_certain: false })
}

/// Whether a number that all of these call their own means one thing: none of them is certainly another than
/// another, and no source has it twice.
fn names_one_thing(change: &Change, owners: &[&Change]) -> bool {
    let all: Vec<&Change> = owners.iter().copied().chain([change]).collect();
    all.len() <= MAX_OWNERS
        && all.iter().enumerate().all(|(index, one)| {
            all[index + 1..].iter().all(|two| {
                let is_twice = one.source == two.source && family(&one.entry.key) != family(&two.entry.key);
                !is_twice && !are_different(one, two)
            })
        })
}

/// Whether two changes have numbers of one scheme and none in common.
fn are_different(one: &Change, two: &Change) -> bool {
    let of = |change: &Change| -> BTreeSet<NumberScheme> {
        change.numbers.own.iter().map(|number| number.scheme).collect()
    };
    of(one).intersection(&of(two)).any(|scheme| {
        let mut numbers = one.numbers.own.iter().filter(|number| number.scheme == *scheme);
        !numbers.any(|number| two.numbers.own.contains(number))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::grouping::tests::change;

    /// A change of a source that has these numbers.
    fn numbered(source: &str, own: &[&str], cited: &[&str]) -> Change {
        let name = format!("{source}/{}", own.join(","));
        let mut change = change(&name, "2026-11-24T10:00:00Z", &[]).1;
        change.source = source.parse().unwrap();
        let all = |texts: &[&str]| texts.iter().filter_map(|text| number(text)).collect();
        (change.numbers.own, change.numbers.cited) = (all(own), all(cited));
        change
    }

    fn number(text: &str) -> Option<DocumentNumber> {
        DocumentNumber::fr_citation(text)
            .or_else(|| DocumentNumber::fcc(text))
            .or_else(|| DocumentNumber::fr_document(text))
    }

    #[track_caller]
    fn check(change: &Change, others: &[Change], expected: &[(&str, &str, bool)]) {
        let found = ties(change, others);
        let found: Vec<(&str, String, bool)> = found
            .iter()
            .map(|tie| (tie.change.source.as_str(), tie.number.to_string(), tie.is_certain))
            .collect();
        let found: Vec<(&str, &str, bool)> = found
            .iter()
            .map(|(source, number, is_certain)| (*source, number.as_str(), *is_certain))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn the_same_document_is_the_same_event() {
        let list = numbered("list", &["2026-25555", "91 FR 12345"], &[]);
        let bureau = numbered("bureau", &["2026-25555"], &[]);
        check(&list, std::slice::from_ref(&bureau), &[("bureau", "FR Doc. 2026-25555", true)]);
        check(&bureau, std::slice::from_ref(&list), &[("list", "FR Doc. 2026-25555", true)]);
        check(&list, std::slice::from_ref(&list), &[]);
    }

    #[test]
    fn a_number_in_running_text_ties_nothing_for_certain() {
        let row = numbered("code", &[], &["91 FR 12345", "85 FR 29853"]);
        let notice = numbered("register", &["2026-25555", "91 FR 12345"], &["85 FR 29853"]);
        check(&row, std::slice::from_ref(&notice), &[("register", "91 FR 12345", false)]);
        let other = numbered("feed", &[], &["85 FR 29853"]);
        check(&row, &[other], &[]);
    }

    #[test]
    fn two_documents_are_two_however_much_they_share() {
        // Parts of one order are published apart, and short documents begin on one page.
        let release = numbered("feed", &["FCC 26-71"], &[]);
        let rule = numbered("register", &["2026-100", "FCC 26-71", "91 FR 500"], &[]);
        let proposal = numbered("bureau", &["2026-101", "FCC 26-71"], &[]);
        let beside = numbered("bureau", &["2026-102", "91 FR 500"], &[]);
        check(&release, std::slice::from_ref(&rule), &[("register", "FCC 26-71", true)]);
        let all = [release.clone(), rule.clone(), proposal.clone()];
        check(&release, &all, &[("bureau", "FCC 26-71", false), ("register", "FCC 26-71", false)]);
        check(&proposal, &all, &[("feed", "FCC 26-71", false), ("register", "FCC 26-71", false)]);
        check(&rule, &[beside], &[]);
    }

    #[test]
    fn a_number_that_one_source_has_twice_or_that_many_have_names_nothing() {
        let one = numbered("feed", &["DA 26-1"], &[]);
        let twice = Change { entry: one.entry.clone(), ..numbered("list", &["DA 26-1"], &["85 FR 1"]) };
        let mut again = numbered("list", &["DA 26-1"], &[]);
        again.id = crate::domain::id::ChangeId::derive(&["again"]);
        again.entry.key = "another".to_owned();
        check(&one, &[twice, again], &[("list", "DA 26-1", false), ("list", "DA 26-1", false)]);
        let many: Vec<Change> =
            (0..MAX_OWNERS).map(|number| numbered(&format!("s{number}"), &["DA 26-1"], &[])).collect();
        assert!(ties(&one, &many).iter().all(|tie| !tie.is_certain));
        assert!(ties(&one, &many[1..]).iter().all(|tie| tie.is_certain));
    }

    #[test]
    fn what_was_taken_back_ties_nothing() {
        let one = numbered("feed", &["DA 26-1"], &[]);
        let mut other = numbered("list", &["DA 26-1"], &[]);
        other.retracted_at = Some(other.found_at);
        check(&one, &[other], &[]);
    }
}
