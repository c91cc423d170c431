//! Mail that comes in.

use chrono::{DateTime, Utc};

use crate::domain::email::EmailAddress;
use crate::domain::id::BodyHash;
use crate::domain::inbound::{TokenHash, UntrackedWish};
use crate::domain::mail_source::MailSourceState;
use crate::domain::subscription::Subscriber;
use crate::store::Store;
use crate::store::boundary::{Exchanged, InboundCommit, KnownPerson, TakenUp};
use crate::store::error::StoreError;
use crate::store::kept::ask;

impl Store {
    /// Takes a message up, unless it was taken in before: notes that it is looked at, so that it counts if the process
    /// dies of it. Once it is taken in, that is forgotten.
    pub async fn take_up(&self, message: &BodyHash, now: DateTime<Utc>) -> Result<TakenUp, StoreError> {
        ask!(self.take_up(message, now).await)
    }

    /// Takes back that a message was begun: what went wrong was not its fault.
    pub async fn forgive(&self, message: &BodyHash) -> Result<(), StoreError> {
        ask!(self.forgive(message).await)
    }

    /// Forgets how often a message was begun, which is put aside for a person.
    pub async fn abandon_message(&self, message: &BodyHash) -> Result<(), StoreError> {
        ask!(self.abandon_message(message).await)
    }

    /// The address whose question a token answers.
    pub async fn asked(&self, token: &TokenHash) -> Result<Option<EmailAddress>, StoreError> {
        ask!(self.asked(token).await)
    }

    /// The state that a message from an address meets; somebody new where nobody is known.
    pub async fn conversation(&self, address: &EmailAddress) -> Result<KnownPerson, StoreError> {
        ask!(self.conversation(address).await)
    }

    /// Keeps all that a message means, or nothing of it: not where it was taken in before.
    ///
    /// # Errors
    /// [`StoreError::Overtaken`] if the person's state has changed since it was looked up, or the budget has and does not
    /// allow what was taken.
    pub async fn converse(&self, exchange: InboundCommit) -> Result<Exchanged, StoreError> {
        ask!(self.converse(exchange).await)
    }

    /// Who is to be asked again what is left of a question of which they left a part.
    pub async fn to_ask_again(&self) -> Result<Vec<EmailAddress>, StoreError> {
        ask!(self.to_ask_again().await)
    }

    /// What somebody wanted to follow and nobody tracks, the most wanted first.
    pub async fn wishes(&self) -> Result<Vec<UntrackedWish>, StoreError> {
        ask!(self.wishes().await)
    }

    /// Who was asked whether they want to follow something, and has not answered yet: each as a subscriber whose
    /// subscriptions wait.
    pub async fn asked_to_follow(&self, now: DateTime<Utc>) -> Result<Vec<Subscriber>, StoreError> {
        ask!(self.asked_to_follow(now).await)
    }

    /// How the ways stand by which mail is fetched, those that were ever tried.
    pub async fn ways_in(&self) -> Result<Vec<MailSourceState>, StoreError> {
        ask!(self.ways_in().await)
    }

    /// Keeps how a way in stands. `met` is how it stood when that was decided, `None` if it was never tried. Returns
    /// `false`, and keeps nothing, if it does not stand so any more.
    pub async fn keep_way_in(
        &self,
        met: Option<MailSourceState>,
        state: MailSourceState,
    ) -> Result<bool, StoreError> {
        ask!(self.keep_way_in(met, state).await)
    }

    /// Forgets messages that were taken in so long ago that no server hands them over again; tells
    /// how many.
    pub async fn forget_messages(&self, now: DateTime<Utc>) -> Result<usize, StoreError> {
        ask!(self.forget_messages(now).await)
    }
}
