//! What a read, another watchlist or a retraction means, as the list of all that is kept of it.

use chrono::{DateTime, Utc};

use crate::domain::alert::{Alert, alert_of_source};
use crate::domain::change::Change;
use crate::domain::evidence::ChainedRead;
use crate::domain::id::{AlertId, CompanyId, SourceId};
use crate::domain::match_index::MatchIndex;
use crate::domain::matching::WatchlistVersion;
use crate::domain::read_record::ReadRecord;
use crate::domain::read_state::ReadState;
use crate::domain::retraction::Retraction;
use crate::domain::robots::RobotsCopy;
use crate::domain::topic::Topic;
use crate::domain::webhook::EventKind;
use crate::store::boundary::{Accepted, HeldBody, ReadCommit, RetractCommit};

/// One thing that is kept.
#[derive(Debug)]
pub(in crate::store) enum ReadEffect<'a> {
    /// How the reads of a source now stand.
    State(&'a ReadState),
    /// A suspect body is let go of.
    LetGo(&'a SourceId),
    /// A suspect body waits for a person's look.
    Hold(&'a HeldBody),
    /// What the next read is compared with.
    Accept(&'a Accepted),
    /// The read, among those of its source.
    Remember(&'a SourceId, &'a ReadRecord),
    /// Which entries of a source name whom.
    Stand(&'a MatchIndex, &'a WatchlistVersion),
    /// A line of a source's chain, and the changes that it names.
    Chain(&'a SourceId, ChainedRead, &'a [Change]),
    /// What a host said of being read.
    Robots(&'a RobotsCopy),
    /// Something that webhooks are told.
    Tell(EventKind, &'a Change, Vec<CompanyId>, DateTime<Utc>),
    /// Changes that are new, in one list: their numbers follow each other.
    Changes(&'a [Change]),
    /// A change that is kept already, as it now stands.
    Amend(&'a Change),
    /// An alert that readers are to have items of.
    Raise(&'a Alert),
    /// An alert that nobody is told of any more.
    Drop(AlertId),
    /// A retraction that is to be told.
    Retract(&'a Retraction),
}

/// The alerts of a read: those of companies, and for whoever follows the source as such, if anybody does.
pub(in crate::store) fn raised<E>(
    commit: &ReadCommit,
    has_followers: impl Fn(&Topic) -> Result<bool, E>,
) -> Result<Vec<Alert>, E> {
    let mut raised = commit.alerts.clone();
    for alert in commit.changes.iter().filter_map(alert_of_source) {
        if has_followers(&alert.topic)? {
            raised.push(alert);
        }
    }
    Ok(raised)
}

/// All that one read means, which raises these alerts.
pub(in crate::store) fn of_read<'a>(commit: &'a ReadCommit, raised: &'a [Alert]) -> Vec<ReadEffect<'a>> {
    let source = &commit.state.source;
    let mut effects = vec![ReadEffect::State(&commit.state)];
    effects.extend(commit.clears_held.then_some(ReadEffect::LetGo(source)));
    effects.extend(commit.held.as_ref().map(ReadEffect::Hold));
    effects.extend(commit.accepted.as_ref().map(ReadEffect::Accept));
    effects.extend(commit.read.as_ref().map(|read| ReadEffect::Remember(source, read)));
    effects.extend(commit.standing.as_ref().map(|(standing, version)| ReadEffect::Stand(standing, version)));
    effects.extend(commit.chained.clone().map(|read| ReadEffect::Chain(source, read, &commit.changes)));
    effects.extend(commit.robots.iter().map(ReadEffect::Robots));
    effects.extend(found(&commit.changes, raised));
    effects
}

/// What is found in changes that are new: webhooks are told, and readers have alerts.
fn found<'a>(changes: &'a [Change], alerts: &'a [Alert]) -> Vec<ReadEffect<'a>> {
    let tell = |change: &'a Change| {
        let companies = change.companies().into_iter().cloned().collect();
        ReadEffect::Tell(EventKind::Found, change, companies, change.found_at)
    };
    let mut effects: Vec<ReadEffect<'a>> = changes.iter().map(tell).collect();
    effects.push(ReadEffect::Changes(changes));
    effects.extend(alerts.iter().map(ReadEffect::Raise));
    effects
}

/// Of what another watchlist found in a source's accepted state what was not kept before, and the alerts of that.
pub(in crate::store) fn new_notices<E>(
    notices: Vec<(Change, Vec<Alert>)>,
    is_kept: impl Fn(&Change) -> Result<bool, E>,
) -> Result<(Vec<Change>, Vec<Alert>), E> {
    let (mut new, mut raised) = (Vec::new(), Vec::new());
    for (notice, alerts) in notices {
        if !is_kept(&notice)? {
            new.push(notice);
            raised.extend(alerts);
        }
    }
    Ok((new, raised))
}

/// All that another watchlist means for a source.
pub(in crate::store) fn of_rematch<'a>(
    standing: &'a MatchIndex,
    version: &'a WatchlistVersion,
    (new, raised): (&'a [Change], &'a [Alert]),
) -> Vec<ReadEffect<'a>> {
    let mut effects = vec![ReadEffect::Stand(standing, version)];
    effects.extend(ChainedRead::matched(new).map(|read| ReadEffect::Chain(&standing.source, read, new)));
    effects.extend(found(new, raised));
    effects
}

/// A change as it stands once it was taken back.
pub(in crate::store) fn retracted(change: Change, retraction: &Retraction) -> Change {
    Change { retracted_at: Some(retraction.at), ..change }
}

/// All that a retraction means: its changes, which are given as they now stand, are marked, what of them was not told
/// yet (`pending`) is not, and the state before the read is the source's again.
pub(in crate::store) fn of_retraction<'a>(
    commit: &'a RetractCommit,
    retracted: &'a [Change],
    pending: &[Alert],
) -> Vec<ReadEffect<'a>> {
    let RetractCommit { retraction, restored } = commit;
    let mut effects = Vec::new();
    for change in retracted {
        let companies = change.companies().into_iter().cloned().collect();
        effects.push(ReadEffect::Amend(change));
        effects.push(ReadEffect::Tell(EventKind::Retracted, change, companies, retraction.at));
    }
    let chained = ChainedRead::retracted(retraction, retracted);
    effects.extend(chained.map(|done| ReadEffect::Chain(&retraction.source, done, retracted)));
    let untold = pending.iter().filter(|alert| retraction.changes.contains(&alert.change));
    effects.extend(untold.map(|alert| ReadEffect::Drop(alert.id.clone())));
    effects.extend(restored.iter().flat_map(|before| of_read(before, &before.alerts)));
    effects.push(ReadEffect::Retract(retraction));
    effects
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::alert::alerts_of;
    use crate::domain::grouping::tests::change;
    use crate::domain::id::RetractionId;

    fn found(key: &str) -> Change {
        change(key, "2026-11-24T10:00:00Z", &[]).1
    }

    fn names(effects: &[ReadEffect<'_>]) -> Vec<&'static str> {
        let name = |effect: &ReadEffect<'_>| match effect {
            ReadEffect::State(_) => "state",
            ReadEffect::LetGo(_) => "let go",
            ReadEffect::Hold(_) => "hold",
            ReadEffect::Accept(_) => "accept",
            ReadEffect::Remember(..) => "remember",
            ReadEffect::Stand(..) => "stand",
            ReadEffect::Chain(..) => "chain",
            ReadEffect::Robots(_) => "robots",
            ReadEffect::Tell(..) => "tell",
            ReadEffect::Changes(_) => "changes",
            ReadEffect::Amend(_) => "amend",
            ReadEffect::Raise(_) => "raise",
            ReadEffect::Drop(_) => "drop",
            ReadEffect::Retract(_) => "retract",
        };
        effects.iter().map(name).collect()
    }

    #[test]
    fn a_notice_that_was_kept_is_not_told_again() {
        let (known, new) = (found("a"), found("b"));
        let notices = [&known, &new].map(|change| (change.clone(), alerts_of(change))).to_vec();
        let (told, raised) = new_notices(notices, |change| Ok::<_, ()>(change.id == known.id)).unwrap();
        assert_eq!(told, std::slice::from_ref(&new));
        assert!(raised.iter().all(|alert| alert.change == new.id));
    }

    #[test]
    fn a_retraction_marks_its_changes_and_takes_back_what_was_not_told_of_them_alone() {
        let (taken_back, other) = (found("a"), found("b"));
        let at = taken_back.found_at;
        let retraction = Retraction {
            id: RetractionId::derive(&["1"]),
            source: taken_back.source.clone(),
            changes: vec![taken_back.id.clone()],
            reason: None,
            at,
            is_restored: false,
            reached: None,
        };
        let marked = [retracted(taken_back.clone(), &retraction)];
        assert_eq!(marked[0].retracted_at, Some(at));
        let alert = |change: &Change| Alert {
            id: AlertId::derive(&[change.id.as_str()]),
            change: change.id.clone(),
            topic: "zte".parse().unwrap(),
            raised_at: at,
            spread_to: None,
        };
        let pending = [alert(&taken_back), alert(&other)];
        let commit = RetractCommit { retraction, restored: None };
        let effects = of_retraction(&commit, &marked, &pending);
        let mut kept = names(&effects);
        kept.retain(|name| *name != "chain");
        assert_eq!(kept, ["amend", "tell", "drop", "retract"]);
        assert!(effects.iter().any(|effect| matches!(effect, ReadEffect::Drop(id) if *id == pending[0].id)));
    }
}
