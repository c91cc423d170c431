//! Keeping: what must survive this process, and the machine's power.
//!
//! The boundary carries whole outcomes: a read with all that it means, a batch
//! of mails with the alerts they tell. There are no transactions and no tables to
//! be seen from outside, which is what lets another database stand behind the
//! same functions. When a writing function returns, what it wrote is durable.
//!
//! - `boundary` has what goes in and comes out, `operations` what may be asked;
//! - `steps` says what a step means, as pure functions for any database;
//! - `kept` does what is asked, and has the databases: which there are, and the rules that make
//!   each survive power cuts.
//!
//! Deliberately absent: deciding anything. What a read means, what becomes of a
//! mail after an attempt: the domain says so, the store keeps it.

mod anew;
mod bell;
mod boundary;
mod care;
mod compression;
mod error;
mod frame;
mod keeping;
mod kept;
mod operations;
mod record;
mod steps;

pub use anew::anew_if_overtaken;
pub use bell::{Rung, SourceBell, SourceWatch};
pub use boundary::{
    Accepted, AdoptedConfig, Archived, Backfilled, BackupNote, BounceCommit, ChangeQuery, ChangeSearch,
    ClaimName, Compacted, DeliveryLease, DueReader, Enrolment, Erased, EventTold, Exchanged, FanOut,
    FellowWorker, FollowedAs, FollowerSet, Followers, FoundChanges, GarbageReport, HeldBody, HookSettled,
    InboundCommit, KeptBody, KeptSchedule, KindStats, KnownEntries, KnownPerson, KnownSource, Lease,
    LeasedMail, MailAction, MailListing, MailTrouble, Met, OpenMails, Opened, Pacing, PackedMail,
    PersonVersion, ReadCommit, ReaderCommit, Readers, RecordFault, Releasable, RematchCommit, RepairWishes,
    Repaired, RetractCommit, SealWish, Sealed, SeenFollowers, SetFanOut, SourceGlance, SourceVersion, Stamp,
    StoreSize, StoreStats, TakenUp, ToldOf, TreeCount, Verified, WaitingReader, WaitingReaders, Withdrawn,
};
pub use care::{
    check, check_backup, compact, import, migrate, repair, repair_metered, restore, verify, verify_metered,
};
pub use compression::PackedBody;
pub use error::StoreError;
pub use keeping::PendingWrite;
pub use kept::claims::{Claim, ClaimAttempt};
pub use kept::copying::{Copied, CopiedKind, copy};
pub use kept::opening::take_room;

/// An open store. Clones are the same store.
///
/// Every function fails with [`StoreError`]: the engine's failure, a record that cannot be read, or
/// [`StoreError::Closed`]. Only further errors are told with each.
#[derive(Debug, Clone)]
pub struct Store {
    database: kept::Database,
}
