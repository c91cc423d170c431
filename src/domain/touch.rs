//! What a read that found nothing new changes in how its source's reads went.
//!
//! Most reads find nothing new. A [`ReadState`] has up to two kilobytes, since it remembers the days of a month; of all
//! that, such a read changes what is in a [`Touch`]. So a store keeps the touch beside the state, and writes the state
//! itself when something else changes in it: at the latest with the second day after it was written.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::jitter::Jitter;
use super::read_state::ReadState;
use super::verdict::Verdict;

/// What the last of several reads changed that found nothing new.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Touch {
    /// When the read ended that wrote the state. A state that another read wrote is not touched.
    since: DateTime<Utc>,
    /// When the last read ended.
    at: DateTime<Utc>,
    verdict: Verdict,
    /// [`ReadState::not_modified_in_a_row`].
    in_a_row: u32,
    /// Good reads of the day, and others.
    today: (u32, u32),
    #[serde(default, skip_serializing_if = "Option::is_none")]
    not_before: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    jitter: Option<Jitter>,
}

impl Touch {
    /// Returns what makes one state of the other; `None` if they differ in more than a touch says.
    #[must_use]
    pub fn between(before: &ReadState, after: &ReadState) -> Option<Self> {
        let at = after.last_read_at;
        let touch = Self {
            since: before.last_read_at,
            at,
            verdict: after.verdict,
            in_a_row: after.not_modified_in_a_row,
            today: after.tally.on(at.date_naive()),
            not_before: after.not_before,
            jitter: after.jitter,
        };
        (touch.on(before.clone()) == *after).then_some(touch)
    }

    /// Returns the state with what the read changed.
    #[must_use]
    pub fn on(&self, state: ReadState) -> ReadState {
        if state.last_read_at != self.since {
            return state;
        }
        ReadState {
            last_read_at: self.at,
            last_good_at: Some(self.at),
            verdict: self.verdict,
            not_modified_in_a_row: self.in_a_row,
            not_before: self.not_before,
            tally: state.tally.with(self.at.date_naive(), self.today),
            jitter: self.jitter,
            ..state
        }
    }
}

/// A touch whose moments are numbers, for a form in which no value has a name. Its fields never change: what was
/// written so can be read only so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BriefTouch {
    /// [`Touch::since`] in nanoseconds since 1970.
    since: i64,
    /// [`Touch::at`] in nanoseconds after that.
    at: i64,
    verdict: Verdict,
    in_a_row: u32,
    today: (u32, u32),
    /// [`Touch::not_before`] in nanoseconds after [`Touch::at`].
    not_before: Option<i64>,
    jitter: Option<Jitter>,
}

impl BriefTouch {
    /// Returns a touch in brief; `None` where that would not be the same, as with a moment centuries from now.
    #[must_use]
    pub fn of(touch: &Touch) -> Option<Self> {
        let since = touch.since.timestamp_nanos_opt()?;
        let at = touch.at.timestamp_nanos_opt()?;
        let not_before = match touch.not_before {
            Some(not_before) => Some(not_before.timestamp_nanos_opt()?.checked_sub(at)?),
            None => None,
        };
        let Touch { verdict, in_a_row, today, jitter, .. } = *touch;
        let brief = Self { since, at: at.checked_sub(since)?, verdict, in_a_row, today, not_before, jitter };
        (brief.touch().as_ref() == Some(touch)).then_some(brief)
    }

    /// Returns the touch; `None` if no moment is as late as it says.
    #[must_use]
    pub fn touch(self) -> Option<Touch> {
        let at = self.since.checked_add(self.at)?;
        let not_before = match self.not_before {
            Some(not_before) => Some(DateTime::from_timestamp_nanos(at.checked_add(not_before)?)),
            None => None,
        };
        let Self { verdict, in_a_row, today, jitter, .. } = self;
        let [since, at] = [self.since, at].map(DateTime::from_timestamp_nanos);
        Some(Touch { since, at, verdict, in_a_row, today, not_before, jitter })
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;

    use super::*;
    use crate::domain::snapshot::Validators;

    fn state(minute: i64) -> ReadState {
        let at = DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::minutes(minute);
        ReadState::good("fcc".parse().unwrap(), Validators::default(), at).counted_after(None)
    }

    fn unchanged(state: &ReadState, minutes: i64) -> ReadState {
        let at = state.last_read_at + TimeDelta::minutes(minutes);
        let next = ReadState { jitter: Some(Jitter::drawn(7)), ..state.clone().not_modified(at) };
        next.told(Some(at), None).counted_after(Some(state))
    }

    #[test]
    fn reads_of_one_day_that_find_nothing_new_are_touches_of_one_state() {
        let first = state(10);
        let mut last = first.clone();
        for _ in 0..5 {
            last = unchanged(&last, 30);
            let touch = Touch::between(&first, &last).unwrap();
            assert_eq!(touch.on(first.clone()), last);
            let json = serde_json::to_string(&touch).unwrap();
            assert_eq!(serde_json::from_str::<Touch>(&json).unwrap(), touch);
        }
    }

    #[test]
    fn another_day_is_more_than_a_touch_says_once_a_day_between_was_counted() {
        let first = state(10);
        let second = unchanged(&first, 24 * 60);
        assert!(Touch::between(&first, &second).is_some());
        assert_eq!(Touch::between(&first, &unchanged(&second, 24 * 60)), None);
    }

    #[test]
    fn whatever_else_differs_is_more_than_a_touch_says() {
        let first = state(10);
        let next = unchanged(&first, 5);
        let others = [
            ReadState { failures: 1, ..next.clone() },
            ReadState { reason: Some("gone".to_owned()), ..next.clone() },
            ReadState { last_good_at: first.last_good_at, ..next.clone() },
            ReadState { lied_at: Some(next.last_read_at), ..next.clone() },
            ReadState {
                validators: Validators { etag: Some("x".to_owned()), ..Validators::default() },
                ..next.clone()
            },
            ReadState { source: "other".parse().unwrap(), ..next },
        ];
        for other in others {
            assert_eq!(Touch::between(&first, &other), None, "{other:?}");
        }
    }

    #[test]
    fn a_state_that_another_read_wrote_is_not_touched() {
        let first = state(10);
        let touch = Touch::between(&first, &unchanged(&first, 5)).unwrap();
        let later = state(11);
        assert_eq!(touch.on(later.clone()), later);
    }

    #[test]
    fn what_is_not_the_same_in_brief_has_no_brief_form() {
        let touch = Touch::between(&state(10), &unchanged(&state(10), 5)).unwrap();
        assert_eq!(BriefTouch::of(&touch).unwrap().touch(), Some(touch.clone()));
        assert_eq!(BriefTouch::of(&Touch { since: DateTime::<Utc>::MAX_UTC, ..touch.clone() }), None);
        assert_eq!(
            BriefTouch::of(&Touch { not_before: Some(DateTime::<Utc>::MAX_UTC), ..touch.clone() }),
            None
        );
        let leap_second = "2016-12-31T23:59:60Z".parse().unwrap();
        assert_eq!(BriefTouch::of(&Touch { at: leap_second, ..touch }), None);
    }

    #[test]
    fn a_moment_that_nobody_can_express_is_no_touch() {
        let touch = Touch::between(&state(10), &unchanged(&state(10), 5)).unwrap();
        let brief = BriefTouch::of(&touch).unwrap();
        assert_eq!(BriefTouch { at: i64::MAX, ..brief }.touch(), None);
        assert_eq!(BriefTouch { not_before: Some(i64::MAX), ..brief }.touch(), None);
    }

    proptest! {
        #[test]
        fn what_is_brief_is_the_touch_again(
            (since, at) in (any::<i64>(), any::<i64>()),
            not_before in any::<Option<i64>>(),
            (in_a_row, today, jitter) in (any::<u32>(), any::<(u32, u32)>(), any::<Option<u16>>()),
            verdict in proptest::sample::select(<Verdict as strum::VariantArray>::VARIANTS),
        ) {
            let [since, at] = [since, at].map(DateTime::from_timestamp_nanos);
            let not_before = not_before.map(DateTime::from_timestamp_nanos);
            let jitter = jitter.map(Jitter::drawn);
            let touch = Touch { since, at, verdict, in_a_row, today, not_before, jitter };
            if let Some(brief) = BriefTouch::of(&touch) {
                prop_assert_eq!(brief.touch(), Some(touch));
            }
        }

        #[test]
        fn what_is_taken_for_a_touch_leads_to_the_very_state(
            minutes in proptest::collection::vec(-3_000_i64..3_000, 1..9),
        ) {
            let mut base = state(0);
            let mut last = base.clone();
            for minutes in minutes {
                last = unchanged(&last, minutes);
                match Touch::between(&base, &last) {
                    Some(touch) => prop_assert_eq!(touch.on(base.clone()), last.clone()),
                    None => base = last.clone(),
                }
            }
        }
    }
}
