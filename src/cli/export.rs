//! `regwatch export`: changes and entries for others.

use clap::{Args, Subcommand, ValueEnum};

use super::Context;
use super::changes::{beginning_of, find_all};
use super::exit::Exit;
use super::output::print_bytes;
use crate::control::command;
use crate::domain::id::{CompanyId, SourceId};
use crate::exchange::{changes, events};
use crate::store::ChangeQuery;

#[derive(Debug, Subcommand)]
pub(super) enum ExportVerb {
    /// Export changes, newest first.
    Changes(ExportChanges),
    /// Export what sources say now, entry by entry, as FollowTheMoney documents with the companies they name.
    Entries(ExportEntries),
}

/// A format by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum FormatName {
    /// One change in each row.
    Csv,
    /// One FollowTheMoney entity in each line: events, and the companies involved.
    Ftm,
}

#[derive(Debug, Args)]
pub(super) struct ExportChanges {
    /// The format.
    #[arg(long, value_enum, default_value_t = FormatName::Ftm)]
    format: FormatName,
    /// Only changes of this source.
    #[arg(long, value_name = "ID")]
    source: Option<SourceId>,
    /// Only changes that concern this company.
    #[arg(long, value_name = "ID")]
    company: Option<CompanyId>,
    /// Only changes found on this day (UTC) or later, such as 2026-11-01.
    #[arg(long, value_name = "DATE")]
    since: Option<chrono::NaiveDate>,
    /// The most changes to export [default: all].
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

#[derive(Debug, Args)]
pub(super) struct ExportEntries {
    /// Only this source; repeatable [default: all].
    #[arg(long = "source", value_name = "ID")]
    sources: Vec<SourceId>,
}

pub(super) async fn run(verb: ExportVerb, context: &Context) -> anyhow::Result<Exit> {
    match verb {
        ExportVerb::Changes(export) => export_changes(export, context).await?,
        ExportVerb::Entries(export) => export_entries(export, context).await?,
    }
    Ok(Exit::Done)
}

async fn export_changes(export: ExportChanges, context: &Context) -> anyhow::Result<()> {
    let query = ChangeQuery {
        source: export.source,
        company: export.company,
        is_possible: false,
        since: export.since.map(beginning_of),
        limit: export.limit.unwrap_or(usize::MAX),
    };
    let companies = context.config()?.companies;
    let found = find_all(query, context).await?;
    let text = match export.format {
        FormatName::Csv => changes::write(&found)?,
        FormatName::Ftm => events::changes(&found, &companies),
    };
    print_bytes(text.as_bytes())
}

async fn export_entries(export: ExportEntries, context: &Context) -> anyhow::Result<()> {
    let companies = context.config()?.companies;
    let said = context.ask(command::ListEntries { sources: export.sources }).await?;
    let said: Vec<events::NamingSource<'_>> = said
        .iter()
        .map(|said| events::NamingSource {
            source: &said.source,
            title: &said.title,
            evidence: &said.evidence,
            entries: &said.entries,
            named: &said.named,
        })
        .collect();
    print_bytes(events::entries(&said, &companies).as_bytes())
}
