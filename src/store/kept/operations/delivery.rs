//! Ways out that are closed, mail that came back, and who is sent nothing.

use chrono::{DateTime, Utc};

use crate::domain::breaker::Breaker;
use crate::domain::email::EmailAddress;
use crate::domain::outbox::Mail;
use crate::domain::suppression::{Suppression, SuppressionReason};
use crate::store::boundary::{BounceCommit, MailTrouble};
use crate::store::error::StoreError;
use crate::store::kept::database::Database;
use crate::store::kept::{breakers, suppression};

impl Database {
    pub(in crate::store) async fn breaker(&self, channel: &str) -> Result<Option<Breaker>, StoreError> {
        let channel = channel.to_owned();
        self.read(move |trees| breakers::of(trees, &channel)).await
    }

    pub(in crate::store) async fn break_channel(
        &self,
        channel: &str,
        reason: String,
        now: DateTime<Utc>,
    ) -> Result<Breaker, StoreError> {
        let channel = channel.to_owned();
        self.write(move |trees, writes| breakers::break_channel(trees, writes, &channel, reason.clone(), now))
            .await
    }

    pub(in crate::store) async fn mend_channel(&self, channel: &str) -> Result<(), StoreError> {
        let channel = channel.to_owned();
        self.write(move |trees, writes| breakers::mend(trees, writes, |broken| broken == channel)).await
    }

    pub(in crate::store) async fn use_channel(&self, channel: &str) -> Result<(), StoreError> {
        let channel = channel.to_owned();
        self.write(move |trees, writes| breakers::mend(trees, writes, |broken| broken != channel)).await
    }

    pub(in crate::store) async fn mail_trouble(&self, limit: usize) -> Result<MailTrouble, StoreError> {
        self.read(move |trees| breakers::trouble(trees, limit)).await
    }

    pub(in crate::store) async fn came_back(&self, report: BounceCommit) -> Result<Option<Mail>, StoreError> {
        self.write(move |trees, writes| suppression::came_back(trees, writes, &report)).await
    }

    pub(in crate::store) async fn suppressions(&self) -> Result<Vec<Suppression>, StoreError> {
        self.read(suppression::list).await
    }

    pub(in crate::store) async fn suppression(
        &self,
        address: &EmailAddress,
    ) -> Result<Option<Suppression>, StoreError> {
        let address = address.clone();
        self.read(move |trees| suppression::get(trees, &address)).await
    }

    pub(in crate::store) async fn suppress(
        &self,
        address: &EmailAddress,
        reason: SuppressionReason,
        evidence: String,
        now: DateTime<Utc>,
    ) -> Result<Suppression, StoreError> {
        let address = address.clone();
        self.write(move |trees, writes| {
            suppression::add(trees, writes, &address, reason, evidence.clone(), now)
        })
        .await
    }

    pub(in crate::store) async fn unsuppress(&self, address: &EmailAddress) -> Result<bool, StoreError> {
        let address = address.clone();
        self.write(move |trees, writes| suppression::remove(trees, writes, &address)).await
    }
}
