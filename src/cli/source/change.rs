//! `regwatch source pause`, `resume`, `edit` and `remove`.

use chrono::NaiveDate;
use clap::Args;
use serde::Serialize;

use super::{moment, source_of};
use crate::cli::Context;
use crate::cli::reload::take_over;
use crate::config::{Edit, SourceRevision};
use crate::control::{Paused, command};
use crate::domain::id::SourceId;

#[derive(Debug, Args)]
pub(in crate::cli) struct Pause {
    /// The source's id.
    id: SourceId,
    /// The day on which reading resumes, such as 2026-12-24 [default: when you run `resume`].
    #[arg(long, value_name = "DAY")]
    until: Option<NaiveDate>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Change {
    /// The source's id.
    id: SourceId,
    /// A key with its new value, such as `schedule="0 9 * * *"`; repeatable.
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair, required_unless_present = "unset")]
    set: Vec<(String, String)>,
    /// A key to remove, so that its default applies; repeatable.
    #[arg(long, value_name = "KEY")]
    unset: Vec<String>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE, such as title=\"Covered List\"")?;
    Ok((key.trim().to_owned(), value.trim().to_owned()))
}

pub(super) async fn pause(pause: Pause, context: &Context) -> anyhow::Result<()> {
    let config = context.config()?;
    source_of(&config, &pause.id)?;
    let ask = command::PauseSource { id: pause.id, until: pause.until };
    let paused = context.ask_with(config, ask).await?;
    show(&paused, context)
}

pub(super) async fn resume(id: SourceId, context: &Context) -> anyhow::Result<()> {
    let config = context.config()?;
    source_of(&config, &id)?;
    let paused = context.ask_with(config, command::ResumeSource { id }).await?;
    show(&paused, context)
}

fn show(paused: &Paused, context: &Context) -> anyhow::Result<()> {
    if context.output.json {
        return context.output.object(paused);
    }
    let id = &paused.id;
    context.output.line(match (paused.paused, paused.until) {
        (false, _) => format!("{id} has resumed its schedule"),
        (true, None) => format!("{id} is paused until `regwatch source resume {id}`"),
        (true, Some(until)) => format!("{id} is paused until {}", moment(until)),
    })
}

/// `source edit --json` and `source remove --json`.
#[derive(Debug, Serialize)]
struct WrittenFiles<'a> {
    id: &'a SourceId,
    #[serde(rename = "written")]
    files: Vec<std::path::PathBuf>,
    taken_over: bool,
}

pub(super) async fn edit(change: Change, context: &Context) -> anyhow::Result<()> {
    let (mut edit, _) = Edit::begin(&context.config)?;
    edit.revise_source(&change.id, &SourceRevision { set: change.set, unset: change.unset })?;
    write(&change.id, edit, "changed", context).await
}

pub(super) async fn remove(id: SourceId, context: &Context) -> anyhow::Result<()> {
    let (mut edit, _) = Edit::begin(&context.config)?;
    edit.remove_source(&id)?;
    write(&id, edit, "no longer watched; its reads stay in the store", context).await
}

async fn write(id: &SourceId, edit: Edit, done: &str, context: &Context) -> anyhow::Result<()> {
    let written = edit.write()?;
    let taken_over = take_over(context.config()?).await?.is_some();
    if context.output.json {
        return context.output.object(&WrittenFiles { id, files: written, taken_over });
    }
    for path in &written {
        // A file in which nothing is left is removed.
        let deed = if path.exists() { "written" } else { "removed" };
        context.output.item(&format!("{id}: {done} ({deed}: {})", path.display()))?;
    }
    if taken_over {
        context.output.line("in force in the daemon")?;
    }
    Ok(())
}
