//! A first start: there was no store, and an empty one was made. Where one should have been, because its disk
//! was not mounted or the configuration names another folder, the operator must hear of it before anybody
//! misses a mail.

use chrono::{DateTime, Duration, Utc};

use super::store::{StoreHealth, trouble};
use super::{Incident, IncidentKind, Notification, Trouble};
use crate::domain::moment::is_within;

/// It is shown for so long, and told once.
const LASTS: Duration = Duration::days(1);

/// Shown for a day, and at the first look where that comes later.
pub(super) fn first_start(
    known: &[&Incident],
    standing: &StoreHealth,
    now: DateTime<Utc>,
) -> Option<Trouble> {
    let begun_at = standing.begun_at?;
    let before = known.iter().find(|incident| incident.kind == IncidentKind::FirstStart);
    let is_shown = before.is_none_or(|before| before.is_open() && is_within(begun_at, LASTS, now));
    is_shown.then(|| {
        let reason = format!(
            "there was no store at {}, so an empty one was made: it has no subscribers, and the first read of each source becomes its baseline, so that earlier changes are not told",
            standing.place
        );
        trouble(IncidentKind::FirstStart, reason, begun_at)
    })
}

/// What it was is told once, not that it is over.
pub(super) fn telling_of_first_start(incident: &Incident) -> Option<(Notification, DateTime<Utc>)> {
    let is_untold = incident.told_at.is_none() && incident.is_open();
    is_untold.then(|| (Notification::Begun, incident.since()))
}

#[cfg(test)]
mod tests {
    use super::super::{Policy, review_store};
    use super::*;

    fn at(hours: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + Duration::hours(hours)
    }

    /// What is told at these hours of a store that was made at the first of them, and how many incidents of it
    /// are open in the end.
    fn told_of(begun_at: Option<DateTime<Utc>>, looks: &[i64]) -> (Vec<(i64, Notification)>, usize) {
        let policy = Policy { failures: 3, remind_every: Duration::hours(1) };
        let standing = StoreHealth { begun_at, place: "/state/db".to_owned(), ..StoreHealth::default() };
        let (mut known, mut told): (Vec<Incident>, Vec<_>) = (Vec::new(), Vec::new());
        for &hours in looks {
            for changed in review_store(&known, &standing, &policy, at(hours)) {
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
        assert!(known.iter().all(|incident| incident.reason.contains("at /state/db,")));
        (told, known.iter().filter(|incident| incident.is_open()).count())
    }

    #[test]
    fn a_first_start_is_told_once_and_shown_for_a_day() {
        let once = |hours| vec![(hours, Notification::Begun)];
        assert_eq!(told_of(Some(at(0)), &[0, 1, 23]), (once(0), 1));
        assert_eq!(told_of(Some(at(0)), &[0, 1, 24, 25, 100]), (once(0), 0));
        assert_eq!(told_of(Some(at(0)), &[70]), (once(70), 1), "nobody looked before");
        assert_eq!(told_of(Some(at(0)), &[70, 71, 72]), (once(70), 0));
        assert_eq!(told_of(Some(at(0)), &[0, 25, 1, 2]), (once(0), 0), "the clock went back");
        assert_eq!(told_of(None, &[0, 1]), (Vec::new(), 0), "a store of an earlier program");
    }
}
