//! The `regwatch` program: everything is in the library.

mod allocator;

use std::process::ExitCode;

fn main() -> ExitCode {
    take_small_pages();
    regwatch::cli::run()
}

/// Has the kernel give pages of the usual size. Many systems give huge ones unasked: each thread's few kilobytes
/// would take two megabytes, which the kernel clears first.
fn take_small_pages() {
    // Where the kernel knows no such wish, it has none to refuse.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
}
