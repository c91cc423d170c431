//! Keys that sort as they must.

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};

/// The name of a source's snapshots, without their numbers. No source id holds a zero byte.
pub(super) fn snapshots_of(source: &str) -> Vec<u8> {
    [source.as_bytes(), &[0]].concat()
}

/// The name of one snapshot; they sort by number.
pub(super) fn snapshot(source: &str, sequence: u64) -> Vec<u8> {
    [&snapshots_of(source)[..], &sequence.to_be_bytes()].concat()
}

/// What waits for a reader. No address holds a zero byte.
pub(super) fn items_of(reader: &str) -> Vec<u8> {
    [reader.as_bytes(), &[0]].concat()
}

/// One alert for one reader.
pub(super) fn item(reader: &str, alert: &str) -> Vec<u8> {
    [&items_of(reader)[..], alert.as_bytes()].concat()
}

/// A moment as a key, to the millisecond below; moments sort as they follow each other.
pub(super) fn moment(at: DateTime<Utc>) -> [u8; 8] {
    const SIGN: u64 = 1 << 63;
    (at.timestamp_millis().cast_unsigned() ^ SIGN).to_be_bytes()
}

/// The moment a key begins with.
pub(super) fn moment_of(key: &[u8]) -> Option<DateTime<Utc>> {
    const SIGN: u64 = 1 << 63;
    let head: [u8; 8] = key.get(..8)?.try_into().ok()?;
    DateTime::from_timestamp_millis((u64::from_be_bytes(head) ^ SIGN).cast_signed())
}

/// Something at a moment.
pub(super) fn at(moment_at: DateTime<Utc>, id: &str) -> Vec<u8> {
    [&moment(moment_at)[..], id.as_bytes()].concat()
}

/// A text of any length as a key.
pub(super) fn digest(text: impl AsRef<[u8]>) -> [u8; 32] {
    Sha256::digest(text).into()
}

/// What stands at a moment.
pub(super) fn id_of(key: &[u8]) -> &[u8] {
    key.get(8..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_sort_as_they_follow_each_other_and_come_back() {
        let texts = ["1969-12-31T23:59:59.5Z", "1970-01-01T00:00:00Z", "2026-11-24T13:00:00.123Z"];
        let moments: Vec<DateTime<Utc>> = texts.iter().map(|text| text.parse().unwrap()).collect();
        let keys: Vec<Vec<u8>> = moments.iter().map(|moment| at(*moment, "id")).collect();
        assert!(keys.is_sorted());
        let back: Vec<_> = keys.iter().filter_map(|key| moment_of(key)).collect();
        assert_eq!(back, moments);
        assert_eq!(id_of(&keys[0]), b"id");
    }

    #[test]
    fn a_source_whose_name_begins_another_keeps_its_snapshots_apart() {
        assert!(!snapshot("feed-2", 1).starts_with(&snapshots_of("feed")));
        assert!(snapshot("feed", 2) < snapshot("feed", 10));
    }
}
