//! `regwatch mail preview`: how a mail looks, with example data.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser};
use strum::VariantArray as _;

use crate::cli::Context;
use crate::config::Config;
use crate::domain::email::EmailAddress;
use crate::domain::keyed_link::{LinkKey, WebAddresses};
use crate::domain::mail_kind::MailKind;
use crate::mail::{Letter, MailPurpose, compose};
use crate::render::{AlertAbout, MailFoot, Rendered, example, example_alert};

#[derive(Debug, Args)]
pub(in crate::cli) struct Preview {
    /// The kind of mail.
    #[arg(value_name = "KIND", value_parser = PossibleValuesParser::new(kinds()))]
    kind: String,
    /// Write it to this file: the whole message if the name ends in .eml, otherwise its HTML.
    #[arg(long, value_name = "FILE", conflicts_with = "browser")]
    into: Option<PathBuf>,
    /// Open its HTML in a browser.
    #[arg(long)]
    browser: bool,
}

/// What can be shown: every kind of mail, and alerts about each kind of source.
fn kinds() -> impl Iterator<Item = PossibleValue> {
    let kinds = MailKind::VARIANTS.iter().copied().map(value);
    kinds.chain(AlertAbout::ALL.map(|(word, _)| PossibleValue::new(word)))
}

/// The word for a kind; the coverage report was once called an attestation.
fn value(kind: MailKind) -> PossibleValue {
    let value = PossibleValue::new(kind.word());
    if kind == MailKind::Coverage { value.alias(FORMER_COVERAGE) } else { value }
}

const FORMER_COVERAGE: &str = "attestation";

/// For whom the examples are.
const READER: &str = "reader@example.org";

pub(super) fn run(preview: &Preview, context: &Context) -> anyhow::Result<()> {
    let config = context.config()?;
    let to: EmailAddress = READER.parse()?;
    let word = if preview.kind == FORMER_COVERAGE { MailKind::Coverage.word() } else { &preview.kind };
    let rendered = render(word, &to, &config)?;
    match &preview.into {
        Some(path) if path.extension().is_some_and(|extension| extension == "eml") => {
            keep(path, &message(&rendered, &to, &config)?)
        }
        Some(path) => keep(path, rendered.html.as_bytes()),
        None if preview.browser => show(&rendered, &preview.kind),
        None if context.output.json => context.output.object(&serde_json::json!({
            "kind": rendered.kind, "subject": rendered.subject, "text": rendered.text, "html": rendered.html,
        })),
        None => context.output.line(format!("Subject: {}\n\n{}", rendered.subject, rendered.text)),
    }
}

fn render(word: &str, to: &EmailAddress, config: &Config) -> anyhow::Result<Rendered> {
    // Nobody's links: what they are keyed with opens nothing.
    let web = config.web.as_ref().map(|web| WebAddresses::new(&web.base_url, LinkKey::new([0; 32])));
    let mailbox = config.inbox.as_ref().map_or(&config.mail.help_address, |inbox| &inbox.address);
    let service = MailFoot {
        name: config.mail.from.organisation(),
        mailbox,
        help_address: &config.mail.help_address,
        postal_address: config.mail.postal_address.as_deref(),
        web: web.as_ref(),
    };
    if let Some((_, about)) = AlertAbout::ALL.iter().find(|(name, _)| *name == word) {
        return Ok(example_alert(*about, to, &service)?);
    }
    let kind: MailKind = word.parse().with_context(|| format!("no kind of mail is called {word:?}"))?;
    Ok(example(kind, to, &service)?)
}

fn message(rendered: &Rendered, to: &EmailAddress, config: &Config) -> anyhow::Result<Vec<u8>> {
    let letter = Letter {
        from: &config.mail.from,
        to,
        help: &config.mail.help_address,
        rendered,
        message_id: "preview@regwatch.invalid",
        thread: None,
        date: chrono::DateTime::UNIX_EPOCH,
        list: None,
        dkim: config.mail.dkim.as_ref(),
        occasion: MailPurpose::Alert,
    };
    Ok(compose(&letter)?)
}

fn keep(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    std::fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

/// Opens the HTML with what opens files here; it stays in the folder for temporary files.
fn show(rendered: &Rendered, kind: &str) -> anyhow::Result<()> {
    let prefix = format!("regwatch-{kind}-");
    let (_, path) = tempfile::Builder::new().prefix(&prefix).suffix(".html").tempfile()?.keep()?;
    keep(&path, rendered.html.as_bytes())?;
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let ended = std::process::Command::new(opener).arg(&path).status();
    let ended = ended.with_context(|| format!("cannot run {opener}; open {} yourself", path.display()))?;
    anyhow::ensure!(ended.success(), "{opener} cannot show {}", path.display());
    Ok(())
}
