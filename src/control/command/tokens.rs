//! What an operator asks of tokens.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::control::ask::{Ask, ProgressReporter};
use crate::control::reply::NewToken;
use crate::control::service::{CommandError, CommandService};
use crate::domain::access_token::{AccessScope, AccessToken, TokenText};

/// Make a token.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AddToken {
    /// Whose it is, or what for.
    pub name: String,
    /// What it may do.
    pub scopes: BTreeSet<AccessScope>,
    /// Its last day (UTC).
    pub last_day: Option<NaiveDate>,
}

impl Ask for AddToken {
    type Reply = NewToken;

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        let text = TokenText::of(rand::random());
        let token = AccessToken::new(&text, self.name, self.scopes, self.last_day, service.0.clock.now());
        service.0.store.keep_access_token(token.clone()).await?;
        Ok(NewToken { text: text.as_str().to_owned(), token })
    }
}

/// Every token, revoked ones too.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListTokens {}

impl Ask for ListTokens {
    type Reply = Vec<AccessToken>;

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        Ok(service.0.store.access_tokens().await?)
    }
}

/// End a token.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RevokeToken {
    /// Its id, or the beginning of it.
    pub id: String,
}

impl Ask for RevokeToken {
    type Reply = AccessToken;

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        Ok(service.0.store.revoke_access_token(&self.id, service.0.clock.now()).await?)
    }
}
