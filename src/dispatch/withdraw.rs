//! Telling everybody who was told of a read that was taken back.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::{DispatchError, Dispatcher};
use crate::domain::change::Change;
use crate::domain::id::MailId;
use crate::domain::outbox::Mail;
use crate::domain::retraction::{Retraction, RetractionEffect};
use crate::store::{Withdrawn, anew_if_overtaken};

/// Mails that are looked at in one step.
const PAGE: usize = 500;

impl Dispatcher {
    /// For every unfinished retraction, looks through the mails that told its changes; returns how many mails it queued.
    pub(super) async fn withdraw(&self) -> Result<usize, DispatchError> {
        let queued = AtomicUsize::new(0);
        anew_if_overtaken(|| self.withdraw_pending(&queued), DispatchError::of_store).await?;
        Ok(queued.into_inner())
    }

    async fn withdraw_pending(&self, queued: &AtomicUsize) -> Result<(), DispatchError> {
        for retraction in self.store.pending_retractions().await? {
            let mut changes = Vec::new();
            for id in &retraction.changes {
                changes.push(self.store.find_change(id.as_str()).await?);
            }
            let mut reached = retraction.reached.clone();
            loop {
                let page =
                    self.store.mails_telling(retraction.changes.clone(), reached.clone(), PAGE).await?;
                let run = (reached.take(), page.reached.clone());
                reached = page.reached;
                let more = self.withdraw_page(&retraction, &changes, &page.mails, run).await?;
                queued.fetch_add(more, Ordering::Relaxed);
                if reached.is_none() {
                    break;
                }
            }
        }
        Ok(())
    }

    async fn withdraw_page(
        &self,
        retraction: &Retraction,
        changes: &[Change],
        page: &[Mail],
        (from, reached): (Option<MailId>, Option<MailId>),
    ) -> Result<usize, DispatchError> {
        let now = self.clock.now();
        let (mut dropped, mut mails) = (Vec::new(), Vec::new());
        for mail in page {
            match retraction.effect_on(mail) {
                RetractionEffect::None => {}
                RetractionEffect::Drop => dropped.push(mail.id.clone()),
                RetractionEffect::Tell => {
                    let reader = self.store.subscriber(&mail.recipient).await?;
                    let zone = reader.map(|reader| reader.preferences.zone).unwrap_or_default();
                    mails.push(self.composer.withdraw(retraction, mail, changes, (now, zone)));
                }
            }
        }
        let queued = mails.len();
        let retraction = retraction.id.clone();
        self.store.tell_retraction(Withdrawn { retraction, from, dropped, mails, reached, at: now }).await?;
        Ok(queued)
    }
}
