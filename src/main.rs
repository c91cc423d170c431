//! The `regwatch` program: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    regwatch::cli::run()
}
