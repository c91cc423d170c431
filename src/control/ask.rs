//! A command and its answer belong together: who asks one gets no other.

use std::future::Future;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::command::Command;
use super::service::{CommandError, CommandService};
use crate::domain::meter::Meter;
use crate::domain::report::SourceCheck;
use crate::domain::text::error_chain;

/// Where it is told how work goes on.
#[derive(Debug, Clone)]
pub struct ProgressReporter {
    /// Where it is sent what each read found, as it comes.
    pub checks: mpsc::Sender<SourceCheck>,
    /// How far long work has come.
    pub meter: Meter,
}

impl ProgressReporter {
    /// What each read finds goes there, and nobody looks how far it has come.
    #[must_use]
    pub fn to(checks: mpsc::Sender<SourceCheck>) -> Self {
        Self { checks, meter: Meter::default() }
    }

    /// The meter tells it alone.
    #[must_use]
    pub fn on(meter: &Meter) -> Self {
        // Nobody listening is no reason to stop reading.
        let (checks, _) = mpsc::channel(1);
        Self { checks, meter: meter.clone() }
    }

    /// Nobody is told.
    #[must_use]
    pub fn unheard() -> Self {
        Self::on(&Meter::default())
    }
}

/// A command that can be asked, here or of the daemon.
pub trait Ask: Into<Command> + Clone + Send {
    /// What it is answered with.
    type Reply: Serialize + DeserializeOwned + Send;

    /// Does what it asks for.
    fn answer(
        self,
        service: &CommandService,
        progress: &ProgressReporter,
    ) -> impl Future<Output = Result<Self::Reply, CommandError>> + Send;
}

/// What the daemon sends back, one JSON object a line: any number of sources read and of percentages, then one outcome.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ControlEvent<R> {
    /// A source was read.
    Reading(Box<SourceCheck>),
    /// So much is done, in percent.
    Percent(u8),
    /// The command is done.
    Done(CommandOutcome<R>),
}

impl<R: Serialize> ControlEvent<R> {
    /// Returns the event as a line of the socket; an empty one, and a line in the log, if it cannot be written.
    pub(super) fn line(&self) -> Vec<u8> {
        match serde_json::to_vec(self) {
            Ok(mut line) => {
                line.push(b'\n');
                line
            }
            Err(error) => {
                tracing::error!(error = error_chain(&error), "failed to send an event to the command");
                Vec::new()
            }
        }
    }
}

/// How a command ended. Programs of every version read a refusal.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum CommandOutcome<R> {
    /// It was done.
    Reply(R),
    /// It could not be done, and why.
    Refused(String),
}

impl<R> From<Result<R, CommandError>> for CommandOutcome<R> {
    fn from(outcome: Result<R, CommandError>) -> Self {
        match outcome {
            Ok(reply) => Self::Reply(reply),
            Err(error) => Self::Refused(error_chain(&error)),
        }
    }
}
