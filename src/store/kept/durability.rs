//! Making sled's `flush` mean what it says on Linux.
//!
//! sled 0.34.7 ends a flush with `sync_file_range(2)`, whose manual page warns
//! that it gives no guarantee after a crash: neither the file's metadata nor the
//! disk's write cache are forced out. This program therefore defines the C
//! function of that name itself, with `fdatasync(2)` inside; the linker prefers
//! it to the one of the C library. A counter proves at every start that the first
//! flush went through it. See `docs/adr/0003-sled.md`, and
//! `tests/store/power_cut.rs` for what happens on a disk that loses power.
//!
//! The one `unsafe` of the library.
#![allow(unsafe_code, reason = "a C function is defined and another called")]

use std::sync::atomic::{AtomicU64, Ordering};

static FORCED: AtomicU64 = AtomicU64::new(0);

/// How often sled has forced its log to the disk since this process began.
pub(super) fn times_forced() -> u64 {
    FORCED.load(Ordering::SeqCst)
}

/// Whether sled's flush goes through this file on this system. Elsewhere it calls the system's own
/// full synchronisation.
pub(super) const IS_OURS: bool = cfg!(target_os = "linux");

/// Stands in for the C library's function of this name: forces the whole file, not a range.
///
/// Returns 0, or -1 with `errno` set, as the original does.
#[cfg(target_os = "linux")]
#[unsafe(no_mangle)]
extern "C" fn sync_file_range(
    descriptor: libc::c_int,
    _offset: libc::off64_t,
    _length: libc::off64_t,
    _flags: libc::c_uint,
) -> libc::c_int {
    // SAFETY: `fdatasync` takes any integer and touches no memory; a bad descriptor is an error.
    let outcome = unsafe { libc::fdatasync(descriptor) };
    if outcome == 0 {
        FORCED.fetch_add(1, Ordering::SeqCst);
    }
    outcome
}
