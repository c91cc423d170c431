//! The store in a PostgreSQL database, on which several processes may work at once.
//!
//! The steps are the same as for any database. Here each is a transaction of its own that the server keeps only as if
//! no other had been done at the same time (`SERIALIZABLE`); a step that another came before is done anew, and nobody
//! waits for a lock that all would share. `link` does steps and looks, `view` is what they see. What one worker at a time
//! may do is claimed by statements of their own: rows of a queue (`queue`) or names (`claims`). `hearing` has a worker
//! hear what the others wrote, `workers` knows which there are. Small steps share a transaction (`together`).
//!
//! `docs/adr/0013-postgresql.md` has the reasons.

mod archiving;
mod claims;
mod connect;
mod fault;
mod hearing;
mod keep;
mod link;
mod plans;
mod presence;
mod queue;
mod schema;
pub(in crate::store) mod sets;
mod statements;
mod together;
mod view;
mod whole;
mod workers;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

pub(in crate::store) use self::archiving::{import, restore};
use self::link::ServerLink;
pub(in crate::store) use self::view::{KeyRange, View};
pub(in crate::store) use self::whole::{check, verify};
use super::survey_into;
use super::trees::{FirstLooks, Opening, Trees};
use super::writes::Writes;
use crate::domain::id::InstallationId;
use crate::settings::{DatabaseUrl, StoreRules};
use crate::store::bell::SourceBell;
use crate::store::boundary::Opened;
use crate::store::error::StoreError;
use crate::store::keeping::PendingWrite;

/// An open database of a PostgreSQL server.
#[derive(Debug, Clone)]
pub(in crate::store) struct Postgres {
    link: Arc<ServerLink>,
    installation: InstallationId,
    opened: Opened,
    /// How large it was when it was opened.
    bytes: u64,
    is_surveyed: Arc<AtomicBool>,
}

impl Postgres {
    /// Opens the database; makes its tables where it has none.
    pub(in crate::store) fn open(url: &DatabaseUrl, rules: &StoreRules) -> Result<Self, StoreError> {
        let (link, installation, opened) = ServerLink::open(url, rules)?;
        let bytes = link.aside(|link| link.look(whole::bytes))?;
        Ok(Self { link, installation, opened, bytes, is_surveyed: Arc::default() })
    }

    /// Makes the tables that are missing; returns the names of the migrations that were made.
    pub(in crate::store) fn migrate(url: &DatabaseUrl) -> Result<Vec<&'static str>, StoreError> {
        ServerLink::migrate(url)
    }

    pub(in crate::store) fn bell(&self) -> &SourceBell {
        &self.link.opening().bell
    }

    pub(in crate::store) fn installation(&self) -> &InstallationId {
        &self.installation
    }

    pub(in crate::store) fn opened(&self) -> Opened {
        self.opened
    }

    /// Its address without the password.
    pub(in crate::store) fn place(&self) -> String {
        self.link.place().to_owned()
    }

    /// How large it was when it was opened.
    pub(in crate::store) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Looks at every record and keeps in mind those that cannot be read.
    pub(in crate::store) async fn survey(&self) -> Result<(), StoreError> {
        self.read(survey_into).await?;
        self.is_surveyed.store(true, Ordering::SeqCst);
        Ok(())
    }

    /// Whether every record was looked at.
    pub(in crate::store) fn is_surveyed(&self) -> bool {
        self.is_surveyed.load(Ordering::SeqCst)
    }

    pub(in crate::store) fn unreadable(&self) -> Vec<String> {
        self.link.opening().unreadable()
    }

    /// How long ago something was last committed.
    pub(in crate::store) fn last_durable(&self) -> Duration {
        self.link.last_durable()
    }

    /// Looks something up and waits for it.
    pub(in crate::store) fn look_at_once<R: Send>(
        &self,
        look: impl FnOnce(&Trees) -> Result<R, StoreError> + Send,
    ) -> Result<R, StoreError> {
        self.link.aside(|link| link.look(look))
    }

    /// Looks something up.
    pub(in crate::store) async fn read<R: Send + 'static>(
        &self,
        look: impl FnOnce(&Trees) -> Result<R, StoreError> + Send + 'static,
    ) -> Result<R, StoreError> {
        let link = Arc::clone(&self.link);
        self.link.blocking(move || link.look(look)).await
    }

    /// Does a step; it is durable when this returns.
    pub(in crate::store) async fn write<R: Send + 'static>(
        &self,
        mut step: impl FnMut(&Trees, &mut Writes) -> Result<R, StoreError> + Send + 'static,
    ) -> Result<R, StoreError> {
        let link = Arc::clone(&self.link);
        self.link.blocking(move || link.step(&mut step)).await
    }

    /// Has a step kept together with others that are handed in meanwhile; what it looks up first is fetched for all.
    pub(in crate::store) fn write_together<R: Send + 'static>(
        &self,
        looks: FirstLooks,
        step: impl FnMut(&Trees, &mut Writes) -> Result<R, StoreError> + Send + 'static,
    ) -> PendingWrite<R> {
        self.link.step_together(looks, step)
    }

    /// Waits until another says that something is to be told or sent.
    pub(in crate::store) async fn hinted(&self) {
        self.link.hearing.mail().await;
    }

    /// Has the others hear that something is to be told or sent.
    pub(in crate::store) fn say_that_mail_waits(&self) {
        self.link.hearing.note_mail();
    }

    /// What is known of this opening.
    pub(in crate::store) fn opening(&self) -> &Arc<Opening> {
        self.link.opening()
    }

    /// Gives the database free.
    pub(in crate::store) fn close(&self) {
        self.link.close();
    }
}
