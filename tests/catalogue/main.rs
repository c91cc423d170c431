//! The shipped catalogue against its recorded world: the configuration as it ships, changed in nothing but contact,
//! sender, proxy and certificate, and a proxy that answers for the real hosts with bodies of their true structure.
//!
//! `cargo test` begins with tests in the order of their names: what takes longest is called so that it is not the last.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]
#![expect(clippy::format_push_string, reason = "documents are put together piece by piece, once a test")]

mod as_shipped;
mod bodies;
mod install;
#[path = "../left_out/mod.rs"]
mod left_out;
mod mutated;
mod proxy;
mod reach;
mod world;
