//! The outcome of a read: what it was found to be, with all that is needed to commit and report it.

use std::time::Duration;

use super::read_rejection::{ReadRejection, in_words};
use super::response::Response;
use crate::domain::assess::Assessment;
use crate::domain::quality::Quality;
use crate::domain::report::SourceCheck;
use crate::domain::source::Source;
use crate::domain::text::error_chain;
use crate::domain::verdict::{Suspicion, Verdict};
use crate::fetch::FetchError;

/// What a read was found to be, with all that is needed to commit and report it.
#[derive(Debug)]
pub(super) enum ReadOutcome {
    /// The server vouches for the accepted body.
    NotModified { entries: usize },
    /// The body came again, byte for byte.
    Unchanged { response: Response, entries: usize },
    /// The body was believed and compared.
    Assessed { response: Response, assessment: Box<Assessment>, note: Option<String> },
    /// Something else came in the source's place.
    Suspect { response: Response, suspicion: Suspicion, quality: Quality },
    /// Nothing usable came.
    Failed { reason: String, retry_after: Option<Duration>, is_unreachable: bool },
}

impl ReadOutcome {
    pub(super) fn failed(reason: String, retry_after: Option<Duration>) -> Self {
        Self::Failed { reason, retry_after, is_unreachable: false }
    }

    /// No answer came.
    pub(super) fn unanswered(error: &FetchError) -> Self {
        let (reason, retry_after) = (error_chain(error), error.retry_after());
        Self::Failed { reason, retry_after, is_unreachable: error.is_unreachable() }
    }

    pub(super) fn verdict(&self) -> Verdict {
        match self {
            Self::NotModified { .. } => Verdict::NotModified,
            Self::Unchanged { .. } | Self::Assessed { .. } => Verdict::Good,
            Self::Suspect { .. } => Verdict::Suspect,
            Self::Failed { .. } => Verdict::Failed,
        }
    }

    pub(super) fn reason(&self) -> Option<String> {
        match self {
            Self::NotModified { .. } | Self::Unchanged { .. } => None,
            Self::Assessed { note, .. } => note.clone(),
            Self::Suspect { suspicion, quality, .. } => Some(in_words(suspicion, quality)),
            Self::Failed { reason, .. } => Some(reason.clone()),
        }
    }

    /// What the read found, for those who asked for it.
    pub(super) fn into_check(self, source: &Source) -> SourceCheck {
        let (verdict, reason) = (self.verdict(), self.reason());
        let (baseline, entries, changes) = match self {
            Self::NotModified { entries } | Self::Unchanged { entries, .. } => (false, entries, Vec::new()),
            Self::Assessed { assessment, .. } => {
                (assessment.is_first_sight, assessment.entries, assessment.changes)
            }
            Self::Suspect { .. } | Self::Failed { .. } => (false, 0, Vec::new()),
        };
        let (named, notices) = (0, Vec::new());
        SourceCheck { id: source.id.clone(), verdict, reason, baseline, entries, named, changes, notices }
    }

    /// What came is not the source's.
    pub(super) fn refused(refusal: ReadRejection, response: Response) -> Self {
        match refusal {
            ReadRejection::Suspect { suspicion, quality } => Self::Suspect { response, suspicion, quality },
            ReadRejection::Failed(reason) => Self::failed(reason, response.retry_after),
        }
    }
}
