//! `regwatch store`: the state as a whole: its size, whether it is sound, backups, and putting right what can be.

mod backup;
mod server;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Context;
use super::exit::Exit;
use super::progress::WaitingSign;
use crate::store::{RecordFault, RepairWishes, Repaired, Verified, repair_metered, verify_metered};

#[derive(Debug, Subcommand)]
pub(super) enum StoreVerb {
    /// Show the store's size, its content, and what retention would remove.
    Stats,
    /// Apply retention now, and remove unused data. The daemon does so once a day.
    Tidy,
    /// Write the whole store into one compressed file, while the daemon runs. It can be restored anywhere.
    ///
    /// Example: regwatch store backup /var/backups/regwatch-$(date +%F).backup
    Backup {
        /// The file to write; it must not exist yet.
        file: PathBuf,
    },
    /// Restore a store from a backup, where there is none. Stop the daemon first.
    ///
    /// Refuses a damaged or truncated file, and then restores nothing.
    Restore {
        /// The file.
        file: PathBuf,
    },
    /// Write the whole store as lines of JSON, for other programs, while the daemon runs.
    Export {
        /// The file to write; it must not exist yet. `-` for standard output.
        file: PathBuf,
    },
    /// Make a store from an export, where there is none. Stop the daemon first.
    Import {
        /// The file.
        file: PathBuf,
    },
    /// Reclaim the space that the store no longer needs. Stop the daemon first.
    ///
    /// Copies the store into a new one, verifies it and puts it in the old one's place. This needs as much free space
    /// as
    /// the store has.
    Compact,
    /// Copy a store into a new one of another kind, and verify that both hold the same. Stop the daemon first.
    ///
    /// A copy that was interrupted is continued by the same command. REGWATCH_STORE_PASSWORD holds the password of a
    /// database.
    ///
    /// Example: regwatch store copy --from sled:/var/lib/regwatch/db --to postgres://regwatch@db.example/regwatch
    #[expect(clippy::doc_markdown, reason = "it is read on a terminal")]
    Copy(server::Copy),
    /// Create or update the tables of a store in PostgreSQL. A new, empty database needs no such command.
    Migrate,
    /// Check that the whole store is present and readable; changes nothing. Stop the daemon first.
    Verify,
    /// Repair the store and say what is lost. Without --apply it only reports. Stop the daemon first.
    Repair(Repair),
}

#[derive(Debug, Args)]
pub(super) struct Repair {
    /// Apply the repair instead of only reporting it.
    #[arg(long)]
    apply: bool,
    /// Accept a store older than the last one here, such as a restored copy.
    #[arg(long)]
    accept_older: bool,
    /// Accept a store of another installation, or another copy of this one's.
    #[arg(long)]
    accept_foreign: bool,
}

pub(super) async fn run(verb: &StoreVerb, context: &Context) -> anyhow::Result<Exit> {
    let settings = context.config()?.store;
    match verb {
        StoreVerb::Stats => backup::stats(context).await,
        StoreVerb::Tidy => backup::tidy(context).await,
        StoreVerb::Backup { file } => backup::backup(file, context).await,
        StoreVerb::Restore { file } => backup::restore(file, &settings, context),
        StoreVerb::Export { file } => backup::export(file, context).await,
        StoreVerb::Import { file } => backup::import(file, &settings, context),
        StoreVerb::Compact => backup::compact(&settings, context),
        StoreVerb::Copy(wanted) => server::copy(wanted, &settings, context).await,
        StoreVerb::Migrate => server::migrate(&settings, context),
        StoreVerb::Verify => {
            let verified =
                WaitingSign::while_doing("checking every record", |meter| verify_metered(&settings, meter))?;
            if context.output.json {
                context.output.object(&verified)?;
            } else {
                show_verified(&verified, context)?;
            }
            Ok(if verified.is_sound { Exit::Done } else { Exit::Error })
        }
        StoreVerb::Repair(wanted) => {
            let Repair { apply, accept_older, accept_foreign } = *wanted;
            let wishes = RepairWishes { apply, accept_older, accept_foreign };
            let repaired =
                WaitingSign::while_doing("repairing", |meter| repair_metered(&settings, wishes, meter))?;
            if context.output.json {
                context.output.object(&repaired)?;
            } else {
                show_repaired(&repaired, context)?;
            }
            Ok(Exit::Done)
        }
    }
}

fn show_verified(verified: &Verified, context: &Context) -> anyhow::Result<()> {
    let output = context.output;
    let path = verified.path.display();
    if verified.is_sound {
        let records: u64 = verified.trees.iter().map(|tree| tree.records).sum();
        // A server counts none.
        let commits = match verified.commits {
            0 => String::new(),
            commits => format!(" after {commits} commits"),
        };
        output.line(format!("{path} is sound: {records} records{commits}"))?;
    } else {
        output.line(format!("{path} is not sound"))?;
    }
    for finding in &verified.findings {
        output.line(format!("  {finding}"))?;
    }
    show_records(&verified.records, context)?;
    for note in &verified.notes {
        output.line(format!("  note: {note}"))?;
    }
    let missing =
        verified.trees.iter().filter(|tree| tree.expected.is_some_and(|expected| expected != tree.records));
    let rows: Vec<[String; 3]> = missing
        .map(|tree| {
            let expected = tree.expected.map(|expected| expected.to_string()).unwrap_or_default();
            [tree.name.to_owned(), tree.records.to_string(), expected]
        })
        .collect();
    if !rows.is_empty() {
        output.table(["RECORDS", "READABLE", "EXPECTED"], rows)?;
    }
    if !verified.is_sound {
        output.line("`regwatch store repair` shows what can be repaired, and changes nothing yet")?;
    }
    Ok(())
}

fn show_repaired(repaired: &Repaired, context: &Context) -> anyhow::Result<()> {
    let output = context.output;
    if repaired.deeds.is_empty() {
        return output.line(format!("{}: nothing to repair", repaired.path.display()));
    }
    output.line(if repaired.is_applied { "done:" } else { "would do:" })?;
    for deed in &repaired.deeds {
        output.line(format!("  {deed}"))?;
    }
    if !repaired.lost.is_empty() {
        output.line("lost:")?;
    }
    for lost in &repaired.lost {
        output.line(format!("  {lost}"))?;
    }
    show_records(&repaired.records, context)?;
    if !repaired.is_applied {
        output.line("nothing was changed; --apply applies the repair")?;
    }
    Ok(())
}

fn show_records(records: &[RecordFault], context: &Context) -> anyhow::Result<()> {
    if records.is_empty() {
        return Ok(());
    }
    let rows = records.iter().map(|fault| [fault.tree.to_owned(), fault.key.clone(), fault.reason.clone()]);
    context.output.table(["RECORDS", "KEY", "WHY"], rows)
}
