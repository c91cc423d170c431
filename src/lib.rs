//! regwatch watches public regulatory pages and tells the people concerned what changed.
pub mod domain;
