//! The trees of the database and how they are read.

use std::collections::BTreeSet;
use std::fs::File;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::claims::Claims;
use super::decoded::DecodedRecords;
use super::garbage::NeededBodies;
use super::glances::Glances;
use super::packs::Packs;
use super::postgres;
pub(in crate::store) use super::tree::{RecordIter, Tree};
use crate::domain::evidence::StoredLine;
use crate::store::bell::SourceBell;
use crate::store::boundary::LeaseToken;
use crate::store::error::StoreError;

/// What lies in a tree. Clean-up, survey and repair act by it, and a tree that does not say so does not compile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Holds {
    /// Records of JSON, of which the large ones lie among the bodies.
    Records,
    /// The same, of which each names a body besides.
    Owners,
    /// Keys that lead somewhere, with nothing or a few plain bytes under them.
    Keys,
    /// Records and plain bytes.
    Settings,
    /// Bodies in parts.
    Bodies,
}

macro_rules! trees {
    ($($(#[$doc:meta])* $name:ident = $in_database:literal, $holds:ident of $what:literal;)*) => {
        /// One tree. The comment says which key leads to what.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub(in crate::store) enum TreeName {
            $($(#[$doc])* $name,)*
        }

        impl TreeName {
            const ALL: &[Self] = &[$(Self::$name,)*];

            /// What it is called in the database.
            pub(in crate::store) fn name(self) -> &'static str {
                match self { $(Self::$name => $in_database,)* }
            }

            /// What its records are, for errors.
            pub(in crate::store) fn what(self) -> &'static str {
                match self { $(Self::$name => $what,)* }
            }

            /// What lies in it.
            pub(in crate::store) fn holds(self) -> Holds {
                match self { $(Self::$name => Holds::$holds,)* }
            }
        }
    };
}

trees! {
    /// What the installation knows of itself.
    Meta = "meta", Settings of "setting";
    /// Source id → `ReadState`.
    ReadStates = "read_states", Records of "read state";
    /// Source id → `Baseline`.
    Baselines = "baselines", Owners of "baseline";
    /// Source id → `QuarantinedRead`.
    Held = "held", Owners of "held read";
    /// Source id → `MatchIndex`.
    Standings = "standings", Records of "standing";
    /// Source id, 0, sequence (u64) → `Snapshot`.
    Snapshots = "snapshots", Owners of "snapshot";
    /// Change id → `Change`.
    Changes = "changes", Records of "change";
    /// Moment found, change id → nothing.
    ChangesByTime = "changes_by_time", Keys of "change";
    /// Alert id → `Alert`, until every reader has an item of it.
    Alerts = "alerts", Records of "alert";
    /// Address → `Subscriber`.
    Subscribers = "subscribers", Records of "subscriber";
    /// Mail id → `StoredMail`.
    Mails = "mails", Owners of "mail";
    /// Moment due, mail id → nothing, for every mail that is not settled.
    MailsDue = "mails_due", Keys of "mail";
    /// SHA-256 of a message that came in → when.
    Messages = "messages", Records of "message";
    /// Address → `Correspondence`.
    Correspondence = "correspondence", Records of "correspondence";
    /// Hash of a token → the address it was mailed to.
    Tokens = "tokens", Records of "token";
    /// What is counted → how much of it may still be done.
    Budgets = "budgets", Records of "budget";
    /// SHA-256, chunk number (u16) → a part of the body, compressed.
    Bodies = "bodies", Bodies of "body";
    /// Incident id → `Incident`.
    Incidents = "incidents", Records of "incident";
    /// `SubscriberKey` → the address of a subscriber.
    SubscriberKeys = "subscriber_keys", Records of "subscriber key";
    /// Address, 0, alert id → `AlertItem`, until a mail was made of it.
    Items = "items", Records of "alert item";
    /// Moment, address → nothing: when to look at what waits for a reader.
    Looks = "looks", Keys of "look";
    /// Retraction id → `Retraction`, until everybody was told.
    Retractions = "retractions", Records of "retraction";
    /// Source id → the `Snapshot` of its `Baseline`, so that nobody decodes a document who only asks
    /// whether it is another.
    Accepted = "accepted", Records of "snapshot";
    /// Way in → `MailSourceState`.
    WaysIn = "ways_in", Records of "way in";
    /// `SuppressionKey` → `Suppression`.
    Suppressions = "suppressions", Records of "suppression";
    /// `SuppressionKey` → `SoftBounces`.
    SoftBounces = "soft_bounces", Records of "soft bounce";
    /// Mail id → nothing, for every mail that was given up and somebody must know of.
    Undelivered = "undelivered", Keys of "mail";
    /// Channel → `Breaker`, while it is out of reach.
    Breakers = "breakers", Records of "breaker";
    /// SHA-256 of a message that is being taken in → how often that was begun.
    Begun = "begun", Records of "message";
    /// What somebody wanted to follow and nobody tracks, folded → `UntrackedWish`.
    Wishes = "wishes", Records of "wish";
    /// The same as [`Self::MailsDue`] for mails that go before those.
    UrgentDue = "urgent_due", Keys of "mail";
    /// `n`, number (u32) → change id; `i`, change id → number. See [`super::found`].
    ChangeNumbers = "change_numbers", Keys of "change number";
    /// Term, 0, block (u32) → the numbers within the block of the changes that have it.
    ChangeTerms = "change_terms", Keys of "change term";
    /// Source id, 0, moment → `ReadRecord`.
    Reads = "reads", Records of "read";
    /// Number (u64) → `AuditEntry`.
    Audit = "audit", Records of "audit entry";
    /// Source id, 0, part (u64) → the hashes of the companies that entries of it name; see [`super::named_on`].
    NamedOn = "named_on", Keys of "named company";
    /// `WatchlistHash` → the `WatchlistVersion` that it names, as long as a `MatchIndex` does.
    WatchlistVersions = "watchlist_versions", Records of "watchlist version";
    /// SHA-256 of an origin → `RobotsCopy`.
    Robots = "robots", Records of "robots.txt";
    /// Mail id → nothing, for every answer that is to be composed again.
    Anew = "anew", Keys of "mail";
    /// Source id → `SourcePause`.
    Pauses = "pauses", Records of "pause";
    /// SHA-256 of a body that was let go of → when.
    Released = "released", Records of "release";
    /// Address → nothing, for everybody whose `Correspondence` has something to be asked again.
    AskAgain = "ask_again", Keys of "question";
    /// `AccessTokenHash` → `AccessToken`.
    AccessTokens = "access_tokens", Records of "access token";
    /// `ScreeningId` → `StandingList`.
    Screenings = "screenings", Records of "standing list";
    /// Source id, 0, number (u64) → a line of its chain; see [`super::chain`].
    Chain = "chain", Records of "line of a chain";
    /// Number (u64) → a seal and the heads under it.
    Seals = "seals", Records of "seal";
    /// Number of a seal (u64) → the time that an authority put to it.
    Stamps = "stamps", Records of "time stamp";
    /// Webhook id → `Webhook`.
    Webhooks = "webhooks", Records of "webhook";
    /// Event id → `HookEvent`, until every webhook has its delivery of it.
    HookEvents = "hook_events", Records of "event";
    /// Delivery id → `Delivery`.
    Deliveries = "deliveries", Records of "delivery";
    /// Webhook id, 0, moment due, delivery id → nothing, for every delivery that waits.
    HookDue = "hook_due", Keys of "delivery";
    /// Webhook id, 0, moment queued, delivery id → nothing.
    HookLog = "hook_log", Keys of "delivery";
    /// Company id, 0, address → nothing, for everybody who may be told of the company; see [`super::indexes`].
    Followers = "followers", Keys of "follower";
    /// Change id, 0, mail id → nothing, for every mail that tells the change.
    MailsTelling = "mails_telling", Keys of "mail";
    /// Address, 0, mail id → nothing.
    MailsTo = "mails_to", Keys of "mail";
    /// Moment queued, mail id → nothing.
    MailsByTime = "mails_by_time", Keys of "mail";
    /// State, 0, moment queued, mail id → nothing, for every mail that neither waits nor was sent.
    MailsAside = "mails_aside", Keys of "mail";
    /// Moment since which it is past, or the last of all, incident id → nothing.
    IncidentsByEnd = "incidents_by_end", Keys of "incident";
    /// Change id, 0, address → `ToldEvent`, of readers who want one mail for an event.
    Told = "told", Records of "told event";
    /// SHA-256 of a host → `QuotaUse`.
    Uses = "uses", Records of "use of a quota";
    /// Recipient domain, or `*` for all mail → `MailPace`, where several workers send.
    Paces = "paces", Records of "pace of mail";
    /// Source id → `Touch`: what reads since changed in its `ReadState`.
    Touches = "touches", Records of "unchanged read";
}

impl TreeName {
    /// Whether a value of it is a record as [`record`](crate::store::record) writes it, and not a line of a chain in brief or plain bytes.
    pub(super) fn holds_records(self, value: &[u8]) -> bool {
        matches!(self.holds(), Holds::Records | Holds::Owners)
            && !(self == Self::Chain && StoredLine::is_brief(value))
    }

    /// Every tree, in the order in which they stand above.
    pub(in crate::store) fn all() -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied()
    }
}

/// Bytes of a database. Clones are cheap.
pub(in crate::store) type Bytes = sled::IVec;

/// A key and what lies under it.
pub(in crate::store) type KeyedRecord = (Bytes, Bytes);

/// Where a step looks first.
pub(in crate::store) type FirstLooks = Vec<(TreeName, Vec<u8>)>;

/// So many records that cannot be read are kept in mind.
const MAX_UNREADABLE: usize = 1_000;

/// What is known of one opening of a database, whoever looks at it.
#[derive(Debug)]
pub(in crate::store) struct Opening {
    /// What a clean-up that is under way must leave.
    pub(super) wanted: NeededBodies,
    /// Records that were passed over because they cannot be read.
    unreadable: Mutex<BTreeSet<String>>,
    /// Names this opening, and counts the leases that it hands out.
    number: u64,
    leases: AtomicU64,
    /// Rings for each source of which something is written that says when it is read.
    pub(in crate::store) bell: SourceBell,
    /// How sources stand, as far as somebody asked.
    pub(super) glances: Glances,
    /// What this opening has claimed.
    pub(super) claims: Claims,
    /// Records that are looked at again and again.
    pub(super) decoded: DecodedRecords,
}

impl Opening {
    /// One that no other has the number of.
    pub(in crate::store) fn new() -> Self {
        Self {
            wanted: NeededBodies::default(),
            unreadable: Mutex::default(),
            number: rand::random(),
            leases: AtomicU64::new(0),
            bell: SourceBell::default(),
            glances: Glances::default(),
            claims: Claims::default(),
            decoded: DecodedRecords::default(),
        }
    }

    /// A token that no other lease has, nor another claim.
    pub(in crate::store) fn next_lease(&self) -> LeaseToken {
        LeaseToken { opening: self.number, number: self.leases.fetch_add(1, Ordering::Relaxed) }
    }

    /// Names it.
    pub(in crate::store) fn number(&self) -> u64 {
        self.number
    }

    /// See [`Trees::unreadable`].
    pub(in crate::store) fn unreadable(&self) -> Vec<String> {
        self.unreadable.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

/// sled's own, of a database that it has open.
#[derive(Debug)]
pub(super) struct Files {
    pub(super) db: sled::Db,
    pub(super) all: Vec<sled::Tree>,
    /// The bodies beside its log.
    pub(super) packs: Packs,
    /// The database's folder.
    pub(super) folder: PathBuf,
    /// Dropped after the database and its trees, as fields are dropped in their order.
    _end: SledClosing,
}

/// Which database is looked at.
#[derive(Debug)]
enum Engine {
    Sled(Box<Files>),
    Postgres(Box<postgres::View>),
}

/// A database as one step or look sees it. Reading is done here; writing by [`super::writes`].
#[derive(Debug)]
pub(in crate::store) struct Trees {
    engine: Engine,
    pub(in crate::store) opening: Arc<Opening>,
}

impl Trees {
    pub(super) fn open(db: sled::Db, folder: &Path) -> Result<Self, sled::Error> {
        let all = TreeName::all().map(|tree| db.open_tree(tree.name())).collect::<Result<_, _>>()?;
        let end = SledClosing { file: folder.join("db") };
        let packs = Packs::open(folder)?;
        let files = Files { db, all, packs, folder: folder.to_owned(), _end: end };
        Ok(Self { engine: Engine::Sled(Box::new(files)), opening: Arc::new(Opening::new()) })
    }

    /// What one transaction of a PostgreSQL server sees.
    pub(in crate::store) fn of_view(view: postgres::View, opening: Arc<Opening>) -> Self {
        Self { engine: Engine::Postgres(Box::new(view)), opening }
    }

    /// sled's own, where it is sled's.
    pub(super) fn files(&self) -> Option<&Files> {
        match &self.engine {
            Engine::Sled(files) => Some(files.as_ref()),
            Engine::Postgres(_) => None,
        }
    }

    /// The view of a PostgreSQL server's transaction, where it is that.
    pub(in crate::store) fn view(&self) -> Option<&postgres::View> {
        match &self.engine {
            Engine::Sled(_) => None,
            Engine::Postgres(view) => Some(view),
        }
    }

    /// Takes the view of a PostgreSQL server's transaction back, where it is that.
    pub(in crate::store) fn into_view(self) -> Option<postgres::View> {
        match self.engine {
            Engine::Sled(_) => None,
            Engine::Postgres(view) => Some(*view),
        }
    }

    /// Forces what was written to the disk; what a server commits is there already.
    pub(super) fn flush(&self) -> Result<(), sled::Error> {
        self.files().map_or(Ok(()), |files| files.db.flush().map(drop))
    }

    /// A token that no other lease has.
    pub(super) fn next_lease(&self) -> LeaseToken {
        self.opening.next_lease()
    }

    /// Whether the sender that has a lease may be alive. Of a database that one process owns, every other opening is
    /// over; of a server, an opening is over once it was closed, and of one that was not, nobody knows.
    pub(super) fn may_be_alive(&self, token: LeaseToken) -> Result<bool, StoreError> {
        match &self.engine {
            Engine::Sled(_) => Ok(token.opening == self.opening.number),
            Engine::Postgres(view) => Ok(!view.is_closed_opening(token.opening)?),
        }
    }

    /// The tree itself.
    pub(in crate::store) fn tree(&self, name: TreeName) -> Tree<'_> {
        match &self.engine {
            Engine::Sled(files) => Tree::Sled(&files.all[name as usize]),
            Engine::Postgres(view) => Tree::Postgres(view, name),
        }
    }

    /// Has what lies under keys of several trees that are asked for next fetched in one go, where that saves time.
    pub(in crate::store) fn warm<'k>(
        &self,
        keys: impl Iterator<Item = (TreeName, &'k [u8])>,
    ) -> Result<(), StoreError> {
        self.view().map_or(Ok(()), |view| view.warm_across(keys))
    }

    /// Whether there is a record under one of these keys.
    pub(super) fn has_either(&self, name: TreeName, keys: [&str; 2]) -> Result<bool, StoreError> {
        let tree = self.tree(name);
        Ok(tree.contains_key(keys[0])? || tree.contains_key(keys[1])?)
    }

    /// Notes that a record is passed over, and why: one that nobody can read must not keep anybody from the
    /// others. What is no record's own fault stays an error.
    ///
    /// # Errors
    /// One that is not about a record.
    pub(super) fn pass_over(&self, error: StoreError) -> Result<(), StoreError> {
        if !error.is_of_record() {
            return Err(error);
        }
        let mut unreadable = self.opening.unreadable.lock().unwrap_or_else(PoisonError::into_inner);
        let words = error.to_string();
        if unreadable.len() < MAX_UNREADABLE && !unreadable.contains(&words) {
            tracing::error!(%error, "skipped a record: {error}");
            unreadable.insert(words);
        }
        Ok(())
    }

    /// A record that is there, or that is passed over.
    ///
    /// # Errors
    /// As [`Self::pass_over`].
    pub(super) fn readable<T>(&self, record: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
        match record {
            Ok(record) => Ok(Some(record)),
            Err(error) => self.pass_over(error).map(|()| None),
        }
    }

    /// The records that were passed over.
    pub(super) fn unreadable(&self) -> Vec<String> {
        self.opening.unreadable()
    }

    /// The record under a key.
    pub(super) fn get<T: DeserializeOwned>(
        &self,
        name: TreeName,
        key: &[u8],
    ) -> Result<Option<T>, StoreError> {
        self.decoded(name, key, self.tree(name).get(key)?.as_deref())
    }

    /// Every record whose key begins so and that can be read, in the order of the keys.
    pub(super) fn all_with<T: DeserializeOwned>(
        &self,
        name: TreeName,
        prefix: &[u8],
    ) -> Result<Vec<T>, StoreError> {
        let pairs = self.pairs(self.tree(name).scan_prefix(prefix)).map(|pair| {
            let (key, bytes) = pair?;
            self.readable(self.decode(name, &key, &bytes))
        });
        pairs.filter_map(Result::transpose).collect()
    }

    /// What lies in a range, past a page that cannot be read: what lies behind it is taken from the other end.
    pub(super) fn pairs(
        &self,
        mut range: RecordIter<'_>,
    ) -> impl Iterator<Item = Result<KeyedRecord, StoreError>> {
        let mut behind: Option<std::vec::IntoIter<KeyedRecord>> = None;
        std::iter::from_fn(move || {
            if let Some(behind) = &mut behind {
                return behind.next().map(Ok);
            }
            match range.next()? {
                Ok(pair) => Some(Ok(pair)),
                Err(error) => {
                    if let Err(error) = self.pass_over(error) {
                        behind = Some(Vec::new().into_iter());
                        return Some(Err(error));
                    }
                    let mut rest: Vec<KeyedRecord> =
                        std::iter::from_fn(|| range.next_back().and_then(Result::ok)).collect();
                    rest.reverse();
                    behind.insert(rest.into_iter()).next().map(Ok)
                }
            }
        })
    }

    /// Every record whose key begins so; none may be passed over.
    pub(super) fn every<T: DeserializeOwned>(
        &self,
        name: TreeName,
        prefix: &[u8],
    ) -> Result<Vec<T>, StoreError> {
        let decoded = self.tree(name).scan_prefix(prefix).map(|pair| {
            let (key, bytes) = pair?;
            self.decode(name, &key, &bytes)
        });
        decoded.collect()
    }

    /// The next records in the order of their keys, after one of them or from the first, at most `limit`.
    pub(super) fn after<T: DeserializeOwned>(
        &self,
        name: TreeName,
        key: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<T>, StoreError> {
        let start = key.map_or(Bound::Unbounded, Bound::Excluded);
        let range = self.tree(name).range::<&[u8], _>((start, Bound::Unbounded));
        let pairs = self.pairs(range).map(|pair| {
            let (key, bytes) = pair?;
            self.readable(self.decode(name, &key, &bytes))
        });
        // Fewer than wanted are the last ones.
        pairs.filter_map(Result::transpose).take(limit).collect()
    }

    /// The one record whose key begins so.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], or [`StoreError::Ambiguous`] where several do.
    pub(super) fn only<T: DeserializeOwned>(&self, name: TreeName, beginning: &str) -> Result<T, StoreError> {
        let what = name.what();
        let id = beginning.trim();
        let mut found: Vec<T> = if id.is_empty() { Vec::new() } else { self.every(name, id.as_bytes())? };
        match (found.pop(), found.len()) {
            (Some(record), 0) => Ok(record),
            (Some(_), others) => Err(StoreError::Ambiguous { what, id: id.to_owned(), count: others + 1 }),
            (None, _) => Err(StoreError::NotFound { what, id: id.to_owned() }),
        }
    }
}

/// Waits, when dropped, until sled is really done with its file. Threads of its own finish their
/// work after the database was dropped, and until then nobody could open it again.
#[derive(Debug)]
struct SledClosing {
    file: PathBuf,
}

impl Drop for SledClosing {
    fn drop(&mut self) {
        if let Err(error) = File::open(&self.file).and_then(|file| file.lock()) {
            tracing::debug!(store.path = %self.file.display(), %error, "failed to wait for the engine to stop");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tree_stands_at_its_number() {
        for (index, name) in TreeName::all().enumerate() {
            assert_eq!(name as usize, index, "{name:?}");
        }
    }
}
