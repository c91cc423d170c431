//! What the exit code says.

use std::process::ExitCode;

/// How a command went. 2, wrong usage, comes from the parser of the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Exit {
    /// Done.
    Done = 0,
    /// Not done.
    Error = 1,
    /// Done, and what was looked for is there: a change, where `--exit-code` asks for it, or a supplier that is listed
    /// (`screen`).
    Found = 3,
    /// Some source could not be read; this outweighs a change.
    Unread = 4,
    /// Done, and something needs a person (`status`, `doctor`).
    Attention = 5,
    /// Done, and what was checked is not sound (`evidence verify`).
    Unsound = 6,
    /// Not done, and it would not be the next time either: the server that handed it over should return it to its
    /// sender (`EX_DATAERR`, sysexits(3)).
    Refused = 65,
    /// Not done for now: the server that handed it over should do so again (`EX_TEMPFAIL`, sysexits(3)).
    TryAgain = 75,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
