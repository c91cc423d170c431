//! The link of an alert: one change, for its reader, without a log-in.
//!
//! Whoever has the address sees that change and its two bodies, and learns nothing of anybody else. It ends after its
//! last day, and when its reader is subscribed to nothing any more.

use std::sync::Arc;

use axum::http::Method;
use axum::response::Response;

use super::WebState;
use super::desk::{self, PageFrame};
use super::page::page;
use crate::domain::id::{ChangeId, CompanyId};
use crate::domain::subscription::{Subscriber, SubscriptionState};
use crate::domain::topic::Topic;
use crate::render::{ChangePage, ChangeReader};
use crate::view::Story;

/// What stands in a path that may be such a link: the change, the seal, and what is asked for below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LinkedPath<'a> {
    pub change: ChangeId,
    pub seal: &'a str,
    below: &'a str,
}

/// Letters of a seal; see [`crate::domain::keyed_link::LinkKey::seal_change`].
const SEAL_LETTERS: usize = 60;

/// The link of an alert in a path, whoever made it. What a mail program took for a part of it is left away.
pub(super) fn link_of_change(path: &str) -> Option<LinkedPath<'_>> {
    let (id, rest) = path.strip_prefix("/changes/")?.split_once('/')?;
    let length = rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
    let (seal, below) = rest.split_at(length);
    let below = if below.starts_with('/') { below.trim_matches('/') } else { "" };
    (length == SEAL_LETTERS).then(|| LinkedPath { change: ChangeId::from_text(id), seal, below })
}

/// Answers whoever follows the link.
pub(super) async fn answer(shared: &WebState, path: &str, method: &Method) -> Response {
    let (Some(link), true) = (link_of_change(path), matches!(*method, Method::GET | Method::HEAD)) else {
        return shared.nothing();
    };
    let reader = match shared.visits.open_change(&link.change, link.seal).await {
        Ok(Some(reader)) => reader,
        Ok(None) => return shared.nothing(),
        Err(error) => return shared.fault(&error),
    };
    let views = &shared.desk.views;
    let story = match views.change(&link.change).await {
        Ok(Some(change)) => views.story(change).await,
        Ok(None) => return shared.nothing(),
        Err(error) => return shared.fault(&error),
    };
    match story {
        Ok(story) => shared.linked(&link, &reader, &story).await,
        Err(error) => shared.fault(&error),
    }
}

impl WebState {
    async fn linked(&self, link: &LinkedPath<'_>, reader: &Subscriber, story: &Story) -> Response {
        let back = format!("{}changes/{}/{}", self.root(), link.change, link.seal);
        let mut below = link.below.split('/');
        match (below.next().unwrap_or_default(), below.next(), below.next()) {
            ("", None, None) => self.linked_change(back, reader, story),
            ("evidence", None, None) => {
                let refused = PageFrame::bare(self.root(), "There is no evidence");
                self.evidence(refused, &story.change.id).await
            }
            (which, raw, None) => match (desk::body::is_before(which), raw) {
                (Some(before), None) => {
                    let frame = PageFrame::bare(self.root(), desk::body::title(before));
                    self.body_page(frame, back, story, before).await
                }
                (Some(before), Some("raw")) => self.download(story.body(before)).await,
                _ => self.nothing(),
            },
            _ => self.nothing(),
        }
    }

    fn linked_change(&self, here: String, reader: &Subscriber, story: &Story) -> Response {
        let active = reader.subscriptions.iter().filter(|known| known.state == SubscriptionState::Active);
        let followed: Vec<Topic> = active.map(|known| known.topic.clone()).collect();
        let companies: Vec<CompanyId> = followed.iter().filter_map(Topic::company).cloned().collect();
        // Who follows the source follows whomever it names.
        let is_of_source = followed.contains(&Topic::from(&story.change.source));
        let shown = Some(companies.as_slice()).filter(|_| !is_of_source);
        let change = ChangePage::of(
            &story.change,
            ChangeReader {
                watchlist: &self.registry.current(),
                followed: shown,
                zone: reader.preferences.zone,
                source: self.desk.views.source(story.change.source.as_str()).map(Arc::as_ref),
            },
        );
        let one = desk::change::OneChangePage {
            frame: PageFrame::bare(self.root(), &change.title),
            source: story.change.source.to_string(),
            headers: desk::change::headers_of(story),
            is_side_by_side: false,
            is_inside: false,
            is_of_source,
            has_evidence: true,
            others: Vec::new(),
            timeline: desk::change::TimelineRow::all(story, None),
            change,
            here,
        };
        page(axum::http::StatusCode::OK, &one)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_known_by_its_seal_and_by_nothing_else() {
        let seal = "a".repeat(60);
        let link = |below: &str| format!("/changes/0123456789abcdef/{seal}{below}");
        for (below, expected) in [
            ("", ""),
            (".", ""),
            (")", ""),
            ("/", ""),
            ("/now", "now"),
            ("/before/raw", "before/raw"),
            ("%3E", ""),
        ] {
            let path = link(below);
            let found = link_of_change(&path).unwrap();
            assert_eq!((found.change.as_str(), found.below), ("0123456789abcdef", expected), "{below}");
        }
        for other in ["/changes/0123456789abcdef", "/changes/0123456789abcdef/now", "/changes", "/manage/x/y"]
        {
            assert_eq!(link_of_change(other), None, "{other}");
        }
        assert_eq!(link_of_change(&link("a")), None);
    }
}
