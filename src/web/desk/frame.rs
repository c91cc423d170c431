//! What all pages have: the way to the others, and who is logged in.

use askama::Template;

use super::super::WebState;
use super::super::access::{Visitor, first_part, need_of};
use crate::domain::change::Change;
use crate::render::{line, on_page};

/// The pages to which every page leads, in their order.
const PAGES: [(&str, &str); 11] = [
    ("", "Overview"),
    ("changes", "Changes"),
    ("sources", "Sources"),
    ("companies", "Companies"),
    ("screen", "Screen"),
    ("review", "Review"),
    ("coverage", "Coverage"),
    ("mails", "Mails"),
    ("subscribers", "Subscribers"),
    ("audit", "Audit log"),
    ("api/docs", "API"),
];

/// What stands around a page.
#[derive(Debug)]
pub(in crate::web) struct PageFrame {
    /// The path under which all pages stand.
    pub root: String,
    /// The page's title.
    pub title: String,
    /// The pages that this visitor may see: address, name, and whether it is this one.
    pub pages: Vec<(String, &'static str, bool)>,
    /// Who is logged in.
    pub name: Option<String>,
    /// Stands in every form.
    pub csrf: String,
    /// Whether forms are shown that act.
    pub is_operator: bool,
    /// Whether there is a log-in, for those who are not.
    pub can_log_in: bool,
}

impl PageFrame {
    /// The frame of a page; `here` is the first part of its path.
    pub(in crate::web) fn of(shared: &WebState, visitor: &Visitor, title: &str, here: &str) -> Self {
        let public = &shared.desk.settings.public;
        let is_seen =
            |path: &str| first_part(path).and_then(need_of).is_some_and(|need| visitor.may(need, public));
        let pages = PAGES.into_iter().filter(|(path, _)| is_seen(path));
        let sign_up = shared.visits.can_ask().then_some(("subscribe", "Subscribe"));
        let (name, csrf) = match visitor {
            Visitor::Known(session) => (Some(session.name.clone()), session.csrf.clone()),
            Visitor::Local | Visitor::Holder(_) | Visitor::Stranger => (None, String::new()),
        };
        Self {
            root: shared.root().to_owned(),
            title: line(title),
            pages: pages
                .chain(sign_up)
                .map(|(path, words)| {
                    (format!("{}{path}", shared.root()), words, path == here && !title.is_empty())
                })
                .collect(),
            is_operator: visitor.is_operator(),
            can_log_in: name.is_none() && shared.desk.can_log_in(),
            name,
            csrf,
        }
    }

    /// The frame of a page that leads nowhere else: whoever sees it came by a link.
    pub(in crate::web) fn bare(root: &str, title: &str) -> Self {
        Self {
            root: root.to_owned(),
            title: line(title),
            pages: Vec::new(),
            name: None,
            csrf: String::new(),
            is_operator: false,
            can_log_in: false,
        }
    }
}

/// A page of a few words.
#[derive(Template)]
#[template(path = "desk/note.html")]
pub(super) struct Note<'a> {
    pub frame: PageFrame,
    pub text: &'a str,
}

/// A change in a list.
#[derive(Debug)]
pub(in crate::web) struct ChangeRow {
    pub id: String,
    pub title: String,
    pub happened: String,
    pub source_title: String,
    pub found_at: String,
    /// Names of the companies concerned.
    pub companies: Vec<String>,
    pub is_retracted: bool,
}

impl ChangeRow {
    pub(super) fn of(change: &Change, shared: &WebState) -> Self {
        let watchlist = shared.registry.current();
        let mut companies: Vec<String> =
            change.companies().into_iter().map(|id| line(watchlist.short_name(id))).collect();
        companies.truncate(5);
        Self {
            id: change.id.to_string(),
            title: line(&change.entry.title),
            happened: change.entry.happened(),
            source_title: line(&change.source_title),
            found_at: on_page(change.found_at),
            companies,
            is_retracted: change.retracted_at.is_some(),
        }
    }
}
