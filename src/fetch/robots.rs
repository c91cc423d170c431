//! What every host's robots.txt says, kept for a day (RFC 9309).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::Instant;
use url::Url;

use super::error::FetchError;
use super::{FetchResponse, Fetcher, WireRequest};
use crate::domain::robots::{self, Robots, RobotsCopy};

/// How long the last copy is used before it is asked for again, where that failed.
const RETRY_AFTER: Duration = Duration::from_secs(60 * 60);

/// The copies of all origins.
#[derive(Debug, Default)]
pub(super) struct RobotsCopies {
    by_origin: Mutex<HashMap<String, Arc<tokio::sync::Mutex<Option<CachedRobots>>>>>,
    /// Those that nobody has kept yet.
    new: Mutex<Vec<RobotsCopy>>,
}

#[derive(Debug)]
struct CachedRobots {
    rules: Robots,
    fresh_until: Instant,
}

impl RobotsCopies {
    fn of(&self, origin: String) -> Arc<tokio::sync::Mutex<Option<CachedRobots>>> {
        let mut copies = self.by_origin.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(copies.entry(origin).or_default())
    }

    fn note(&self, copy: RobotsCopy) {
        self.new.lock().unwrap_or_else(PoisonError::into_inner).push(copy);
    }
}

/// Where an origin's rules are.
fn address(url: &Url) -> Url {
    let mut address = url.clone();
    address.set_path("/robots.txt");
    address.set_query(None);
    address.set_fragment(None);
    address
}

impl Fetcher {
    /// Takes over what hosts said to an earlier process, as long as it may be used.
    pub fn recall_robots(&self, copies: impl IntoIterator<Item = RobotsCopy>, now: DateTime<Utc>) {
        let mut known = self.robots.by_origin.lock().unwrap_or_else(PoisonError::into_inner);
        for copy in copies {
            let Some(left) = copy.fresh_for(now) else { continue };
            let kept = CachedRobots { rules: copy.rules, fresh_until: Instant::now() + left };
            known.insert(copy.origin, Arc::new(tokio::sync::Mutex::new(Some(kept))));
        }
    }

    /// What hosts said since this was asked last, for a later process.
    #[must_use]
    pub fn new_robots(&self) -> Vec<RobotsCopy> {
        std::mem::take(&mut *self.robots.new.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether the host lets this program read an address; asks it where that is not known.
    ///
    /// It is asked in a turn of its own: while its turn is held for the read, `may_ask` is false and
    /// what is known must do.
    ///
    /// # Errors
    /// [`FetchError::Robots`] with the line that forbids it; [`FetchError::RobotsUnread`] where
    /// the host cannot say, in which case nothing of it may be read (RFC 9309, 2.3.1.4).
    pub(super) async fn heed_robots(
        &self,
        ask: &WireRequest<'_>,
        url: &Url,
        may_ask: bool,
    ) -> Result<(), FetchError> {
        let place = address(url);
        let copy = self.robots.of(place.origin().ascii_serialization());
        // Held while the host is asked: who else wants to know waits for the same answer.
        let mut copy = copy.lock().await;
        if may_ask && copy.as_ref().is_none_or(|copy| copy.fresh_until <= Instant::now()) {
            let last = copy.as_ref().map(|copy| copy.rules.clone());
            *copy = Some(Box::pin(self.ask_in_turn(ask, &place, last)).await?);
        }
        let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
        match copy.as_ref().and_then(|copy| copy.rules.refusal(path)) {
            Some(rule) => Err(FetchError::Robots {
                url: url.to_string(),
                robots: place.to_string(),
                rule: rule.to_string(),
            }),
            None => Ok(()),
        }
    }

    /// Asks for the rules, unless another worker has just done so.
    async fn ask_in_turn(
        &self,
        ask: &WireRequest<'_>,
        place: &Url,
        last: Option<Robots>,
    ) -> Result<CachedRobots, FetchError> {
        let Some(shared) = &self.gates.shared else { return self.ask_for_rules(ask, place, last).await };
        let origin = place.origin().ascii_serialization();
        let refused = |reason| FetchError::NoTurn { host: origin.clone(), reason };
        let turn = shared.robots(origin.clone()).await.map_err(refused)?;
        if let Some(copy) = &turn.copy
            && let Some(left) = copy.fresh_for(ask.now)
        {
            let kept = CachedRobots { rules: copy.rules.clone(), fresh_until: Instant::now() + left };
            turn.keep(None).await;
            return Ok(kept);
        }
        let asked = self.ask_for_rules(ask, place, last).await;
        let said = self.new_robots();
        let (ours, others): (Vec<_>, Vec<_>) = said.into_iter().partition(|copy| copy.origin == origin);
        for copy in others {
            self.robots.note(copy);
        }
        turn.keep(ours.into_iter().next_back()).await;
        asked
    }

    async fn ask_for_rules(
        &self,
        ask: &WireRequest<'_>,
        place: &Url,
        last: Option<Robots>,
    ) -> Result<CachedRobots, FetchError> {
        let kept = |rules, time| CachedRobots { rules, fresh_until: Instant::now() + time };
        let answered = |rules: Robots| {
            let origin = place.origin().ascii_serialization();
            let copy = RobotsCopy { origin, rules: rules.clone(), asked_at: ask.now };
            let left = copy.fresh_for(ask.now).unwrap_or_default();
            self.robots.note(copy);
            kept(rules, left)
        };
        // It asks for an address in turn, hence the box.
        let unread = match Box::pin(self.follow(ask.for_robots(place))).await {
            Ok(answer) if answer.status < 500 => return Ok(answered(rules(&answer))),
            // More than five redirects are as good as no file (RFC 9309, 2.3.1.2).
            Err(FetchError::TooManyRedirects { .. }) => return Ok(answered(Robots::default())),
            Ok(answer) => FetchError::RobotsUnread { robots: place.to_string(), status: answer.status },
            Err(error) => error,
        };
        last.map(|rules| kept(rules, RETRY_AFTER)).ok_or(unread)
    }
}

/// A host that has no robots.txt, or does not show it, forbids nothing.
fn rules(answer: &FetchResponse) -> Robots {
    if !(200..300).contains(&answer.status) {
        return Robots::default();
    }
    Robots::parse(&String::from_utf8_lossy(&answer.body[..answer.body.len().min(robots::MAX_BYTES)]))
}
