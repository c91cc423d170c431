//! Other ways to what a source says, as an operator names them.

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::{Deserialize, Serialize};
use url::Url;

/// Another publication of what a source says, asked where the source's own address gives nothing that can be believed.
///
/// It may add and amend, and never removes: a copy may be incomplete, and another publisher may be late.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Route {
    /// Where it is read.
    pub url: Url,
    /// Who publishes it.
    pub by: String,
    /// Whether it is an archive's copy of the source's own page, which says when it was taken.
    pub copy: bool,
}

/// What was taken from another route since the source's own address was last read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenFrom {
    /// Who publishes that route.
    pub by: String,
    /// Of when its word is: when the copy was taken, or when it was read.
    pub as_of: DateTime<Utc>,
    /// The entries that it added or amended.
    pub keys: Vec<String>,
}

impl TakenFrom {
    /// Both together, this one after the earlier one.
    #[must_use]
    pub fn after(mut self, earlier: Option<&Self>) -> Self {
        let known = earlier.iter().flat_map(|earlier| &earlier.keys);
        let more: Vec<String> = known.filter(|key| !self.keys.contains(key)).cloned().collect();
        self.keys.extend(more);
        self
    }
}

/// What the source's own address says against what was taken from another route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contradiction {
    /// Since when that is known.
    pub since: DateTime<Utc>,
    /// In words.
    pub words: String,
}

/// When an archive took its copy, by the address at which it keeps it: `/web/20261009123456/https://…`.
#[must_use]
pub fn taken_at(copy: &Url) -> Option<DateTime<Utc>> {
    let stamp = copy.path().strip_prefix("/web/")?.get(..14)?;
    let is_stamp = stamp.bytes().all(|byte| byte.is_ascii_digit());
    let moment = NaiveDateTime::parse_from_str(stamp, "%Y%m%d%H%M%S").ok().filter(|_| is_stamp)?;
    Some(moment.and_utc())
}

/// The address against which the links of a kept body are meant, given the one that answered: those of an archive's
/// copy are meant of the page that was copied.
#[must_use]
pub fn address_of_page(source: &Url, answered: &str) -> Url {
    let answered = answered.parse().ok().filter(|answered| taken_at(answered).is_none());
    answered.unwrap_or_else(|| source.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_says_in_its_address_when_it_took_the_copy() {
        let of = |text: &str| taken_at(&text.parse().unwrap()).map(|at| at.to_rfc3339());
        let expected = Some("2026-10-09T12:34:56+00:00".to_owned());
        assert_eq!(of("https://archive.test/web/20261009123456id_/https://agency.test/list"), expected);
        assert_eq!(of("https://archive.test/web/20261009123456/https://agency.test/list"), expected);
        for none in ["https://archive.test/web/2026/https://agency.test/list", "https://agency.test/list"] {
            assert_eq!(of(none), None, "{none}");
        }
    }

    #[test]
    fn what_two_reads_took_is_remembered_together() {
        let taken = |keys: &[&str]| TakenFrom {
            by: "an archive".to_owned(),
            as_of: DateTime::UNIX_EPOCH,
            keys: keys.iter().map(|&key| key.to_owned()).collect(),
        };
        assert_eq!(taken(&["b", "c"]).after(Some(&taken(&["a", "b"]))).keys, ["b", "c", "a"]);
    }
}
