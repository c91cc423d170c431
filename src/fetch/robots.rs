//! What every host's robots.txt says, kept for a day (RFC 9309).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use url::Url;

use super::error::FetchError;
use super::{Answer, Ask, Fetcher};
use crate::domain::robots::{self, Robots};

/// The standard's limit on how long a copy may be used while a newer one can be had (2.4).
const KEPT_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// How long the last copy is used before it is asked for again, where that failed.
const RETRY_AFTER: Duration = Duration::from_secs(60 * 60);

/// The copies of all origins.
#[derive(Debug, Default)]
pub(super) struct RobotsCopies {
    by_origin: Mutex<HashMap<String, Arc<tokio::sync::Mutex<Option<Kept>>>>>,
}

#[derive(Debug)]
struct Kept {
    rules: Robots,
    fresh_until: Instant,
}

impl RobotsCopies {
    fn of(&self, origin: String) -> Arc<tokio::sync::Mutex<Option<Kept>>> {
        let mut copies = self.by_origin.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(copies.entry(origin).or_default())
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
        ask: &Ask<'_>,
        url: &Url,
        may_ask: bool,
    ) -> Result<(), FetchError> {
        let place = address(url);
        let copy = self.robots.of(place.origin().ascii_serialization());
        // Held while the host is asked: who else wants to know waits for the same answer.
        let mut copy = copy.lock().await;
        if may_ask && copy.as_ref().is_none_or(|copy| copy.fresh_until <= Instant::now()) {
            let last = copy.as_ref().map(|copy| copy.rules.clone());
            *copy = Some(self.ask_for_rules(ask, &place, last).await?);
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

    async fn ask_for_rules(
        &self,
        ask: &Ask<'_>,
        place: &Url,
        last: Option<Robots>,
    ) -> Result<Kept, FetchError> {
        let kept = |rules, time| Kept { rules, fresh_until: Instant::now() + time };
        // It asks for an address in turn, hence the box.
        let unread = match Box::pin(self.follow(ask.for_robots(place))).await {
            Ok(answer) if answer.status < 500 => return Ok(kept(rules(&answer), KEPT_FOR)),
            // More than five redirects are as good as no file (RFC 9309, 2.3.1.2).
            Err(FetchError::TooManyRedirects { .. }) => return Ok(kept(Robots::default(), KEPT_FOR)),
            Ok(answer) => FetchError::RobotsUnread { robots: place.to_string(), status: answer.status },
            Err(error) => error,
        };
        last.map(|rules| kept(rules, RETRY_AFTER)).ok_or(unread)
    }
}

/// A host that has no robots.txt, or does not show it, forbids nothing.
fn rules(answer: &Answer) -> Robots {
    if !(200..300).contains(&answer.status) {
        return Robots::default();
    }
    Robots::parse(&String::from_utf8_lossy(&answer.body[..answer.body.len().min(robots::MAX_BYTES)]))
}
