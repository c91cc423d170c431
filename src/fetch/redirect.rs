//! Where a redirect leads, and whether it is followed there.

use reqwest::header::LOCATION;
use reqwest::{Response, StatusCode};
use url::Url;

use super::error::FetchError;
use crate::domain::token::SourceToken;

/// The address a response sends us to; `None` where it is not a redirect. Servers repeat in it what
/// they were asked, a secret too.
pub(super) fn target(
    url: &Url,
    response: &Response,
    token: Option<&SourceToken>,
) -> Result<Option<Url>, FetchError> {
    let is_redirect = matches!(
        response.status(),
        StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::SEE_OTHER
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT
    );
    match response.headers().get(LOCATION) {
        Some(location) if is_redirect => {
            let location = String::from_utf8_lossy(location.as_bytes());
            let next = resolve(url, &location).map_err(|reason| FetchError::Redirect {
                url: url.to_string(),
                location: token.map_or_else(|| location.to_string(), |token| token.hidden_in(&location)),
                reason,
            })?;
            Ok(Some(match token {
                Some(token) => token.taken_from(next),
                None => next,
            }))
        }
        _ => Ok(None),
    }
}

fn resolve(url: &Url, location: &str) -> Result<Url, &'static str> {
    let mut next = url.join(location).map_err(|_| "expected an address")?;
    match (url.scheme(), next.scheme()) {
        ("https", "http") => return Err("the protection of https would be lost"),
        (_, "http" | "https") => {}
        _ => return Err("expected http or https"),
    }
    next.set_fragment(None);
    Ok(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(from: &str, location: &str, expected: Option<&str>) {
        let next = resolve(&Url::parse(from).unwrap(), location);
        assert_eq!(next.ok().as_ref().map(Url::as_str), expected, "{location}");
    }

    #[test]
    fn redirects_keep_the_protection_they_have() {
        check("https://a.test/x/y", "../z#top", Some("https://a.test/z"));
        check("http://a.test/", "https://b.test/", Some("https://b.test/"));
        check("https://a.test/", "//b.test/q?1", Some("https://b.test/q?1"));
        check("https://a.test/", "http://a.test/", None);
        check("https://a.test/", "file:///etc/passwd", None);
        check("https://a.test/", "http://[", None);
    }
}
