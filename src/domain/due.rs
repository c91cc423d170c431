//! When a source is due.

use chrono::{DateTime, Utc};

use super::moment;
use super::read_state::ReadState;
use super::source::Source;

/// When a source is to be read next; `None` where its schedule never fires again.
///
/// A source never read was due when the service started, and so was one whose time came while it did
/// not run. After a good read the schedule decides, counted from that read, so that any number of
/// missed ticks is one, and the page's own word on how long it stays fresh; what waits to be confirmed
/// waits for neither. After a read that was not good the backoff takes the schedule's place: sooner
/// than a rare schedule, later than a frequent one. What was last read at a moment that has not come yet was
/// read by a clock that was wrong, and nothing is known of when: it is due at once.
#[must_use]
pub fn due_at(
    source: &Source,
    state: Option<&ReadState>,
    started_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let Some(state) = state else { return Some(started_at) };
    if moment::lies_ahead(state.last_read_at, now) {
        return Some(started_at);
    }
    let due = match state.not_before {
        Some(not_before) if !state.verdict.is_read() => not_before,
        not_before => {
            let scheduled = source.schedule.next_after(state.last_read_at, source.timezone);
            let fresh = scheduled.map(|due| due.max(not_before.unwrap_or(state.last_read_at)));
            fresh.into_iter().chain(state.confirm_at).min()?
        }
    };
    Some(due.max(started_at))
}

/// When a source is to be read that is due then, once another source announced something of it: at once, whatever the
/// schedule and the backoff say, unless its server asked to be left alone.
#[must_use]
pub fn due_when_announced(
    due: DateTime<Utc>,
    state: Option<&ReadState>,
    announced_at: Option<DateTime<Utc>>,
) -> DateTime<Utc> {
    let asked_until = state.and_then(|state| state.asked_until);
    announced_at.map_or(due, |announced_at| due.min(announced_at.max(asked_until.unwrap_or(announced_at))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::noise::Noise;
    use crate::domain::snapshot::Validators;
    use crate::domain::source::{RequestSettings, SourceKind};
    use crate::domain::verdict::Verdict;

    fn source(schedule: &str) -> Source {
        let kind = SourceKind::Feed;
        Source {
            id: "a".parse().unwrap(),
            title: "A".into(),
            url: "http://agency.test/".parse().unwrap(),
            guard: kind.default_guard(),
            kind,
            schedule: schedule.parse().unwrap(),
            timezone: chrono_tz::America::New_York,
            companies: Vec::new(),
            noise: Noise::default(),
            request: RequestSettings::default(),
            stale_after: None,
            quiet_after: None,
            misses: None,
            catalogue: crate::domain::catalogue::Catalogue::default(),
            listing: None,
        }
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[track_caller]
    fn check(state: Option<&ReadState>, now: &str, expected: &str) {
        let started_at = at("2026-11-20T00:00:00Z");
        assert_eq!(due_at(&source("0 9 * * 1-5"), state, started_at, at(now)), Some(at(expected)));
    }

    fn read_at(moment: &str) -> ReadState {
        ReadState::good("a".parse().unwrap(), Validators::default(), at(moment))
    }

    #[test]
    fn a_source_never_read_was_due_at_the_start() {
        for now in ["2026-11-20T00:00:00Z", "2026-11-24T03:00:00Z"] {
            check(None, now, "2026-11-20T00:00:00Z");
        }
    }

    #[test]
    fn what_is_announced_is_read_at_once_unless_the_server_asked_to_be_left_alone() {
        let (read, announced) = (at("2026-11-24T14:00:00Z"), at("2026-11-24T14:20:00Z"));
        let due = at("2026-11-25T14:00:00Z");
        let state = read_at("2026-11-24T14:00:00Z");
        assert_eq!(due_when_announced(due, Some(&state), None), due);
        assert_eq!(due_when_announced(due, Some(&state), Some(announced)), announced);
        let wish = Some(std::time::Duration::from_secs(3600));
        let id = "a".parse().unwrap();
        let paused = ReadState::unread(id, Some(state), Verdict::Failed, "503".into(), wish, read);
        assert_eq!(due_when_announced(due, Some(&paused), Some(announced)), at("2026-11-24T15:00:00Z"));
    }

    #[test]
    fn missed_ticks_are_one() {
        let state = read_at("2026-11-16T14:00:00Z");
        check(Some(&state), "2026-11-24T20:00:00Z", "2026-11-20T00:00:00Z");
        let state = read_at("2026-11-24T20:00:00Z");
        check(Some(&state), "2026-11-24T20:00:01Z", "2026-11-25T14:00:00Z");
    }

    #[test]
    fn after_a_failure_the_backoff_decides() {
        let id = "a".parse().unwrap();
        let now = at("2026-11-24T14:00:00Z");
        let state = ReadState::unread(id, None, Verdict::Failed, "down".into(), None, now);
        check(Some(&state), "2026-11-24T14:00:01Z", "2026-11-24T14:01:00Z");
    }

    /// How often the daemon would have read within so many hours, by looking once a minute.
    fn reads_within(mut state: ReadState, hours: i64, now: &str) -> usize {
        let (source, mut reads) = (source("0 * * * *"), 0);
        let started_at = at(now);
        for minute in 0..hours * 60 {
            let now = at(now) + chrono::Duration::minutes(minute);
            if due_at(&source, Some(&state), started_at, now).is_some_and(|due| due <= now) {
                state = ReadState::good("a".parse().unwrap(), Validators::default(), now);
                reads += 1;
            }
        }
        reads
    }

    #[test]
    fn while_time_goes_on_after_a_wrong_clock_the_schedule_is_kept() {
        let now = "2026-11-24T14:30:00Z";
        for last in ["2026-11-24T14:00:00Z", "2027-11-24T14:00:00Z", "2026-11-24T16:10:00Z"] {
            let expected = if at(last) > at(now) { 11 } else { 10 };
            let last = read_at(last);
            assert_eq!(reads_within(last.clone(), 10, now), expected, "{last:?}");
        }
        let mut pending = read_at("2027-11-24T14:00:00Z");
        pending.confirm_at = Some(at("2027-11-24T14:10:00Z"));
        assert_eq!(reads_within(pending, 1, now), 2);
    }

    #[test]
    fn what_waits_to_be_confirmed_is_read_sooner() {
        let mut state = read_at("2026-11-24T14:00:00Z");
        state.confirm_at = Some(at("2026-11-24T14:10:00Z"));
        check(Some(&state), "2026-11-24T14:00:01Z", "2026-11-24T14:10:00Z");
        state.confirm_at = Some(at("2026-11-26T14:10:00Z"));
        check(Some(&state), "2026-11-24T14:00:01Z", "2026-11-25T14:00:00Z");
    }

    #[test]
    fn a_page_that_says_it_is_fresh_is_put_off_and_never_hurried() {
        let until = |moment: &str| read_at("2026-11-24T13:59:00Z").told(Some(at(moment)), None);
        check(Some(&until("2026-11-24T14:30:00Z")), "2026-11-24T14:00:00Z", "2026-11-24T14:30:00Z");
        check(Some(&until("2026-11-24T13:59:30Z")), "2026-11-24T14:00:00Z", "2026-11-24T14:00:00Z");
    }

    #[test]
    fn what_was_read_by_a_clock_that_was_ahead_is_due_at_once() {
        let ahead = "2027-11-24T14:00:00Z";
        let failed =
            ReadState::unread("a".parse().unwrap(), None, Verdict::Failed, "down".into(), None, at(ahead));
        for state in [read_at(ahead), read_at(ahead).told(Some(at("2028-01-01T00:00:00Z")), None), failed] {
            for now in ["2026-11-24T14:00:00Z", "2026-11-24T15:00:00Z"] {
                check(Some(&state), now, "2026-11-20T00:00:00Z");
            }
        }
        let state = read_at("2026-11-24T14:00:30Z");
        check(Some(&state), "2026-11-24T14:00:00Z", "2026-11-25T14:00:00Z");
    }
}
