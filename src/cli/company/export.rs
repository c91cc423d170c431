//! `regwatch company export`: companies for others.

use clap::{Args, ValueEnum};

use crate::cli::Context;
use crate::cli::output::print_bytes;
use crate::exchange::Format;

/// A format by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum FormatName {
    /// One fact in each row: company, kind, value, source.
    Csv,
    /// One FollowTheMoney entity in each line.
    Ftm,
}

impl From<FormatName> for Format {
    fn from(name: FormatName) -> Self {
        match name {
            FormatName::Csv => Self::Csv,
            FormatName::Ftm => Self::Ftm,
        }
    }
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Export {
    /// The format.
    #[arg(long, value_enum, default_value_t = FormatName::Csv)]
    format: FormatName,
}

pub(super) fn run(export: &Export, context: &Context) -> anyhow::Result<()> {
    let companies = context.config()?.companies;
    print_bytes(Format::from(export.format).write(&companies)?.as_bytes())
}
