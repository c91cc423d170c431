//! Asking a source for its page, politely and safely.
//!
//! First step of a read: a [`Source`] goes in, an [`Answer`] with status,
//! headers and decoded body comes out, whatever the status. Whether the answer
//! may be believed is not decided here, and nothing is stored.
//!
//! Redirects are followed by hand, since every hop must pass the address guard;
//! see [`address`] for what may be connected to and why the connector's own
//! resolver hook is not enough.

mod address;
mod body;
mod client;
mod error;
mod gate;
mod redirect;
mod request;

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use reqwest::header::RETRY_AFTER;
use tokio::time::{Instant, timeout, timeout_at};
use url::Url;

use crate::config::FetchSettings;
use crate::domain::snapshot::Validators;
use crate::domain::source::Source;
use crate::domain::token::Token;

use address::AddressGuard;
use client::Clients;
use gate::Gates;
use request::RequestHeaders;

pub use error::{FetchError, Phase};

/// What a server answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The address that answered, after redirects.
    pub url: Url,
    /// Headers, names in lower case, in the order received.
    pub headers: Vec<(String, String)>,
    /// The body, transfer and content encodings undone; empty for 304.
    pub body: Bytes,
    /// How long the server wishes not to be asked again (RFC 9110, 10.2.3).
    pub retry_after: Option<Duration>,
}

impl Answer {
    /// A header's value, by its lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Asks for pages. One for the whole program: it keeps connections and every host's pace.
#[derive(Debug)]
pub struct Fetcher {
    settings: FetchSettings,
    guard: AddressGuard,
    clients: Clients,
    gates: Gates,
}

/// The longest pause a server can ask for; more would be a source switched off from outside.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

impl Fetcher {
    /// A fetcher with the given limits. Connects to nothing.
    #[must_use]
    pub fn new(settings: FetchSettings) -> Self {
        let guard = AddressGuard::allowing(&settings.allow_private);
        Self {
            clients: Clients::new(settings.connect_timeout, guard.clone()),
            gates: Gates::new(settings.host_interval),
            guard,
            settings,
        }
    }

    /// Reads a source's page: conditionally where there are validators.
    ///
    /// Waits for the host's turn first; the total timeout counts from then on.
    ///
    /// # Errors
    /// Everything that keeps a complete answer from arriving. A status of 4xx or 5xx is an answer.
    pub async fn read(
        &self,
        source: &Source,
        validators: Option<&Validators>,
        now: DateTime<Utc>,
    ) -> Result<Answer, FetchError> {
        let question = Question { source, url: &source.url, validators, read_bytes: 0 };
        self.answer(&question, now).await
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
    ) -> Result<Answer, FetchError> {
        self.answer(&Question { source, url, validators: None, read_bytes }, now).await
    }

    async fn answer(&self, question: &Question<'_>, now: DateTime<Utc>) -> Result<Answer, FetchError> {
        let turn = self.gates.turn(question.url).await?;
        let deadline = Instant::now() + self.settings.total_timeout;
        let outcome = timeout_at(deadline, self.follow(question, now)).await;
        drop(turn);
        let answer = outcome.map_err(|_| FetchError::Timeout {
            phase: Phase::Total,
            url: question.url.to_string(),
            after: self.settings.total_timeout,
        })??;
        if let Some(pause) = answer.retry_after {
            self.gates.pause(&answer.url, pause);
        }
        Ok(answer)
    }

    /// Follows redirects until something else is answered.
    async fn follow(&self, question: &Question<'_>, now: DateTime<Utc>) -> Result<Answer, FetchError> {
        let Question { source, validators, .. } = *question;
        let mut headers = RequestHeaders::of(&self.settings, source, validators)?;
        let proxy = source.request.proxy.as_ref().or(self.settings.proxy.as_ref());
        let mut url = question.url.clone();
        if url.origin() != source.url.origin() {
            headers.leave_origin();
        }
        for _ in 0..=self.settings.max_redirects {
            self.guard.check_typed(&url)?;
            let client = self.clients.through(proxy, &url)?;
            let response = self.send(&client, &url, &headers).await?;
            if proxy.is_none() {
                self.guard.check_peer(&url, response.remote_addr())?;
            }
            let Some(next) = redirect::target(&url, &response, source.request.token.as_ref())? else {
                return self.receive(question, url, response, now).await;
            };
            if next.origin() != url.origin() {
                headers.leave_origin();
            }
            url = next;
        }
        Err(FetchError::TooManyRedirects {
            url: question.url.to_string(),
            limit: self.settings.max_redirects,
        })
    }

    async fn send(
        &self,
        client: &reqwest::Client,
        url: &Url,
        headers: &RequestHeaders<'_>,
    ) -> Result<reqwest::Response, FetchError> {
        let sending = client.get(headers.address(url)).headers(headers.as_map()).send();
        timeout(self.settings.header_timeout, sending)
            .await
            .map_err(|_| FetchError::Timeout {
                phase: Phase::Header,
                url: url.to_string(),
                after: self.settings.header_timeout,
            })?
            // The address may hold a secret.
            .map_err(reqwest::Error::without_url)
            .map_err(|source| FetchError::request(url, &source, self.settings.connect_timeout))
    }

    async fn receive(
        &self,
        question: &Question<'_>,
        url: Url,
        response: reqwest::Response,
        now: DateTime<Utc>,
    ) -> Result<Answer, FetchError> {
        let status = response.status().as_u16();
        let retry_after = matches!(status, 429 | 503)
            .then(|| response.headers().get(RETRY_AFTER)?.to_str().ok())
            .flatten()
            .and_then(|value| retry_after(value, now));
        let token = question.source.request.token.as_ref();
        let headers = headers_of(&response, token);
        let FetchSettings { max_body_bytes, idle_timeout, .. } = self.settings;
        let body = body::read(&url, response, question.read_bytes, max_body_bytes, idle_timeout).await?;
        let body = token.and_then(|token| token.hidden_in_bytes(&body)).map_or(body, Bytes::from);
        Ok(Answer { status, url, headers, body, retry_after })
    }
}

/// One request: for a source's own address or for another part of its document.
#[derive(Debug, Clone, Copy)]
struct Question<'a> {
    source: &'a Source,
    url: &'a Url,
    validators: Option<&'a Validators>,
    /// How much of the document was read before.
    read_bytes: usize,
}

/// Names in lower case, in the order received; a server may repeat the secret it was sent.
fn headers_of(response: &reqwest::Response, token: Option<&Token>) -> Vec<(String, String)> {
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
