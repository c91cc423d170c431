//! What any database must do, done by a PostgreSQL server.

pub use crate::postgres_home::Home;

/// Each step goes to the server and back several times.
const SEQUENCES: u32 = 12;

#[path = "conformance/mod.rs"]
mod conformance;
