//! `regwatch screen add|list|remove`: suppliers that are held against the lists again whenever one changes.

use std::path::PathBuf;

use clap::Subcommand;

use super::{exit_of, names_of, show};
use crate::cli::Context;
use crate::cli::exit::Exit;
use crate::cli::output::moment;
use crate::control::command;
use crate::domain::email::EmailAddress;
use crate::domain::id::ScreeningId;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum StandingVerb {
    /// Keep a table of suppliers as a standing list. regwatch screens it again whenever a list changes, and mails its
    /// owner
    /// what is new. Prints the present findings; exits with 3 if a supplier is listed.
    ///
    /// Example: regwatch screen add suppliers-2026 suppliers.xlsx --column Supplier
    Add {
        /// The list's name; an existing list of this name is replaced.
        name: ScreeningId,
        /// The table of suppliers; `-` for standard input.
        file: PathBuf,
        /// The heading of the column with their names; case does not matter.
        #[arg(long, value_name = "COLUMN", default_value = "name")]
        column: String,
        /// The owner, who is mailed what is new: an address with an active subscription [default: the operator].
        #[arg(long = "to", value_name = "ADDRESS")]
        owner: Option<EmailAddress>,
    },
    /// List the standing lists with their owners, their numbers of names and how many are listed.
    List,
    /// Remove a standing list.
    Remove {
        /// The list's name.
        name: ScreeningId,
    },
}

pub(super) async fn run(verb: StandingVerb, context: &Context) -> anyhow::Result<Exit> {
    let output = context.output;
    match verb {
        StandingVerb::Add { name, file, column, owner } => {
            let names = names_of(&file, &column)?;
            let screened = context.ask(command::AddStandingList { id: name, names, owner }).await?;
            if output.json {
                let standings = screened.standings();
                output.object(&screened.report(&standings))?;
            } else {
                show(&screened, output)?;
            }
            Ok(exit_of(&screened))
        }
        StandingVerb::List => {
            let lists = context.ask(command::ListStandingLists {}).await?;
            if output.json {
                output.object(&serde_json::json!({ "screenings": lists }))?;
                return Ok(Exit::Done);
            }
            let rows = lists.into_iter().map(|list| {
                [
                    list.id.to_string(),
                    list.owner.to_string(),
                    list.names.to_string(),
                    list.listed.to_string(),
                    moment(list.screened_at),
                ]
            });
            output.table(["NAME", "OWNER", "NAMES", "LISTED", "SCREENED"], rows)?;
            Ok(Exit::Done)
        }
        StandingVerb::Remove { name } => {
            context.ask(command::RemoveStandingList { id: name.clone() }).await?;
            if output.json {
                output.object(&serde_json::json!({ "removed": name }))?;
            } else {
                output.line(format!("{name}: removed"))?;
            }
            Ok(Exit::Done)
        }
    }
}
