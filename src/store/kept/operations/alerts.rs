//! Alerts and their readers: who is told, when to look at them, and what is composed for them.

use chrono::{DateTime, Duration, Utc};

use crate::domain::alert::Alert;
use crate::domain::change::Change;
use crate::domain::email::EmailAddress;
use crate::domain::id::ChangeId;
use crate::domain::topic::Topic;
use crate::store::boundary::{DueReader, FanOut, Followers, ReaderCommit, SetFanOut, ToldOf, WaitingReaders};
use crate::store::error::StoreError;
use crate::store::kept::database::Database;
use crate::store::kept::trees::TreeName;
use crate::store::kept::{changes, events, followers, items, keys, outbox};

/// Who claimed due readers composes their mails within this time.
const CLAIMED_FOR: std::time::Duration = std::time::Duration::from_secs(60);

/// Of sled, a step is one transaction, which is in memory as a whole.
const AT_ONCE: usize = 1_000;

/// A server goes through so many by itself; whoever writes a follower meanwhile has one of both done again.
const AT_ONCE_OF_SERVER: usize = 10_000;

impl Database {
    pub(in crate::store) async fn has_pending_alerts(&self) -> Result<bool, StoreError> {
        self.read(changes::has_pending_alerts).await
    }

    pub(in crate::store) async fn pending_alerts(&self) -> Result<Vec<(Alert, Change)>, StoreError> {
        self.read(changes::pending_alerts).await
    }

    pub(in crate::store) async fn spread(&self, spread: FanOut) -> Result<(), StoreError> {
        self.write(move |trees, writes| items::spread(trees, writes, &spread)).await
    }

    pub(in crate::store) fn readers_at_once(&self) -> usize {
        if self.is_of_server() { AT_ONCE_OF_SERVER } else { AT_ONCE }
    }

    pub(in crate::store) async fn followers(
        &self,
        topics: Vec<Topic>,
        after: Option<EmailAddress>,
        limit: usize,
        now: DateTime<Utc>,
    ) -> Result<Followers, StoreError> {
        self.read(move |trees| followers::followers(trees, &topics, after.as_ref(), limit, now)).await
    }

    pub(in crate::store) async fn spread_sets(&self, spread: SetFanOut) -> Result<(), StoreError> {
        let gives = !spread.sets.is_empty();
        self.write(move |trees, writes| followers::spread(trees, writes, &spread)).await?;
        if gives && let Self::Postgres { server, .. } = self {
            // What the server wrote by itself is not among what the step wrote.
            server.say_that_mail_waits();
        }
        Ok(())
    }

    pub(in crate::store) async fn due_readers(
        &self,
        until: DateTime<Utc>,
        after: Option<DueReader>,
        limit: usize,
    ) -> Result<Vec<DueReader>, StoreError> {
        let Self::Postgres { server, .. } = self else {
            return self.read(move |trees| items::due_readers(trees, until, after.as_ref(), limit)).await;
        };
        let before = keys::moment(until + Duration::milliseconds(1)).to_vec();
        let claimed = server.claim(TreeName::Looks, before, limit, Vec::new(), CLAIMED_FOR).await?;
        claimed.iter().map(|key| items::look(key)).collect()
    }

    pub(in crate::store) async fn next_look(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.read(items::next_look).await
    }

    pub(in crate::store) async fn waiting(
        &self,
        readers: Vec<EmailAddress>,
    ) -> Result<WaitingReaders, StoreError> {
        self.read(move |trees| items::waiting(trees, &readers)).await
    }

    pub(in crate::store) fn make_records(&self, composed: &mut ReaderCommit) {
        if !self.is_of_server() {
            composed.mails.iter_mut().for_each(outbox::make_record);
        }
    }

    pub(in crate::store) async fn compose(
        &self,
        composed: Vec<ReaderCommit>,
    ) -> Result<Vec<EmailAddress>, StoreError> {
        self.write(move |trees, writes| items::compose(trees, writes, composed.clone())).await
    }

    pub(in crate::store) async fn told_of(
        &self,
        asked: Vec<(EmailAddress, ChangeId)>,
    ) -> Result<ToldOf, StoreError> {
        self.read(move |trees| events::told_of(trees, asked)).await
    }

    pub(in crate::store) async fn set_aside(
        &self,
        told: Vec<(EmailAddress, ChangeId)>,
    ) -> Result<ToldOf, StoreError> {
        self.read(move |trees| events::set_aside(trees, told)).await
    }
}
