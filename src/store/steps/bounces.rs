//! What an address' mail that comes back means for it.

use chrono::{DateTime, Utc};

use crate::domain::bounce::BounceKind;
use crate::domain::email::EmailAddress;
use crate::domain::outbox::{Mail, MailState, Outcome};
use crate::domain::subscription::Subscriber;
use crate::domain::suppression::{SoftBounces, Suppression, SuppressionKey, SuppressionReason};

/// What is to be kept of an address. The default is nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::store) struct Consequence {
    /// How often it took nothing, where it did so again.
    pub(in crate::store) bounces: Option<SoftBounces>,
    /// Why it is sent nothing from now on, and what led there; unless a stronger reason is known.
    pub(in crate::store) suppressed: Option<(SuppressionReason, String)>,
}

impl Consequence {
    fn no_mailbox(words: &str) -> Self {
        Self { bounces: None, suppressed: Some((SuppressionReason::Bounce, words.to_owned())) }
    }

    /// A mailbox took nothing for a reason that may pass; so often, and it is taken for abandoned.
    fn passing(before: Option<SoftBounces>, words: &str, now: DateTime<Utc>) -> Self {
        let bounces = SoftBounces::after(before, now);
        let is_given_up = bounces.are_too_many();
        let evidence = || (SuppressionReason::Bounce, format!("on {} days: {words}", bounces.days));
        Self { bounces: Some(bounces), suppressed: is_given_up.then(evidence) }
    }
}

/// Whether an outcome counts with those before it.
pub(in crate::store) fn is_counted(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Full { .. })
}

/// What an outcome says of its recipient's mailbox.
pub(in crate::store) fn of_outcome(
    outcome: &Outcome,
    before: Option<SoftBounces>,
    now: DateTime<Utc>,
) -> Consequence {
    match outcome {
        Outcome::NoMailbox { reason } => Consequence::no_mailbox(reason),
        Outcome::Full { reason } => Consequence::passing(before, reason, now),
        _ => Consequence::default(),
    }
}

/// What a report says of a mail, which stands accordingly afterwards, and of its recipient.
pub(in crate::store) fn came_back(
    mail: &mut Mail,
    verdict: &BounceKind,
    before: Option<SoftBounces>,
    now: DateTime<Utc>,
) -> Consequence {
    match verdict {
        BounceKind::NoMailbox { words } => {
            end(mail, now, words, false);
            Consequence::no_mailbox(words)
        }
        BounceKind::Passing { words } => {
            let consequence = Consequence::passing(before, words, now);
            end(mail, now, words, consequence.suppressed.is_none());
            consequence
        }
        BounceKind::Undelivered { words } => {
            end(mail, now, words, true);
            Consequence::default()
        }
        BounceKind::Complaint { words } => {
            mail.note(now, format!("complaint: {words}"));
            let evidence = format!("{words}; mail {}", mail.id);
            Consequence { bounces: None, suppressed: Some((SuppressionReason::Complaint, evidence)) }
        }
        BounceKind::Nothing { .. } => Consequence::default(),
    }
}

/// A mail that was taken has come back; one that was not yet taken goes its own way.
fn end(mail: &mut Mail, now: DateTime<Utc>, words: &str, must_be_known: bool) {
    if mail.state == MailState::Sent {
        mail.come_back(now, words, must_be_known);
    }
}

/// How an address stands that is to be sent nothing: a stronger reason takes a weaker one's place, not the other way
/// round. Tells whether that is news.
pub(in crate::store) fn suppressed(
    known: Option<Suppression>,
    (key, address): (SuppressionKey, &EmailAddress),
    (reason, evidence): (SuppressionReason, String),
    now: DateTime<Utc>,
) -> (Suppression, bool) {
    if let Some(known) = known.filter(|known| known.reason >= reason) {
        return (known, false);
    }
    // Nothing of who was erased is kept but the key.
    let shown = if reason == SuppressionReason::Erased { String::new() } else { address.redacted() };
    (Suppression { key, shown, reason, since: now, evidence }, true)
}

/// Whether what somebody confirmed since ends that they are sent nothing.
pub(in crate::store) fn is_lifted(known: &Suppression, subscriber: &Subscriber) -> bool {
    let newest = subscriber.subscriptions.iter().filter_map(|known| known.confirmed_at).max();
    newest.is_some_and(|at| known.ends_by_confirming(at))
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::*;
    use crate::domain::id::MailId;

    fn now() -> DateTime<Utc> {
        DateTime::UNIX_EPOCH
    }

    fn sent() -> Mail {
        let (id, to) = (MailId::from_text("m1"), "ann@example.org".parse().unwrap());
        let mut mail = Mail::queued(id, to, String::new(), String::new(), Vec::new(), now());
        mail.lease(now(), Duration::minutes(1));
        mail.begin();
        mail.settle(Outcome::SENT, now(), 0.0);
        mail
    }

    /// Four days, and one to come.
    fn before() -> Option<SoftBounces> {
        let days = (0..4).map(|day| now() - Duration::days(4 - day));
        days.fold(None, |before, day| Some(SoftBounces::after(before, day)))
    }

    #[test]
    fn a_mailbox_that_took_nothing_too_often_is_given_up_with_its_mail_and_nobody_is_to_know_of_that() {
        let full = BounceKind::Passing { words: "full".to_owned() };
        let mut first = sent();
        let once = came_back(&mut first, &full, None, now());
        assert_eq!((once.bounces.map(|bounces| bounces.days), once.suppressed), (Some(1), None));
        assert!(first.state == MailState::Failed && first.is_undelivered);
        let mut last = sent();
        let given_up = came_back(&mut last, &full, before(), now());
        let evidence = (SuppressionReason::Bounce, "on 5 days: full".to_owned());
        assert_eq!(given_up.suppressed, Some(evidence.clone()));
        assert!(last.state == MailState::Failed && !last.is_undelivered);
        let outcome = Outcome::Full { reason: "full".to_owned() };
        assert_eq!(of_outcome(&outcome, before(), now()).suppressed, Some(evidence));
        assert_eq!(of_outcome(&Outcome::SENT, before(), now()), Consequence::default());
    }

    #[test]
    fn a_complaint_leaves_the_mail_as_it_is_and_a_report_on_one_that_waits_ends_nothing() {
        let mut mail = sent();
        let complaint = BounceKind::Complaint { words: "abuse".to_owned() };
        let said = came_back(&mut mail, &complaint, None, now());
        let evidence = (SuppressionReason::Complaint, "abuse; mail m1".to_owned());
        assert_eq!((mail.state, said.suppressed), (MailState::Sent, Some(evidence)));
        mail.state = MailState::Deferred;
        let gone = BounceKind::NoMailbox { words: "gone".to_owned() };
        assert!(came_back(&mut mail, &gone, None, now()).suppressed.is_some());
        assert_eq!(mail.state, MailState::Deferred);
    }

    #[test]
    fn a_stronger_reason_takes_a_weaker_ones_place_and_who_was_erased_is_not_shown() {
        let address: EmailAddress = "ann@example.org".parse().unwrap();
        let named = || (SuppressionKey::of(&[1; 32], &address), &address);
        let because = |reason| (reason, String::new());
        let (bounce, is_new) = suppressed(None, named(), because(SuppressionReason::Bounce), now());
        assert!(is_new && !bounce.shown.is_empty());
        let erased = because(SuppressionReason::Erased);
        let (erased, is_new) = suppressed(Some(bounce), named(), erased, now());
        assert!(is_new && erased.shown.is_empty());
        let weaker = because(SuppressionReason::Bounce);
        assert_eq!(suppressed(Some(erased.clone()), named(), weaker, now()), (erased, false));
    }
}
