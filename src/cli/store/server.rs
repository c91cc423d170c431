//! `regwatch store copy` and `migrate`: moving a store to another database, and the tables of one.

use clap::Args;

use crate::cli::Context;
use crate::cli::exit::Exit;
use crate::cli::progress::WaitingSign;
use crate::config::store_named;
use crate::domain::meter::Meter;
use crate::domain::text::counted;
use crate::settings::StoreSettings;
use crate::store::{copy as copy_store, migrate as migrate_store};

#[derive(Debug, Args)]
#[expect(clippy::doc_markdown, reason = "it is read on a terminal")]
pub(in crate::cli) struct Copy {
    /// The store to copy, such as sled:/var/lib/regwatch/db; that of the configuration unless given.
    #[arg(long)]
    from: Option<String>,
    /// The store to copy into, which must be new, such as postgres://regwatch@db.example/regwatch.
    #[arg(long)]
    to: String,
}

pub(super) async fn copy(
    wanted: &Copy,
    configured: &StoreSettings,
    context: &Context,
) -> anyhow::Result<Exit> {
    let here = std::env::current_dir()?;
    let named = |option: &str, text: &str| {
        store_named(text, &here).map_err(|fault| anyhow::anyhow!("{option}: {fault}"))
    };
    let from = wanted.from.as_deref().map(|text| named("--from", text)).transpose()?;
    let from = from.unwrap_or_else(|| configured.clone());
    let to = named("--to", &wanted.to)?;
    let meter = Meter::default();
    let waiting = WaitingSign::metered("copying", &meter);
    let copied = copy_store(&from, &to, &meter).await?;
    waiting.end();
    if context.output.json {
        context.output.object(&copied)?;
        return Ok(Exit::Done);
    }
    let records: u64 = copied.kinds.iter().map(|kind| kind.records).sum();
    context.output.line(format!(
        "{} holds the same as {}: {records} records, of which {} written now",
        copied.to,
        copied.from,
        counted(usize::try_from(copied.written).unwrap_or(usize::MAX), "was", "were"),
    ))?;
    let rows = copied.kinds.iter().filter(|kind| kind.records > 0);
    context.output.table(
        ["KIND", "RECORDS", "SHA-256"],
        rows.map(|kind| [kind.name.to_owned(), kind.records.to_string(), kind.sha256.clone()]),
    )?;
    context
        .output
        .line("set store.url to the copy, and keep the other store until the daemon has run on it")?;
    Ok(Exit::Done)
}

pub(super) fn migrate(settings: &StoreSettings, context: &Context) -> anyhow::Result<Exit> {
    let made = WaitingSign::while_doing("migrating", |_| migrate_store(settings))?;
    if context.output.json {
        context.output.object(&serde_json::json!({ "store": settings.place(), "migrations": made }))?;
    } else if made.is_empty() {
        context.output.line(format!("{}: nothing to migrate", settings.place()))?;
    } else {
        context.output.line(format!("{}: {}", settings.place(), made.join(", ")))?;
    }
    Ok(Exit::Done)
}
