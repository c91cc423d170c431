//! Asking a source for its page, politely and safely.
//!
//! First step of a read: a [`Source`] goes in, an [`FetchResponse`] with status,
//! headers and decoded body comes out, whatever the status. Whether the answer
//! may be believed is not decided here, and nothing is stored.
//!
//! Redirects are followed by hand, since every hop must pass the address guard;
//! see [`address`] for what may be connected to and why the connector's own
//! resolver hook is not enough.

mod address;
mod body;
mod browser;
mod client;
mod error;
mod freshness;
mod gate;
mod post;
mod quota;
mod record;
mod redirect;
mod request;
mod robots;
mod shared;
mod whole;

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use reqwest::header::{CONTENT_TYPE, DATE, RANGE, RETRY_AFTER};
use tokio::time::{Instant, timeout};
use url::Url;

use crate::domain::redact;
use crate::domain::robots::MAX_BYTES as MAX_ROBOTS_BYTES;
use crate::domain::snapshot::Validators;
use crate::domain::source::{Quota, Source, Witness};
use crate::domain::token::SourceToken;
use crate::domain::token_bucket::BucketRate;
use crate::settings::FetchSettings;

use address::AddressGuard;
use browser::Browser;
use client::Clients;
use gate::Gates;
use request::RequestHeaders;
use robots::RobotsCopies;

pub use address::is_public;
pub use error::{FetchError, ReadPhase};
pub use post::Posted;
pub use quota::RequestCounter;
pub use record::AnswerLog;
pub use shared::{SharedManners, SharedRobots, SharedTurn};
pub use whole::Body;

/// What a server answered.
#[derive(Debug, Clone)]
pub struct FetchResponse {
    /// The HTTP status.
    pub status: u16,
    /// The address that answered, after redirects.
    pub url: Url,
    /// Headers, names in lower case, in the order received.
    pub headers: Vec<(String, String)>,
    /// The body, transfer and content encodings undone; empty for 304.
    pub body: Body,
    /// How long the server wishes not to be asked again (RFC 9110, 10.2.3).
    pub retry_after: Option<Duration>,
}

impl FetchResponse {
    /// A header's value, by its lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Asks for pages. One for the whole program: it keeps connections, every host's pace and its rules.
#[derive(Debug)]
pub struct Fetcher {
    settings: FetchSettings,
    guard: AddressGuard,
    clients: Clients,
    gates: Gates,
    robots: RobotsCopies,
    browser: Option<Browser>,
    /// Counts requests to hosts with a quota.
    counter: Option<RequestCounter>,
    /// What answers in the place of the network.
    record: Option<AnswerLog>,
}

/// The longest pause a server can ask for; more would be a source switched off from outside.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// A question: what is asked for, and how.
#[derive(Debug, Clone)]
struct WireRequest<'a> {
    url: &'a Url,
    headers: RequestHeaders<'a>,
    /// The secret that a server may repeat.
    token: Option<&'a SourceToken>,
    proxy: Option<&'a Url>,
    heeds_robots: bool,
    /// Whether a host is left alone that asked for it.
    heeds_pause: bool,
    /// How often its host may be asked.
    quota: Option<Quota>,
    in_browser: bool,
    /// What is sent with it, as JSON.
    question: Option<String>,
    part: BodyPart,
    limit: body::Limit,
    total_timeout: Duration,
    now: DateTime<Utc>,
}

/// How much of a page is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BodyPart {
    Whole,
    /// As much as a look at a witness takes in.
    Beginning,
    Headers,
}

/// So much of a witness is looked at.
const MAX_WITNESS_BYTES: usize = 64 << 10;

impl WireRequest<'_> {
    /// The question for a host's rules on the way to another one. It bears no key, so no publisher counts it.
    fn for_robots<'a>(&self, place: &'a Url) -> WireRequest<'a>
    where
        Self: 'a,
    {
        let limit = body::Limit { bytes: MAX_ROBOTS_BYTES, spent_bytes: 0, is_cut: true };
        let part = BodyPart::Whole;
        let mut ask = WireRequest {
            url: place,
            heeds_robots: false,
            quota: None,
            question: None,
            part,
            limit,
            ..self.clone()
        };
        // What a source's headers hold is not meant for it.
        ask.headers.leave_origin();
        ask
    }
}

impl Fetcher {
    /// A fetcher with the given limits. Connects to nothing.
    #[must_use]
    pub fn new(settings: FetchSettings) -> Self {
        let guard = AddressGuard::allowing(&settings.allow_private).only_here(settings.only_here.as_deref());
        let authorities = settings.authorities.as_ref().map_or(&[][..], |known| &known.certificates);
        let rate = BucketRate { interval: settings.host_interval, burst: settings.host_burst };
        Self {
            clients: Clients::new(settings.connect_timeout, guard.clone(), authorities),
            gates: Gates::new(rate),
            robots: RobotsCopies::default(),
            browser: settings.browser.clone().map(|settings| Browser::new(settings, guard.clone())),
            guard,
            settings,
            counter: None,
            record: None,
        }
    }

    /// The same, which asks hosts in turn with the other workers.
    #[must_use]
    pub fn sharing(self, manners: Option<SharedManners>) -> Self {
        Self { gates: self.gates.sharing(manners), ..self }
    }

    /// A fetcher of answers of the past: it asks nobody.
    #[must_use]
    pub fn of_record(settings: FetchSettings, record: AnswerLog) -> Self {
        let settings = FetchSettings { browser: None, ..settings };
        Self { record: Some(record), ..Self::new(settings) }
    }

    /// The same, which has requests to hosts with a quota counted before it sends them. Without a counter it sends none.
    #[must_use]
    pub fn counting_by(self, counter: RequestCounter) -> Self {
        Self { counter: Some(counter), ..self }
    }

    /// Reads a source's page: conditionally where there are validators.
    ///
    /// Waits for each host's turn; the total timeout counts what is spent besides.
    ///
    /// # Errors
    /// Everything that keeps a complete answer from arriving. A status of 4xx or 5xx is an answer.
    pub async fn read(
        &self,
        source: &Source,
        validators: Option<&Validators>,
        now: DateTime<Utc>,
    ) -> Result<FetchResponse, FetchError> {
        self.answer(self.ask(source, &source.url, validators, 0, now)?).await
    }

    /// Reads a source's whole page even where its host asked to be left alone: a person wishes it.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub async fn read_at_any_rate(
        &self,
        source: &Source,
        now: DateTime<Utc>,
    ) -> Result<FetchResponse, FetchError> {
        let ask = self.ask(source, &source.url, None, 0, now)?;
        self.answer(WireRequest { heeds_pause: false, ..ask }).await
    }

    /// The most that a source's body may have.
    #[must_use]
    pub fn max_body(&self, source: &Source) -> usize {
        source.request.max_body_bytes.unwrap_or(self.settings.max_body_bytes)
    }

    /// Whether a source's body may have more than the limit for all sources.
    #[must_use]
    pub fn may_be_large(&self, source: &Source) -> bool {
        self.max_body(source) > self.settings.max_body_bytes
    }

    /// The line of robots.txt that forbids programs a source's address, whether it is heeded or not.
    ///
    /// # Errors
    /// Why the host's rules are not known.
    pub async fn forbidden(&self, source: &Source, now: DateTime<Utc>) -> Result<Option<String>, FetchError> {
        let ask = self.ask(source, &source.url, None, 0, now)?;
        self.guard.check_typed(ask.url)?;
        match self.heed_robots(&ask, ask.url, true).await {
            Ok(()) => Ok(None),
            Err(FetchError::Robots { rule, .. }) => Ok(Some(rule)),
            Err(error) => Err(error),
        }
    }

    /// Leaves the host of an address alone for a while, as it asked for before.
    pub fn pause(&self, url: &Url, pause: Duration) {
        self.gates.pause(url, pause.min(MAX_RETRY_AFTER));
    }

    /// Reads another part of a source's document under the same rules, after `read_bytes` of it;
    /// what was meant for the source's own host alone is not sent to another one.
    ///
    /// # Errors
    /// As [`Self::read`]; [`FetchError::TooLarge`] where the parts together are too large.
    pub async fn read_further(
        &self,
        source: &Source,
        url: &Url,
        read_bytes: usize,
        now: DateTime<Utc>,
    ) -> Result<FetchResponse, FetchError> {
        self.answer(self.ask(source, url, None, read_bytes, now)?).await
    }

    /// Looks at a source's witness: at its beginning, or its headers alone.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub async fn glance(
        &self,
        source: &Source,
        witness: &Witness,
        now: DateTime<Utc>,
    ) -> Result<FetchResponse, FetchError> {
        let part = if witness.head { BodyPart::Headers } else { BodyPart::Beginning };
        let limit = body::Limit { bytes: MAX_WITNESS_BYTES, spent_bytes: 0, is_cut: true };
        let ask = self.ask(source, &witness.url, None, 0, now)?;
        let ask = WireRequest { part, limit, question: None, in_browser: false, ..ask };
        let answer = self.answer(ask).await?;
        // A part that was asked for is the answer to the question.
        let status = if answer.status == 206 { 200 } else { answer.status };
        // What lets somebody in for an hour says nothing of what lies there.
        let mut url = answer.url.clone();
        if url != witness.url {
            url.set_query(None);
        }
        Ok(FetchResponse { status, url, ..answer })
    }

    fn ask<'a>(
        &'a self,
        source: &'a Source,
        url: &'a Url,
        validators: Option<&Validators>,
        spent_bytes: usize,
        now: DateTime<Utc>,
    ) -> Result<WireRequest<'a>, FetchError> {
        let question = source.request.question_for(&source.url, url);
        // Another page of an answer is another question at the same address.
        let url = if question.is_some() { &source.url } else { url };
        let mut headers = RequestHeaders::of(&self.settings, source, validators)?;
        if url.origin() != source.url.origin() {
            headers.leave_origin();
        }
        Ok(WireRequest {
            url,
            headers,
            token: source.request.token.as_ref(),
            proxy: source.request.proxy.as_ref().or(self.settings.proxy.as_ref()),
            heeds_robots: source.request.ignores_robots.is_none(),
            heeds_pause: true,
            quota: source.request.quota.filter(|_| url.origin() == source.url.origin()),
            in_browser: source.request.in_browser,
            question,
            part: BodyPart::Whole,
            limit: body::Limit { bytes: self.max_body(source), spent_bytes, is_cut: false },
            total_timeout: source.request.total_timeout.unwrap_or(self.settings.total_timeout),
            now,
        })
    }

    async fn answer(&self, ask: WireRequest<'_>) -> Result<FetchResponse, FetchError> {
        if let Some(record) = &self.record {
            return record.answer(ask.url, ask.limit.bytes);
        }
        let (asked, token) = (ask.url, ask.token);
        let answer = if ask.in_browser { self.look(ask).await } else { self.follow(ask).await };
        let told = |address: &str| told(address, asked, token);
        match answer {
            Ok(answer) if answer.url != *asked => {
                let url = told(answer.url.as_str()).parse().unwrap_or_else(|_| asked.clone());
                Ok(FetchResponse { url, ..answer })
            }
            Ok(answer) => Ok(answer),
            Err(error) => Err(error.with_addresses(told)),
        }
    }

    /// Whether a source's page may be asked for as far as it is known in whose name; says why not.
    ///
    /// # Errors
    /// [`FetchError::Nameless`].
    pub async fn may_ask(&self, source: &Source) -> Result<(), FetchError> {
        let proxy = source.request.proxy.as_ref().or(self.settings.proxy.as_ref());
        match proxy {
            Some(_) => self.guard.check_unseen(&source.url),
            None => self.guard.check_leads_here(&source.url).await,
        }
    }

    /// Has the browser show the page; hosts and manners count as ever.
    async fn look(&self, ask: WireRequest<'_>) -> Result<FetchResponse, FetchError> {
        let refuse =
            |reason: &str| FetchError::Browser { url: ask.url.to_string(), reason: reason.to_owned() };
        let browser = self.browser.as_ref().ok_or_else(|| refuse("none is configured (fetch.browser)"))?;
        self.guard.check_typed(ask.url)?;
        if ask.heeds_robots {
            self.heed_robots(&ask, ask.url, true).await?;
        }
        let turn = self.gates.turn(ask.url, ask.heeds_pause).await?;
        self.count(&ask, ask.url).await?;
        let answer = browser.show(ask.url, &ask.headers.manners(&self.settings.contact), ask.limit).await;
        drop(turn);
        answer
    }

    /// Follows redirects until something else is answered. At every host it comes to, the address is
    /// checked, the host's rules are heeded and its turn is waited for; never is more than one host's
    /// turn held, so that two reads cannot wait for each other.
    async fn follow(&self, mut ask: WireRequest<'_>) -> Result<FetchResponse, FetchError> {
        let mut url = ask.url.clone();
        let mut left = ask.total_timeout;
        let mut turn = None;
        for _ in 0..=self.settings.max_redirects {
            self.guard.check_typed(&url)?;
            if ask.proxy.is_some() {
                self.guard.check_unseen(&url)?;
            }
            if ask.heeds_robots {
                self.heed_robots(&ask, &url, turn.is_none()).await?;
            }
            let held = match turn.take() {
                Some(held) => held,
                None => self.gates.turn(&url, ask.heeds_pause).await?,
            };
            held.require()?;
            self.count(&ask, &url).await?;
            let began = Instant::now();
            let hop = timeout(left, self.hop(&ask, &url)).await.map_err(|_| too_long(&ask))??;
            left = left.saturating_sub(began.elapsed());
            let next = match hop {
                Hop::Answer(answer) => return Ok(answer),
                Hop::Redirect(next) => next,
            };
            if next.origin() == url.origin() {
                turn = Some(held);
            } else {
                ask.headers.leave_origin();
            }
            url = next;
        }
        Err(FetchError::TooManyRedirects { url: ask.url.to_string(), limit: self.settings.max_redirects })
    }

    /// Counts a request to the source's own host, whose turn is held, where that has a quota.
    async fn count(&self, ask: &WireRequest<'_>, url: &Url) -> Result<(), FetchError> {
        let quota = ask.quota.filter(|_| url.origin() == ask.url.origin());
        let Some(quota) = quota else { return Ok(()) };
        quota::count(self.counter.as_ref(), url, (quota, !ask.heeds_pause)).await
    }

    /// One request and what came of it.
    async fn hop(&self, ask: &WireRequest<'_>, url: &Url) -> Result<Hop, FetchError> {
        let client = self.clients.through(ask.proxy, url)?;
        let response = self.send(&client, url, ask).await?;
        if ask.proxy.is_none() {
            self.guard.check_peer(url, response.remote_addr())?;
        }
        if let Some(next) = redirect::target(url, &response, ask.token)? {
            if ask.question.is_some() {
                return Err(FetchError::Redirect {
                    url: url.to_string(),
                    location: next.to_string(),
                    reason: "a question is sent to the configured address only",
                });
            }
            return Ok(Hop::Redirect(next));
        }
        let answer = self.receive(url.clone(), response, ask).await?;
        match answer.retry_after {
            Some(pause) => self.gates.pause(&answer.url, pause),
            None if ask.heeds_pause => {}
            None => self.gates.end_pause(&answer.url),
        }
        Ok(Hop::Answer(answer))
    }

    async fn send(
        &self,
        client: &reqwest::Client,
        url: &Url,
        ask: &WireRequest<'_>,
    ) -> Result<reqwest::Response, FetchError> {
        let address = ask.headers.address(url);
        let request = match &ask.question {
            Some(question) => {
                client.post(address).header(CONTENT_TYPE, "application/json").body(question.clone())
            }
            None => match ask.part {
                BodyPart::Whole => client.get(address),
                BodyPart::Beginning => {
                    client.get(address).header(RANGE, format!("bytes=0-{}", MAX_WITNESS_BYTES - 1))
                }
                BodyPart::Headers => client.head(address),
            },
        };
        let sending = request.headers(ask.headers.as_map()).send();
        timeout(self.settings.header_timeout, sending)
            .await
            .map_err(|_| FetchError::Timeout {
                phase: ReadPhase::Header,
                url: url.to_string(),
                after: self.settings.header_timeout,
            })?
            // The address may hold a secret.
            .map_err(reqwest::Error::without_url)
            .map_err(|source| FetchError::request(url, &source, self.settings.connect_timeout, &self.guard))
    }

    async fn receive(
        &self,
        url: Url,
        response: reqwest::Response,
        ask: &WireRequest<'_>,
    ) -> Result<FetchResponse, FetchError> {
        let status = response.status().as_u16();
        let retry_after = matches!(status, 429 | 503)
            .then(|| response.headers().get(RETRY_AFTER)?.to_str().ok())
            .flatten()
            .and_then(|value| retry_after(value, said_at(&response).unwrap_or(ask.now)));
        let headers = headers_of(&response, ask.token);
        let body = body::read(&url, response, ask.limit, self.settings.idle_timeout).await?;
        let body = ask.token.and_then(|token| token.hidden_in_bytes(&body)).map_or(body, Bytes::from);
        Ok(FetchResponse { status, url, headers, body: body.into(), retry_after })
    }
}

fn too_long(ask: &WireRequest<'_>) -> FetchError {
    FetchError::Timeout { phase: ReadPhase::Total, url: ask.url.to_string(), after: ask.total_timeout }
}

/// An address to which a server sent us, as it is kept and told: without what lets somebody in. The one that
/// was configured stays as it is.
fn told(address: &str, asked: &Url, token: Option<&SourceToken>) -> String {
    if address == asked.as_str() {
        return address.to_owned();
    }
    let shown = redact::address(address, asked);
    token.map_or_else(|| shown.clone(), |token| token.hidden_in(&shown))
}

/// What one request came to.
enum Hop {
    Answer(FetchResponse),
    Redirect(Url),
}

/// Names in lower case, in the order received; a server may repeat the secret it was sent.
fn headers_of(response: &reqwest::Response, token: Option<&SourceToken>) -> Vec<(String, String)> {
    let text = |value: &[u8]| {
        let value = String::from_utf8_lossy(value);
        match token {
            Some(token) => token.hidden_in(&value),
            None => value.into_owned(),
        }
    };
    response
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), text(value.as_bytes())))
        .collect()
}

/// What the server's own clock showed, which a date that it gives is meant by.
fn said_at(response: &reqwest::Response) -> Option<DateTime<Utc>> {
    let date = response.headers().get(DATE)?.to_str().ok()?;
    httpdate::parse_http_date(date).ok().map(DateTime::from)
}

/// Seconds, or a date.
fn retry_after(value: &str, now: DateTime<Utc>) -> Option<Duration> {
    let value = value.trim();
    let pause = if let Ok(seconds) = value.parse::<u64>() {
        Duration::from_secs(seconds)
    } else {
        let date = DateTime::<Utc>::from(httpdate::parse_http_date(value).ok()?);
        (date - now).to_std().ok()?
    };
    Some(pause.min(MAX_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date_and_bounded() {
        let now = "2026-11-23T10:00:00Z".parse().unwrap();
        let check = |value: &str, seconds: Option<u64>| {
            assert_eq!(retry_after(value, now), seconds.map(Duration::from_secs), "{value}");
        };
        check("120", Some(120));
        check("Mon, 23 Nov 2026 10:02:00 GMT", Some(120));
        check("Mon, 23 Nov 2026 09:00:00 GMT", None);
        check("99999999", Some(86_400));
        check("soon", None);
    }
}
