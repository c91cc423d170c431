//! Alerts become mails: who is told what, when, once.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod clock;
mod event;
mod grouping;
mod spread;
mod stand;
mod withdraw;
