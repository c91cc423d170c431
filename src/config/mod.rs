//! The operator's decisions: raw TOML in, a validated [`Config`] out.

mod settings;

pub use settings::*;
