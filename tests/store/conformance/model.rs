//! The outbox against a plain map: any sequence of steps leaves both with the same mails.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, Utc};
use proptest::prelude::*;
use proptest::sample::Index;
use regwatch::domain::id::MailId;
use regwatch::domain::outbox::{Doubt, Mail, MailState, Outcome};
use regwatch::store::{Lease, Store, StoreError};

use super::{Home, SEQUENCES};
use crate::fixture::{at, mail};

/// One step; a number names one of [`NAMES`] mails, which may be there or not.
#[derive(Debug, Clone)]
enum Step {
    Dispatch(Vec<u8>),
    Lease { limit: usize, minutes: i64 },
    Settle(u8, Outcome, f64),
    Begin(u8),
    Reclaim { doubt: Doubt },
    Retry(Option<u8>),
    Wait { minutes: i64 },
    Reopen,
}

const NAMES: u8 = 12;

fn outcome() -> impl Strategy<Value = Outcome> {
    let reason = "no".to_owned();
    prop::sample::select(vec![
        Outcome::SENT,
        Outcome::Deferred { reason: reason.clone() },
        Outcome::Unknown { reason: reason.clone() },
        Outcome::Held { reason: reason.clone() },
        Outcome::Full { reason: reason.clone() },
        Outcome::Busy { reason: reason.clone() },
        Outcome::Failed { reason: reason.clone() },
        Outcome::NoMailbox { reason: reason.clone() },
        Outcome::Doubted { reason: reason.clone(), broken: None },
        Outcome::Dead { reason: reason.clone() },
        Outcome::ChannelDown { reason },
    ])
}

fn step() -> impl Strategy<Value = Step> {
    let name = 0..NAMES;
    prop_oneof![
        3 => prop::collection::vec(name.clone(), 1..5).prop_map(Step::Dispatch),
        4 => (0..6usize, 0..20i64).prop_map(|(limit, minutes)| Step::Lease { limit, minutes }),
        5 => (name.clone(), outcome(), -1.0..=1.0f64).prop_map(|(n, outcome, jitter)| Step::Settle(n, outcome, jitter)),
        3 => name.clone().prop_map(Step::Begin),
        1 => prop_oneof![Just(Doubt::Impossible), Just(Doubt::Resend), Just(Doubt::Hold)]
            .prop_map(|doubt| Step::Reclaim { doubt }),
        1 => prop::option::of(name).prop_map(Step::Retry),
        4 => prop::sample::select(vec![0, 1, 5, 15, 60, 3000, 8000]).prop_map(|minutes| Step::Wait { minutes }),
        1 => Just(Step::Reopen),
    ]
}

/// What the outbox should hold.
#[derive(Default)]
struct Model {
    mails: BTreeMap<MailId, Mail>,
    /// The last lease of each mail; older ones of some. An ended one is worth nothing.
    leases: BTreeMap<MailId, Lease>,
    old_leases: BTreeMap<MailId, Lease>,
    /// What was leased since the store was opened.
    of_this_opening: BTreeSet<MailId>,
}

impl Model {
    fn dispatch(&mut self, mail: Mail) {
        self.mails.entry(mail.id.clone()).or_insert(mail);
    }

    /// As many as were handed out may be any of those due, the longest due first.
    fn lease(&mut self, now: DateTime<Utc>, limit: usize, lasting: Duration) -> Vec<Mail> {
        let mut due: Vec<&mut Mail> =
            self.mails.values_mut().filter(|mail| mail.is_under_way() && mail.at <= now).collect();
        due.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
        let mut leased = Vec::new();
        for mail in due {
            if leased.len() >= limit {
                break;
            }
            if mail.state == MailState::Leased {
                mail.reclaim(now, Doubt::Resend);
            } else {
                mail.lease(now, lasting);
                leased.push(mail.clone());
            }
        }
        leased
    }

    fn note(&mut self, lease: Lease) {
        self.of_this_opening.insert(lease.mail.clone());
        if let Some(old) = self.leases.insert(lease.mail.clone(), lease.clone()) {
            self.old_leases.insert(lease.mail, old);
        }
    }

    /// The mail in the hands of who has its last lease.
    fn in_hands(&mut self, id: &MailId) -> Option<&mut Mail> {
        self.mails.get_mut(id).filter(|mail| mail.state == MailState::Leased)
    }

    /// Takes back what nobody alive has within the time of the lease; tells how many.
    fn reclaim(&mut self, now: DateTime<Utc>, doubt: Doubt) -> usize {
        let of_this_opening = &self.of_this_opening;
        let is_gone = |mail: &&mut Mail| mail.at <= now || !of_this_opening.contains(&mail.id);
        let leased = self.mails.values_mut().filter(|mail| mail.state == MailState::Leased);
        leased.filter(is_gone).map(|mail| mail.reclaim(now, doubt)).count()
    }

    fn next_due(&self) -> Option<DateTime<Utc>> {
        self.mails.values().filter(|mail| mail.is_under_way()).map(|mail| mail.at).min()
    }

    fn newest_first(&self) -> Vec<Mail> {
        let mut mails: Vec<Mail> = self.mails.values().cloned().collect();
        mails.sort_by(|a, b| b.queued_at.cmp(&a.queued_at).then_with(|| a.recipient.cmp(&b.recipient)));
        mails
    }
}

fn named(number: u8, now: DateTime<Utc>) -> regwatch::domain::outbox::QueuedMail {
    mail(&format!("to-{number}"), now)
}

/// Takes one step on both sides and compares their answers.
async fn take(home: &Home, store: Store, model: &mut Model, now: &mut DateTime<Utc>, step: Step) -> Store {
    let id = |number| named(number, *now).mail.id;
    match step {
        Step::Dispatch(numbers) => {
            // The same mail given again is due at another moment, which must not matter.
            let mails: Vec<_> = (0..)
                .zip(numbers)
                .map(|(late, number)| named(number, *now + Duration::minutes(late)))
                .collect();
            for queued in &mails {
                model.dispatch(queued.mail.clone());
            }
            store.dispatch(&[], mails).await.unwrap();
        }
        Step::Lease { limit, minutes } => {
            let lasting = Duration::minutes(minutes);
            let leased = store.lease_due(*now, limit, lasting).await.unwrap();
            let expected = model.lease(*now, limit, lasting);
            assert_eq!(
                leased.iter().map(|leased| &leased.mail).collect::<Vec<_>>(),
                expected.iter().collect::<Vec<_>>()
            );
            for leased in leased {
                model.note(leased.lease);
            }
        }
        Step::Settle(number, outcome, jitter) => {
            let Some(lease) = model.leases.get(&id(number)).cloned() else { return store };
            check_lost(&store, model.old_leases.get(&id(number)), &outcome, *now).await;
            let settled = store.settle(&lease, outcome.clone(), *now, jitter).await;
            match model.in_hands(&id(number)) {
                Some(mail) => {
                    mail.settle(outcome, *now, jitter);
                    assert_eq!(settled.unwrap(), *mail);
                }
                None => assert!(matches!(settled, Err(StoreError::LeaseLost { .. })), "{settled:?}"),
            }
        }
        Step::Begin(number) => {
            let Some(lease) = model.leases.get(&id(number)).cloned() else { return store };
            let begun = store.begin_sending(&lease, *now).await.unwrap();
            assert_eq!(begun, model.in_hands(&id(number)).is_some_and(Mail::begin));
        }
        Step::Reclaim { doubt } => {
            assert_eq!(store.reclaim_leases(*now, doubt).await.unwrap(), model.reclaim(*now, doubt));
        }
        Step::Retry(Some(number)) => {
            let retried = store.retry_mails(Some(&id(number)), *now).await;
            match model.mails.get_mut(&id(number)) {
                Some(mail) => assert_eq!(retried.unwrap(), usize::from(mail.retry(*now))),
                None => assert!(matches!(retried, Err(StoreError::NotFound { .. })), "{retried:?}"),
            }
        }
        Step::Retry(None) => {
            let expected = model.mails.values_mut().filter_map(|mail| mail.retry(*now).then_some(())).count();
            assert_eq!(store.retry_mails(None, *now).await.unwrap(), expected);
        }
        Step::Wait { minutes } => *now += Duration::minutes(minutes),
        Step::Reopen => {
            model.of_this_opening.clear();
            return home.reopen(store).await;
        }
    }
    store
}

/// Whoever had the mail before the last one can do nothing with it any more.
async fn check_lost(store: &Store, old: Option<&Lease>, outcome: &Outcome, now: DateTime<Utc>) {
    let Some(old) = old else { return };
    let settled = store.settle(old, outcome.clone(), now, 0.0).await;
    assert!(matches!(settled, Err(StoreError::LeaseLost { .. })), "{settled:?}");
    assert!(!store.begin_sending(old, now).await.unwrap());
    store.give_back(vec![old.clone()], now).await.unwrap();
}

async fn check_same(store: &Store, model: &Model, picked: &Index) {
    let mails = store.mails(None, usize::MAX).await.unwrap();
    assert_eq!(mails, model.newest_first());
    assert_eq!(store.next_mail_due().await.unwrap(), model.next_due());
    if !mails.is_empty() {
        let mail = picked.get(&mails);
        assert_eq!(store.find_mail(mail.id.as_str()).await.unwrap(), *mail);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: SEQUENCES, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_outbox_is_a_map_of_mails(steps in prop::collection::vec(step(), 1..40), picked in any::<Index>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let home = Home::new();
            let (mut store, mut model, mut now) = (home.open(), Model::default(), at(0));
            for step in steps {
                store = take(&home, store, &mut model, &mut now, step).await;
                check_same(&store, &model, &picked).await;
            }
            let store = home.reopen(store).await;
            check_same(&store, &model, &picked).await;
        });
    }
}
