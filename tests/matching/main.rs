//! Names in running text: the labelled passages beside this file.

#![expect(clippy::unwrap_used, reason = "a file that cannot be read is a failed test")]

mod free_text;
