//! The house itself: its layers, and what it is built of.

#![expect(clippy::unwrap_used, reason = "a file that cannot be read is a failed test")]

mod dependencies;
mod layering;
mod links;
mod names;
mod style;
mod words;
