//! What any database behind the store must do.

mod bodies;
mod chain;
mod changes;
mod inbox;
mod incidents;
mod life;
mod model;
mod outbox;
mod reads;
mod schedules;
mod screenings;
mod search;
mod subscribers;
mod telling;
