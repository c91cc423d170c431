//! Telling a receiver something: one POST within limits, only to addresses that may be read as well.
//!
//! No redirect is followed: what is told is for the address that its operator named. Of the answer no more is read
//! than can be shown.

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER, USER_AGENT};
use tokio::time::timeout;
use url::Url;

use super::error::{FetchError, ReadPhase};
use super::request::user_agent;
use super::{Fetcher, retry_after, said_at};

/// For all of it: a receiver takes a message in and works on it afterwards.
const TOTAL_TIMEOUT: Duration = Duration::from_secs(15);

/// Of what a receiver says as much is kept.
const MAX_SAID_BYTES: usize = 1024;

/// What a receiver answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// The HTTP status.
    pub status: u16,
    /// The beginning of what it said.
    pub said: String,
    /// How long it wishes to be left alone.
    pub retry_after: Option<Duration>,
}

impl Fetcher {
    /// Sends a body to an address, with further headers. No error names more of the address than its host: what
    /// stands behind it may let people in.
    ///
    /// # Errors
    /// Everything that keeps an answer from arriving.
    pub async fn post(
        &self,
        url: &Url,
        headers: &[(&'static str, String)],
        body: Bytes,
        now: DateTime<Utc>,
    ) -> Result<Posted, FetchError> {
        let posted = timeout(TOTAL_TIMEOUT, self.posted(url, headers, body, now));
        let posted = posted.await.unwrap_or_else(|_| {
            Err(FetchError::Timeout { phase: ReadPhase::Total, url: url.to_string(), after: TOTAL_TIMEOUT })
        });
        posted.map_err(|error| error.with_addresses(host_of))
    }

    /// Whether something may be sent to an address, as far as the address itself says.
    ///
    /// # Errors
    /// Why not.
    pub fn may_post(&self, url: &Url) -> Result<(), FetchError> {
        self.guard.check_typed(url).map_err(|error| error.with_addresses(host_of))
    }

    async fn posted(
        &self,
        url: &Url,
        headers: &[(&'static str, String)],
        body: Bytes,
        now: DateTime<Utc>,
    ) -> Result<Posted, FetchError> {
        self.guard.check_typed(url)?;
        let proxy = self.settings.proxy.as_ref();
        if proxy.is_some() {
            self.guard.check_unseen(url)?;
        }
        let client = self.clients.through(proxy, url)?;
        let sending = client.post(url.clone()).headers(self.headers_of_post(headers)?).body(body).send();
        let mut response = sending.await.map_err(reqwest::Error::without_url).map_err(|source| {
            FetchError::request(url, &source, self.settings.connect_timeout, &self.guard)
        })?;
        if proxy.is_none() {
            self.guard.check_peer(url, response.remote_addr())?;
        }
        let status = response.status().as_u16();
        let wish = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = wish.and_then(|value| retry_after(value, said_at(&response).unwrap_or(now)));
        let mut said = Vec::new();
        while said.len() < MAX_SAID_BYTES
            && let Ok(Some(part)) = response.chunk().await
        {
            said.extend_from_slice(&part[..part.len().min(MAX_SAID_BYTES - said.len())]);
        }
        Ok(Posted { status, said: String::from_utf8_lossy(&said).into_owned(), retry_after })
    }

    fn headers_of_post(&self, more: &[(&'static str, String)]) -> Result<HeaderMap, FetchError> {
        let mut headers = HeaderMap::new();
        let agent = user_agent(&self.settings.contact);
        let all =
            [(USER_AGENT.as_str(), &agent)].into_iter().chain(more.iter().map(|(name, text)| (*name, text)));
        for (name, text) in all {
            let wrong = || FetchError::Header { name: name.to_owned() };
            let value = HeaderValue::try_from(text).map_err(|_| wrong())?;
            headers.insert(HeaderName::try_from(name).map_err(|_| wrong())?, value);
        }
        Ok(headers)
    }
}

/// The host of an address, as it may be told.
fn host_of(address: &str) -> String {
    let url = Url::parse(address).ok();
    url.as_ref().and_then(Url::host_str).unwrap_or("the receiver").to_owned()
}
