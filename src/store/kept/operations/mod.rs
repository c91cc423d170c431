//! What sled does for each operation of the store: a look, or a step of the writer, made of the functions of the other
//! files here.

mod alerts;
mod audit;
mod chain;
mod changes;
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
