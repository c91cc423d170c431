//! The words of the control socket: every command, by its name.
//!
//! A command is a type of its own, which names the type of its reply ([`Reply`](super::ask::Ask::Reply)); how it is done stands
//! beside it.

mod evidence;
mod history;
mod mail;
mod screening;
mod sources;
mod store;
mod subscribers;
mod tokens;
mod webhooks;

use serde::{Deserialize, Serialize};

use super::ask::{ControlEvent, ProgressReporter};
use super::service::CommandService;

pub use evidence::*;
pub use history::*;
pub use mail::*;
pub use screening::*;
pub use sources::*;
pub use store::*;
pub use subscribers::*;
pub use tokens::*;
pub use webhooks::*;

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
            /// Does what it asks for; returns its outcome as a line of the socket.
            pub(super) async fn execute(self, service: &CommandService, progress: &ProgressReporter) -> Vec<u8> {
                match self {
                    $(Self::$name(ask) => {
                        let outcome = Box::pin(service.execute(ask, progress)).await;
                        ControlEvent::Done(outcome.into()).line()
                    })+
                }
            }
        }
    };
}

commands!(
    Check,
    CountRequest,
    ListSources,
    ListCoverage,
    ListTimings,
    ShowSource,
    ShowHeldBody,
    ListReviews,
    ShowReview,
    Accept,
    Reject,
    Decide,
    Retract,
    ListIncidents,
    ShowStatus,
    PauseSource,
    ResumeSource,
    TakeOver,
    ShowStats,
    Tidy,
    TakeBackup,
    NoteBackup,
    LastBackup,
    Export,
    ForgetExport,
    ExportEvidence,
    ForgetEvidence,
    ListEntries,
    Replay,
    ScreenNames,
    FirstState,
    Backfill,
    AddStandingList,
    ListStandingLists,
    RemoveStandingList,
    ListChanges,
    ShowChange,
    ListTies,
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
    AddToken,
    ListTokens,
    RevokeToken,
    AddWebhook,
    ListWebhooks,
    TestWebhook,
    ShowHookLog,
    Redeliver,
    PauseWebhook,
    RemoveWebhook,
);
