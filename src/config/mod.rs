//! The operator's decisions: TOML in, a validated [`Config`] out.
//!
//! [`load()`] reads the main file and the files it includes (`load`, `file`), walks
//! them as a tree in which every value knows its place (`node`), turns each table
//! into its settings (`section`, `mail`, `source`, `kind`, `company`, `category`),
//! and looks at all companies together (`registry`). What cannot be taken is noted
//! (`fault`) and reading goes on, so that one run tells every fault. Nothing after
//! this module meets a value that was not checked: what is valid here works there.
//!
//! Deliberately absent: changing a running service's configuration, and any
//! default that depends on the machine.

mod category;
mod company;
mod fault;
mod file;
mod header;
mod inbox;
mod kind;
mod list;
mod load;
mod mail;
mod matching;
mod node;
mod registry;
mod secret;
mod section;
mod settings;
mod show;
mod source;
mod spelling;
mod starting;
mod token;
mod value;

pub use fault::{ConfigError, Fault};
pub use load::load;
pub use secret::MAIL_PASSWORD_VARIABLE;
pub use settings::*;
pub use show::show;
pub use starting::{StartingError, write_starting_files};

#[cfg(test)]
mod tests;
