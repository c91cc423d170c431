//! What was asked of an address and what it answered: the memory that keeps this service from
//! being made to write to people who never asked for it.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::selection::Selection;
use super::token::{ConfirmToken, TokenHash};
use crate::domain::id::CompanyId;
use crate::domain::moment::{is_within, lies_ahead};
use crate::domain::subscription::Preference;

/// How long a question stands open.
const OPEN_FOR: Duration = Duration::days(3);

/// Questions to one address within a day.
const MAX_ASKED_A_DAY: usize = 3;

/// After so many questions nobody answered, the address is left alone.
const MAX_IGNORED: usize = 3;

/// For so long, counted from the last of them.
const LEFT_ALONE_FOR: Duration = Duration::days(30);

/// Answers of any kind to one address within a day: two machines that answer each other stop here.
const MAX_ANSWERS_A_DAY: usize = 10;

/// Questions are remembered for so long.
const REMEMBERED_FOR: Duration = Duration::days(60);

/// What a question is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "purpose", rename_all = "kebab-case")]
pub enum Purpose {
    /// To follow companies.
    Subscribe(Selection),
    /// To end subscriptions; all where empty.
    Unsubscribe {
        /// To which companies.
        companies: Vec<CompanyId>,
    },
    /// To be told what one follows.
    List,
    /// To get no mail for a while.
    Pause,
    /// To get mail again.
    Resume,
    /// To get mail otherwise.
    Prefer {
        /// How.
        wish: Preference,
    },
}

/// A question that was mailed, and whether it was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// What it is about.
    #[serde(flatten)]
    pub purpose: Purpose,
    /// Names the token that answers it.
    pub token: TokenHash,
    /// When it was asked.
    pub at: DateTime<Utc>,
    /// When it was answered.
    pub answered_at: Option<DateTime<Utc>>,
}

/// What went between this service and one address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correspondence {
    /// The questions, the oldest first.
    pub asked: Vec<Asked>,
    /// When it was answered lately, questions included.
    pub answered_at: Vec<DateTime<Utc>>,
    /// Since when it wants to be asked nothing any more.
    #[serde(default)]
    pub refused_at: Option<DateTime<Utc>>,
}

impl Asked {
    fn is_open(&self, now: DateTime<Utc>) -> bool {
        self.answered_at.is_none() && now < self.at + OPEN_FOR
    }

    /// Whether it stands in the way of asking the same again. One that a clock asked which was ahead does not,
    /// although its token counts.
    fn is_standing(&self, now: DateTime<Utc>) -> bool {
        self.is_open(now) && !lies_ahead(self.at, now)
    }

    fn was_ignored(&self, now: DateTime<Utc>) -> bool {
        self.answered_at.is_none() && !self.is_open(now)
    }
}

impl Correspondence {
    /// Asks, if it may be asked; gives the token to be mailed. The same question is not asked again
    /// while it stands open, and an address that answers none is left alone.
    pub fn ask(&mut self, purpose: Purpose, random: u128, now: DateTime<Utc>) -> Option<ConfirmToken> {
        self.asked.retain(|asked| now < asked.at + REMEMBERED_FOR);
        let is_standing = self.asked.iter().any(|asked| asked.is_standing(now) && asked.purpose == purpose);
        let today = self.asked.iter().filter(|asked| is_within(asked.at, Duration::days(1), now)).count();
        let is_unwanted = self.refused_at.is_some() || self.is_left_alone(now);
        if is_standing || today >= MAX_ASKED_A_DAY || is_unwanted {
            return None;
        }
        Some(self.put(purpose, random, now))
    }

    /// Asks somebody who is told of changes whether they want to leave: as everybody is asked, and once a day
    /// whatever went before, since others may have asked in their name until they are left alone.
    pub fn ask_to_leave(
        &mut self,
        purpose: Purpose,
        random: u128,
        now: DateTime<Utc>,
    ) -> Option<ConfirmToken> {
        if let Some(token) = self.ask(purpose.clone(), random, now) {
            return Some(token);
        }
        let is_leaving = |asked: &Asked| matches!(asked.purpose, Purpose::Unsubscribe { .. });
        let is_asked =
            self.asked.iter().any(|asked| is_leaving(asked) && is_within(asked.at, Duration::days(1), now));
        (!is_asked).then(|| self.put(purpose, random, now))
    }

    fn put(&mut self, purpose: Purpose, random: u128, now: DateTime<Utc>) -> ConfirmToken {
        let token = ConfirmToken::of(random);
        self.asked.push(Asked { purpose, token: token.hash(), at: now, answered_at: None });
        token
    }

    /// Whether the last questions were all ignored, not long ago.
    fn is_left_alone(&self, now: DateTime<Utc>) -> bool {
        let ignored = self.asked.iter().rev().take_while(|asked| asked.was_ignored(now));
        let (mut count, mut last) = (0, None);
        for asked in ignored {
            count += 1;
            last = last.max(Some(asked.at));
        }
        count >= MAX_IGNORED && last.is_some_and(|last| is_within(last, LEFT_ALONE_FOR, now))
    }

    /// Takes an answer: the question it answers, and whether it is answered for the first time.
    /// Nothing where the token is unknown or too old.
    pub fn answer(&mut self, token: &TokenHash, now: DateTime<Utc>) -> Option<(Purpose, bool)> {
        let asked = self.asked.iter_mut().find(|asked| asked.token == *token)?;
        let is_first = asked.is_open(now);
        if is_first {
            asked.answered_at = Some(now);
        }
        asked.answered_at.map(|_| (asked.purpose.clone(), is_first))
    }

    /// The question that a token answers, and whether it stands open; what [`Self::answer`] would take.
    #[must_use]
    pub fn question(&self, token: &TokenHash, now: DateTime<Utc>) -> Option<(&Purpose, bool)> {
        let asked = self.asked.iter().find(|asked| asked.token == *token)?;
        let is_open = asked.is_open(now);
        (is_open || asked.answered_at.is_some()).then_some((&asked.purpose, is_open))
    }

    /// Notes that the address wants to be asked nothing any more, if it knows a token that only its reader
    /// can; tells whether it does.
    pub fn refuse(&mut self, token: &TokenHash, now: DateTime<Utc>) -> bool {
        let is_theirs = self.asked.iter().any(|asked| asked.token == *token);
        if is_theirs {
            self.refused_at.get_or_insert(now);
        }
        is_theirs
    }

    /// Whether the address had not too many answers within a day.
    #[must_use]
    pub fn may_answer(&self, now: DateTime<Utc>) -> bool {
        self.answered_at.iter().filter(|at| is_within(**at, Duration::days(1), now)).count()
            < MAX_ANSWERS_A_DAY
    }

    /// Notes that the address is answered.
    pub fn note_answer(&mut self, now: DateTime<Utc>) {
        self.answered_at.retain(|at| is_within(*at, Duration::days(1), now));
        self.answered_at.push(now);
    }

    /// Whether nothing of it matters any more.
    #[must_use]
    pub fn is_over(&self, now: DateTime<Utc>) -> bool {
        let is_remembered = self.asked.iter().any(|asked| now < asked.at + REMEMBERED_FOR);
        let is_counted = self.answered_at.iter().any(|at| is_within(*at, Duration::days(1), now));
        !is_remembered && !is_counted && self.refused_at.is_none()
    }
}

/// How many questions may leave in an hour: in all, to one domain, and for one machine that hands mail over.
/// Whoever floods the service with forged senders makes it write to no more people than this. Answers that
/// say only how to ask take at most half of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskBudget {
    /// The hour that is counted, since 1970.
    hour: i64,
    /// Questions in it.
    total: u32,
    /// Questions by recipient's domain.
    domains: BTreeMap<String, u32>,
    /// Questions by who handed over the mail that asks for them.
    #[serde(default)]
    clients: BTreeMap<String, u32>,
}

const MAX_ASKED_AN_HOUR: u32 = 300;
const MAX_ASKED_A_DOMAIN_AN_HOUR: u32 = 60;
const MAX_ASKED_A_CLIENT_AN_HOUR: u32 = 60;

impl AskBudget {
    /// Notes one more question to a domain, for a client where one is known, unless there were too many in
    /// this hour.
    pub fn take(&mut self, domain: &str, client: Option<&str>, now: DateTime<Utc>) -> bool {
        self.take_part(1, domain, client, now)
    }

    /// The same for an answer that nobody waits for as for a question.
    pub fn take_idle(&mut self, domain: &str, client: Option<&str>, now: DateTime<Utc>) -> bool {
        self.take_part(2, domain, client, now)
    }

    /// One more within the `part`th part of what there is.
    fn take_part(&mut self, part: u32, domain: &str, client: Option<&str>, now: DateTime<Utc>) -> bool {
        let hour = now.timestamp().div_euclid(3600);
        if hour != self.hour {
            *self = Self { hour, ..Self::default() };
        }
        let of_domain = self.domains.get(domain).copied().unwrap_or_default();
        let of_client = client.and_then(|client| self.clients.get(client)).copied().unwrap_or_default();
        let is_spent = self.total >= MAX_ASKED_AN_HOUR / part
            || of_domain >= MAX_ASKED_A_DOMAIN_AN_HOUR / part
            || of_client >= MAX_ASKED_A_CLIENT_AN_HOUR / part;
        if is_spent {
            return false;
        }
        self.total += 1;
        self.domains.insert(domain.to_owned(), of_domain + 1);
        if let Some(client) = client {
            self.clients.insert(client.to_owned(), of_client + 1);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(days: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + Duration::days(days)
    }

    #[test]
    fn the_same_question_stands_open_once_and_three_are_asked_a_day() {
        let mut with = Correspondence::default();
        assert!(with.ask(Purpose::List, 1, at(0)).is_some());
        assert!(with.ask(Purpose::List, 2, at(0)).is_none(), "it stands open");
        assert!(with.ask(Purpose::Pause, 3, at(0)).is_some());
        assert!(with.ask(Purpose::Resume, 4, at(0)).is_some());
        assert!(with.ask(Purpose::Unsubscribe { companies: Vec::new() }, 5, at(0)).is_none());
        assert!(with.ask(Purpose::Unsubscribe { companies: Vec::new() }, 6, at(1)).is_some());
    }

    #[test]
    fn who_answers_nothing_is_left_alone_for_a_month() {
        let mut with = Correspondence::default();
        for n in 0..3 {
            assert!(with.ask(Purpose::List, 1, at(n * 4)).is_some());
        }
        assert!(with.ask(Purpose::List, 1, at(12)).is_none());
        assert!(with.ask(Purpose::List, 1, at(37)).is_none());
        assert!(with.ask(Purpose::List, 1, at(39)).is_some());
    }

    #[test]
    fn what_a_clock_asked_that_was_ahead_keeps_nobody_from_being_asked_and_its_token_counts() {
        let mut with = Correspondence::default();
        let token = with.ask(Purpose::List, 1, at(400)).unwrap().hash();
        for (n, days) in [(2, 404), (3, 408)] {
            with.ask(Purpose::Unsubscribe { companies: Vec::new() }, n, at(days));
        }
        (0..MAX_ANSWERS_A_DAY).for_each(|_| with.note_answer(at(400)));
        assert!(with.may_answer(at(0)));
        assert!(with.ask(Purpose::List, 5, at(0)).is_some());
        assert_eq!(with.answer(&token, at(0)), Some((Purpose::List, true)));
    }

    #[test]
    fn an_answer_counts_once_and_in_time() {
        let mut with = Correspondence::default();
        let token = with.ask(Purpose::List, 1, at(0)).unwrap().hash();
        assert_eq!(with.answer(&ConfirmToken::of(2).hash(), at(0)), None);
        assert_eq!(with.question(&token, at(1)), Some((&Purpose::List, true)));
        assert_eq!(with.answer(&token, at(1)), Some((Purpose::List, true)));
        assert_eq!(with.question(&token, at(1)), Some((&Purpose::List, false)));
        assert_eq!(with.answer(&token, at(2)), Some((Purpose::List, false)));
        let late = with.ask(Purpose::Pause, 9, at(10)).unwrap().hash();
        assert_eq!(with.question(&late, at(13)), None);
        assert_eq!(with.answer(&late, at(13)), None);
    }

    #[test]
    fn two_machines_that_answer_each_other_stop() {
        let mut with = Correspondence::default();
        let mut answers = 0;
        while with.may_answer(at(0)) {
            with.note_answer(at(0));
            answers += 1;
        }
        assert_eq!(answers, MAX_ANSWERS_A_DAY);
        assert!(with.may_answer(at(1)));
        assert!(!with.is_over(at(0)) && with.is_over(at(1)), "nothing is kept of who was only answered");
    }

    #[test]
    fn a_flood_writes_to_few() {
        let mut budget = AskBudget::default();
        assert_eq!((0..100).filter(|_| budget.take("example.org", None, at(0))).count(), 60);
        let many = (0..1000).filter(|n| budget.take(&format!("d{n}.example"), None, at(0))).count();
        assert_eq!(many, 240);
        assert!(budget.take("example.org", None, at(1)));
    }
}
