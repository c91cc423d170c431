//! The store, held to its word: what was acknowledged is there, whole, whatever ended the process.
//!
//! `conformance` is what any database behind the store must pass; `killed` ends the writing process
//! at any moment, `power_cut` the machine; `growth` looks at what an uneventful day costs.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]
#![allow(clippy::print_stdout, reason = "a test tells what it counted")]

mod damaged;
mod disk_full;
mod durability;
mod fixture;
mod growth;
mod killed;
#[path = "../left_out/mod.rs"]
mod left_out;
mod lost;
mod machine;
mod meter;
mod numbered;
mod old;
#[path = "../old_store/mod.rs"]
mod old_store;
#[expect(clippy::duplicate_mod, reason = "the same must hold of every database")]
mod on_newer_postgres;
#[expect(clippy::duplicate_mod, reason = "the same must hold of every database")]
mod on_postgres;
#[expect(clippy::duplicate_mod, reason = "the same must hold of every database")]
mod on_sled;
mod owned;
#[path = "../postgres/mod.rs"]
mod postgres;
mod postgres_home;
mod power_cut;
mod process;
mod server;
mod together;
mod workers;
