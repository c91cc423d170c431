//! `regwatch source noise`: what changes at every read, proposed as noise and accepted as such.

use clap::Subcommand;

use super::{moment, source_of};
use crate::cli::Context;
use crate::cli::exit::Exit;
use crate::cli::reload::take_over;
use crate::config::Edit;
use crate::control::command;
use crate::domain::flicker::Flicker;
use crate::domain::id::SourceId;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Noise {
    /// List what changed at every one of the last reads, and only in its digits.
    List {
        /// The source.
        id: SourceId,
    },
    /// Accept the proposal: write its patterns into the source's noise.
    Accept {
        /// The source.
        id: SourceId,
    },
}

pub(super) async fn run(verb: Noise, context: &Context) -> anyhow::Result<Exit> {
    match verb {
        Noise::List { id } => list(id, context).await?,
        Noise::Accept { id } => accept(id, context).await?,
    }
    Ok(Exit::Done)
}

async fn proposed(id: &SourceId, context: &Context) -> anyhow::Result<Vec<Flicker>> {
    let config = context.config()?;
    source_of(&config, id)?;
    let detail = context.ask_with(config, command::ShowSource { id: id.clone() }).await?;
    let mut flickers = detail.status.state.map(|state| state.flickers).unwrap_or_default();
    flickers.retain(Flicker::is_proposed);
    Ok(flickers)
}

async fn list(id: SourceId, context: &Context) -> anyhow::Result<()> {
    let proposed = proposed(&id, context).await?;
    if context.output.json {
        return context.output.object(&proposed);
    }
    if proposed.is_empty() {
        return context.output.line(format!("nothing in {id} changes at every read only in its digits"));
    }
    let rows = proposed.into_iter().map(|flicker| {
        [flicker.title, flicker.line, flicker.times.to_string(), moment(flicker.since), flicker.pattern]
    });
    context.output.table(["ENTRY", "LINE", "READS", "SINCE", "PATTERN"], rows)
}

async fn accept(id: SourceId, context: &Context) -> anyhow::Result<()> {
    let proposed = proposed(&id, context).await?;
    if proposed.is_empty() {
        anyhow::bail!("nothing in {id} is proposed as noise; see `regwatch source noise list {id}`");
    }
    let patterns: Vec<String> = proposed.into_iter().map(|flicker| flicker.pattern).collect();
    let (mut edit, _) = Edit::begin(&context.config)?;
    edit.pass_over(&id, &patterns)?;
    let written = edit.write()?;
    let taken_over = take_over(context.config()?).await?.is_some();
    if context.output.json {
        return context.output.object(&serde_json::json!({ "written": written, "patterns": patterns }));
    }
    for pattern in &patterns {
        context.output.line(format!("{id}: ignored from now on: {pattern}"))?;
    }
    for path in &written {
        context.output.line(format!("written: {}", path.display()))?;
    }
    if taken_over {
        context.output.line("in force in the daemon")?;
    }
    Ok(())
}
