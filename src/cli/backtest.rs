//! `regwatch backtest`: what would have been told of dated captures, and when.

use std::path::PathBuf;

use anyhow::Context as _;
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use clap::Args;

use super::Context;
use super::exit::Exit;
use super::output::Output;
use super::progress::WaitingSign;
use crate::archive::{self, CaptureFilter};
use crate::backtest::{self, Backtest, BacktestQuestion, JudgedCapture};
use crate::config::Config;
use crate::domain::id::{CompanyId, SourceId};
use crate::domain::source::Source;
use crate::domain::spelling::did_you_mean;
use crate::domain::text::{counted, one_line};
use crate::render::on_terminal;

const HELP: &str = "\
The captures run through the whole pipeline, with the clock of their time: verdict, comparison, matching, and mails for \
a reader who follows the companies. The command sends nothing, touches no store, and prints the same bytes each time. \
The oldest capture is the baseline.

FOLDER has files named after their days (YYYY-MM-DD.html, YYYY-MM-DD_table.csv), each read at 12:00 UTC. WARC is a web \
archive, plain or compressed, with responses for the source's address. GIT is a repository, or a file in one, whose \
commits are the captures.

Example: regwatch backtest fcc-covered-list captures/ --company hikvision --json";

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct BacktestArguments {
    /// The source, watched or not.
    #[arg(value_name = "SOURCE")]
    source: SourceId,
    /// The captures.
    #[arg(value_name = "FOLDER|WARC|GIT")]
    captures: PathBuf,
    /// In a Git repository with several files, the file to use.
    #[arg(long, value_name = "FILE")]
    path: Option<PathBuf>,
    /// Only what is found from this day on (UTC); the last capture before it is the baseline.
    #[arg(long, value_name = "DATE")]
    from: Option<NaiveDate>,
    /// Only captures until this day, inclusive.
    #[arg(long, value_name = "DATE")]
    to: Option<NaiveDate>,
    /// The companies that the reader follows; repeatable [default: all companies, and every change].
    #[arg(long = "company", value_name = "ID")]
    companies: Vec<CompanyId>,
}

pub(super) async fn run(arguments: BacktestArguments, context: &Context) -> anyhow::Result<Exit> {
    let config = context.config()?;
    let source = configured(&config, &arguments.source)?;
    let wanted = CaptureFilter { path: arguments.path, from: arguments.from, to: arguments.to };
    let captures = archive::read(&arguments.captures, source, &wanted)?;
    let question = BacktestQuestion { companies: arguments.companies, from: arguments.from };
    let run = Box::pin(backtest::run(&config, source, &captures, &question));
    let outcome = WaitingSign::for_long("running the captures", run).await;
    let outcome = outcome.context("failed to run the captures")?;
    if context.output.json {
        context.output.object(&outcome)?;
    } else {
        show(&outcome, context.output)?;
    }
    Ok(Exit::Done)
}

/// A source of the files, watched or not.
pub(super) fn configured<'a>(config: &'a Config, id: &SourceId) -> anyhow::Result<&'a Source> {
    config.all_sources().find(|source| source.id == *id).ok_or_else(|| {
        let hint = did_you_mean(id.as_str(), config.all_sources().map(|source| source.id.as_str()));
        anyhow::anyhow!("no source {id}{hint}; `regwatch source list` shows the configured ones")
    })
}

/// How captures were judged, row by row.
pub(super) fn seen_rows(captures: &[JudgedCapture]) -> impl Iterator<Item = [String; 3]> + '_ {
    captures.iter().map(|seen| {
        let baseline = if seen.baseline { " (baseline)" } else { "" };
        let entries = counted(seen.entries, "entry", "entries");
        let found = match &seen.reason {
            Some(reason) if !seen.verdict.is_read() => format!("{}: {}", seen.verdict, one_line(reason)),
            Some(reason) => format!("{entries}{baseline}; {}", one_line(reason)),
            None => format!("{entries}{baseline}"),
        };
        [moment(seen.read_at), seen.capture.clone(), found]
    })
}

fn show(outcome: &Backtest, output: Output) -> anyhow::Result<()> {
    output.table(["READ", "CAPTURE", "FOUND"], seen_rows(&outcome.captures))?;
    for letter in &outcome.mails {
        output.line(format!("\n==== {}  {}\n", moment(letter.at), one_line(&letter.subject)))?;
        output.line(letter.text.trim_end())?;
    }
    output.line("")?;
    if outcome.changes.is_empty() {
        return output.line("no changes would have been reported");
    }
    let events = outcome.changes.iter().map(|event| {
        let companies: Vec<&str> = event.companies.iter().map(CompanyId::as_str).collect();
        let told = event.told_at.map_or_else(|| "nobody follows it".to_owned(), moment);
        [moment(event.found_at), told, event.kind.to_string(), companies.join(", "), event.title.clone()]
    });
    output.table(["FOUND", "TOLD", "KIND", "COMPANIES", "ENTRY"], events)
}

/// A moment in UTC wherever it is printed, so that the same captures give the same bytes.
fn moment(at: DateTime<Utc>) -> String {
    on_terminal(at, Tz::UTC)
}
