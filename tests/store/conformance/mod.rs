//! What any database behind the store must do. Each of them has it included with a `Home` of its own, and
//! says of how many sequences of steps it is to make sure.

use super::{Home, SEQUENCES};

mod bodies;
pub mod chain;
mod changes;
mod claims;
mod hooks;
mod inbox;
mod incidents;
mod life;
mod model;
mod outbox;
mod reads;
mod schedules;
mod screenings;
mod search;
mod sets;
mod subscribers;
mod telling;
