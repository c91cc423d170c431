//! What is the same for all readers of a round, and what follows from it for one of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::id_of;
use crate::domain::alert::AlertItem;
use crate::domain::change::Change;
use crate::domain::event::{Tie, says_no_more};
use crate::domain::grouping::{CollectionRules, MailBatch};
use crate::domain::id::{BodyHash, ChangeId, SourceId};
use crate::domain::matching::Watchlist;
use crate::domain::read_state::ReadState;
use crate::domain::subscription::Subscriber;
use crate::domain::untold::{Together, Untold};
use crate::render::AlertViews;
use crate::store::{EventTold, ToldOf};

/// What is the same for all readers of a round.
#[derive(Debug, Clone)]
pub(in crate::dispatch) struct Round {
    pub watchlist: Arc<Watchlist>,
    /// How the sources stand of which somebody was told so far; nothing of one that was never read.
    pub states: Arc<BTreeMap<SourceId, Option<ReadState>>>,
    /// What other sources tell of the same, by change.
    pub ties: Arc<Ties>,
    /// What each read found.
    pub together: Arc<BTreeMap<ReadName, Arc<Together>>>,
    /// What was put into words so far.
    pub views: Arc<AlertViews>,
    pub collecting: CollectionRules,
    pub now: DateTime<Utc>,
}

/// What a page of readers is to be composed by besides what waits for them.
#[derive(Debug, Default)]
pub(in crate::dispatch) struct RoundContext {
    /// What those who want one mail for an event were told of what waits for them, by other sources.
    pub told: ToldOf,
    /// What was found since silence was last attested to any of them, or longer.
    pub found: Vec<Change>,
    /// What of that was set aside because they were told already, with the companies of which.
    pub aside: ToldOf,
}

/// How changes are tied to those of other sources; none stands here that is tied to nothing.
pub(in crate::dispatch) type Ties = BTreeMap<ChangeId, Vec<Tie>>;

/// Names a read by what its changes say of it.
pub(in crate::dispatch) type ReadName = (SourceId, DateTime<Utc>, BodyHash);

/// The read that shows a change.
pub(in crate::dispatch) fn read_of(change: &Change) -> ReadName {
    (change.source.clone(), change.found_at, change.evidence.sha256.clone())
}

/// The change of another source by which a reader who wants one mail for an event was told the same of the topic.
pub(super) fn told_as<'a>(
    reader: &Subscriber,
    item: &AlertItem,
    change: &Change,
    told: &ToldOf,
    round: &'a Round,
) -> Option<&'a ChangeId> {
    let ties = round.ties.get(&change.id).filter(|_| reader.preferences.is_told_once)?;
    let told = ties.iter().find(|tie| {
        let known = told.get(&(reader.address.clone(), tie.change.id.clone()));
        tie.is_told_by_another(change)
            && known.is_some_and(|topics| topics.contains(&item.topic))
            && says_no_more(change, &tie.change, &item.topic)
    });
    told.map(|tie| &tie.change.id)
}

/// What a mail tells that other sources may tell as well, of a reader who wants one mail for it.
pub(super) fn events_of(reader: &Subscriber, bundle: &MailBatch) -> Vec<EventTold> {
    let mail = id_of(reader, bundle);
    let of = bundle.told.iter().filter(|told| {
        reader.preferences.is_told_once && !told.change.is_notice() && !told.change.numbers.own.is_empty()
    });
    of.map(|told| EventTold {
        change: told.change.id.clone(),
        topic: told.item.topic.clone(),
        mail: mail.clone(),
    })
    .collect()
}

/// What else the reads of a mail found that it does not tell.
pub(super) fn untold(
    reader: &Subscriber,
    waiting: &BTreeSet<&ChangeId>,
    bundle: &MailBatch,
    round: &Round,
) -> Untold {
    let here = bundle.told.iter().map(|told| &told.change.id).collect();
    let reads: BTreeSet<ReadName> =
        bundle.told.iter().filter(|told| !told.change.is_notice()).map(|told| read_of(told.change)).collect();
    let mut untold = Untold::default();
    for together in reads.iter().filter_map(|read| round.together.get(read)) {
        untold += together.untold(reader, &here, waiting);
    }
    untold
}
