//! What is planned for one source.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::due_queue::Upcoming;
use crate::domain::due::{due_at, due_when_announced};
use crate::domain::jitter::Jitter;
use crate::domain::read_state::backoff;
use crate::domain::source::Source;
use crate::store::KeptSchedule;

/// By which all sources are planned.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    /// Sources that were never read were due then.
    pub started_at: DateTime<Utc>,
    /// Each read is put off by a part of this.
    pub longest_delay: Duration,
}

/// A source in the queue.
#[derive(Debug)]
pub(super) struct Planned {
    /// The source.
    pub source: Arc<Source>,
    /// Whether its first read is not put off: somebody who added it waits for it.
    pub is_awaited: bool,
    /// Whether it is being read. What comes next is planned when that has ended.
    pub is_under_way: bool,
    /// The part of the delay for reads with whose state none is kept.
    jitter: Jitter,
    unkept: UnkeptReads,
}

impl Planned {
    pub(super) fn new(source: Arc<Source>, is_awaited: bool, jitter: Jitter) -> Self {
        Self { source, is_awaited, is_under_way: false, jitter, unkept: UnkeptReads::default() }
    }

    /// What comes next for it; `None` where nothing does until something else is kept of it.
    pub(super) fn next(&mut self, kept: &KeptSchedule, rules: Rules, now: DateTime<Utc>) -> Option<Upcoming> {
        if let Some(pause) = kept.pause.filter(|pause| pause.is_in_force(now)) {
            return pause.until.map(Upcoming::Look);
        }
        let state = kept.state.as_ref();
        let Some(due) = due_at(&self.source, state, rules.started_at, now) else {
            tracing::warn!(source.id = %self.source.id, "the schedule of {} never fires again", self.source.id);
            return None;
        };
        let due = due_when_announced(due, state, kept.announced_at);
        let jitter = match state {
            None if self.is_awaited => Jitter::drawn(0),
            state => state.and_then(|state| state.jitter).unwrap_or(self.jitter),
        };
        let due = due + jitter.of(rules.longest_delay);
        Some(Upcoming::Read(self.unkept.put_off(due, now)))
    }

    /// Notes that a read of it ended, and whether how it went was kept.
    pub(super) fn ended(&mut self, is_kept: bool, now: DateTime<Utc>) {
        self.is_under_way = false;
        self.unkept.note(is_kept, now);
    }
}

/// Reads of a source in a row of which nothing could be kept: the next one waits as after a failed one.
#[derive(Debug, Default)]
struct UnkeptReads {
    times: u32,
    until: Option<DateTime<Utc>>,
}

impl UnkeptReads {
    fn note(&mut self, is_kept: bool, now: DateTime<Utc>) {
        self.times = if is_kept { 0 } else { self.times.saturating_add(1) };
        self.until = (!is_kept).then(|| now + backoff(self.times));
    }

    /// When to read what is due; a clock that was set back makes nobody wait longer than the backoff.
    fn put_off(&mut self, due: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
        self.until = self.until.map(|until| until.min(now + backoff(self.times)));
        self.until.map_or(due, |until| due.max(until))
    }
}

/// Before another look where the store could not say how a source stands.
pub(super) fn after_a_fault(now: DateTime<Utc>) -> Upcoming {
    Upcoming::Look(now + TimeDelta::minutes(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::read_state::ReadState;
    use crate::domain::snapshot::Validators;
    use crate::domain::source::SourcePause;
    use crate::scheduler::reading::tests::source;

    #[test]
    fn a_read_that_was_not_kept_waits_as_a_failed_one() {
        let (now, mut unkept) = (DateTime::UNIX_EPOCH, UnkeptReads::default());
        for minutes in [1, 5, 15, 60, 240, 240] {
            unkept.note(false, now);
            assert_eq!(unkept.put_off(now, now), now + TimeDelta::minutes(minutes));
            let early = now - TimeDelta::days(400);
            assert_eq!(
                unkept.put_off(early, early),
                early + TimeDelta::minutes(minutes),
                "the clock was wrong"
            );
            unkept.until = Some(now);
        }
        unkept.note(true, now);
        assert_eq!(unkept.put_off(now, now), now);
    }

    #[test]
    fn a_read_is_put_off_by_the_part_that_was_kept_with_the_one_before() {
        let now: DateTime<Utc> = "2026-11-24T14:00:00Z".parse().unwrap();
        let rules = Rules { started_at: now, longest_delay: Duration::from_secs(3600) };
        let half = Jitter::drawn(1 << 15);
        let good = ReadState::good("a".parse().unwrap(), Validators::default(), now);
        let kept = |state: Option<ReadState>| KeptSchedule { state, ..KeptSchedule::default() };
        let cases = [
            (None, false, TimeDelta::minutes(30)),
            (None, true, TimeDelta::zero()),
            (Some(good.clone()), true, TimeDelta::minutes(90)),
            (Some(ReadState { jitter: Some(Jitter::drawn(1 << 14)), ..good }), false, TimeDelta::minutes(75)),
        ];
        for (state, is_awaited, expected) in cases {
            let mut planned = Planned::new(Arc::new(source("a", "0 * * * *")), is_awaited, half);
            let turn = planned.next(&kept(state.clone()), rules, now);
            assert_eq!(turn, Some(Upcoming::Read(now + expected)), "{state:?}");
            assert_eq!(planned.next(&kept(state), rules, now), turn, "it is not drawn again");
        }
    }

    #[test]
    fn a_pause_is_looked_at_again_when_it_ends_and_one_without_end_is_waited_for() {
        let now: DateTime<Utc> = "2026-11-24T14:00:00Z".parse().unwrap();
        let rules = Rules { started_at: now, longest_delay: Duration::ZERO };
        let mut planned = Planned::new(Arc::new(source("a", "0 * * * *")), false, Jitter::drawn(0));
        let until = now + TimeDelta::days(1);
        for (until, at, expected) in [
            (Some(until), now, Some(Upcoming::Look(until))),
            (Some(until), until, Some(Upcoming::Read(now))),
            (None, until, None),
        ] {
            let pause = Some(SourcePause { since: now, until });
            assert_eq!(planned.next(&KeptSchedule { pause, ..KeptSchedule::default() }, rules, at), expected);
        }
    }
}
