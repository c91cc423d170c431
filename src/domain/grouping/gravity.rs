//! Which of several changes a reader must see first.

use std::collections::BTreeMap;

use super::DueItem;
use crate::domain::change::{Change, ChangeKind};
use crate::domain::deadline::Deadline;
use crate::domain::id::ChangeId;
use crate::domain::topic::Topic;

/// What is graver sorts before the rest: what presses, the nearest date first; then what came or went, what was
/// amended, what was there before; then who is named before who is merely exposed.
type Gravity = (bool, Option<Deadline>, u8, bool);

/// The items in the order in which they are told: by gravity, then by topic. Those of one change stand together,
/// at the place of the gravest; among equals the order they came in stays.
pub(super) fn by_gravity(mut told: Vec<DueItem<'_>>) -> Vec<DueItem<'_>> {
    let mut of_change: BTreeMap<&ChangeId, (Gravity, &Topic, usize)> = BTreeMap::new();
    for (index, told) in told.iter().enumerate() {
        let rank = (gravity(told), &told.item.topic, index);
        of_change.entry(&told.change.id).and_modify(|known| *known = (*known).min(rank)).or_insert(rank);
    }
    told.sort_by_key(|told| of_change.get(&told.change.id).copied());
    told
}

fn gravity(told: &DueItem) -> Gravity {
    let kind = match told.change.entry.kind {
        ChangeKind::Added | ChangeKind::Removed => 0,
        ChangeKind::Amended => 1,
        ChangeKind::AlreadyListed => 2,
    };
    (told.deadline.is_none(), told.deadline, kind, !is_named(told.change, &told.item.topic))
}

/// Whether a change names a company, or is of a source that is its own.
fn is_named(change: &Change, topic: &Topic) -> bool {
    change.matches.iter().any(|found| topic.company() == Some(&found.company) && found.is_hit())
}
