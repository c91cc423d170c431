//! Claims as rows of the server, which end by its clock.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use deadpool_postgres::Client;
use futures_util::future::join;

use super::Postgres;
use super::fault::ServerFault;
use super::link::ServerLink;
use super::{statements, workers};
use crate::store::boundary::{ClaimName, LeaseToken};
use crate::store::error::StoreError;
use crate::store::kept::claims::{Claim, ClaimAttempt, ClaimState, HeldClaim};
use crate::store::kept::database::Database;
use crate::store::kept::trees::Trees;

/// A claim as the server answered it.
type Answer = (String, ClaimState);

impl Postgres {
    /// Claims each of these that nobody has.
    pub(in crate::store) async fn claim_names(
        &self,
        database: &Database,
        names: Vec<ClaimName>,
        lasting: Duration,
    ) -> Result<Vec<ClaimAttempt>, StoreError> {
        self.link.opening().claims.until_left(&names).await;
        let token = self.link.opening().next_lease();
        let asked: Vec<String> = names.iter().map(|name| name.as_str().to_owned()).collect();
        let link = Arc::clone(&self.link);
        let asking = move || claim(&link, &asked, token, lasting);
        let (mut answered, waits, now) = self.link.blocking(asking).await?;
        let claims = &self.link.opening().claims;
        let attempt = |name: ClaimName| match answered.remove(name.as_str()) {
            Some(found) => {
                let lost = claims.hold(name.clone(), token, lasting);
                ClaimAttempt::Held(Claim::new(database.clone(), (name, token, lost), found, now))
            }
            None => ClaimAttempt::Taken(waits.get(name.as_str()).copied().unwrap_or_default()),
        };
        Ok(names.into_iter().map(attempt).collect())
    }

    /// Gives a claim back; nobody waits for it.
    pub(in crate::store) fn give_back_claim(
        &self,
        name: ClaimName,
        token: LeaseToken,
        rest: Duration,
        note: Option<Vec<u8>>,
    ) {
        let link = Arc::clone(&self.link);
        self.link.spawn_blocking(move || {
            let (owner, number) = (token.opening.cast_signed(), token.number.cast_signed());
            let rest = rest.as_secs_f64();
            let hand_over = async |client: Client| {
                let statement = client.prepare_cached(statements::GIVE_BACK).await?;
                client.execute(&statement, &[&name.as_str(), &owner, &number, &rest, &note]).await
            };
            let outcome = link.ask(&|client| async { hand_over(client).await.map_err(|error| ServerFault::of(&error)) });
            if let Err(error) = outcome {
                tracing::debug!(%error, claim = name.as_str(), "failed to give a claim back; it ends by itself");
            }
            link.opening().claims.has_left(&name);
        });
    }
}

type Claimed = (HashMap<String, ClaimState>, HashMap<String, Duration>, DateTime<Utc>);

/// Claims what is free. Asked twice because an answer was lost, it is granted twice: the token is the same.
fn claim(
    link: &ServerLink,
    names: &[String],
    token: LeaseToken,
    lasting: Duration,
) -> Result<Claimed, StoreError> {
    let (owner, number) = (token.opening.cast_signed(), token.number.cast_signed());
    let (lasting, adopted) = (lasting.as_secs_f64(), link.fingerprint());
    let ask = async |client: Client| {
        let insert = client.prepare_cached(statements::MAKE_CLAIMS).await?;
        let claim = client.prepare_cached(statements::CLAIM).await?;
        // One behind the other on one connection: the second finds the rows of the first.
        let (inserted, claimed) = join(
            client.execute(&insert, &[&names]),
            client.query(&claim, &[&names, &owner, &number, &lasting, &adopted]),
        )
        .await;
        inserted?;
        let claimed = claimed?;
        let (mut waits, mut in_force) = (Vec::new(), None);
        if claimed.len() < names.len() {
            let free_in = client.prepare_cached(statements::FREE_IN).await?;
            waits = client.query(&free_in, &[&names]).await?;
            in_force = client.query_opt(statements::GENERATION, &[]).await?;
        }
        Ok::<_, tokio_postgres::Error>((claimed, waits, in_force))
    };
    let (claimed, waits, in_force) =
        link.ask(&|client| async { ask(client).await.map_err(|error| ServerFault::of(&error)) })?;
    if claimed.is_empty()
        && let (Some(ours), Some(in_force)) = (&adopted, &in_force)
    {
        workers::require_adopted(ours, in_force)?;
    }
    let now = claimed.first().map_or(0, |row| row.get::<_, i64>(3));
    let found = |row: &tokio_postgres::Row| -> Answer {
        (row.get(0), ClaimState { was_left: row.get(1), note: row.get(2) })
    };
    let wait = |row: &tokio_postgres::Row| {
        let seconds = row.get::<_, f64>(1).max(0.0);
        (row.get(0), Duration::try_from_secs_f64(seconds).unwrap_or_default())
    };
    let now = DateTime::UNIX_EPOCH + TimeDelta::milliseconds(now);
    Ok((claimed.iter().map(found).collect(), waits.iter().map(wait).collect(), now))
}

impl ServerLink {
    /// Has the claims of this opening last on; a holder whose claim another took hears so.
    pub(super) async fn keep_claims_up(&self) -> Result<(), ServerFault> {
        let held = self.opening().claims.all();
        // It lasts from when the server was asked at the earliest.
        let asked_at = Instant::now();
        let lasting = |held: &HeldClaim| held.lasting.as_secs_f64();
        for (name, held, is_kept) in self.prolong(held, lasting).await? {
            let claims = &self.opening().claims;
            if is_kept {
                claims.kept_up(&name, held.token, asked_at);
            } else if claims.of(&name) == Some(held.token) {
                // Otherwise it was given back just now.
                tracing::warn!(claim = name.as_str(), "another worker took over: {}", name.as_str());
                held.lost.cancel();
            }
        }
        Ok(())
    }

    /// Has the claims of this opening end.
    pub(super) async fn end_claims(&self) -> Result<(), ServerFault> {
        self.prolong(self.opening().claims.all(), |_| 0.0).await.map(drop)
    }

    /// Has claims last so many seconds from now; returns which of them are still this opening's.
    async fn prolong(
        &self,
        held: Vec<(ClaimName, HeldClaim)>,
        lasting: impl Fn(&HeldClaim) -> f64,
    ) -> Result<Vec<(ClaimName, HeldClaim, bool)>, ServerFault> {
        if held.is_empty() {
            return Ok(Vec::new());
        }
        let client = self.client_now().await?;
        let of = |error: tokio_postgres::Error| ServerFault::of(&error);
        let names: Vec<&str> = held.iter().map(|(name, _)| name.as_str()).collect();
        let numbers: Vec<i64> = held.iter().map(|(_, held)| held.token.number.cast_signed()).collect();
        let lasting: Vec<f64> = held.iter().map(|(_, held)| lasting(held)).collect();
        let statement = client.prepare_cached(statements::KEEP_UP).await.map_err(of)?;
        let owner = self.opening().number().cast_signed();
        let rows = client.query(&statement, &[&names, &numbers, &lasting, &owner]).await.map_err(of)?;
        let kept: HashSet<String> = rows.iter().map(|row| row.get(0)).collect();
        let with_fate = |(name, held): (ClaimName, HeldClaim)| {
            let is_kept = kept.contains(name.as_str());
            (name, held, is_kept)
        };
        Ok(held.into_iter().map(with_fate).collect())
    }
}

impl Trees {
    /// Fails if this opening claimed something and another has it by now. Of a database that one process owns nobody
    /// takes anything from anybody.
    ///
    /// # Errors
    /// [`StoreError::ClaimLost`].
    pub(in crate::store) fn require_claim(&self, name: &ClaimName) -> Result<(), StoreError> {
        let Some(view) = self.view() else { return Ok(()) };
        let Some(token) = self.opening.claims.of(name) else { return Ok(()) };
        let (owner, number) = (token.opening.cast_signed(), token.number.cast_signed());
        if view.query(statements::HOLDS, &[&name.as_str(), &owner, &number])?.is_empty() {
            return Err(StoreError::ClaimLost { claim: name.as_str().to_owned() });
        }
        Ok(())
    }
}
