//! Whether a source is still as it was observed: `source doctor`.
//!
//! It is asked as any read asks, once and politely; nothing is compared with what is stored, and nothing is kept.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

use super::gather::gather;
use super::read_rejection::refusal;
use super::trial::trial_of;
use super::whole::landed;
use super::witness::testimony;
use crate::clock::Clock;
use crate::domain::drift::{self, Drift, ObservedAnswer, ObservedFact};
use crate::domain::id::SourceId;
use crate::domain::source::Source;
use crate::domain::text::error_chain;
use crate::domain::verdict::Verdict;
use crate::fetch::{FetchError, FetchResponse, Fetcher};

/// What a look at a source came to.
#[derive(Debug, Clone, Serialize)]
pub struct SourceExamination {
    /// The source.
    pub id: SourceId,
    /// What a read of it would be found to be.
    pub verdict: Verdict,
    /// Why, where it is not good.
    pub reason: Option<String>,
    /// The day of the facts that it was held against.
    pub observed_on: Option<NaiveDate>,
    /// How many entries were read.
    pub entries: usize,
    /// The facts that no longer hold.
    pub drifts: Vec<Drift>,
}

impl SourceExamination {
    fn of(source: &Source) -> Self {
        let observed_on = source.catalogue.observed.as_ref().map(|observed| observed.on);
        let (verdict, drifts) = (Verdict::Failed, Vec::new());
        Self { id: source.id.clone(), verdict, reason: None, observed_on, entries: 0, drifts }
    }

    fn failed(mut self, reason: String, drift: Option<Drift>) -> Self {
        self.reason = Some(reason);
        self.drifts.extend(drift);
        self
    }
}

/// Looks at a source and tells what of its facts no longer holds.
pub async fn examine(fetcher: &Fetcher, source: &Source, clock: &dyn Clock) -> SourceExamination {
    let mut found = SourceExamination::of(source);
    let now = clock.now();
    match fetcher.forbidden(source, now).await {
        Ok(rule) => found.drifts.extend(drift::of_robots(source, rule.as_deref())),
        Err(error) => return unanswered(found, source, &error),
    }
    found.drifts.extend(mute_witness(fetcher, source, now).await);
    let first = match fetcher.read(source, None, now).await {
        Ok(first) => first,
        Err(error) => return unanswered(found, source, &error),
    };
    if let Some(refused) = refusal(&source.url, &first) {
        let drift = unlike(source, ObservedFact::Answer, "url", &first);
        let trial = refused.into_trial();
        found.verdict = trial.verdict;
        return found.failed(trial.reason.unwrap_or_default(), Some(drift));
    }
    let file = match landed(fetcher, source, first, now).await {
        Ok(file) => file,
        Err(refused) => {
            let key = if source.request.link.is_some() { "link" } else { "url" };
            let trial = refused.why.into_trial();
            let reason = trial.reason.unwrap_or_default();
            let expected = "the link to the file, and the file behind it".to_owned();
            found.verdict = trial.verdict;
            let drift = Drift::of(source, ObservedFact::Answer, key, expected, reason.clone());
            return found.failed(reason, Some(drift));
        }
    };
    let seen = ObservedAnswer {
        landed: &file.url,
        content_type: file.header("content-type"),
        body: &file.body,
        max_body: fetcher.max_body(source),
    };
    found.drifts.extend(drift::of_answer(source, seen));
    let trial = match gather(fetcher, source, file, now).await {
        Ok(whole) => trial_of(source, whole).await,
        Err(refused) => refused.why.into_trial(),
    };
    found.verdict = trial.verdict;
    if let Some(document) = &trial.document {
        found.entries = document.entries.len();
        found.drifts.extend(drift::of_entries(source, found.entries));
    } else {
        let found_instead = trial.reason.clone().unwrap_or_default();
        let expected = format!("what the kind {} reads", source.kind);
        found.drifts.push(Drift::of(source, ObservedFact::Structure, "kind", expected, found_instead));
    }
    found.reason = trial.reason;
    found
}

/// A source of which no answer came.
fn unanswered(found: SourceExamination, source: &Source, error: &FetchError) -> SourceExamination {
    let reason = error_chain(error);
    let drift = match error {
        FetchError::Robots { rule, .. } => {
            // Told already where its own address is forbidden.
            let is_told = found.drifts.iter().any(|drift| drift.fact == ObservedFact::Robots);
            (!is_told).then(|| drift::of_robots(source, Some(rule))).flatten()
        }
        FetchError::TooLarge { limit, .. } => {
            let expected = format!("at most {limit} bytes");
            Some(Drift::of(source, ObservedFact::Bytes, "max_body", expected, "more".to_owned()))
        }
        _ => Some(Drift::of(source, ObservedFact::Answer, "url", "an answer".to_owned(), reason.clone())),
    };
    found.failed(reason, drift)
}

/// A witness that says nothing.
async fn mute_witness(fetcher: &Fetcher, source: &Source, now: DateTime<Utc>) -> Option<Drift> {
    let why = testimony(fetcher, source, now).await?.silence()?;
    Some(Drift::of(source, ObservedFact::Witness, "witness", "an answer with status 200".to_owned(), why))
}

fn unlike(source: &Source, fact: ObservedFact, key: &'static str, answer: &FetchResponse) -> Drift {
    let found = format!("{} from {}", answer.status, answer.url);
    Drift::of(source, fact, key, "the source's page with status 200".to_owned(), found)
}
