//! The mail that attests silence.

use chrono::{DateTime, Utc};

use super::Composer;
use super::round::{Round, RoundContext};
use crate::domain::alert::AlertItem;
use crate::domain::id::{ChangeId, MailId};
use crate::domain::mail_kind::MailKind;
use crate::domain::outbox::{Basis, QueuedMail};
use crate::domain::subscription::Subscriber;
use crate::mail::{Draft, DraftError};
use crate::render::{self, Attestation, SeenChanges};
use crate::store::{PackedMail, ReaderCommit};

impl Composer {
    /// Attests silence where that is due and anything is followed.
    pub(super) fn attest(
        &self,
        composed: &mut ReaderCommit,
        reader: &Subscriber,
        known: &RoundContext,
        round: &Round,
    ) {
        let preferences = &reader.preferences;
        let (Some(since), Some(due)) = (preferences.attested_until, preferences.attestation_due()) else {
            return;
        };
        let is_silent = reader.is_paused(round.now) || !reader.is_active();
        if due > round.now {
            composed.next = composed.next.into_iter().chain([due]).min();
            return;
        }
        let mut later = preferences.clone();
        later.attested_until = Some(round.now);
        composed.next = composed.next.into_iter().chain(later.attestation_due()).min();
        // Of the time of a pause nothing is attested.
        if is_silent {
            composed.attested_until = Some(round.now);
            return;
        }
        // Both ends name it: one whose companies changed before it left is composed again from the same beginning.
        let (begin, end) = (since.to_rfc3339(), round.now.to_rfc3339());
        let id = MailId::derive(&["attestation", reader.address.as_str(), &begin, &end]);
        let made = self.attestation(id.clone(), reader, (since, known, &composed.aside), round);
        let mail = self.made_or_given_up(made, MailKind::Coverage, id, &reader.address, round.now);
        composed.mails.push(PackedMail::of(mail));
        composed.attested_until = Some(round.now);
    }

    fn attestation(
        &self,
        id: MailId,
        reader: &Subscriber,
        (since, known, aside): (DateTime<Utc>, &RoundContext, &[(AlertItem, ChangeId)]),
        round: &Round,
    ) -> Result<QueuedMail, DraftError> {
        let news = known
            .found
            .iter()
            .filter(|change| change.found_at > since && !change.is_notice() && change.retracted_at.is_none());
        let mut seen = SeenChanges::default();
        for change in news {
            let of_known = known.aside.get(&(reader.address.clone(), change.id.clone()));
            let of_now =
                aside.iter().filter(|(item, _)| item.change == change.id).map(|(item, _)| &item.topic);
            seen.count(reader, change, &of_known.into_iter().flatten().chain(of_now).collect());
        }
        let rendered = render::attestation(&Attestation {
            reader,
            since,
            until: round.now,
            seen,
            health: &self.health(reader, since, round),
            watchlist: &round.watchlist,
            service: self.service(),
        })?;
        let draft = self.draft(id, &reader.address, rendered, round.now);
        let basis = Basis::Attestation { since: Some(since), topics: reader.followed().cloned().collect() };
        self.queued(Draft { basis, ..draft })
    }
}
