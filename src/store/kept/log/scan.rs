//! From a file to the state of every page, as the engine would find it, and what it would pass over.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::format::{
    ByteCursor, LogMessage, MAX_HEADER_BYTES, MessageKind, SEGMENT_BYTES, SEGMENT_HEADER_BYTES, SegmentHeader,
};
use super::snapshot;

const SEGMENT: u64 = SEGMENT_BYTES as u64;

/// A message begins at or before this place of its segment.
const LAST_BEGINNING: usize = SEGMENT_BYTES - MAX_HEADER_BYTES;

/// Where a message lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LogPlace {
    pub(super) lsn: u64,
    pub(super) offset: u64,
    bytes: usize,
}

impl LogPlace {
    /// In the log and in the file.
    pub(super) fn of_both(&self) -> (u64, u64) {
        (self.lsn, self.offset)
    }
}

/// How a page stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PageState {
    /// Its last whole message and the changes after it.
    There { whole: LogPlace, changes: Vec<LogPlace> },
    /// It is no more.
    Free,
}

/// What the engine would pass over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store::kept) struct Damage {
    /// Where in the file.
    pub(in crate::store::kept) offset: u64,
    /// What is there, for people.
    pub(in crate::store::kept) what: String,
}

/// A log that was read.
#[derive(Debug)]
pub(in crate::store::kept) struct Log {
    file: File,
    folder: PathBuf,
    /// In bytes.
    pub(in crate::store::kept) length: u64,
    /// Segments that hold a part of the log.
    pub(in crate::store::kept) segments: usize,
    /// Where the log ends.
    end: u64,
    pub(super) pages: HashMap<u64, PageState>,
    /// What had to be passed over.
    pub(in crate::store::kept) damage: Vec<Damage>,
}

/// How much of a damaged log is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store::kept) enum Reach {
    /// What the engine would take.
    Engine,
    /// What it would take if it had no snapshot.
    Alone,
    /// All that can be read, also behind what cannot.
    All,
}

impl Log {
    /// Reads the log of the database in `folder`.
    ///
    /// # Errors
    /// The system's.
    pub(in crate::store::kept) fn read(folder: &Path, reach: Reach) -> io::Result<Self> {
        let file = File::open(folder.join("db"))?;
        let length = file.metadata()?.len();
        let mut log = Self {
            file,
            folder: folder.to_owned(),
            length,
            segments: 0,
            end: 0,
            pages: HashMap::new(),
            damage: Vec::new(),
        };
        let (segments, stable) = log.headers(reach)?;
        log.segments = segments.len();
        log.end = match reach {
            Reach::Engine | Reach::Alone => log.end_of_tail(&segments, stable)?,
            Reach::All => u64::MAX,
        };
        log.replay(&segments, reach)?;
        Ok(log)
    }

    /// The segments by their place in the log, and the LSN up to which all was surely on the disk: when the newest
    /// began, or when the engine wrote its snapshot.
    fn headers(&mut self, reach: Reach) -> io::Result<(BTreeMap<u64, u64>, i64)> {
        let (mut segments, mut stable) = (BTreeMap::new(), 0);
        for offset in (0..self.length).step_by(SEGMENT_BYTES) {
            let bytes = self.bytes(offset, SEGMENT_HEADER_BYTES)?;
            match SegmentHeader::read(&bytes) {
                Some(header) => {
                    stable = stable.max(header.stable);
                    if segments.insert(header.lsn, offset).is_some() {
                        self.note(offset, "a segment that is there twice".to_owned());
                    }
                }
                None if bytes.iter().all(|byte| *byte == 0) => {}
                None => self.note(offset, "a segment whose beginning cannot be read".to_owned()),
            }
        }
        if segments.is_empty() && self.length > 0 {
            self.note(0, "no segment of the log can be read".to_owned());
        }
        // Segments before the snapshot's place are zeroed once nothing in them is needed, and no header of a later
        // one need say so.
        let taken_over = match reach {
            Reach::Engine | Reach::All => snapshot::newest(&self.folder)?.map_or(-1, |newest| newest.lsn),
            Reach::Alone => -1,
        };
        Ok((segments, stable.max(taken_over)))
    }

    /// Whether another reading of the same file comes to the same pages.
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        self.end == other.end && self.pages == other.pages
    }

    /// Where the engine takes the log to end: at the first thing it cannot read behind what was surely on the
    /// disk when the newest segment began.
    fn end_of_tail(&self, segments: &BTreeMap<u64, u64>, stable: i64) -> io::Result<u64> {
        let lowest = u64::try_from(stable).unwrap_or(0) / SEGMENT * SEGMENT;
        // The engine begins a new segment where the last had no room left, and may have been ended before it did.
        let is_about_to_begin = segments.keys().next_back().is_some_and(|last| last + SEGMENT == lowest);
        let (mut expected, mut end) = (lowest, if is_about_to_begin { lowest } else { 0 });
        let is_whole = segments
            .range(lowest..)
            .enumerate()
            .all(|(index, (lsn, _))| *lsn == lowest + SEGMENT * index as u64);
        for (lsn, offset) in segments.range(lowest..) {
            if *lsn != expected {
                return Ok(end);
            }
            let bytes = self.bytes(*offset, SEGMENT_BYTES)?;
            let mut at = SEGMENT_HEADER_BYTES;
            end = lsn + at as u64;
            while at <= LAST_BEGINNING {
                let Some(message) = message(&bytes, at, *lsn) else { return Ok(end) };
                let goes_beyond = !is_whole
                    && message.kind == MessageKind::Batch
                    && batch_end(&message) > missing(segments, lowest);
                match message.kind {
                    MessageKind::Cap => break,
                    MessageKind::Batch if goes_beyond => return Ok(end),
                    _ => {}
                }
                at += message.bytes;
                end = lsn + at as u64;
            }
            expected += SEGMENT;
        }
        Ok(end)
    }

    /// Goes through the messages and notes how each page stands.
    fn replay(&mut self, segments: &BTreeMap<u64, u64>, reach: Reach) -> io::Result<()> {
        for (lsn, offset) in segments {
            let bytes = self.bytes(*offset, SEGMENT_BYTES)?;
            if *lsn >= self.end {
                self.note_beyond(*lsn, *offset, &bytes, SEGMENT_HEADER_BYTES);
                continue;
            }
            let mut at = SEGMENT_HEADER_BYTES;
            while at <= LAST_BEGINNING {
                if lsn + at as u64 >= self.end {
                    self.note_beyond(*lsn, *offset, &bytes, at);
                    break;
                }
                let Some(message) = message(&bytes, at, *lsn) else {
                    let next = next_message(&bytes, at, *lsn);
                    self.note_break(*lsn, *offset, &bytes, at);
                    match next.filter(|_| reach == Reach::All) {
                        Some(next) => {
                            at = next;
                            continue;
                        }
                        None => break,
                    }
                };
                let place =
                    LogPlace { lsn: lsn + at as u64, offset: offset + at as u64, bytes: message.bytes };
                match message.kind {
                    MessageKind::Cap => break,
                    MessageKind::Batch if reach != Reach::All && batch_end(&message) >= self.end => {
                        // A step of which not all reached the disk: nothing of it counts.
                        self.end = lsn + at as u64;
                        self.note_beyond(*lsn, *offset, &bytes, at + message.bytes);
                        break;
                    }
                    MessageKind::Batch | MessageKind::Canceled => {}
                    MessageKind::Free => drop(self.pages.insert(message.page, PageState::Free)),
                    MessageKind::Whole { .. } => {
                        let state = PageState::There { whole: place, changes: Vec::new() };
                        self.pages.insert(message.page, state);
                    }
                    MessageKind::Change { .. } => {
                        if let Some(PageState::There { changes, .. }) = self.pages.get_mut(&message.page) {
                            changes.push(place);
                        }
                    }
                }
                at += message.bytes;
            }
        }
        Ok(())
    }

    /// A message that cannot be read, in the midst of the log; where the log ends in this segment, that is no
    /// damage unless it holds more.
    fn note_break(&mut self, lsn: u64, offset: u64, bytes: &[u8], at: usize) {
        let place = offset + at as u64;
        match next_message(bytes, at, lsn) {
            Some(next) => {
                let gap = next - at;
                self.note(
                    place,
                    format!("{gap} bytes that cannot be read, with more of the log behind them"),
                );
            }
            None if bytes.len() < SEGMENT_BYTES || bytes[at..].iter().any(|byte| *byte != 0) => {
                self.note(place, "a segment whose rest cannot be read".to_owned());
            }
            None => self.note(place, "a segment whose rest is empty".to_owned()),
        }
    }

    /// What can be read behind the end of the log was once a part of it, or was on its way when the process was
    /// killed.
    fn note_beyond(&mut self, lsn: u64, offset: u64, bytes: &[u8], at: usize) {
        let begins = message(bytes, at, lsn).map_or_else(|| next_message(bytes, at, lsn), |_| Some(at));
        if let Some(next) = begins {
            let place = offset + next as u64;
            self.note(place, "a part of the log behind something that cannot be read".to_owned());
        } else if bytes.get(at..).is_some_and(|rest| LogMessage::begins(rest, lsn / SEGMENT)) {
            self.note(offset + at as u64, "the beginning of something that is not whole".to_owned());
        }
    }

    fn note(&mut self, offset: u64, what: String) {
        self.damage.push(Damage { offset, what });
    }

    /// Bytes of the file, fewer where it ends.
    fn bytes(&self, offset: u64, count: usize) -> io::Result<Vec<u8>> {
        let count = self.length.saturating_sub(offset).min(count as u64);
        let mut bytes = vec![0; usize::try_from(count).unwrap_or(0)];
        self.file.read_exact_at(&mut bytes, offset)?;
        Ok(bytes)
    }

    /// The content of a message, which may lie in a file of its own.
    pub(super) fn content(&self, place: LogPlace) -> Result<(MessageKind, Vec<u8>), String> {
        let bytes = self.bytes(place.offset, place.bytes).map_err(|error| error.to_string())?;
        let message = LogMessage::read(&bytes, place.lsn / SEGMENT)
            .ok_or_else(|| format!("nothing can be read at {}", place.offset))?;
        let (MessageKind::Whole { apart: true } | MessageKind::Change { apart: true }) = message.kind else {
            return Ok((message.kind, message.content.to_vec()));
        };
        let name = ByteCursor(message.content).fixed().map_or(-1, i64::from_le_bytes);
        let path = self.folder.join("blobs").join(name.to_string());
        let bytes = std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let (crc, rest) = bytes.split_at_checked(4).ok_or("a file of its own that is too short")?;
        let is_right = crc == crc32fast::hash(rest).to_le_bytes();
        match rest.split_first() {
            Some((_, content)) if is_right => Ok((message.kind, content.to_vec())),
            _ => Err(format!("{}: it is not what was written", path.display())),
        }
    }
}

fn message(bytes: &[u8], at: usize, lsn: u64) -> Option<LogMessage<'_>> {
    LogMessage::read(bytes.get(at..)?, lsn / SEGMENT)
}

/// The first segment that is missing among those that must follow each other.
fn missing(segments: &BTreeMap<u64, u64>, lowest: u64) -> u64 {
    let mut expected = lowest;
    while segments.contains_key(&expected) {
        expected += SEGMENT;
    }
    expected
}

/// Where the next message begins behind something that is none.
fn next_message(bytes: &[u8], at: usize, lsn: u64) -> Option<usize> {
    (at + 1..=LAST_BEGINNING.min(bytes.len())).find(|at| message(bytes, *at, lsn).is_some())
}

/// Up to where the messages after this one belong together.
fn batch_end(message: &LogMessage<'_>) -> u64 {
    let last = ByteCursor(message.content).fixed().map_or(0, i64::from_le_bytes);
    u64::try_from(last).unwrap_or(0)
}
