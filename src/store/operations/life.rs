//! Opening the store, keeping an eye on it, and giving it free.

use std::time::Duration as StdDuration;

use chrono::{DateTime, Utc};

use crate::domain::id::InstallationId;
use crate::domain::moment::SetBack;
use crate::settings::{StoreRules, StoreSettings};
use crate::store::Store;
use crate::store::boundary::Opened;
use crate::store::error::StoreError;
use crate::store::kept::database::{Database, ask};

impl Store {
    /// Opens the store, makes it where it is missing, and owns it until it is closed.
    ///
    /// # Errors
    /// [`StoreError::Locked`] while another process owns it; [`StoreError::Missing`], [`StoreError::Older`],
    /// [`StoreError::Foreign`] or [`StoreError::Damaged`] where it is not what it was when it was left;
    /// [`StoreError::Open`].
    pub fn open(settings: &StoreSettings) -> Result<Self, StoreError> {
        Self::open_with(settings, &StoreRules::default())
    }

    /// The same by other rules than the usual ones.
    ///
    /// # Errors
    /// [`StoreError::NoneYet`] where the rules want one that is there.
    pub fn open_with(settings: &StoreSettings, rules: &StoreRules) -> Result<Self, StoreError> {
        let store = Self { database: Database::open(settings, rules)? };
        match store.opened() {
            Opened::New => {
                tracing::warn!(
                    store.path = store.place(),
                    "there was no store: this is a first start, with an empty one"
                );
            }
            Opened::Adopted => {
                tracing::warn!(
                    store.path = store.place(),
                    "the store had no mark beside it, and has one now"
                );
            }
            Opened::Known => {}
        }
        Ok(store)
    }

    /// Whose store it is: made up once, and the same as long as the state is the same installation's.
    #[must_use]
    pub fn installation(&self) -> InstallationId {
        ask!(self.installation()).clone()
    }

    /// Whose store lies there, as the mark beside it says; nothing is opened, and another process may have it.
    #[must_use]
    pub fn installation_beside(settings: &StoreSettings) -> Option<InstallationId> {
        Database::installation_beside(settings)
    }

    /// What was found when it was opened.
    #[must_use]
    pub fn opened(&self) -> Opened {
        ask!(self.opened())
    }

    /// How long ago something was last forced to the disk.
    #[must_use]
    pub fn last_durable(&self) -> StdDuration {
        ask!(self.last_durable())
    }

    /// Waits until the store takes nothing more, because the disk refused a write or its writer ended; gives
    /// the reason.
    pub async fn failure(&self) -> String {
        ask!(self.failure().await)
    }

    /// Where it lies, for people.
    #[must_use]
    pub fn place(&self) -> String {
        ask!(self.place())
    }

    /// Whether a database server keeps it, whose disk and backups are its own.
    #[must_use]
    pub fn is_of_server(&self) -> bool {
        ask!(self.is_of_server())
    }

    /// The free room on its disk in bytes; nothing where the system does not say.
    #[must_use]
    pub fn free_bytes(&self) -> Option<u64> {
        ask!(self.free_bytes())
    }

    /// Whether it still lies where it was opened.
    ///
    /// # Errors
    /// [`StoreError::Moved`].
    pub async fn is_in_place(&self) -> Result<(), StoreError> {
        ask!(self.is_in_place().await)
    }

    /// Looks at every record, so that [`Self::unreadable`] names each that cannot be read, whether anybody asked
    /// for it or not. To be called before anything is kept by others.
    pub async fn survey(&self) -> Result<(), StoreError> {
        ask!(self.survey().await)
    }

    /// Whether [`Self::survey`] has looked at every record since it was opened.
    #[must_use]
    pub fn is_surveyed(&self) -> bool {
        ask!(self.is_surveyed())
    }

    /// How many bytes it has, as far as the system says; of a server, when it was opened.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        ask!(self.bytes())
    }

    /// Records that were met and could not be read since it was opened, and why.
    #[must_use]
    pub fn unreadable(&self) -> Vec<String> {
        ask!(self.unreadable())
    }

    /// Writes next to nothing and forces it to the disk, which proves that this can still be done.
    pub async fn beat(&self) -> Result<(), StoreError> {
        ask!(self.beat().await)
    }

    /// Gives the store free for another process. Later calls end in [`StoreError::Closed`].
    pub async fn close(&self) -> Result<(), StoreError> {
        ask!(self.close().await)
    }

    /// Notes what the clock shows. Where it went back, whatever waits for a moment to come is due for a look,
    /// and that is told.
    pub async fn note_time(&self, now: DateTime<Utc>) -> Result<Option<SetBack>, StoreError> {
        ask!(self.note_time(now).await)
    }

    /// When the clock went back last, where it ever did.
    pub async fn clock_set_back(&self) -> Result<Option<SetBack>, StoreError> {
        ask!(self.clock_set_back().await)
    }

    /// When the store was made, where a first start made it and [`Store::note_time`] was told the time.
    pub async fn begun_at(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        ask!(self.begun_at().await)
    }

    /// The installation's own key: `candidate` the first time, the same ever after.
    pub async fn instance_key(&self, candidate: [u8; 32]) -> Result<[u8; 32], StoreError> {
        ask!(self.instance_key(candidate).await)
    }
}
