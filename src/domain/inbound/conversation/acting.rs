//! What a conversation does that needs no question, or whose question was answered.

use chrono::{DateTime, Utc};

use super::Conversation;
use super::answer::ReplyKind;
use super::request::PersonRequest;
use crate::domain::confirm_token::TokenHash;
use crate::domain::inbound::correspondence::Purpose;
use crate::domain::inbound::selection::Selection;
use crate::domain::subscription::{Preference, Wish};
use crate::domain::topic::Topic;

/// The channel under which consent by mail is noted.
pub const BY_MAIL: &str = "mail";

/// The same for consent by the button on a question's page.
pub const ON_WEB: &str = "web";

/// By what somebody agreed.
#[derive(Debug, Clone, Copy)]
struct ConsentChannel<'a> {
    /// The channel.
    channel: &'a str,
    /// The yes itself.
    words: &'a str,
}

impl Conversation {
    /// Does what needs no question, or was answered; nothing is said to who answered unclearly before, or has
    /// confirmed meanwhile.
    pub(super) fn act(&mut self, request: PersonRequest, now: DateTime<Utc>) -> Option<ReplyKind> {
        Some(match request {
            PersonRequest::Confirm { token, words } => match self.correspondence.answer(&token, now) {
                Some((purpose, is_first)) => {
                    self.act_on(purpose, is_first, ConsentChannel { channel: BY_MAIL, words: &words }, now)
                }
                None => ReplyKind::Expired,
            },
            PersonRequest::Unclear { token, .. } => match self.correspondence.question(&token.hash(), now) {
                Some(_) => ReplyKind::Explain(self.correspondence.explain(&token.hash(), now)?, token),
                None => ReplyKind::Expired,
            },
            PersonRequest::Never(token) if self.correspondence.refuse(&token, now) => {
                self.leave_all(now);
                ReplyKind::Never
            }
            PersonRequest::Never(_) => ReplyKind::Expired,
            PersonRequest::Subscribe(selection) => ReplyKind::Welcome(selection),
            PersonRequest::Unsubscribe(topics) | PersonRequest::MayLeave(topics) => self.leave(topics, now),
            PersonRequest::Leave => self.leave(Vec::new(), now),
            PersonRequest::List => ReplyKind::List,
            PersonRequest::Help => ReplyKind::Help,
            PersonRequest::Pause => self.pause(now),
            PersonRequest::Resume => self.resume(now),
            PersonRequest::Prefer(wish) => self.prefer(wish, now),
            PersonRequest::Unknown(nearest) => ReplyKind::Unknown(nearest),
            PersonRequest::Untracked(nearest) => ReplyKind::Untracked(nearest),
        })
    }

    /// Takes an answer given on the page to which the question led, and tells whether it is the first.
    /// Returns `None` if the token is unknown or too old.
    pub fn confirm_on_web(&mut self, token: &TokenHash, now: DateTime<Utc>) -> Option<(ReplyKind, bool)> {
        let (purpose, is_first) = self.correspondence.answer(token, now)?;
        let consent = ConsentChannel { channel: ON_WEB, words: "the button on the page of the question" };
        Some((self.act_on(purpose, is_first, consent, now), is_first))
    }

    /// Does what was confirmed. A confirmation that comes again does nothing again, and says how it stands:
    /// what was left meanwhile stays left.
    fn act_on(
        &mut self,
        purpose: Purpose,
        is_first: bool,
        consent: ConsentChannel<'_>,
        now: DateTime<Utc>,
    ) -> ReplyKind {
        match purpose {
            Purpose::List => ReplyKind::List,
            _ if !is_first => ReplyKind::Standing,
            Purpose::Subscribe(selection) => {
                self.follow(&selection, consent, now);
                ReplyKind::Welcome(selection)
            }
            Purpose::Unsubscribe { topics } => self.leave(topics, now),
            Purpose::Pause => self.pause(now),
            Purpose::Resume => self.resume(now),
            Purpose::Prefer { wish } => self.prefer(wish, now),
        }
    }

    fn prefer(&mut self, wish: Preference, now: DateTime<Utc>) -> ReplyKind {
        self.subscriber.take(wish, now);
        ReplyKind::Preferred
    }

    fn follow(&mut self, selection: &Selection, consent: ConsentChannel<'_>, now: DateTime<Utc>) {
        for topic in &selection.topics {
            let wish = Wish {
                topic,
                only: selection.only.clone(),
                confirmed: true,
                channel: consent.channel,
                agreed_to: Some(format!("{} Answered: {}", selection.agreement(topic), consent.words)),
            };
            self.subscriber.follow(wish, now);
        }
        for wish in &selection.ways {
            self.subscriber.take(*wish, now);
        }
    }

    fn leave(&mut self, topics: Vec<Topic>, now: DateTime<Utc>) -> ReplyKind {
        if topics.is_empty() {
            self.leave_all(now);
        }
        for topic in &topics {
            self.subscriber.leave(Some(topic), now);
            self.correspondence.void(Some(topic), now);
        }
        ReplyKind::Goodbye(topics)
    }

    /// Ends all that is followed, and all that stands open: nothing that was asked before counts any more.
    pub fn leave_all(&mut self, now: DateTime<Utc>) {
        self.subscriber.leave(None, now);
        self.correspondence.void(None, now);
    }

    fn pause(&mut self, now: DateTime<Utc>) -> ReplyKind {
        if !self.subscriber.is_paused(now) {
            self.subscriber.begin_pause(None, now);
        }
        ReplyKind::Paused
    }

    fn resume(&mut self, now: DateTime<Utc>) -> ReplyKind {
        ReplyKind::Resumed(self.subscriber.end_pause(now))
    }
}
