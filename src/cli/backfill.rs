//! `regwatch backfill`: an archive of a source taken in as its history.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;

use super::Context;
use super::backtest::{configured, seen_rows};
use super::exit::Exit;
use super::progress::WaitingSign;
use crate::archive::{self, CaptureFilter};
use crate::backtest::history;
use crate::control::command;
use crate::domain::id::SourceId;
use crate::domain::text::counted;

const HELP: &str = "\
Captures from before the first read of a source become its history, as if regwatch had watched it then: its states and \
the changes between them, up to the first read. Nobody is notified, now or later; an entry then counts as listed since \
the capture that shows it first. The captures run through the whole pipeline; what does not look like the source is left \
out, as in any read. A second run finds nothing older and changes nothing.

The archive is a folder, a WARC or a Git history, as for regwatch backtest.

Example: regwatch backfill fcc-covered-list captures/ --dry-run";

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct BackfillArguments {
    /// The source, which must have been read.
    #[arg(value_name = "SOURCE")]
    source: SourceId,
    /// The captures.
    #[arg(value_name = "FOLDER|WARC|GIT")]
    captures: PathBuf,
    /// In a Git repository with several files, the file to use.
    #[arg(long, value_name = "FILE")]
    path: Option<PathBuf>,
    /// Show what would be imported, but store nothing.
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn run(arguments: BackfillArguments, context: &Context) -> anyhow::Result<Exit> {
    let config = context.config()?;
    let source = configured(&config, &arguments.source)?.clone();
    let first = context.ask(command::FirstState { id: source.id.clone() }).await?;
    let Some(first) = first else {
        anyhow::bail!(
            "{0} was never read, so it has no history to extend; read it first: regwatch check now {0}",
            source.id
        );
    };
    let wanted = CaptureFilter { path: arguments.path, ..CaptureFilter::default() };
    let mut captures = archive::read(&arguments.captures, &source, &wanted)?;
    captures.retain(|capture| capture.at < first.snapshot.response.read_at);
    let run = Box::pin(history(&config, &source, &captures, &first.snapshot, first.body()?));
    let outcome = WaitingSign::for_long("running the captures", run).await;
    let outcome = outcome.context("failed to run the captures")?;
    let (states, changes) = (outcome.states.len(), outcome.changes.len());
    if !arguments.dry_run && states > 0 {
        let states = outcome.states.into_iter().map(command::PastState::from).collect();
        let backfill = command::Backfill { first: first.snapshot, states, changes: outcome.changes };
        context.ask(backfill).await?;
    }
    let output = context.output;
    if output.json {
        output.object(&serde_json::json!({
            "source": source.id,
            "captures": outcome.captures,
            "states": states,
            "changes": changes,
            "dry_run": arguments.dry_run,
        }))?;
        return Ok(Exit::Done);
    }
    if captures.is_empty() {
        output.line("no capture is older than the first read")?;
        return Ok(Exit::Done);
    }
    output.table(["READ", "CAPTURE", "FOUND"], seen_rows(&outcome.captures))?;
    let done = if arguments.dry_run { "would be imported" } else { "imported as history" };
    let (states, changes) = (counted(states, "state", "states"), counted(changes, "change", "changes"));
    output.line(format!("\n{states} and {changes} {done}; nobody is notified"))?;
    Ok(Exit::Done)
}
