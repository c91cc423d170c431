//! What was asked of an address and what it answered: the memory that keeps this service from
//! being made to write to people who never asked for it.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::selection::Selection;
use crate::domain::confirm_token::{ConfirmToken, TokenHash};
use crate::domain::moment::{by_now, is_within, lies_ahead};
use crate::domain::subscription::{Filter, Preference};
use crate::domain::topic::Topic;

/// How long a question stands open.
pub const OPEN_FOR: Duration = Duration::days(3);

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
    /// To follow something.
    Subscribe(Selection),
    /// To end subscriptions; all where empty.
    Unsubscribe {
        /// To which topics.
        #[serde(rename = "companies")]
        topics: Vec<Topic>,
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
pub struct MailedQuestion {
    /// What it is about.
    #[serde(flatten)]
    pub purpose: Purpose,
    /// Names the token that answers it.
    pub token: TokenHash,
    /// When it was asked.
    pub at: DateTime<Utc>,
    /// When it was answered.
    pub answered_at: Option<DateTime<Utc>>,
    /// When it was said how to confirm, to somebody whose answer was no clear yes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explained_at: Option<DateTime<Utc>>,
    /// Whether its address left what it is about since: an answer does nothing any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_void: bool,
}

/// What went between this service and one address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correspondence {
    /// The questions, the oldest first.
    pub asked: Vec<MailedQuestion>,
    /// When it was answered lately, questions included.
    pub answered_at: Vec<DateTime<Utc>>,
    /// Since when it wants to be asked nothing any more.
    #[serde(default)]
    pub refused_at: Option<DateTime<Utc>>,
    /// What is left of questions that are void because one of their topics was left: to be asked anew.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub to_ask: Vec<Selection>,
}

impl MailedQuestion {
    fn is_open(&self, now: DateTime<Utc>) -> bool {
        self.answered_at.is_none() && !self.is_void && now < self.at + OPEN_FOR
    }

    /// Whether it stands in the way of asking the same again. One that a clock asked which was ahead does not,
    /// although its token counts.
    fn is_standing(&self, now: DateTime<Utc>) -> bool {
        self.is_open(now) && !lies_ahead(self.at, now)
    }

    fn was_ignored(&self, now: DateTime<Utc>) -> bool {
        self.answered_at.is_none() && !self.is_void && !self.is_open(now)
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
        let is_leaving = |asked: &MailedQuestion| matches!(asked.purpose, Purpose::Unsubscribe { .. });
        let is_asked =
            self.asked.iter().any(|asked| is_leaving(asked) && is_within(asked.at, Duration::days(1), now));
        (!is_asked).then(|| self.put(purpose, random, now))
    }

    fn put(&mut self, purpose: Purpose, random: u128, now: DateTime<Utc>) -> ConfirmToken {
        let token = ConfirmToken::of(random);
        self.asked.push(MailedQuestion {
            purpose,
            token: token.hash(),
            at: now,
            answered_at: None,
            explained_at: None,
            is_void: false,
        });
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
    /// Returns `None` if the token is unknown or too old.
    pub fn answer(&mut self, token: &TokenHash, now: DateTime<Utc>) -> Option<(Purpose, bool)> {
        let asked = self.asked.iter_mut().find(|asked| asked.token == *token)?;
        let is_first = asked.is_open(now);
        if is_first {
            asked.answered_at = Some(now);
        }
        (asked.answered_at.is_some() || asked.is_void).then(|| (asked.purpose.clone(), is_first))
    }

    /// Ends all questions, or those about following a topic: their address has left it. What the open ones
    /// ask besides is to be asked again ([`Self::ask_again`]): nobody agreed to the rest in those words.
    pub fn void(&mut self, topic: Option<&Topic>, now: DateTime<Utc>) {
        let Some(left) = topic else {
            self.asked.iter_mut().for_each(|asked| asked.is_void = true);
            self.to_ask.clear();
            return;
        };
        for asked in &mut self.asked {
            if let Purpose::Subscribe(selection) = &asked.purpose
                && selection.topics.contains(left)
            {
                if asked.is_open(now) {
                    self.to_ask.push(selection.clone());
                }
                asked.is_void = true;
            }
        }
        for selection in &mut self.to_ask {
            selection.topics.retain(|topic| topic != left);
        }
        self.to_ask.retain(|selection| !selection.topics.is_empty());
    }

    /// Asks what is left of questions that ended in part, unless the same stands open or the address wants to be
    /// asked nothing; gives each question with the token to be mailed. It was asked before and is counted no more.
    pub fn ask_again(
        &mut self,
        mut random: impl FnMut() -> u128,
        now: DateTime<Utc>,
    ) -> Vec<(Purpose, ConfirmToken)> {
        let mut questions = Vec::new();
        for selection in std::mem::take(&mut self.to_ask) {
            let purpose = Purpose::Subscribe(selection);
            let is_standing =
                self.asked.iter().any(|asked| asked.is_standing(now) && asked.purpose == purpose);
            if !is_standing && self.refused_at.is_none() {
                let token = self.put(purpose.clone(), random(), now);
                questions.push((purpose, token));
            }
        }
        questions
    }

    /// The question that a token answers, and whether it stands open; what [`Self::answer`] would take.
    #[must_use]
    pub fn question(&self, token: &TokenHash, now: DateTime<Utc>) -> Option<(&Purpose, bool)> {
        let asked = self.asked.iter().find(|asked| asked.token == *token)?;
        let is_open = asked.is_open(now);
        let was_settled = asked.answered_at.is_some() || asked.is_void;
        (is_open || was_settled).then_some((&asked.purpose, is_open))
    }

    /// What the open questions ask to follow, each with what of it and since when.
    pub fn wanted(&self, now: DateTime<Utc>) -> impl Iterator<Item = (&Topic, &Filter, DateTime<Utc>)> {
        let open = self.asked.iter().filter(move |asked| asked.is_open(now));
        let wishes = open.filter_map(|asked| match &asked.purpose {
            Purpose::Subscribe(selection) => Some((selection, asked.at)),
            _ => None,
        });
        wishes.flat_map(|(selection, at)| {
            selection.topics.iter().map(move |topic| (topic, &selection.only, at))
        })
    }

    /// Notes that it is said how to confirm, which is said once while the question stands open; gives what it is
    /// about.
    pub fn explain(&mut self, token: &TokenHash, now: DateTime<Utc>) -> Option<Purpose> {
        let asked = self.asked.iter_mut().find(|asked| asked.token == *token)?;
        let is_due = asked.is_open(now) && asked.explained_at.is_none();
        is_due.then(|| {
            asked.explained_at = Some(now);
            asked.purpose.clone()
        })
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

    /// The same once the clock was found to have gone back: nothing was asked or answered at a moment to come, and
    /// what was asked then stands open from now on.
    #[must_use]
    pub fn set_back(mut self, now: DateTime<Utc>) -> Self {
        let back = |at: &mut DateTime<Utc>| *at = by_now(*at, now);
        for asked in &mut self.asked {
            back(&mut asked.at);
            asked.answered_at.iter_mut().chain(&mut asked.explained_at).for_each(back);
        }
        self.answered_at.iter_mut().chain(&mut self.refused_at).for_each(back);
        self
    }

    /// All of both, of one address that was written in two ways.
    #[must_use]
    pub fn merged_with(mut self, other: Self) -> Self {
        self.asked.extend(other.asked);
        self.asked.sort_by_key(|asked| asked.at);
        self.answered_at.extend(other.answered_at);
        self.answered_at.sort();
        self.refused_at = self.refused_at.or(other.refused_at);
        self.to_ask.extend(other.to_ask);
        self
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
        !is_remembered && !is_counted && self.refused_at.is_none() && self.to_ask.is_empty()
    }
}

/// How many questions may leave: in all, to one domain, and for one machine that hands mail over. Whoever floods the
/// service with forged senders makes it write to no more people than this.
///
/// Each is an account that fills again by the minute, so that a flood that is over locks nobody out; and those who ask
/// little have an account of their own beside those who ask much, so that one machine or one domain that floods takes
/// nothing from the others. Answers that say only how to ask have accounts of their own, half as large.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskBudget {
    /// Account → the moment at which it is full again, where it is not.
    #[serde(default)]
    full_at: BTreeMap<String, DateTime<Utc>>,
}

/// An account: how much may leave at once, and how often one more.
#[derive(Debug, Clone, Copy)]
struct ReplyAllowance {
    at_once: i32,
    one_more: Duration,
}

const TOTAL: ReplyAllowance = ReplyAllowance { at_once: 150, one_more: Duration::seconds(24) };
const OF_ONE: ReplyAllowance = ReplyAllowance { at_once: 60, one_more: Duration::seconds(30) };

/// Who asked no more than this of late asks little.
const LITTLE: i32 = 3;

/// One question, or one answer that nobody waits for, that a budget is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taking {
    domain: String,
    client: Option<String>,
    is_idle: bool,
}

impl Taking {
    /// A question to a domain, for a client where one is known.
    #[must_use]
    pub fn question(domain: &str, client: Option<&str>) -> Self {
        Self { domain: domain.to_owned(), client: client.map(str::to_owned), is_idle: false }
    }

    /// The same for an answer that nobody waits for as for a question.
    #[must_use]
    pub fn idle(domain: &str, client: Option<&str>) -> Self {
        Self { is_idle: true, ..Self::question(domain, client) }
    }
}

impl AskBudget {
    /// Takes one of these, unless there were too many.
    pub fn take_one(&mut self, taking: &Taking, now: DateTime<Utc>) -> bool {
        let Taking { domain, client, is_idle } = taking;
        if *is_idle {
            self.take_idle(domain, client.as_deref(), now)
        } else {
            self.take(domain, client.as_deref(), now)
        }
    }

    /// Notes one more question to a domain, for a client where one is known, unless there were too many.
    pub fn take(&mut self, domain: &str, client: Option<&str>, now: DateTime<Utc>) -> bool {
        self.take_part("", 1, domain, client, now)
    }

    /// The same for an answer that nobody waits for as for a question.
    pub fn take_idle(&mut self, domain: &str, client: Option<&str>, now: DateTime<Utc>) -> bool {
        self.take_part("idle ", 2, domain, client, now)
    }

    /// One more from accounts that are the `part`th part of a question's.
    fn take_part(
        &mut self,
        kind: &str,
        part: i32,
        domain: &str,
        client: Option<&str>,
        now: DateTime<Utc>,
    ) -> bool {
        // What would be full later than an empty account was noted by a clock that was ahead.
        let longest = (TOTAL.one_more * TOTAL.at_once).max(OF_ONE.one_more * OF_ONE.at_once);
        self.full_at.retain(|_, full_at| *full_at > now && *full_at <= now + longest);
        let domain = format!("{kind}domain {domain}");
        let client = client.map(|client| format!("{kind}client {client}"));
        let ones: Vec<String> = std::iter::once(domain).chain(client).collect();
        let asks_little = ones.iter().all(|one| self.used(one, OF_ONE, now) < LITTLE);
        let total = format!("{kind}{}", if asks_little { "little" } else { "much" });
        let is_spent = ones.iter().any(|one| self.used(one, OF_ONE, now) >= OF_ONE.at_once / part)
            || self.used(&total, TOTAL, now) >= TOTAL.at_once / part;
        if is_spent {
            return false;
        }
        for (name, account) in ones.into_iter().map(|one| (one, OF_ONE)).chain([(total, TOTAL)]) {
            let full_at = self.full_at.entry(name).or_insert(now);
            *full_at += account.one_more;
        }
        true
    }

    /// How much of an account is spent.
    fn used(&self, name: &str, account: ReplyAllowance, now: DateTime<Utc>) -> i32 {
        let Some(full_at) = self.full_at.get(name) else { return 0 };
        let spent = *full_at - now;
        let one = account.one_more.num_seconds().max(1);
        i32::try_from((spent.num_seconds() + one - 1) / one).unwrap_or(i32::MAX)
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
        assert!(with.ask(Purpose::Unsubscribe { topics: Vec::new() }, 5, at(0)).is_none());
        assert!(with.ask(Purpose::Unsubscribe { topics: Vec::new() }, 6, at(1)).is_some());
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
            with.ask(Purpose::Unsubscribe { topics: Vec::new() }, n, at(days));
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
    fn a_flood_writes_to_few_and_locks_nobody_out() {
        let mut budget = AskBudget::default();
        assert_eq!((0..100).filter(|_| budget.take("example.org", None, at(0))).count(), 60);
        assert!(
            budget.take("honest.example", None, at(0)),
            "a flood in the name of one domain is not another's"
        );
        let clients = (0..1000).filter(|n| budget.take(&format!("d{n}.example"), Some("203.0.113.7"), at(0)));
        assert_eq!(clients.count(), 60, "nor is one machine's");
        assert!(budget.take("other.example", Some("203.0.113.8"), at(0)));
        let many = (0..1000).filter(|n| budget.take(&format!("x{n}.example"), None, at(0))).count();
        assert!(many < 150, "{many}");
        assert!(!budget.take("late.example", None, at(0)));
        assert!(budget.take("late.example", None, at(0) + Duration::minutes(1)), "it fills by the minute");
        assert!(budget.take("example.org", None, at(0) + Duration::minutes(1)));
    }

    #[test]
    fn what_a_clock_that_was_ahead_noted_holds_nothing_up() {
        let mut budget = AskBudget::default();
        while budget.take("example.org", None, at(400)) {}
        assert!(!budget.take("example.org", None, at(400)));
        assert!(budget.take("example.org", None, at(0)));
    }

    #[test]
    fn a_budget_of_an_older_program_is_begun_anew() {
        let old = r#"{"hour":500000,"total":300,"domains":{"example.org":60},"clients":{}}"#;
        let mut budget: AskBudget = serde_json::from_str(old).unwrap();
        assert!(budget.take("example.org", None, at(0)));
    }

    #[test]
    fn what_a_clock_ahead_asked_is_answered_after_it_was_put_right_and_grows_too_old_in_time() {
        let at = |days: i64| DateTime::UNIX_EPOCH + Duration::days(days);
        let mut with = Correspondence::default();
        let token = with.ask(Purpose::List, 1, at(2_000)).unwrap();
        with.note_answer(at(2_000));
        let with = with.set_back(at(10));
        assert!(with.may_answer(at(10)));
        assert!(with.question(&token.hash(), at(12)).is_some_and(|(_, is_open)| is_open));
        assert!(with.question(&token.hash(), at(14)).is_none());
    }
}
