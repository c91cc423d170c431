//! How a record is written down: a version, a form, and JSON.
//!
//! ```text
//! byte 0   the encoding's version, 1
//! byte 1   the form: 0 the JSON follows; 1 its SHA-256 follows, under which it is kept as a body
//! byte 2…  JSON, or 32 bytes
//! ```
//!
//! JSON because a record must be readable by the next version of the program and
//! by a person with a debugger; what is large is compressed as a body. A field
//! added later must have a default, so that records written before it still read.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::StoreError;

/// The version written.
const VERSION: u8 = 1;

const INLINE: u8 = 0;
const AS_BODY: u8 = 1;

/// A SHA-256.
pub(super) type Digest = [u8; 32];

/// A record as it lies in a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Form {
    /// The JSON itself.
    Inline(Vec<u8>),
    /// The JSON lies among the bodies.
    AsBody(Digest),
}

/// The JSON of a value.
///
/// # Errors
/// [`StoreError::Undecodable`] for a value JSON cannot express; none of the domain's is.
pub(super) fn to_json<T: Serialize>(what: &'static str, key: &str, value: &T) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(value).map_err(|error| undecodable(what, key, error.to_string()))
}

/// A value from its JSON.
pub(super) fn from_json<T: DeserializeOwned>(
    what: &'static str,
    key: &str,
    json: &[u8],
) -> Result<T, StoreError> {
    serde_json::from_slice(json).map_err(|error| undecodable(what, key, error.to_string()))
}

impl Form {
    /// The bytes that lie in the tree.
    pub(super) fn encode(&self) -> Vec<u8> {
        let (form, payload): (u8, &[u8]) = match self {
            Self::Inline(json) => (INLINE, json),
            Self::AsBody(digest) => (AS_BODY, digest),
        };
        [&[VERSION, form], payload].concat()
    }

    /// Reads the bytes of a tree.
    pub(super) fn decode(what: &'static str, key: &str, bytes: &[u8]) -> Result<Self, StoreError> {
        match bytes {
            [VERSION, INLINE, json @ ..] => Ok(Self::Inline(json.to_vec())),
            [VERSION, AS_BODY, digest @ ..] => {
                let digest = digest.try_into().map_err(|_| {
                    undecodable(what, key, format!("{} bytes of SHA-256, expected 32", digest.len()))
                })?;
                Ok(Self::AsBody(digest))
            }
            [found, ..] if *found > VERSION => {
                Err(StoreError::Newer { what, key: key.to_owned(), found: *found, known: VERSION })
            }
            [version, form, ..] => Err(undecodable(
                what,
                key,
                format!("version {version}, form {form}, expected version 1, form 0 or 1"),
            )),
            _ => Err(undecodable(what, key, format!("{} bytes, expected at least 2", bytes.len()))),
        }
    }
}

pub(super) fn undecodable(what: &'static str, key: &str, reason: String) -> StoreError {
    StoreError::Undecodable { what, key: key.to_owned(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Form, String> {
        Form::decode("change", "k", bytes).map_err(|error| error.to_string())
    }

    #[test]
    fn what_was_written_is_read() {
        for form in [Form::Inline(b"{}".to_vec()), Form::AsBody([7; 32])] {
            assert_eq!(read(&form.encode()), Ok(form));
        }
    }

    #[test]
    fn a_record_of_the_future_is_told_from_a_damaged_one() {
        assert_eq!(
            read(&[2, 0, b'{', b'}']).unwrap_err(),
            "change k has record version 2, this program knows up to 1; use a newer regwatch"
        );
        assert_eq!(read(&[]).unwrap_err(), "change k cannot be read: 0 bytes, expected at least 2");
        assert_eq!(
            read(&[1, 9, 0]).unwrap_err(),
            "change k cannot be read: version 1, form 9, expected version 1, form 0 or 1"
        );
        assert_eq!(read(&[1, 1, 0]).unwrap_err(), "change k cannot be read: 1 bytes of SHA-256, expected 32");
        assert!(from_json::<u8>("change", "k", b"{}").is_err());
    }
}
