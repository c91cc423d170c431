//! Telling: whether what a step was computed from is still so, or another worker took the same work further meanwhile.

use crate::domain::alert::{Alert, AlertItem};
use crate::domain::email::EmailAddress;
use crate::domain::id::{AlertId, MailId};
use crate::domain::incident::Incident;
use crate::domain::retraction::Retraction;
use crate::domain::subscription::Subscriber;
use crate::store::boundary::{Met, ReaderCommit};

/// Whether an alert has got exactly as far as it had when the readers of a step were looked up. One that is not there any
/// more has all its readers, or was taken back.
pub(in crate::store) fn is_as_far(alert: Option<&Alert>, from: Option<&EmailAddress>) -> bool {
    alert.is_some_and(|alert| alert.spread_to.as_ref() == from)
}

/// Whether what a reader's mails were composed of still waits for them, and is promised to them, as it did.
pub(in crate::store) fn still_waits<E>(
    one: &ReaderCommit,
    reader: &Subscriber,
    kept: impl Fn(&AlertId) -> Result<Option<AlertItem>, E>,
) -> Result<bool, E> {
    let Met { items, attested_until, ended_pause } = &one.met;
    let is_promised = one.attested_until.is_none() || reader.preferences.attested_until == *attested_until;
    let is_to_be_summed_up = one.summed_up.is_none() || reader.ended_pause(one.at) == *ended_pause;
    if !(is_promised && is_to_be_summed_up) {
        return Ok(false);
    }
    for item in items {
        if kept(&item.alert)?.as_ref() != Some(item) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether the mails of a retraction are told of it exactly as far as they were when a step looked at the next of them.
pub(in crate::store) fn is_told_as_far(pending: Option<&Retraction>, from: Option<&MailId>) -> bool {
    pending.is_some_and(|pending| pending.reached.as_ref() == from)
}

/// Whether the incidents that are not past are those that a step knew, each as it knew it.
pub(in crate::store) fn are_those_known(current: &[Incident], known: &[Incident]) -> bool {
    let known_now: Vec<&Incident> =
        known.iter().filter(|incident| incident.is_past_since().is_none()).collect();
    current.len() == known_now.len() && current.iter().all(|incident| known_now.contains(&incident))
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::*;
    use crate::domain::grouping::tests::{change, reader};

    fn now() -> DateTime<Utc> {
        "2026-11-24T10:00:00Z".parse().unwrap()
    }

    fn composed(met: Met) -> ReaderCommit {
        ReaderCommit { met, ..ReaderCommit::empty(reader(&[]).address, now()) }
    }

    #[test]
    fn what_waits_otherwise_than_it_was_met_is_not_told() {
        let (item, _) = change("a", "2026-11-24T10:00:00Z", &[]);
        let one = composed(Met { items: vec![item.clone()], ..Met::default() });
        let still =
            |kept: Option<AlertItem>| still_waits(&one, &reader(&[]), |_| Ok::<_, ()>(kept.clone())).unwrap();
        assert!(still(Some(item.clone())));
        assert!(!still(None), "told by another, or taken back");
        assert!(!still(Some(item.taken_back())), "told by another, and waiting again");
        assert!(!still(Some(AlertItem { strikes: 1, ..item })), "tried in vain by another");
    }

    #[test]
    fn silence_is_attested_from_where_it_was_attested_to() {
        let mut reader = reader(&[]);
        let attesting = ReaderCommit {
            attested_until: Some(now()),
            ..composed(Met { attested_until: None, ..Met::default() })
        };
        let still = |one: &ReaderCommit, reader: &Subscriber| {
            still_waits(one, reader, |_| Ok::<_, ()>(None)).unwrap()
        };
        assert!(still(&attesting, &reader));
        reader.preferences.attested_until = Some(now());
        assert!(!still(&attesting, &reader), "another attested it up to now");
        assert!(still(&composed(Met::default()), &reader), "a mail that attests nothing");
    }

    #[test]
    fn an_alert_goes_on_from_where_it_is_and_one_that_is_gone_goes_nowhere() {
        let (_, found) = change("a", "2026-11-24T10:00:00Z", &[]);
        let mut alert = crate::domain::alert::all_alerts_of(&found).remove(0);
        let bob: EmailAddress = "bob@example.org".parse().unwrap();
        assert!(is_as_far(Some(&alert), None) && !is_as_far(Some(&alert), Some(&bob)));
        alert.spread_to = Some(bob.clone());
        assert!(is_as_far(Some(&alert), Some(&bob)) && !is_as_far(Some(&alert), None));
        assert!(!is_as_far(None, None) && !is_as_far(None, Some(&bob)));
    }
}
