//! The operator's decisions: TOML in, a validated [`Config`] of plain [`crate::settings`] out.
//!
//! [`load()`] reads the main file and the files it includes (`load`, `file`), walks
//! them as a tree in which every value knows its place (`node`), turns each table
//! into its settings (`section`, `mail`, `source`, `request`, `kind`, `company`,
//! `category`), and looks at all companies together (`registry`). What cannot be taken is noted
//! (`fault`) and reading goes on, so that one run tells every fault. Nothing after
//! this module meets a value that was not checked: what is valid here works there.
//!
//! Companies can be changed in place ([`Edit`]): the files as they would be are
//! read like any others before one of them is written.
//!
//! Deliberately absent: changing a running service's configuration
//! ([`crate::reload`]), and any default that depends on the machine.

mod catalogue;
mod category;
mod company;
mod dkim;
mod draft;
mod edit;
mod evidence;
mod fault;
mod file;
mod fingerprint;
mod header;
mod inbox;
mod kind;
mod list;
mod load;
mod mail;
mod matching;
mod metrics;
mod node;
mod operator_login;
mod parsing;
mod registry;
mod request;
mod secret;
mod section;
mod show;
mod source;
mod starting;
mod token;
mod value;
mod way_in;
mod web;
mod whole;

pub use edit::{Edit, EditError, Revision, SourceRevision, add_include, take_back_include};
pub use fault::{ConfigError, ConfigFault};
pub use fingerprint::fingerprint;
pub use load::{load, read_source};
pub use secret::{IMAP_PASSWORD_VARIABLE, MAIL_PASSWORD_VARIABLE, STORE_PASSWORD_VARIABLE};
pub use section::store_named;
pub use show::show;
pub use starting::{Starting, StartingError, write_starting_files};
pub use whole::Config;

#[cfg(test)]
mod tests;
