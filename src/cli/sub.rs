//! `regwatch sub`: who is told about which companies.

mod import;

use std::sync::Arc;

use chrono::NaiveDate;
use clap::{Args, Subcommand};

use super::Context;
use super::check::counted;
use super::exit::Exit;
use super::output::{Output, day, minute};
use crate::clock::{Clock, SystemClock};
use crate::control::{self, Ask, Questioned, Subscribed, command};
use crate::domain::email::EmailAddress;
use crate::domain::id::SourceId;
use crate::domain::source::Source;
use crate::domain::subscription::{Pause, Preference, Subscriber, Subscription, SubscriptionState};
use crate::domain::topic::Topic;

#[derive(Debug, Subcommand)]
pub(super) enum Sub {
    /// Subscribe an address to companies, or to whole sources.
    ///
    /// Without --confirmed regwatch asks the person by mail, and they answer by mail or on a page: nobody gets alerts
    /// that
    /// they did not agree to. Without an inbox and a web server, the request is only recorded.
    Add(Add),
    /// Confirm an address's pending subscriptions, if you can prove the consent.
    Confirm(Whose),
    /// Pause mail to an address; afterwards one summary reports what changed meanwhile.
    Pause(Paused),
    /// Resume mail to a paused address.
    Resume(Whose),
    /// Change how an address gets mail: as digests, with quiet hours, with a weekly coverage report.
    Set(Set),
    /// Show what an address follows, and the record of its consent.
    Show(Whose),
    /// List everybody who is or was subscribed.
    List,
    /// End an address's subscriptions.
    Remove(Remove),
    /// Erase a person: subscriptions, the record of consent, and every mail to them.
    ///
    /// A keyed hash of the address remains, so that it gets no mail unless the person confirms again.
    Erase(Whose),
    /// Import subscribers from a CSV file, all of it or nothing.
    ///
    /// Every subscriber must have agreed: the row says when. People who unsubscribed here stay unsubscribed.
    ///
    /// Example: regwatch sub import subscribers.csv --dry-run
    Import(import::Import),
    /// Print everybody who is or was subscribed as CSV, with the record of their consent.
    Export,
}

#[derive(Debug, Args)]
pub(super) struct Add {
    /// The address to subscribe.
    #[arg(value_name = "ADDRESS")]
    address: EmailAddress,
    /// The companies to follow.
    #[arg(long = "company", value_name = "ID", required_unless_present = "sources", num_args = 1..)]
    companies: Vec<Topic>,
    /// Sources to follow as a whole, whomever they name.
    #[arg(long = "source", value_name = "ID", num_args = 1..)]
    sources: Vec<SourceId>,
    /// The person has agreed, and you can prove it.
    #[arg(long)]
    confirmed: bool,
}

#[derive(Debug, Args)]
pub(super) struct Whose {
    /// The subscriber's address.
    #[arg(value_name = "ADDRESS")]
    address: EmailAddress,
}

#[derive(Debug, Args)]
pub(super) struct Paused {
    /// The subscriber's address.
    #[arg(value_name = "ADDRESS")]
    address: EmailAddress,
    /// The day on which mail resumes, such as 2026-12-24 [default: when you run `resume`].
    #[arg(long, value_name = "DAY")]
    until: Option<NaiveDate>,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(super) struct Wishes {
    /// How often: immediate, daily or weekly.
    #[arg(long, value_name = "CADENCE", value_parser = |value: &str| wish("digest", value))]
    digest: Option<Preference>,
    /// The subscriber's time zone, such as Europe/Berlin.
    #[arg(long, value_name = "ZONE", value_parser = |value: &str| wish("zone", value))]
    zone: Option<Preference>,
    /// Quiet hours without mail, such as 22:00-07:00, or off.
    #[arg(long, value_name = "HOURS", value_parser = |value: &str| wish("quiet", value))]
    quiet: Option<Preference>,
    /// Whether to send a weekly coverage report: weekly or off.
    #[arg(long, value_name = "WHETHER", value_parser = |value: &str| wish("attestation", value))]
    attestation: Option<Preference>,
    /// One mail for an event that several sources report (once), or one for each (all).
    #[arg(long, value_name = "WHETHER", value_parser = |value: &str| wish("events", value))]
    events: Option<Preference>,
}

#[derive(Debug, Args)]
pub(super) struct Set {
    /// The subscriber's address.
    #[arg(value_name = "ADDRESS")]
    address: EmailAddress,
    #[command(flatten)]
    wishes: Wishes,
}

/// A wish as it is typed.
fn wish(name: &str, value: &str) -> Result<Preference, String> {
    let expected = match name {
        "digest" => "immediate, daily or weekly",
        "zone" => "a time zone such as Europe/Berlin",
        "quiet" => "two times such as 22:00-07:00, or off",
        "events" => "once or all",
        _ => "weekly or off",
    };
    Preference::of(name, value).ok_or_else(|| format!("expected {expected}"))
}

#[derive(Debug, Args)]
pub(super) struct Remove {
    /// The subscriber's address.
    #[arg(value_name = "ADDRESS")]
    address: EmailAddress,
    /// Only these companies [default: all].
    #[arg(long = "company", value_name = "ID", num_args = 1..)]
    companies: Vec<Topic>,
    /// Only these whole sources.
    #[arg(long = "source", value_name = "ID", num_args = 1..)]
    sources: Vec<SourceId>,
}

/// Companies, and sources that are followed as such.
fn followed(companies: Vec<Topic>, sources: &[SourceId]) -> Vec<Topic> {
    companies.into_iter().chain(sources.iter().map(Topic::from)).collect()
}

pub(super) async fn run(verb: Sub, context: &Context) -> anyhow::Result<Exit> {
    let output = context.output;
    match verb {
        Sub::Add(Add { address, companies, sources, confirmed }) => {
            let topics = followed(companies, &sources);
            let subscribe = command::Subscribe { address, topics: topics.clone(), confirmed };
            let Subscribed { subscriber, question } = context.ask(subscribe).await?;
            match question {
                Some(question) => wished(&subscriber, question, output)?,
                None if output.json => output.object(&subscriber)?,
                None => list(&[subscriber], output)?,
            }
            tell_what_is_missed(context, &topics)?;
        }
        Sub::Confirm(Whose { address }) => one(context, command::ConfirmSubscriber { address }).await?,
        Sub::Pause(Paused { address, until }) => {
            one(context, command::PauseSubscriber { address, paused: true, until }).await?;
        }
        Sub::Resume(Whose { address }) => {
            one(context, command::PauseSubscriber { address, paused: false, until: None }).await?;
        }
        Sub::Set(Set { address, wishes: Wishes { digest, zone, quiet, attestation, events } }) => {
            let wishes = [digest, zone, quiet, attestation, events].into_iter().flatten().collect();
            one(context, command::Prefer { address, wishes }).await?;
        }
        Sub::Show(Whose { address }) => show(context, address).await?,
        Sub::Import(from) => import::import(from, context).await?,
        Sub::Export => import::export(context).await?,
        Sub::List => everyone(context).await?,
        Sub::Erase(Whose { address }) => erase(context, address).await?,
        Sub::Remove(Remove { address, companies, sources }) => {
            let topics = followed(companies, &sources);
            let ended = context.ask(command::Unsubscribe { address, topics }).await?;
            if output.json {
                output.object(&serde_json::json!({ "ended": ended }))?;
            } else {
                output.line(format!("{} ended", counted(ended, "subscription", "subscriptions")))?;
            }
        }
    }
    Ok(Exit::Done)
}

/// How somebody stands who is to follow something and whose consent nobody has shown, and whether they were asked.
fn wished(subscriber: &Subscriber, question: Questioned, output: Output) -> anyhow::Result<()> {
    if output.json {
        return output.object(subscriber);
    }
    list(std::slice::from_ref(subscriber), output)?;
    let address = &subscriber.address;
    output.line(match question {
        Questioned::Sent => format!("\nasked {address} to confirm; without a yes in three days nothing happens"),
        Questioned::Withheld => format!(
            "\nno question was sent to {address}: the same one stands open, or it was asked too often or wants to be \
             asked nothing"
        ),
        Questioned::Nowhere => format!(
            "\n{address} was not asked: without [inbox] or [web] nobody could answer; `sub confirm` makes it active \
             once you have their consent"
        ),
    })
}

/// Everyone who is or was subscribed, who was asked by mail and has not answered, and what nobody tracks.
async fn everyone(context: &Context) -> anyhow::Result<()> {
    let output = context.output;
    let mut all = context.ask(command::ListSubscribers {}).await?;
    let control::Wishes { asked, untracked } = context.ask(command::ListWishes {}).await?;
    if output.json {
        return output.object(
            &serde_json::json!({ "subscribers": all, "asked": asked, "untracked_wishes": untracked }),
        );
    }
    all.extend(asked);
    list(&all, output)?;
    if untracked.is_empty() {
        return Ok(());
    }
    output.line("\nrequests for companies that nobody tracks")?;
    let rows = untracked.into_iter().map(|wish| [wish.words, wish.times.to_string(), day(wish.last_at)]);
    output.table(["WISH", "TIMES", "LAST"], rows)
}

/// What these sources do not show that could tell of these topics: better said before than after.
fn tell_what_is_missed(context: &Context, topics: &[Topic]) -> anyhow::Result<()> {
    let config = context.config()?;
    let concerns = |source: &&Arc<Source>| topics.iter().any(|topic| source.can_tell_of(topic));
    let sources = config.sources.iter().filter(concerns);
    let missed: Vec<[String; 2]> =
        sources.filter_map(|source| Some([source.title.clone(), source.misses.clone()?])).collect();
    if missed.is_empty() || context.output.json {
        return Ok(());
    }
    context.output.line("\nwhat these sources do not show")?;
    context.output.table(["SOURCE", "MISSES"], missed)
}

/// Has a command executed that changes one subscriber, and shows them as they now stand.
async fn one(context: &Context, ask: impl Ask<Reply = Subscriber>) -> anyhow::Result<()> {
    let subscriber = context.ask(ask).await?;
    if context.output.json { context.output.object(&subscriber) } else { list(&[subscriber], context.output) }
}

async fn erase(context: &Context, address: EmailAddress) -> anyhow::Result<()> {
    let erased = context.ask(command::Erase { address }).await?;
    let output = context.output;
    if output.json {
        return output.object(&erased);
    }
    let subscriptions = counted(erased.subscriptions, "subscription", "subscriptions");
    output.line(format!("{subscriptions} and {} erased", counted(erased.mails, "mail", "mails")))?;
    if erased.under_way > 0 {
        let mails = counted(erased.under_way, "mail is", "mails are");
        output.line(format!("{mails} being sent right now; repeat the command afterwards"))?;
    }
    Ok(())
}

async fn show(context: &Context, address: EmailAddress) -> anyhow::Result<()> {
    let subscriber = context.ask(command::ShowSubscriber { address }).await?;
    let output = context.output;
    if output.json {
        return output.object(&subscriber);
    }
    list(std::slice::from_ref(&subscriber), output)?;
    let ways = subscriber.preferences.words();
    if !ways.is_empty() {
        output.line(format!("mail comes with {}", ways.join(", ")))?;
    }
    for known in &subscriber.subscriptions {
        let asked = minute(known.requested_at);
        let confirmed = known.confirmed_at.map_or_else(
            || "not confirmed".to_owned(),
            |at| format!("confirmed {} by {}", minute(at), known.channel),
        );
        output.line(format!("{}: asked for {asked}, {confirmed}", known.topic))?;
        if let Some(words) = &known.agreed_to {
            output.line(format!("    agreed to: {words}"))?;
        }
    }
    Ok(())
}

fn list(subscribers: &[Subscriber], output: Output) -> anyhow::Result<()> {
    let rows = subscribers.iter().flat_map(|subscriber| {
        subscriber.subscriptions.iter().map(|subscription| {
            [
                subscriber.address.to_string(),
                named(subscription),
                state(subscriber, subscription),
                subscription.confirmed_at.map(day).unwrap_or_default(),
            ]
        })
    });
    output.table(["ADDRESS", "COMPANY", "STATE", "CONFIRMED"], rows)
}

/// The company, and what of its changes is wanted.
fn named(subscription: &Subscription) -> String {
    let only = subscription.only.words().map(|only| format!(", {only}")).unwrap_or_default();
    format!("{}{only}", subscription.topic)
}

fn state(subscriber: &Subscriber, subscription: &Subscription) -> String {
    match subscriber.pause(SystemClock.now()) {
        Some(Pause { since, until }) if subscription.state == SubscriptionState::Active => {
            let until = until.map(|until| format!(" until {}", minute(until)));
            format!("paused since {}{}", day(since), until.unwrap_or_default())
        }
        _ => subscription.state.to_string(),
    }
}
