//! Trouble with the state itself: its disk fills up, something in it cannot be read, or it was not there.

use chrono::{DateTime, Utc};

use super::{Incident, IncidentKind, Policy, Trouble, changed, first_start};

/// How the state stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoreHealth {
    /// Where it lies, for people.
    pub place: String,
    /// The free room on its disk in bytes; nothing where that is not known.
    pub free_bytes: Option<u64>,
    /// With less free room the operator is told.
    pub low_bytes: u64,
    /// Records that cannot be read, and why; each once, in a fixed order.
    pub unreadable: Vec<String>,
    /// Whether every record was looked at: otherwise others may be unreadable as well.
    pub is_surveyed: bool,
    /// When it was made; nothing where that is not known, as of stores of earlier programs.
    pub begun_at: Option<DateTime<Utc>>,
}

/// Of records that cannot be read so many are named.
const MAX_NAMED: usize = 5;

/// The incidents of the state that are new or stand otherwise than before, as they now stand.
#[must_use]
pub fn review_store(
    known: &[Incident],
    standing: &StoreHealth,
    policy: &Policy,
    now: DateTime<Utc>,
) -> Vec<Incident> {
    let known: Vec<&Incident> = known.iter().filter(|incident| incident.kind.is_of_store()).collect();
    let troubles = [
        low_disk(&known, standing, now),
        unreadable(&known, standing, now),
        first_start::first_start(&known, standing, now),
    ];
    changed(&known, troubles.into_iter().flatten().collect(), policy, now, |_| None)
}

/// It is over only once there is a quarter more room than it takes, so that it does not come and go.
fn low_disk(known: &[&Incident], standing: &StoreHealth, now: DateTime<Utc>) -> Option<Trouble> {
    let is_open = known.iter().any(|incident| incident.is_open() && incident.kind == IncidentKind::Disk);
    let low = standing.low_bytes;
    let limit = if is_open { low.saturating_add(low / 4) } else { low };
    let reason = format!("less than {} MiB are left on the disk of {}", low >> 20, standing.place);
    (standing.free_bytes? < limit).then(|| trouble(IncidentKind::Disk, reason, now))
}

/// It is over once every record was looked at and could be read.
fn unreadable(known: &[&Incident], standing: &StoreHealth, now: DateTime<Utc>) -> Option<Trouble> {
    let open = known.iter().find(|incident| incident.is_open() && incident.kind == IncidentKind::Store);
    if let Some(open) = open.filter(|_| !standing.is_surveyed) {
        return Some(trouble(IncidentKind::Store, open.reason.clone(), now));
    }
    let count = standing.unreadable.len();
    let named = standing.unreadable.iter().take(MAX_NAMED).map(String::as_str).collect::<Vec<_>>().join("; ");
    let more = if count > MAX_NAMED { format!("; and {} more", count - MAX_NAMED) } else { String::new() };
    (count > 0).then(|| trouble(IncidentKind::Store, format!("{named}{more}"), now))
}

pub(super) fn trouble(kind: IncidentKind, reason: String, since: DateTime<Utc>) -> Trouble {
    Trouble { kind, source: None, title: "the store".to_owned(), reason, members: Vec::new(), since }
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::*;

    const POLICY: Policy = Policy { failures: 3, remind_every: Duration::hours(24) };

    fn look(known: &mut Vec<Incident>, standing: &StoreHealth, minutes: i64) -> usize {
        let now = DateTime::UNIX_EPOCH + Duration::minutes(minutes);
        let changed = review_store(known, standing, &POLICY, now);
        for incident in &changed {
            known.retain(|other| other.id != incident.id);
            known.push(incident.clone());
        }
        changed.len()
    }

    #[test]
    fn a_disk_that_fills_up_is_an_incident_until_there_is_clearly_more_room() {
        let with = |free_bytes| StoreHealth {
            place: "/state/db".to_owned(),
            free_bytes: Some(free_bytes),
            low_bytes: 100 << 20,
            ..StoreHealth::default()
        };
        let mut known = Vec::new();
        assert_eq!(look(&mut known, &with(100 << 20), 0), 0);
        assert_eq!(look(&mut known, &with(99 << 20), 1), 1);
        assert_eq!(look(&mut known, &with(50 << 20), 2), 0, "it is the same");
        assert_eq!(look(&mut known, &with(110 << 20), 3), 0, "it would come back at once");
        assert_eq!(known[0].reason, "less than 100 MiB are left on the disk of /state/db");
        assert_eq!(look(&mut known, &with(126 << 20), 4), 1);
        assert!(!known[0].is_open());
    }

    #[test]
    fn records_that_cannot_be_read_are_one_incident_and_named() {
        let with = |unreadable: &[&str]| StoreHealth {
            unreadable: unreadable.iter().map(|&record| record.to_owned()).collect(),
            is_surveyed: true,
            ..StoreHealth::default()
        };
        let mut known = Vec::new();
        assert_eq!(look(&mut known, &with(&["a", "b", "c", "d", "e", "f", "g"]), 0), 1);
        assert_eq!(known[0].reason, "a; b; c; d; e; and 2 more");
        assert_eq!(
            super::super::review(&known, &[], &[], &POLICY, DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH),
            []
        );
        assert_eq!(look(&mut known, &StoreHealth::default(), 1), 0, "nobody has looked");
        assert_eq!(look(&mut known, &with(&[]), 2), 1);
        assert!(!known[0].is_open());
    }
}
