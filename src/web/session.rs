//! Sessions: who logged in, for how long, and how often somebody may try.
//!
//! They live in memory: a restart logs everybody out. What the cookie holds is random, and only its hash is kept.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::rate::{CountedClient, Rates};
use crate::domain::id::hex;
use crate::settings::{OperatorLogin, Role, WebSettings};

/// However busy somebody is, after so long they log in again.
const LIFETIME: Duration = Duration::from_secs(12 * 60 * 60);

/// Nobody needs more sessions at once; the oldest ends.
const MAX_SESSIONS: usize = 500;

/// Failed attempts of one client in a minute, and of all together.
const CLIENT_ATTEMPTS: u32 = 5;
const ALL_ATTEMPTS: u32 = 60;

/// Hashes of passwords that are computed at once: each takes memory and a core.
const HASHES_AT_ONCE: usize = 1;

/// Somebody who logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LoginSession {
    /// By which name.
    pub name: String,
    /// As what.
    pub role: Role,
    /// Stands in every form of theirs, so that no other site can send one.
    pub csrf: String,
}

impl LoginSession {
    fn of(operator: &OperatorLogin, csrf: String) -> Self {
        Self { name: operator.name.clone(), role: operator.role, csrf }
    }

    /// Whether a form bears this session's token.
    pub(super) fn is_token(&self, token: &str) -> bool {
        is_same(self.csrf.as_bytes(), token.as_bytes())
    }

    /// Of somebody for whom a proxy vouches at each request: the token is bound to a secret of this process.
    pub(super) fn vouched(operator: &OperatorLogin, sessions: &Sessions) -> Self {
        let token =
            Sha256::new().chain_update(sessions.salt).chain_update(operator.name.as_bytes()).finalize();
        Self::of(operator, hex(&token))
    }
}

/// Why somebody is not logged in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LoginRefusal {
    /// Wrong name or password.
    Wrong,
    /// There were too many attempts; after so long another may be made.
    TooMany(Duration),
}

/// All sessions.
#[derive(Debug)]
pub(super) struct Sessions {
    open: Mutex<HashMap<[u8; 32], (LoginSession, Instant)>>,
    attempts: Mutex<Rates>,
    hashing: Semaphore,
    salt: [u8; 32],
}

impl Sessions {
    pub(super) fn new() -> Self {
        Self {
            open: Mutex::default(),
            attempts: Mutex::new(Rates::new(CLIENT_ATTEMPTS, ALL_ATTEMPTS, Instant::now())),
            hashing: Semaphore::new(HASHES_AT_ONCE),
            salt: rand::random(),
        }
    }

    /// The session that a cookie names.
    pub(super) fn find(&self, token: &str) -> Option<LoginSession> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let (session, until) = open.get(&key(token))?;
        (*until > Instant::now()).then(|| session.clone())
    }

    /// Logs somebody in; gives what their cookie holds. Every attempt counts before it is looked at.
    pub(super) async fn log_in(
        &self,
        settings: &WebSettings,
        client: IpAddr,
        (name, password): (&str, String),
    ) -> Result<(String, LoginSession), LoginRefusal> {
        let now = Instant::now();
        self.attempts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take(CountedClient::at(client), now)
            .map_err(LoginRefusal::TooMany)?;
        let operator = settings.operators.iter().find(|operator| operator.name == name);
        // Where nobody has that name, a password is checked all the same: the time tells nothing.
        let any = settings.operators.iter().find_map(|operator| operator.password.clone());
        let hash = operator.and_then(|operator| operator.password.clone());
        let (Some(hash), is_known) = (hash.clone().or(any), hash.is_some()) else {
            return Err(LoginRefusal::Wrong);
        };
        let Ok(_one) = self.hashing.acquire().await else { return Err(LoginRefusal::Wrong) };
        let is_right = tokio::task::spawn_blocking(move || hash.is_of(&password)).await.unwrap_or_default();
        match operator {
            Some(operator) if is_right && is_known => Ok(self.open(operator)),
            _ => Err(LoginRefusal::Wrong),
        }
    }

    fn open(&self, operator: &OperatorLogin) -> (String, LoginSession) {
        let random = || hex(&rand::random::<[u8; 32]>());
        let (token, session, now) = (random(), LoginSession::of(operator, random()), Instant::now());
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, (_, until)| *until > now);
        if open.len() >= MAX_SESSIONS {
            let oldest = open.iter().min_by_key(|(_, (_, until))| *until).map(|(key, _)| *key);
            oldest.map(|key| open.remove(&key));
        }
        open.insert(key(&token), (session.clone(), now + LIFETIME));
        (token, session)
    }

    /// Ends the session that a cookie names.
    pub(super) fn log_out(&self, token: &str) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&key(token));
    }
}

fn key(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// Compares hashes, so that the time it takes tells nothing of where they differ.
pub(super) fn is_same(a: &[u8], b: &[u8]) -> bool {
    let differing = Sha256::digest(a).iter().zip(Sha256::digest(b)).fold(0, |all, (a, b)| all | (a ^ b));
    differing == 0
}
