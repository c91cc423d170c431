//! `regwatch review`: what waits for a person's word.

use clap::Subcommand;

use super::Context;
use super::check::{counted, queued, short_name, show as show_check};
use super::exit::Exit;
use super::output::{Output, zone};
use super::source::moment;
use crate::check::QuarantineReview;
use crate::control::{DecidedChange, RetractedRead, Reviews, command};
use crate::domain::change::Change;
use crate::domain::company::Company;
use crate::domain::id::SourceId;
use crate::domain::snapshot::QuarantinedRead;
use crate::domain::text::one_line;
use crate::render::for_terminal;

#[derive(Debug, Subcommand)]
pub(super) enum Review {
    /// List quarantined reads with the reason, and changes in which a name may be a company's.
    List,
    /// Show why a read is quarantined, and what would change if you accepted it.
    ///
    /// `regwatch source show ID --held` prints the body itself.
    Show {
        /// The source.
        id: SourceId,
    },
    /// Accept a quarantined read, or confirm a possible match, and send the alerts.
    Accept {
        /// The source, or the change's id.
        id: String,
        /// Send no alerts: the source says the same as before in other words.
        #[arg(long)]
        untold: bool,
    },
    /// Reject a quarantined read, or a possible match. The same body is not quarantined again.
    Reject {
        /// The source, or the change's id.
        id: String,
    },
    /// Retract a read that was not the source's page, with all its changes. Everybody who was alerted gets a
    /// correction,
    /// and the source is compared with its earlier state.
    Retract {
        /// The id of one of the read's changes.
        change: String,
        /// The reason, for the people who were alerted.
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
}

pub(super) async fn run(verb: Review, context: &Context) -> anyhow::Result<Exit> {
    match verb {
        Review::List => list(context).await?,
        Review::Show { id } => show(id, context).await?,
        Review::Accept { id, untold } => match source_of(&id, context)? {
            Some(source) => accept(source, untold, context).await?,
            None if untold => anyhow::bail!("no source {id}; --untold applies to a held read of a source"),
            None => decide(id, true, context).await?,
        },
        Review::Reject { id } => match source_of(&id, context)? {
            Some(source) => reject(source, context).await?,
            None => decide(id, false, context).await?,
        },
        Review::Retract { change, reason } => retract(change, reason, context).await?,
    }
    Ok(Exit::Done)
}

/// The source that is meant, where one has this id; changes are meant otherwise.
fn source_of(id: &str, context: &Context) -> anyhow::Result<Option<SourceId>> {
    Ok(context.config()?.sources.iter().map(|source| source.id.clone()).find(|known| known.as_str() == id))
}

async fn list(context: &Context) -> anyhow::Result<()> {
    let reviews = context.ask(command::ListReviews {}).await?;
    if context.output.json {
        return context.output.object(&reviews);
    }
    let Reviews { held, possible } = reviews;
    if held.is_empty() && possible.is_empty() {
        return context.output.line("nothing needs your decision");
    }
    if !held.is_empty() {
        list_held(&held, context.output)?;
    }
    if !possible.is_empty() {
        list_possible(&possible, context.output)?;
    }
    Ok(())
}

/// Names that are near a company's and may be its own.
fn list_possible(changes: &[Change], output: Output) -> anyhow::Result<()> {
    let rows = changes.iter().flat_map(|change| {
        change.possible.iter().map(|found| {
            [
                change.id.short().to_owned(),
                change.source.to_string(),
                one_line(&found.excerpt),
                format!("{}: {}", found.company, one_line(&found.alias)),
                found.score.to_string(),
            ]
        })
    });
    output.table(["CHANGE", "SOURCE", "NAME", "MAY BE", "SCORE"], rows)
}

async fn retract(id: String, reason: Option<String>, context: &Context) -> anyhow::Result<()> {
    let retracted = context.ask(command::Retract { id, reason }).await?;
    if context.output.json {
        return context.output.object(&retracted);
    }
    let RetractedRead { retraction, mails_queued } = retracted;
    let changes = counted(retraction.changes.len(), "change", "changes");
    let mails = queued(mails_queued);
    context.output.line(format!("{}: {changes} retracted, {mails}", retraction.source))
}

async fn decide(id: String, is_meant: bool, context: &Context) -> anyhow::Result<()> {
    let decided = context.ask(command::Decide { id, is_meant }).await?;
    if context.output.json {
        return context.output.object(&decided);
    }
    let DecidedChange { change, mails_queued } = decided;
    let words = if is_meant { "confirmed" } else { "rejected as somebody else's" };
    let mails = queued(mails_queued);
    context.output.line(format!("{}: {words}, {mails}", change.id))
}

fn list_held(held: &[QuarantinedRead], output: Output) -> anyhow::Result<()> {
    let rows = held.iter().map(|held| {
        let read_at = moment(held.evidence.read_at);
        [held.source.to_string(), moment(held.held_since), read_at, score(held), held.reason.clone()]
    });
    output.table(["SOURCE", "HELD SINCE", "READ", "SCORE", "WHY"], rows)
}

fn score(held: &QuarantinedRead) -> String {
    format!("{:.2}", held.score())
}

async fn show(id: SourceId, context: &Context) -> anyhow::Result<()> {
    let config = context.config()?;
    let companies = config.companies.clone();
    let Some(review) = context.ask_with(config, command::ShowReview { id: id.clone() }).await? else {
        anyhow::bail!("no read of {id} is quarantined");
    };
    if context.output.json {
        return context.output.object(&review);
    }
    describe(&review, &companies, context.output)
}

fn describe(review: &QuarantineReview, companies: &[Company], output: Output) -> anyhow::Result<()> {
    let held = &review.held;
    let mut facts = vec![
        ["source".to_owned(), held.source.to_string()],
        ["held since".to_owned(), moment(held.held_since)],
        [
            "read".to_owned(),
            format!("{}, HTTP status {}", moment(held.evidence.read_at), held.evidence.status),
        ],
        ["address".to_owned(), held.evidence.url.clone()],
        ["sha256".to_owned(), held.evidence.sha256.to_string()],
        ["score".to_owned(), score(held)],
        ["why".to_owned(), held.reason.clone()],
    ];
    facts.extend(held.quality.signs().iter().map(|sign| ["because".to_owned(), sign.words.clone()]));
    output.table(["", ""], facts)?;
    output.line("")?;
    if let Some(obstacle) = &review.obstacle {
        return output.line(format!("it cannot be accepted: {obstacle}"));
    }
    let entries = counted(review.entries.unwrap_or_default(), "entry", "entries");
    let changes = counted(review.changes.len(), "change", "changes");
    output.line(format!("if it were accepted: {entries}, {changes}"))?;
    for change in &review.changes {
        output.line("")?;
        output
            .line(for_terminal(change, |id| short_name(companies, id), zone(), output.colour).trim_end())?;
    }
    Ok(())
}

async fn accept(id: SourceId, untold: bool, context: &Context) -> anyhow::Result<()> {
    let config = context.config()?;
    let companies = config.companies.clone();
    let checked = context.ask_with(config, command::Accept { id, untold }).await?;
    if context.output.json {
        return context.output.object(&checked.printed());
    }
    show_check(&checked, &companies, context.output)
}

async fn reject(id: SourceId, context: &Context) -> anyhow::Result<()> {
    let held = context.ask(command::Reject { id }).await?;
    if context.output.json {
        return context.output.object(&serde_json::json!({ "rejected": held }));
    }
    let read_at = moment(held.evidence.read_at);
    context.output.line(format!("discarded the answer of {} at {read_at}", held.source))
}
