//! Access tokens.

use chrono::{DateTime, Utc};

use crate::domain::access_token::{AccessToken, AccessTokenHash};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::kept::ask;

impl Store {
    /// What is kept of the token of a hash.
    ///
    /// # Errors
    /// The store's.
    pub async fn access_token(&self, hash: &AccessTokenHash) -> Result<Option<AccessToken>, StoreError> {
        ask!(self.access_token(hash).await)
    }

    /// Every token, revoked ones too, the newest first.
    ///
    /// # Errors
    /// The store's.
    pub async fn access_tokens(&self) -> Result<Vec<AccessToken>, StoreError> {
        ask!(self.access_tokens().await)
    }

    /// Keeps a token.
    ///
    /// # Errors
    /// The store's.
    pub async fn keep_access_token(&self, token: AccessToken) -> Result<(), StoreError> {
        ask!(self.keep_access_token(token).await)
    }

    /// Ends the token whose id begins so; gives it as it now stands.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Ambiguous`].
    pub async fn revoke_access_token(
        &self,
        beginning: &str,
        now: DateTime<Utc>,
    ) -> Result<AccessToken, StoreError> {
        ask!(self.revoke_access_token(beginning, now).await)
    }
}
