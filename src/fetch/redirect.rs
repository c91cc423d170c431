//! Where a redirect leads, and whether it is followed there.

use reqwest::header::LOCATION;
use reqwest::{Response, StatusCode};
use url::Url;

use super::error::FetchError;

/// The address a response sends us to; `None` where it is not a redirect.
pub(super) fn target(url: &Url, response: &Response) -> Result<Option<Url>, FetchError> {
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
            resolve(url, &String::from_utf8_lossy(location.as_bytes())).map(Some)
        }
        _ => Ok(None),
    }
}

fn resolve(url: &Url, location: &str) -> Result<Url, FetchError> {
    let refuse =
        |reason| FetchError::Redirect { url: url.to_string(), location: location.to_owned(), reason };
    let mut next = url.join(location).map_err(|_| refuse("expected an address"))?;
    match (url.scheme(), next.scheme()) {
        ("https", "http") => return Err(refuse("the protection of https would be lost")),
        (_, "http" | "https") => {}
        _ => return Err(refuse("expected http or https")),
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
