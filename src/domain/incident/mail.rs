//! Trouble with mail: a transport out of reach, and mails that nobody could be given.

use chrono::{DateTime, Duration, Utc};

use super::{Ending, Incident, IncidentKind, Notification, Policy, Trouble, changed};
use crate::domain::breaker::Breaker;
use crate::domain::outbox::Mail;

/// How mail stands.
#[derive(Debug, Clone, Copy)]
pub struct MailHealth<'a> {
    /// The transport that is out of reach.
    pub breaker: Option<&'a Breaker>,
    /// The transport that is in use.
    pub channel: &'a str,
    /// Mails that were given up and nobody has acted upon, at most so many as are looked at.
    pub undelivered: &'a [Mail],
}

/// A relay that was away for less is nothing to write of.
const WORTH_A_MAIL: Duration = Duration::minutes(10);

/// The incidents of mail that are new or stand otherwise than before, as they now stand.
#[must_use]
pub fn review_mail(
    known: &[Incident],
    standing: MailHealth<'_>,
    policy: &Policy,
    now: DateTime<Utc>,
) -> Vec<Incident> {
    let known: Vec<&Incident> = known.iter().filter(|incident| incident.kind.is_of_mail()).collect();
    let troubles = standing.breaker.map(unreachable).into_iter().chain(undelivered(standing.undelivered));
    let ending = |incident: &Incident| {
        let is_of_relay = incident.kind == IncidentKind::Relay;
        let is_in_use = incident.reason.starts_with(&format!("{}: ", standing.channel));
        (is_of_relay && !is_in_use).then_some(Ending::OutOfUse)
    };
    changed(&known, troubles.collect(), policy, now, ending)
}

/// No mail can tell that mail does not leave: it is told when that is over, if it lasted.
pub(super) fn telling_of_relay(incident: &Incident) -> Option<(Notification, DateTime<Utc>)> {
    let closed_at = incident.closed_at?;
    let is_told = incident.end_told_at.is_some_and(|told_at| told_at >= closed_at);
    (!is_told && closed_at - incident.since() >= WORTH_A_MAIL).then_some((Notification::Over, closed_at))
}

fn unreachable(breaker: &Breaker) -> Trouble {
    let reason = format!("{}: {}", breaker.channel, breaker.reason);
    trouble(IncidentKind::Relay, reason, breaker.opened_at)
}

fn undelivered(mails: &[Mail]) -> Option<Trouble> {
    let first = mails.iter().min_by_key(|mail| mail.at)?;
    let count = if mails.len() == 1 { "1 mail".to_owned() } else { format!("{} mails", mails.len()) };
    let words = first.last_error.as_deref().unwrap_or_default();
    let (id, to, state) = (&first.id, first.recipient.redacted(), first.state);
    let reason = format!("{count} given up (the first: mail {id} to {to}, {state}: {words})");
    Some(trouble(IncidentKind::Undelivered, reason, first.at))
}

fn trouble(kind: IncidentKind, reason: String, since: DateTime<Utc>) -> Trouble {
    Trouble { kind, source: None, title: "mail".to_owned(), reason, members: Vec::new(), since }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::MailId;
    use crate::domain::outbox::Outcome;

    const POLICY: Policy = Policy { failures: 3, remind_every: Duration::hours(24) };

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + Duration::minutes(minutes)
    }

    fn look(
        known: &mut Vec<Incident>,
        standing: MailHealth<'_>,
        minutes: i64,
    ) -> Vec<(Notification, String)> {
        for changed in review_mail(known, standing, &POLICY, at(minutes)) {
            known.retain(|incident| incident.id != changed.id);
            known.push(changed);
        }
        let mut told = Vec::new();
        for incident in known.iter_mut() {
            if let Some((telling, from)) =
                incident.next_telling(&POLICY).filter(|(_, from)| *from <= at(minutes))
            {
                told.push((telling, format!("{}: {from}", incident.kind)));
                *incident = incident.clone().told(telling, at(minutes));
            }
        }
        told
    }

    #[test]
    fn a_relay_out_of_reach_is_told_once_it_is_back_and_only_if_it_was_away_for_long() {
        let breaker = Breaker::after(None, "relay", "refused".to_owned(), at(0));
        let (gone, back) = (
            MailHealth { breaker: Some(&breaker), undelivered: &[], channel: "relay" },
            MailHealth { breaker: None, undelivered: &[], channel: "relay" },
        );
        let mut known = Vec::new();
        for minutes in [0, 60, 3000] {
            assert_eq!(look(&mut known, gone, minutes), [], "nothing is mailed that cannot leave");
            assert!(known[0].is_open());
        }
        assert_eq!(look(&mut known, back, 3001).len(), 1);
        assert_eq!(look(&mut known, back, 3002), [], "once");
        let mut short = Vec::new();
        look(&mut short, gone, 0);
        assert_eq!(look(&mut short, back, 5), []);
    }

    #[test]
    fn a_relay_that_is_not_used_any_more_is_not_said_to_work() {
        let breaker = Breaker::after(None, "relay", "refused".to_owned(), at(0));
        let mut known = Vec::new();
        look(&mut known, MailHealth { breaker: Some(&breaker), undelivered: &[], channel: "relay" }, 0);
        look(&mut known, MailHealth { breaker: None, undelivered: &[], channel: "another" }, 60);
        assert_eq!(known[0].ending, Some(Ending::OutOfUse));
        look(&mut known, MailHealth { breaker: Some(&breaker), undelivered: &[], channel: "relay" }, 61);
        assert_eq!((known[0].is_open(), known[0].ending), (true, None), "it is back");
        look(&mut known, MailHealth { breaker: None, undelivered: &[], channel: "relay" }, 62);
        assert_eq!(known[0].ending, None);
    }

    #[test]
    fn mails_given_up_are_told_until_somebody_acts() {
        let recipient = "ann@example.org".parse().unwrap();
        let mut mail =
            Mail::queued(MailId::derive(&["a"]), recipient, String::new(), String::new(), Vec::new(), at(0));
        mail.settle(Outcome::Dead { reason: "554 5.7.1 no".to_owned() }, at(1), 0.0);
        let mails = [mail];
        let (there, gone) = (
            MailHealth { breaker: None, undelivered: &mails, channel: "relay" },
            MailHealth { breaker: None, undelivered: &[], channel: "relay" },
        );
        let mut known = Vec::new();
        assert!(matches!(look(&mut known, there, 1)[..], [(Notification::Begun, _)]));
        assert!(
            known[0].reason.contains("1 mail given up") && known[0].reason.contains("5.7.1"),
            "{known:?}"
        );
        assert_eq!(look(&mut known, there, 60), []);
        assert!(matches!(look(&mut known, there, 60 * 25)[..], [(Notification::Reminder, _)]));
        assert!(matches!(look(&mut known, gone, 60 * 26)[..], [(Notification::Over, _)]));
    }

    #[test]
    fn trouble_with_reading_and_trouble_with_mail_do_not_end_each_other() {
        let breaker = Breaker::after(None, "relay", "refused".to_owned(), at(0));
        let mut known = Vec::new();
        look(&mut known, MailHealth { breaker: Some(&breaker), undelivered: &[], channel: "relay" }, 0);
        assert_eq!(super::super::review(&known, &[], &[], &POLICY, at(0), at(1)), []);
    }
}
