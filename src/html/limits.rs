//! How much one extraction may hold at once.
//!
//! A body of short rows takes a hundred times its own size when it becomes entries. What is counted are
//! entries, and what a parser makes of a body before: nodes of a page, values of JSON, elements of XML.
//! The limit is the source's (`guard.max_entries`). It is set for the thread that reads a body while it
//! does: every extractor counts, and none has to hand it on.

use std::cell::Cell;

use crate::domain::guard::DEFAULT_MAX_ENTRIES;
use crate::domain::verdict::Unreadable;

/// For each entry that a source may have a parser may hold so many nodes, values or elements.
const PARTS_PER_ENTRY: usize = 5;

/// For each entry that a source may have its entries together may say so many bytes.
const BYTES_PER_ENTRY: usize = 512;

/// So many bytes they may say however few they are.
const MIN_BYTES: usize = 64 << 20;

thread_local! {
    static MAX_ENTRIES: Cell<usize> = const { Cell::new(DEFAULT_MAX_ENTRIES) };
}

/// Restores the limit, also where the work panics.
struct Restore(usize);

impl Drop for Restore {
    fn drop(&mut self) {
        MAX_ENTRIES.set(self.0);
    }
}

/// Does work that may make at most so many entries.
pub fn within<T>(max_entries: usize, work: impl FnOnce() -> T) -> T {
    let _restore = Restore(MAX_ENTRIES.replace(max_entries));
    work()
}

/// # Errors
/// Where there are more entries, or rows of them, than the source may have.
pub(crate) fn check_entries(count: usize) -> Result<(), Unreadable> {
    check("entries", count, MAX_ENTRIES.get())
}

/// # Errors
/// Where a parser would hold more than that many entries are made of.
pub(crate) fn check_parts(what: &'static str, count: usize) -> Result<(), Unreadable> {
    check(what, count, max_parts())
}

/// # Errors
/// Where entries together say more than that many may.
pub(crate) fn check_bytes(bytes: usize) -> Result<(), Unreadable> {
    check(
        "bytes of text in the entries",
        bytes,
        MAX_ENTRIES.get().saturating_mul(BYTES_PER_ENTRY).max(MIN_BYTES),
    )
}

/// So many nodes, values or elements may be held at once.
pub(crate) fn max_parts() -> usize {
    MAX_ENTRIES.get().saturating_mul(PARTS_PER_ENTRY)
}

fn check(what: &'static str, count: usize, limit: usize) -> Result<(), Unreadable> {
    if count > limit {
        return Err(Unreadable::TooMany { what, limit, max_entries: MAX_ENTRIES.get() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_holds_while_the_work_is_done() {
        assert!(check_entries(DEFAULT_MAX_ENTRIES).is_ok());
        within(3, || {
            assert!(check_entries(3).is_ok() && check_parts("nodes", 15).is_ok());
            let error = check_entries(4).unwrap_err().to_string();
            assert_eq!(error, "there are more than 3 entries (guard.max_entries is 3)");
            assert!(check_parts("nodes", 16).is_err());
            assert!(check_bytes(MIN_BYTES).is_ok() && check_bytes(MIN_BYTES + 1).is_err());
        });
        assert!(check_entries(4).is_ok());
    }
}
