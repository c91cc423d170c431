//! `regwatch source`: what is watched, and how its reads go.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use bytes::Bytes;
use clap::Subcommand;
use serde::Serialize;

use super::exit::Exit;
use super::screen::{Screen, print_bytes};
use super::{Context, mismatch};
use crate::app::fetcher;
use crate::check::{Saved, Trial, try_saved, try_source};
use crate::config::Config;
use crate::control::{Command, Reply, SourceDetail, SourceStatus};
use crate::domain::entry::Entry;
use crate::domain::id::SourceId;
use crate::domain::source::Source;
use crate::domain::verdict::Verdict;

#[derive(Debug, Subcommand)]
pub(super) enum SourceVerb {
    /// Every source and how its last read went.
    List,
    /// One source: how its reads went, its accepted states, what is held back.
    Show {
        /// Its id.
        id: SourceId,
        /// Print the suspect body that is held back, as it came, and nothing else.
        #[arg(long)]
        held: bool,
    },
    /// Read a source's entries without comparing or storing anything.
    ///
    /// Example: regwatch source test fcc-covered-list --file saved.html --json
    Test {
        /// Its id.
        id: SourceId,
        /// Read this file in place of the page. Where a document comes in several answers, give the
        /// further ones behind it, in their order or as NAME=BODY; it is read without what is missing.
        #[arg(long, value_name = "BODY")]
        file: Vec<PathBuf>,
    },
}

pub(super) async fn run(verb: SourceVerb, context: &Context) -> anyhow::Result<Exit> {
    match verb {
        SourceVerb::List => list(context).await,
        SourceVerb::Show { id, held: true } => held_body(id, context).await,
        SourceVerb::Show { id, held: false } => show(id, context).await,
        SourceVerb::Test { id, file } => test(&id, &file, context).await,
    }
}

async fn list(context: &Context) -> anyhow::Result<Exit> {
    let config = context.config()?;
    let statuses = match context.ask_with(config.clone(), Command::Sources).await? {
        Reply::Sources(statuses) => statuses,
        other => return Err(mismatch(&other)),
    };
    if context.screen.json {
        context.screen.object(&serde_json::json!({ "sources": statuses }))?;
        return Ok(Exit::Done);
    }
    let rows = statuses.iter().map(|status| {
        let source = config.source(&status.id);
        let [verdict, read_at, entries] = state_of(status);
        let (kind, schedule) = source.map_or_else(Default::default, |source| {
            (source.kind.to_string(), format!("{} {}", source.schedule, source.timezone))
        });
        [status.id.to_string(), kind, schedule, read_at, verdict, entries]
    });
    context.screen.table(["SOURCE", "KIND", "SCHEDULE", "LAST READ", "VERDICT", "ENTRIES"], rows)?;
    Ok(Exit::Done)
}

fn state_of(status: &SourceStatus) -> [String; 3] {
    let entries = status.entries.map(|entries| entries.to_string()).unwrap_or_default();
    match &status.state {
        Some(state) => [state.verdict.to_string(), moment(state.last_read_at), entries],
        None => ["never read".to_owned(), String::new(), entries],
    }
}

fn moment(at: chrono::DateTime<chrono::Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%SZ").to_string()
}

async fn show(id: SourceId, context: &Context) -> anyhow::Result<Exit> {
    let config = context.config()?;
    let source = source_of(&config, &id)?.clone();
    let detail = match context.ask_with(config, Command::Source { id }).await? {
        Reply::Source(detail) => detail,
        other => return Err(mismatch(&other)),
    };
    if context.screen.json {
        context.screen.object(&detail)?;
    } else {
        describe(&source, &detail, context.screen)?;
    }
    Ok(Exit::Done)
}

fn describe(source: &Source, detail: &SourceDetail, screen: Screen) -> anyhow::Result<()> {
    screen.line(format!("{}  {}\n{}\n", source.id, source.title, source.url))?;
    let mut facts = vec![
        ["kind".to_owned(), source.kind.to_string()],
        ["schedule".to_owned(), format!("{} ({})", source.schedule, source.timezone)],
    ];
    let [verdict, read_at, entries] = state_of(&detail.status);
    facts.push(["last read".to_owned(), read_at]);
    facts.push(["verdict".to_owned(), verdict]);
    facts.push(["entries".to_owned(), entries]);
    if let Some(state) = &detail.status.state {
        facts.extend(state.reason.clone().map(|reason| ["reason".to_owned(), reason]));
        facts.extend(state.last_good_at.map(|at| ["last good".to_owned(), moment(at)]));
        facts.extend(state.not_before.map(|at| ["not before".to_owned(), moment(at)]));
    }
    if let Some(held) = &detail.held {
        let body =
            format!("{} since {}, sha256 {}", held.reason, moment(held.held_since), held.evidence.sha256);
        facts.push(["held back".to_owned(), body]);
    }
    screen.table(["", ""], facts)?;
    screen.line("\naccepted states")?;
    let rows = detail.snapshots.iter().map(|snapshot| {
        [
            snapshot.sequence.to_string(),
            moment(snapshot.read_at),
            snapshot.entries.to_string(),
            snapshot.body_bytes.to_string(),
            snapshot.sha256.to_string(),
        ]
    });
    screen.table(["#", "READ", "ENTRIES", "BYTES", "SHA-256"], rows)
}

async fn held_body(id: SourceId, context: &Context) -> anyhow::Result<Exit> {
    match context.ask(Command::HeldBody { id: id.clone() }).await? {
        Reply::Body(Some(body)) => {
            print_bytes(&body)?;
            Ok(Exit::Done)
        }
        Reply::Body(None) => anyhow::bail!("nothing of {id} is held back"),
        other => Err(mismatch(&other)),
    }
}

/// `source test --json`.
#[derive(Debug, Serialize)]
struct TrialReport<'a> {
    verdict: Verdict,
    reason: Option<&'a str>,
    entries: &'a [Entry],
}

async fn test(id: &SourceId, files: &[PathBuf], context: &Context) -> anyhow::Result<Exit> {
    let config = context.config()?;
    let source = source_of(&config, id)?;
    let trial = match files {
        [] => try_source(&fetcher(&config), source, &crate::clock::SystemClock).await,
        [first, others @ ..] => {
            let others = others.iter().map(|file| saved(file)).collect::<anyhow::Result<_>>()?;
            try_saved(source, read(first)?, others).await
        }
    };
    let entries = trial.document.as_ref().map_or(&[][..], |document| &document.entries);
    if context.screen.json {
        let report = TrialReport { verdict: trial.verdict, reason: trial.reason.as_deref(), entries };
        context.screen.object(&report)?;
    } else {
        show_trial(&trial, entries, context.screen)?;
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

fn show_trial(trial: &Trial, entries: &[Entry], screen: Screen) -> anyhow::Result<()> {
    match &trial.reason {
        Some(reason) => screen.line(format!("{}: {reason}\n", trial.verdict))?,
        None => screen.line(format!("{}\n", trial.verdict))?,
    }
    let rows = entries.iter().map(|entry| {
        let date = entry.date.map(|date| date.day().to_string()).unwrap_or_default();
        [entry.key.clone(), date, entry.title.clone()]
    });
    screen.table(["KEY", "DATE", "TITLE"], rows)
}

fn source_of<'a>(config: &'a Config, id: &SourceId) -> anyhow::Result<&'a Source> {
    config.source(id).ok_or_else(|| anyhow::anyhow!("no source {id}; see `regwatch source list`"))
}
