//! Reads of sources: what is known of each, and what a read means.

use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};

use crate::domain::alert::Alert;
use crate::domain::change::Change;
use crate::domain::entry::Entry;
use crate::domain::evidence::ChainedRead;
use crate::domain::id::BodyHash;
use crate::domain::match_index::MatchIndex;
use crate::domain::matching::WatchlistVersion;
use crate::domain::read_record::ReadRecord;
use crate::domain::read_state::ReadState;
use crate::domain::robots::RobotsCopy;
use crate::domain::snapshot::{Baseline, QuarantinedRead, Snapshot};
use crate::domain::source::SourcePause;
use crate::store::compression::PackedBody;

/// Names a state of a source: a hash of all that is kept of it. The default names a source of which nothing is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SourceVersion(pub(in crate::store) Option<[u8; 32]>);

/// What is kept of a source, the entries of its accepted state apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KnownSource {
    /// How its reads stand.
    pub state: Option<ReadState>,
    /// The snapshot of its accepted state.
    pub accepted: Option<Snapshot>,
    /// The suspect read that waits for a person's look.
    pub held: Option<QuarantinedRead>,
    /// Which entries of its accepted state name whom.
    pub standing: Option<MatchIndex>,
    /// Names this state; a commit that was computed from it carries it.
    pub version: SourceVersion,
}

/// Everything one read means, kept as one atomic, durable step.
#[derive(Debug, Clone)]
pub struct ReadCommit {
    /// The state that it was computed from ([`KnownSource::version`]). The store keeps it only if that is still the
    /// source's state.
    pub computed_from: SourceVersion,
    /// How the reads of the source now stand.
    pub state: ReadState,
    /// The new accepted state, where the read moved it.
    pub accepted: Option<Accepted>,
    /// The suspect body, where the read gave one.
    pub held: Option<HeldBody>,
    /// Whether an earlier suspect body is let go.
    pub clears_held: bool,
    /// What changed.
    pub changes: Vec<Change>,
    /// What must be told about it.
    pub alerts: Vec<Alert>,
    /// Which entries of the new accepted state name whom, and the version of the watchlist that was looked with.
    pub standing: Option<(MatchIndex, Arc<WatchlistVersion>)>,
    /// The read, to be remembered among those of its source.
    pub read: Option<ReadRecord>,
    /// The same for the chain of its source's reads.
    pub chained: Option<ChainedRead>,
    /// What hosts said of being read, where they were asked for it.
    pub robots: Vec<RobotsCopy>,
}

impl ReadCommit {
    /// A read that found out nothing but how it went, computed from nothing known.
    #[must_use]
    pub fn of(state: ReadState) -> Self {
        Self {
            computed_from: SourceVersion::default(),
            state,
            accepted: None,
            held: None,
            clears_held: false,
            changes: Vec::new(),
            alerts: Vec::new(),
            standing: None,
            read: None,
            chained: None,
            robots: Vec::new(),
        }
    }

    /// Whether somebody is to be told of it, or to look at it. All else that it holds, a first sight of its source among
    /// it, can be found out again by another read, should a power cut take it before it is kept.
    #[must_use]
    pub fn is_news(&self) -> bool {
        let Self { held, changes, alerts, .. } = self;
        held.is_some() || !changes.is_empty() || !alerts.is_empty()
    }

    /// The same, computed from a known state.
    #[must_use]
    pub fn computed_from(self, version: SourceVersion) -> Self {
        Self { computed_from: version, ..self }
    }
}

/// An accepted state with the body that shows it.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// What the next read is compared with. Its snapshot is kept for ever.
    pub baseline: Baseline,
    /// The body as received, after transfer decoding.
    pub body: KeptBody,
}

/// A suspect read with its body.
#[derive(Debug, Clone)]
pub struct HeldBody {
    /// Why it is held.
    pub read: QuarantinedRead,
    /// The body as received, after transfer decoding.
    pub body: KeptBody,
}

/// A body that is to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeptBody {
    /// As it was received.
    Received(Bytes),
    /// The same with its hash, so that it need not be computed again.
    Hashed(Bytes, BodyHash),
    /// As it will be kept.
    Packed(PackedBody),
}

impl From<Bytes> for KeptBody {
    fn from(body: Bytes) -> Self {
        Self::Received(body)
    }
}

impl From<Vec<u8>> for KeptBody {
    fn from(body: Vec<u8>) -> Self {
        Self::Received(body.into())
    }
}

impl From<PackedBody> for KeptBody {
    fn from(body: PackedBody) -> Self {
        Self::Packed(body)
    }
}

/// What another company registry found in the accepted state of a source.
#[derive(Debug, Clone)]
pub struct RematchCommit {
    /// The state that it was computed from, as of [`ReadCommit::computed_from`].
    pub computed_from: SourceVersion,
    /// Which entries name whom, and with which registry that was found out.
    pub standing: MatchIndex,
    /// The version of that registry.
    pub watchlist: Arc<WatchlistVersion>,
    /// What is to be told of it, each with its alerts. One that was kept before is not told again.
    pub notices: Vec<(Change, Vec<Alert>)>,
}

/// States of a source from before its first one, with what changed between them.
#[derive(Debug, Clone)]
pub struct Backfilled {
    /// The first state that was known when they were found: they are kept only if it still is.
    pub first: Snapshot,
    /// The states, the oldest first, each with its body.
    pub states: Vec<(Snapshot, Vec<u8>)>,
    /// What changed from each to the next, up to the first that was known. Nobody is told.
    pub changes: Vec<Change>,
}

/// How a source stands, in short.
#[derive(Debug, Clone)]
pub struct SourceGlance {
    /// How its reads went; `None` before the first.
    pub state: Option<ReadState>,
    /// Whether a suspect body waits to be looked at.
    pub is_held: bool,
    /// The numbers of its changes, ascending: the larger, the later.
    pub changes: Box<[u32]>,
}

impl SourceGlance {
    /// The number of its newest change: of two sources the one with the larger changed later.
    #[must_use]
    pub fn last_change(&self) -> Option<u32> {
        self.changes.last().copied()
    }
}

/// Entries of a source's accepted state.
#[derive(Debug, Clone)]
pub struct KnownEntries {
    /// The entries in the order of the page, each with the newest change by which it came and that was not retracted.
    pub entries: Vec<(Entry, Option<Change>)>,
    /// How many more there are of those asked for.
    pub more: usize,
    /// The first snapshot of the source that is known.
    pub first: Option<Snapshot>,
}

/// What decides when a source is read next, as far as it is kept.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct KeptSchedule {
    /// How its reads stand.
    pub state: Option<ReadState>,
    /// Its pause, in force or over.
    pub pause: Option<SourcePause>,
    /// When other sources announced something of it after it was read last. The store does not know which do.
    pub announced_at: Option<DateTime<Utc>>,
}
