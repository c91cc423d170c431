//! Taking a body in, a part at a time, within its limits.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::Response;
use tokio::time::timeout;
use url::Url;

use super::error::{FetchError, ReadPhase};

/// How much of a body is taken in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit {
    /// Decoded bytes, those of the same document that were read before included.
    pub bytes: usize,
    /// How many those are.
    pub spent_bytes: usize,
    /// Whether a longer body is cut there; it is refused otherwise.
    pub is_cut: bool,
}

/// A body of unknown length that has more than this gets room for all it may have.
const MOST_MOVED: usize = 1 << 20;

/// Reads the decoded body. The limit counts decoded bytes, so that a small
/// compressed body cannot fill the memory.
pub(super) async fn read(
    url: &Url,
    mut response: Response,
    limit: Limit,
    idle: Duration,
) -> Result<Bytes, FetchError> {
    // Room that nothing was written to takes no memory, and a large body that has to be moved as it grows is there
    // twice. So as much is asked for as the server promises, within the limit.
    let promised = response.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
    let most = limit.bytes.saturating_sub(limit.spent_bytes);
    let mut body = BytesMut::with_capacity(promised.min(most));
    loop {
        let part = timeout(idle, response.chunk())
            .await
            .map_err(|_| FetchError::Timeout { phase: ReadPhase::Idle, url: url.to_string(), after: idle })?
            .map_err(|source| FetchError::body(url, &source))?;
        let Some(part) = part else { return Ok(body.freeze()) };
        let room = most.saturating_sub(body.len());
        if body.len() + part.len() > body.capacity().max(MOST_MOVED) {
            body.reserve(room);
        }
        if part.len() <= room {
            body.extend_from_slice(&part);
        } else if limit.is_cut {
            body.extend_from_slice(&part[..room]);
            return Ok(body.freeze());
        } else {
            return Err(FetchError::TooLarge { url: url.to_string(), limit: limit.bytes });
        }
    }
}
