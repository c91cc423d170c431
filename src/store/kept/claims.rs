//! Claims: the right to do something of which one worker at a time has it.
//!
//! Where one process owns the database, its claims are in its memory. A server keeps them in rows that end by its own
//! clock (`postgres/claims.rs`), and this process keeps up those that it holds. A worker that lost a claim cannot write what
//! belongs to it ([`Claims::of`], asked by the steps): leases make taking over quick, tokens make it right.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::database::Database;
use crate::clock::{Clock as _, SystemClock};
use crate::store::boundary::{ClaimName, LeaseToken};
use crate::store::error::StoreError;

/// Who waits for a claim looks that often whether another worker gave it back.
const LOOK_AGAIN: Duration = Duration::from_millis(400);

/// What was given back is waited for no longer than this.
const LONGEST_WAY_BACK: Duration = Duration::from_secs(5);

/// Until when something rests, and what was noted.
type Rest = (Instant, Option<Vec<u8>>);

/// What an opening holds, and what rests after it was given back.
#[derive(Debug, Default)]
pub(super) struct Claims {
    /// Locked before `resting` where both are.
    held: Mutex<HashMap<ClaimName, HeldClaim>>,
    /// Of a database that this process owns: until when nobody may have what was given back, and what was noted.
    resting: Mutex<HashMap<ClaimName, Rest>>,
    /// What is on its way back to a server: who wants it again in this process waits for that.
    leaving: Mutex<HashSet<ClaimName>>,
    /// Rings when something was given back.
    given_back: Notify,
}

/// A claim that is held.
#[derive(Debug, Clone)]
pub(super) struct HeldClaim {
    pub(super) token: LeaseToken,
    /// How long it lasts after it was kept up.
    pub(super) lasting: Duration,
    /// When it was taken or kept up last.
    pub(super) kept_at: Instant,
    /// Is cancelled once another has it.
    pub(super) lost: CancellationToken,
}

impl HeldClaim {
    /// One that was taken just now.
    fn new(token: LeaseToken, lasting: Duration) -> Self {
        Self { token, lasting, kept_at: Instant::now(), lost: CancellationToken::new() }
    }
}

/// What is known of a claim at the moment it was taken.
#[derive(Debug, Default)]
pub(super) struct ClaimState {
    /// What the worker that had it before noted.
    pub(super) note: Option<Vec<u8>>,
    /// Whether they never gave it back.
    pub(super) was_left: bool,
}

/// How an attempt to claim something ended.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "most attempts are granted")]
pub enum ClaimAttempt {
    /// It is this worker's.
    Held(Claim),
    /// Another has it, or it rests: for about so long, if nobody gives it back before.
    Taken(Duration),
}

/// The right to do something, until it is given back or dropped.
#[derive(Debug)]
pub struct Claim {
    database: Database,
    name: ClaimName,
    token: LeaseToken,
    found: ClaimState,
    taken_at: DateTime<Utc>,
    taken: Instant,
    lost: CancellationToken,
}

impl Claims {
    fn held(&self) -> MutexGuard<'_, HashMap<ClaimName, HeldClaim>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The token of a claim that this opening holds.
    pub(super) fn of(&self, name: &ClaimName) -> Option<LeaseToken> {
        self.held().get(name).map(|held| held.token)
    }

    /// All that is held.
    pub(super) fn all(&self) -> Vec<(ClaimName, HeldClaim)> {
        self.held().iter().map(|(name, held)| (name.clone(), held.clone())).collect()
    }

    /// Notes that something is held.
    pub(super) fn hold(&self, name: ClaimName, token: LeaseToken, lasting: Duration) -> CancellationToken {
        let claim = HeldClaim::new(token, lasting);
        let lost = claim.lost.clone();
        self.held().insert(name, claim);
        lost
    }

    /// Notes that something was kept up at this moment.
    pub(super) fn kept_up(&self, name: &ClaimName, token: LeaseToken, at: Instant) {
        if let Some(held) = self.held().get_mut(name).filter(|held| held.token == token) {
            held.kept_at = at;
        }
    }

    /// Notes that something is held no longer.
    pub(super) fn let_go(&self, name: &ClaimName, token: LeaseToken) {
        let mut held = self.held();
        if held.get(name).is_some_and(|held| held.token == token) {
            held.remove(name);
        }
    }

    fn leaving(&self) -> MutexGuard<'_, HashSet<ClaimName>> {
        self.leaving.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that something was given back, and wakes those who wait for it.
    pub(super) fn has_left(&self, name: &ClaimName) {
        self.leaving().remove(name);
        self.given_back.notify_waiters();
    }

    /// Waits until none of these is on its way back to the server.
    pub(super) async fn until_left(&self, names: &[ClaimName]) {
        self.until(|leaving| !names.iter().any(|name| leaving.contains(name))).await;
    }

    /// Waits until nothing is on its way back to the server.
    pub(super) async fn until_all_left(&self) {
        self.until(HashSet::is_empty).await;
    }

    async fn until(&self, is_enough: impl Fn(&HashSet<ClaimName>) -> bool) {
        let waited = tokio::time::timeout(LONGEST_WAY_BACK, async {
            loop {
                let given_back = self.given_back.notified();
                tokio::pin!(given_back);
                given_back.as_mut().enable();
                if is_enough(&self.leaving()) {
                    return;
                }
                given_back.await;
            }
        });
        // A server that cannot be reached has it end by itself.
        let _ = waited.await;
    }

    /// Claims something of a database that this process owns.
    fn take(
        &self,
        name: &ClaimName,
        token: LeaseToken,
        lasting: Duration,
    ) -> Result<(ClaimState, CancellationToken), Duration> {
        // Locked until it is held: of two threads that ask at once, one sees what the other did.
        let mut held = self.held();
        if held.contains_key(name) {
            return Err(LOOK_AGAIN);
        }
        let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        let note = match resting.get(name) {
            Some((free_at, _)) if *free_at > Instant::now() => {
                return Err(free_at.saturating_duration_since(Instant::now()));
            }
            Some(_) => resting.remove(name).and_then(|(_, note)| note),
            None => None,
        };
        drop(resting);
        let claim = HeldClaim::new(token, lasting);
        let lost = claim.lost.clone();
        held.insert(name.clone(), claim);
        Ok((ClaimState { note, was_left: false }, lost))
    }

    fn rest(&self, name: &ClaimName, token: LeaseToken, rest: Duration, note: Option<Vec<u8>>) {
        let mut held = self.held();
        if held.get(name).is_none_or(|claim| claim.token != token) {
            return;
        }
        // It rests before it is free: nobody takes it in between.
        if !rest.is_zero() || note.is_some() {
            let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
            resting.insert(name.clone(), (Instant::now() + rest, note));
        }
        held.remove(name);
        drop(held);
        self.given_back.notify_waiters();
    }
}

impl Claim {
    pub(super) fn new(
        database: Database,
        (name, token, lost): (ClaimName, LeaseToken, CancellationToken),
        found: ClaimState,
        taken_at: DateTime<Utc>,
    ) -> Self {
        Self { database, name, token, found, taken_at, taken: Instant::now(), lost }
    }

    /// What it is a claim on.
    #[must_use]
    pub fn name(&self) -> &ClaimName {
        &self.name
    }

    /// What the worker that had it before noted.
    #[must_use]
    pub fn note(&self) -> Option<&[u8]> {
        self.found.note.as_deref()
    }

    /// Whether the worker that had it before never gave it back: its process ended, or its lease did.
    #[must_use]
    pub fn was_left(&self) -> bool {
        self.found.was_left
    }

    /// What the clock shows by which claims end.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.taken_at + chrono::Duration::from_std(self.taken.elapsed()).unwrap_or_default()
    }

    /// Whether nobody else can have it by now: this process was not frozen since it was last kept up.
    #[must_use]
    pub fn is_held(&self) -> bool {
        let is_of_server = matches!(self.database, Database::Postgres { .. });
        let claims = self.database.opening().claims.held();
        let held = claims.get(&self.name).filter(|held| held.token == self.token);
        held.is_some_and(|held| !is_of_server || held.kept_at.elapsed() < held.lasting)
    }

    /// Waits until another worker has it: this one was not heard of for too long.
    pub async fn lost(&self) {
        self.lost.cancelled().await;
    }

    /// Gives it back. For a time nobody may have it, and the worker that has it next finds the note.
    pub fn give_back(mut self, rest: Duration, note: Option<Vec<u8>>) {
        self.end(rest, note);
    }

    fn end(&mut self, rest: Duration, note: Option<Vec<u8>>) {
        let claims = &self.database.opening().claims;
        if claims.of(&self.name) != Some(self.token) {
            return;
        }
        match &self.database {
            Database::Sled(_) => {
                // A note is kept until another takes its place.
                let note = note.or_else(|| self.found.note.take());
                claims.rest(&self.name, self.token, rest, note);
            }
            Database::Postgres { server, .. } => {
                claims.leaving().insert(self.name.clone());
                claims.let_go(&self.name, self.token);
                server.give_back_claim(self.name.clone(), self.token, rest, note);
            }
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.end(Duration::ZERO, None);
    }
}

impl Database {
    /// Claims each of these that nobody has, for so long after this process was last heard of; in the order asked for.
    pub(in crate::store) async fn claim(
        &self,
        names: Vec<ClaimName>,
        lasting: Duration,
    ) -> Result<Vec<ClaimAttempt>, StoreError> {
        match self {
            Self::Sled(_) => {
                let opening = self.opening();
                let attempt = |name: ClaimName| {
                    let token = opening.next_lease();
                    match opening.claims.take(&name, token, lasting) {
                        Ok((found, lost)) => {
                            let now = SystemClock.now();
                            ClaimAttempt::Held(Claim::new(self.clone(), (name, token, lost), found, now))
                        }
                        Err(free_in) => ClaimAttempt::Taken(free_in),
                    }
                };
                Ok(names.into_iter().map(attempt).collect())
            }
            Self::Postgres { server, .. } => server.claim_names(self, names, lasting).await,
        }
    }

    /// Claims something as soon as nobody has it.
    pub(in crate::store) async fn claim_when_free(
        &self,
        name: &ClaimName,
        lasting: Duration,
    ) -> Result<Claim, StoreError> {
        loop {
            let given_back = self.opening().claims.given_back.notified();
            tokio::pin!(given_back);
            given_back.as_mut().enable();
            match self.claim(vec![name.clone()], lasting).await?.pop() {
                Some(ClaimAttempt::Held(claim)) => return Ok(claim),
                Some(ClaimAttempt::Taken(free_in)) => {
                    let wait = free_in.clamp(Duration::from_millis(10), LOOK_AGAIN);
                    tokio::select! {
                        () = given_back => {}
                        () = tokio::time::sleep(wait) => {}
                    }
                }
                None => {}
            }
        }
    }
}
