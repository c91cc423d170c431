//! `regwatch replay`: today's extractor over the bodies of the past.

use chrono::NaiveDate;
use clap::Args;

use super::Context;
use super::changes::beginning_of;
use super::check::{counted, short_name};
use super::exit::Exit;
use super::output::{Output, zone};
use super::source::moment;
use crate::check::{ReplayReport, ReplayStep};
use crate::control::command;
use crate::domain::change::Change;
use crate::domain::company::Company;
use crate::domain::id::SourceId;
use crate::render::for_terminal;

#[derive(Debug, Args)]
pub(super) struct ReplayArguments {
    /// The source.
    #[arg(value_name = "SOURCE")]
    id: SourceId,
    /// Only states read on this day (UTC) or later, such as 2026-11-01.
    #[arg(long, value_name = "DATE")]
    since: Option<NaiveDate>,
}

pub(super) async fn run(arguments: ReplayArguments, context: &Context) -> anyhow::Result<Exit> {
    let config = context.config()?;
    let companies = config.companies.clone();
    let since = arguments.since.map(beginning_of);
    let replay = context.ask_with(config, command::Replay { id: arguments.id, since }).await?;
    if context.output.json {
        context.output.object(&replay)?;
    } else {
        show(&replay, &companies, context.output)?;
    }
    Ok(Exit::Done)
}

fn show(replay: &ReplayReport, companies: &[Company], output: Output) -> anyhow::Result<()> {
    let rows = replay
        .steps
        .iter()
        .map(|step| [step.sequence.to_string(), moment(step.read_at), found(step), step.sha256.to_string()]);
    output.table(["#", "READ", "FOUND TODAY", "SHA-256"], rows)?;
    for step in &replay.steps {
        let differing = [
            ("would be reported now, but was not", &step.only_now),
            ("was reported, but would not be now", &step.only_then),
        ];
        for (what, changes) in differing {
            show_changes(step, what, changes, companies, output)?;
        }
    }
    Ok(())
}

fn show_changes(
    step: &ReplayStep,
    what: &str,
    changes: &[Change],
    companies: &[Company],
    output: Output,
) -> anyhow::Result<()> {
    for change in changes {
        output.line(format!("\n#{}: {what}", step.sequence))?;
        output
            .line(for_terminal(change, |id| short_name(companies, id), zone(), output.colour).trim_end())?;
    }
    Ok(())
}

/// What a state holds today, and how that differs from what was told.
fn found(step: &ReplayStep) -> String {
    if let Some(problem) = &step.problem {
        return format!("unreadable: {problem}");
    }
    let entries = counted(step.entries.unwrap_or_default(), "entry", "entries");
    if step.baseline {
        return format!("{entries} (baseline)");
    }
    let mut parts = vec![entries, format!("{} as reported", counted(step.same.len(), "change", "changes"))];
    for (changes, what) in [(&step.only_now, "only now"), (&step.only_then, "only then")] {
        if !changes.is_empty() {
            parts.push(format!("{} {what}", changes.len()));
        }
    }
    parts.join(", ")
}
