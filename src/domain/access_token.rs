//! Tokens by which programs ask: feed readers, calendars, whatever uses the API.
//!
//! A token is 256 random bits, so that its plain hash is enough to know it by, and only that is kept. What it may do
//! is said by its scopes; it ends when it is revoked, or after its last day.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::id::hex;

/// What a token begins with, so that a person or a scanner that finds one recognises it.
const PREFIX: &str = "rwt_";

/// Random bytes of a token.
pub const TOKEN_BYTES: usize = 32;

/// Of a token's hash as much names it for people.
const ID_DIGITS: usize = 8;

/// What a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccessScope {
    /// Read feeds and the calendar, and nothing else: such a token may stand in an address.
    Feeds,
    /// Read everything that names no person.
    Read,
    /// Read sources now, and decide what waits for a person's word.
    Operate,
    /// See and change who is told, and the mails on their way.
    Subscribers,
}

impl AccessScope {
    /// Each with its word.
    pub const ALL: [(&'static str, Self); 4] = [
        ("feeds", Self::Feeds),
        ("read", Self::Read),
        ("operate", Self::Operate),
        ("subscribers", Self::Subscribers),
    ];
}

impl fmt::Display for AccessScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(Self::ALL.iter().find(|(_, scope)| scope == self).map_or("", |(word, _)| word))
    }
}

impl FromStr for AccessScope {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|(word, _)| *word == text);
        found
            .map(|(_, scope)| *scope)
            .ok_or_else(|| format!("found {text:?}, expected feeds, read, operate or subscribers"))
    }
}

/// A token as its holder has it. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenText(String);

impl TokenText {
    /// The token of random bytes.
    #[must_use]
    pub fn of(random: [u8; TOKEN_BYTES]) -> Self {
        Self(format!("{PREFIX}{}", hex(&random)))
    }

    /// The token as it is shown once and sent ever after.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    #[must_use]
    pub fn hash(&self) -> AccessTokenHash {
        AccessTokenHash(hex(&Sha256::digest(self.0.as_bytes())))
    }
}

impl FromStr for TokenText {
    type Err = InvalidTokenText;

    fn from_str(text: &str) -> Result<Self, InvalidTokenText> {
        let digits = text.strip_prefix(PREFIX).ok_or(InvalidTokenText)?;
        let is_one = digits.len() == 2 * TOKEN_BYTES
            && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if is_one { Ok(Self(text.to_owned())) } else { Err(InvalidTokenText) }
    }
}

impl fmt::Debug for TokenText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenText(…)")
    }
}

/// A text that is no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected {PREFIX} and 64 hexadecimal digits")]
pub struct InvalidTokenText;

/// Names a token where it is kept: who reads the database cannot use it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccessTokenHash(String);

impl AccessTokenHash {
    /// The hash as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// By what people name the token.
    #[must_use]
    pub fn id(&self) -> &str {
        self.0.get(..ID_DIGITS).unwrap_or(&self.0)
    }
}

/// What is kept of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessToken {
    /// By what people name it.
    pub id: String,
    /// Whose it is or what for, as its maker called it.
    pub name: String,
    /// What it may do.
    pub scopes: BTreeSet<AccessScope>,
    /// Its hash.
    pub hash: AccessTokenHash,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Its last day (UTC).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_day: Option<NaiveDate>,
    /// When it was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<DateTime<Utc>>,
}

impl AccessToken {
    /// What is kept of a token that is made now.
    #[must_use]
    pub fn new(
        text: &TokenText,
        name: String,
        scopes: BTreeSet<AccessScope>,
        last_day: Option<NaiveDate>,
        now: DateTime<Utc>,
    ) -> Self {
        let hash = text.hash();
        let id = hash.id().to_owned();
        Self { id, name, scopes, hash, created_at: now, last_day, revoked_at: None }
    }

    /// Whether it is taken.
    #[must_use]
    pub fn is_good(&self, now: DateTime<Utc>) -> bool {
        self.revoked_at.is_none() && self.last_day.is_none_or(|day| now.date_naive() <= day)
    }

    /// Whether it may do this.
    #[must_use]
    pub fn may(&self, scope: AccessScope) -> bool {
        self.scopes.contains(&scope)
    }

    /// Whether it may read feeds and the calendar and nothing else. Addresses are kept by proxies and passed on by
    /// people: only such a token counts that stands in one.
    #[must_use]
    pub fn is_for_feeds_alone(&self) -> bool {
        self.scopes.len() == 1 && self.may(AccessScope::Feeds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_comes_back_from_its_text_and_nothing_else_is_one() {
        let token = TokenText::of([7; TOKEN_BYTES]);
        assert_eq!(token.as_str().parse(), Ok(token.clone()));
        assert_eq!(format!("{token:?}"), "TokenText(…)");
        let upper = token.as_str().to_uppercase();
        for bad in ["", "rwt_", "rwt_07", &token.as_str()[4..], upper.as_str()] {
            assert_eq!(bad.parse::<TokenText>(), Err(InvalidTokenText), "{bad}");
        }
    }

    #[test]
    fn a_token_is_good_up_to_its_last_day_and_until_it_is_revoked() {
        let now: DateTime<Utc> = "2026-11-29T23:59:59Z".parse().unwrap();
        let token = |scopes: &[AccessScope], last_day: Option<&str>| {
            let last_day = last_day.map(|day| day.parse().unwrap());
            let scopes = scopes.iter().copied().collect();
            AccessToken::new(&TokenText::of([1; TOKEN_BYTES]), "reader".to_owned(), scopes, last_day, now)
        };
        let feeds = token(&[AccessScope::Feeds], Some("2026-11-29"));
        assert!(feeds.is_good(now) && feeds.is_for_feeds_alone() && !feeds.may(AccessScope::Read));
        assert!(!feeds.is_good(now + chrono::Duration::seconds(1)));
        let more = token(&[AccessScope::Feeds, AccessScope::Read], None);
        assert!(more.is_good(now) && !more.is_for_feeds_alone());
        assert!(!AccessToken { revoked_at: Some(now), ..more }.is_good(now));
    }

    #[test]
    fn every_scope_has_its_word() {
        for (word, scope) in AccessScope::ALL {
            assert_eq!((word.parse(), scope.to_string().as_str()), (Ok(scope), word));
        }
        assert!("all".parse::<AccessScope>().is_err());
    }
}
