//! Identifiers as types, so that a company's id cannot be passed for a source's.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Why a text is not a valid identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{what} id {given:?} is not valid: expected 1 to 64 of a-z, 0-9 and '-', beginning with a letter or digit"
)]
pub struct InvalidId {
    what: &'static str,
    given: String,
}

impl InvalidId {
    /// That a text is no identifier of this sort.
    #[must_use]
    pub fn of(what: &'static str, given: &str) -> Self {
        Self { what, given: given.to_owned() }
    }
}

/// The longest identifier an operator may choose, in bytes.
const MAX_SLUG_BYTES: usize = 64;

fn is_slug(text: &str) -> bool {
    let mut bytes = text.bytes();
    let head_is_fine = bytes.next().is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    head_is_fine
        && text.len() <= MAX_SLUG_BYTES
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

macro_rules! slug_id {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The identifier as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                if is_slug(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(InvalidId { what: $what, given: text.to_owned() })
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

slug_id!(
    /// A watched source, as the operator named it in the configuration.
    SourceId,
    "source"
);
slug_id!(
    /// A tracked company, as the operator named it in the configuration.
    CompanyId,
    "company"
);
slug_id!(
    /// A standing list of suppliers, as the operator named it.
    ScreeningId,
    "standing list"
);
slug_id!(
    /// A category of things that rules cover without naming a company.
    CategoryId,
    "category"
);

/// One installation: made up once, when its store is made, and the same ever after. It is no secret.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct InstallationId(String);

impl InstallationId {
    /// The id of 16 random bytes.
    #[must_use]
    pub fn of(bytes: &[u8; 16]) -> Self {
        Self(hex(bytes))
    }

    /// The id as 32 hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for InstallationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// How many hexadecimal digits name a mail, an alert or a change: 128 bits.
const LONG: usize = 32;

/// How many digits an id has that an earlier program made, and that a trouble or a retraction has: 64 bits.
const SHORT: usize = 16;

macro_rules! digest_id {
    ($(#[$doc:meta])* $name:ident, $digits:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Derives the id from what it stands for: the same parts always give the same id,
            /// so a repeated step writes the same record instead of a second one.
            #[must_use]
            pub fn derive(parts: &[&str]) -> Self {
                Self(digest(parts, $digits))
            }

            /// Takes an id as somebody typed it; looking it up tells whether it exists.
            #[must_use]
            pub fn from_text(text: &str) -> Self {
                Self(text.trim().to_owned())
            }

            /// The identifier as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Its beginning: enough for people to name it by, and all of it that an earlier program would
            /// have made of the same parts.
            #[must_use]
            pub fn short(&self) -> &str {
                self.0.get(..SHORT).unwrap_or(&self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

digest_id!(
    /// Which companies a watchlist looks for, and by which names.
    WatchlistHash,
    LONG
);
digest_id!(
    /// One change of one entry, found by one read.
    ChangeId,
    LONG
);
digest_id!(
    /// One change told about one company.
    AlertId,
    LONG
);
digest_id!(
    /// One mail in the outbox; also its idempotency key.
    MailId,
    LONG
);
digest_id!(
    /// One trouble of one source, or of this machine, from its beginning to its end.
    IncidentId,
    SHORT
);

digest_id!(
    /// One read whose alerts were taken back.
    RetractionId,
    SHORT
);

/// 64 bits of SHA-256 over the parts, each closed by a byte no text contains, as 16 hex digits.
pub(crate) fn digest_of(parts: &[&str]) -> String {
    digest(parts, SHORT)
}

/// The same with as many digits.
fn digest(parts: &[&str], digits: usize) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part.as_bytes());
        hasher.update([0xff]);
    }
    hex(&hasher.finalize()[..digits / 2])
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    // Each read names several hashes: formatting them byte by byte takes measurable time.
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let halves = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    halves.map(|half| char::from(DIGITS[usize::from(half)])).collect()
}

/// The SHA-256 of a body, the name under which it is stored and shown as evidence.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BodyHash(String);

impl BodyHash {
    /// Hashes a body as it was received, after transfer decoding.
    #[must_use]
    pub fn of(body: &[u8]) -> Self {
        Self(hex(&Sha256::digest(body)))
    }

    /// The hash of these 32 bytes.
    #[must_use]
    pub fn from_digest(digest: &[u8]) -> Self {
        Self(hex(digest))
    }

    /// Takes a hash as it is written; what it names tells whether it is one.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The 32 bytes; `None` if it is no SHA-256.
    #[must_use]
    pub fn digest(&self) -> Option<[u8; 32]> {
        let digit = |at: usize| u8::from_str_radix(self.0.get(at..at + 2)?, 16).ok();
        let bytes: Option<Vec<u8>> = (0..self.0.len()).step_by(2).map(digit).collect();
        bytes?.try_into().ok()
    }

    /// 64 lower-case hex digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BodyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_slug() {
        assert!("fcc-covered-list".parse::<SourceId>().is_ok());
        for bad in ["", "-x", "FCC", "a b", "ü", &"x".repeat(65)] {
            assert!(bad.parse::<SourceId>().is_err(), "{bad:?} was taken");
        }
    }

    #[test]
    fn parts_cannot_run_into_each_other() {
        assert_ne!(ChangeId::derive(&["ab", "c"]), ChangeId::derive(&["a", "bc"]));
        assert_eq!(ChangeId::derive(&["a", "b"]).as_str().len(), 32);
    }

    #[test]
    fn what_an_earlier_program_made_of_the_same_parts_is_the_beginning() {
        let (mail, made) = (MailId::derive(&["a", "b"]), digest_of(&["a", "b"]));
        assert_eq!(mail.short(), made);
        assert_eq!(MailId::from_text(&made).short(), made);
        assert_eq!(MailId::from_text("7").short(), "7", "as somebody typed it");
    }
}
