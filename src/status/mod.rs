//! At a glance: how sources, mail and the store stand, and what needs a person.
//!
//! [`overview()`] is the one place that decides it. The command `regwatch status`, the page `/` and the metrics
//! all show what it returns; [`StatusReader`] gathers the facts from the store. Everything is computed when
//! somebody asks, so that nothing shown can be out of date.
//!
//! Deliberately absent: whether the installation is set up well (placeholders, DNS, a missing backup), which
//! is the doctor's, and mailing anybody, which is `escalate`'s.

mod durable;
mod facts;
mod need;
mod overview;
mod reader;
mod workers;

pub use durable::written_within;
pub use facts::{ReadFacts, SourceFacts, StatusFacts};
pub use need::{Need, kind_of_reason};
pub use overview::{Glance, MailFigures, Overview, SourceFigures, StatusFigures, StoreFigures, overview};
pub use reader::{StatusReader, StatusReaderParts};
pub use workers::{Worker, Workers};
