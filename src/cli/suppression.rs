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
    /// List suppressed addresses, newest first. The store has only keyed hashes of them.
    List,
    /// Stop all mail to an address.
    Add {
        /// The address.
        #[arg(value_name = "ADDRESS")]
        address: EmailAddress,
        /// The reason, for the record.
        #[arg(long, default_value = "by an operator")]
        why: String,
    },
    /// Allow mail to an address again, whatever the reason was. `outbox list --state suppressed` lists what was not
    /// sent.
    Remove {
        /// The address.
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
                output.line(format!("{address} gets mail again"))?;
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
