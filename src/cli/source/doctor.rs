//! `regwatch source doctor`: whether the sources are still as they were observed.

use std::sync::Arc;

use clap::Args;
use serde_json::json;

use super::source_of;
use crate::app::fetcher;
use crate::check::{SourceExamination, examine};
use crate::cli::Context;
use crate::cli::exit::Exit;
use crate::cli::progress::WaitingSign;
use crate::clock::SystemClock;
use crate::domain::id::SourceId;
use crate::domain::source::Source;
use crate::domain::text::counted;

#[derive(Debug, Args)]
pub(in crate::cli) struct Doctor {
    /// The sources [default: all watched sources].
    ids: Vec<SourceId>,
    /// All sources of this group, whether it is on or not.
    #[arg(long, conflicts_with = "ids")]
    group: Option<String>,
}

pub(super) async fn run(doctor: Doctor, context: &Context) -> anyhow::Result<Exit> {
    let config = context.config()?;
    let is_of = |source: &&Source, group: &String| source.catalogue.groups.contains(group);
    let sources: Vec<&Source> = match (&doctor.group, &doctor.ids[..]) {
        (Some(group), _) => config.all_sources().filter(|source| is_of(source, group)).collect(),
        (None, []) => config.sources.iter().map(Arc::as_ref).collect(),
        (None, ids) => ids.iter().map(|id| source_of(&config, id)).collect::<anyhow::Result<_>>()?,
    };
    if let (Some(group), true) = (&doctor.group, sources.is_empty()) {
        anyhow::bail!("no source belongs to the group {group:?}; see `regwatch source list --group`");
    }
    let fetcher = fetcher(&config, Arc::new(SystemClock));
    let mut found = Vec::new();
    for source in sources {
        found.push(WaitingSign::for_long("asking the sites", examine(&fetcher, source, &SystemClock)).await);
    }
    let is_fine = found.iter().all(|examined| examined.drifts.is_empty() && examined.verdict.is_read());
    if context.output.json {
        context.output.object(&json!({ "sources": found }))?;
    } else {
        show(&found, context)?;
    }
    Ok(if is_fine { Exit::Done } else { Exit::Unread })
}

fn show(found: &[SourceExamination], context: &Context) -> anyhow::Result<()> {
    let told = |examined: &&SourceExamination| !examined.drifts.is_empty() || !examined.verdict.is_read();
    let rows = found.iter().filter(told).flat_map(|examined| {
        let row = |fact: String, was: String, is: String, change: String| {
            [examined.id.to_string(), examined.verdict.to_string(), fact, was, is, change]
        };
        let mut rows: Vec<[String; 6]> = Vec::new();
        for drift in &examined.drifts {
            let place = drift.at.as_ref().map_or_else(String::new, |at| format!(" ({at})"));
            let change = format!("{}{place}", drift.key);
            rows.push(row(drift.fact.to_string(), drift.expected.clone(), drift.found.clone(), change));
        }
        if rows.is_empty() {
            let reason = examined.reason.clone().unwrap_or_default();
            rows.push(row(String::new(), String::new(), reason, String::new()));
        }
        rows
    });
    let rows: Vec<_> = rows.collect();
    if !rows.is_empty() {
        context.output.table(["SOURCE", "VERDICT", "FACT", "EXPECTED", "FOUND", "CHANGE"], rows)?;
    }
    let fine = found.len() - found.iter().filter(told).count();
    let unobserved = found.iter().filter(|examined| examined.observed_on.is_none()).count();
    let all = counted(found.len(), "source", "sources");
    context.output.line(format!("as observed: {fine} of {all}; without observations: {unobserved}"))
}
