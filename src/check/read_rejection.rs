//! What can be told of an answer before its entries are read, and why it is not the source's.

use url::Url;

use crate::domain::block::ResponseFacts;
use crate::domain::page_profile::PageProfile;
use crate::domain::quality::{Quality, Sign, Weight};
use crate::domain::verdict::Suspicion;
use crate::extract::{RawDocument, face};
use crate::fetch::FetchResponse;

/// Why an answer is not the source's page, or not a part of its document.
pub(super) enum ReadRejection {
    Suspect { suspicion: Suspicion, quality: Quality },
    Failed(String),
}

impl ReadRejection {
    /// Held back for what it is, with nothing else known against it.
    pub(super) fn suspect(suspicion: Suspicion) -> Self {
        Self::Suspect { suspicion, quality: Quality::default() }
    }

    /// The same with what else speaks against the answer.
    pub(super) fn with(self, quality: Quality) -> Self {
        match self {
            Self::Suspect { suspicion, .. } => Self::Suspect { suspicion, quality },
            failed @ Self::Failed(_) => failed,
        }
    }
}

/// What speaks against a held read, the reason it is held for included.
pub(super) fn held_quality(suspicion: &Suspicion, quality: &Quality) -> Quality {
    match suspicion {
        Suspicion::Blocked(_) | Suspicion::Other(_) => quality.clone(),
        other => quality.clone().with([Sign::new(other.at_most(), Weight::Certain, other.to_string())]),
    }
}

/// Why a read is held back, with what else speaks against it.
pub(super) fn in_words(suspicion: &Suspicion, quality: &Quality) -> String {
    let says_all = matches!(suspicion, Suspicion::Blocked(_) | Suspicion::Other(_));
    if says_all || quality.signs().is_empty() {
        return suspicion.to_string();
    }
    format!("{suspicion}; {quality}")
}

/// How the answer to an address shows itself, and what speaks against it before its entries are read.
pub(super) fn first_look(asked: &Url, answer: &FetchResponse) -> (PageProfile, Quality) {
    let page =
        RawDocument { body: &answer.body, content_type: answer.header("content-type"), url: &answer.url };
    let face = face(&page);
    let quality = facts(asked, answer, face.title.as_deref()).quality().with(face.signs());
    (face, quality)
}

fn facts<'a>(asked: &'a Url, answer: &'a FetchResponse, title: Option<&'a str>) -> ResponseFacts<'a> {
    ResponseFacts {
        status: answer.status,
        headers: &answer.headers,
        requested: asked,
        answered: &answer.url,
        body: &answer.body,
        title,
    }
}

/// What can be told of the answer to an address without reading the entries.
pub(super) fn refusal(asked: &Url, answer: &FetchResponse) -> Option<ReadRejection> {
    refused_by(answer, &first_look(asked, answer).1)
}

/// What can be told of it by what came with its body; of the body the title alone counts.
pub(super) fn refusal_of(asked: &Url, answer: &FetchResponse, title: Option<&str>) -> Option<ReadRejection> {
    refused_by(answer, &facts(asked, answer, title).quality())
}

/// Why an answer is refused against which this speaks.
pub(super) fn refused_by(answer: &FetchResponse, quality: &Quality) -> Option<ReadRejection> {
    if quality.is_blocked() {
        let quality = quality.clone();
        return Some(ReadRejection::Suspect { suspicion: Suspicion::Blocked(quality.clone()), quality });
    }
    if answer.status != 200 {
        let name = status_name(answer.status);
        return Some(ReadRejection::Failed(format!(
            "{} answered {}{name}, expected 200",
            answer.url, answer.status
        )));
    }
    let empty = || ReadRejection::Suspect { suspicion: Suspicion::Empty, quality: quality.clone() };
    answer.body.is_empty().then(empty)
}

/// The name of a status after a blank, where it has one.
fn status_name(status: u16) -> String {
    reqwest::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .map_or_else(String::new, |name| format!(" {name}"))
}
