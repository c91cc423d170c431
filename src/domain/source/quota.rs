//! How often an API lets one asker ask.

use std::time::Duration;

use serde::Serialize;

use crate::domain::moment;

/// So many requests in so long, of all sources at one host together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Quota {
    /// How many.
    pub requests: u32,
    /// In any stretch of this length.
    #[serde(serialize_with = "in_words")]
    pub within: Duration,
}

fn in_words<S: serde::Serializer>(length: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&moment::length(*length))
}
