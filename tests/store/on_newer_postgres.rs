//! What any database must do, done by a PostgreSQL server of the newer version: what the server decides by itself, such as who
//! comes first of two that write at once, what a claim passes over and what a clean-up leaves. The rest is our own code over
//! statements which `server.rs` has every version prepare, and explain where they are asked often.

use crate::postgres_home::NewerHome as Home;

/// What many sequences show does not depend on the server's version.
const SEQUENCES: u32 = 2;

#[path = "conformance/bodies.rs"]
mod bodies;
#[path = "conformance/claims.rs"]
mod claims;
#[path = "conformance/model.rs"]
mod model;
#[path = "conformance/outbox.rs"]
mod outbox;
#[path = "conformance/reads.rs"]
mod reads;
#[path = "conformance/sets.rs"]
mod sets;
#[path = "conformance/telling.rs"]
mod telling;
