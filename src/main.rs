//! The `regwatch` program: everything is in the library.

mod allocator;

use std::process::ExitCode;

fn main() -> ExitCode {
    regwatch::cli::run()
}
