//! Which facts of a source no longer hold, and which line of the configuration to change.

use std::fmt;

use serde::Serialize;
use url::Url;

use super::catalogue::{Observed, RobotsWord};
use super::source::Source;
use super::text::{counted, one_line, shorten};

/// A fact of a source.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
    strum::VariantNames,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum ObservedFact {
    /// What robots.txt says.
    Robots,
    /// That there is an answer, and which.
    Answer,
    /// The address that answered.
    Landed,
    /// The media type.
    ContentType,
    /// That its witness says something that can be compared.
    Witness,
    /// The size.
    Bytes,
    /// What stands at its head.
    Head,
    /// That it can be read.
    Structure,
    /// The number of entries.
    Entries,
    /// That the guard fits that number.
    Guard,
}

/// A fact that no longer holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Drift {
    /// Which.
    pub fact: ObservedFact,
    /// What was expected.
    pub expected: String,
    /// What was found.
    pub found: String,
    /// The key of the configuration to change.
    pub key: &'static str,
    /// The file and line where it stands, or where the source begins.
    pub at: Option<String>,
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: found {}, expected {} ({}", self.fact, self.found, self.expected, self.key)?;
        if let Some(at) = &self.at {
            write!(f, " at {at}")?;
        }
        f.write_str(")")
    }
}

impl Drift {
    /// A fact of a source that no longer holds.
    #[must_use]
    pub fn of(
        source: &Source,
        fact: ObservedFact,
        key: &'static str,
        expected: String,
        found: String,
    ) -> Self {
        let at = source.catalogue.place_of(key);
        Self { fact, expected, found, key, at }
    }
}

/// An answer as it is looked at.
#[derive(Debug, Clone, Copy)]
pub struct ObservedAnswer<'a> {
    /// The address that answered.
    pub landed: &'a Url,
    /// The media type, with its parameters.
    pub content_type: Option<&'a str>,
    /// The body.
    pub body: &'a [u8],
    /// The most that a body may have.
    pub max_body: usize,
}

/// A body that has come so near its limit, in percent, will break it.
const NEAR_LIMIT_PERCENT: usize = 85;

/// A body that shrank to less than this share of what was observed is not the same file, in percent.
const SHRUNK_PERCENT: u64 = 50;

/// The head is looked for in so many bytes.
const HEAD_BYTES: usize = 64 << 10;

/// So much of a head is shown.
const MAX_SHOWN_CHARS: usize = 120;

/// What of the facts an answer contradicts.
#[must_use]
pub fn of_answer(source: &Source, seen: ObservedAnswer<'_>) -> Vec<Drift> {
    let mut drifts = Vec::new();
    let size = seen.body.len();
    if size.saturating_mul(100) > seen.max_body.saturating_mul(NEAR_LIMIT_PERCENT) {
        let expected = format!("less than {NEAR_LIMIT_PERCENT}% of {} bytes", seen.max_body);
        drifts.push(Drift::of(source, ObservedFact::Bytes, "max_body", expected, format!("{size} bytes")));
    }
    if let Some(observed) = &source.catalogue.observed {
        drifts.extend(landed(source, observed, seen));
        drifts.extend(content_type(source, observed, seen));
        drifts.extend(shrunk(source, observed, size));
        drifts.extend(head(source, observed, seen.body));
    }
    drifts
}

fn landed(source: &Source, observed: &Observed, seen: ObservedAnswer<'_>) -> Option<Drift> {
    let expected = observed.landed.as_ref()?;
    // A page that leads to its newest file leads to another one in each edition.
    let is_same = expected.origin() == seen.landed.origin()
        && (source.request.link.is_some() || expected.path() == seen.landed.path());
    let (was, is) = (plain(expected), plain(seen.landed));
    (!is_same).then(|| Drift::of(source, ObservedFact::Landed, "url", was, is))
}

/// An address without its query, which may let somebody in.
fn plain(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.into()
}

fn content_type(source: &Source, observed: &Observed, seen: ObservedAnswer<'_>) -> Option<Drift> {
    let media = |text: &str| text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let expected = observed.content_type.as_deref().map(media)?;
    let found = seen.content_type.map(media).unwrap_or_default();
    (expected != found).then(|| {
        Drift::of(source, ObservedFact::ContentType, "observed.content_type", expected, format!("{found:?}"))
    })
}

fn shrunk(source: &Source, observed: &Observed, size: usize) -> Option<Drift> {
    let before = u64::from(observed.bytes?);
    let is_small = (size as u64).saturating_mul(100) < before.saturating_mul(SHRUNK_PERCENT);
    let expected = format!("about {before} bytes");
    is_small
        .then(|| Drift::of(source, ObservedFact::Bytes, "observed.bytes", expected, format!("{size} bytes")))
}

fn head(source: &Source, observed: &Observed, body: &[u8]) -> Option<Drift> {
    let expected = observed.head.as_deref()?;
    let beginning = String::from_utf8_lossy(&body[..body.len().min(HEAD_BYTES)]);
    let folded = |text: &str| one_line(text).replace(" ,", ",").replace(", ", ",").to_lowercase();
    if folded(&beginning).contains(&folded(expected)) {
        return None;
    }
    let found =
        format!("{:?}", shorten(&one_line(beginning.trim_start_matches('\u{feff}')), MAX_SHOWN_CHARS));
    Some(Drift::of(source, ObservedFact::Head, "kind", format!("{expected:?}"), found))
}

/// Fewer entries than this share of those observed are not the same list, in percent.
const FEW_PERCENT: usize = 80;

/// A minimum below this share of the entries lets a half-empty list through, in percent.
const LOOSE_PERCENT: usize = 60;

/// A minimum above this share of them holds the next removal back, in percent.
const TIGHT_PERCENT: usize = 95;

/// What of the facts a number of entries contradicts.
#[must_use]
pub fn of_entries(source: &Source, entries: usize) -> Vec<Drift> {
    let mut drifts = Vec::new();
    let found = counted(entries, "entry", "entries");
    let observed = source.catalogue.observed.as_ref().and_then(|observed| observed.entries);
    if let Some(before) = observed.map(|before| before as usize)
        && entries * 100 < before * FEW_PERCENT
    {
        let expected = format!("about {before} entries");
        drifts.push(Drift::of(source, ObservedFact::Entries, "observed.entries", expected, found.clone()));
    }
    let minimum = source.guard.min_entries;
    // What may be empty has no minimum, and a handful can lose any of them.
    let is_guarded = observed.is_some() && minimum > 1;
    let fits = minimum * 100 <= entries * TIGHT_PERCENT && minimum * 100 >= entries * LOOSE_PERCENT;
    if is_guarded && !fits {
        let expected = format!("min_entries = {}", entries * 85 / 100);
        let found = format!("min_entries = {minimum} with {found}");
        drifts.push(Drift::of(source, ObservedFact::Guard, "guard.min_entries", expected, found));
    }
    drifts
}

/// What of the facts robots.txt contradicts; `rule` is the line that forbids the source's address.
#[must_use]
pub fn of_robots(source: &Source, rule: Option<&str>) -> Option<Drift> {
    let rule = rule?;
    let observed = source.catalogue.observed.as_ref().and_then(|observed| observed.robots);
    let is_known = source.request.ignores_robots.is_some() && observed != Some(RobotsWord::Open);
    let expected = "no line that forbids it, or robots = { ignore = true, because = … }".to_owned();
    (!is_known).then(|| Drift::of(source, ObservedFact::Robots, "robots", expected, rule.to_owned()))
}

#[cfg(test)]
mod tests;
