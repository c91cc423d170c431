//! Questions: those that are asked at somebody's word, and the answers given on their page.

use super::Inbox;
use super::outcome::IngestError;
use crate::domain::email::EmailAddress;
use crate::domain::id::{BodyHash, MailId};
use crate::domain::inbound::{Purpose, ReplyKind, Selection, TokenHash};
use crate::domain::outbox::Basis;
use crate::domain::subscription::Subscriber;
use crate::domain::text::error_chain;
use crate::domain::topic::Topic;
use crate::store::{InboundCommit, KnownPerson, StoreError, anew_if_overtaken};

impl Inbox {
    /// The question that a token answers, whether it stands open, and whom it was asked. Changes nothing.
    pub(in crate::subscribe) async fn question(
        &self,
        token: &TokenHash,
    ) -> Result<Option<(Purpose, bool, Subscriber)>, StoreError> {
        let Some(address) = self.store.asked(token).await? else { return Ok(None) };
        let KnownPerson { state, .. } = self.store.conversation(&address).await?;
        let question = state.correspondence.question(token, self.clock.now());
        let question = question.map(|(purpose, is_open)| (purpose.clone(), is_open));
        Ok(question.map(|(purpose, is_open)| (purpose, is_open, state.subscriber)))
    }

    /// Asks somebody whether they want to follow topics, at an operator's word. Tells whether the question left: who
    /// was asked the same a moment ago, or wants to be asked nothing, is not asked.
    ///
    /// # Errors
    /// A mail that could not be made, or the store's error; nothing was done.
    pub async fn ask_to_follow(&self, address: &EmailAddress, topics: &[Topic]) -> Result<bool, IngestError> {
        let selection = Selection { topics: topics.to_vec(), ..Selection::default() };
        self.ask_to_follow_selection(address, selection).await
    }

    /// The same of a selection, at the word of whoever says that the address is theirs.
    ///
    /// # Errors
    /// As of [`Self::ask_to_follow`].
    pub async fn ask_to_follow_selection(
        &self,
        address: &EmailAddress,
        selection: Selection,
    ) -> Result<bool, IngestError> {
        let _turn = self.turn.wait().await;
        anew_if_overtaken(|| self.ask_selection(address, selection.clone()), IngestError::of_store).await
    }

    async fn ask_selection(&self, address: &EmailAddress, selection: Selection) -> Result<bool, IngestError> {
        let now = self.clock.now();
        let KnownPerson { mut state, version } = self.store.conversation(address).await?;
        let Some(answer) = state.ask_to_follow(selection, rand::random(), now) else { return Ok(false) };
        let ReplyKind::Confirm(_, token) = &answer else { return Ok(false) };
        let message = BodyHash::of(format!("operator {}", token.hash().as_str()).as_bytes());
        let id = MailId::derive(&["answer", message.as_str()]);
        let mails = vec![self.mail(id, &answer, &state, None, now).await?];
        let state = Some((state, version));
        self.store.converse(InboundCommit { message, at: now, state, mails, wishes: Vec::new() }).await?;
        Ok(true)
    }

    /// Takes the answer to a question that its reader gave on the page, as if it had come by mail. A reader who
    /// follows something now gets a welcome. Returns `None` if the token is unknown or too old.
    pub(in crate::subscribe) async fn confirm(
        &self,
        token: &TokenHash,
    ) -> Result<Option<(ReplyKind, Subscriber)>, IngestError> {
        let _turn = self.turn.wait().await;
        anew_if_overtaken(|| self.confirm_now(token), IngestError::of_store).await
    }

    async fn confirm_now(&self, token: &TokenHash) -> Result<Option<(ReplyKind, Subscriber)>, IngestError> {
        let Some(address) = self.store.asked(token).await? else { return Ok(None) };
        let now = self.clock.now();
        let KnownPerson { mut state, version } = self.store.conversation(&address).await?;
        let Some((answer, is_first)) = state.confirm_on_web(token, now) else { return Ok(None) };
        let subscriber = state.subscriber.clone();
        if is_first {
            let message = BodyHash::of(format!("web {}", token.as_str()).as_bytes());
            let id = MailId::derive(&["answer", message.as_str()]);
            let mails = match &answer {
                ReplyKind::Welcome(_) => vec![self.mail(id, &answer, &state, None, now).await?],
                _ => Vec::new(),
            };
            let state = Some((state, version));
            self.store.converse(InboundCommit { message, at: now, state, mails, wishes: Vec::new() }).await?;
        }
        Ok(Some((answer, subscriber)))
    }

    /// Composes answers again that list what somebody follows, which changed before they left, and asks again what
    /// is left of questions of which a part was left. One that cannot be made waits for the next time.
    ///
    /// # Errors
    /// The store's error.
    pub async fn answer_again(&self) -> Result<(), IngestError> {
        let replaced = self.store.to_compose_again().await?;
        if replaced.is_empty() && self.store.to_ask_again().await?.is_empty() {
            return Ok(());
        }
        let _turn = self.turn.wait().await;
        self.ask_again().await?;
        let now = self.clock.now();
        for mail in replaced {
            let KnownPerson { state, .. } = self.store.conversation(&mail.recipient).await?;
            let id = MailId::derive(&["answered again", mail.id.as_str()]);
            let made = match answer_to(&mail.basis, &state.subscriber) {
                Some(answer) => match self.mail(id, &answer, &state, None, now).await {
                    Ok(made) => Some(made),
                    Err(error) => {
                        tracing::error!(mail.id = %mail.id, error = error_chain(&error), "failed to compose answer {} again", mail.id);
                        continue;
                    }
                },
                None => None,
            };
            self.store.compose_again(&mail.id, made).await?;
        }
        Ok(())
    }

    /// Asks again what is left of questions of which a part was left. For whoever has the turn.
    pub(super) async fn ask_again(&self) -> Result<(), IngestError> {
        for address in self.store.to_ask_again().await? {
            let KnownPerson { mut state, version } = self.store.conversation(&address).await?;
            let now = self.clock.now();
            let mut mails = Vec::new();
            for answer in state.ask_again(rand::random::<u128>, now) {
                let ReplyKind::Confirm(_, token) = &answer else { continue };
                let id = MailId::derive(&["asked again", token.hash().as_str()]);
                mails.push(self.mail(id, &answer, &state, None, now).await?);
            }
            let message = BodyHash::of(format!("asked again {} {address}", now.to_rfc3339()).as_bytes());
            let state = Some((state, version));
            self.store.converse(InboundCommit { message, at: now, state, mails, wishes: Vec::new() }).await?;
        }
        Ok(())
    }
}

/// What is answered now in the place of an answer that lists what its recipient followed.
fn answer_to(basis: &Basis, subscriber: &Subscriber) -> Option<ReplyKind> {
    match basis {
        Basis::Welcome { topics } => {
            let followed = topics.iter().filter_map(|topic| subscriber.active(topic));
            let followed: Vec<_> = followed.collect();
            let only = followed.first()?.only.clone();
            let topics = followed.iter().map(|followed| followed.topic.clone()).collect();
            Some(ReplyKind::Welcome(Selection { topics, only, ways: Vec::new() }))
        }
        Basis::List { .. } => Some(ReplyKind::List),
        _ => None,
    }
}
