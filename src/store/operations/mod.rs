//! What may be asked of the store, a file for each subject.
//!
//! The words of each operation stand here, and what follows from others of them; what a database does for it stands in
//! the folder of that database under the same name.

mod alerts;
mod audit;
mod chain;
mod changes;
mod claims;
mod delivery;
mod hooks;
mod inbox;
mod incidents;
mod life;
mod outbox;
mod people;
mod reads;
mod retractions;
mod schedule;
mod screenings;
mod tokens;
mod whole;
mod workers;
