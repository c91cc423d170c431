//! What an answer would be found to be, without being compared or stored.

use chrono::{DateTime, Utc};

use super::Trial;
use super::document::{as_configured, asked_at, document_of, left_out};
use super::gather::Whole;
use super::read_rejection::{ReadRejection, first_look, held_quality, in_words, refusal};
use super::source_context::found_again;
use super::whole::whole;
use crate::domain::source::Source;
use crate::domain::verdict::{Suspicion, Verdict};
use crate::fetch::{FetchResponse, Fetcher};

impl ReadRejection {
    /// What it is without anything kept.
    pub(super) fn into_trial(self) -> Trial {
        match self {
            Self::Suspect { suspicion, quality } => {
                let reason = Some(in_words(&suspicion, &quality));
                let quality = held_quality(&suspicion, &quality);
                Trial { verdict: Verdict::Suspect, reason, quality, document: None }
            }
            Self::Failed(reason) => Trial::failed(reason),
        }
    }
}

/// What a document would be found to be at first sight.
pub(super) async fn trial(source: &Source, answer: FetchResponse) -> Trial {
    if let Some(refused) = refusal(asked_at(source, &answer), &answer) {
        return refused.into_trial();
    }
    trial_of(source, Whole { answer, document: None }).await
}

pub(super) async fn trial_of(source: &Source, Whole { answer, document }: Whole) -> Trial {
    let (face, quality) = first_look(asked_at(source, &answer), &answer);
    let quality = quality.with(as_configured(source, face).signs_alone());
    let document = match document {
        Some(read) => read.map_err(|unreadable| ReadRejection::suspect(Suspicion::Structure(unreadable))),
        None => document_of(source, &answer).await,
    };
    let document = match document {
        Ok(document) => document,
        Err(refused) => return refused.with(quality).into_trial(),
    };
    let suspicion = match quality.not_outweighed(found_again(None, &document, &source.noise)) {
        Some(signs) => Some(Suspicion::Other(signs)),
        None => source.guard.judge(None, &document, &[]).err(),
    };
    let Some(suspicion) = suspicion else {
        let reason = left_out(&document);
        return Trial { verdict: Verdict::Good, reason, quality, document: Some(document) };
    };
    let held = ReadRejection::Suspect { suspicion, quality }.into_trial();
    Trial { document: Some(document), ..held }
}

/// The same for the document that a first answer begins.
pub(super) async fn trial_of_first(
    source: &Source,
    first: FetchResponse,
    fetcher: &Fetcher,
    now: DateTime<Utc>,
) -> Trial {
    if let Some(refused) = refusal(&source.url, &first) {
        return refused.into_trial();
    }
    match whole(fetcher, source, first, now).await {
        Ok((whole, _)) => trial_of(source, whole).await,
        Err(refused) => refused.why.into_trial(),
    }
}
