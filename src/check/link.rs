//! From a page to the file that it offers.

use chrono::{DateTime, Utc};

use super::extraction::in_time;
use super::gather::RejectedPart;
use super::read_rejection::{ReadRejection, refusal};
use crate::domain::source::{LinkRule, Source};
use crate::domain::text::error_chain;
use crate::domain::verdict::Suspicion;
use crate::extract::{RawDocument, linked};
use crate::fetch::{FetchResponse, Fetcher};

/// Asks for the file that the page leads to, and gives its answer.
pub(super) async fn follow(
    fetcher: &Fetcher,
    source: &Source,
    link: &LinkRule,
    page: FetchResponse,
    now: DateTime<Utc>,
) -> Result<FetchResponse, Box<RejectedPart>> {
    let refused = |answer, why| Box::new(RejectedPart { answer, why });
    let (body, url, link) = (page.body.clone(), page.url.clone(), link.clone());
    let content_type = page.header("content-type").map(str::to_owned);
    let find =
        move || linked(&link, &RawDocument { body: &body, content_type: content_type.as_deref(), url: &url });
    let target = match in_time(find).await {
        Ok(Ok(target)) => target,
        Ok(Err(missing)) => {
            return Err(refused(page, ReadRejection::suspect(Suspicion::Structure(missing))));
        }
        Err(reason) => return Err(refused(page, ReadRejection::Failed(reason))),
    };
    match fetcher.read_further(source, &target, 0, now).await {
        Ok(file) => match refusal(&target, &file) {
            Some(why) => Err(refused(file, why)),
            None => Ok(file),
        },
        Err(error) => {
            let why = ReadRejection::Failed(error_chain(&error));
            Err(refused(FetchResponse { retry_after: error.retry_after(), ..page }, why))
        }
    }
}
