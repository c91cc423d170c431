//! How well a source was seen over a time: what its silence is worth.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::line::{ChainLine, ChainVerdict};
use crate::domain::id::{ChangeId, SourceId};
use crate::domain::schedule::CronExpr;
use crate::domain::source::Source;

/// A read may come so much later than its schedule says before that is a gap: it waits for its host, and is put off a
/// little at random.
const GRACE_MINUTES: i64 = 30;

/// So many reasons of one gap are named.
const MAX_REASONS: usize = 5;

/// So many ticks of a schedule are looked at for the longest wait between two.
const LOOKED_AT: usize = 400;

/// A time in which nobody saw the source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gap {
    /// The last time it was seen before, or the beginning of the time that is asked for.
    pub from: DateTime<Utc>,
    /// The next time it was seen, or the end.
    pub to: DateTime<Utc>,
    /// Why, as far as that is known.
    pub why: Vec<String>,
}

/// How a source was seen over a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Silence {
    /// The source.
    pub source: SourceId,
    /// How often it was asked.
    pub reads: u64,
    /// How often it was seen as it is.
    pub seen: u64,
    /// When it was not.
    pub gaps: Vec<Gap>,
    /// How many changes these reads found.
    pub changes_found: u64,
    /// Those of them that are asked for.
    pub changes: Vec<ChangeId>,
}

/// How far two looks at a source may lie apart, in seconds, before there is a gap between them: by its schedule, and
/// where it has a witness by how often it is asked whatever that says.
#[must_use]
pub fn allowed_distance(source: &Source, range: (DateTime<Utc>, DateTime<Utc>)) -> i64 {
    let by_witness = source.request.witness.as_ref().map_or(0, |witness| witness.full_every.as_secs());
    let by_schedule = longest_wait(&source.schedule, source.timezone, range);
    let longest = by_schedule.max(Duration::seconds(i64::try_from(by_witness).unwrap_or(i64::MAX)));
    (longest + Duration::minutes(GRACE_MINUTES)).num_seconds()
}

/// The longest wait between two ticks of a schedule.
fn longest_wait(
    schedule: &CronExpr,
    zone: chrono_tz::Tz,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> Duration {
    let mut longest = Duration::zero();
    let mut last = from - Duration::days(1);
    for _ in 0..LOOKED_AT {
        let Some(next) = schedule.next_after(last, zone) else { break };
        longest = longest.max(next - last);
        last = next;
        if last > to {
            break;
        }
    }
    longest
}

impl Silence {
    /// How a source was seen by these lines, which begin with the last look before the time that is asked for, where
    /// there was one, and end with the first after it.
    #[must_use]
    pub fn of(
        source: &SourceId,
        lines: &[ChainLine],
        (from, to): (DateTime<Utc>, DateTime<Utc>),
        allowed_s: i64,
        changes: Vec<ChangeId>,
    ) -> Self {
        let within = |line: &&ChainLine| (from..=to).contains(&line.at);
        let reads = || lines.iter().filter(|line| line.verdict.is_read());
        Self {
            source: source.clone(),
            reads: reads().filter(within).count() as u64,
            seen: reads().filter(within).filter(|line| line.verdict.is_seen()).count() as u64,
            gaps: gaps(&reads().collect::<Vec<_>>(), (from, to), Duration::seconds(allowed_s)),
            changes_found: lines
                .iter()
                .filter(within)
                .filter(|line| !matches!(line.verdict, ChainVerdict::Matched | ChainVerdict::Retracted))
                .map(|line| line.changes.len() as u64)
                .sum(),
            changes,
        }
    }
}

fn gaps(reads: &[&ChainLine], (from, to): (DateTime<Utc>, DateTime<Utc>), allowed: Duration) -> Vec<Gap> {
    let mut gaps = Vec::new();
    let mut last: Option<DateTime<Utc>> = None;
    let mut missed: Vec<&ChainLine> = Vec::new();
    let seen = reads.iter().map(|line| (line.at, Some(*line)));
    // The end is looked at like a read that did see it, and counts where nothing came after it.
    for (at, line) in seen.chain([(to, None)]) {
        if let Some(line) = line
            && !line.verdict.is_seen()
        {
            missed.push(line);
            continue;
        }
        // Nobody knows how it was before the first look.
        let is_far = last.is_none_or(|last| at - last > allowed);
        let gap = Gap { from: last.unwrap_or(from).max(from), to: at.min(to), why: reasons(&missed) };
        if is_far && gap.from < gap.to {
            gaps.push(gap);
        }
        missed.clear();
        last = Some(last.map_or(at, |last| last.max(at)));
    }
    gaps
}

/// Why it was not seen, each reason once.
fn reasons(missed: &[&ChainLine]) -> Vec<String> {
    let mut reasons: Vec<String> = Vec::new();
    for line in missed {
        let verdict = if line.verdict == ChainVerdict::Suspect { "quarantined" } else { "failed" };
        let words = format!("{verdict}: {}", line.reason.as_deref().unwrap_or("no reason is known"));
        if !reasons.contains(&words) {
            reasons.push(words);
        }
    }
    if reasons.is_empty() {
        reasons.push("no read took place".to_owned());
    }
    let more = reasons.len().saturating_sub(MAX_REASONS);
    reasons.truncate(MAX_REASONS);
    if more > 0 {
        reasons.push(format!("and {more} more"));
    }
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::evidence::{Chain, ChainedRead};
    use crate::domain::id::BodyHash;
    use crate::domain::source::{SourceKind, Witness};

    fn at(minutes: i64) -> DateTime<Utc> {
        "2026-11-24T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + Duration::minutes(minutes)
    }

    fn chain(reads: &[(i64, ChainVerdict)]) -> Chain {
        let source = "list".parse().unwrap();
        let mut last: Option<ChainLine> = None;
        let mut chain = Chain::default();
        for (minutes, verdict) in reads {
            let read = ChainedRead {
                at: at(*minutes),
                read_at: None,
                url: "https://agency.test/list".to_owned(),
                status: Some(200),
                headers: Some(BodyHash::of(b"h")),
                body: Some(BodyHash::of(b"b")),
                verdict: *verdict,
                reason: (!verdict.is_seen()).then(|| "timeout".to_owned()),
            };
            let line = ChainLine::after(&source, last.as_ref(), read, Vec::new());
            chain.append(line.text().as_bytes()).unwrap();
            last = Some(line);
        }
        chain
    }

    fn lines_of(chain: &Chain) -> Vec<ChainLine> {
        chain.lines().iter().map(|linked| linked.line.clone()).collect()
    }

    #[track_caller]
    fn check(reads: &[(i64, ChainVerdict)], expected: &[(i64, i64, &str)]) {
        let chain = chain(reads);
        let source = "list".parse().unwrap();
        let silence = Silence::of(&source, &lines_of(&chain), (at(0), at(300)), 90 * 60, Vec::new());
        let found: Vec<(i64, i64, String)> = silence
            .gaps
            .iter()
            .map(|gap| ((gap.from - at(0)).num_minutes(), (gap.to - at(0)).num_minutes(), gap.why.join("; ")))
            .collect();
        let expected: Vec<_> = expected.iter().map(|(a, b, why)| (*a, *b, (*why).to_owned())).collect();
        assert_eq!(found, expected, "{reads:?}");
    }

    #[test]
    fn a_time_without_a_look_is_a_gap_and_says_why() {
        use ChainVerdict::{Failed, Good, NotModified, Suspect};
        check(&[(-10, Good), (50, NotModified), (110, Good), (170, Good), (230, Good), (290, Good)], &[]);
        check(&[(-10, Good), (50, Good), (230, Good), (290, Good)], &[(50, 230, "no read took place")]);
        check(
            &[(-10, Good), (50, Good), (110, Failed), (140, Suspect), (170, Good), (230, Good), (290, Good)],
            &[(50, 170, "failed: timeout; quarantined: timeout")],
        );
        check(
            &[(50, Good), (110, Good), (170, Good), (230, Good), (290, Good)],
            &[(0, 50, "no read took place")],
        );
        check(&[(-10, Good), (50, Good), (110, Good)], &[(110, 300, "no read took place")]);
        check(&[], &[(0, 300, "no read took place")]);
        check(&[(-400, Good), (290, Good)], &[(0, 290, "no read took place")]);
    }

    #[test]
    fn the_longest_wait_of_a_schedule_is_allowed_and_a_little_more() {
        let range = (at(0), at(60 * 24 * 7));
        let mut source = Source::sample(SourceKind::Feed);
        let mut allowed = |text: &str, witness: Option<Witness>| {
            source.schedule = text.parse().unwrap();
            source.request.witness = witness;
            allowed_distance(&source, range) / 60 - GRACE_MINUTES
        };
        assert_eq!(allowed("15 * * * *", None), 60);
        assert_eq!(allowed("0 6 * * 1-5", None), 3 * 24 * 60);
        let full_every = std::time::Duration::from_secs(6 * 60 * 60);
        let witness = Witness {
            url: "https://agency.test/feed".parse().unwrap(),
            head: false,
            full_every,
            changes_of: None,
        };
        assert_eq!(allowed("*/5 * * * *", Some(witness)), 6 * 60);
    }
}
