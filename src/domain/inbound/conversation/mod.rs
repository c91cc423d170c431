//! One mail taken in: what it changes, and what is answered.
//!
//! Nothing takes effect on the word of a sender's address, which anybody can write: to follow
//! something is always asked back, to end it unless the sender's domain vouches for the mail.

mod acting;
mod answer;
mod request;

use chrono::{DateTime, Utc};

use self::request::{asked_back, merged};
use crate::domain::inbound::correspondence::{AskBudget, Correspondence, Purpose, Taking};
use crate::domain::inbound::selection::Selection;
use crate::domain::subscription::{Subscriber, SubscriptionState};

pub use self::acting::{BY_MAIL, ON_WEB};
pub use self::answer::ReplyKind;
pub use self::request::PersonRequest;

/// What is known of a message's sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// The sender's domain vouches for the message (DMARC pass).
    Vouched,
    /// Nobody says anything.
    Unknown,
    /// The sender's domain says that it is forged (DMARC fail under reject or quarantine).
    Forged,
}

/// The state a message meets and leaves behind.
#[derive(Debug, Clone)]
pub struct Conversation {
    /// Whose it is; somebody new where nobody is known.
    pub subscriber: Subscriber,
    /// What went before.
    pub correspondence: Correspondence,
    /// How much may still be asked, of anybody, as far as is known.
    pub budget: AskBudget,
    /// What this message took of it.
    pub taken: Vec<Taking>,
}

/// Does what is asked, as far as it may be done, and says what to answer. `random` gives bits that
/// nobody can guess; `client` is who handed the mail over, where that is known.
pub fn converse(
    state: &mut Conversation,
    requests: Vec<PersonRequest>,
    trust: Trust,
    client: Option<&str>,
    mut random: impl FnMut() -> u128,
    now: DateTime<Utc>,
) -> Vec<ReplyKind> {
    if trust == Trust::Forged {
        return Vec::new();
    }
    let mut answers = Vec::new();
    for request in merged(requests) {
        let request = state.meant(request);
        let may_answer = state.correspondence.may_answer(now);
        if trust == Trust::Vouched && matches!(request, PersonRequest::Subscribe(_)) {
            // Who wanted to be asked nothing has asked themselves.
            state.correspondence.refused_at = None;
        }
        let answer = match asked_back(request, trust) {
            // A question that is not mailed must not stand open.
            Ok(purpose) if !may_answer && !state.is_leaving(&purpose) => None,
            Ok(purpose) => state.ask(purpose, trust, client, random(), now),
            // Done it is, whether that may be told or not.
            Err(request) => state
                .act(request, now)
                .filter(|answer| may_answer && state.is_owed(answer, trust, client, now)),
        };
        if let Some(answer) = answer.filter(|answer| !answers.contains(answer)) {
            state.correspondence.note_answer(now);
            answers.push(answer);
        }
    }
    answers
}

impl Conversation {
    /// Returns what an unclear answer asks for. A reader who gets alerts and says in it that they want to leave
    /// leaves, as by any mail.
    fn meant(&self, request: PersonRequest) -> PersonRequest {
        match request {
            PersonRequest::Unclear { wish: Some(wish), .. } if self.subscriber.is_active() => *wish,
            request => request,
        }
    }

    /// Asks whether companies are to be followed, at an operator's word; nothing where the address may be asked nothing.
    pub fn ask_to_follow(
        &mut self,
        selection: Selection,
        random: u128,
        now: DateTime<Utc>,
    ) -> Option<ReplyKind> {
        let purpose = Purpose::Subscribe(selection);
        let token = self.correspondence.ask(purpose.clone(), random, now)?;
        self.correspondence.note_answer(now);
        Some(ReplyKind::Confirm(purpose, token))
    }

    /// Asks again what is left of questions of which a part was left.
    pub fn ask_again(&mut self, random: impl FnMut() -> u128, now: DateTime<Utc>) -> Vec<ReplyKind> {
        let questions = self.correspondence.ask_again(random, now);
        questions.into_iter().map(|(purpose, token)| ReplyKind::Confirm(purpose, token)).collect()
    }

    /// Whether a question is about leaving, of somebody who is told of changes.
    fn is_leaving(&self, purpose: &Purpose) -> bool {
        let is_told =
            || self.subscriber.subscriptions.iter().any(|known| known.state == SubscriptionState::Active);
        matches!(purpose, Purpose::Unsubscribe { .. }) && is_told()
    }

    fn ask(
        &mut self,
        purpose: Purpose,
        trust: Trust,
        client: Option<&str>,
        random: u128,
        now: DateTime<Utc>,
    ) -> Option<ReplyKind> {
        let is_leaving = self.is_leaving(&purpose);
        let mut correspondence = self.correspondence.clone();
        let token = if is_leaving {
            correspondence.ask_to_leave(purpose.clone(), random, now)?
        } else {
            correspondence.ask(purpose.clone(), random, now)?
        };
        // Who leaves is never made to wait by others who write much, nor is a sender who is none's invention.
        let is_bounded = !is_leaving && trust != Trust::Vouched;
        if is_bounded && !self.take(Taking::question(self.subscriber.address.domain(), client), now) {
            return None;
        }
        self.correspondence = correspondence;
        Some(ReplyKind::Confirm(purpose, token))
    }

    /// Whether an answer may leave that tells its reader nothing they need: others may have made them up
    /// who is said to have written.
    fn is_owed(
        &mut self,
        answer: &ReplyKind,
        trust: Trust,
        client: Option<&str>,
        now: DateTime<Utc>,
    ) -> bool {
        let is_idle = matches!(
            answer,
            ReplyKind::Help | ReplyKind::Unknown(_) | ReplyKind::Untracked(_) | ReplyKind::Expired
        );
        !is_idle
            || trust == Trust::Vouched
            || self.take(Taking::idle(self.subscriber.address.domain(), client), now)
    }

    fn take(&mut self, taking: Taking, now: DateTime<Utc>) -> bool {
        let is_allowed = self.budget.take_one(&taking, now);
        self.taken.extend(is_allowed.then_some(taking));
        is_allowed
    }
}

#[cfg(test)]
mod tests;
