//! What happens by itself: reading sources on time, and telling what was found.
//!
//! One queue of all sources, each of which is read in a task of its own, so that a
//! slow or broken one holds up nobody else, and one task that makes mails. Every
//! step takes no input but what the store has: it is woken by a signal or by its
//! timer, and may be killed and started again anywhere.
//!
//! Missed ticks collapse into one: what counts is when a source was last read.

mod due_queue;
mod plan;
mod reading;
mod screening;
mod telling;

pub use reading::ReadingLoop;
pub use screening::ScreeningLoop;
pub use telling::MailLoop;
