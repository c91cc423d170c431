//! `regwatch evidence`: exports what was read and when, and verifies such a file without a store.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use chrono::{DateTime, Days, NaiveDate, Utc};
use clap::{Args, Subcommand};

use super::Context;
use super::changes::beginning_of;
use super::exit::Exit;
use super::output::{moment, require_file};
use super::progress::WaitingSign;
use super::status::size;
use crate::control::command;
use crate::domain::evidence::Silence;
use crate::domain::id::{CompanyId, SourceId};
use crate::domain::text::{counted, error_chain};
use crate::evidence::{UnsoundPackage, VerifiedPackage, verify};
use crate::prove::{EvidenceRequest, Exported};

#[derive(Debug, Subcommand)]
pub(super) enum EvidenceVerb {
    /// Write evidence into one file that anybody can check.
    ///
    /// For a change: every read from the one before it to the one that found it, with what the server sent. For a
    /// source or a company: every read of a period, and when the source was not seen.
    ///
    /// Example: regwatch evidence export --company hikvision --from 2026-01-01 --to 2026-06-30 --out silence.zip
    Export(Export),
    /// Check a file of evidence. This needs only the file: no configuration, no store.
    ///
    /// Exits with 0 if it is sound and with 6 if it is not.
    Verify {
        /// The file.
        file: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(super) struct Export {
    /// The change: its id, or the beginning of it.
    #[arg(required_unless_present_any = ["source", "company"], conflicts_with_all = ["source", "company", "from", "to"])]
    change: Option<String>,
    /// Every read of this source.
    #[arg(long, value_name = "ID", conflicts_with = "company")]
    source: Option<SourceId>,
    /// Every read of every source, and the changes that concern this company.
    #[arg(long, value_name = "ID")]
    company: Option<CompanyId>,
    /// From this day (UTC) or moment on, such as 2026-11-01 or 2026-11-01T06:00:00Z [default: the first read].
    #[arg(long, value_name = "TIME", value_parser = beginning)]
    from: Option<DateTime<Utc>>,
    /// Up to the end of this day (UTC), or up to this moment [default: now].
    #[arg(long, value_name = "TIME", value_parser = end)]
    to: Option<DateTime<Utc>>,
    /// The file to write; it must not exist yet.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

fn time(text: &str, of_day: fn(NaiveDate) -> Option<DateTime<Utc>>) -> Result<DateTime<Utc>, String> {
    let day = text.parse::<NaiveDate>().ok().and_then(of_day);
    let moment = || DateTime::parse_from_rfc3339(text).ok().map(|moment| moment.to_utc());
    day.or_else(moment).ok_or_else(|| {
        format!("found {text:?}, expected a day such as 2026-11-01 or a moment such as 2026-11-01T06:00:00Z")
    })
}

fn beginning(text: &str) -> Result<DateTime<Utc>, String> {
    time(text, |day| Some(beginning_of(day)))
}

fn end(text: &str) -> Result<DateTime<Utc>, String> {
    time(text, |day| day.checked_add_days(Days::new(1)).map(beginning_of))
}

pub(super) async fn run(verb: EvidenceVerb, context: &Context) -> anyhow::Result<Exit> {
    match verb {
        EvidenceVerb::Export(export) => write(export, context).await,
        EvidenceVerb::Verify { file } => check(&file, context),
    }
}

/// Has the store's owner write it beside the store, and fetches it: so the file is written by who asked.
async fn write(export: Export, context: &Context) -> anyhow::Result<Exit> {
    let Export { change, source, company, from, to, out } = export;
    require_file(&out)?;
    let file = std::path::absolute(&out)?;
    anyhow::ensure!(!file.exists(), "{} already exists and is not overwritten", file.display());
    let wanted = match (change, source, company) {
        (Some(id), ..) => EvidenceRequest::Change(id),
        (None, Some(id), _) => EvidenceRequest::Source { id, from, to },
        (None, None, Some(id)) => EvidenceRequest::Company { id, from, to },
        (None, None, None) => anyhow::bail!("expected a change, --source or --company"),
    };
    let waiting = WaitingSign::begin("collecting evidence");
    let exported = context.ask(command::ExportEvidence { wanted }).await?;
    let fetched = fetch(&exported.path, &file).with_context(|| format!("cannot write {}", file.display()));
    context.ask(command::ForgetEvidence { path: exported.path.clone() }).await?;
    fetched?;
    let checked = verify(&file).map_err(|unsound| {
        anyhow::anyhow!("the written file is not sound ({}); check its disk", error_chain(&unsound))
    })?;
    waiting.end();
    let exported = Exported { path: file, ..exported };
    if context.output.json {
        context.output.object(&exported)?;
        return Ok(Exit::Done);
    }
    let output = context.output;
    output.item(&format!(
        "{}: {} of {}, {}, {}",
        exported.path.display(),
        counted(exported.lines, "line", "lines"),
        counted(checked.sources.len(), "source", "sources"),
        counted(exported.changes, "change", "changes"),
        size(exported.bytes)
    ))?;
    for note in &exported.notes {
        output.prefixed(&format!("  note: {note}"), "    ")?;
    }
    show(&checked, context)?;
    Ok(Exit::Done)
}

/// Copies what lies beside the store to where it is wanted; under its name there is all of it or nothing.
fn fetch(from: &Path, file: &Path) -> std::io::Result<()> {
    let mut unfinished = file.as_os_str().to_owned();
    unfinished.push(".unfinished");
    let unfinished = PathBuf::from(unfinished);
    let copied = fs::copy(from, &unfinished)
        .and_then(|_| File::open(&unfinished)?.sync_all())
        .and_then(|()| fs::rename(&unfinished, file));
    if copied.is_err() {
        let _ = fs::remove_file(&unfinished);
    }
    copied
}

fn check(file: &Path, context: &Context) -> anyhow::Result<Exit> {
    let checked = WaitingSign::while_doing("checking", |_| verify(file));
    let output = context.output;
    match checked {
        Ok(checked) => {
            if output.json {
                output.object(&serde_json::json!({ "file": file, "is_sound": true, "checked": checked }))?;
            } else {
                let (members, lines) = (checked.members, checked.lines);
                output.item(&format!("{} is sound: {members} members, {lines} lines", file.display()))?;
                show(&checked, context)?;
            }
            Ok(Exit::Done)
        }
        Err(UnsoundPackage::File(error)) => {
            Err(error).with_context(|| format!("cannot read {}", file.display()))
        }
        Err(unsound) => {
            let reason = error_chain(&unsound);
            if output.json {
                output.object(&serde_json::json!({ "file": file, "is_sound": false, "reason": reason }))?;
            } else {
                output.item(&format!("{} is not sound: {reason}", file.display()))?;
            }
            Ok(Exit::Unsound)
        }
    }
}

fn show(checked: &VerifiedPackage, context: &Context) -> anyhow::Result<()> {
    let output = context.output;
    for seal in &checked.seals {
        let stamped = match (seal.stamped_at, &seal.stamped_by) {
            (Some(at), Some(by)) => format!("time-stamped {} by {by}", moment(at)),
            _ => "not time-stamped".to_owned(),
        };
        output.prefixed(&format!("  seal {} of {}, {stamped}", seal.seal, moment(seal.at)), "    ")?;
    }
    for Silence { source, reads, seen, gaps, changes, .. } in &checked.silence {
        let line = format!(
            "  {source}: reads: {reads}, of them seen as it is: {seen}, {}, {}",
            counted(gaps.len(), "gap", "gaps"),
            counted(changes.len(), "change", "changes")
        );
        output.prefixed(&line, "    ")?;
        for gap in gaps {
            let line = format!("    gap {} to {}: {}", moment(gap.from), moment(gap.to), gap.why.join("; "));
            output.prefixed(&line, "      ")?;
        }
    }
    for note in &checked.notes {
        output.prefixed(&format!("  note: {note}"), "    ")?;
    }
    Ok(())
}
