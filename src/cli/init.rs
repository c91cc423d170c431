//! `regwatch init`: a commented configuration to start from.

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::PathBuf;

use clap::Args;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use secrecy::SecretString;
use url::Url;

use super::exit::Exit;
use super::output::Output;
use crate::config::{Starting, write_starting_files};
use crate::domain::email::EmailAddress;

/// Writes a commented configuration to start from.
///
/// On a terminal it asks for what it is not told; what stays open is a placeholder that `regwatch doctor` names.
#[derive(Debug, Args)]
pub(super) struct Init {
    /// The folder to write into; created if missing. Existing files are not overwritten.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Your address: the sender of mail, the contact for sites, and the recipient of incidents.
    #[arg(long, value_name = "ADDRESS")]
    address: Option<EmailAddress>,
    /// The relay for outgoing mail, such as `smtp://relay.example:587`.
    #[arg(long, value_name = "URL")]
    relay: Option<String>,
}

pub(super) fn run(init: &Init, output: Output) -> anyhow::Result<Exit> {
    let starting =
        Starting { address: init.address.clone(), relay: init.relay.clone(), relay_password: None };
    let is_asked = !output.json && io::stdin().is_terminal() && io::stderr().is_terminal();
    let starting = if is_asked { asked(starting)? } else { starting };
    let written = write_starting_files(&init.folder, &starting)?;
    if output.json {
        output.object(&serde_json::json!({ "written": written }))?;
        return Ok(Exit::Done);
    }
    for path in &written {
        output.line(format!("wrote {}", path.display()))?;
    }
    let config = init.folder.join("config/regwatch.toml");
    let config = config.display();
    if starting.address.is_none() {
        output.line(format!("\nnext: set your addresses in mail.from and fetch.contact of {config}"))?;
        output.line(format!("then: regwatch --config {config} check now"))?;
    } else {
        output.line(format!("\nnext: regwatch --config {config} doctor"))?;
        output.line(format!("then: regwatch --config {config} check now"))?;
    }
    Ok(Exit::Done)
}

/// Asks for what is not known. An empty answer leaves it open.
fn asked(known: Starting) -> anyhow::Result<Starting> {
    let address = match known.address {
        Some(address) => Some(address),
        None => ask("Your address (the sender of mail, and the recipient of incidents)", |text| {
            text.parse::<EmailAddress>().map_err(|error| error.to_string())
        })?,
    };
    let relay = match known.relay {
        Some(relay) => Some(relay),
        None => ask(
            "The relay for mail, such as smtp://relay.example:587 (empty: mail goes into a folder)",
            |text| match Url::parse(text) {
                Ok(url) if url.password().is_some() => {
                    Err("leave the password out; the next question asks for it".to_owned())
                }
                Ok(url) if matches!(url.scheme(), "smtp" | "smtps") && url.host_str().is_some() => {
                    Ok(text.to_owned())
                }
                _ => Err("expected smtp://HOST:PORT or smtps://HOST".to_owned()),
            },
        )?,
    };
    let logs_in = |relay: &String| Url::parse(relay).is_ok_and(|url| !url.username().is_empty());
    let relay_password = if relay.as_ref().is_some_and(logs_in) {
        without_echo(|| {
            ask("Its password, stored in config/smtp-password", |text| Ok(SecretString::from(text)))
        })?
    } else {
        None
    };
    Ok(Starting { address, relay, relay_password })
}

/// Has the terminal not show what is typed meanwhile.
fn without_echo<T>(asking: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    let terminal = io::stdin();
    let shown = tcgetattr(&terminal)?;
    let mut hidden = shown.clone();
    hidden.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&terminal, OptionalActions::Now, &hidden)?;
    let answer = asking();
    tcsetattr(&terminal, OptionalActions::Now, &shown)?;
    // The line feed was not shown either.
    writeln!(io::stderr())?;
    answer
}

/// Asks until the answer is understood or empty.
fn ask<T>(question: &str, read: impl Fn(&str) -> Result<T, String>) -> anyhow::Result<Option<T>> {
    let (mut input, mut err) = (io::stdin().lock(), io::stderr());
    loop {
        write!(err, "{question}: ")?;
        err.flush()?;
        let mut line = String::new();
        if input.read_line(&mut line)? == 0 || line.trim().is_empty() {
            return Ok(None);
        }
        match read(line.trim()) {
            Ok(answer) => return Ok(Some(answer)),
            Err(reason) => writeln!(err, "  {reason}")?,
        }
    }
}
