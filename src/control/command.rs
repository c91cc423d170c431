//! The words of the control socket: every command, by its name.
//!
//! A command is a type of its own, which names the type of its reply ([`Ask::Reply`]); how it is done stands
//! beside it.

mod mail;
mod sources;
mod subscribers;

use serde::{Deserialize, Serialize};

use super::ask::{Ask, Event, Progress};
use super::service::Service;
use crate::domain::text::error_chain;

pub use mail::*;
pub use sources::*;
pub use subscribers::*;

/// Lists the commands: each is a variant by its own name, and is executed as itself.
macro_rules! commands {
    ($($name:ident),+ $(,)?) => {
        /// Any command, as the socket carries it.
        #[derive(Debug, Clone, Serialize, Deserialize)]
        #[serde(tag = "command", rename_all = "kebab-case")]
        #[expect(missing_docs, reason = "each is documented at its type")]
        pub enum Command {
            $($name($name),)+
        }

        $(impl From<$name> for Command {
            fn from(ask: $name) -> Self {
                Self::$name(ask)
            }
        })+

        impl Command {
            /// Does what it asks for; the line that tells its outcome.
            pub(super) async fn execute(self, service: &Service, progress: &Progress) -> Vec<u8> {
                match self {
                    $(Self::$name(ask) => done(Box::pin(ask.answer(service, progress)).await.into()),)+
                }
            }
        }
    };
}

commands!(
    Check,
    ListSources,
    ShowSource,
    ShowHeldBody,
    ListReviews,
    ShowReview,
    Accept,
    Reject,
    Decide,
    Retract,
    ListIncidents,
    Replay,
    ListChanges,
    ShowChange,
    Reload,
    ListWishes,
    Subscribe,
    ImportSubscribers,
    ConfirmSubscriber,
    PauseSubscriber,
    Prefer,
    ShowSubscriber,
    ListSubscribers,
    Erase,
    Unsubscribe,
    ListMails,
    RetryMails,
    ShowMail,
    HandleMail,
    ListSuppressions,
    Suppress,
    Unsuppress,
    Ingest,
    TestMail,
);

/// The line that ends an answer.
pub(super) fn done<R: Serialize>(outcome: super::ask::Outcome<R>) -> Vec<u8> {
    line(&Event::Done(outcome))
}

/// An event as its line.
pub(super) fn line<R: Serialize>(event: &Event<R>) -> Vec<u8> {
    match serde_json::to_vec(event) {
        Ok(mut line) => {
            line.push(b'\n');
            line
        }
        Err(error) => {
            tracing::error!(error = error_chain(&error), "an event cannot be written");
            Vec::new()
        }
    }
}
