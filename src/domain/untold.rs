//! What else the reads behind a mail found, and why the mail does not tell it.

use std::collections::{BTreeMap, BTreeSet};

use super::change::Change;
use super::id::ChangeId;
use super::subscription::{Subscriber, SubscriptionState};
use super::topic::Topic;

/// The news that one read found, by whom it names.
#[derive(Debug, Clone, Default)]
pub struct Together {
    news: BTreeSet<ChangeId>,
    named: BTreeMap<Topic, Vec<Change>>,
    possible: BTreeMap<Topic, Vec<ChangeId>>,
}

/// How much a mail does not tell of what its reads found, by the reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Untold {
    /// It is told by another mail that is due, or waits for its moment.
    pub elsewhere: usize,
    /// It names a company that is followed, and is not of the kind that is wanted.
    pub unasked: usize,
    /// It names a company that is followed, and was told before or found before that was followed.
    pub other: usize,
    /// It may name a company that is followed; a person says whether it does.
    pub possible: usize,
    /// It names no company that is followed.
    pub of_nobody: usize,
}

impl Together {
    /// What one read found. Notices are no news, and what was taken back did not happen.
    #[must_use]
    pub fn of(changes: Vec<Change>) -> Self {
        let mut together = Self::default();
        for change in changes {
            if change.is_notice() || change.retracted_at.is_some() {
                continue;
            }
            together.news.insert(change.id.clone());
            for found in &change.possible {
                together.possible.entry(Topic::from(&found.company)).or_default().push(change.id.clone());
            }
            for topic in change.topics() {
                together.named.entry(topic).or_default().push(change.clone());
            }
        }
        together
    }

    /// What of it a mail to a reader does not tell that tells `here`; `waiting` is all that waits for them.
    #[must_use]
    pub fn untold(
        &self,
        reader: &Subscriber,
        here: &BTreeSet<&ChangeId>,
        waiting: &BTreeSet<&ChangeId>,
    ) -> Untold {
        let followed = reader.subscriptions.iter().filter(|known| known.state == SubscriptionState::Active);
        let followed: Vec<_> = followed.collect();
        // The best reason counts of a change that names several.
        let mut named: BTreeMap<&ChangeId, bool> = BTreeMap::new();
        for known in &followed {
            for change in self.named.get(&known.topic).into_iter().flatten() {
                *named.entry(&change.id).or_default() |= known.only.admits(change);
            }
        }
        let possible = followed.iter().filter_map(|known| self.possible.get(&known.topic)).flatten();
        let possible: BTreeSet<&ChangeId> =
            possible.filter(|id| !named.contains_key(id) && !here.contains(id)).collect();
        let mut untold = Untold { possible: possible.len(), ..Untold::default() };
        let mut told = here.iter().filter(|id| self.news.contains(**id) && !named.contains_key(*id)).count();
        for (id, is_asked_for) in named {
            let count = if here.contains(id) {
                &mut told
            } else if !is_asked_for {
                &mut untold.unasked
            } else if waiting.contains(id) {
                &mut untold.elsewhere
            } else {
                &mut untold.other
            };
            *count += 1;
        }
        let accounted = told + untold.possible + untold.elsewhere + untold.other + untold.unasked;
        untold.of_nobody = self.news.len().saturating_sub(accounted);
        untold
    }
}

impl std::ops::AddAssign for Untold {
    fn add_assign(&mut self, other: Self) {
        self.elsewhere += other.elsewhere;
        self.unasked += other.unasked;
        self.other += other.other;
        self.possible += other.possible;
        self.of_nobody += other.of_nobody;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::change::ChangeKind;
    use crate::domain::grouping::tests::{change, reader};
    use crate::domain::subscription::Filter;

    fn naming(name: &str, company: &str) -> Change {
        let mut change = change(name, "2026-11-24T10:00:00Z", &[]).1;
        let found = serde_json::json!({
            "company": company, "alias": "x", "alias_kind": null, "rule": "alias", "field": "name",
            "span": { "start": 0, "end": 1 }, "excerpt": "x",
        });
        change.matches = vec![serde_json::from_value(found).unwrap()];
        change
    }

    #[test]
    fn what_a_mail_does_not_tell_has_its_reason() {
        let mut removed = naming("removed", "zte");
        removed.entry.kind = ChangeKind::Removed;
        let mut doubtful = naming("doubtful", "zte");
        doubtful.possible = std::mem::take(&mut doubtful.matches);
        let mut taken_back = naming("taken back", "zte");
        taken_back.retracted_at = Some(chrono::DateTime::UNIX_EPOCH);
        let mut notice = naming("notice", "zte");
        notice.entry.kind = ChangeKind::AlreadyListed;
        let told = naming("told", "zte");
        let waits = naming("waits", "zte");
        let before = naming("before", "zte");
        let others = [naming("a", "huawei"), naming("b", "huawei")];
        let mut all = vec![removed, doubtful, taken_back, notice, told.clone(), waits.clone(), before];
        all.extend(others);
        let together = Together::of(all);
        let mut ann = reader(&[]);
        let mut only = Filter::default();
        only.take_kind("added");
        ann.subscriptions[0].only = only;
        let found = together.untold(&ann, &[&told.id].into(), &[&told.id, &waits.id].into());
        assert_eq!(found, Untold { elsewhere: 1, unasked: 1, other: 1, possible: 1, of_nobody: 2 });
    }

    #[test]
    fn of_many_changes_that_two_mails_tell_none_is_said_to_name_nobody() {
        let all: Vec<Change> = (0..150).map(|number| naming(&format!("{number}"), "zte")).collect();
        let waiting: BTreeSet<&ChangeId> = all.iter().map(|change| &change.id).collect();
        let together = Together::of(all.clone());
        let here = all[..100].iter().map(|change| &change.id).collect();
        let found = together.untold(&reader(&[]), &here, &waiting);
        assert_eq!(found, Untold { elsewhere: 50, ..Untold::default() });
    }
}
