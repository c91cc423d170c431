//! What becomes of a mail that is due, is begun with, or was handed over.

use chrono::{DateTime, Utc};

use crate::domain::alert::AlertItem;
use crate::domain::consent::ConsentVerdict;
use crate::domain::email::EmailAddress;
use crate::domain::outbox::{Basis, Mail, MailState, Outcome};
use crate::domain::suppression::Suppression;
use crate::store::boundary::MailAction;

/// What is to be done with a mail whose moment has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Due {
    /// It is to be handed out, if its recipient still wants it.
    HandOut,
    /// Its sender did not settle it in time.
    Reclaim,
    /// Nothing: what led to it was wrong.
    Nothing,
}

/// What is to be done with a mail that an index of due ones leads to.
pub(in crate::store) fn due(mail: &Mail, now: DateTime<Utc>) -> Due {
    if mail.is_due(now) {
        Due::HandOut
    } else if mail.state == MailState::Leased && mail.at <= now {
        Due::Reclaim
    } else {
        Due::Nothing
    }
}

/// Whether a leased mail is to be taken back: its sender is gone with its process, or its lease ended.
pub(in crate::store) fn is_abandoned(mail: &Mail, is_of_living: bool, now: DateTime<Utc>) -> bool {
    mail.state == MailState::Leased && !(is_of_living && mail.at > now)
}

/// What became of a mail that was to be taken further.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) enum MailFate {
    /// It may go.
    Goes,
    /// It waits or has ended, and is to be written; with it what follows from that.
    Stays(Aftermath),
    /// Its recipient was erased: nothing of it is kept.
    Forgotten,
}

/// What follows from a mail that is not sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::store) struct Aftermath {
    /// What waits for its recipient again, who is then looked at.
    pub(in crate::store) items: Vec<AlertItem>,
    /// How it is made again, where it told how its recipient's subscriptions stood.
    pub(in crate::store) anew: Option<Anew>,
}

/// How a mail is made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Anew {
    /// Silence is attested again from then on.
    AttestedFrom(DateTime<Utc>),
    /// It is composed again as an answer.
    Composed,
}

/// Has a mail end or wait that is to be taken further, where nothing is sent to its recipient.
pub(in crate::store) fn suppressed(
    mail: &mut Mail,
    known: &Suppression,
    is_erased: bool,
    now: DateTime<Utc>,
) -> MailFate {
    if is_erased {
        return MailFate::Forgotten;
    }
    mail.suppress(now, &known.words());
    MailFate::Stays(Aftermath::default())
}

/// Has a mail end or wait that is to be taken further, by what its recipient wants now.
pub(in crate::store) fn wanted(mail: &mut Mail, wanted: ConsentVerdict, now: DateTime<Utc>) -> MailFate {
    let mut aftermath = Aftermath::default();
    match wanted {
        ConsentVerdict::Whole => return MailFate::Goes,
        ConsentVerdict::Later(until) => mail.postpone(until),
        ConsentVerdict::Retracted => mail.retract_ahead(now),
        ConsentVerdict::Anew { items, why } => {
            mail.replace(now, why);
            aftermath = Aftermath { items, anew: anew(&mail.basis) };
        }
        ConsentVerdict::Not { items, why } => {
            mail.unsubscribe(now, why);
            aftermath.items = items;
        }
    }
    MailFate::Stays(aftermath)
}

/// How a mail is made again that is made of how its recipient's subscriptions stand, and not of items.
fn anew(basis: &Basis) -> Option<Anew> {
    match basis {
        Basis::Attestation { since: Some(since), .. } => Some(Anew::AttestedFrom(*since)),
        basis if basis.is_of_subscriptions() => Some(Anew::Composed),
        _ => None,
    }
}

/// Gives a mail up whose bytes are damaged: it must not hold up the others, and is kept for a person.
pub(in crate::store) fn damaged(mail: &mut Mail, reason: String, now: DateTime<Utc>) {
    mail.settle(Outcome::Dead { reason }, now, 0.0);
}

/// Does to a mail what an operator wishes; tells whether that could be done.
pub(in crate::store) fn handle(mail: &mut Mail, deed: MailAction, now: DateTime<Utc>) -> bool {
    match deed {
        MailAction::Hold => mail.hold(now),
        MailAction::Release => mail.release(now),
        MailAction::Drop => mail.drop_by_operator(now),
    }
}

/// From when on silence is attested to somebody of whom one step takes several attestations back.
#[derive(Debug, Default)]
pub(in crate::store) struct AttestedFrom(std::collections::HashMap<EmailAddress, DateTime<Utc>>);

impl AttestedFrom {
    /// The earliest of those of the step.
    pub(in crate::store) fn earliest(
        &mut self,
        reader: &EmailAddress,
        since: DateTime<Utc>,
    ) -> DateTime<Utc> {
        let from = self.0.entry(reader.clone()).or_insert(since);
        *from = (*from).min(since);
        *from
    }
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::*;
    use crate::domain::id::MailId;
    use crate::domain::suppression::{SuppressionKey, SuppressionReason};

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + Duration::minutes(minutes)
    }

    fn queued() -> Mail {
        let (id, to) = (MailId::from_text("m1"), "ann@example.org".parse().unwrap());
        Mail::queued(id, to, String::new(), String::new(), Vec::new(), at(0))
    }

    #[test]
    fn a_mail_is_handed_out_when_it_is_due_and_taken_back_when_its_lease_ended() {
        let mut mail = queued();
        assert_eq!((due(&mail, at(-1)), due(&mail, at(0))), (Due::Nothing, Due::HandOut));
        mail.lease(at(0), Duration::minutes(5));
        assert_eq!((due(&mail, at(4)), due(&mail, at(5))), (Due::Nothing, Due::Reclaim));
        assert!(!is_abandoned(&mail, true, at(4)) && is_abandoned(&mail, false, at(4)));
        assert!(is_abandoned(&mail, true, at(5)));
        mail.settle(Outcome::SENT, at(1), 0.0);
        assert_eq!(due(&mail, at(9)), Due::Nothing);
        assert!(!is_abandoned(&mail, false, at(9)));
    }

    #[test]
    fn a_mail_to_who_is_sent_nothing_ends_and_one_to_who_was_erased_is_forgotten() {
        let known = Suppression {
            key: SuppressionKey::of(&[1; 32], &queued().recipient),
            shown: String::new(),
            reason: SuppressionReason::Bounce,
            since: at(0),
            evidence: String::new(),
        };
        let mut mail = queued();
        assert_eq!(suppressed(&mut mail, &known, true, at(1)), MailFate::Forgotten);
        assert_eq!(mail, queued());
        assert_eq!(suppressed(&mut mail, &known, false, at(1)), MailFate::Stays(Aftermath::default()));
        assert_eq!(mail.state, MailState::Suppressed);
    }

    #[test]
    fn what_is_not_wanted_any_more_is_made_again_of_what_it_was_made_of() {
        let fate = |basis: Basis, said: ConsentVerdict| {
            let mut mail = Mail { basis, ..queued() };
            (wanted(&mut mail, said, at(1)), mail.state)
        };
        let anew = || ConsentVerdict::Anew { items: Vec::new(), why: "companies were left" };
        let topics = vec!["zte".parse().unwrap()];
        let made = |anew| MailFate::Stays(Aftermath { items: Vec::new(), anew });
        assert_eq!(fate(Basis::None, ConsentVerdict::Whole), (MailFate::Goes, MailState::Queued));
        assert_eq!(fate(Basis::None, ConsentVerdict::Retracted), (made(None), MailState::Dead));
        let attestation = Basis::Attestation { since: Some(at(-9)), topics: topics.clone() };
        let from = Some(Anew::AttestedFrom(at(-9)));
        assert_eq!(fate(attestation, anew()), (made(from), MailState::Replaced));
        let list = Basis::List { topics };
        assert_eq!(fate(list, anew()), (made(Some(Anew::Composed)), MailState::Replaced));
        let mut later = queued();
        assert_eq!(wanted(&mut later, ConsentVerdict::Later(at(60)), at(1)), made(None));
        assert_eq!((later.state, later.at), (MailState::Queued, at(60)));
    }

    #[test]
    fn of_several_attestations_taken_back_the_earliest_counts() {
        let (mut from, ann) = (AttestedFrom::default(), queued().recipient);
        assert_eq!(from.earliest(&ann, at(5)), at(5));
        assert_eq!(from.earliest(&ann, at(2)), at(2));
        assert_eq!(from.earliest(&ann, at(9)), at(2));
        assert_eq!(from.earliest(&"bob@example.org".parse().unwrap(), at(9)), at(9));
    }
}
