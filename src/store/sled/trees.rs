//! The trees of the database and how they are read.

use std::collections::BTreeSet;
use std::fs::File;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::store::StoreError;
use crate::store::boundary::LeaseToken;
use crate::store::record::{self, Form};

/// One tree. The comment says which key leads to what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum TreeName {
    /// What the installation knows of itself.
    Meta,
    /// Source id → `ReadState`.
    ReadStates,
    /// Source id → `Baseline`.
    Baselines,
    /// Source id → `HeldRead`.
    Held,
    /// Source id → `Standing`.
    Standings,
    /// Source id, 0, sequence (u64) → `Snapshot`.
    Snapshots,
    /// Change id → `Change`.
    Changes,
    /// Moment found, change id → nothing.
    ChangesByTime,
    /// Alert id → `Alert`, until every reader has an item of it.
    Alerts,
    /// Address → `Subscriber`.
    Subscribers,
    /// Mail id → `StoredMail`.
    Mails,
    /// Moment due, mail id → nothing, for every mail that is not settled.
    MailsDue,
    /// SHA-256 of a message that came in → when.
    Messages,
    /// Address → `Correspondence`.
    Correspondence,
    /// Hash of a token → the address it was mailed to.
    Tokens,
    /// What is counted → how much of it may still be done.
    Budgets,
    /// SHA-256, chunk number (u16) → a part of the body, compressed.
    Bodies,
    /// Incident id → `Incident`.
    Incidents,
    /// `SubscriberKey` → the address of a subscriber.
    SubscriberKeys,
    /// Address, 0, alert id → `AlertItem`, until a mail was made of it.
    Items,
    /// Moment, address → nothing: when to look at what waits for a reader.
    Looks,
    /// Retraction id → `Retraction`, until everybody was told.
    Retractions,
    /// Source id → the `Snapshot` of its `Baseline`, so that nobody decodes a document who only asks
    /// whether it is another.
    Accepted,
    /// Way in → `WayInState`.
    WaysIn,
    /// `SuppressionKey` → `Suppression`.
    Suppressions,
    /// `SuppressionKey` → `SoftBounces`.
    SoftBounces,
    /// Mail id → nothing, for every mail that was given up and somebody must know of.
    Undelivered,
    /// Channel → `Breaker`, while it is out of reach.
    Breakers,
    /// SHA-256 of a message that is being taken in → how often that was begun.
    Begun,
    /// What somebody wanted to follow and nobody tracks, folded → `UntrackedWish`.
    Wishes,
    /// The same as [`Self::MailsDue`] for mails that go before those.
    UrgentDue,
    /// `n`, number (u32) → change id; `i`, change id → number. See [`super::found`].
    ChangeNumbers,
    /// Term, 0, block (u32) → the numbers within the block of the changes that have it.
    ChangeTerms,
    /// Source id, 0, moment → `ReadRecord`.
    Reads,
    /// Number (u64) → `AuditEntry`.
    Audit,
    /// Company id, 0, source id → nothing, where an entry of the source names the company.
    NamedOn,
    /// `WatchlistHash` → the `WatchlistVersion` that it names, as long as a `Standing` does.
    WatchlistVersions,
    /// SHA-256 of an origin → `RobotsCopy`.
    Robots,
    /// Mail id → nothing, for every answer that is to be composed again.
    Anew,
    /// Source id → `SourcePause`.
    Pauses,
    /// SHA-256 of a body that was let go of → when.
    Released,
    /// Address → nothing, for everybody whose `Correspondence` has something to be asked again.
    AskAgain,
    /// `AccessTokenHash` → `AccessToken`.
    AccessTokens,
    /// `ScreeningId` → `StandingList`.
    Screenings,
    /// Source id, 0, number (u64) → a line of its chain; see [`super::chain`].
    Chain,
    /// Number (u64) → a seal and the heads under it.
    Seals,
    /// Number of a seal (u64) → the time that an authority put to it.
    Stamps,
    /// Webhook id → `Webhook`.
    Webhooks,
    /// Event id → `HookEvent`, until every webhook has its delivery of it.
    HookEvents,
    /// Delivery id → `Delivery`.
    Deliveries,
    /// Webhook id, 0, moment due, delivery id → nothing, for every delivery that waits.
    HookDue,
    /// Webhook id, 0, moment queued, delivery id → nothing.
    HookLog,
}

/// Every tree, in the order of [`TreeName`].
const ALL: [(TreeName, &str, &str); 52] = [
    (TreeName::Meta, "meta", "setting"),
    (TreeName::ReadStates, "read_states", "read state"),
    (TreeName::Baselines, "baselines", "baseline"),
    (TreeName::Held, "held", "held read"),
    (TreeName::Standings, "standings", "standing"),
    (TreeName::Snapshots, "snapshots", "snapshot"),
    (TreeName::Changes, "changes", "change"),
    (TreeName::ChangesByTime, "changes_by_time", "change"),
    (TreeName::Alerts, "alerts", "alert"),
    (TreeName::Subscribers, "subscribers", "subscriber"),
    (TreeName::Mails, "mails", "mail"),
    (TreeName::MailsDue, "mails_due", "mail"),
    (TreeName::Messages, "messages", "message"),
    (TreeName::Correspondence, "correspondence", "correspondence"),
    (TreeName::Tokens, "tokens", "token"),
    (TreeName::Budgets, "budgets", "budget"),
    (TreeName::Bodies, "bodies", "body"),
    (TreeName::Incidents, "incidents", "incident"),
    (TreeName::SubscriberKeys, "subscriber_keys", "subscriber key"),
    (TreeName::Items, "items", "alert item"),
    (TreeName::Looks, "looks", "look"),
    (TreeName::Retractions, "retractions", "retraction"),
    (TreeName::Accepted, "accepted", "snapshot"),
    (TreeName::WaysIn, "ways_in", "way in"),
    (TreeName::Suppressions, "suppressions", "suppression"),
    (TreeName::SoftBounces, "soft_bounces", "soft bounce"),
    (TreeName::Undelivered, "undelivered", "mail"),
    (TreeName::Breakers, "breakers", "breaker"),
    (TreeName::Begun, "begun", "message"),
    (TreeName::Wishes, "wishes", "wish"),
    (TreeName::UrgentDue, "urgent_due", "mail"),
    (TreeName::ChangeNumbers, "change_numbers", "change number"),
    (TreeName::ChangeTerms, "change_terms", "change term"),
    (TreeName::Reads, "reads", "read"),
    (TreeName::Audit, "audit", "audit entry"),
    (TreeName::NamedOn, "named_on", "named company"),
    (TreeName::WatchlistVersions, "watchlist_versions", "watchlist version"),
    (TreeName::Robots, "robots", "robots.txt"),
    (TreeName::Anew, "anew", "mail"),
    (TreeName::Pauses, "pauses", "pause"),
    (TreeName::Released, "released", "release"),
    (TreeName::AskAgain, "ask_again", "question"),
    (TreeName::AccessTokens, "access_tokens", "access token"),
    (TreeName::Screenings, "screenings", "standing list"),
    (TreeName::Chain, "chain", "line of a chain"),
    (TreeName::Seals, "seals", "seal"),
    (TreeName::Stamps, "stamps", "time stamp"),
    (TreeName::Webhooks, "webhooks", "webhook"),
    (TreeName::HookEvents, "hook_events", "event"),
    (TreeName::Deliveries, "deliveries", "delivery"),
    (TreeName::HookDue, "hook_due", "delivery"),
    (TreeName::HookLog, "hook_log", "delivery"),
];

impl TreeName {
    /// What its records are, for errors.
    pub(super) fn what(self) -> &'static str {
        ALL[self as usize].2
    }

    /// What it is called in the database.
    pub(super) fn name(self) -> &'static str {
        ALL[self as usize].1
    }

    /// Every tree.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        ALL.iter().map(|(name, ..)| *name)
    }
}

/// A key and what lies under it.
type Pair = (sled::IVec, sled::IVec);

/// So many records that cannot be read are kept in mind.
const MAX_UNREADABLE: usize = 1_000;

/// The open database. Reading is done here; writing by [`super::writes`].
#[derive(Debug)]
pub(in crate::store) struct Trees {
    pub(super) db: sled::Db,
    pub(super) all: Vec<sled::Tree>,
    /// The database's folder.
    pub(super) folder: PathBuf,
    /// Records that were passed over because they cannot be read.
    unreadable: Mutex<BTreeSet<String>>,
    /// Names this opening, and counts the leases that it hands out.
    opening: u64,
    leases: AtomicU64,
    /// Dropped after the database and its trees, as fields are dropped in their order.
    _end: End,
}

impl Trees {
    pub(super) fn open(db: sled::Db, folder: &Path) -> Result<Self, sled::Error> {
        let all = ALL.iter().map(|(_, name, _)| db.open_tree(name)).collect::<Result<_, _>>()?;
        Ok(Self {
            db,
            all,
            unreadable: Mutex::default(),
            opening: rand::random(),
            leases: AtomicU64::new(0),
            folder: folder.to_owned(),
            _end: End { file: folder.join("db") },
        })
    }

    /// A token that no other lease has.
    pub(super) fn next_lease(&self) -> LeaseToken {
        LeaseToken { opening: self.opening, number: self.leases.fetch_add(1, Ordering::Relaxed) }
    }

    /// Whether a lease was handed out by this opening: its sender is of a process that is alive.
    pub(super) fn is_of_this_opening(&self, token: LeaseToken) -> bool {
        token.opening == self.opening
    }

    /// The tree itself.
    pub(super) fn tree(&self, name: TreeName) -> &sled::Tree {
        &self.all[name as usize]
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
        let mut unreadable = self.unreadable.lock().unwrap_or_else(PoisonError::into_inner);
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
        self.unreadable.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
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
    pub(super) fn pairs(&self, mut range: sled::Iter) -> impl Iterator<Item = Result<Pair, StoreError>> + '_ {
        let mut behind: Option<std::vec::IntoIter<Pair>> = None;
        std::iter::from_fn(move || {
            if let Some(behind) = &mut behind {
                return behind.next().map(Ok);
            }
            match range.next()? {
                Ok(pair) => Some(Ok(pair)),
                Err(error) => {
                    if let Err(error) = self.pass_over(StoreError::Engine(error)) {
                        behind = Some(Vec::new().into_iter());
                        return Some(Err(error));
                    }
                    let mut rest: Vec<Pair> =
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

    /// Decodes a record that was fetched before, if there is one.
    pub(super) fn decoded<T: DeserializeOwned>(
        &self,
        name: TreeName,
        key: &[u8],
        bytes: Option<&[u8]>,
    ) -> Result<Option<T>, StoreError> {
        bytes.map(|bytes| self.decode(name, key, bytes)).transpose()
    }

    pub(super) fn decode<T: DeserializeOwned>(
        &self,
        name: TreeName,
        key: &[u8],
        bytes: &[u8],
    ) -> Result<T, StoreError> {
        let what = name.what();
        match Form::decode(what, key, bytes)? {
            Form::Inline(json) => record::from_json(what, key, &json),
            Form::AsBody(digest) => {
                let json = self.body(&digest)?.ok_or_else(|| {
                    record::undecodable(what, key, "what it refers to is not there".to_owned())
                })?;
                record::from_json(what, key, &json)
            }
        }
    }
}

/// Waits, when dropped, until sled is really done with its file. Threads of its own finish their
/// work after the database was dropped, and until then nobody could open it again.
#[derive(Debug)]
struct End {
    file: PathBuf,
}

impl Drop for End {
    fn drop(&mut self) {
        if let Err(error) = File::open(&self.file).and_then(|file| file.lock()) {
            tracing::debug!(store.path = %self.file.display(), %error, "cannot wait for the engine to end");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tree_stands_at_its_number() {
        for (index, (name, ..)) in ALL.iter().enumerate() {
            assert_eq!(*name as usize, index, "{name:?}");
        }
    }
}
