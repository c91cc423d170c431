//! What any database must do, done by sled.

pub use crate::fixture::Home;

const SEQUENCES: u32 = 40;

#[path = "conformance/mod.rs"]
pub mod conformance;
