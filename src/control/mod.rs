//! What an operator can ask of regwatch, with or without a daemon.
//!
//! One process owns the store. Where a daemon runs, a command goes to it through
//! a Unix socket; where none does, the command line opens the store and executes
//! it itself. Whose store the daemon has is asked before anything else. Both ways end in [`Ask::answer`], so that there is one
//! behaviour. Progress streams back while the work goes on.
//!
//! Deliberately absent: any authorisation beyond the socket's file mode, which
//! lets in its owner and nobody else.

mod ask;
mod client;
pub mod command;
mod deed;
mod owner;
mod reply;
mod server;
mod service;
mod socket;

pub use ask::{Ask, ProgressReporter};
pub use client::{Client, ClientError};
pub use owner::StoreOwner;
pub use reply::{
    CompanyOnSource, DecidedChange, Handled, HookLog, InForce, MailDetail, MailSummary, NewToken, NewWebhook,
    Paused, Questioned, RetractedRead, Reviews, SourceDetail, SourceEntries, SourceStatus, StandingSummary,
    Subscribed, Tidied, Wishes,
};
pub use server::ControlServer;
pub use service::{CommandError, CommandService, InUse, ServiceParts};
pub use socket::ListenError;
