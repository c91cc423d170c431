//! The facts of one response, and the proof that it gives.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::id::BodyHash;

/// The proof of one state of a source: which bytes were read, when and from where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The address that answered, after redirects.
    pub url: String,
    /// When the answer was read.
    pub read_at: DateTime<Utc>,
    /// The HTTP status.
    pub status: u16,
    /// The SHA-256 of the body, under which it is kept.
    pub sha256: BodyHash,
}

/// What is known of a response besides its body. It is made once, where the response is received, and goes from there
/// into whatever is kept of the read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResponseMeta {
    /// When the response was read.
    pub read_at: DateTime<Utc>,
    /// The address that answered, after redirects.
    pub url: String,
    /// The HTTP status.
    pub status: u16,
    /// The headers, names in lower case, in the order received.
    pub headers: Vec<(String, String)>,
    /// Names the body.
    pub sha256: BodyHash,
    /// The body's size after transfer decoding.
    pub body_bytes: u64,
}

impl ResponseMeta {
    /// The proof that this response gives.
    #[must_use]
    pub fn evidence(&self) -> Evidence {
        let Self { url, read_at, status, sha256, .. } = self;
        Evidence { url: url.clone(), read_at: *read_at, status: *status, sha256: sha256.clone() }
    }

    /// A header's value, by its lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }
}

/// The value of the first of these headers that has a lower-case name.
#[must_use]
pub fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

#[cfg(test)]
impl ResponseMeta {
    /// A response as tests want one; they set what they are about.
    pub(crate) fn sample(body: &[u8]) -> Self {
        Self {
            read_at: DateTime::UNIX_EPOCH,
            url: "https://agency.test/list".to_owned(),
            status: 200,
            headers: Vec::new(),
            sha256: BodyHash::of(body),
            body_bytes: body.len() as u64,
        }
    }
}
