//! `regwatch store`: whether the state is whole, and putting right what can be.

use clap::{Args, Subcommand};

use super::Context;
use super::exit::Exit;
use crate::store::{RecordFault, RepairWishes, Repaired, Verified, repair, verify};

#[derive(Debug, Subcommand)]
pub(super) enum StoreVerb {
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

pub(super) fn run(verb: &StoreVerb, context: &Context) -> anyhow::Result<Exit> {
    let settings = context.config()?.store;
    match verb {
        StoreVerb::Verify => {
            let verified = verify(&settings)?;
            if context.screen.json {
                context.screen.object(&verified)?;
            } else {
                show_verified(&verified, context)?;
            }
            Ok(if verified.is_sound { Exit::Done } else { Exit::Error })
        }
        StoreVerb::Repair(wanted) => {
            let Repair { apply, accept_older, accept_foreign } = *wanted;
            let repaired = repair(&settings, RepairWishes { apply, accept_older, accept_foreign })?;
            if context.screen.json {
                context.screen.object(&repaired)?;
            } else {
                show_repaired(&repaired, context)?;
            }
            Ok(Exit::Done)
        }
    }
}

fn show_verified(verified: &Verified, context: &Context) -> anyhow::Result<()> {
    let screen = context.screen;
    let path = verified.path.display();
    if verified.is_sound {
        let records: u64 = verified.trees.iter().map(|tree| tree.records).sum();
        screen.line(format!("{path} is sound: {records} records after {} commits", verified.commits))?;
    } else {
        screen.line(format!("{path} is not sound"))?;
    }
    for finding in &verified.findings {
        screen.line(format!("  {finding}"))?;
    }
    show_records(&verified.records, context)?;
    for note in &verified.notes {
        screen.line(format!("  note: {note}"))?;
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
        screen.table(["RECORDS", "READABLE", "EXPECTED"], rows)?;
    }
    if !verified.is_sound {
        screen.line("`regwatch store repair` tells what can be put right, and changes nothing yet")?;
    }
    Ok(())
}

fn show_repaired(repaired: &Repaired, context: &Context) -> anyhow::Result<()> {
    let screen = context.screen;
    if repaired.deeds.is_empty() {
        return screen.line(format!("{}: nothing to put right", repaired.path.display()));
    }
    screen.line(if repaired.is_applied { "done:" } else { "would be done:" })?;
    for deed in &repaired.deeds {
        screen.line(format!("  {deed}"))?;
    }
    if !repaired.lost.is_empty() {
        screen.line("lost:")?;
    }
    for lost in &repaired.lost {
        screen.line(format!("  {lost}"))?;
    }
    show_records(&repaired.records, context)?;
    if !repaired.is_applied {
        screen.line("nothing was changed; --apply does it")?;
    }
    Ok(())
}

fn show_records(records: &[RecordFault], context: &Context) -> anyhow::Result<()> {
    if records.is_empty() {
        return Ok(());
    }
    let rows = records.iter().map(|fault| [fault.tree.to_owned(), fault.key.clone(), fault.reason.clone()]);
    context.screen.table(["RECORDS", "KEY", "WHY"], rows)
}
