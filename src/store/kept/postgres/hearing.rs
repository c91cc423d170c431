//! Hearing what other workers wrote: by looking, and sooner where they say a word.
//!
//! A worker that writes when a source is read notes that in a table, in the same step; the others look at that table every
//! second. What must be told or sent is looked for by the loops that do it. A `NOTIFY` makes both happen at once. It is
//! said after the step, never in it, and at most once a second: in the step it would make all steps wait for each other.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::Notify;
use tokio_postgres::{AsyncMessage, Config};

use super::fault::ServerFault;
use super::link::ServerLink;
use super::{connect, statements};
use crate::store::kept::trees::TreeName;
use crate::store::kept::writes::KeyWrites;

/// Between two looks at what others wrote.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Between two words to the others.
const SAY_EVERY: Duration = Duration::from_secs(1);

/// Claims are kept up, and daemons tell that they are alive, that often.
const KEEP_UP_EVERY: Duration = Duration::from_secs(5);

/// Another try to connect is made after this.
const AGAIN: Duration = Duration::from_secs(2);

/// Something of a source was written.
const SOURCES: u8 = 1;

/// Something that is to be told or sent was written.
const MAIL: u8 = 2;

/// What was heard, and what is to be said.
#[derive(Debug, Default)]
pub(super) struct Hearing {
    /// Rings where another says that something of a source was written.
    sources: Notify,
    /// Rings where another says that something is to be told or sent.
    mail: Notify,
    /// What is to be said to the others.
    unsaid: AtomicU8,
    is_to_be_said: Notify,
}

impl Hearing {
    /// Notes what others want to hear of a step.
    pub(super) fn note(&self, words: &KeyWrites<'_>) {
        let mut kinds = 0;
        for ((tree, _), value) in words {
            kinds |= match tree {
                TreeName::ReadStates | TreeName::Pauses => SOURCES,
                TreeName::Alerts
                | TreeName::Looks
                | TreeName::UrgentDue
                | TreeName::MailsDue
                | TreeName::HookEvents
                | TreeName::HookDue
                    if value.is_some() =>
                {
                    MAIL
                }
                _ => 0,
            };
        }
        if kinds != 0 {
            self.say(kinds);
        }
    }

    /// Notes that something is to be told which the server wrote by itself.
    pub(super) fn note_mail(&self) {
        self.say(MAIL);
    }

    fn say(&self, kinds: u8) {
        self.unsaid.fetch_or(kinds, Ordering::SeqCst);
        self.is_to_be_said.notify_one();
    }

    /// Waits until another says that something is to be told or sent.
    pub(super) async fn mail(&self) {
        self.mail.notified().await;
    }

    /// Takes in a word, which names its speaker; nothing is news that this opening said itself.
    fn heard(&self, word: &str, me: &str) {
        let (kinds, speaker) = word.split_once(' ').unwrap_or_default();
        if speaker == me {
            return;
        }
        let kinds: u8 = kinds.parse().unwrap_or(SOURCES | MAIL);
        if kinds & SOURCES != 0 {
            self.sources.notify_one();
        }
        if kinds & MAIL != 0 {
            self.mail.notify_one();
        }
    }
}

impl ServerLink {
    /// Has claims kept up and others heard for as long as this is there.
    pub(super) fn keep_hearing(self: &Arc<Self>, horizon: String, listens: bool) {
        let hearing = &self.hearing;
        self.keep_up(keep_alive(Arc::downgrade(self)));
        self.keep_up(look_again_and_again(Arc::downgrade(self), Arc::clone(hearing), horizon));
        if listens {
            let me = self.opening().number().to_string();
            self.keep_up(listen(self.config.clone(), Arc::clone(hearing), me));
        }
    }

    /// Rings for each source of which another wrote something since a horizon; returns the next horizon.
    async fn hear_of_sources(&self, horizon: &str) -> Result<String, ServerFault> {
        let client = self.client_now().await?;
        let of = |error: tokio_postgres::Error| ServerFault::of(&error);
        let statement = client.prepare_cached(statements::RUNG_SINCE).await.map_err(of)?;
        let me = self.opening().number().cast_signed();
        let row = client.query_one(&statement, &[&horizon, &me]).await.map_err(of)?;
        for source in row.get::<_, Option<Vec<String>>>(1).unwrap_or_default() {
            if let Ok(source) = source.parse() {
                self.opening().bell.ring(source);
            }
        }
        Ok(row.get(0))
    }
}

async fn keep_alive(link: Weak<ServerLink>) {
    loop {
        tokio::time::sleep(KEEP_UP_EVERY).await;
        let Some(link) = link.upgrade() else { return };
        for done in [link.keep_claims_up().await, link.say_that_alive().await] {
            if let Err(fault) = done {
                tracing::debug!(reason = fault.reason, "failed to keep claims up, trying again");
            }
        }
    }
}

async fn look_again_and_again(link: Weak<ServerLink>, hearing: Arc<Hearing>, mut horizon: String) {
    loop {
        {
            let Some(link) = link.upgrade() else { return };
            if link.opening().bell.is_heard() {
                match link.hear_of_sources(&horizon).await {
                    Ok(next) => horizon = next,
                    Err(fault) => {
                        tracing::debug!(
                            reason = fault.reason,
                            "failed to look at what others wrote, trying again"
                        );
                    }
                }
            }
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = hearing.sources.notified() => {}
        }
    }
}

/// Hears the words of others and says ours, over a connection of its own, which is made again where it was lost.
async fn listen(config: Config, hearing: Arc<Hearing>, me: String) {
    loop {
        if let Err(reason) = listen_once(&config, &hearing, &me).await {
            tracing::debug!(reason, "lost the connection on which others are heard, trying again");
        }
        tokio::time::sleep(AGAIN).await;
    }
}

async fn listen_once(config: &Config, hearing: &Hearing, me: &str) -> Result<(), String> {
    let tls = connect::tls()?;
    let (client, mut connection) = config.connect(tls).await.map_err(|error| error.to_string())?;
    let mut driven = pin!(async {
        loop {
            match poll_fn(|context| connection.poll_message(context)).await {
                Some(Ok(AsyncMessage::Notification(word))) => hearing.heard(word.payload(), me),
                Some(Ok(_)) => {}
                Some(Err(error)) => return error.to_string(),
                None => return "it was closed".to_owned(),
            }
        }
    });
    let mut talking = pin!(async {
        if let Err(error) = client.batch_execute(statements::LISTEN).await {
            return error.to_string();
        }
        // What was said before this listened.
        hearing.heard("", me);
        loop {
            hearing.is_to_be_said.notified().await;
            let kinds = hearing.unsaid.swap(0, Ordering::SeqCst);
            if kinds == 0 {
                continue;
            }
            if let Err(error) = client.execute(statements::SAY, &[&format!("{kinds} {me}")]).await {
                return error.to_string();
            }
            tokio::time::sleep(SAY_EVERY).await;
        }
    });
    tokio::select! {
        reason = &mut driven => Err(reason),
        reason = &mut talking => Err(reason),
    }
}
