//! What an operator can ask of regwatch, with or without a daemon.
//!
//! One process owns the store. Where a daemon runs, a command goes to it through
//! a Unix socket; where none does, the command line opens the store and executes
//! it itself. Whose store the daemon has is asked before anything else. Both ways end in [`Service::execute`], so that there is one
//! behaviour. Progress streams back while the work goes on.
//!
//! Deliberately absent: any authorisation beyond the socket's file mode, which
//! lets in its owner and nobody else.

mod client;
mod command;
mod owner;
mod server;
mod service;
mod socket;

pub use client::{Client, ClientError};
pub use command::{Command, Event, MailDetail, MailSummary, Questioned, Reply, SourceDetail, SourceStatus};
pub use owner::Owner;
pub use server::Server;
pub use service::{Service, ServiceParts};
pub use socket::ListenError;
