//! `regwatch check now`: read sources and tell what changed.

use clap::{Args, Subcommand};

use super::exit::Exit;
use super::output::{Output, wrapped, zone};
use super::problems::shared;
use super::progress::CheckProgress;
use super::{Context, open};
use crate::app::refuse_nobody;
use crate::check::ReadOptions;
use crate::config::Config;
use crate::control::ProgressReporter as Telling;
use crate::control::command;
use crate::domain::company::Company;
use crate::domain::id::{CompanyId, SourceId};
use crate::domain::report::{CheckReport, SourceCheck};
pub(super) use crate::domain::text::counted;
use crate::render::for_terminal;

#[derive(Debug, Subcommand)]
pub(super) enum Check {
    /// Read sources now, show what changed, queue and send the mails.
    ///
    /// The first sight of a source is its baseline and raises no alert. Works through the daemon if one runs.
    Now(Now),
}

#[derive(Debug, Args)]
pub(super) struct Now {
    /// Only these sources [default: all].
    #[arg(value_name = "SOURCE")]
    sources: Vec<SourceId>,
    /// Show what changed, but store nothing and send nothing.
    #[arg(long)]
    dry_run: bool,
    /// Request whole pages and compare them even if the server says that nothing changed. Also ask hosts that
    /// requested a pause (Retry-After).
    #[arg(long)]
    force: bool,
    /// Exit with 3 if something changed.
    #[arg(long)]
    exit_code: bool,
}

pub(super) async fn run(check: Check, context: &Context) -> anyhow::Result<Exit> {
    let Check::Now(now) = check;
    let config = context.config()?;
    refuse_nobody(&config, &now.sources).await?;
    let companies = config.companies.clone();
    let expected = if now.sources.is_empty() { config.sources.len() } else { now.sources.len() };
    let options = ReadOptions { dry_run: now.dry_run, force: now.force, ..ReadOptions::default() };
    let found = Box::pin(read(config, now.sources, options, expected)).await?;
    if context.output.json {
        context.output.object(&found.printed())?;
    } else {
        show(&found, &companies, context.output)?;
    }
    Ok(exit_of(&found, now.exit_code))
}

async fn read(
    config: Config,
    sources: Vec<SourceId>,
    options: ReadOptions,
    expected: usize,
) -> anyhow::Result<CheckReport> {
    let door = open(config).await?;
    let (progress, readings) = CheckProgress::start(expected);
    let reply = door.execute(command::Check { sources, options }, Telling::to(readings)).await;
    progress.end().await;
    reply
}

fn exit_of(report: &CheckReport, tells_changes: bool) -> Exit {
    if report.has_unread() {
        Exit::Unread
    } else if tells_changes && report.has_changes() {
        Exit::Found
    } else {
        Exit::Done
    }
}

/// The report in words: a line a source, then every change, then the mails.
pub(super) fn show(report: &CheckReport, companies: &[Company], output: Output) -> anyhow::Result<()> {
    let unread = report.sources.iter().filter(|source| !source.verdict.is_read());
    let problems = shared(unread.filter_map(|source| Some((&source.id, source.reason.as_deref()?))));
    let is_alone = |source: &&SourceCheck| !problems.iter().any(|many| many.sources.contains(&&source.id));
    let mut rows = report
        .sources
        .iter()
        .filter(is_alone)
        .map(|source| [source.id.to_string(), source.verdict.to_string(), outcome(source)])
        .peekable();
    if rows.peek().is_some() {
        output.table(["SOURCE", "VERDICT", "FOUND"], rows)?;
    }
    for problem in &problems {
        output.lines(&wrapped(&problem.line(), "  "))?;
    }
    for change in report.notices().chain(report.changes()) {
        output.line("")?;
        output
            .line(for_terminal(change, |id| short_name(companies, id), zone(), output.colour).trim_end())?;
    }
    output.line("")?;
    output.line(summary(report))
}

/// The name readers know a company by; its id if it is no longer tracked.
pub(super) fn short_name(companies: &[Company], id: &CompanyId) -> String {
    companies
        .iter()
        .find(|company| company.id == *id)
        .map_or_else(|| id.to_string(), |company| company.short_name().to_owned())
}

fn outcome(source: &SourceCheck) -> String {
    if !source.verdict.is_read() {
        return source.reason.clone().unwrap_or_default();
    }
    let entries = counted(source.entries, "entry", "entries");
    let found = if source.baseline {
        format!("{entries}, now tracked (baseline); {} tracked companies", naming(source.named))
    } else if source.changes.is_empty() {
        format!("{entries}, no change")
    } else {
        format!("{entries}, {}", counted(source.changes.len(), "change", "changes"))
    };
    match &source.reason {
        Some(reason) => format!("{found}; {reason}"),
        None => found,
    }
}

/// How many mails were made, if they were made here.
pub(super) fn queued(mails: Option<usize>) -> String {
    let here = |count| format!("{} queued", counted(count, "mail", "mails"));
    mails.map_or_else(|| "mails are left to another worker".to_owned(), here)
}

/// How many entries speak of somebody.
fn naming(entries: usize) -> String {
    match entries {
        0 => "none names any of the".to_owned(),
        1 => "1 names".to_owned(),
        _ => format!("{entries} name"),
    }
}

fn summary(report: &CheckReport) -> String {
    let (changes, notices) = (report.changes().count(), report.notices().count());
    let unread = report.sources.iter().filter(|source| !source.verdict.is_read()).count();
    let mut parts = vec![counted(changes, "change", "changes"), queued(report.mails_queued)];
    if notices > 0 {
        parts.insert(1, format!("{} of earlier listings", counted(notices, "notice", "notices")));
    }
    if unread > 0 {
        parts.push(format!("{} could not be read", counted(unread, "source", "sources")));
    }
    parts.join(", ")
}
