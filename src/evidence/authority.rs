//! Asking an authority for the time of a seal, over HTTP (RFC 3161, 3.4).

use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE};
use url::Url;

use super::stamp::{self, StampError, Stamped};

/// For the whole request.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Answers have a few kilobytes.
const MAX_BYTES: usize = 256 * 1024;

/// Why no time was had.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// It did not answer.
    #[error("the time-stamping authority {url} did not answer")]
    Unreachable {
        /// Its address.
        url: Url,
        /// Why.
        #[source]
        source: reqwest::Error,
    },
    /// It answered something else.
    #[error("the time-stamping authority {url} answered with more than {MAX_BYTES} bytes")]
    TooLarge {
        /// Its address.
        url: Url,
    },
    /// Its answer is no time stamp of this.
    #[error("the answer of the time-stamping authority {url} is not what was asked for")]
    Other {
        /// Its address.
        url: Url,
        /// Why.
        #[source]
        source: StampError,
    },
}

/// A time-stamping authority.
#[derive(Debug, Clone)]
pub struct Authority {
    url: Url,
}

impl Authority {
    /// The one at an address.
    #[must_use]
    pub fn at(url: Url) -> Self {
        Self { url }
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Asks for the time of some bytes; gives its answer, which was checked, and what it says.
    ///
    /// # Errors
    /// [`AuthorityError`].
    pub async fn stamp(&self, content: &[u8], nonce: u64) -> Result<(Vec<u8>, Stamped), AuthorityError> {
        let url = || self.url.clone();
        let other = |source| AuthorityError::Other { url: url(), source };
        let unreachable =
            |error: reqwest::Error| AuthorityError::Unreachable { url: url(), source: error.without_url() };
        // The client needs a provider even where nothing is encrypted.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().timeout(TIMEOUT).build().map_err(unreachable)?;
        let question = stamp::question(content, nonce).map_err(other)?;
        let asked = client
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/timestamp-query")
            .header(ACCEPT, "application/timestamp-reply")
            .body(question);
        let mut response =
            asked.send().await.and_then(reqwest::Response::error_for_status).map_err(unreachable)?;
        let mut answer = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(unreachable)? {
            answer.extend_from_slice(&piece);
            if answer.len() > MAX_BYTES {
                return Err(AuthorityError::TooLarge { url: url() });
            }
        }
        let stamped = stamp::read(&answer, content).map_err(other)?;
        if !stamp::is_answer_to(&answer, nonce) {
            return Err(other(StampError::Other("another question")));
        }
        Ok((answer, stamped))
    }
}
