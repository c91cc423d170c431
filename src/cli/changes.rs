//! `regwatch changes`: what changed.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use clap::{Args, Subcommand};
use serde::Serialize;

use super::Context;
use super::check::short_name;
use super::company::company_of;
use super::exit::Exit;
use super::explain;
use super::output::{minute, zone};
use super::source::source_of;
use crate::control::command;
use crate::domain::change::Change;
use crate::domain::id::{CompanyId, SourceId};
use crate::domain::text::{one_line, shorten};
use crate::render::{differences_for_terminal, for_terminal};
use crate::store::ChangeQuery;
use crate::view::TiedChange;

#[derive(Debug, Subcommand)]
pub(super) enum Changes {
    /// List changes, newest first.
    List(List),
    /// Show a change: what differs, whom it concerns, and the proof.
    Show {
        /// The change's id, or the beginning of it.
        id: String,
    },
    /// Explain whom a change concerns and why: every name found, its place in the text, its score and owners.
    Explain {
        /// The change's id, or the beginning of it.
        id: String,
    },
    /// Show a change word by word, with nothing left out.
    Diff {
        /// The change's id, or the beginning of it.
        id: String,
    },
}

#[derive(Debug, Args)]
pub(super) struct List {
    /// Only changes of this source.
    #[arg(long, value_name = "ID")]
    source: Option<SourceId>,
    /// Only changes that concern this company.
    #[arg(long, value_name = "ID")]
    company: Option<CompanyId>,
    /// Only changes that may concern a company, by a name close to its own.
    #[arg(long)]
    possible: bool,
    /// Only changes found on this day (UTC) or later, such as 2026-11-01.
    #[arg(long, value_name = "DATE")]
    since: Option<NaiveDate>,
    /// The most changes to list.
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
}

impl From<List> for ChangeQuery {
    fn from(list: List) -> Self {
        Self {
            source: list.source,
            company: list.company,
            is_possible: list.possible,
            since: list.since.map(beginning_of),
            limit: list.limit,
        }
    }
}

/// When a day begins, in UTC.
pub(super) fn beginning_of(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

pub(super) async fn run(verb: Changes, context: &Context) -> anyhow::Result<Exit> {
    match verb {
        Changes::List(list) => print_list(list.into(), context).await?,
        Changes::Show { id } => {
            let companies = context.config()?.companies;
            let change = find(id, context).await?;
            let ties = context.ask(command::ListTies { id: change.id.to_string() }).await?;
            if context.output.json {
                context.output.object(&Told { change: &change, ties: &ties })?;
            } else {
                let text =
                    for_terminal(&change, |id| short_name(&companies, id), zone(), context.output.colour);
                context.output.line(text.trim_end())?;
                for tie in &ties {
                    context.output.line(tied(tie))?;
                }
            }
        }
        Changes::Explain { id } => {
            let change = find(id, context).await?;
            explain::change(&change, context.output)?;
        }
        Changes::Diff { id } => {
            let change = find(id, context).await?;
            if context.output.json {
                context.output.object(&word_diff(&change))?;
            } else {
                let text = differences_for_terminal(&change, context.output.colour);
                context.output.line(text.trim_end())?;
            }
        }
    }
    Ok(Exit::Done)
}

async fn print_list(query: ChangeQuery, context: &Context) -> anyhow::Result<()> {
    let changes = find_all(query.clone(), context).await?;
    if context.output.json {
        return context.output.object(&serde_json::json!({ "changes": changes }));
    }
    let rows = changes.iter().map(|change| {
        let companies: Vec<&str> = if query.is_possible {
            change.possible.iter().map(|found| found.company.as_str()).collect()
        } else {
            change.companies().into_iter().map(CompanyId::as_str).collect()
        };
        [
            change.id.short().to_owned(),
            minute(change.found_at),
            change.source.to_string(),
            change.entry.kind.to_string(),
            companies.join(" "),
            change.entry.title.clone(),
        ]
    });
    context.output.table(["CHANGE", "FOUND", "SOURCE", "KIND", "COMPANIES", "ENTRY"], rows)
}

/// The changes of a query. No changes of a source or a company that does not exist would look as if all was quiet.
pub(super) async fn find_all(query: ChangeQuery, context: &Context) -> anyhow::Result<Vec<Change>> {
    let (source, company) = (query.source.clone(), query.company.clone());
    let changes = context.ask(command::ListChanges { query }).await?;
    // What was removed from the files still has its changes.
    if changes.is_empty() && (source.is_some() || company.is_some()) {
        let config = context.config()?;
        if let Some(id) = source {
            source_of(&config, &id)?;
        }
        if let Some(id) = company {
            company_of(&config.companies, &id)?;
        }
    }
    Ok(changes)
}

/// A change with how it is tied to others.
#[derive(Serialize)]
struct Told<'a> {
    #[serde(flatten)]
    change: &'a Change,
    ties: &'a [TiedChange],
}

/// A tie in a line.
fn tied(tie: &TiedChange) -> String {
    let label = if tie.is_same { "also told by" } else { "see also" };
    let (source, title) = (one_line(&tie.source_title), shorten(&one_line(&tie.title), 120));
    let (id, at, happened) = (tie.id.short(), minute(tie.found_at), &tie.happened);
    format!("  {label} {source}, {at}: {happened} {title} ({}; change {id})", one_line(&tie.number))
}

async fn find(id: String, context: &Context) -> anyhow::Result<Change> {
    context.ask(command::ShowChange { id }).await
}

fn word_diff(change: &Change) -> serde_json::Value {
    let fields: Vec<_> = change
        .entry
        .fields
        .iter()
        .map(|field| {
            let (before, after) =
                (field.before.as_deref().unwrap_or_default(), field.after.as_deref().unwrap_or_default());
            serde_json::json!({ "name": field.name, "runs": crate::domain::text_diff::words(before, after) })
        })
        .collect();
    serde_json::json!({ "id": change.id, "fields": fields })
}
