//! Manners that several workers share: what one learns of a host the others know, and none asks it while another does.
//!
//! Where the turns come from is not known here: [`SharedManners`] is made where everything is put together.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::BoxFuture;
use tokio::time::Instant;

use crate::domain::host_pace::HostPace;
use crate::domain::robots::RobotsCopy;

/// Waits for a host's turn among all workers.
type TakeTurn = Box<dyn Fn(String) -> BoxFuture<'static, Result<SharedTurn, String>> + Send + Sync>;

/// Waits until no other worker asks an origin for its robots.txt, and looks whether one has.
type LookAtRobots = Box<dyn Fn(String) -> BoxFuture<'static, Result<SharedRobots, String>> + Send + Sync>;

/// Whether nobody else can have a turn by now.
type IsHeld = Box<dyn Fn() -> bool + Send + Sync>;

/// Gives a turn back, with what the next worker is to know and how long nobody may have it.
type GiveBack = Box<dyn FnOnce(HostPace, std::time::Duration) + Send + Sync>;

/// Keeps what an origin said, for the others.
type KeepRobots = Box<dyn FnOnce(Option<RobotsCopy>) -> BoxFuture<'static, ()> + Send + Sync>;

/// The ways to what other workers know of hosts. Clones are the same.
#[derive(Clone)]
pub struct SharedManners(Arc<MannersOfWorkers>);

struct MannersOfWorkers {
    turn: TakeTurn,
    robots: LookAtRobots,
}

/// The right to ask a host, which no other worker has.
pub struct SharedTurn {
    /// What is known of the host.
    pub pace: HostPace,
    /// Whether the worker that had the turn before never gave it back.
    pub was_left: bool,
    taken_at: DateTime<Utc>,
    taken: Instant,
    is_held: IsHeld,
    give_back: GiveBack,
}

/// The right to ask an origin for its robots.txt.
pub struct SharedRobots {
    /// What another worker was told, as far as it may be used.
    pub copy: Option<RobotsCopy>,
    keep: KeepRobots,
}

impl SharedManners {
    /// Of these ways.
    #[must_use]
    pub fn new(turn: TakeTurn, robots: LookAtRobots) -> Self {
        Self(Arc::new(MannersOfWorkers { turn, robots }))
    }

    pub(super) async fn turn(&self, host: String) -> Result<SharedTurn, String> {
        (self.0.turn)(host).await
    }

    pub(super) async fn robots(&self, origin: String) -> Result<SharedRobots, String> {
        (self.0.robots)(origin).await
    }
}

impl SharedTurn {
    /// A turn that was taken just now, at this moment of the clock by which turns are handed out.
    #[must_use]
    pub fn new(
        pace: HostPace,
        was_left: bool,
        taken_at: DateTime<Utc>,
        is_held: IsHeld,
        give_back: GiveBack,
    ) -> Self {
        Self { pace, was_left, taken_at, taken: Instant::now(), is_held, give_back }
    }

    /// Whether nobody else can have it by now. A worker that was frozen for long may have lost it without having heard so.
    pub(super) fn is_held(&self) -> bool {
        (self.is_held)()
    }

    /// What the clock shows by which turns are handed out.
    pub(super) fn now(&self) -> DateTime<Utc> {
        self.taken_at + TimeDelta::from_std(self.taken.elapsed()).unwrap_or_default()
    }

    /// Gives it back as it is known now.
    pub(super) fn give_back(self, pace: HostPace, rest: std::time::Duration) {
        (self.give_back)(pace, rest);
    }
}

impl SharedRobots {
    /// A look at what another worker was told.
    #[must_use]
    pub fn new(copy: Option<RobotsCopy>, keep: KeepRobots) -> Self {
        Self { copy, keep }
    }

    /// Keeps what the origin said, if it said something, and gives the right to ask it back.
    pub(super) async fn keep(self, copy: Option<RobotsCopy>) {
        (self.keep)(copy).await;
    }
}

impl fmt::Debug for SharedManners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedManners").finish_non_exhaustive()
    }
}

impl fmt::Debug for SharedTurn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedTurn").field("pace", &self.pace).finish_non_exhaustive()
    }
}
