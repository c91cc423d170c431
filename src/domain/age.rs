//! Whether an answer proves by its own headers that it is older than the page that was accepted.
//!
//! The edges of a network that keeps copies answer in turn, and one of them may hold yesterday's page
//! for weeks. What is missing from such a copy is not gone, and what it says otherwise is not new. A copy
//! is known by what the server says of it: when the page was last modified (RFC 9110, 8.8.2), and when
//! the answer was made: its `Date`, or as long ago as its `Age` says (RFC 9111, 4.2.3).

use chrono::{DateTime, Duration, Utc};

use super::moment::{self, exact_in_words};
use super::response::ResponseMeta;

/// Clocks of servers that answer in turn may differ by this much.
const CLOCK_LAG: Duration = Duration::minutes(2);

impl ResponseMeta {
    /// How an answer proves that it is older than the accepted one, as a clause; `None` where nothing does.
    #[must_use]
    pub fn older_than(&self, accepted: &Self) -> Option<String> {
        // Of another address another page may have come.
        if self.url != accepted.url {
            return None;
        }
        if let (Some(now), Some(then)) = (self.modified_at(), accepted.modified_at())
            && now < then
        {
            return Some(format!(
                "it was last modified at {}, the accepted page at {}",
                exact_in_words(now),
                exact_in_words(then)
            ));
        }
        // What was accepted by a clock that was ahead says nothing of when.
        if moment::lies_ahead(accepted.read_at, self.read_at) {
            return None;
        }
        let (now, then) = (self.made_at()?, accepted.made_at().unwrap_or(accepted.read_at));
        (now + CLOCK_LAG < then).then(|| {
            format!("it was made at {}, the accepted page at {}", exact_in_words(now), exact_in_words(then))
        })
    }

    fn date(&self, name: &str) -> Option<DateTime<Utc>> {
        httpdate::parse_http_date(self.header(name)?.trim()).ok().map(DateTime::from)
    }

    /// When the page was last modified. A server that names a time to come knows nothing of it.
    fn modified_at(&self) -> Option<DateTime<Utc>> {
        self.date("last-modified").filter(|at| *at <= self.read_at + CLOCK_LAG)
    }

    /// When the answer was made, at the latest. Some caches keep the origin's date and others write
    /// their own; the age counts from when it came.
    fn made_at(&self) -> Option<DateTime<Utc>> {
        let age = self.header("age").and_then(|age| age.trim().parse::<u32>().ok());
        let by_age = age.map(|seconds| self.read_at - Duration::seconds(i64::from(seconds)));
        let dated = self.date("date").map(|date| date.min(self.read_at));
        by_age.into_iter().chain(dated).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + Duration::seconds(seconds)
    }

    fn http(seconds: i64) -> String {
        at(seconds).format("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }

    fn headers(pairs: &[(&str, String)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    }

    fn response(headers: Vec<(String, String)>, read_at: DateTime<Utc>) -> ResponseMeta {
        ResponseMeta { read_at, headers, ..ResponseMeta::sample(b"") }
    }

    /// Whether an answer of day 40 is found older than one accepted on day 30.
    #[track_caller]
    fn check(accepted: &[(&str, String)], now: &[(&str, String)], expected: Option<&str>) {
        let accepted = response(headers(accepted), at(30 * DAY));
        let now = response(headers(now), at(40 * DAY));
        assert_eq!(now.older_than(&accepted).as_deref(), expected);
    }

    #[test]
    fn a_page_modified_before_the_accepted_one_is_older() {
        let modified = |seconds| [("last-modified", http(seconds))];
        check(
            &modified(29 * DAY),
            &modified(10 * DAY),
            Some(
                "it was last modified at 11 January 1970, 00:00:00 UTC, the accepted page at 30 January 1970, 00:00:00 UTC",
            ),
        );
        check(&modified(29 * DAY), &modified(29 * DAY), None);
        check(&modified(29 * DAY), &modified(35 * DAY), None);
        check(&modified(29 * DAY), &[], None);
        check(&[], &modified(10 * DAY), None);
        check(&[("last-modified", "soon".to_owned())], &modified(10 * DAY), None);
    }

    #[test]
    fn an_answer_made_before_the_accepted_one_is_older_however_that_shows() {
        let age = |seconds: i64| ("age", seconds.to_string());
        let words = "it was made at 21 January 1970, 00:00:00 UTC, the accepted page at 31 January 1970, 00:00:00 UTC";
        // A cache that writes its own date, one that keeps the origin's, and one that says no age.
        check(&[("date", http(30 * DAY))], &[("date", http(40 * DAY)), age(20 * DAY)], Some(words));
        check(&[("date", http(30 * DAY))], &[("date", http(20 * DAY)), age(20 * DAY)], Some(words));
        check(&[("date", http(30 * DAY))], &[("date", http(20 * DAY))], Some(words));
        check(&[], &[age(20 * DAY)], Some(words));
        // Kept for nine days and still younger than what was accepted ten days ago.
        check(&[("date", http(30 * DAY))], &[("date", http(31 * DAY)), age(9 * DAY)], None);
        check(&[("date", http(30 * DAY))], &[("date", http(40 * DAY)), age(0)], None);
        check(&[], &[("age", "old".to_owned())], None);
    }

    #[test]
    fn a_clock_that_was_ahead_delays_nothing_once_it_is_right() {
        // The server named times to come when its page was accepted.
        check(
            &[("date", http(60 * DAY)), ("last-modified", http(60 * DAY))],
            &[("date", http(40 * DAY)), ("last-modified", http(39 * DAY))],
            None,
        );
    }

    #[test]
    fn what_another_address_answers_is_no_older_copy() {
        let stamp = headers(&[("last-modified", http(DAY))]);
        let newer = headers(&[("last-modified", http(2 * DAY))]);
        let accepted = response(newer, at(3 * DAY));
        let same = response(stamp, at(4 * DAY));
        let other = ResponseMeta { url: "https://b.test/".to_owned(), ..same.clone() };
        assert_eq!(other.older_than(&accepted), None);
        assert!(same.older_than(&accepted).is_some());
    }

    #[test]
    fn a_page_that_was_accepted_by_a_clock_ahead_makes_no_other_older() {
        let headers = vec![("date".to_owned(), "Thu, 01 Jan 1970 00:00:10 GMT".to_owned())];
        let accepted = response(Vec::new(), at(1_000 * DAY));
        let read = response(headers, at(10));
        assert_eq!(read.older_than(&accepted), None);
        let accepted = ResponseMeta { read_at: at(20_000), ..accepted };
        assert!(ResponseMeta { read_at: at(20_010), ..read }.older_than(&accepted).is_some());
    }
}
