//! A real Postfix that lost its table of users says of everybody that they are not there, as real ones do.

use std::sync::Arc;

use chrono::{DateTime, Duration};
use regwatch::clock::ManualClock;
use regwatch::deliver::{Deliverer, DelivererParts};
use regwatch::domain::outbox::{Doubt, MailState, QueuedMail};
use regwatch::settings::{Pace, SmtpSecurity, StoreSettings};
use regwatch::store::Store;

use crate::mta::Mta;
use crate::{from, mail, patient, relay, settings};

const KEY: [u8; 32] = [7; 32];

/// Those who are told something.
const READERS: usize = 8;

/// Three domains whose mailboxes are in this table; all are the one that is looked into.
fn users(table: &str) -> String {
    format!(
        "virtual_mailbox_domains = a.example, b.example, c.example\n\
         virtual_mailbox_maps = {table}\n\
         smtpd_error_sleep_time = 0\n"
    )
}

fn reader(number: usize) -> String {
    format!("reader{number}@{}.example", ["a", "b", "c"][number % 3])
}

#[tokio::test]
async fn a_relay_that_lost_its_users_ends_no_subscription_and_delivers_all_once_it_has_them_again() {
    let Some(mta) = Mta::start(&users("inline:{nobody@a.example=ann/}")) else { return };
    let state = tempfile::tempdir().unwrap();
    let store = Store::open(&StoreSettings::Sled { path: state.path().join("db") }).unwrap();
    store.instance_key(KEY).await.unwrap();
    let clock = ManualClock::starting_at(DateTime::UNIX_EPOCH);
    let deliverer = Deliverer::new(DelivererParts {
        store: store.clone(),
        transport: Arc::new(relay(&settings(mta.port, SmtpSecurity::None), patient())),
        from: from(),
        inbox: None,
        instance_key: KEY,
        concurrency: 2,
        pace: Pace::default(),
        on_in_doubt: Doubt::Resend,
        clock: Arc::new(clock.clone()),
    });
    let mails = (0..READERS).map(|number| {
        let (mail, bytes) = mail(&format!("mail {number}"), &reader(number));
        QueuedMail { mail, bytes }
    });
    store.dispatch(&[], mails.collect()).await.unwrap();

    for _ in 0..48 {
        deliverer.deliver_due().await.unwrap();
        clock.advance(Duration::minutes(30));
    }
    assert_eq!(store.suppressions().await.unwrap(), []);
    let trouble = store.mail_trouble(10).await.unwrap();
    let reason = trouble.breaker.unwrap().reason;
    assert!(reason.contains("said not to be there") && reason.contains("550 5.1.1"), "{reason}");

    mta.stop();
    mta.configure(&users("static:ann/"));
    mta.resume();
    for _ in 0..10 {
        deliverer.deliver_due().await.unwrap();
        clock.advance(Duration::minutes(30));
    }
    assert_eq!(mta.mailbox(READERS).len(), READERS);
    let mails = store.mails(None, 100).await.unwrap();
    assert!(mails.iter().all(|mail| mail.state == MailState::Sent), "{mails:?}");
    let reply = mails[0].history.last().unwrap().words.clone().unwrap();
    assert!(reply.starts_with("250 2.0.0 Ok: queued as "), "{reply}");
    assert_eq!(store.mail_trouble(10).await.unwrap().breaker, None);
}
