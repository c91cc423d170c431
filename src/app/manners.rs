//! How workers share what they know of hosts: by claims on the host's turn, with which its pace goes from one to the next.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;

use crate::domain::host_pace::HostPace;
use crate::domain::robots::RobotsCopy;
use crate::domain::text::error_chain;
use crate::fetch::{SharedManners, SharedRobots, SharedTurn};
use crate::store::{Claim, ClaimName, Store, StoreError};

/// The ways to what other workers of a store know; `None` where there are no others.
pub(super) fn shared_manners(store: &Store) -> Option<SharedManners> {
    if !store.is_shared() {
        return None;
    }
    let (turns, robots) = (store.clone(), store.clone());
    Some(SharedManners::new(
        Box::new(move |host| {
            let store = turns.clone();
            Box::pin(async move { turn(&store, &host).await.map_err(|error| error_chain(&error)) })
        }),
        Box::new(move |origin| {
            let store = robots.clone();
            Box::pin(async move { look_at_robots(store, origin).await.map_err(|error| error_chain(&error)) })
        }),
    ))
}

async fn turn(store: &Store, host: &str) -> Result<SharedTurn, StoreError> {
    let claim = store.claim_when_free(&ClaimName::host(host)).await?;
    // Of a note of another program nothing is taken over: the host is asked as one that nobody asked.
    let pace =
        claim.note().and_then(|note| serde_json::from_slice::<HostPace>(note).ok()).unwrap_or_default();
    let (was_left, now) = (claim.was_left(), claim.now());
    let claim = Arc::new(Mutex::new(Some(claim)));
    let held = Arc::clone(&claim);
    let of = |claim: &Mutex<Option<Claim>>| claim.lock().unwrap_or_else(PoisonError::into_inner).take();
    let is_held = move || {
        let held = held.lock().unwrap_or_else(PoisonError::into_inner);
        held.as_ref().is_some_and(Claim::is_held)
    };
    let give_back = move |pace: HostPace, rest: Duration| {
        if let Some(claim) = of(&claim) {
            claim.give_back(rest, serde_json::to_vec(&pace).ok());
        }
    };
    Ok(SharedTurn::new(pace, was_left, now, Box::new(is_held), Box::new(give_back)))
}

async fn look_at_robots(store: Store, origin: String) -> Result<SharedRobots, StoreError> {
    let claim = store.claim_when_free(&ClaimName::robots(&origin)).await?;
    let now: DateTime<Utc> = claim.now();
    let copy = store.robots_of(&origin).await?.filter(|copy| copy.fresh_for(now).is_some());
    let keep = move |copy: Option<RobotsCopy>| -> BoxFuture<'static, ()> {
        Box::pin(async move {
            if let Some(copy) = copy
                && let Err(error) = store.keep_robots(copy).await
            {
                tracing::warn!(error = error_chain(&error), "failed to store the robots.txt of {origin}");
            }
            drop(claim);
        })
    };
    Ok(SharedRobots::new(copy, Box::new(keep)))
}
