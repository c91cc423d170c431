//! What the store keeps of tokens.

use chrono::{DateTime, Utc};

use super::sled::tokens;
use super::{Store, StoreError};
use crate::domain::access_token::{AccessToken, AccessTokenHash};

impl Store {
    /// What is kept of the token of a hash.
    ///
    /// # Errors
    /// The store's.
    pub async fn access_token(&self, hash: &AccessTokenHash) -> Result<Option<AccessToken>, StoreError> {
        let hash = hash.clone();
        self.sled.look_up(move |trees| tokens::get(trees, &hash)).await
    }

    /// Every token, revoked ones too, the newest first.
    ///
    /// # Errors
    /// The store's.
    pub async fn access_tokens(&self) -> Result<Vec<AccessToken>, StoreError> {
        self.sled.read(tokens::all).await
    }

    /// Keeps a token.
    ///
    /// # Errors
    /// The store's.
    pub async fn keep_access_token(&self, token: AccessToken) -> Result<(), StoreError> {
        self.sled.write(move |trees, writes| tokens::put(trees, writes, &token)).await
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
        let beginning = beginning.to_owned();
        self.sled.write(move |trees, writes| tokens::revoke(trees, writes, &beginning, now)).await
    }
}
