//! Where outsiders subscribe: what can be followed, what a mail looks like, and who runs all this.
//!
//! Nobody is told anything for having typed an address: its reader is asked, and answers or does not. What is said
//! here is the same whoever an address belongs to.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::PoisonError;

use askama::Template;
use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{REFERRER_POLICY, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use tokio::time::Instant;
use url::form_urlencoded;

use super::super::WebState;
use super::super::access::{Visitor, is_of_our_origin};
use super::super::client::client_address;
use super::super::guard::PeerAddress;
use super::super::page::page;
use super::super::rate::CountedClient;
use super::super::ways::Ways;
use super::asked::RequestFields;
use super::frame::{Note, PageFrame};
use super::{Server, Who};
use crate::domain::email::EmailAddress;
use crate::domain::id::SourceId;
use crate::domain::inbound::Selection;
use crate::domain::mail_kind::MailKind;
use crate::domain::source::Source;
use crate::domain::subscription::{Filter, Preference, Preferences};
use crate::domain::text::{one_line, shorten};
use crate::domain::topic::Topic;
use crate::render::{MailFoot, example, line, with_lines};

/// One form asks for as many companies at most.
const MAX_COMPANIES: usize = 50;

/// Companies to choose from on one page.
const SHOWN_COMPANIES: usize = 100;

/// Sources to choose from on one page.
const SHOWN_SOURCES: usize = 100;

#[derive(Template)]
#[template(path = "desk/subscribe.html")]
struct SignUp {
    frame: PageFrame,
    words: String,
    /// Id, short name, full name.
    companies: Vec<(String, String, String)>,
    total: usize,
    source_words: String,
    sources: Vec<SourceChoice>,
    sources_total: usize,
    /// Whether the sources are too many to be shown at once.
    has_many_sources: bool,
    groups: Vec<String>,
    ways: Ways,
    help: String,
    postal: Vec<String>,
    fault: Option<&'static str>,
}

struct SourceChoice {
    id: String,
    title: String,
    misses: Option<String>,
}

pub(super) async fn ask(State(shared): Server, Extension(visitor): Who, asked: RequestFields) -> Response {
    shared.sign_up_page(&visitor, &asked, None)
}

pub(super) async fn sign_up(
    State(shared): Server,
    Extension(visitor): Who,
    Extension(PeerAddress(peer)): Extension<PeerAddress>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let desk = &shared.desk;
    if !shared.visits.can_ask() || !is_of_our_origin(&desk.settings.base_url, &headers) {
        return shared.nothing();
    }
    let Some((address, selection)) = shared.wish_of(&body) else {
        let fault = "Nothing was done: enter an address, and choose at least one company or one source to follow as a whole.";
        return shared.sign_up_page(&visitor, &RequestFields::default(), Some(fault));
    };
    let client = CountedClient::at(client_address(peer, &headers, &desk.settings.trusted_proxies));
    let taken = desk.sign_ups.lock().unwrap_or_else(PoisonError::into_inner).take(client, Instant::now());
    if let Err(wait) = taken {
        let mut response = shared.too_many();
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait.as_secs() + 1));
        return response;
    }
    if let Err(error) = shared.visits.sign_up(&address, selection).await {
        return shared.fault(&error);
    }
    // The question is in the outbox now.
    shared.woken.notify_one();
    let text = "We sent a mail to the address, unless we asked it a moment ago or it wants no mail. We send nothing else until its reader confirms, within three days.";
    page(
        StatusCode::OK,
        &Note { frame: PageFrame::of(&shared, &visitor, "Check your mail", "subscribe"), text },
    )
}

/// What an alert looks like.
pub(super) async fn sample(State(shared): Server, Extension(visitor): Who) -> Response {
    let help = &shared.desk.runner.help_address;
    let service = MailFoot {
        name: &shared.desk.runner.organisation,
        mailbox: help,
        help_address: help,
        postal_address: shared.desk.runner.postal_address.as_deref(),
        web: None,
    };
    let Ok(reader) = "reader@example.org".parse::<EmailAddress>() else { return shared.nothing() };
    match example(MailKind::Alert, &reader, &service) {
        Ok(rendered) => {
            let frame = PageFrame::of(&shared, &visitor, "See a sample mail", "subscribe");
            page(
                StatusCode::OK,
                &Sample { frame, subject: rendered.subject, text: with_lines(&rendered.text) },
            )
        }
        Err(error) => shared.fault(&error),
    }
}

#[derive(Template)]
#[template(path = "desk/sample.html")]
struct Sample {
    frame: PageFrame,
    subject: String,
    text: String,
}

impl WebState {
    fn sign_up_page(
        &self,
        visitor: &Visitor,
        asked: &RequestFields,
        fault: Option<&'static str>,
    ) -> Response {
        if !self.visits.can_ask() {
            return self.nothing();
        }
        let watchlist = self.registry.current();
        let words = asked.shown("q");
        let sought = words.to_lowercase();
        let is_sought = |name: &str| sought.split_whitespace().all(|word| name.to_lowercase().contains(word));
        let mut companies: Vec<(String, String, String)> = watchlist
            .companies()
            .filter(|company| company.names().any(|alias| is_sought(&alias.name)))
            .map(|company| (company.id.to_string(), line(company.short_name()), line(&company.name)))
            .collect();
        companies.sort_by_cached_key(|(_, name, _)| name.to_lowercase());
        let total = companies.len();
        companies.truncate(SHOWN_COMPANIES);
        let all_sources = self.desk.views.sources();
        let has_many_sources = all_sources.len() > SHOWN_SOURCES;
        let source_words = if has_many_sources { asked.shown("s") } else { String::new() };
        let sought = source_words.to_lowercase();
        let has_words = |source: &&Arc<Source>| {
            sought.is_empty() || {
                let title = source.title.to_lowercase();
                sought.split_whitespace().all(|word| title.contains(word))
            }
        };
        let sources: Vec<&Arc<Source>> = all_sources.iter().filter(has_words).collect();
        let sources_total = sources.len();
        let sources = sources.into_iter().take(SHOWN_SOURCES).map(|source| SourceChoice {
            id: source.id.to_string(),
            title: line(&source.title),
            misses: source.misses.as_deref().map(|misses| shorten(&one_line(misses), 300)),
        });
        let runner = &self.desk.runner;
        let postal = runner.postal_address.as_deref().unwrap_or_default().lines().map(one_line);
        let sign_up = SignUp {
            frame: PageFrame::of(self, visitor, "Subscribe", "subscribe"),
            words,
            companies,
            total,
            source_words,
            sources: sources.collect(),
            sources_total,
            has_many_sources,
            groups: self.desk.views.groups().iter().map(|group| line(group)).collect(),
            ways: Ways::of(&Preferences::default()),
            help: runner.help_address.to_string(),
            postal: postal.filter(|line| !line.is_empty()).collect(),
            fault,
        };
        let status = if fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
        let mut response = page(status, &sign_up);
        // The form comes back to us: a browser that hides where it came from could not be told from another site.
        response.headers_mut().insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
        response
    }

    /// Whom to ask and for what; `None` where either is missing or not ours.
    fn wish_of(&self, body: &[u8]) -> Option<(EmailAddress, Selection)> {
        let asked = RequestFields::of(body);
        let address = asked.parsed::<EmailAddress>("address")?;
        let watchlist = self.registry.current();
        let sources = || values(body, "whole").filter_map(|id| id.parse::<SourceId>().ok());
        let mut topics: Vec<Topic> = values(body, "company")
            .filter_map(|id| id.parse().ok())
            .chain(sources().map(|id| Topic::from(&id)))
            .filter(|topic| watchlist.can_be_followed(topic))
            .take(MAX_COMPANIES)
            .collect();
        topics.sort();
        topics.dedup();
        let only = Filter { sources: self.sources_of(body), ..Filter::default() };
        (!topics.is_empty()).then(|| (address, Selection { topics, only, ways: ways_of(&asked) }))
    }

    /// The sources from which alone something is to be told, by themselves and by their groups.
    fn sources_of(&self, body: &[u8]) -> BTreeSet<SourceId> {
        let (ids, groups): (BTreeSet<String>, BTreeSet<String>) =
            (values(body, "source").collect(), values(body, "group").collect());
        let is_chosen = |source: &&Arc<Source>| {
            ids.contains(source.id.as_str())
                || source.catalogue.groups.iter().any(|group| groups.contains(group))
        };
        self.desk.views.sources().iter().filter(is_chosen).map(|source| source.id.clone()).collect()
    }
}

/// How mail is to come, where that is not as for everybody: whoever follows something already and says nothing of it
/// keeps what they chose.
fn ways_of(asked: &RequestFields) -> Vec<Preference> {
    let usual = Preferences::default();
    let wish = |name: &str, field: &str| Preference::of(name, asked.get(field)?);
    let ways = [wish("digest", "cadence"), wish("zone", "zone")].into_iter().flatten();
    let is_usual = |way: &Preference| match way {
        Preference::Cadence(cadence) => *cadence == usual.cadence,
        Preference::Zone(zone) => *zone == usual.zone,
        _ => false,
    };
    ways.filter(|way| !is_usual(way)).collect()
}

/// Every value of a field.
fn values<'a>(body: &'a [u8], name: &'a str) -> impl Iterator<Item = String> + 'a {
    form_urlencoded::parse(body).filter(move |(known, _)| known == name).map(|(_, value)| value.into_owned())
}
