//! What any database must do, done by a PostgreSQL server.

pub use crate::postgres_home::Home;

#[path = "conformance/mod.rs"]
mod conformance;
