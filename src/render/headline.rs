//! What happened, to whom and where, in the words of each kind of source: for the subject, and as a sentence.
//!
//! Nothing is said that the change does not bear: "added to" a list is only who stands in the entry's title under a
//! name of their own; who is named elsewhere is "named in an entry", and who is merely exposed is not named at all.

use std::collections::BTreeSet;

use super::face::Face;
use super::notice::{Notice, ReportedChange};
use crate::domain::change::{Change, ChangeKind};
use crate::domain::company::AliasKind;
use crate::domain::docket::DocketEvent;
use crate::domain::id::CompanyId;
use crate::domain::matching::Match;
use crate::domain::text::{capitalised, one_line, shorten};

/// Longer titles of sources are cut.
const MAX_PLACE_CHARS: usize = 120;

/// Longer titles of entries are cut.
const MAX_TITLE_CHARS: usize = 60;

/// Of more companies the rest is counted.
const MAX_NAMED: usize = 2;

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Headline {
    /// Whom it concerns.
    pub names: String,
    /// What happened, for a subject: what stands between the names and the place.
    pub head: String,
    /// Where.
    pub place: String,
    /// The same as a sentence without its full stop.
    pub lead: String,
    /// What happened to the company itself, and where, where it stands in the title of an entry that came or went.
    pub deed: Option<&'static str>,
}

/// How a change names those who are told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum NamedBy {
    /// By a name of their own in the entry's title.
    Title,
    /// By a name somewhere in it.
    Named,
    /// Not by name: by a category, as part of what is named, or because the source is theirs.
    Unnamed,
}

impl Headline {
    /// What happened, as one of a mail's readers is told.
    pub(super) fn of(told: &ReportedChange, notice: &Notice) -> Self {
        let headline = Self::of_change(told, notice);
        match notice.unread_of(told).first() {
            Some(unread) => {
                let lead = format!("{}; {} itself could not be read", headline.lead, place(unread));
                Self { lead, ..headline }
            }
            None => headline,
        }
    }

    fn of_change(told: &ReportedChange, notice: &Notice) -> Self {
        let change = told.change;
        let face = notice.words_of(change).map_or_else(|| Face::of_change(change), |words| words.face);
        let names = names(told, notice);
        if names.is_empty() {
            return of_nobody(change, face);
        }
        match face {
            Face::List => on_a_list(change, names, relation(told)),
            Face::Docket => on_a_docket(change, names),
            Face::Rule => of_a_rule(change, names, relation(told)),
            Face::Text => in_a_text(change, names, relation(told)),
        }
    }

    fn new(names: String, head: &str, place: String, lead: String) -> Self {
        Self { head: head.to_owned(), names, place, lead, deed: None }
    }

    /// One line, for overviews and subjects.
    pub(super) fn line(&self) -> String {
        format!("{}{}{}", self.names, self.head, self.place)
    }
}

fn on_a_list(change: &Change, names: String, relation: NamedBy) -> Headline {
    let place = place(&change.source_title);
    let be = if names.contains(", ") { "were" } else { "was" };
    let (came, on) = match change.entry.kind {
        ChangeKind::Added => ("added to", "to"),
        ChangeKind::Removed => ("removed from", "from"),
        ChangeKind::Amended => return amended(&names, place, relation),
        ChangeKind::AlreadyListed if relation == NamedBy::Title => {
            let lead = format!("{names} {be} already listed on {place}");
            return Headline::new(names, " already listed on ", place, lead);
        }
        ChangeKind::AlreadyListed => {
            let lead = format!("An entry about {names} is already on {place}");
            return Headline::new(names, ": entry already on ", place, lead);
        }
    };
    match relation {
        NamedBy::Title => {
            let lead = format!("{names} {be} {came} {place}");
            Headline { deed: Some(came), ..Headline::new(names, &format!(" {came} "), place, lead) }
        }
        NamedBy::Named => {
            let lead = format!("An entry that names {names} was {came} {place}");
            Headline::new(names, &format!(" named in an entry {came} "), place, lead)
        }
        NamedBy::Unnamed => {
            let was = came.trim_end_matches(on).trim_end();
            let lead = format!("An entry that concerns {names} without naming it was {was} {on} {place}");
            Headline::new(names, &format!(": entry {came} "), place, lead)
        }
    }
}

/// Of a change that names nobody who is tracked, for those who follow its source: the entry speaks for itself.
fn of_nobody(change: &Change, face: Face) -> Headline {
    let text = |field: &str| said(change, field).map(one_line).filter(|text| !text.is_empty());
    if face == Face::Docket {
        let number = text("docket").unwrap_or_else(|| "Docket".to_owned());
        return on_a_docket(change, shorten(&number, MAX_TITLE_CHARS));
    }
    let place = place(&change.source_title);
    let (head, happened) = match change.entry.kind {
        ChangeKind::Added => (": new on ", "is new on"),
        ChangeKind::Removed => (": gone from ", "is gone from"),
        ChangeKind::Amended => (": amended on ", "was amended on"),
        ChangeKind::AlreadyListed => (": already on ", "is already on"),
    };
    let title = shorten(&one_line(&change.entry.title), MAX_TITLE_CHARS);
    let lead = format!("“{title}” {happened} {place}");
    Headline::new(title, head, place, lead)
}

fn amended(names: &str, place: String, relation: NamedBy) -> Headline {
    let names_it = if relation == NamedBy::Unnamed { "that concerns" } else { "about" };
    let lead = format!("An entry {names_it} {names} was amended on {place}");
    Headline::new(names.to_owned(), ": entry amended on ", place, lead)
}

fn in_a_text(change: &Change, names: String, relation: NamedBy) -> Headline {
    let place = place(&change.source_title);
    let verb = if relation == NamedBy::Unnamed { "concerns" } else { "names" };
    let (head, happened) = match change.entry.kind {
        ChangeKind::Added => (": new entry on ", "appeared on"),
        ChangeKind::Removed => (": entry gone from ", "is gone from"),
        ChangeKind::Amended => (": entry amended on ", "was amended on"),
        ChangeKind::AlreadyListed => (": entry already on ", "is already on"),
    };
    let lead = format!("An entry that {verb} {names} {happened} {place}");
    Headline::new(names, head, place, lead)
}

fn on_a_docket(change: &Change, names: String) -> Headline {
    let kind = filing(&said(change, "kind").map_or_else(|| "other".to_owned(), one_line));
    let small = kind.to_lowercase();
    let case = [said(change, "caption"), said(change, "docket")].into_iter().flatten().map(one_line);
    let case =
        case.into_iter().find(|case| !case.is_empty()).unwrap_or_else(|| one_line(&change.source_title));
    let case = shorten(&case, MAX_PLACE_CHARS);
    let what = match change.entry.event() {
        Some(DocketEvent::New) => format!("{small} filed in"),
        Some(DocketEvent::Sealed) => format!("{small} sealed in"),
        Some(DocketEvent::DocumentAttached) => format!("document attached to {small} in"),
        Some(DocketEvent::TextAmended) => format!("{small} reworded in"),
        Some(DocketEvent::DocumentWithdrawn) => format!("document of {small} withdrawn in"),
        Some(DocketEvent::DetailsAmended) => format!("details of {small} amended in"),
        Some(DocketEvent::Gone) => format!("{small} gone from the docket of"),
        None => format!("{small} already on the docket of"),
    };
    let sentence = capitalised(&what);
    let lead = format!("{sentence} {case} ({names})");
    Headline::new(names, &format!(": {what} "), case, lead)
}

fn of_a_rule(change: &Change, names: String, relation: NamedBy) -> Headline {
    let value = |field: &str| said(change, field).map(one_line).filter(|text| !text.is_empty());
    let document = match value("type").map(|kind| kind.to_lowercase()).as_deref() {
        Some("rule") => "rule",
        Some("proposed rule") => "proposed rule",
        Some("notice") => "notice",
        Some("presidential document") => "presidential document",
        _ => "document",
    };
    let agency =
        value("agencies").map(|agencies| shorten(agencies.split(';').next().unwrap_or_default(), 80));
    let source = place(&change.source_title);
    let of = agency.map_or_else(|| source.clone(), |agency| format!("the {agency}"));
    let verb = if relation == NamedBy::Unnamed { "concerns" } else { "names" };
    let lead = match change.entry.kind {
        ChangeKind::Added => format!("A {document} of {of} {verb} {names}"),
        ChangeKind::Removed => format!("A {document} of {of} that {verb} {names} is gone from {source}"),
        ChangeKind::Amended => format!("A {document} of {of} that {verb} {names} was amended"),
        ChangeKind::AlreadyListed => format!("A {document} of {of} already {verb} {names}"),
    };
    let head = match (change.entry.kind, relation) {
        (ChangeKind::Added, NamedBy::Unnamed) => format!(": new {document} of "),
        (ChangeKind::Added, _) => format!(" named in a {document} of "),
        (ChangeKind::Removed, _) => format!(": gone is a {document} of "),
        (ChangeKind::Amended, _) => format!(": amended {document} of "),
        (ChangeKind::AlreadyListed, _) => format!(": {document} already published by "),
    };
    Headline::new(names, &head, of, lead)
}

/// A source's title as a place: lists with their article.
pub(super) fn place(title: &str) -> String {
    let title = shorten(&one_line(title), MAX_PLACE_CHARS);
    let small = title.to_lowercase();
    let is_a_list = small.ends_with(" list") || small.contains(" list of ");
    let has_article = small.starts_with("the ") || title.contains(':');
    if is_a_list && !has_article { format!("the {title}") } else { title }
}

/// How a change names those its reader follows, at best.
fn relation(told: &ReportedChange) -> NamedBy {
    let followed = told.companies();
    let is_own = |company: &CompanyId| followed.is_empty() || followed.contains(&company);
    let own = told.change.matches.iter().filter(|found| is_own(&found.company));
    own.map(relation_of).min().unwrap_or(NamedBy::Unnamed)
}

fn relation_of(found: &Match) -> NamedBy {
    // Who owns the company that is named was not added to a list with it.
    let is_its_own = found.path.is_empty() && found.alias_kind != Some(AliasKind::Subsidiary);
    match found.field.as_str() {
        _ if !found.is_hit() || found.alias.is_empty() => NamedBy::Unnamed,
        "title" if is_its_own => NamedBy::Title,
        _ => NamedBy::Named,
    }
}

/// What readers call the companies of one change: those they follow, else all it concerns.
fn names(told: &ReportedChange, notice: &Notice) -> String {
    let mut ids: BTreeSet<&CompanyId> = told.companies().into_iter().collect();
    if ids.is_empty() {
        ids.extend(told.change.companies());
    }
    named(ids.into_iter().map(|id| notice.watchlist.short_name(id)))
}

/// At most two names, and how many more there are.
pub(super) fn named<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    let shown: Vec<String> = names.iter().take(MAX_NAMED).map(|name| shorten(&one_line(name), 24)).collect();
    let more = names.len() - shown.len();
    let shown = shown.join(", ");
    if more > 0 { format!("{shown} +{more}") } else { shown }
}

/// What a field says now; of an entry that is gone what it said.
pub(super) fn said<'a>(change: &'a Change, field: &str) -> Option<&'a str> {
    if let Some(changed) = change.entry.fields.iter().find(|changed| changed.name == field) {
        return changed.after.as_deref().or(changed.before.as_deref());
    }
    let mut known = change.entry.context.iter();
    known.find(|(name, _)| name == field).map(|(_, text)| text.as_str())
}

/// What was filed, as a person calls it.
pub(super) fn filing(kind: &str) -> String {
    match kind {
        "other" => "Filing".to_owned(),
        kind => capitalised(&kind.replace('-', " ")),
    }
}
