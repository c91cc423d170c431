//! Access tokens.

use chrono::{DateTime, Utc};

use crate::domain::access_token::{AccessToken, AccessTokenHash};
use crate::store::error::StoreError;
use crate::store::kept::database::Database;
use crate::store::kept::tokens;

impl Database {
    pub(in crate::store) async fn access_token(
        &self,
        hash: &AccessTokenHash,
    ) -> Result<Option<AccessToken>, StoreError> {
        let hash = hash.clone();
        self.look_up(move |trees| tokens::get(trees, &hash)).await
    }

    pub(in crate::store) async fn access_tokens(&self) -> Result<Vec<AccessToken>, StoreError> {
        self.read(tokens::all).await
    }

    pub(in crate::store) async fn keep_access_token(&self, token: AccessToken) -> Result<(), StoreError> {
        self.write(move |trees, writes| tokens::put(trees, writes, &token)).await
    }

    pub(in crate::store) async fn revoke_access_token(
        &self,
        beginning: &str,
        now: DateTime<Utc>,
    ) -> Result<AccessToken, StoreError> {
        let beginning = beginning.to_owned();
        self.write(move |trees, writes| tokens::revoke(trees, writes, &beginning, now)).await
    }
}
