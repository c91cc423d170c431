//! `regwatch outbox`: mail on its way.

use clap::{Subcommand, ValueEnum};

use super::check::counted;
use super::exit::Exit;
use super::{Context, mismatch};
use crate::control::{Command, MailSummary, Reply};
use crate::domain::outbox::MailState;

#[derive(Debug, Subcommand)]
pub(super) enum Outbox {
    /// Mails, newest first.
    List {
        /// Only in this state.
        #[arg(long, value_enum)]
        state: Option<Standing>,
        /// At most so many.
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: usize,
    },
    /// Send waiting and given-up mails now.
    Retry {
        /// Only this one: its id, or the beginning of it.
        id: Option<String>,
    },
}

/// Where a mail stands, as it is typed.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Standing {
    Queued,
    Leased,
    Deferred,
    Sent,
    Failed,
}

impl From<Standing> for MailState {
    fn from(standing: Standing) -> Self {
        match standing {
            Standing::Queued => Self::Queued,
            Standing::Leased => Self::Leased,
            Standing::Deferred => Self::Deferred,
            Standing::Sent => Self::Sent,
            Standing::Failed => Self::Failed,
        }
    }
}

pub(super) async fn run(verb: Outbox, context: &Context) -> anyhow::Result<Exit> {
    let screen = context.screen;
    match verb {
        Outbox::List { state, limit } => {
            match context.ask(Command::Outbox { state: state.map(Into::into), limit }).await? {
                Reply::Mails(mails) if screen.json => {
                    screen.object(&serde_json::json!({ "mails": mails }))?;
                }
                Reply::Mails(mails) => {
                    let headings = ["MAIL", "STATE", "AT", "TRIES", "TO", "SUBJECT", "LAST ERROR"];
                    screen.table(headings, mails.iter().map(row))?;
                }
                other => return Err(mismatch(&other)),
            }
        }
        Outbox::Retry { id } => match context.ask(Command::RetryMails { id }).await? {
            Reply::Retried(count) if screen.json => {
                screen.object(&serde_json::json!({ "retried": count }))?;
            }
            Reply::Retried(count) => screen.line(format!("{} retried", counted(count, "mail", "mails")))?,
            other => return Err(mismatch(&other)),
        },
    }
    Ok(Exit::Done)
}

fn row(mail: &MailSummary) -> [String; 7] {
    [
        mail.id.to_string(),
        mail.state.to_string(),
        mail.at.format("%Y-%m-%d %H:%M:%SZ").to_string(),
        mail.attempts.to_string(),
        mail.recipient.to_string(),
        mail.subject.clone(),
        mail.last_error.clone().unwrap_or_default(),
    ]
}
