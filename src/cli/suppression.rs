//! `regwatch suppression`: addresses that nothing is sent to.

use clap::Subcommand;

use super::Context;
use super::exit::Exit;
use super::source::moment;
use crate::control::command;
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
    let output = context.output;
    match verb {
        SuppressionVerb::List => {
            let all = context.ask(command::ListSuppressions {}).await?;
            if output.json {
                output.object(&serde_json::json!({ "suppressions": all }))?;
            } else {
                output.table(HEADINGS, all.iter().map(row))?;
            }
        }
        SuppressionVerb::Add { address, why } => {
            let suppression = context.ask(command::Suppress { address, why }).await?;
            if output.json {
                output.object(&suppression)?;
            } else {
                output.table(HEADINGS, [row(&suppression)])?;
            }
        }
        SuppressionVerb::Remove { address } => {
            let was_there = context.ask(command::Unsuppress { address: address.clone() }).await?;
            if output.json {
                output.object(&serde_json::json!({ "removed": was_there }))?;
            } else if was_there {
                output.line(format!("{address} is sent mail again"))?;
            } else {
                anyhow::bail!("{address} was not suppressed");
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
