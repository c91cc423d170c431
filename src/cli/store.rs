//! `regwatch store`: the state as a whole: its size, whether it is sound, backups, and putting right what can be.

mod backup;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Context;
use super::exit::Exit;
use super::progress::Waiting;
use crate::store::{RecordFault, RepairWishes, Repaired, Verified, repair_metered, verify_metered};

#[derive(Debug, Subcommand)]
pub(super) enum StoreVerb {
    /// How large the store is, what is in it, and what retention would let go of.
    Stats,
    /// Let go of what is old enough by the retention settings, and of what nothing refers to. The daemon does it once a day.
    Tidy,
    /// Write all of the store into one compressed file, while the daemon runs. It can be restored anywhere.
    ///
    /// Example: regwatch store backup /var/backups/regwatch-$(date +%F).backup
    Backup {
        /// The file; it must not be there yet.
        file: PathBuf,
    },
    /// Make the store of a backup, where there is none. Stop the daemon first.
    ///
    /// A file that is damaged or was cut short is refused, and nothing is made of it.
    Restore {
        /// The file.
        file: PathBuf,
    },
    /// Write all of the store as lines of JSON, for other programs, while the daemon runs.
    Export {
        /// The file; it must not be there yet.
        file: PathBuf,
    },
    /// Make the store of an export, where there is none. Stop the daemon first.
    Import {
        /// The file.
        file: PathBuf,
    },
    /// Give back the room that the store no longer needs. Stop the daemon first.
    ///
    /// The store is copied into a new one, which is looked at and then takes its place: so much room as the store
    /// needs must be free.
    Compact,
    /// Check that all of the store is there and can be read; changes nothing. Stop the daemon first.
    Verify,
    /// Put right what can be, and say what is lost. Without --apply it only tells. Stop the daemon first.
    Repair(Repair),
}

#[derive(Debug, Args)]
pub(super) struct Repair {
    /// Do it; otherwise it is only told.
    #[arg(long)]
    apply: bool,
    /// Go on from a store that is older than the last one here, such as a backup that was copied back.
    #[arg(long)]
    accept_older: bool,
    /// Use a store of another installation, or another copy of this one's, as the one that belongs here.
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
        StoreVerb::Verify => {
            let verified =
                Waiting::while_doing("looking at every record", |meter| verify_metered(&settings, meter))?;
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
                Waiting::while_doing("repairing", |meter| repair_metered(&settings, wishes, meter))?;
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
        output.line(format!("{path} is sound: {records} records after {} commits", verified.commits))?;
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
        output.line("`regwatch store repair` tells what can be put right, and changes nothing yet")?;
    }
    Ok(())
}

fn show_repaired(repaired: &Repaired, context: &Context) -> anyhow::Result<()> {
    let output = context.output;
    if repaired.deeds.is_empty() {
        return output.line(format!("{}: nothing to put right", repaired.path.display()));
    }
    output.line(if repaired.is_applied { "done:" } else { "would be done:" })?;
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
        output.line("nothing was changed; --apply does it")?;
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
