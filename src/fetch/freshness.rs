//! How long an answer says that it stays fresh (RFC 9111, 4.2).

use std::time::Duration;

use super::FetchResponse;

impl FetchResponse {
    /// For how long the server does not expect anything new, by its `Cache-Control` or `Expires`.
    #[must_use]
    pub fn fresh_for(&self) -> Option<Duration> {
        let lifetime = match self.header("cache-control") {
            Some(control) if forbids_keeping(control) => return None,
            Some(control) => max_age(control).or_else(|| self.until_expiry()),
            None => self.until_expiry(),
        }?;
        let age = self.header("age").and_then(|age| age.trim().parse().ok()).unwrap_or_default();
        lifetime.checked_sub(Duration::from_secs(age)).filter(|left| !left.is_zero())
    }

    fn until_expiry(&self) -> Option<Duration> {
        let moment = |name| httpdate::parse_http_date(self.header(name)?).ok();
        moment("expires")?.duration_since(moment("date")?).ok()
    }
}

fn directives(control: &str) -> impl Iterator<Item = &str> {
    control.split(',').map(str::trim)
}

fn forbids_keeping(control: &str) -> bool {
    directives(control)
        .any(|directive| ["no-cache", "no-store"].iter().any(|word| directive.eq_ignore_ascii_case(word)))
}

fn max_age(control: &str) -> Option<Duration> {
    directives(control).find_map(|directive| {
        let (name, seconds) = directive.split_once('=')?;
        let is_max_age = name.trim().eq_ignore_ascii_case("max-age");
        let seconds = is_max_age.then(|| seconds.trim().trim_matches('"').parse().ok()).flatten()?;
        Some(Duration::from_secs(seconds))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(headers: &[(&str, &str)], seconds: Option<u64>) {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let answer = FetchResponse {
            status: 200,
            url: "https://agency.test/".parse().unwrap(),
            headers: headers.collect(),
            body: bytes::Bytes::new().into(),
            retry_after: None,
        };
        assert_eq!(answer.fresh_for(), seconds.map(Duration::from_secs));
    }

    #[test]
    fn freshness_is_what_the_server_says_of_it() {
        check(&[], None);
        check(&[("cache-control", "public, max-age=300")], Some(300));
        check(&[("cache-control", "Max-Age=\"300\", s-maxage=9"), ("age", "100")], Some(200));
        check(&[("cache-control", "max-age=300"), ("age", "400")], None);
        check(&[("cache-control", "max-age=300, no-cache")], None);
        check(&[("cache-control", "no-store")], None);
        check(&[("cache-control", "max-age=soon")], None);
        let (date, expires) = ("Mon, 23 Nov 2026 10:00:00 GMT", "Mon, 23 Nov 2026 10:05:00 GMT");
        check(&[("date", date), ("expires", expires)], Some(300));
        check(&[("date", expires), ("expires", date)], None);
        check(&[("cache-control", "max-age=1"), ("date", date), ("expires", expires)], Some(1));
        check(&[("expires", "0")], None);
    }
}
