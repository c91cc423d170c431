//! How sled 0.34.7 writes numbers, segment headers and messages.

/// The length of a segment; the engine's default, which was never changed.
pub(super) const SEGMENT_BYTES: usize = 512 * 1024;

/// A segment's header: checksum, LSN, the LSN up to which all was on the disk when it was begun.
pub(super) const SEGMENT_HEADER_BYTES: usize = 20;

/// A message's header has no more; no message begins in the last bytes of a segment.
pub(super) const MAX_HEADER_BYTES: usize = 32;

/// A cursor over bytes; everything read through it may be missing.
#[derive(Debug, Clone, Copy)]
pub(super) struct ByteCursor<'a>(pub(super) &'a [u8]);

impl<'a> ByteCursor<'a> {
    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(head)
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    pub(super) fn fixed<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    /// A number in as few bytes as it needs.
    pub(super) fn number(&mut self) -> Option<u64> {
        let first = self.byte()?;
        Some(match first {
            0..=240 => u64::from(first),
            241..=248 => 240 + 256 * (u64::from(first) - 241) + u64::from(self.byte()?),
            249 => 2288 + 256 * u64::from(self.byte()?) + u64::from(self.byte()?),
            250..=255 => {
                let mut whole = [0; 8];
                let count = usize::from(first) - 247;
                whole[..count].copy_from_slice(self.take(count)?);
                u64::from_le_bytes(whole)
            }
        })
    }

    /// A number that says how many bytes or items follow.
    pub(super) fn count(&mut self) -> Option<usize> {
        self.number().and_then(|count| usize::try_from(count).ok())
    }

    /// Bytes with their length before them.
    pub(super) fn text(&mut self) -> Option<&'a [u8]> {
        let count = self.count()?;
        self.take(count)
    }
}

/// The beginning of a segment.
#[derive(Debug, Clone, Copy)]
pub(super) struct SegmentHeader {
    /// Where in the log it stands.
    pub(super) lsn: u64,
    /// Up to where all of the log was on the disk when it was begun; -1 for nothing.
    pub(super) stable: i64,
}

impl SegmentHeader {
    /// Reads one; nothing where it is none, or its checksum is wrong.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let mut bytes = ByteCursor(bytes.get(..SEGMENT_HEADER_BYTES)?);
        let checksum = u32::from_le_bytes(bytes.fixed()?) ^ u32::MAX;
        if crc32fast::hash(bytes.0) != checksum {
            return None;
        }
        let mut lsn = || Some(i64::from_le_bytes(bytes.fixed()?) ^ i64::MAX);
        let (lsn, stable) = (lsn()?, lsn()?);
        let lsn = u64::try_from(lsn).ok()?;
        lsn.is_multiple_of(SEGMENT_BYTES as u64).then_some(Self { lsn, stable })
    }
}

/// What a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MessageKind {
    /// Of a step that was given up.
    Canceled,
    /// Nothing comes after it in its segment.
    Cap,
    /// All up to a place in the log belongs together.
    Batch,
    /// A page that is no more.
    Free,
    /// A whole page, in the log or in a file of its own.
    Whole {
        /// It lies in a file of its own, which the content names.
        apart: bool,
    },
    /// A change to a page.
    Change {
        /// It lies in a file of its own, which the content names.
        apart: bool,
    },
}

impl MessageKind {
    fn of(byte: u8) -> Option<Self> {
        Some(match byte {
            1 => Self::Canceled,
            2 => Self::Cap,
            3 => Self::Batch,
            4 => Self::Free,
            5 | 6 | 8 => Self::Whole { apart: false },
            7 | 9 => Self::Whole { apart: true },
            10 => Self::Change { apart: false },
            11 => Self::Change { apart: true },
            _ => return None,
        })
    }
}

/// A message of the log.
#[derive(Debug, Clone, Copy)]
pub(super) struct LogMessage<'a> {
    pub(super) kind: MessageKind,
    /// The page it is about.
    pub(super) page: u64,
    pub(super) content: &'a [u8],
    /// With its header.
    pub(super) bytes: usize,
}

impl<'a> LogMessage<'a> {
    /// Whether a message seems to begin here, whole or not.
    pub(super) fn begins(bytes: &[u8], segment_number: u64) -> bool {
        let mut rest = ByteCursor(bytes);
        let mut header = || {
            rest.take(4)?;
            MessageKind::of(rest.byte()?)?;
            rest.count()?;
            rest.number()
        };
        header() == Some(segment_number)
    }

    /// Reads the message that begins here; nothing where none does, its checksum is wrong, or it belongs to
    /// what the segment held before.
    pub(super) fn read(bytes: &'a [u8], segment_number: u64) -> Option<Self> {
        let mut rest = ByteCursor(bytes);
        let checksum = u32::from_le_bytes(rest.fixed()?);
        let kind = MessageKind::of(rest.byte()?)?;
        let count = rest.count()?;
        let number = rest.number()?;
        let page = rest.number()?;
        if number != segment_number {
            return None;
        }
        let header = bytes.len() - rest.0.len();
        let content = rest.take(count)?;
        let mut crc = crc32fast::Hasher::new();
        crc.update(content);
        crc.update(&bytes[4..header]);
        let crc = crc.finalize();
        (crc ^ u32::MAX == checksum).then_some(Self { kind, page, content, bytes: header + count })
    }
}
