//! How a record is written down: a version, a form, and JSON.
//!
//! ```text
//! byte 0   the encoding's version: 1, 2 for JSON that is compressed, or 3 for a record in brief
//! byte 1   of version 1 the form: 0 the JSON follows; 1 its SHA-256 follows, under which it is kept as a body
//!          of version 2 the number of the dictionary, 1
//!          of version 3 the kind of record ([`brief`])
//! byte 2…  JSON, or 32 bytes, or a zstd frame, or values without names
//! ```
//!
//! JSON because a record must be readable by the next version of the program and
//! by a person with a debugger; what is large is compressed as a body. A field
//! added later must have a default, so that records written before it still read.
//!
//! In files of our own what is small is compressed too (`docs/adr/0016`): most of a record are the
//! names of its fields. Records of which every read writes one have none there ([`brief`]). Everything that
//! leaves those files is as in version 1.

mod brief;

use std::borrow::Cow;
use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub(super) use self::brief::Brief;
use super::StoreError;
pub(super) use super::compression::Digest;
use super::compression::{BodyPacker, PackedBody, compress_record, decompress_record};

/// Room for most records, which then need not move as they grow.
const USUAL_BYTES: usize = 1024;

/// The version of what is not compressed.
const VERSION: u8 = 1;

/// The version of compressed JSON.
const COMPRESSED: u8 = 2;

/// The version of records in brief, and the last that is known.
const BRIEF: u8 = 3;

/// The number of the dictionary with which it is compressed.
const DICTIONARY: u8 = 1;

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
/// Compressed, a large one lies in a file of the folder, where one is given.
///
/// # Errors
/// [`StoreError::Undecodable`] for a value JSON cannot express; none of the domain's is.
/// [`StoreError::DiskFailed`] where that file cannot be written.
pub(super) fn to_json<T: Serialize>(
    what: &'static str,
    key: &[u8],
    value: &T,
    folder: Option<&Path>,
) -> Result<Json, StoreError> {
    let of_io = |error: io::Error| StoreError::DiskFailed { reason: error.to_string() };
    let of_json = |error: serde_json::Error| {
        if error.is_io() { of_io(error.into()) } else { undecodable(what, key, error.to_string()) }
    };
    let mut sink = Sink { plain: Vec::with_capacity(USUAL_BYTES), packer: None, folder };
    serde_json::to_writer(&mut sink, value).map_err(of_json)?;
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
struct Sink<'a> {
    /// What was not compressed yet.
    plain: Vec<u8>,
    packer: Option<BodyPacker>,
    folder: Option<&'a Path>,
}

impl Write for Sink<'_> {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        if self.plain.len() + part.len() > MAX_PLAIN_BYTES {
            let packer = match &mut self.packer {
                Some(packer) => packer,
                None => self.packer.insert(BodyPacker::new(self.folder)?),
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

    /// The same in files of our own, where it is compressed if that makes it shorter.
    pub(super) fn encode_short(&self) -> Vec<u8> {
        let compressed = match self {
            Self::Inline(json) => compress_record(json),
            Self::AsBody(_) => None,
        };
        compressed.map_or_else(|| self.encode(), |frame| [&[COMPRESSED, DICTIONARY], &frame[..]].concat())
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
            [COMPRESSED, DICTIONARY, frame @ ..] => match decompress_record(frame) {
                Ok(json) => Ok(Self::Inline(json)),
                Err(error) => Err(undecodable(what, key, error.to_string())),
            },
            [COMPRESSED, dictionary, ..] => {
                Err(undecodable(what, key, format!("dictionary {dictionary}, expected {DICTIONARY}")))
            }
            [BRIEF, brief @ ..] => {
                brief::to_json(brief).map(Self::Inline).map_err(|reason| undecodable(what, key, reason))
            }
            [found, ..] if *found > BRIEF => {
                Err(StoreError::Newer { what, key: shown(key), found: *found, known: BRIEF })
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

/// A record in brief, as it lies in our files; `None` if it has no such form.
pub(super) fn encode_brief(record: &impl Brief) -> Option<Vec<u8>> {
    brief::encode(record).map(|brief| [&[BRIEF], &brief[..]].concat())
}

/// The record of bytes that lie in our files in brief; `None` if these do not.
///
/// # Errors
/// [`StoreError::Undecodable`].
pub(super) fn decode_brief<T: Brief>(
    what: &'static str,
    key: &[u8],
    bytes: &[u8],
) -> Result<Option<T>, StoreError> {
    let [BRIEF, brief @ ..] = bytes else { return Ok(None) };
    brief::decode(brief).map(Some).map_err(|reason| undecodable(what, key, reason))
}

/// A record as it leaves our files, for every program and database; what is none stays as it is.
pub(super) fn plain(bytes: &[u8]) -> Cow<'_, [u8]> {
    let json = match bytes {
        [COMPRESSED, DICTIONARY, frame @ ..] => decompress_record(frame).ok(),
        [BRIEF, brief @ ..] => brief::to_json(brief).ok(),
        _ => None,
    };
    json.map_or(Cow::Borrowed(bytes), |json| Cow::Owned(RecordForm::Inline(json).encode()))
}

/// A record that [`plain`] gave, as it lies in our files.
pub(super) fn short(bytes: &[u8]) -> Vec<u8> {
    match bytes {
        [VERSION, INLINE, json @ ..] => RecordForm::Inline(json.to_vec()).encode_short(),
        _ => bytes.to_vec(),
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
    use crate::domain::read_record::ReadRecord;
    use crate::domain::verdict::Verdict;

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
    fn what_is_compressed_is_read_and_leaves_as_it_was() {
        let json = format!(r#"{{"source":"list","verdict":"good","reason":null,"jitter":{}}}"#, 1_u32 << 20);
        let form = RecordForm::Inline(json.into_bytes());
        let (plain_bytes, short_bytes) = (form.encode(), form.encode_short());
        assert!(short_bytes.len() < plain_bytes.len(), "{} bytes", short_bytes.len());
        assert_eq!(plain(&short_bytes), plain_bytes);
        assert_eq!(short(&plain_bytes), short_bytes);
        assert_eq!(read(&short_bytes), Ok(form));
        for form in [RecordForm::Inline(b"{}".to_vec()), RecordForm::AsBody([7; 32])] {
            assert_eq!(form.encode_short(), form.encode(), "it would not be shorter");
            assert_eq!(
                (&plain(&form.encode())[..], short(&form.encode())),
                (&form.encode()[..], form.encode())
            );
        }
        let damaged = &short_bytes[..short_bytes.len() - 1];
        assert_eq!(plain(damaged), damaged);
        assert!(read(damaged).unwrap_err().starts_with("change k cannot be read: "));
    }

    #[test]
    fn what_is_brief_is_read_and_leaves_as_it_would_have_been_written() {
        let record = ReadRecord::new("2027-03-04T05:06:07Z".parse().unwrap(), Verdict::Good, None);
        let form = RecordForm::Inline(serde_json::to_vec(&record).unwrap());
        let brief = encode_brief(&record).unwrap();
        assert!(brief.len() * 2 < form.encode_short().len(), "{} bytes", brief.len());
        assert_eq!(plain(&brief), form.encode());
        let damaged = &brief[..brief.len() - 1];
        assert_eq!(plain(damaged), damaged);
        assert!(read(damaged).unwrap_err().starts_with("change k cannot be read: "));
        assert_eq!(read(&brief), Ok(form));
    }

    #[test]
    fn a_record_of_the_future_is_told_from_a_damaged_one() {
        assert_eq!(
            read(&[4, 0, b'{', b'}']).unwrap_err(),
            "change k has record version 4, this program knows up to 3; use a newer regwatch"
        );
        assert_eq!(read(&[2, 9, 0]).unwrap_err(), "change k cannot be read: dictionary 9, expected 1");
        assert_eq!(read(&[]).unwrap_err(), "change k cannot be read: 0 bytes, expected at least 2");
        assert_eq!(
            read(&[1, 9, 0]).unwrap_err(),
            "change k cannot be read: version 1, form 9, expected version 1, form 0 or 1"
        );
        assert_eq!(read(&[1, 1, 0]).unwrap_err(), "change k cannot be read: 1 bytes of SHA-256, expected 32");
        assert!(from_json::<u8>("change", b"k", b"{}").is_err());
    }
}
