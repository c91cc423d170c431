//! How the reads of a source went, and when it may be read again.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::entry::EntryDate;
use super::flicker::Flicker;
use super::id::{BodyHash, SourceId};
use super::jitter::Jitter;
use super::mass::{MassAmendment, QuarantinedAmendments};
use super::moment;
use super::news::News;
use super::pending::Pending;
use super::snapshot::{Snapshot, Validators};
use super::source::{Contradiction, TakenFrom, Witness, Witnessed};
use super::tally::ReadTally;
use super::verdict::Verdict;

/// After so many reads in a row that failed, the followers of a source are told what others announced of it: a server that
/// is out of reach for a few minutes is no news.
const UNREAD_TO_TELL: u32 = 3;

/// What was announced longer ago is not told any more. An operator who names announcers of a source that could not be read
/// for a year does not have all of that year told.
const TOLD_FOR: Duration = Duration::days(30);

/// How the reads of a source went; small, rewritten by every read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadState {
    /// The source.
    pub source: SourceId,
    /// When the last read ended.
    pub last_read_at: DateTime<Utc>,
    /// What it was found to be.
    pub verdict: Verdict,
    /// Why, where it was not good.
    pub reason: Option<String>,
    /// When the source was last read well, changed or not.
    pub last_good_at: Option<DateTime<Utc>>,
    /// How many reads in a row were not good.
    pub failures: u32,
    /// Not to be read again before this, by the server's wish or by backoff.
    pub not_before: Option<DateTime<Utc>>,
    /// For the next request.
    pub validators: Validators,
    /// Full reads are forced now and then, since some servers lie: conditional answers since the last one.
    pub not_modified_in_a_row: u32,
    /// When the first of the reads in a row that were not good ended.
    #[serde(default)]
    pub failing_since: Option<DateTime<Utc>>,
    /// Whether the last read met no server at all.
    #[serde(default)]
    pub is_unreachable: bool,
    /// What good reads did not show any more and is not believed gone yet.
    #[serde(default)]
    pub pending: Vec<Pending>,
    /// When another read may confirm that.
    #[serde(default)]
    pub confirm_at: Option<DateTime<Utc>>,
    /// What differs in so many entries at once that it waits for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amended: Option<QuarantinedAmendments>,
    /// What changed in its digits at each of the last reads.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flickers: Vec<Flicker>,
    /// The suspect body that a person rejected last, since the last good read.
    #[serde(default)]
    pub rejected: Option<Rejection>,
    /// When the server was found to have answered 304 to a page that had changed. It is not asked
    /// conditionally any more.
    #[serde(default)]
    pub lied_at: Option<DateTime<Utc>>,
    /// Until when the server asked not to be asked (`Retry-After`).
    #[serde(default)]
    pub asked_until: Option<DateTime<Utc>>,
    /// From how many reads in a row the backoff grows: those that the schedule made. A state that was kept
    /// before these were counted apart has none.
    #[serde(default)]
    pub retries: Option<u32>,
    /// How often it was read lately.
    #[serde(default)]
    pub tally: ReadTally,
    /// When it last brought anything new, and how long it was silent before.
    #[serde(default)]
    pub news: News,
    /// Since when every answer is a copy from before the accepted page.
    #[serde(default)]
    pub older_since: Option<DateTime<Utc>>,
    /// What was taken from another route since its own address was last read well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_from: Option<TakenFrom>,
    /// Up to when its followers were told what other sources announced of it while it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub announced_until: Option<DateTime<Utc>>,
    /// What its own address then said against that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contradiction: Option<Contradiction>,
    /// By how much the next read is put off. A state that was kept before this was kept with it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jitter: Option<Jitter>,
    /// What the source's witness said when it was last read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub witnessed: Option<Witnessed>,
}

/// A person's word that a suspect body is not the source's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    /// The body, which was let go.
    pub sha256: BodyHash,
    /// When.
    pub at: DateTime<Utc>,
}

/// Waiting times after the first, second, … read in a row that was not good; the last one repeats.
const BACKOFF_MINUTES: [i64; 5] = [1, 5, 15, 60, 240];

/// How long to wait after so many reads in a row that were not good, or could not be kept.
#[must_use]
pub fn backoff(failures: u32) -> Duration {
    let step = usize::try_from(failures.saturating_sub(1)).unwrap_or(usize::MAX);
    Duration::minutes(BACKOFF_MINUTES[step.min(BACKOFF_MINUTES.len() - 1)])
}

impl ReadState {
    /// The state after a read whose body was accepted, changed or not.
    #[must_use]
    pub fn good(source: SourceId, validators: Validators, now: DateTime<Utc>) -> Self {
        Self {
            source,
            last_read_at: now,
            verdict: Verdict::Good,
            reason: None,
            last_good_at: Some(now),
            failures: 0,
            not_before: None,
            validators,
            not_modified_in_a_row: 0,
            failing_since: None,
            is_unreachable: false,
            pending: Vec::new(),
            confirm_at: None,
            amended: None,
            flickers: Vec::new(),
            rejected: None,
            lied_at: None,
            asked_until: None,
            retries: None,
            tally: ReadTally::default(),
            news: News::default(),
            older_since: None,
            taken_from: None,
            announced_until: None,
            contradiction: None,
            jitter: None,
            witnessed: None,
        }
    }

    /// The state after another route gave what the source's own address did not: that stays unread. The server's
    /// words are about another body than is known now.
    #[must_use]
    pub fn by_another_route(self, taken: TakenFrom, reason: String) -> Self {
        let validators = Validators::default();
        Self { taken_from: Some(taken), reason: Some(reason), validators, ..self }
    }

    /// Of when the newest is that is known of the source; `accepted` is its accepted state.
    #[must_use]
    pub fn newest_known(&self, accepted: Option<&Snapshot>) -> Option<DateTime<Utc>> {
        match &self.taken_from {
            // What was taken over is known of when it was taken, not of when it was read.
            Some(taken) => Some(taken.as_of),
            None => self.last_good_at.or(accepted.map(|accepted| accepted.response.read_at)),
        }
    }

    /// From when on announcements of other sources are to be told in the place of this one, which cannot be read; `None` if
    /// none are: it was read, or failed too few times in a row so far. `known` is of when the newest is that is known of it.
    #[must_use]
    pub fn announced_after(&self, known: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let is_unread = !self.verdict.is_read() && self.failures >= UNREAD_TO_TELL;
        let told = known.max(self.announced_until).unwrap_or(DateTime::UNIX_EPOCH);
        is_unread.then(|| told.max(now - TOLD_FOR))
    }

    /// The state of a good read, after what had been taken from another route: `against` are the entries that this
    /// read has otherwise, or no more.
    #[must_use]
    pub fn against(self, taken: Option<&TakenFrom>, against: &[&str], now: DateTime<Utc>) -> Self {
        let Some(taken) = taken else { return self };
        let otherwise: Vec<&str> =
            against.iter().copied().filter(|key| taken.keys.iter().any(|known| known == key)).collect();
        let words = format!(
            "{} says otherwise than the source of {}: {}",
            taken.by,
            moment::in_words(taken.as_of),
            otherwise.join(", ")
        );
        let contradiction = (!otherwise.is_empty()).then_some(Contradiction { since: now, words });
        Self { contradiction, ..self }
    }

    /// The state of a read that counts, after what stood before it.
    #[must_use]
    pub fn counted_after(self, previous: Option<&Self>) -> Self {
        let before = previous.map(|state| state.tally.clone()).unwrap_or_default();
        let tally = before.counting(self.verdict.is_read(), self.last_read_at);
        let known = previous.map(|state| (&state.news, state.last_good_at));
        let news = News::after(known, &self.news, self.last_read_at, self.last_good_at);
        Self { tally, news, ..self }
    }

    /// The state with what the server said besides: until when a page that was read is fresh, and
    /// whether it ever lied.
    #[must_use]
    pub fn told(self, fresh_until: Option<DateTime<Utc>>, lied_at: Option<DateTime<Utc>>) -> Self {
        let not_before = if self.verdict.is_read() { fresh_until } else { self.not_before };
        Self { not_before, lied_at, ..self }
    }

    /// The state with what the source's witness said, by which it is known when the source is asked again.
    #[must_use]
    pub fn witnessed_by(self, witness: &Witness, witnessed: Option<Witnessed>) -> Self {
        let rest = witnessed.as_ref().and_then(|witnessed| witnessed.rest_until(witness));
        let not_before = if self.verdict.is_read() { rest } else { self.not_before };
        Self { not_before, witnessed, ..self }
    }

    /// The state after the server vouched that nothing changed.
    #[must_use]
    pub fn not_modified(self, now: DateTime<Utc>) -> Self {
        Self {
            last_read_at: now,
            verdict: Verdict::NotModified,
            reason: None,
            last_good_at: Some(now),
            failures: 0,
            not_before: None,
            not_modified_in_a_row: self.not_modified_in_a_row.saturating_add(1),
            failing_since: None,
            is_unreachable: false,
            flickers: Vec::new(),
            rejected: None,
            older_since: None,
            asked_until: None,
            retries: None,
            ..self
        }
    }

    /// The state after a suspect or failed read: what was accepted stays accepted, and the next
    /// attempt waits, longer each time but never for ever, and at least as long as the server wishes.
    #[must_use]
    pub fn unread(
        source: SourceId,
        previous: Option<Self>,
        verdict: Verdict,
        reason: String,
        retry_after: Option<std::time::Duration>,
        now: DateTime<Utc>,
    ) -> Self {
        let failing_since = previous.as_ref().and_then(|state| state.failing_since).unwrap_or(now);
        let failures = previous.as_ref().map_or(0, |state| state.failures).saturating_add(1);
        let retries = previous.as_ref().map_or(0, Self::retries_so_far).saturating_add(1);
        let wish = retry_after.and_then(|wish| Duration::from_std(wish).ok());
        Self {
            last_read_at: now,
            verdict,
            reason: Some(reason),
            failures,
            failing_since: Some(failing_since),
            is_unreachable: false,
            not_before: Some(now + backoff(retries).max(wish.unwrap_or_default())),
            asked_until: wish.map(|wish| now + wish),
            retries: Some(retries),
            ..previous.unwrap_or_else(|| Self {
                last_good_at: None,
                ..Self::good(source, Validators::default(), now)
            })
        }
    }

    /// The same where a person asked for the read, `previous` how the source stood: whatever it met, the
    /// reads that the schedule makes come no later for it, unless the server asked for that.
    #[must_use]
    pub fn by_hand(self, previous: Option<&Self>) -> Self {
        if self.verdict.is_read() {
            return self;
        }
        let failing = previous.filter(|state| !state.verdict.is_read());
        let (retries, not_before) = match failing {
            Some(state) => (state.retries_so_far(), state.not_before),
            None => (0, Some(self.last_read_at + backoff(1))),
        };
        Self { retries: Some(retries), not_before: not_before.max(self.asked_until), ..self }
    }

    /// The same where the host would not be asked, because it had asked for a pause: that is no failure.
    #[must_use]
    pub fn put_off(self, until: DateTime<Utc>) -> Self {
        let not_before = self.not_before.max(Some(until));
        let confirm_at = self.confirm_at.map(|at| at.max(until));
        Self { not_before, confirm_at, asked_until: Some(until), ..self }
    }

    /// How long the server still wishes not to be asked.
    #[must_use]
    pub fn wished_pause(&self, now: DateTime<Utc>) -> Option<std::time::Duration> {
        let until = self.asked_until.filter(|_| !moment::lies_ahead(self.last_read_at, now))?;
        (until - now).to_std().ok().filter(|left| !left.is_zero())
    }

    /// The same once the clock was found to have gone back: nothing happened at a moment to come. When it
    /// was read last stays, so that it is read at once.
    #[must_use]
    pub fn set_back(self, now: DateTime<Utc>) -> Self {
        let by_now = |at: Option<DateTime<Utc>>| at.map(|at| moment::by_now(at, now));
        let news = News { at: by_now(self.news.at), ..self.news };
        Self {
            last_good_at: by_now(self.last_good_at),
            failing_since: by_now(self.failing_since),
            older_since: by_now(self.older_since),
            amended: self
                .amended
                .map(|held| QuarantinedAmendments { since: moment::by_now(held.since, now), ..held }),
            news,
            ..self
        }
    }

    fn retries_so_far(&self) -> u32 {
        self.retries.unwrap_or(self.failures)
    }

    /// The same with what a read that was believed brought: whether anything was new, and the newest
    /// date of what it shows.
    #[must_use]
    pub fn bringing(self, is_news: bool, newest: Option<EntryDate>) -> Self {
        let at = is_news.then_some(self.last_read_at);
        Self { news: News { at, newest, ..News::default() }, ..self }
    }

    /// The same where the read met no server at all.
    #[must_use]
    pub fn unreachable(self, is_unreachable: bool) -> Self {
        Self { is_unreachable, ..self }
    }

    /// The same where the answer was, or was not, a copy from before the accepted page. A read that
    /// failed says nothing of copies.
    #[must_use]
    pub fn after_older_copy(self, is_older: bool) -> Self {
        let older_since = match self.verdict {
            Verdict::Failed => self.older_since,
            _ if is_older => self.older_since.or(Some(self.last_read_at)),
            _ => None,
        };
        Self { older_since, ..self }
    }

    /// The same with what waits to be confirmed by a read `delay` after the last that counted.
    #[must_use]
    pub fn waiting_for(self, pending: Vec<Pending>, delay: Duration) -> Self {
        let confirm_at = pending.iter().map(|pending| pending.agreement.counted_at + delay).min();
        Self { pending, confirm_at, ..self }
    }

    /// The same with what waits for a person because it differs in many entries at once; since when, if
    /// something of that sort waited before, it says.
    #[must_use]
    pub fn holding(self, amendments: Vec<MassAmendment>, before: Option<&Self>, now: DateTime<Utc>) -> Self {
        let since = before.and_then(|state| state.amended.as_ref()).map_or(now, |held| held.since);
        let amended = (!amendments.is_empty()).then_some(QuarantinedAmendments { since, amendments });
        Self { amended, ..self }
    }

    /// The same with what changed in its digits in this read, as in those before it.
    #[must_use]
    pub fn flickering(self, flickers: Vec<Flicker>) -> Self {
        Self { flickers, ..self }
    }

    /// Whether the next read must be compared whatever it is: something of the last one is open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.pending.is_empty() || self.amended.is_some()
    }

    /// The same after a person rejected the body that was held.
    #[must_use]
    pub fn rejecting(self, sha256: BodyHash, at: DateTime<Utc>) -> Self {
        Self { rejected: Some(Rejection { sha256, at }), amended: None, ..self }
    }

    /// What makes the next request conditional, where it may be: the accepted body must have been
    /// read under these extraction settings, and now and then a full answer is asked for all the same.
    #[must_use]
    pub fn validators_for(&self, fingerprint: &str, full_read_every: u32) -> Option<&Validators> {
        // What is missing is confirmed by a page, not by a server's word that the page is the same.
        let may_ask = self.validators.fingerprint == fingerprint
            && !self.is_open()
            && !self.validators.is_empty()
            && self.lied_at.is_none()
            && self.not_modified_in_a_row < full_read_every;
        may_ask.then_some(&self.validators)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::entry::Entry;
    use crate::domain::guard::Guard;
    use crate::domain::pending::still_waiting;

    fn source() -> SourceId {
        "a".parse().unwrap()
    }

    fn accepted() -> ReadState {
        let validators =
            Validators { etag: Some("\"1\"".into()), fingerprint: "f".into(), ..Validators::default() };
        ReadState::good(source(), validators, DateTime::UNIX_EPOCH)
    }

    #[test]
    fn waiting_grows_to_four_hours_and_a_good_read_ends_it() {
        let mut state = Some(accepted());
        let now = DateTime::UNIX_EPOCH;
        let mut waits = Vec::new();
        for _ in 0..7 {
            let next = ReadState::unread(source(), state.take(), Verdict::Failed, "down".into(), None, now);
            waits.push((next.not_before.unwrap() - now).num_minutes());
            state = Some(next);
        }
        assert_eq!(waits, [1, 5, 15, 60, 240, 240, 240]);
        let state = state.unwrap();
        assert_eq!(state.validators, accepted().validators, "what was accepted stays accepted");
        assert_eq!(state.not_modified(now).not_before, None);
    }

    #[test]
    fn the_wish_of_the_server_outlasts_the_backoff() {
        let now = DateTime::UNIX_EPOCH;
        let wish = Some(std::time::Duration::from_secs(7200));
        let state = ReadState::unread(source(), None, Verdict::Failed, "429".into(), wish, now);
        assert_eq!(state.not_before, Some(now + Duration::hours(2)));
        assert_eq!(state.last_good_at, None);
    }

    #[test]
    fn announcements_are_told_once_a_source_failed_three_times_and_from_what_is_known_of_it() {
        let at = |minutes| DateTime::UNIX_EPOCH + Duration::days(400) + Duration::minutes(minutes);
        let mut state = ReadState::good(source(), Validators::default(), at(0));
        assert_eq!(state.announced_after(Some(at(0)), at(1)), None);
        for failures in 1..=3 {
            let now = at(failures);
            state = ReadState::unread(source(), Some(state), Verdict::Failed, "down".into(), None, now);
            let expected = (failures == 3).then_some(at(0));
            assert_eq!(state.announced_after(Some(at(0)), now), expected, "{failures}");
        }
        let told = ReadState { announced_until: Some(at(2)), ..state };
        assert_eq!(told.announced_after(Some(at(0)), at(4)), Some(at(2)));
        let later = at(0) + Duration::days(90);
        assert_eq!(told.announced_after(None, later), Some(later - Duration::days(30)));
    }

    #[test]
    fn reads_by_hand_count_as_failures_and_do_not_raise_the_backoff() {
        let later = |minutes| DateTime::UNIX_EPOCH + Duration::minutes(minutes);
        let failed = |previous, minutes, wish| {
            ReadState::unread(source(), previous, Verdict::Failed, "down".into(), wish, later(minutes))
        };
        let mut state = failed(Some(accepted()), 0, None).by_hand(Some(&accepted()));
        assert_eq!(state.not_before, Some(later(1)));
        for minutes in 1..9 {
            state = failed(Some(state.clone()), minutes, None).by_hand(Some(&state));
        }
        assert_eq!((state.failures, state.not_before), (9, Some(later(1))));
        let automatic = failed(Some(state.clone()), 10, None);
        assert_eq!((automatic.failures, automatic.not_before), (10, Some(later(11))));
        let wish = Some(std::time::Duration::from_secs(3600));
        let wished = failed(Some(state.clone()), 10, wish).by_hand(Some(&state));
        assert_eq!((wished.not_before, wished.asked_until), (Some(later(70)), Some(later(70))));
        assert_eq!(wished.wished_pause(later(10)), wish);
        assert_eq!((wished.wished_pause(later(70)), wished.wished_pause(later(-10))), (None, None));
    }

    #[test]
    fn a_state_of_an_older_program_goes_on_from_its_failures() {
        let state = ReadState { failures: 3, retries: None, verdict: Verdict::Failed, ..accepted() };
        let next = ReadState::unread(
            source(),
            Some(state),
            Verdict::Failed,
            "down".into(),
            None,
            DateTime::UNIX_EPOCH,
        );
        assert_eq!(next.not_before, Some(DateTime::UNIX_EPOCH + Duration::minutes(60)));
    }

    #[test]
    fn trouble_has_a_beginning_that_a_good_read_ends() {
        let later = |minutes| DateTime::UNIX_EPOCH + Duration::minutes(minutes);
        let failed = |previous, minutes| {
            ReadState::unread(source(), previous, Verdict::Failed, "down".into(), None, later(minutes))
        };
        let state = failed(Some(failed(Some(accepted()), 3)), 9);
        assert_eq!((state.failing_since, state.failures), (Some(later(3)), 2));
        assert_eq!(state.not_modified(later(20)).failing_since, None);
    }

    #[test]
    fn while_something_waits_to_be_confirmed_a_whole_page_is_asked_for() {
        let entry = Entry::new("a", "A");
        let guard = Guard { confirm_reads: 2, ..Guard::of(1, 20) };
        let pending = still_waiting(&guard, &[], &[&entry], DateTime::UNIX_EPOCH);
        let state = accepted().waiting_for(pending, guard.delay());
        assert_eq!(state.confirm_at, Some(DateTime::UNIX_EPOCH + Duration::minutes(10)));
        assert!(state.validators_for("f", 3).is_none());
        let state = state.waiting_for(Vec::new(), guard.delay());
        assert!(state.confirm_at.is_none() && state.validators_for("f", 3).is_some());
    }

    #[test]
    fn who_lied_once_is_not_asked_conditionally_any_more() {
        let now = DateTime::UNIX_EPOCH;
        let state = accepted().told(None, Some(now)).not_modified(now);
        assert!(state.validators_for("f", 3).is_none());
        let state = ReadState::unread(source(), Some(state), Verdict::Failed, "down".into(), None, now);
        assert!(state.validators_for("f", 3).is_none());
    }

    #[test]
    fn freshness_puts_off_a_page_that_was_read_and_no_retry() {
        let now = DateTime::UNIX_EPOCH;
        let later = now + Duration::hours(1);
        assert_eq!(accepted().told(Some(later), None).not_before, Some(later));
        let state = ReadState::unread(source(), None, Verdict::Failed, "down".into(), None, now);
        assert_eq!(state.clone().told(Some(later), None).not_before, state.not_before);
    }

    #[test]
    fn a_full_read_is_asked_for_now_and_then_and_after_new_settings() {
        let mut state = accepted();
        assert!(state.validators_for("g", 3).is_none());
        for _ in 0..3 {
            assert!(state.validators_for("f", 3).is_some());
            state = state.not_modified(DateTime::UNIX_EPOCH);
        }
        assert!(state.validators_for("f", 3).is_none());
    }
}
