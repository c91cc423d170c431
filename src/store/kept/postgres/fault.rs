//! Why the server did not do what it was asked.

use tokio_postgres::error::SqlState;

use crate::domain::text::error_chain;
use crate::store::error::StoreError;

/// Why, and what that means for the step.
#[derive(Debug, Clone)]
pub(in crate::store) struct ServerFault {
    /// What the server or the connection said.
    pub(super) reason: String,
    pub(super) kind: FaultKind,
}

/// What is to be done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FaultKind {
    /// Another step came before: the step is done anew.
    Overtaken,
    /// The connection is gone; what was not committed is not kept.
    Disconnected,
    /// Neither.
    Other,
}

impl ServerFault {
    pub(super) fn of(error: &tokio_postgres::Error) -> Self {
        let kind = match error.code() {
            Some(code)
                if *code == SqlState::T_R_SERIALIZATION_FAILURE
                    || *code == SqlState::T_R_DEADLOCK_DETECTED =>
            {
                FaultKind::Overtaken
            }
            Some(code) if is_of_connection(code) => FaultKind::Disconnected,
            None if error.is_closed() || is_of_system(error) => FaultKind::Disconnected,
            Some(_) | None => FaultKind::Other,
        };
        Self { reason: error_chain(error), kind }
    }

    /// One that means no more than that.
    pub(super) fn other(reason: String) -> Self {
        Self { reason, kind: FaultKind::Other }
    }

    /// Whether to do the step anew can help.
    pub(super) fn is_passing(&self) -> bool {
        self.kind != FaultKind::Other
    }
}

/// The server shuts down, starts, or cut the connection.
fn is_of_connection(code: &SqlState) -> bool {
    code.code().starts_with("08") || code.code().starts_with("57P")
}

fn is_of_system(error: &tokio_postgres::Error) -> bool {
    std::error::Error::source(error).is_some_and(<dyn std::error::Error>::is::<std::io::Error>)
}

impl From<ServerFault> for StoreError {
    fn from(fault: ServerFault) -> Self {
        Self::Engine { reason: fault.reason, is_unreadable: false }
    }
}
