//! Confirmation tokens: 128 random bits that only whoever reads the mailbox can know.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::domain::id::hex;
use crate::domain::keyed::{LETTERS, bits, letters};

/// A confirmation token. `Debug` hides it: whoever has it can confirm.
#[derive(Clone, PartialEq, Eq)]
pub struct ConfirmToken(String);

/// Names a token where it is kept: who reads the database cannot confirm.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TokenHash(String);

impl TokenHash {
    /// The hash as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text that is no token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a token of {LETTERS} letters a-z and digits 2-7")]
pub struct InvalidToken;

impl ConfirmToken {
    /// A token made of random bits.
    #[must_use]
    pub fn of(random: u128) -> Self {
        Self(letters(random))
    }

    /// The token as it stands in the mail.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash(hex(&Sha256::digest(self.0.as_bytes())))
    }
}

impl FromStr for ConfirmToken {
    type Err = InvalidToken;

    fn from_str(text: &str) -> Result<Self, InvalidToken> {
        bits(text).map(Self::of).ok_or(InvalidToken)
    }
}

impl fmt::Debug for ConfirmToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConfirmToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_back_whatever_its_case_and_tells_nothing() {
        let token = ConfirmToken::of(u128::MAX / 3);
        assert_eq!(token.as_str().to_uppercase().parse(), Ok(token.clone()));
        assert_ne!(token.hash(), ConfirmToken::of(1).hash());
        assert_eq!(format!("{token:?}"), "ConfirmToken(…)");
        assert_eq!("abc".parse::<ConfirmToken>(), Err(InvalidToken));
        assert_eq!("abcdefghijklmnopqrstuvwxy1".parse::<ConfirmToken>(), Err(InvalidToken));
    }
}
