//! `regwatch sub import` and `export`: subscribers from a file, and into one.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;

use crate::cli::Context;
use crate::cli::output::print_bytes;
use crate::config::Config;
use crate::control::command;
use crate::domain::subscription::Subscriber;
use crate::exchange::subscribers::{CellFault, KnownTopics, parse, write};

#[derive(Debug, Args)]
pub(in crate::cli) struct Import {
    /// The file, CSV with the columns of `sub export`; `address` and `company` are enough.
    #[arg(value_name = "FILE")]
    from: PathBuf,
    /// Show what would happen to every subscription, but store nothing.
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn import(import: Import, context: &Context) -> anyhow::Result<()> {
    let Import { from, dry_run } = import;
    let config = context.config()?;
    let subscribers = read(&from, &config)?;
    let addresses = subscribers.len();
    let imported = context.ask_with(config, command::ImportSubscribers { subscribers, dry_run }).await?;
    let output = context.output;
    if output.json {
        return output.object(&serde_json::json!({
            "addresses": addresses, "dry_run": dry_run, "subscriptions": imported,
        }));
    }
    let rows = [
        ("added", imported.added),
        ("confirmed", imported.confirmed),
        ("already known, unchanged", imported.known),
        ("ended by their subscriber, unchanged", imported.left),
    ];
    output.table(["SUBSCRIPTIONS", ""], rows.map(|(fate, count)| [fate.to_owned(), count.to_string()]))?;
    if dry_run { output.line("\nnothing was stored: a dry run") } else { Ok(()) }
}

fn read(from: &Path, config: &Config) -> anyhow::Result<Vec<Subscriber>> {
    let text = std::fs::read_to_string(from).with_context(|| format!("cannot read {}", from.display()))?;
    let names = KnownTopics {
        companies: config.companies.iter().map(|company| &company.id).collect(),
        sources: config.sources.iter().map(|source| &source.id).collect(),
    };
    // The program's one clock tells when somebody asked of whom the file does not say it.
    let now = crate::clock::Clock::now(&crate::clock::SystemClock);
    parse(&text, &names, now).map_err(|faults| refusal(from, &faults))
}

/// Every fault by its place, and that nothing was done.
fn refusal(from: &Path, faults: &[CellFault]) -> anyhow::Error {
    let told: String = faults.iter().map(|fault| format!("\n{}:{fault}", from.display())).collect();
    match faults.len() {
        1 => anyhow::anyhow!("1 error; nobody was imported{told}"),
        many => anyhow::anyhow!("{many} errors; nobody was imported{told}"),
    }
}

pub(super) async fn export(context: &Context) -> anyhow::Result<()> {
    let all = context.ask(command::ListSubscribers {}).await?;
    print_bytes(write(&all)?.as_bytes())
}
