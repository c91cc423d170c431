//! `regwatch mail`: whether mail arrives, how it looks, and taking in what people write.

mod preview;

use std::io::Read;

use clap::{Args, Subcommand};
use serde::Serialize;

use super::Context;
use super::exit::Exit;
use crate::control::command;
use crate::domain::email::EmailAddress;
use crate::domain::outbox::{MailState, STORED};
use crate::mail::{DnsRecord, InboundEnvelope, MAX_MESSAGE_BYTES, dns_records, without_mbox_line};
use crate::subscribe::Ingested;

#[derive(Debug, Subcommand)]
pub(super) enum Mail {
    /// Send a test mail through the configured transport.
    Test {
        /// The recipient.
        address: EmailAddress,
    },
    /// Print the DNS records that make receivers trust mail from here: SPF, DKIM, DMARC.
    Dns,
    /// Show a mail with example data: on the terminal, in a file, or in a browser.
    ///
    /// Example: regwatch mail preview digest --browser
    Preview(preview::Preview),
    /// Take in one message from standard input, handed over by a mail server.
    ///
    /// Exits with 75 if the server should try again later, and with 65 if that failed several times and the server
    /// should return the message to its sender.
    Ingest(Ingest),
}

#[derive(Debug, Args)]
pub(super) struct Ingest {
    /// The envelope sender; empty for a bounce.
    #[arg(long, value_name = "ADDRESS")]
    sender: Option<String>,
    /// The envelope recipient, including the part behind its `+`.
    #[arg(long, value_name = "ADDRESS")]
    recipient: Option<String>,
}

pub(super) async fn run(verb: Mail, context: &Context) -> anyhow::Result<Exit> {
    match verb {
        Mail::Test { address } => test(address, context).await,
        Mail::Dns => dns(context),
        Mail::Preview(preview) => preview::run(&preview, context).map(|()| Exit::Done),
        Mail::Ingest(verb) => Ok(match ingest(verb, context).await {
            Ok(Ingested::GivenUp { .. }) => Exit::Refused,
            Ok(_) => Exit::Done,
            // Whatever is wrong is wrong here, not with the message: it must come again.
            Err(error) => {
                super::output::print_error(&error);
                Exit::TryAgain
            }
        }),
    }
}

async fn test(address: EmailAddress, context: &Context) -> anyhow::Result<Exit> {
    let mail = context.ask(command::TestMail { address }).await?;
    if context.output.json {
        context.output.object(&mail)?;
    } else {
        let reason = mail.last_error.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
        let to = if mail.standing == STORED { "for" } else { "to" };
        context.output.line(format!("{} {to} {}{reason}", mail.standing, mail.recipient))?;
    }
    Ok(if mail.state == MailState::Sent { Exit::Done } else { Exit::Error })
}

fn dns(context: &Context) -> anyhow::Result<Exit> {
    let records = dns_records(&context.config()?.mail);
    if context.output.json {
        context.output.object(&Published { records })?;
        return Ok(Exit::Done);
    }
    for record in &records {
        context.output.prefixed(&format!("; {}", record.note), "; ")?;
        context.output.line(record.zone_line())?;
    }
    Ok(Exit::Done)
}

/// What `mail dns --json` prints.
#[derive(Debug, Serialize)]
struct Published {
    records: Vec<DnsRecord>,
}

async fn ingest(verb: Ingest, context: &Context) -> anyhow::Result<Ingested> {
    let envelope = InboundEnvelope { sender: verb.sender, recipient: verb.recipient };
    let message = tokio::task::spawn_blocking(|| message_of(std::io::stdin().lock())).await??;
    let ingested = context.ask(command::Ingest { message, envelope }).await?;
    if context.output.json {
        context.output.object(&ingested)?;
        return Ok(ingested);
    }
    context.output.line(match &ingested {
        Ingested::Answered { mails } => {
            format!("answered by {}", super::check::counted(*mails, "mail", "mails"))
        }
        Ingested::Reported { mail } => format!("recorded with mail {mail}"),
        Ingested::Known => "taken in before".to_owned(),
        Ingested::PassedOver { reason } => format!("ignored: {reason}"),
        Ingested::GivenUp { reason } => format!("given up: {reason}"),
    })?;
    Ok(ingested)
}

/// The message that comes, as much of it as is needed; the rest is read and let go, since a mail server takes
/// a closed pipe for a failure. Without the line of a mailbox file, which another attempt has otherwise: it
/// would make another message of it, and is none of the bytes that are looked at.
fn message_of(mut input: impl Read) -> std::io::Result<Vec<u8>> {
    let mut message = Vec::new();
    input.by_ref().take(MAX_MESSAGE_BYTES as u64).read_to_end(&mut message)?;
    let line_bytes = message.len() - without_mbox_line(&message).len();
    message.drain(..line_bytes);
    input.by_ref().take(line_bytes as u64).read_to_end(&mut message)?;
    std::io::copy(&mut input, &mut std::io::sink())?;
    Ok(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(came: &str, expected: &str) {
        let mut input = came.as_bytes();
        let message = message_of(&mut input).unwrap();
        assert!(message == expected.as_bytes(), "{} bytes of {}", message.len(), came.len());
        assert!(input.is_empty(), "the pipe is read to its end");
    }

    #[test]
    fn a_message_is_the_same_whenever_it_is_handed_over_and_however_large_it_is() {
        let line = "From ann@example.org  Mon Jan  5 12:00:00 2026\n";
        let small = "From: ann@example.org\n\nhelp\n".to_owned();
        let fitting = format!("{small}{}", "x".repeat(MAX_MESSAGE_BYTES - small.len()));
        for message in ["", &small, &fitting] {
            check(message, message);
            check(&format!("{line}{message}"), message);
            check(&line.replace("12:00:00", "12:05:00").replace('\n', "\r\n"), "");
        }
        let large = format!("{fitting}{fitting}");
        check(&large, &fitting);
        check(&format!("{line}{large}"), &fitting);
    }
}
