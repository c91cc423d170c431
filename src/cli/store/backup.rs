//! `regwatch store stats`, `tidy`, `backup`, `restore` and `compact`.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::cli::Context;
use crate::cli::exit::Exit;
use crate::cli::output::{is_standard_output, moment, require_file};
use crate::cli::progress::WaitingSign;
use crate::cli::status::size;
use crate::control::command;
use crate::domain::meter::Meter;
use crate::domain::text::counted;
use crate::settings::StoreSettings;
use crate::store::{
    Archived, check_backup, compact as compact_store, import as import_store, restore as restore_store,
};

pub(super) async fn stats(context: &Context) -> anyhow::Result<Exit> {
    let waiting = WaitingSign::begin("checking every record");
    let stats = context.ask(command::ShowStats {}).await?;
    waiting.end();
    let output = context.output;
    if output.json {
        output.object(&stats)?;
        return Ok(Exit::Done);
    }
    let releasable = stats.releasable;
    let none = match context.config()?.store {
        StoreSettings::Sled { .. } => "none; `regwatch store backup FILE` makes one",
        StoreSettings::Postgres { .. } => {
            "none, but for the server's own; `regwatch store backup FILE` makes one"
        }
    };
    output.line(format!("{}: {} on the disk", stats.path.display(), size(stats.size.bytes)))?;
    output.table(
        ["", ""],
        [
            ["records".to_owned(), format!("{}, {}", stats.size.records, size(stats.size.live))],
            ["compacting reclaims".to_owned(), format!("about {}", size(stats.size.reclaimable))],
            [
                "old enough to remove".to_owned(),
                format!(
                    "{} ({}), details of {}, {} ({})",
                    counted(releasable.mails, "mail", "mails"),
                    size(releasable.mail_bytes),
                    counted(releasable.reads, "read", "reads"),
                    counted(releasable.bodies, "page", "pages"),
                    size(releasable.body_bytes)
                ),
            ],
            [
                "last backup".to_owned(),
                stats.backup.as_ref().map_or_else(
                    || none.to_owned(),
                    |backup| format!("{}, {}", moment(backup.at), backup.path.display()),
                ),
            ],
        ],
    )?;
    output.line("")?;
    let rows = stats.kinds.iter().filter(|kind| kind.records > 0);
    output.table(
        ["KIND", "RECORDS", "BYTES"],
        rows.map(|kind| [kind.name.clone(), kind.records.to_string(), size(kind.bytes)]),
    )?;
    Ok(Exit::Done)
}

pub(super) async fn tidy(context: &Context) -> anyhow::Result<Exit> {
    let waiting = WaitingSign::begin("removing old data");
    let tidied = context.ask(command::Tidy {}).await?;
    waiting.end();
    if context.output.json {
        context.output.object(&tidied)?;
    } else {
        let released = tidied.released;
        context.output.line(format!(
            "removed the bytes of {}, the details of {}, {} and {}",
            counted(released.mails, "mail", "mails"),
            counted(released.reads, "read", "reads"),
            counted(released.bodies, "page", "pages"),
            counted(tidied.bodies_removed, "unused body", "unused bodies")
        ))?;
    }
    Ok(Exit::Done)
}

/// Has the store's owner write a backup beside the store, and fetches it: so the file is written by who asked, also
/// where the daemon may write nowhere but into its own folder.
pub(super) async fn backup(file: &Path, context: &Context) -> anyhow::Result<Exit> {
    require_file(file)?;
    let file = std::path::absolute(file)?;
    anyhow::ensure!(!file.exists(), "{} already exists and is not overwritten", file.display());
    let (meter, checking) = (Meter::default(), Meter::default());
    let waiting = WaitingSign::metered("writing a backup", &meter);
    let fetched = context.ask_metered(context.config()?, command::TakeBackup {}, &meter).await?;
    fetch(&fetched, &file).with_context(|| format!("cannot write {}", file.display()))?;
    waiting.end();
    let waiting = WaitingSign::metered("reading it again", &checking);
    let found = check_backup(&file, &checking)?;
    anyhow::ensure!(
        found.sha256 == fetched.sha256,
        "{} differs from what was written; check its disk",
        file.display()
    );
    context.ask(command::NoteBackup { fetched, path: file.clone() }).await?;
    waiting.end();
    if context.output.json {
        context.output.object(&found)?;
    } else {
        context.output.line(format!(
            "{}: {} records in {}, sha256 {}",
            file.display(),
            found.records,
            size(found.bytes),
            found.sha256
        ))?;
    }
    Ok(Exit::Done)
}

/// Copies a backup to where it is wanted; under its name there is all of it or nothing.
fn fetch(fetched: &Archived, file: &Path) -> io::Result<()> {
    let mut unfinished = file.as_os_str().to_owned();
    unfinished.push(".unfinished");
    let unfinished = PathBuf::from(unfinished);
    let copied = fs::copy(&fetched.path, &unfinished)
        .and_then(|_| File::open(&unfinished)?.sync_all())
        .and_then(|()| fs::rename(&unfinished, file));
    if let Err(error) = copied {
        let _ = fs::remove_file(&unfinished);
        return Err(error);
    }
    File::open(file.parent().unwrap_or(Path::new("/")))?.sync_all()
}

pub(super) async fn export(file: &Path, context: &Context) -> anyhow::Result<Exit> {
    if is_standard_output(file) {
        return print_export(context).await;
    }
    let file = std::path::absolute(file)?;
    anyhow::ensure!(!file.exists(), "{} already exists and is not overwritten", file.display());
    let meter = Meter::default();
    let waiting = WaitingSign::metered("writing an export", &meter);
    let fetched = context.ask_metered(context.config()?, command::Export {}, &meter).await?;
    fetch(&fetched, &file).with_context(|| format!("cannot write {}", file.display()))?;
    context.ask(command::ForgetExport {}).await?;
    waiting.end();
    let exported = Archived { path: file, ..fetched };
    if context.output.json {
        context.output.object(&exported)?;
    } else {
        context.output.line(format!(
            "{}: {} records in {}",
            exported.path.display(),
            exported.records,
            size(exported.bytes)
        ))?;
    }
    Ok(Exit::Done)
}

/// Writes an export to standard output and nothing else.
async fn print_export(context: &Context) -> anyhow::Result<Exit> {
    anyhow::ensure!(
        !context.output.json,
        "--json prints an object on standard output; name a file for the export"
    );
    let meter = Meter::default();
    let waiting = WaitingSign::metered("writing an export", &meter);
    let fetched = context.ask_metered(context.config()?, command::Export {}, &meter).await?;
    waiting.end();
    let printed = File::open(&fetched.path)
        .and_then(|mut file| io::copy(&mut file, &mut io::stdout().lock()))
        .and_then(|_| io::stdout().flush());
    context.ask(command::ForgetExport {}).await?;
    printed?;
    Ok(Exit::Done)
}

pub(super) fn import(file: &Path, settings: &StoreSettings, context: &Context) -> anyhow::Result<Exit> {
    let imported = WaitingSign::while_doing("importing", |meter| import_store(settings, file, meter))?;
    show_restored(&imported, settings, context)
}

pub(super) fn restore(file: &Path, settings: &StoreSettings, context: &Context) -> anyhow::Result<Exit> {
    let restored = WaitingSign::while_doing("restoring", |meter| restore_store(settings, file, meter))?;
    show_restored(&restored, settings, context)
}

fn show_restored(restored: &Archived, settings: &StoreSettings, context: &Context) -> anyhow::Result<Exit> {
    if context.output.json {
        context.output.object(restored)?;
    } else {
        // A server counts none.
        let commits = match restored.commits {
            0 => String::new(),
            commits => format!(" as they were after {commits} commits"),
        };
        context.output.line(format!("{}: {} records{commits}", settings.place(), restored.records))?;
    }
    Ok(Exit::Done)
}

pub(super) fn compact(settings: &StoreSettings, context: &Context) -> anyhow::Result<Exit> {
    let compacted = WaitingSign::while_doing("compacting", |meter| compact_store(settings, meter))?;
    if context.output.json {
        context.output.object(&compacted)?;
    } else {
        context.output.line(format!(
            "{}: {} before, {} now, {} records",
            compacted.path.display(),
            size(compacted.bytes_before),
            size(compacted.bytes),
            compacted.records
        ))?;
    }
    Ok(Exit::Done)
}
