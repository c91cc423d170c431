//! `regwatch suppression`: addresses that nothing is sent to.

use clap::Subcommand;

use super::exit::Exit;
use super::source::moment;
use super::{Context, mismatch};
use crate::control::{Command, Reply};
use crate::domain::email::EmailAddress;
use crate::domain::suppression::Suppression;

#[derive(Debug, Subcommand)]
pub(super) enum SuppressionVerb {
    /// All of them, newest first. Kept is a keyed hash, not the address.
    List,
    /// Send an address nothing from now on.
    Add {
        /// Which.
        #[arg(value_name = "ADDRESS")]
        address: EmailAddress,
        /// Why, for the record.
        #[arg(long, default_value = "by an operator")]
        why: String,
    },
    /// Send an address mail again, whatever it was suppressed for. What was not sent meanwhile is
    /// listed by `outbox list --state suppressed`.
    Remove {
        /// Which.
        #[arg(value_name = "ADDRESS")]
        address: EmailAddress,
    },
}

pub(super) async fn run(verb: SuppressionVerb, context: &Context) -> anyhow::Result<Exit> {
    let screen = context.screen;
    match verb {
        SuppressionVerb::List => match context.ask(Command::Suppressions).await? {
            Reply::Suppressions(all) if screen.json => {
                screen.object(&serde_json::json!({ "suppressions": all }))?;
            }
            Reply::Suppressions(all) => screen.table(HEADINGS, all.iter().map(row))?,
            other => return Err(mismatch(&other)),
        },
        SuppressionVerb::Add { address, why } => {
            match context.ask(Command::Suppress { address, why }).await? {
                Reply::Suppressed(suppression) if screen.json => screen.object(&suppression)?,
                Reply::Suppressed(suppression) => screen.table(HEADINGS, [row(&suppression)])?,
                other => return Err(mismatch(&other)),
            }
        }
        SuppressionVerb::Remove { address } => {
            match context.ask(Command::Unsuppress { address: address.clone() }).await? {
                Reply::Unsuppressed(was_there) if screen.json => {
                    screen.object(&serde_json::json!({ "removed": was_there }))?;
                }
                Reply::Unsuppressed(true) => screen.line(format!("{address} is sent mail again"))?,
                Reply::Unsuppressed(false) => anyhow::bail!("{address} was not suppressed"),
                other => return Err(mismatch(&other)),
            }
        }
    }
    Ok(Exit::Done)
}

const HEADINGS: [&str; 4] = ["SINCE", "ADDRESS", "REASON", "EVIDENCE"];

fn row(suppression: &Suppression) -> [String; 4] {
    [
        moment(suppression.since),
        suppression.shown.clone(),
        suppression.reason.to_string(),
        suppression.evidence.clone(),
    ]
}
