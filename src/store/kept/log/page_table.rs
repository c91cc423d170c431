//! What the engine's snapshot says: where every page lies.

use std::collections::HashMap;

use super::format::ByteCursor;
use super::scan::{Log, LogPlace, PageState};

/// A snapshot's content.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PageTable {
    /// All of the log before this place is taken over.
    end: u64,
    /// The messages of each page that is there, by their places in the log and in the file.
    pages: HashMap<u64, Vec<(u64, u64)>>,
}

impl PageTable {
    /// Reads one; `None` where the engine would read none either.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let mut bytes = ByteCursor(bytes);
        // One more than it is, so that 0 is for none.
        let end = i64::from_le_bytes(bytes.fixed()?).saturating_sub(1);
        bytes.number()?;
        let mut pages = HashMap::new();
        for page in 0.. {
            if bytes.0.is_empty() {
                break;
            }
            let count = bytes.byte()?;
            if count == 0 {
                // A page that is no more.
                bytes.fixed::<8>()?;
                offset(&mut bytes)?;
                continue;
            }
            let messages: Option<Vec<_>> = (0..count).map(|_| message(&mut bytes)).collect();
            pages.insert(page, messages?);
        }
        Some(Self { end: u64::try_from(end).unwrap_or(0), pages })
    }

    /// Whether a log says the same up to where it was taken over. What it says after that makes no difference: of
    /// a page that was written anew since the engine looks at nothing else.
    pub(super) fn is_of(&self, log: &Log) -> bool {
        let is_known = |page: &u64| log.pages.contains_key(page);
        self.pages.keys().all(is_known)
            && log.pages.iter().all(|(page, state)| match state {
                PageState::There { whole, changes } if whole.lsn < self.end => {
                    let before = [whole].into_iter().chain(changes).filter(|place| place.lsn < self.end);
                    let said = self.pages.get(page);
                    said.is_some_and(|said| before.map(LogPlace::of_both).eq(said.iter().copied()))
                }
                _ => true,
            })
    }
}

/// The place of a message in the log and in the file.
fn message(bytes: &mut ByteCursor<'_>) -> Option<(u64, u64)> {
    let lsn = u64::try_from(i64::from_le_bytes(bytes.fixed()?)).ok()?;
    let offset = offset(bytes)?;
    bytes.number()?;
    Some((lsn, offset))
}

/// The place in the file; the name of a file of its own may follow.
fn offset(bytes: &mut ByteCursor<'_>) -> Option<u64> {
    let is_apart = match bytes.byte()? {
        0 => false,
        1 => true,
        _ => return None,
    };
    let offset = bytes.number()?;
    if is_apart {
        bytes.fixed::<8>()?;
    }
    Some(offset)
}
