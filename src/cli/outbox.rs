//! `regwatch outbox`: mail on its way.

use clap::{Args, Subcommand};

use super::Context;
use super::check::counted;
use super::exit::Exit;
use super::source::moment;
use super::word::word;
use crate::control::{Handled, MailSummary, command};
use crate::domain::outbox::MailState;
use crate::store::MailAction;

#[derive(Debug, Subcommand)]
pub(super) enum Outbox {
    /// List mails, newest first.
    List {
        /// Only mails in this state.
        #[arg(long, value_parser = word::<MailState>())]
        state: Option<MailState>,
        /// Only mails that failed and need attention.
        #[arg(long, conflicts_with = "state")]
        undelivered: bool,
        /// The most mails to list.
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: usize,
    },
    /// Send waiting and failed mails now.
    Retry {
        /// Only this mail: its id, or the beginning of it.
        id: Option<String>,
    },
    /// Show a mail: its headers and its history.
    Show(WhichMail),
    /// Hold a waiting mail until you release it.
    Hold(WhichMail),
    /// Release a mail that is held, suppressed or dropped.
    Release(WhichMail),
    /// Drop a mail for good. It stays on record, without reminders.
    Drop(WhichMail),
}

#[derive(Debug, Args)]
pub(super) struct WhichMail {
    /// The mail's id, or the beginning of it.
    id: String,
}

pub(super) async fn run(verb: Outbox, context: &Context) -> anyhow::Result<Exit> {
    let output = context.output;
    match verb {
        Outbox::List { state, undelivered, limit } => {
            let mails = context.ask(command::ListMails { state, undelivered, limit }).await?;
            if output.json {
                output.object(&serde_json::json!({ "mails": mails }))?;
            } else {
                let headings = ["MAIL", "KIND", "STATE", "AT", "TRIES", "TO", "SUBJECT", "LAST ERROR"];
                output.table(headings, mails.iter().map(row))?;
            }
        }
        Outbox::Retry { id } => {
            let count = context.ask(command::RetryMails { id }).await?;
            if output.json {
                output.object(&serde_json::json!({ "retried": count }))?;
            } else {
                output.line(format!("{} retried", counted(count, "mail", "mails")))?;
            }
        }
        Outbox::Show(WhichMail { id }) => show(context, id).await?,
        Outbox::Hold(WhichMail { id }) => handle(context, id, MailAction::Hold).await?,
        Outbox::Release(WhichMail { id }) => handle(context, id, MailAction::Release).await?,
        Outbox::Drop(WhichMail { id }) => handle(context, id, MailAction::Drop).await?,
    }
    Ok(Exit::Done)
}

async fn show(context: &Context, id: String) -> anyhow::Result<()> {
    let output = context.output;
    let detail = context.ask(command::ShowMail { id }).await?;
    if output.json {
        return output.object(&detail);
    }
    let mail = &detail.mail;
    output.line(format!(
        "mail {} to {}, {} since {}",
        mail.id,
        mail.recipient,
        mail.standing,
        moment(mail.at)
    ))?;
    output.line(format!(
        "{}, {} in doubt",
        counted(mail.attempts as usize, "attempt", "attempts"),
        mail.in_doubt
    ))?;
    output.line(format!("queued {}", moment(mail.queued_at)))?;
    for step in &detail.history {
        let standing = step.standing();
        let said = match step.words.as_deref() {
            None => standing,
            Some(words) if words.starts_with(standing.as_str()) => words.to_owned(),
            Some(words) => format!("{standing}: {words}"),
        };
        output.line(format!("{} {said}", moment(step.at)))?;
    }
    match &detail.headers {
        Some(headers) => output.line(format!("\n{headers}")),
        None => output.line("\nthe mail's bytes are no longer stored"),
    }
}

async fn handle(context: &Context, id: String, deed: MailAction) -> anyhow::Result<()> {
    let output = context.output;
    let Handled { mail, is_done } = context.ask(command::HandleMail { id, deed }).await?;
    if !is_done {
        anyhow::bail!("mail {} is {}: this action is not possible now", mail.id, mail.standing);
    }
    if output.json {
        output.object(&mail)
    } else {
        output.line(format!("mail {} is {}", mail.id, mail.standing))
    }
}

fn row(mail: &MailSummary) -> [String; 8] {
    [
        mail.id.short().to_owned(),
        mail.kind.map(|kind| kind.to_string()).unwrap_or_default(),
        mail.standing.clone(),
        moment(mail.at),
        mail.attempts.to_string(),
        mail.recipient.to_string(),
        mail.subject.clone(),
        mail.last_error.clone().unwrap_or_default(),
    ]
}
