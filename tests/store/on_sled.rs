//! What any database must do, done by sled.

pub use crate::fixture::Home;

#[path = "conformance/mod.rs"]
pub mod conformance;
