//! `regwatch source`: what is watched, and how its reads go.

mod add;
mod change;
mod doctor;
mod list;
mod noise;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use bytes::Bytes;
use clap::Subcommand;
use serde::Serialize;

use super::Context;
use super::exit::Exit;
use super::output::{Output, print_bytes};
use super::progress::WaitingSign;
use crate::app::fetcher;
use crate::check::{Saved, Trial, try_saved, try_source};
use crate::clock::SystemClock;
use crate::config::Config;
use crate::control::{SourceDetail, SourceStatus, command};
use crate::domain::entry::Entry;
use crate::domain::flicker;
use crate::domain::id::SourceId;
use crate::domain::source::Source;
use crate::domain::spelling::did_you_mean;
use crate::domain::verdict::Verdict;

#[derive(Debug, Subcommand)]
pub(super) enum SourceVerb {
    /// List every source with its state, its last good read and its next one.
    List(list::List),
    /// Show the delay from publication to first sight and to the mail: the median for each source.
    Timing {
        /// How many days of changes to use.
        #[arg(long, default_value_t = 30)]
        days: u16,
    },
    /// Ask each site once whether its source is still as it was observed.
    ///
    /// Says which fact no longer holds and which line of the configuration to change. Stores nothing. Exits with 4 if
    /// a
    /// fact does not hold or a source cannot be read.
    ///
    /// Example: regwatch source doctor fcc-covered-list --json
    Doctor(doctor::Doctor),
    /// List the sources whose last read was not good, with the reason; exits with 4 if there are any.
    Errors,
    /// Show a source: its reads, its accepted states, a quarantined read.
    Show {
        /// The source's id.
        id: SourceId,
        /// Print only the quarantined body, as received.
        #[arg(long)]
        held: bool,
    },
    /// Read a source's entries without comparing or storing anything.
    ///
    /// Example: regwatch source test fcc-covered-list --file saved.html --json
    Test {
        /// The source's id.
        id: SourceId,
        /// Read this file instead of the page. If a document comes in several answers, append the others in order or
        /// as
        /// NAME=BODY; missing ones are skipped.
        #[arg(long, value_name = "BODY")]
        file: Vec<PathBuf>,
    },
    /// Inspect a page and propose how to watch it.
    ///
    /// Stores nothing; with --write the proposal becomes a file of the configuration.
    ///
    /// Example: `regwatch source add https://www.example.gov/entity-list --write`
    Add(add::Add),
    /// Pause a source, with or without a daemon. `check now` skips it unless you name it.
    Pause(change::Pause),
    /// Resume a paused source.
    Resume {
        /// The source's id.
        id: SourceId,
    },
    /// Change keys of a source in its file, and put them into force in a running daemon.
    ///
    /// Example: `regwatch source edit fcc-covered-list --set 'schedule="0 9 * * *"'`
    Edit(change::Change),
    /// Stop watching a source: remove it from the files, and from a running daemon.
    Remove {
        /// The source's id.
        id: SourceId,
    },
    /// Manage noise: places that change at every read only in their digits.
    Noise {
        #[command(subcommand)]
        verb: noise::Noise,
    },
}

pub(super) async fn run(verb: SourceVerb, context: &Context) -> anyhow::Result<Exit> {
    match verb {
        SourceVerb::List(wanted) => list::list(&wanted, context).await,
        SourceVerb::Timing { days } => list::timing(days, context).await,
        SourceVerb::Doctor(doctor) => doctor::run(doctor, context).await,
        SourceVerb::Errors => list::errors(context).await,
        SourceVerb::Add(add) => add::run(add, context).await,
        SourceVerb::Pause(pause) => change::pause(pause, context).await.map(|()| Exit::Done),
        SourceVerb::Resume { id } => change::resume(id, context).await.map(|()| Exit::Done),
        SourceVerb::Edit(edit) => change::edit(edit, context).await.map(|()| Exit::Done),
        SourceVerb::Remove { id } => change::remove(id, context).await.map(|()| Exit::Done),
        SourceVerb::Noise { verb } => noise::run(verb, context).await,
        SourceVerb::Show { id, held: true } => held_body(id, context).await,
        SourceVerb::Show { id, held: false } => show(id, context).await,
        SourceVerb::Test { id, file } => test(&id, &file, context).await,
    }
}

fn state_of(status: &SourceStatus) -> [String; 3] {
    let entries = status.entries.map(|entries| entries.to_string()).unwrap_or_default();
    match &status.state {
        Some(state) => [state.verdict.to_string(), moment(state.last_read_at), entries],
        None => ["never read".to_owned(), String::new(), entries],
    }
}

pub(super) use super::output::moment;

async fn show(id: SourceId, context: &Context) -> anyhow::Result<Exit> {
    let config = context.config()?;
    let source = source_of(&config, &id)?.clone();
    let detail = context.ask_with(config, command::ShowSource { id }).await?;
    if context.output.json {
        context.output.object(&detail)?;
    } else {
        describe(&source, &detail, context.output)?;
    }
    Ok(Exit::Done)
}

fn describe(source: &Source, detail: &SourceDetail, output: Output) -> anyhow::Result<()> {
    output.line(format!("{}  {}\n{}\n", source.id, source.title, source.url))?;
    let mut facts = vec![
        ["kind".to_owned(), source.kind.to_string()],
        ["schedule".to_owned(), format!("{} ({})", source.schedule, source.timezone)],
    ];
    facts.extend(source.misses.clone().map(|misses| ["misses".to_owned(), misses]));
    facts.extend(
        source.request.ignores_robots.clone().map(|why| ["robots.txt".to_owned(), format!("ignored: {why}")]),
    );
    let [verdict, read_at, entries] = state_of(&detail.status);
    facts.push(["last read".to_owned(), read_at]);
    facts.push(["verdict".to_owned(), verdict]);
    facts.push(["entries".to_owned(), entries]);
    if let Some(state) = &detail.status.state {
        facts.extend(state.reason.clone().map(|reason| ["reason".to_owned(), reason]));
        facts.extend(state.last_good_at.map(|at| ["last good".to_owned(), moment(at)]));
        facts.extend(state.not_before.map(|at| ["not before".to_owned(), moment(at)]));
        facts.extend(state.lied_at.map(|at| {
            let word = format!("answered 304 to a changed page; read in full since {}", moment(at));
            ["conditional".to_owned(), word]
        }));
    }
    if let Some(held) = &detail.held {
        let body =
            format!("{} since {}, sha256 {}", held.reason, moment(held.held_since), held.evidence.sha256);
        facts.push(["quarantined".to_owned(), body]);
    }
    let flickers = detail.status.state.iter();
    let proposed = flickers.filter_map(|state| flicker::in_words(&state.flickers, source.id.as_str()));
    facts.extend(proposed.map(|words| ["proposed noise".to_owned(), words]));
    let pending = detail.status.state.iter().flat_map(|state| &state.pending);
    facts.extend(pending.map(|pending| {
        let seen = format!("{} since {}", pending.title, moment(pending.agreement.since));
        ["not yet gone".to_owned(), seen]
    }));
    let trouble = list::trouble_of(&detail.status);
    facts.extend((!trouble.is_empty()).then(|| ["trouble".to_owned(), trouble]));
    output.table(["", ""], facts)?;
    output.line("\naccepted states")?;
    let rows = detail.snapshots.iter().map(|snapshot| {
        [
            snapshot.sequence.to_string(),
            moment(snapshot.response.read_at),
            snapshot.entries.to_string(),
            snapshot.response.body_bytes.to_string(),
            snapshot.response.sha256.to_string(),
        ]
    });
    output.table(["#", "READ", "ENTRIES", "BYTES", "SHA-256"], rows)
}

async fn held_body(id: SourceId, context: &Context) -> anyhow::Result<Exit> {
    let Some(body) = context.ask(command::ShowHeldBody { id: id.clone() }).await? else {
        anyhow::bail!("no read of {id} is quarantined");
    };
    print_bytes(&body)?;
    Ok(Exit::Done)
}

/// `source test --json`.
#[derive(Debug, Serialize)]
struct TrialReport<'a> {
    verdict: Verdict,
    reason: Option<&'a str>,
    score: f64,
    entries: &'a [Entry],
}

async fn test(id: &SourceId, files: &[PathBuf], context: &Context) -> anyhow::Result<Exit> {
    let config = context.config()?;
    let source = source_of(&config, id)?;
    let trial = match files {
        [] => {
            let fetcher = fetcher(&config, Arc::new(SystemClock));
            WaitingSign::for_long("asking the site", try_source(&fetcher, source, &SystemClock)).await
        }
        [first, others @ ..] => {
            let others = others.iter().map(|file| saved(file)).collect::<anyhow::Result<_>>()?;
            try_saved(source, read(first)?, others).await
        }
    };
    let entries = trial.document.as_ref().map_or(&[][..], |document| &document.entries);
    if context.output.json {
        let (reason, score) = (trial.reason.as_deref(), trial.quality.score());
        let report = TrialReport { verdict: trial.verdict, reason, score, entries };
        context.output.object(&report)?;
    } else {
        show_trial(&trial, entries, context.output)?;
    }
    Ok(if trial.verdict.is_read() { Exit::Done } else { Exit::Unread })
}

fn read(path: &Path) -> anyhow::Result<Bytes> {
    let body = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(body.into())
}

/// A further file: its path, or a part's name and its path.
fn saved(file: &Path) -> anyhow::Result<Saved> {
    let named = file.to_str().filter(|_| !file.exists()).and_then(|text| text.split_once('='));
    match named {
        Some((name, path)) => Ok(Saved { name: Some(name.to_owned()), body: read(Path::new(path))? }),
        None => Ok(Saved { name: None, body: read(file)? }),
    }
}

fn show_trial(trial: &Trial, entries: &[Entry], output: Output) -> anyhow::Result<()> {
    match &trial.reason {
        Some(reason) => {
            output.line(format!("{} ({:.2}): {reason}\n", trial.verdict, trial.quality.score()))?;
        }
        None => output.line(format!("{}\n", trial.verdict))?,
    }
    let rows = entries.iter().map(|entry| {
        let date = entry.date.map(|date| date.day().to_string()).unwrap_or_default();
        [entry.key.clone(), date, entry.title.clone()]
    });
    output.table(["KEY", "DATE", "TITLE"], rows)
}

/// A source by its id, watched or not.
pub(super) fn source_of<'a>(config: &'a Config, id: &SourceId) -> anyhow::Result<&'a Source> {
    config.all_sources().find(|source| source.id == *id).ok_or_else(|| {
        let hint = did_you_mean(id.as_str(), config.all_sources().map(|source| source.id.as_str()));
        anyhow::anyhow!("no source {id}{hint}; see `regwatch source list`")
    })
}
