//! `regwatch mail test`: whether mail arrives.

use clap::Subcommand;

use super::exit::Exit;
use super::{Context, mismatch};
use crate::control::{Command, Reply};
use crate::domain::email::EmailAddress;
use crate::domain::outbox::MailState;

#[derive(Debug, Subcommand)]
pub(super) enum Mail {
    /// Send a test mail by the configured transport.
    Test {
        /// To whom.
        address: EmailAddress,
    },
}

pub(super) async fn run(verb: Mail, context: &Context) -> anyhow::Result<Exit> {
    let Mail::Test { address } = verb;
    let mail = match context.ask(Command::TestMail { address }).await? {
        Reply::Tested(mail) => mail,
        other => return Err(mismatch(&other)),
    };
    if context.screen.json {
        context.screen.object(&mail)?;
    } else {
        let reason = mail.last_error.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
        context.screen.line(format!("{} to {}{reason}", mail.state, mail.recipient))?;
    }
    Ok(if mail.state == MailState::Sent { Exit::Done } else { Exit::Error })
}
