//! Answers that whoever has them already need not take again (RFC 9110, 13): what is asked for again and again.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::domain::id::BodyHash;

/// A body with its tag; without the body where the asker has it.
pub(super) fn answer(asked: &HeaderMap, media_type: &'static str, body: impl Into<Vec<u8>>) -> Response {
    let body = body.into();
    let tag = format!("\"{}\"", &BodyHash::of(&body).as_str()[..32]);
    let headers = [
        (ETAG, HeaderValue::from_str(&tag).unwrap_or_else(|_| HeaderValue::from_static("\"\""))),
        // It is one visitor's, and asked for again each time.
        (CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
        (VARY, HeaderValue::from_static("authorization, cookie")),
    ];
    if knows(asked, &tag) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    (headers, [(CONTENT_TYPE, media_type)], body).into_response()
}

/// Whether the asker says that it has what this tag names. Whoever compresses on the way makes the tag a weak one.
fn knows(asked: &HeaderMap, tag: &str) -> bool {
    let lines = asked.get_all(IF_NONE_MATCH).iter().filter_map(|line| line.to_str().ok());
    let mut tags = lines.flat_map(|line| line.split(',')).map(str::trim);
    tags.any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_it_is_told_so_whether_or_not_it_was_compressed_on_the_way() {
        let tag = answer(&HeaderMap::new(), "text/plain", "a").headers()[ETAG].to_str().unwrap().to_owned();
        let status = |line: &str, body: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(IF_NONE_MATCH, line.parse().unwrap());
            answer(&headers, "text/plain", body).status()
        };
        for line in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
            assert_eq!(status(&line, "a"), StatusCode::NOT_MODIFIED, "{line}");
        }
        assert_eq!(status(&tag, "b"), StatusCode::OK);
        assert_eq!(status("\"x\"", "a"), StatusCode::OK);
    }
}
