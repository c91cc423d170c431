//! `regwatch webhook`: receivers that are told of changes by HTTP.

use clap::{Args, Subcommand};
use url::Url;

use super::Context;
use super::exit::Exit;
use super::output::moment;
use super::word::word;
use crate::control::command;
use crate::domain::change::ChangeKind;
use crate::domain::email::EmailAddress;
use crate::domain::id::{CompanyId, SourceId};
use crate::domain::webhook::{Delivery, DeliveryState, HookFilter, HookFormat, Webhook};

#[derive(Debug, Subcommand)]
pub(super) enum WebhookVerb {
    /// Add a webhook and print the secret of its signatures.
    Add(Box<Add>),
    /// List webhooks and their states.
    List,
    /// Send a test now.
    Test {
        /// The webhook's id, or the beginning of it.
        id: String,
    },
    /// List a webhook's deliveries, newest first; in JSON with every attempt.
    Log {
        /// The webhook's id, or the beginning of it.
        id: String,
        /// The most deliveries to list.
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: usize,
    },
    /// Send a delivery again under its own id, whatever its state.
    Redeliver {
        /// The delivery's id, or the beginning of it.
        id: String,
    },
    /// Pause a webhook; what is found meanwhile waits.
    Pause {
        /// The webhook's id, or the beginning of it.
        id: String,
    },
    /// Resume a paused or disabled webhook, starting with what waits.
    Resume {
        /// The webhook's id, or the beginning of it.
        id: String,
    },
    /// Remove a webhook with its deliveries.
    Remove {
        /// The webhook's id, or the beginning of it.
        id: String,
    },
}

#[derive(Debug, Args)]
pub(super) struct Add {
    /// The receiver's https address.
    url: Url,
    /// The webhook's name [default: its host].
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// The format: standard, slack or teams.
    #[arg(long, value_name = "FORM", default_value_t = HookFormat::Standard, value_parser = word::<HookFormat>())]
    format: HookFormat,
    /// The address to mail if the webhook is disabled because it accepted nothing for days.
    #[arg(long, value_name = "ADDRESS")]
    owner: EmailAddress,
    /// Only changes that concern this company; repeatable.
    #[arg(long = "company", value_name = "ID")]
    companies: Vec<CompanyId>,
    /// Only changes of this source; repeatable.
    #[arg(long = "source", value_name = "ID")]
    sources: Vec<SourceId>,
    /// Only changes of sources of this group; repeatable.
    #[arg(long = "group", value_name = "NAME")]
    groups: Vec<String>,
    /// Only added, removed, amended or already-listed entries; repeatable.
    #[arg(long = "kind", value_name = "KIND", value_parser = kind)]
    kinds: Vec<ChangeKind>,
    /// Also changes that concern no tracked company.
    #[arg(long)]
    all: bool,
}

fn kind(text: &str) -> Result<ChangeKind, String> {
    serde_json::from_value(text.into())
        .map_err(|_| format!("found {text:?}, expected added, removed, amended or already-listed"))
}

pub(super) async fn run(verb: WebhookVerb, context: &Context) -> anyhow::Result<Exit> {
    match verb {
        WebhookVerb::Add(add) => self::add(*add, context).await?,
        WebhookVerb::List => list(&context.ask(command::ListWebhooks {}).await?, context)?,
        WebhookVerb::Test { id } => return sent(&context.ask(command::TestWebhook { id }).await?, context),
        WebhookVerb::Log { id, limit } => {
            let log = context.ask(command::ShowHookLog { id, limit }).await?;
            if context.output.json {
                let deliveries = &log.deliveries;
                let shown = serde_json::json!({ "webhook": shown(&log.hook), "deliveries": deliveries });
                context.output.object(&shown)?;
            } else {
                context.output.table(DELIVERY_HEADINGS, log.deliveries.iter().map(delivery_row))?;
            }
        }
        WebhookVerb::Redeliver { id } => {
            return sent(&context.ask(command::Redeliver { id }).await?, context);
        }
        WebhookVerb::Pause { id } => {
            one(&context.ask(command::PauseWebhook { id, paused: true }).await?, context)?;
        }
        WebhookVerb::Resume { id } => {
            one(&context.ask(command::PauseWebhook { id, paused: false }).await?, context)?;
        }
        WebhookVerb::Remove { id } => one(&context.ask(command::RemoveWebhook { id }).await?, context)?,
    }
    Ok(Exit::Done)
}

async fn add(add: Add, context: &Context) -> anyhow::Result<()> {
    let Add { url, name, format, owner, companies, sources, groups, kinds, all } = add;
    let only = HookFilter {
        companies: companies.into_iter().collect(),
        sources: sources.into_iter().collect(),
        groups: groups.into_iter().collect(),
        kinds: kinds.into_iter().collect(),
        unconcerned: all,
    };
    let made = context.ask(command::AddWebhook { name, url, format, owner, only }).await?;
    let output = context.output;
    if output.json {
        let mut shown = shown(&made.hook);
        shown["secret"] = made.secret.into();
        return output.object(&shown);
    }
    output.table(HEADINGS, [row(&made.hook)])?;
    if made.hook.format == HookFormat::Standard {
        output.line(format!("\nthe secret of its signatures is {}", made.secret))?;
    }
    Ok(())
}

/// Shows a delivery that was sent just now; it is an error that it was not taken.
fn sent(delivery: &Delivery, context: &Context) -> anyhow::Result<Exit> {
    if context.output.json {
        context.output.object(delivery)?;
    } else {
        context.output.table(DELIVERY_HEADINGS, [delivery_row(delivery)])?;
    }
    Ok(if delivery.state == DeliveryState::Delivered { Exit::Done } else { Exit::Error })
}

/// A webhook for programs: without its secret, and without what of its address may let people in.
fn shown(hook: &Webhook) -> serde_json::Value {
    serde_json::json!({
        "id": hook.id,
        "name": hook.name,
        "host": hook.url.host_str(),
        "format": hook.format,
        "owner": hook.owner,
        "only": hook.only,
        "created_at": hook.created_at,
        "state": hook.state,
        "failing_since": hook.failing_since,
        "next_attempt_at": hook.breaker.as_ref().map(|breaker| breaker.next_probe_at),
        "reason": hook.reason.as_ref().or_else(|| hook.breaker.as_ref().map(|breaker| &breaker.reason)),
    })
}

fn list(hooks: &[Webhook], context: &Context) -> anyhow::Result<()> {
    if context.output.json {
        let shown: Vec<_> = hooks.iter().map(shown).collect();
        return context.output.object(&serde_json::json!({ "webhooks": shown }));
    }
    context.output.table(HEADINGS, hooks.iter().map(row))
}

fn one(hook: &Webhook, context: &Context) -> anyhow::Result<()> {
    if context.output.json {
        return context.output.object(&shown(hook));
    }
    context.output.table(HEADINGS, [row(hook)])
}

const HEADINGS: [&str; 6] = ["WEBHOOK", "NAME", "HOST", "FORM", "STATE", "ONLY"];

fn row(hook: &Webhook) -> [String; 6] {
    let state = match (&hook.reason, hook.failing_since) {
        (Some(reason), _) => format!("{}: {reason}", hook.state),
        (None, Some(since)) => format!("{}, accepts nothing since {}", hook.state, moment(since)),
        (None, None) => hook.state.to_string(),
    };
    [
        hook.id.clone(),
        hook.name.clone(),
        hook.url.host_str().unwrap_or_default().to_owned(),
        hook.format.to_string(),
        state,
        hook.only.words().unwrap_or_default(),
    ]
}

const DELIVERY_HEADINGS: [&str; 6] = ["DELIVERY", "WHEN", "WHAT", "STATE", "TRIED", "LAST"];

fn delivery_row(delivery: &Delivery) -> [String; 6] {
    let last = delivery.attempts.last();
    let change = delivery.change.as_ref().map(|change| format!(" {}", change.short())).unwrap_or_default();
    [
        delivery.id.clone(),
        moment(delivery.queued_at),
        format!("{}{change}", delivery.kind.word()),
        delivery.state.to_string(),
        delivery.tried.to_string(),
        last.map(|last| last.words.clone().unwrap_or_else(|| format!("{} ms", last.took_ms)))
            .unwrap_or_default(),
    ]
}
