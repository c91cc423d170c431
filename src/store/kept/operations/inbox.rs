//! Mail that comes in.

use chrono::{DateTime, Utc};

use crate::domain::email::EmailAddress;
use crate::domain::id::BodyHash;
use crate::domain::inbound::{TokenHash, UntrackedWish};
use crate::domain::mail_source::MailSourceState;
use crate::domain::subscription::Subscriber;
use crate::store::boundary::{Exchanged, InboundCommit, KnownPerson, TakenUp};
use crate::store::error::StoreError;
use crate::store::kept::database::Database;
use crate::store::kept::inbox;

impl Database {
    pub(in crate::store) async fn take_up(
        &self,
        message: &BodyHash,
        now: DateTime<Utc>,
    ) -> Result<TakenUp, StoreError> {
        let message = message.clone();
        self.write(move |trees, writes| inbox::take_up(trees, writes, &message, now)).await
    }

    pub(in crate::store) async fn forgive(&self, message: &BodyHash) -> Result<(), StoreError> {
        let message = message.clone();
        self.write(move |trees, writes| inbox::forgive(trees, writes, &message)).await
    }

    pub(in crate::store) async fn abandon_message(&self, message: &BodyHash) -> Result<(), StoreError> {
        let message = message.clone();
        let forget = move |_: &_, writes: &mut _| {
            inbox::abandon_message(writes, &message);
            Ok(())
        };
        self.write(forget).await
    }

    pub(in crate::store) async fn asked(
        &self,
        token: &TokenHash,
    ) -> Result<Option<EmailAddress>, StoreError> {
        let token = token.clone();
        self.read(move |trees| inbox::asked(trees, &token)).await
    }

    pub(in crate::store) async fn conversation(
        &self,
        address: &EmailAddress,
    ) -> Result<KnownPerson, StoreError> {
        let address = address.clone();
        self.read(move |trees| inbox::conversation(trees, &address)).await
    }

    pub(in crate::store) async fn converse(&self, exchange: InboundCommit) -> Result<Exchanged, StoreError> {
        self.write(move |trees, writes| inbox::converse(trees, writes, exchange.clone())).await
    }

    pub(in crate::store) async fn to_ask_again(&self) -> Result<Vec<EmailAddress>, StoreError> {
        self.read(inbox::to_ask_again).await
    }

    pub(in crate::store) async fn wishes(&self) -> Result<Vec<UntrackedWish>, StoreError> {
        self.read(inbox::wishes).await
    }

    pub(in crate::store) async fn asked_to_follow(
        &self,
        now: DateTime<Utc>,
    ) -> Result<Vec<Subscriber>, StoreError> {
        self.read(move |trees| inbox::asked_to_follow(trees, now)).await
    }

    pub(in crate::store) async fn ways_in(&self) -> Result<Vec<MailSourceState>, StoreError> {
        self.read(inbox::ways_in).await
    }

    pub(in crate::store) async fn keep_way_in(
        &self,
        met: Option<MailSourceState>,
        state: MailSourceState,
    ) -> Result<bool, StoreError> {
        self.write(move |trees, writes| inbox::keep_way_in(trees, writes, met.as_ref(), &state)).await
    }

    pub(in crate::store) async fn forget_messages(&self, now: DateTime<Utc>) -> Result<usize, StoreError> {
        self.write(move |trees, writes| inbox::forget(trees, writes, now)).await
    }
}
