//! The `regwatch` program: everything is in the library.

mod allocator;

use std::process::ExitCode;

fn main() -> ExitCode {
    take_small_pages();
    give_memory_back_soon();
    regwatch::cli::run()
}

/// Has the kernel give pages of the usual size. Many systems give huge ones unasked: each thread's few kilobytes
/// would take two megabytes, which the kernel clears first.
fn take_small_pages() {
    // Where the kernel knows no such wish, it has none to refuse.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
}

/// The allocator's number for the option "milliseconds until memory that nobody uses goes back to the system".
const PURGE_DELAY: std::ffi::c_int = 15;

/// Has the allocator give memory back after a hundredth of a second instead of a whole one: a read takes megabytes
/// for milliseconds, and of twenty reads at once what one has done with would wait while the next one takes its own.
fn give_memory_back_soon() {
    // SAFETY: sets a number that the allocator looks at from time to time; no other thread runs yet.
    #[allow(unsafe_code, reason = "a function of C is called that takes two numbers")]
    unsafe {
        libmimalloc_sys::mi_option_set(PURGE_DELAY, 10);
    }
}
