//! A read is taken back: whoever was told of it hears so, and where that cannot be said somebody knows.

use regwatch::clock::Clock;
use regwatch::domain::id::MailId;
use regwatch::domain::outbox::{Mail, MailState, QueuedMail};
use regwatch::domain::retraction::Retraction;
use regwatch::store::{ChangeQuery, RetractCommit};

use crate::stand::{Stand, email};

impl Stand {
    /// Puts a mail into the outbox that told of every change, and went out.
    async fn told(&self, address: &str, message_id: &str) {
        let changes = self.store.changes(ChangeQuery { limit: 10, ..ChangeQuery::default() }).await.unwrap();
        let told = changes.into_iter().map(|change| change.id).collect();
        let (id, message_id) = (MailId::derive(&[address]), message_id.to_owned());
        let now = self.clock.now();
        let mail = Mail::queued(id.clone(), email(address), String::new(), message_id, told, now);
        self.store.dispatch(&[], vec![QueuedMail { mail, bytes: b"told".to_vec() }]).await.unwrap();
        self.send(&id).await;
    }
}

#[tokio::test]
async fn a_retraction_that_cannot_be_made_is_shown_as_a_mail_that_nobody_got_and_holds_up_no_other() {
    let stand = Stand::new();
    stand.find("a", None).await;
    stand.told("ann@example.org", "told-ann@tracker.example").await;
    stand.told("bob@example.org", "told\nbob@tracker.example").await;
    let changes = stand.store.changes(ChangeQuery { limit: 10, ..ChangeQuery::default() }).await.unwrap();
    let retraction = Retraction::of(&changes[0], &changes, None, changes[0].found_at);
    stand.store.retract(RetractCommit { retraction, restored: None }).await.unwrap();

    stand.round().await;
    assert_eq!(stand.store.pending_retractions().await.unwrap(), []);
    for (state, recipient, is_undelivered) in
        [(MailState::Queued, "ann@example.org", false), (MailState::Dead, "bob@example.org", true)]
    {
        let [mail] = &stand.store.mails(Some(state), 10).await.unwrap()[..] else { panic!("{state}") };
        assert_eq!((mail.recipient.as_str(), mail.is_undelivered), (recipient, is_undelivered));
    }
}
