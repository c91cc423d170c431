//! `regwatch incident`: trouble with reading.

use clap::Subcommand;

use super::Context;
use super::exit::Exit;
use super::source::moment;
use crate::control::command;
use crate::domain::id::SourceId;
use crate::domain::incident::Incident;

#[derive(Debug, Subcommand)]
pub(super) enum IncidentVerb {
    /// List open incidents, newest first.
    List {
        /// Also list closed incidents.
        #[arg(long)]
        all: bool,
    },
}

pub(super) async fn run(verb: &IncidentVerb, context: &Context) -> anyhow::Result<Exit> {
    let IncidentVerb::List { all } = verb;
    let incidents = context.ask(command::ListIncidents { all: *all }).await?;
    if context.output.json {
        context.output.object(&serde_json::json!({ "incidents": incidents }))?;
    } else if incidents.is_empty() {
        context.output.line(if *all { "no incident" } else { "no open incident" })?;
    } else {
        let headings = ["SINCE", "UNTIL", "KIND", "SOURCE", "TOLD", "WHY"];
        context.output.table(headings, incidents.iter().map(row))?;
    }
    Ok(Exit::Done)
}

fn row(incident: &Incident) -> [String; 6] {
    let source = incident.source.as_ref().map_or("all", SourceId::as_str);
    [
        moment(incident.since()),
        incident.closed_at.map(moment).unwrap_or_default(),
        incident.kind.to_string(),
        source.to_owned(),
        incident.told_at.map(moment).unwrap_or_default(),
        incident.reason.clone(),
    ]
}
