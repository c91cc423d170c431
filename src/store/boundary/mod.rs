//! What crosses the store's boundary: whole outcomes in, whole facts out.

mod alerts;
mod care;
mod chain;
mod changes;
mod claims;
mod hooks;
mod inbox;
mod outbox;
mod people;
mod reads;
mod whole;
mod workers;

pub use alerts::{
    DueReader, EventTold, FanOut, FollowedAs, FollowerSet, Followers, Met, ReaderCommit, SeenFollowers,
    SetFanOut, ToldOf, WaitingReader, WaitingReaders,
};
pub use care::{RecordFault, RepairWishes, Repaired, TreeCount, Verified};
pub use chain::{SealWish, Sealed, Stamp};
pub use changes::{ChangeQuery, ChangeSearch, FoundChanges, RetractCommit, Withdrawn};
pub use claims::ClaimName;
pub use hooks::{DeliveryLease, HookSettled};
pub use inbox::{Exchanged, InboundCommit, KnownPerson, PersonVersion, TakenUp};
pub(super) use outbox::LeaseToken;
pub use outbox::{
    BounceCommit, Lease, LeasedMail, MailAction, MailListing, MailTrouble, OpenMails, Pacing, PackedMail,
};
pub use people::{Erased, Readers};
pub use reads::{
    Accepted, Backfilled, HeldBody, KeptBody, KeptSchedule, KnownEntries, KnownSource, ReadCommit,
    RematchCommit, SourceGlance, SourceVersion,
};
pub use whole::{
    Archived, BackupNote, Compacted, GarbageReport, KindStats, Opened, Releasable, StoreSize, StoreStats,
};
pub use workers::{AdoptedConfig, Enrolment, FellowWorker};
