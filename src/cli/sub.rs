//! `regwatch sub`: who is told about which companies.

use clap::{Args, Subcommand};

use super::check::counted;
use super::exit::Exit;
use super::screen::Screen;
use super::{Context, mismatch};
use crate::control::{Command, Reply};
use crate::domain::email::EmailAddress;
use crate::domain::id::CompanyId;
use crate::domain::subscription::Subscriber;

#[derive(Debug, Subcommand)]
pub(super) enum Sub {
    /// Subscribe an address to companies.
    ///
    /// Without --confirmed the subscription is noted and nothing is sent: nobody gets mail they did
    /// not agree to.
    Add(Add),
    /// Everyone who is or was subscribed.
    List,
    /// End an address's subscriptions.
    Remove(Remove),
}

#[derive(Debug, Args)]
pub(super) struct Add {
    /// Whom to tell.
    #[arg(value_name = "ADDRESS")]
    address: EmailAddress,
    /// About which companies.
    #[arg(long = "company", value_name = "ID", required = true, num_args = 1..)]
    companies: Vec<CompanyId>,
    /// The person has agreed, and you can show it.
    #[arg(long)]
    confirmed: bool,
}

#[derive(Debug, Args)]
pub(super) struct Remove {
    /// Whom to tell no more.
    #[arg(value_name = "ADDRESS")]
    address: EmailAddress,
    /// Only about these companies [default: all].
    #[arg(long = "company", value_name = "ID", num_args = 1..)]
    companies: Vec<CompanyId>,
}

pub(super) async fn run(verb: Sub, context: &Context) -> anyhow::Result<Exit> {
    let screen = context.screen;
    match verb {
        Sub::Add(Add { address, companies, confirmed }) => {
            match context.ask(Command::Subscribe { address, companies, confirmed }).await? {
                Reply::Subscriber(subscriber) if screen.json => screen.object(&subscriber)?,
                Reply::Subscriber(subscriber) => list(&[subscriber], screen)?,
                other => return Err(mismatch(&other)),
            }
        }
        Sub::List => match context.ask(Command::Subscribers).await? {
            Reply::Subscribers(all) if screen.json => {
                screen.object(&serde_json::json!({ "subscribers": all }))?;
            }
            Reply::Subscribers(all) => list(&all, screen)?,
            other => return Err(mismatch(&other)),
        },
        Sub::Remove(Remove { address, companies }) => {
            match context.ask(Command::Unsubscribe { address, companies }).await? {
                Reply::Unsubscribed(ended) if screen.json => {
                    screen.object(&serde_json::json!({ "ended": ended }))?;
                }
                Reply::Unsubscribed(ended) => {
                    screen.line(format!("{} ended", counted(ended, "subscription", "subscriptions")))?;
                }
                other => return Err(mismatch(&other)),
            }
        }
    }
    Ok(Exit::Done)
}

fn list(subscribers: &[Subscriber], screen: Screen) -> anyhow::Result<()> {
    let rows = subscribers.iter().flat_map(|subscriber| {
        subscriber.subscriptions.iter().map(|subscription| {
            [
                subscriber.address.to_string(),
                subscription.company.to_string(),
                subscription.state.to_string(),
                subscription.confirmed_at.map(|at| at.format("%Y-%m-%d").to_string()).unwrap_or_default(),
            ]
        })
    });
    screen.table(["ADDRESS", "COMPANY", "STATE", "CONFIRMED"], rows)
}
