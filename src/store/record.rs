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

use std::io::{self, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::StoreError;
pub(super) use super::compression::Digest;
use super::compression::{BodyPacker, PackedBody};

/// Room for most records, which then need not move as they grow.
const USUAL_BYTES: usize = 1024;

/// The version written.
const VERSION: u8 = 1;

const INLINE: u8 = 0;
const AS_BODY: u8 = 1;

/// A record as it lies in a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RecordForm {
    /// The JSON itself.
    Inline(Vec<u8>),
    /// The JSON lies among the bodies.
    AsBody(Digest),
}

/// The JSON of a value.
pub(super) enum Json {
    /// As it is.
    Plain(Vec<u8>),
    /// Compressed, part by part as it was made: it is large.
    Packed(PackedBody),
}

/// The JSON of a value.
///
/// # Errors
/// [`StoreError::Undecodable`] for a value JSON cannot express; none of the domain's is.
pub(super) fn to_json<T: Serialize>(what: &'static str, key: &[u8], value: &T) -> Result<Json, StoreError> {
    let of_io = |error: io::Error| undecodable(what, key, error.to_string());
    let mut sink = Sink { plain: Vec::with_capacity(USUAL_BYTES), packer: None };
    serde_json::to_writer(&mut sink, value).map_err(|error| undecodable(what, key, error.to_string()))?;
    match sink.packer {
        None => Ok(Json::Plain(sink.plain)),
        Some(mut packer) => {
            packer.write_all(&sink.plain).map_err(of_io)?;
            Ok(Json::Packed(packer.finish().map_err(of_io)?))
        }
    }
}

/// JSON that is longer is compressed while it is made.
const MAX_PLAIN_BYTES: usize = 256 << 10;

/// Takes JSON in, and has it compressed once it is large.
struct Sink {
    /// What was not compressed yet.
    plain: Vec<u8>,
    packer: Option<BodyPacker>,
}

impl Write for Sink {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        if self.plain.len() + part.len() > MAX_PLAIN_BYTES {
            let packer = match &mut self.packer {
                Some(packer) => packer,
                None => self.packer.insert(BodyPacker::new()?),
            };
            packer.write_all(&self.plain)?;
            self.plain.clear();
        }
        self.plain.extend_from_slice(part);
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A value from its JSON.
pub(super) fn from_json<T: DeserializeOwned>(
    what: &'static str,
    key: &[u8],
    json: &[u8],
) -> Result<T, StoreError> {
    serde_json::from_slice(json).map_err(|error| undecodable(what, key, error.to_string()))
}

impl RecordForm {
    /// The bytes that lie in the tree.
    pub(super) fn encode(&self) -> Vec<u8> {
        let (form, payload): (u8, &[u8]) = match self {
            Self::Inline(json) => (INLINE, json),
            Self::AsBody(digest) => (AS_BODY, digest),
        };
        [&[VERSION, form], payload].concat()
    }

    /// Reads the bytes of a tree.
    pub(super) fn decode(what: &'static str, key: &[u8], bytes: &[u8]) -> Result<Self, StoreError> {
        match bytes {
            [VERSION, INLINE, json @ ..] => Ok(Self::Inline(json.to_vec())),
            [VERSION, AS_BODY, digest @ ..] => {
                let digest = digest.try_into().map_err(|_| {
                    undecodable(what, key, format!("{} bytes of SHA-256, expected 32", digest.len()))
                })?;
                Ok(Self::AsBody(digest))
            }
            [found, ..] if *found > VERSION => {
                Err(StoreError::Newer { what, key: shown(key), found: *found, known: VERSION })
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

pub(super) fn undecodable(what: &'static str, key: &[u8], reason: String) -> StoreError {
    StoreError::Undecodable { what, key: shown(key), reason }
}

/// A key as people can read it: text where it is text, the rest as `\x00`.
pub(super) fn shown(key: &[u8]) -> String {
    key.escape_ascii().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<RecordForm, String> {
        RecordForm::decode("change", b"k", bytes).map_err(|error| error.to_string())
    }

    #[test]
    fn what_was_written_is_read() {
        for form in [RecordForm::Inline(b"{}".to_vec()), RecordForm::AsBody([7; 32])] {
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
        assert!(from_json::<u8>("change", b"k", b"{}").is_err());
    }
}
