//! Rounds of deliveries over a real store, with a transport that answers as it is told.

use super::*;
use crate::clock::ManualClock;
use crate::domain::id::MailId;
use crate::domain::outbox::QueuedMail;
use crate::domain::suppression::SuppressionReason;
use crate::domain::verp::mail_of;
use crate::mail::Memory;
use crate::settings::StoreSettings;

mod clock;
mod refusals;

const KEY: [u8; 32] = [7; 32];

struct Stand {
    store: Store,
    clock: ManualClock,
    relay: Memory,
    deliverer: Deliverer,
    _state: tempfile::TempDir,
}

async fn stand(concurrency: usize, pace: Pace, on_in_doubt: Doubt) -> Stand {
    let state = tempfile::tempdir().unwrap();
    let store = Store::open(&StoreSettings::Sled { path: state.path().join("db") }).unwrap();
    store.instance_key(KEY).await.unwrap();
    let clock = ManualClock::starting_at(DateTime::UNIX_EPOCH);
    let (transport, relay) = Transport::memory();
    let deliverer = deliverer(&store, transport, &clock, (concurrency, pace, on_in_doubt));
    Stand { store, clock, relay, deliverer, _state: state }
}

fn deliverer(
    store: &Store,
    transport: Transport,
    clock: &ManualClock,
    (concurrency, pace, on_in_doubt): (usize, Pace, Doubt),
) -> Deliverer {
    Deliverer::new(DelivererParts {
        store: store.clone(),
        transport: Arc::new(transport),
        from: "alerts@tracker.example".parse().unwrap(),
        inbox: Some("watch@tracker.example".parse().unwrap()),
        instance_key: KEY,
        concurrency,
        pace,
        on_in_doubt,
        clock: Arc::new(clock.clone()),
    })
}

impl Stand {
    /// The process ends, and another one goes on.
    async fn restart(&mut self) {
        let (transport, relay) = Transport::memory();
        self.deliverer = deliverer(&self.store, transport, &self.clock, (2, Pace::default(), Doubt::Resend));
        self.relay = relay;
        self.deliverer.recover().await.unwrap();
    }

    async fn queue(&self, recipients: impl IntoIterator<Item = String>) {
        let now = self.clock.now();
        let mails = recipients.into_iter().map(|recipient| {
            let id = MailId::derive(&[&recipient]);
            let message_id = format!("{id}@tracker.example");
            let address = recipient.parse().unwrap();
            let mail = Mail::queued(id, address, String::new(), message_id, Vec::new(), now);
            QueuedMail { mail, bytes: recipient.into_bytes() }
        });
        self.store.dispatch(&[], mails.collect()).await.unwrap();
    }

    async fn mail(&self, recipient: &str) -> Mail {
        self.store.find_mail(MailId::derive(&[recipient]).as_str()).await.unwrap()
    }

    /// Has the relay say of so many in a row that they are not there.
    fn refuse(&self, count: usize) {
        for _ in 0..count {
            self.relay.answer(Outcome::NoMailbox { reason: "550 5.1.1 no".to_owned() });
        }
    }

    fn down(&self) {
        self.relay.answer(Outcome::ChannelDown { reason: "connection refused".to_owned() });
    }

    /// Has rounds go by for so long, one whenever something is due, as the daemon does.
    async fn pass(&self, time: Duration) {
        let end = self.clock.now() + time;
        loop {
            self.deliverer.deliver_due().await.unwrap();
            let due = self.deliverer.next_due().await.unwrap().unwrap_or(end);
            let next = due.max(self.clock.now() + Duration::seconds(1)).min(end);
            if self.clock.now() >= end {
                return;
            }
            self.clock.advance(next - self.clock.now());
        }
    }
}

fn people(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(|number| format!("p{number}@example.org"))
}

#[tokio::test]
async fn every_mail_comes_back_to_an_address_that_names_it() {
    let stand = stand(2, Pace::default(), Doubt::Resend).await;
    stand.queue(people(2)).await;
    assert_eq!(stand.deliverer.deliver_due().await.unwrap().sent, 2);
    for delivered in stand.relay.delivered() {
        let (mailbox, detail) = delivered.from.local().split_once('+').unwrap();
        assert_eq!((mailbox, mail_of(&KEY, detail)), ("watch", Some(delivered.id.short().to_owned())));
    }
}

#[tokio::test]
async fn a_day_without_a_relay_loses_nothing_counts_nothing_and_asks_seldom() {
    let stand = stand(4, Pace::default(), Doubt::Resend).await;
    stand.queue(people(300)).await;
    for _ in 0..10_000 {
        stand.down();
    }
    stand.pass(Duration::days(1)).await;
    let breaker = stand.store.breaker("memory").await.unwrap().unwrap();
    assert!(breaker.failures < 160, "{breaker:?}");
    assert_eq!(breaker.opened_at, DateTime::UNIX_EPOCH);
    assert_eq!(stand.relay.delivered(), []);
    let waiting = stand.store.mails(None, 1000).await.unwrap();
    assert!(waiting.iter().all(|mail| mail.attempts == 0 && mail.is_under_way()), "{waiting:?}");

    stand.relay.answer_all();
    stand.pass(Duration::minutes(15)).await;
    let delivered = stand.relay.delivered();
    let distinct: std::collections::BTreeSet<_> = delivered.iter().map(|mail| mail.id.as_str()).collect();
    assert_eq!((delivered.len(), distinct.len()), (300, 300));
    assert_eq!(stand.store.breaker("memory").await.unwrap(), None);
}

#[tokio::test]
async fn what_waited_for_a_relay_leaves_at_its_pace_afterwards() {
    let pace = Pace { rate_per_minute: Some(60), ..Pace::default() };
    let stand = stand(4, pace, Doubt::Resend).await;
    stand.down();
    stand.queue(people(300)).await;
    stand.deliverer.deliver_due().await.unwrap();
    // What was on its way beside the mail that found the relay gone.
    let before = stand.relay.delivered().len();
    assert!(before < 4, "{before}");
    stand.clock.advance(Duration::minutes(10));
    for minute in 1..=4 {
        stand.pass(Duration::minutes(1)).await;
        let sent = stand.relay.delivered().len() - before;
        assert!((50 * minute..=60 * (minute + 1)).contains(&sent), "{sent} after {minute} minutes");
    }
    stand.pass(Duration::minutes(2)).await;
    assert_eq!(stand.relay.delivered().len(), 300);
}

#[tokio::test]
async fn a_busy_domain_waits_and_the_others_do_not() {
    let stand = stand(1, Pace::default(), Doubt::Resend).await;
    stand.relay.answer(Outcome::Busy { reason: "421 4.7.0 too many".to_owned() });
    stand.queue(people(3)).await;
    stand.clock.advance(Duration::seconds(1));
    stand.queue(["ann@example.net".to_owned()]).await;
    stand.deliverer.deliver_due().await.unwrap();
    let delivered = stand.relay.delivered();
    let busy = delivered.iter().filter(|mail| mail.to.domain() == "example.org").count();
    assert!(busy <= 1, "one may have been leased together with the first: {busy}");
    assert!(delivered.iter().any(|mail| mail.to.domain() == "example.net"));
    stand.pass(Duration::minutes(10)).await;
    assert_eq!(stand.relay.delivered().len(), 4);
}

#[tokio::test]
async fn no_such_mailbox_ends_all_mail_to_it_until_it_is_confirmed_anew() {
    let stand = stand(2, Pace::default(), Doubt::Resend).await;
    let ann: EmailAddress = "ann@example.org".parse().unwrap();
    let topics = ["hikvision".parse().unwrap()];
    let follow = |now| stand.store.follow(&ann, &topics, true, "test", now);
    follow(stand.clock.now()).await.unwrap();
    stand.queue([ann.to_string()]).await;
    stand.refuse(1);
    stand.deliverer.deliver_due().await.unwrap();
    assert_eq!(stand.mail("ann@example.org").await.state, MailState::Deferred, "the first word");
    stand.queue(["bob@example.org".to_owned()]).await;
    stand.deliverer.deliver_due().await.unwrap();
    stand.refuse(1);
    stand.pass(Duration::hours(1)).await;
    let suppression = stand.store.suppression(&ann).await.unwrap().unwrap();
    assert_eq!(suppression.reason, SuppressionReason::Bounce);
    assert!(!stand.mail("ann@example.org").await.is_undelivered);

    stand.queue(["ANN@example.org".to_owned()]).await;
    assert_eq!(stand.mail("ANN@example.org").await.state, MailState::Suppressed, "kept, not sent");
    follow(stand.clock.now()).await.unwrap();
    assert!(stand.store.suppression(&ann).await.unwrap().is_some(), "an old consent is no new one");
    stand.store.leave(&ann, None, stand.clock.now()).await.unwrap();
    stand.clock.advance(Duration::hours(1));
    follow(stand.clock.now()).await.unwrap();
    assert_eq!(stand.store.suppression(&ann).await.unwrap(), None);
}

#[tokio::test]
async fn what_is_held_against_us_suppresses_nobody_and_is_told() {
    let stand = stand(2, Pace::default(), Doubt::Resend).await;
    stand.relay.answer(Outcome::Dead { reason: "554 5.7.1 no".to_owned() });
    stand.queue(people(1)).await;
    stand.deliverer.deliver_due().await.unwrap();
    assert_eq!(stand.store.suppressions().await.unwrap(), []);
    let trouble = stand.store.mail_trouble(10).await.unwrap();
    assert_eq!(trouble.undelivered.len(), 1);
    assert_eq!(stand.store.retry_mails(None, stand.clock.now()).await.unwrap(), 1);
    assert_eq!(stand.store.mail_trouble(10).await.unwrap().undelivered, []);
    assert_eq!(stand.deliverer.deliver_due().await.unwrap().sent, 1);
}

#[tokio::test]
async fn a_full_mailbox_is_tried_for_days_and_then_left_alone() {
    let stand = stand(2, Pace::default(), Doubt::Resend).await;
    for _ in 0..100 {
        stand.relay.answer(Outcome::Full { reason: "552 5.2.2 full".to_owned() });
    }
    stand.queue(people(1)).await;
    stand.pass(Duration::days(3)).await;
    assert_eq!(stand.store.suppressions().await.unwrap(), []);
    stand.pass(Duration::days(3)).await;
    assert_eq!(stand.store.suppressions().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_mail_in_doubt_waits_for_a_word_where_that_is_wished() {
    let stand = stand(2, Pace::default(), Doubt::Hold).await;
    stand.relay.answer(Outcome::Unknown { reason: "connection lost".to_owned() });
    stand.queue(people(1)).await;
    stand.pass(Duration::days(1)).await;
    assert_eq!(stand.mail("p0@example.org").await.state, MailState::Held);
    assert_eq!(stand.relay.delivered().len(), 1);
}

#[tokio::test]
async fn a_service_that_stops_begins_nothing_more() {
    let stand = stand(2, Pace::default(), Doubt::Resend).await;
    stand.queue(people(9)).await;
    stand.deliverer.stop();
    assert_eq!(stand.deliverer.deliver_due().await.unwrap(), DeliveryStats::default());
    assert!(stand.store.mails(None, 10).await.unwrap().iter().all(|mail| mail.state == MailState::Queued));
}

#[tokio::test]
async fn a_lease_that_ends_while_the_process_lives_is_in_doubt_as_the_operator_wishes() {
    let stand = stand(1, Pace::default(), Doubt::Hold).await;
    stand.queue(people(1)).await;
    let leased = stand.store.lease_due(stand.clock.now(), 1, Duration::minutes(1)).await.unwrap();
    assert!(stand.store.begin_sending(&leased[0].lease, stand.clock.now()).await.unwrap());
    stand.clock.advance(Duration::minutes(2));
    stand.deliverer.deliver_due().await.unwrap();
    assert_eq!(stand.mail("p0@example.org").await.state, MailState::Held);
}

#[tokio::test]
async fn a_probe_that_is_not_wanted_any_more_says_nothing_of_the_transport() {
    let stand = stand(2, Pace::default(), Doubt::Resend).await;
    stand.down();
    stand.queue(people(1)).await;
    stand.deliverer.deliver_due().await.unwrap();
    assert!(stand.store.breaker("memory").await.unwrap().is_some());
    // The one mail that is due was an attestation of somebody who left.
    let mut mail = stand.mail("p0@example.org").await;
    stand.store.erase(&mail.recipient, stand.clock.now()).await.unwrap();
    mail.id = MailId::derive(&["attestation"]);
    mail.basis = crate::domain::outbox::Basis::Attestation { since: None, topics: Vec::new() };
    stand.store.unsuppress(&mail.recipient).await.unwrap();
    stand.store.dispatch(&[], vec![QueuedMail { mail: mail.clone(), bytes: b"x".to_vec() }]).await.unwrap();
    stand.clock.advance(Duration::hours(1));
    stand.deliverer.deliver_due().await.unwrap();
    assert_eq!(stand.store.find_mail(mail.id.as_str()).await.unwrap().state, MailState::Unsubscribed);
    assert!(stand.store.breaker("memory").await.unwrap().is_some(), "nothing was tried");
    assert_eq!(stand.relay.delivered(), []);
}
