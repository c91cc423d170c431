//! Other settings of a source, tried over the bodies that are kept.

use std::time::Duration;

use askama::Template;
use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use tokio::time::timeout;

use super::super::page::page;
use super::frame::PageFrame;
use super::sources::ComparedEntry;
use super::{Server, Who};
use crate::check::TriedState;
use crate::config::{ConfigError, read_source};
use crate::domain::source::Source;
use crate::domain::text::{one_line, shorten};
use crate::domain::text_diff::WordFate;
use crate::render::{on_page, with_lines};
use url::form_urlencoded;

/// A trial ends before the request does.
const TRIAL_TIMEOUT: Duration = Duration::from_secs(12);

/// What is read otherwise in one state is shown up to so many entries.
const SHOWN_CHANGES: usize = 30;

#[derive(Template)]
#[template(path = "desk/trial.html")]
struct TrialPage {
    frame: PageFrame,
    id: String,
    settings: String,
    faults: Vec<String>,
    states: Vec<TrialRow>,
}

struct TrialRow {
    sequence: u64,
    read_at: String,
    now: String,
    tried: String,
    changes: Vec<ComparedEntry>,
    more: usize,
}

impl TrialRow {
    fn of(state: &TriedState) -> Self {
        let counted = |read: &Result<usize, String>| match read {
            Ok(1) => "1 entry".to_owned(),
            Ok(count) => format!("{count} entries"),
            Err(reason) => format!("cannot be read: {}", shorten(&one_line(reason), 300)),
        };
        Self {
            sequence: state.sequence,
            read_at: on_page(state.read_at),
            now: counted(&state.now),
            tried: counted(&state.tried),
            more: state.changes.len().saturating_sub(SHOWN_CHANGES),
            changes: state.changes.iter().take(SHOWN_CHANGES).map(ComparedEntry::of).collect(),
        }
    }
}

pub(super) async fn tried(
    State(shared): Server,
    Extension(visitor): Who,
    Path(id): Path<String>,
    body: Bytes,
) -> Response {
    let Some(source) = shared.desk.views.source(&id) else {
        return shared.not_there(&visitor, "There is no source with this id.");
    };
    let mut fields = form_urlencoded::parse(&body);
    let settings = fields.find(|(name, _)| name == "settings").map(|(_, text)| text.into_owned());
    let settings = settings.unwrap_or_default();
    let mut page_of = TrialPage {
        frame: PageFrame::of(&shared, &visitor, &source.title, "sources"),
        id,
        settings: with_lines(&settings),
        faults: Vec::new(),
        states: Vec::new(),
    };
    match proposed(&settings) {
        Err(faults) => page_of.faults = faults,
        Ok(tried) => {
            let trial = timeout(TRIAL_TIMEOUT, shared.desk.checker.try_settings(source, &tried));
            match trial.await {
                Ok(Ok(states)) => page_of.states = states.iter().map(TrialRow::of).collect(),
                Ok(Err(error)) => return shared.fault(&error),
                Err(_) => page_of.faults.push("the trial took too long and was given up".to_owned()),
            }
        }
    }
    let status = if page_of.faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    page(status, &page_of)
}

/// The source that a text describes. No site is asked, so no secret is needed; and which files can be read here is
/// nobody's business.
fn proposed(settings: &str) -> Result<Source, Vec<String>> {
    if ["_file", "token_variable", "token_as"].iter().any(|key| settings.contains(key)) {
        return Err(vec!["a trial asks no site: leave keys of secrets out".to_owned()]);
    }
    read_source(settings).map_err(|error| faults_of(&error))
}

fn faults_of(error: &ConfigError) -> Vec<String> {
    error.faults().iter().map(|fault| shorten(&one_line(&fault.to_string()), 500)).collect()
}
