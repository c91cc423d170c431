//! What a host asks of programs that read it: robots.txt (RFC 9309).
//!
//! Only what is said to this program is kept: the groups that name it, or else
//! those for everybody. Deliberately absent: `Crawl-delay` and other lines that the
//! standard does not know, since every host is read slowly anyhow.

use std::fmt;

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::moment;

/// The name by which a robots.txt may speak to this program.
pub const PRODUCT: &str = "regwatch";

/// What is read of a robots.txt; the standard asks for 500 KiB at least.
pub const MAX_BYTES: usize = 512 * 1024;

/// The rules of one host that are meant for this program.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Robots {
    rules: Vec<RobotsRule>,
}

/// What an origin answered when it was asked, which may be used for a day (RFC 9309, 2.4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RobotsCopy {
    /// The origin.
    pub origin: String,
    /// What it said.
    pub rules: Robots,
    /// When it was asked.
    pub asked_at: DateTime<Utc>,
}

impl RobotsCopy {
    /// The standard's limit on how long a copy may be used while a newer one can be had.
    pub const KEPT_FOR: Duration = Duration::hours(24);

    /// How long it may still be used; `None` where it may not.
    #[must_use]
    pub fn fresh_for(&self, now: DateTime<Utc>) -> Option<std::time::Duration> {
        if moment::is_over(self.asked_at, Self::KEPT_FOR, now) {
            return None;
        }
        (self.asked_at + Self::KEPT_FOR - now).to_std().ok()
    }
}

/// One line that allows or disallows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RobotsRule {
    line: usize,
    is_allowed: bool,
    /// As it was written.
    written: String,
    /// As it is compared.
    pattern: String,
}

impl fmt::Display for RobotsRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = if self.is_allowed { "Allow" } else { "Disallow" };
        write!(f, "line {}: {verb}: {}", self.line, self.written)
    }
}

/// A group under construction: whom it is for, and whether rules have begun.
#[derive(Debug, Default)]
struct RobotsGroup {
    names_us: bool,
    names_all: bool,
    has_rules: bool,
}

impl Robots {
    /// Reads a robots.txt. Nothing in it is an error: lines that say nothing are passed over.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let (mut ours, mut everybodys) = (Vec::new(), Vec::new());
        let mut is_named = false;
        let mut group = RobotsGroup::default();
        for (index, line) in text.trim_start_matches('\u{feff}').split(['\n', '\r']).enumerate() {
            let Some((name, value)) = directive(line) else { continue };
            if name.eq_ignore_ascii_case("user-agent") {
                if group.has_rules {
                    group = RobotsGroup::default();
                }
                group.names_all |= value == "*";
                group.names_us |= product_of(value).eq_ignore_ascii_case(PRODUCT);
                is_named |= group.names_us;
                continue;
            }
            let is_allowed = name.eq_ignore_ascii_case("allow");
            if !is_allowed && !name.eq_ignore_ascii_case("disallow") {
                continue;
            }
            group.has_rules = true;
            // An empty pattern matches nothing.
            if value.is_empty() {
                continue;
            }
            let rule = |written: &str| RobotsRule {
                line: index + 1,
                is_allowed,
                written: written.to_owned(),
                pattern: normalised(written),
            };
            if group.names_us {
                ours.push(rule(value));
            } else if group.names_all {
                everybodys.push(rule(value));
            }
        }
        Self { rules: if is_named { ours } else { everybodys } }
    }

    /// The rule that keeps this program away from a path with its query; `None` where it may be read.
    ///
    /// The longest pattern that matches decides, and of two as long the one that allows.
    #[must_use]
    pub fn refusal(&self, path_and_query: &str) -> Option<&RobotsRule> {
        if path_and_query == "/robots.txt" {
            return None;
        }
        let path = normalised(path_and_query);
        self.rules
            .iter()
            .filter(|rule| matches(&rule.pattern, &path))
            .max_by_key(|rule| (rule.pattern.len(), rule.is_allowed))
            .filter(|rule| !rule.is_allowed)
    }
}

/// The name and value of a line, its comment left out.
fn directive(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split('#').next().unwrap_or_default().split_once(':')?;
    Some((name.trim(), value.trim()))
}

/// The product's name without its version and what else stands behind it.
fn product_of(value: &str) -> &str {
    let end = value.find(|c: char| !c.is_ascii_alphabetic() && c != '_' && c != '-');
    &value[..end.unwrap_or(value.len())]
}

/// One spelling for all that mean the same octets: letters, digits, `-`, `.`, `_` and `~` as they are,
/// escapes with capitals, everything beyond ASCII escaped.
fn normalised(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut plain = String::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escaped = (byte == b'%').then(|| escape_at(bytes, at)).flatten();
        at += if escaped.is_some() { 3 } else { 1 };
        match escaped {
            Some(octet) if octet.is_ascii_alphanumeric() || b"-._~".contains(&octet) => {
                plain.push(char::from(octet));
            }
            Some(octet) => push_escaped(&mut plain, octet),
            None if byte.is_ascii() => plain.push(char::from(byte)),
            None => push_escaped(&mut plain, byte),
        }
    }
    plain
}

fn push_escaped(text: &mut String, octet: u8) {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    text.extend(['%', DIGITS[usize::from(octet >> 4)], DIGITS[usize::from(octet & 0xf)]]);
}

fn escape_at(bytes: &[u8], at: usize) -> Option<u8> {
    let digit = |at: usize| char::from(*bytes.get(at)?).to_digit(16);
    u8::try_from(digit(at + 1)? * 16 + digit(at + 2)?).ok()
}

/// Whether a pattern matches from the path's beginning: `*` stands for anything, a `$` at the end for
/// the path's end. Linear: each part is taken where it first fits.
fn matches(pattern: &str, path: &str) -> bool {
    let (pattern, is_anchored) = match pattern.strip_suffix('$') {
        Some(pattern) => (pattern, true),
        None => (pattern, false),
    };
    let mut parts = pattern.split('*');
    let Some(mut rest) = path.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return !is_anchored || rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if is_anchored && parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_used_for_a_day_and_not_one_of_a_clock_that_ran_ahead() {
        let asked_at = DateTime::UNIX_EPOCH;
        let copy = RobotsCopy { origin: "https://a.test".to_owned(), rules: Robots::default(), asked_at };
        let hours =
            |hours| copy.fresh_for(asked_at + Duration::hours(hours)).map(|left| left.as_secs() / 3600);
        assert_eq!([hours(0), hours(1), hours(24), hours(-2)], [Some(24), Some(23), None, None]);
        let kept = serde_json::to_string(&RobotsCopy {
            rules: Robots::parse("user-agent: *\ndisallow: /x"),
            ..copy
        });
        let kept: RobotsCopy = serde_json::from_str(&kept.unwrap()).unwrap();
        assert!(kept.rules.refusal("/x/y").is_some() && kept.rules.refusal("/y").is_none());
    }

    #[track_caller]
    fn check(robots: &str, path: &str, expected: Option<&str>) {
        let robots = Robots::parse(robots);
        let found = robots.refusal(path).map(ToString::to_string);
        assert_eq!(found.as_deref(), expected, "{path}");
    }

    #[test]
    fn the_longest_pattern_decides_and_permission_wins_a_tie() {
        let robots = "User-agent: *\nDisallow: /private\nAllow: /private/list\nDisallow: /*.php$\nAllow: /page\nDisallow: /page\n";
        check(robots, "/private/x", Some("line 2: Disallow: /private"));
        check(robots, "/private/list/2", None);
        check(robots, "/a/b.php", Some("line 4: Disallow: /*.php$"));
        check(robots, "/a/b.php?x=1", None);
        check(robots, "/page/1", None);
        check(robots, "/", None);
    }

    #[test]
    fn a_group_that_names_us_replaces_the_one_for_everybody() {
        let robots = "User-agent: other\nDisallow: /\n\nUser-Agent: RegWatch/2.0\nuser-agent: friend\nDisallow: /x # a comment\n\nuser-agent: *\ndisallow: /\n";
        check(robots, "/x", Some("line 6: Disallow: /x"));
        check(robots, "/y", None);
        check("user-agent: regwatcher\ndisallow: /\n", "/y", None);
        check("user-agent: regwatch\n\nuser-agent: *\ndisallow: /\n", "/y", Some("line 4: Disallow: /"));
    }

    #[test]
    fn groups_for_one_reader_are_taken_together() {
        let robots = "user-agent: *\ndisallow: /a\nsitemap: /s\ndisallow: /b\nuser-agent: other\ndisallow: /\nuser-agent: *\ndisallow: /c";
        for path in ["/a", "/b", "/c"] {
            assert!(Robots::parse(robots).refusal(path).is_some(), "{path}");
        }
        check(robots, "/d", None);
    }

    #[test]
    fn spellings_of_one_path_are_one() {
        check(
            "user-agent: *\ndisallow: /%7efoo/%e6%b5%b7",
            "/~foo/海",
            Some("line 2: Disallow: /%7efoo/%e6%b5%b7"),
        );
        check("user-agent: *\ndisallow: /海", "/%E6%B5%B7/x", Some("line 2: Disallow: /海"));
        check("user-agent: *\ndisallow: /a%2Fb", "/a/b", None);
    }

    #[test]
    fn wildcards_stand_for_anything() {
        for (pattern, path, is_match) in [
            ("/*", "/", true),
            ("/a*c*e", "/abcde/f", true),
            ("/a*c$", "/abc/c", true),
            ("/a*c$", "/abcd", false),
            ("/a*$", "/abc", true),
            ("/aa*a$", "/aa", false),
            ("*", "", true),
            ("/$", "/", true),
            ("/$", "/a", false),
        ] {
            assert_eq!(matches(pattern, path), is_match, "{pattern} {path}");
        }
    }

    #[test]
    fn what_says_nothing_forbids_nothing() {
        for text in ["", "<html>not found</html>", "Disallow: /", "user-agent: *\nDisallow:", "user-agent: *"]
        {
            check(text, "/x", None);
        }
        check("user-agent: *\ndisallow: /", "/robots.txt", None);
    }

    #[test]
    fn a_hostile_file_is_read_in_reasonable_time() {
        let text = format!("user-agent: *\n{}", "disallow: /*a*a*a*a*a*b\n".repeat(20_000));
        let path = format!("/{}", "a".repeat(2_000));
        check(&text, &path, None);
    }
}
