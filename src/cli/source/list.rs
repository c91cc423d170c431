//! `regwatch source list` and `source errors`: how every source stands.

use chrono::{DateTime, TimeDelta, Utc};
use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::cli::Context;
use crate::cli::exit::Exit;
use crate::cli::output::{minute, moment};
use crate::cli::problems::shared;
use crate::clock::{Clock as _, SystemClock};
use crate::config::Config;
use crate::control::{SourceStatus, command};
use crate::domain::catalogue::Observed;
use crate::domain::id::SourceId;
use crate::domain::source::Source;
use crate::domain::spelling::did_you_mean;
use crate::domain::verdict::Verdict;

#[derive(Debug, Args)]
pub(in crate::cli) struct List {
    /// List the catalogue instead, all groups or this one, and whether each source is on. With --state or --sort,
    /// show the state of the group's sources that are on.
    #[arg(long, value_name = "GROUP", num_args = 0..=1)]
    #[expect(clippy::option_option, reason = "the option, and its value")]
    group: Option<Option<String>>,
    /// Only sources in this state.
    #[arg(long, value_enum)]
    state: Option<ListedState>,
    /// The order.
    #[arg(long, value_enum, default_value_t)]
    sort: ListOrder,
}

/// How a source stands, as it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ListedState {
    Good,
    Held,
    Suspect,
    Failed,
    Paused,
    NeverRead,
}

impl ListedState {
    fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Held => "held",
            Self::Suspect => "suspect",
            Self::Failed => "failed",
            Self::Paused => "paused",
            Self::NeverRead => "never read",
        }
    }
}

/// In which order sources are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum ListOrder {
    /// As in the configuration.
    #[default]
    Config,
    /// By id.
    Id,
    /// The most overdue first.
    Due,
    /// The longest without a good read first.
    LastGood,
    /// The most failures in a row first.
    Failures,
}

impl List {
    fn take(&self, config: &Config, statuses: Vec<SourceStatus>) -> Vec<SourceStatus> {
        let group = self.group.as_ref().and_then(Option::as_ref);
        let is_of_group = |status: &SourceStatus| {
            let groups = config.source(&status.id).map(|source| source.catalogue.groups.as_slice());
            group.is_none_or(|group| groups.unwrap_or_default().contains(group))
        };
        let is_of_state =
            |status: &SourceStatus| self.state.is_none_or(|state| standing(status) == state.word());
        let mut taken: Vec<SourceStatus> =
            statuses.into_iter().filter(|status| is_of_group(status) && is_of_state(status)).collect();
        match self.sort {
            ListOrder::Config => {}
            ListOrder::Id => taken.sort_by(|a, b| a.id.cmp(&b.id)),
            ListOrder::Due => taken.sort_by_key(|status| (status.next_due_at.is_none(), status.next_due_at)),
            ListOrder::LastGood => taken.sort_by_key(last_good_at),
            ListOrder::Failures => {
                taken.sort_by_key(|status| {
                    std::cmp::Reverse(status.state.as_ref().map_or(0, |state| state.failures))
                });
            }
        }
        taken
    }
}

/// Every source in a line.
pub(super) async fn list(wanted: &List, context: &Context) -> anyhow::Result<Exit> {
    if let Some(group) =
        wanted.group.as_ref().filter(|_| wanted.state.is_none() && wanted.sort == ListOrder::Config)
    {
        return offered(group.as_deref(), context);
    }
    let config = context.config()?;
    // To load a configuration of thousands of sources takes longer than to ask for how they stand.
    let all = context.ask_with(config.clone(), command::ListSources {}).await?;
    let statuses = wanted.take(&config, all);
    if context.output.json {
        context.output.object(&serde_json::json!({ "sources": statuses }))?;
        return Ok(Exit::Done);
    }
    let rows = statuses.iter().map(|status| {
        let kind = config.source(&status.id).map(|source| source.kind.to_string());
        [
            status.id.to_string(),
            kind.unwrap_or_default(),
            standing(status).to_owned(),
            optional(last_good_at(status)),
            optional(status.next_due_at),
            failures(status),
            status.entries.map(|entries| entries.to_string()).unwrap_or_default(),
            trouble_of(status),
        ]
    });
    let headings = ["SOURCE", "KIND", "STATE", "LAST GOOD", "NEXT DUE", "FAILURES", "ENTRIES", "TROUBLE"];
    // What is left says how a source stands; `source show` has the rest.
    context.output.table_with_spares(headings, &["KIND", "ENTRIES", "FAILURES", "NEXT DUE"], rows)?;
    Ok(Exit::Done)
}

/// A source of the catalogue.
#[derive(Debug, Serialize)]
struct Offered<'a> {
    id: &'a SourceId,
    title: &'a str,
    groups: &'a [String],
    is_on: bool,
    off: Option<&'a str>,
    serves: Option<&'a str>,
    misses: Option<&'a str>,
    observed: Option<&'a Observed>,
}

/// What the catalogue offers, all groups or one.
fn offered(group: Option<&str>, context: &Context) -> anyhow::Result<Exit> {
    let config = context.config()?;
    let belongs = |source: &&Source| match group {
        Some(group) => source.catalogue.groups.iter().any(|known| known == group),
        None => true,
    };
    let offered = config.all_sources().filter(belongs).map(|source| Offered {
        id: &source.id,
        title: &source.title,
        groups: &source.catalogue.groups,
        is_on: source.catalogue.is_on(&config.groups),
        off: source.catalogue.off.as_deref(),
        serves: source.catalogue.serves.as_deref(),
        misses: source.misses.as_deref(),
        observed: source.catalogue.observed.as_ref(),
    });
    let offered: Vec<Offered<'_>> = offered.collect();
    if offered.is_empty() {
        let group = group.unwrap_or_default();
        let known = config.all_sources().flat_map(|source| &source.catalogue.groups);
        let hint = did_you_mean(group, known.map(String::as_str));
        anyhow::bail!("no source belongs to the group {group:?}{hint}");
    }
    if context.output.json {
        context.output.object(&serde_json::json!({ "sources": offered }))?;
        return Ok(Exit::Done);
    }
    let rows = offered.iter().map(|source| {
        let state = match (source.is_on, source.off) {
            (true, _) => "on".to_owned(),
            (false, Some(why)) => format!("off: {why}"),
            (false, None) => "off".to_owned(),
        };
        let observed = source.observed.map(|observed| observed.on.to_string()).unwrap_or_default();
        let serves = source.serves.unwrap_or_default().to_owned();
        [source.id.to_string(), source.groups.join(", "), state, observed, source.title.to_owned(), serves]
    });
    context.output.table(["SOURCE", "GROUPS", "STATE", "OBSERVED", "TITLE", "SERVES"], rows)?;
    Ok(Exit::Done)
}

/// How long it took from publication to mail.
pub(super) async fn timing(days: u16, context: &Context) -> anyhow::Result<Exit> {
    let since = SystemClock.now() - TimeDelta::days(i64::from(days));
    let timings = context.ask(command::ListTimings { since }).await?;
    if context.output.json {
        context.output.object(&serde_json::json!({ "sources": timings }))?;
        return Ok(Exit::Done);
    }
    let rows = timings.iter().map(|timing| {
        [
            timing.source.to_string(),
            timing.changes.to_string(),
            length(timing.published_to_seen),
            length(timing.seen_to_mailed),
            length(timing.published_to_mailed),
        ]
    });
    let headings = ["SOURCE", "CHANGES", "PUBLISHED TO SEEN", "SEEN TO MAIL", "PUBLISHED TO MAIL"];
    context.output.table(headings, rows)?;
    Ok(Exit::Done)
}

/// A length in words; empty if it is not known.
fn length(seconds: Option<i64>) -> String {
    let length = seconds.and_then(|seconds| u64::try_from(seconds).ok());
    length.map_or_else(String::new, |seconds| {
        humantime::format_duration(std::time::Duration::from_secs(seconds)).to_string()
    })
}

/// The sources whose last read was not good, and why.
pub(super) async fn errors(context: &Context) -> anyhow::Result<Exit> {
    let mut statuses = statuses(context).await?;
    statuses.retain(is_unread);
    if context.output.json {
        context.output.object(&serde_json::json!({ "sources": statuses }))?;
    } else if statuses.is_empty() {
        context.output.line("the last read of every source was good")?;
    } else {
        show_errors(&statuses, context)?;
    }
    Ok(if statuses.is_empty() { Exit::Done } else { Exit::Unread })
}

/// What many have in common in a line, and each of the others in one.
fn show_errors(statuses: &[SourceStatus], context: &Context) -> anyhow::Result<()> {
    let reason = |status: &SourceStatus| status.state.as_ref().and_then(|state| state.reason.clone());
    let reasons: Vec<(&SourceId, String)> =
        statuses.iter().filter_map(|status| Some((&status.id, reason(status)?))).collect();
    let problems = shared(reasons.iter().map(|(id, reason)| (*id, reason.as_str())));
    let is_alone = |status: &&SourceStatus| !problems.iter().any(|many| many.sources.contains(&&status.id));
    let alone: Vec<&SourceStatus> = statuses.iter().filter(is_alone).collect();
    let output = context.output;
    if !alone.is_empty() {
        let rows = alone.iter().map(|status| {
            let state = standing(status).to_owned();
            let day = last_good_at(status).map(|at| moment(at).chars().take(DAY_CHARS).collect());
            let day = day.unwrap_or_else(|| "never".to_owned());
            [status.id.to_string(), state, failures(status), day, reason(status).unwrap_or_default()]
        });
        output.one_line_each(["SOURCE", "STATE", "FAILURES", "LAST GOOD", "REASON"], rows)?;
    }
    problems.iter().try_for_each(|problem| output.cut_line(&problem.line()))?;
    output.line("`regwatch source show ID` says all of one")
}

/// Of a moment, so much says the day.
const DAY_CHARS: usize = 10;

async fn statuses(context: &Context) -> anyhow::Result<Vec<SourceStatus>> {
    context.ask(command::ListSources {}).await
}

fn is_unread(status: &SourceStatus) -> bool {
    status.state.as_ref().is_some_and(|state| !state.verdict.is_read())
}

/// How it stands, in a word.
fn standing(status: &SourceStatus) -> &'static str {
    match status.state.as_ref().map(|state| state.verdict) {
        _ if status.paused.is_some() => "paused",
        None => "never read",
        Some(_) if status.is_held => "held",
        Some(Verdict::Good | Verdict::NotModified) => "good",
        Some(Verdict::Suspect) => "suspect",
        Some(Verdict::Failed) => "failed",
    }
}

fn last_good_at(status: &SourceStatus) -> Option<DateTime<Utc>> {
    status.state.as_ref()?.last_good_at
}

/// Empty if there were none.
fn failures(status: &SourceStatus) -> String {
    let failures = status.state.as_ref().map_or(0, |state| state.failures);
    if failures == 0 { String::new() } else { failures.to_string() }
}

fn optional(at: Option<DateTime<Utc>>) -> String {
    at.map(minute).unwrap_or_default()
}

/// The trouble a source is in, and since when.
pub(super) fn trouble_of(status: &SourceStatus) -> String {
    let troubles = status.incidents.iter();
    let troubles = troubles.map(|incident| format!("{} since {}", incident.kind, minute(incident.since())));
    troubles.collect::<Vec<_>>().join(", ")
}
