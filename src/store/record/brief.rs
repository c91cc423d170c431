//! Records of which every read writes one, in a few bytes.
//!
//! postcard writes values one behind the other, without names: what it wrote can be read only as the very shape that
//! was written. So a shape never changes, and another one is a further variant of [`BriefRecord`].

use serde::{Deserialize, Serialize};

use crate::domain::read_record::{BriefRead, ReadRecord};
use crate::domain::touch::{BriefTouch, Touch};

/// A record in brief. The first byte is the number of its variant.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::store) enum BriefRecord {
    Touch(BriefTouch),
    Read(BriefRead),
}

/// A record that may have a brief form.
pub(in crate::store) trait Brief: Serialize {
    /// Returns it; `None` where it would not say the same.
    fn brief(&self) -> Option<BriefRecord>;

    /// Returns the record that has this brief form; `None` if none has.
    fn of_brief(brief: BriefRecord) -> Option<Self>
    where
        Self: Sized;
}

impl Brief for Touch {
    fn brief(&self) -> Option<BriefRecord> {
        BriefTouch::of(self).map(BriefRecord::Touch)
    }

    fn of_brief(brief: BriefRecord) -> Option<Self> {
        match brief {
            BriefRecord::Touch(touch) => touch.touch(),
            BriefRecord::Read(_) => None,
        }
    }
}

impl Brief for ReadRecord {
    fn brief(&self) -> Option<BriefRecord> {
        BriefRead::of(self).map(BriefRecord::Read)
    }

    fn of_brief(brief: BriefRecord) -> Option<Self> {
        match brief {
            BriefRecord::Read(read) => read.read(),
            BriefRecord::Touch(_) => None,
        }
    }
}

/// The bytes of a record in brief; `None` if it has no such form.
pub(super) fn encode(record: &impl Brief) -> Option<Vec<u8>> {
    postcard::to_allocvec(&record.brief()?).ok()
}

/// The record that [`encode`] wrote in brief.
///
/// # Errors
/// In words, what is wrong with bytes that are none, or of another kind.
pub(super) fn decode<T: Brief>(bytes: &[u8]) -> Result<T, String> {
    T::of_brief(brief_of(bytes)?).ok_or_else(|| NOT_THIS.to_owned())
}

/// The JSON of a record that [`encode`] wrote in brief.
///
/// # Errors
/// In words, what is wrong with bytes that are none.
pub(super) fn to_json(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let json = match brief_of(bytes)? {
        BriefRecord::Touch(touch) => touch.touch().map(|touch| serde_json::to_vec(&touch)),
        BriefRecord::Read(read) => read.read().map(|read| serde_json::to_vec(&read)),
    };
    json.ok_or_else(|| NOT_THIS.to_owned())?.map_err(|error| error.to_string())
}

const NOT_THIS: &str = "a number in it is too large, or it is of another kind";

fn brief_of(bytes: &[u8]) -> Result<BriefRecord, String> {
    let (record, rest) = postcard::take_from_bytes(bytes).map_err(|error| error.to_string())?;
    if rest.is_empty() { Ok(record) } else { Err(format!("{} bytes too many", rest.len())) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::verdict::Verdict;

    fn read() -> ReadRecord {
        let at = "2027-03-04T05:06:07.123456789Z".parse().unwrap();
        let read = ReadRecord::new(at, Verdict::NotModified, None);
        ReadRecord { status: Some(304), took_ms: Some(12), entries: Some(41), ..read }
    }

    /// Stores hold what was written so.
    #[test]
    fn the_shapes_are_those_with_which_stores_were_written() {
        let touch = r#"{"since":"2027-03-04T05:06:07.123456789Z","at":"2027-03-04T05:36:07.1Z","verdict":"not-modified",
            "in_a_row":3,"today":[4,1],"not_before":"2027-03-04T06:00:00Z","jitter":258}"#;
        let touch: Touch = serde_json::from_str(touch).unwrap();
        let hex = |bytes: Option<Vec<u8>>| crate::domain::id::hex(&bytes.unwrap());
        assert_eq!(hex(encode(&touch)), "00aa8ceca997b5ca8932d68fb3efe268010304010180e4f6f7b353018202");
        assert_eq!(hex(encode(&read())), "01aa8ceca997b5ca89320101b00200010c012900");
    }

    #[test]
    fn what_was_written_in_brief_is_the_json_that_would_have_been_written() {
        let json = to_json(&encode(&read()).unwrap()).unwrap();
        assert_eq!(json, serde_json::to_vec(&read()).unwrap());
        assert_eq!(encode(&ReadRecord { reason: Some("gone".to_owned()), ..read() }), None);
    }

    #[test]
    fn what_is_damaged_is_no_record() {
        let bytes = encode(&read()).unwrap();
        for end in 0..bytes.len() {
            to_json(&bytes[..end]).unwrap_err();
        }
        assert_eq!(to_json(&[&bytes[..], &[0]].concat()).unwrap_err(), "1 bytes too many");
        to_json(&[9, 0]).unwrap_err();
    }
}
