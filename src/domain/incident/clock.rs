//! Trouble with the clock: it went back.

use chrono::{DateTime, Duration, Utc};

use super::{Incident, IncidentKind, Notification, Policy, Trouble, changed};
use crate::domain::moment::{self, SetBack, is_within};

/// It is there for so long, and told once: nothing shows when it would be over.
const LASTS: Duration = Duration::hours(1);

/// The incidents of the clock that are new or stand otherwise than before, as they now stand.
#[must_use]
pub fn review_clock(
    known: &[Incident],
    set_back: Option<&SetBack>,
    policy: &Policy,
    now: DateTime<Utc>,
) -> Vec<Incident> {
    let known: Vec<&Incident> =
        known.iter().filter(|incident| incident.kind == IncidentKind::Clock).collect();
    let recent = set_back.filter(|set_back| is_within(set_back.to, LASTS, now));
    changed(&known, recent.map(trouble).into_iter().collect(), policy, now, |_| None)
}

/// What it was is told once, not that it is over.
pub(super) fn telling_of_clock(incident: &Incident) -> Option<(Notification, DateTime<Utc>)> {
    let is_told = incident.told_at.is_some_and(|told_at| told_at >= incident.since());
    (!is_told && incident.is_open()).then(|| (Notification::Begun, incident.since()))
}

fn trouble(set_back: &SetBack) -> Trouble {
    let (from, to) = (moment::in_words(set_back.from), moment::in_words(set_back.to));
    Trouble {
        kind: IncidentKind::Clock,
        source: None,
        title: "the clock of this machine".to_owned(),
        reason: format!(
            "it had shown {from} and then showed {to}; what waited for the time between is done now, and what was read, found and sent while it was wrong bears moments that are not true"
        ),
        members: Vec::new(),
        since: set_back.to,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_went_back_is_told_once_each_time() {
        let at = |hours| DateTime::UNIX_EPOCH + Duration::hours(hours);
        let policy = Policy { failures: 3, remind_every: Duration::days(1) };
        let mut known: Vec<Incident> = Vec::new();
        let mut told = Vec::new();
        for (hours, to) in [(0, None), (1, Some(1)), (1, Some(1)), (3, Some(1)), (4, Some(4)), (9, Some(4))] {
            let set_back = to.map(|to| SetBack { from: at(1_000), to: at(to) });
            for changed in review_clock(&known, set_back.as_ref(), &policy, at(hours)) {
                known.retain(|incident| incident.id != changed.id);
                known.push(changed);
            }
            for incident in &mut known {
                if let Some((telling, _)) = incident.next_telling(&policy) {
                    told.push((hours, telling));
                    *incident = incident.clone().told(telling, at(hours));
                }
            }
        }
        assert_eq!(told, [(1, Notification::Begun), (4, Notification::Begun)]);
        assert!(known.iter().all(|incident| !incident.is_open()));
        assert!(known[0].reason.contains("11 February 1970, 16:00 UTC"), "{known:?}");
        assert_eq!(super::super::review(&known, &[], &[], &policy, at(0), at(9)), []);
    }
}
