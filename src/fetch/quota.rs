//! Requests that their hosts count, counted before they are sent.
//!
//! A publisher counts each request that reaches it, whichever process sent it and whatever becomes of it. So the count is not kept here, where
//! it would end with the process, but where all processes of an installation count, and before the request leaves.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use url::Url;

use super::error::FetchError;
use super::gate::{host_of, whole_seconds};
use crate::domain::source::{CountedRequest, Quota};

/// `None` where the request was counted, or else how long it takes until it is allowed.
type Counted = Result<Option<Duration>, String>;

/// Counts requests against the quotas of their hosts.
#[derive(Clone)]
pub struct RequestCounter(Arc<dyn Fn(CountedRequest) -> BoxFuture<'static, Counted> + Send + Sync>);

impl fmt::Debug for RequestCounter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RequestCounter")
    }
}

impl RequestCounter {
    /// A counter that counts so. What it returns must hold whatever becomes of this process: `None` if the request was
    /// counted, how long it takes until it is allowed if it was not, or in words why it cannot be counted.
    #[must_use]
    pub fn new(
        count: impl Fn(CountedRequest) -> BoxFuture<'static, Result<Option<Duration>, String>>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        Self(Arc::new(count))
    }
}

/// Counts a request to a host with a quota; the request may be sent only if this returns nothing else.
///
/// # Errors
/// [`FetchError::Quota`] where no more may be made now, [`FetchError::Uncounted`] where nobody can count it.
pub(super) async fn count(
    counter: Option<&RequestCounter>,
    url: &Url,
    (quota, at_any_rate): (Quota, bool),
) -> Result<(), FetchError> {
    let host = host_of(url);
    let Some(counter) = counter else {
        let reason = "nothing here counts requests".to_owned();
        return Err(FetchError::Uncounted { host, reason });
    };
    let request = CountedRequest { host: host.clone(), quota, at_any_rate };
    match (counter.0)(request).await {
        Ok(None) => Ok(()),
        Ok(Some(left)) => {
            Err(FetchError::Quota { host, requests: quota.requests, seconds: whole_seconds(left) })
        }
        Err(reason) => Err(FetchError::Uncounted { host, reason }),
    }
}
