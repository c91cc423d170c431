//! Telling everybody who was told of a read that was taken back.

use super::{DispatchError, Dispatcher};
use crate::domain::change::Change;
use crate::domain::id::MailId;
use crate::domain::outbox::Mail;
use crate::domain::retraction::{Effect, Retraction};

/// Mails that are looked at in one step.
const PAGE: usize = 500;

impl Dispatcher {
    /// For every unfinished retraction, looks through the mails that told its changes; returns how many mails it queued.
    pub(super) async fn withdraw(&self) -> Result<usize, DispatchError> {
        let mut queued = 0;
        for retraction in self.store.pending_retractions().await? {
            let mut changes = Vec::new();
            for id in &retraction.changes {
                changes.push(self.store.find_change(id.as_str()).await?);
            }
            let mut reached = retraction.reached.clone();
            loop {
                let page = self.store.mails_telling(retraction.changes.clone(), reached, PAGE).await?;
                reached = page.reached;
                queued += self.withdraw_page(&retraction, &changes, &page.mails, reached.clone()).await?;
                if reached.is_none() {
                    break;
                }
            }
        }
        Ok(queued)
    }

    async fn withdraw_page(
        &self,
        retraction: &Retraction,
        changes: &[Change],
        page: &[Mail],
        reached: Option<MailId>,
    ) -> Result<usize, DispatchError> {
        let now = self.clock.now();
        let (mut dropped, mut mails) = (Vec::new(), Vec::new());
        for mail in page {
            match retraction.effect_on(mail) {
                Effect::None => {}
                Effect::Drop => dropped.push(mail.id.clone()),
                Effect::Tell => {
                    let reader = self.store.subscriber(&mail.recipient).await?;
                    let zone = reader.map(|reader| reader.preferences.zone).unwrap_or_default();
                    mails.push(self.composer.withdraw(retraction, mail, changes, (now, zone)));
                }
            }
        }
        let queued = mails.len();
        self.store.tell_retraction(&retraction.id, dropped, mails, reached, now).await?;
        Ok(queued)
    }
}
