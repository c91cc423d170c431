//! Taking a body in, a part at a time, within its limits.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::Response;
use tokio::time::timeout;
use url::Url;

use super::error::{FetchError, Phase};

/// Reads the decoded body. The limit counts decoded bytes, so that a small
/// compressed body cannot fill the memory, and those read of the same document before.
pub(super) async fn read(
    url: &Url,
    mut response: Response,
    read_bytes: usize,
    max_bytes: usize,
    idle: Duration,
) -> Result<Bytes, FetchError> {
    let mut body = BytesMut::new();
    loop {
        let part = timeout(idle, response.chunk())
            .await
            .map_err(|_| FetchError::Timeout { phase: Phase::Idle, url: url.to_string(), after: idle })?
            .map_err(|source| FetchError::body(url, &source))?;
        let Some(part) = part else { return Ok(body.freeze()) };
        if read_bytes + body.len() + part.len() > max_bytes {
            return Err(FetchError::TooLarge { url: url.to_string(), limit: max_bytes });
        }
        body.extend_from_slice(&part);
    }
}
