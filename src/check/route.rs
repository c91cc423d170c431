//! Another route to a source, where its own address gave nothing that can be believed.
//!
//! The refusal stands as it was recorded, and nothing is evaded: another publisher is asked for the same thing. What
//! it says is told as what it is, may add and amend, and removes nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::read_rejection::refusal;
use super::response::Response;
use super::source_context::SourceContext;
use super::{Checker, ReadOptions, extract};
use crate::domain::assess::{Assessment, Past, assess};
use crate::domain::change::Change;
use crate::domain::entry::{Document, Entry};
use crate::domain::evidence::{ChainVerdict, ChainedRead};
use crate::domain::moment;
use crate::domain::report::SourceCheck;
use crate::domain::snapshot::Baseline;
use crate::domain::source::{Route, Source, TakenFrom, taken_at};
use crate::domain::text::error_chain;
use crate::fetch::FetchResponse;
use crate::store::{Accepted, ReadCommit, StoreError};

/// What a route gave.
struct Given {
    answer: FetchResponse,
    document: Document,
    as_of: DateTime<Utc>,
}

impl Checker {
    /// What a read found of a source whose own address could not be believed, with what its other routes say, the first
    /// that can be believed.
    pub(super) async fn by_another_route(
        &self,
        source: &Source,
        found: SourceCheck,
        options: ReadOptions,
    ) -> SourceCheck {
        let mut refused = Vec::new();
        for route in &source.request.routes {
            let given = match self.ask_route(source, route).await {
                Ok(given) => given,
                Err(reason) => {
                    refused.push(format!("{}: {reason}", route.by));
                    continue;
                }
            };
            match self.take(source, route, given, (&refused, options)).await {
                Ok(Ok((words, changes))) => return told(found, &words, changes),
                Ok(Err(reason)) => refused.push(format!("{}: {reason}", route.by)),
                Err(error) => {
                    tracing::error!(source.id = %source.id, error = error_chain(&error), "failed to store a read of {} by another route", source.id);
                    refused.push(format!("{}: {}", route.by, error_chain(&error)));
                }
            }
        }
        told(found, &format!("no other route helped: {}", refused.join("; ")), Vec::new())
    }

    /// Asks a route.
    ///
    /// # Errors
    /// In words, why what it answers cannot be believed either.
    async fn ask_route(&self, source: &Source, route: &Route) -> Result<Given, String> {
        let now = self.clock.now();
        let answer = self.fetcher.read_further(source, &route.url, 0, now).await;
        let answer = answer.map_err(|error| error_chain(&error))?;
        // An archive leads from a year to the copy it has.
        let asked = if route.copy { &answer.url } else { &route.url };
        if let Some(why) = refusal(asked, &answer) {
            return Err(why.into_trial().reason.unwrap_or_default());
        }
        let as_of = if route.copy {
            taken_at(&answer.url).ok_or("it does not say when its copy was taken")?
        } else {
            self.clock.now()
        };
        let content_type = answer.header("content-type").map(str::to_owned);
        // What is relative in a copy is meant of the page that was copied.
        let document = extract(source, answer.body.bytes(), content_type, source.url.clone()).await?;
        let document = document.map_err(|unreadable| unreadable.to_string())?;
        source.guard.judge(None, &document, &[]).map_err(|suspicion| suspicion.to_string())?;
        Ok(Given { answer, document, as_of })
    }

    /// Takes over what a route says, unless it is older than what is known.
    async fn take(
        &self,
        source: &Source,
        route: &Route,
        given: Given,
        (refused, options): (&[String], ReadOptions),
    ) -> Result<Result<(String, Vec<Change>), String>, StoreError> {
        let now = self.clock.now();
        let known = SourceContext::load_whole(&self.store, source).await?;
        let Some(state) = known.state.clone() else { return Ok(Err("nothing is known of it".to_owned())) };
        let Given { answer, document, as_of } = given;
        let as_of_words = moment::in_words(as_of);
        if let Some(newest) = state.newest_known(known.accepted.as_ref()).filter(|newest| as_of <= *newest) {
            let newest = moment::in_words(newest);
            return Ok(Err(format!("its word of {as_of_words} is no newer than what is known of {newest}")));
        }
        let what = if route.copy { "a copy taken at" } else { "another publication, read at" };
        let words = format!("read from {what} {as_of_words} by {}", route.by);
        let titled = Source { title: format!("{} ({words})", source.title), ..source.clone() };
        let watchlist = self.registry.current();
        let response = Response::of(source, answer, now).packed(&self.store).await;
        let chained = ChainedRead::of(&response.meta, ChainVerdict::Good);
        let past = Past { baseline: known.baseline.as_ref(), ..Past::default() };
        let document = with_all_that_was(past.baseline, document);
        let mut assessment = match assess(&titled, past, document, response.meta, &watchlist) {
            Ok(assessment) => assessment,
            Err(suspicion) => return Ok(Err(suspicion.to_string())),
        };
        let changes = assessment.changes.clone();
        if !options.dry_run {
            let taken = taken(route, as_of, &assessment).after(state.taken_from.as_ref());
            let reason = [&state.reason.clone().unwrap_or_default()[..], &words].join("; ");
            let reason = refused.iter().fold(reason, |all, refused| format!("{all}; {refused}"));
            let mut commit =
                ReadCommit::of(state.by_another_route(taken, reason)).computed_from(known.version);
            commit.accepted =
                assessment.baseline.take().map(|baseline| Accepted { baseline, body: response.body });
            commit.standing = commit.accepted.as_ref().map(|accepted| {
                let document = &accepted.baseline.document;
                let standing = known.standing_after(source, document, &assessment.changes, &watchlist);
                (standing.without_embedded(), Arc::clone(watchlist.version()))
            });
            commit.chained = Some(ChainedRead { reason: Some(words.clone()), ..chained });
            commit.changes.clone_from(&assessment.changes);
            commit.alerts.clone_from(&assessment.alerts);
            self.store.commit(commit).await?;
        }
        Ok(Ok((words, changes)))
    }
}

/// The document with what it lacks: another route removes nothing.
fn with_all_that_was(baseline: Option<&Baseline>, mut document: Document) -> Document {
    let there: BTreeSet<String> = document.entries.iter().map(|entry| entry.key.clone()).collect();
    let lacking = baseline.iter().flat_map(|baseline| &baseline.document.entries);
    let lacking: Vec<Entry> = lacking.filter(|entry| !there.contains(&entry.key)).cloned().collect();
    document.put_back(lacking);
    document
}

fn taken(route: &Route, as_of: DateTime<Utc>, assessment: &Assessment) -> TakenFrom {
    let keys = assessment.changes.iter().map(|change| change.entry.key.clone()).collect();
    TakenFrom { by: route.by.clone(), as_of, keys }
}

/// What a read found with what another route gave; its verdict stays that of the source's own address.
fn told(mut found: SourceCheck, words: &str, changes: Vec<Change>) -> SourceCheck {
    let reason = found.reason.take().unwrap_or_default();
    found.reason = Some(format!("{reason}; {words}"));
    found.changes.extend(changes);
    found
}
