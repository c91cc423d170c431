//! What stands before every page: how often one may ask, and how long a request may take.

use std::net::IpAddr;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, HeaderValue, Uri};
use axum::middleware::Next;
use axum::response::Response;
use tokio::time::{Instant, timeout};

use super::access::{Holder, ShownToken, Visitor, shown_token};
use super::client::client_address;
use super::rate::CountedClient;
use super::{WebState, link_of_change};
use crate::domain::access_token::TokenText;
use crate::domain::inbound::ConfirmToken;
use crate::domain::keyed_link::LinkPurpose;
use crate::domain::text::error_chain;

/// For one request, its body included.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);

/// The address that a connection came from.
#[derive(Debug, Clone, Copy)]
pub(super) struct PeerAddress(pub IpAddr);

pub(super) async fn guard(
    State(shared): State<Arc<WebState>>,
    Extension(PeerAddress(peer)): Extension<PeerAddress>,
    mut request: Request,
    next: Next,
) -> Response {
    let (uri, headers) = (request.uri().clone(), request.headers().clone());
    let visitor = match shown_token(&uri, &headers) {
        // A token speaks alone: one that is not good lets nobody in whom something else would.
        Some(shown) => shared.holder(&shown).await.map_or(Visitor::Stranger, Visitor::Holder),
        None => shared.visitor(peer, &headers),
    };
    let taken = match &visitor {
        // Who is let in is not counted.
        Visitor::Known(_) | Visitor::Local | Visitor::Holder(_) => Ok(()),
        Visitor::Stranger => {
            let client = shared.client(peer, &uri, &headers).await;
            shared.rates.lock().unwrap_or_else(PoisonError::into_inner).take(client, Instant::now())
        }
    };
    request.extensions_mut().insert(visitor);
    if let Err(wait) = taken {
        let seconds = HeaderValue::from(wait.as_secs() + 1);
        let mut response = shared.too_many();
        response.headers_mut().insert(RETRY_AFTER, seconds);
        return response;
    }
    timeout(REQUEST_TIMEOUT, next.run(request)).await.unwrap_or_else(|_| shared.too_slow())
}

impl WebState {
    /// The program that holds a token; `None` where it is not good, or where nobody can say.
    async fn holder(&self, shown: &ShownToken) -> Option<Holder> {
        let text: TokenText = shown.text.parse().ok()?;
        let kept = self.desk.store.access_token(&text.hash()).await.inspect_err(|error| {
            tracing::error!(error = error_chain(error), "failed to look up a token");
        });
        let token = kept.ok()?.filter(|token| token.is_good(self.visits.now()))?;
        (!shown.is_in_address || token.is_for_feeds_alone()).then(|| Holder::of(&token))
    }

    /// Whose account a request goes on.
    async fn client(&self, peer: IpAddr, uri: &Uri, headers: &HeaderMap) -> CountedClient {
        let link = &last_part(uri);
        let purposes = [LinkPurpose::Unsubscribe, LinkPurpose::Manage];
        if let Some(key) = purposes.into_iter().find_map(|purpose| self.visits.open(purpose, link)) {
            return CountedClient::Holder(key);
        }
        if let Some(linked) = link_of_change(uri.path())
            && let Some(reader) = self.visits.reader_of(&linked.change, linked.seal)
        {
            return CountedClient::Holder(reader);
        }
        // What looks like a token is looked up, which costs as little as a page that says there is nothing.
        if let Ok(token) = link.parse::<ConfirmToken>()
            && self.visits.is_asked(&token).await.unwrap_or_default()
        {
            return CountedClient::Asked(token.hash());
        }
        CountedClient::at(client_address(peer, headers, &self.trusted_proxies))
    }
}

/// What the path ends with: a token or a link. Both are letters and digits, so that whatever else stands behind
/// them is what a mail program took for a part of the address: the full stop of a sentence, a bracket, a quote.
pub(super) fn last_part(uri: &Uri) -> String {
    let letters = |part: &str| part.chars().take_while(char::is_ascii_alphanumeric).collect::<String>();
    uri.path().rsplit('/').map(letters).find(|part| !part.is_empty()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_mail_program_took_for_a_part_of_the_address_is_none() {
        for path in [
            "/manage/abc234",
            "/watch/manage/abc234",
            "/manage/abc234.",
            "/manage/abc234)",
            "/manage/abc234,",
            "/manage/abc234%3E",
            "/manage/abc234%3e.",
            "/manage/abc234%22%29;",
            "/manage/abc234%E2%80%9D",
            "/manage/abc234/",
            "/manage/abc234/.",
            "/manage/abc234.?utm_source=mail",
        ] {
            let uri: Uri = path.parse().unwrap();
            assert_eq!(last_part(&uri), "abc234", "{path}");
        }
        assert_eq!(last_part(&"/".parse().unwrap()), "");
    }
}
