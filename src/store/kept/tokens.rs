//! Tokens by which programs ask.

use chrono::{DateTime, Utc};

use super::trees::{TreeName, Trees};
use super::writes::Writes;
use crate::domain::access_token::{AccessToken, AccessTokenHash};
use crate::store::error::StoreError;

/// What is kept of the token of a hash.
pub(in crate::store) fn get(
    trees: &Trees,
    hash: &AccessTokenHash,
) -> Result<Option<AccessToken>, StoreError> {
    trees.get(TreeName::AccessTokens, hash.as_str().as_bytes())
}

/// Every token, revoked ones too, the newest first.
pub(in crate::store) fn all(trees: &Trees) -> Result<Vec<AccessToken>, StoreError> {
    let mut tokens: Vec<AccessToken> = trees.all_with(TreeName::AccessTokens, &[])?;
    tokens.sort_by(|a, b| b.created_at.cmp(&a.created_at).then_with(|| a.id.cmp(&b.id)));
    Ok(tokens)
}

/// Keeps a token.
pub(in crate::store) fn put(
    trees: &Trees,
    writes: &mut Writes,
    token: &AccessToken,
) -> Result<(), StoreError> {
    writes.put(trees, TreeName::AccessTokens, token.hash.as_str().as_bytes(), token)
}

/// Ends the token whose id begins so; one that ended before stays as it was.
pub(in crate::store) fn revoke(
    trees: &Trees,
    writes: &mut Writes,
    beginning: &str,
    now: DateTime<Utc>,
) -> Result<AccessToken, StoreError> {
    let mut token: AccessToken = trees.only(TreeName::AccessTokens, beginning)?;
    if token.revoked_at.is_none() {
        token.revoked_at = Some(now);
        put(trees, writes, &token)?;
    }
    Ok(token)
}
