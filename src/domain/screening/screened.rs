//! What is told of suppliers that were held against the lists.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::entry::EntryDate;
use crate::domain::id::{CompanyId, SourceId};
use crate::domain::read_state::ReadState;
use crate::domain::scoring::Score;
use crate::domain::source::Source;

/// What is said of a supplier, the gravest first.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
    strum::VariantNames,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum ScreeningAnswer {
    /// It stands on a list.
    Listed,
    /// It does not itself, but whom it belongs to does, or who belongs to it, or a category covers it.
    Exposed,
    /// A name on a list is near its own: a person must look.
    Possible,
    /// Nothing of that on the lists that were looked at.
    Clear,
}

impl ScreeningAnswer {
    /// The answer's word.
    #[must_use]
    pub fn word(self) -> &'static str {
        self.into()
    }
}

/// Since when an entry stands on a list, as far as the list was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Since {
    /// The read that showed it first.
    pub at: DateTime<Utc>,
    /// Whether the list had been read before without it; else it stood there at the first read, and may have stood
    /// there earlier.
    pub was_added: bool,
}

/// An entry of a list that concerns a supplier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScreeningFinding {
    /// What it means for the supplier; never [`ScreeningAnswer::Clear`].
    pub answer: ScreeningAnswer,
    /// The list.
    pub list: SourceId,
    /// Names the entry within the list.
    pub key: String,
    /// What the list calls the entry.
    pub entry: String,
    /// The name by which it was found, as the list has it; of a tracked company, as the watchlist has it.
    pub name: String,
    /// How sure it is.
    pub score: Score,
    /// Why: the steps of the score, or what an exposure comes from.
    pub reason: String,
    /// The tracked company as which it was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<CompanyId>,
    /// The date that the list gives the entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<EntryDate>,
    /// Since when it stands there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Since>,
    /// Where a reader finds the entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

impl ScreeningFinding {
    /// What the finding tells before others: the graver answer, the surer score.
    pub(super) fn rank(&self) -> (ScreeningAnswer, std::cmp::Reverse<Score>) {
        (self.answer, std::cmp::Reverse(self.score))
    }
}

/// What a list's state is worth.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
    strum::VariantNames,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum ListFreshness {
    /// Its last read was good and is no older than it may be.
    Current,
    /// What was looked at is older than it may be, or could not be read again.
    Stale,
    /// A newer read waits for a person: what was looked at is the state before it.
    Quarantined,
    /// It was never read well: nothing of it was looked at.
    Unread,
}

impl ListFreshness {
    /// The standing's word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Stale => "stale",
            Self::Quarantined => "quarantined",
            Self::Unread => "unread",
        }
    }
}

/// Where an operator set no limit, a list is stale after so long without a good read.
const USUAL_LIMIT: TimeDelta = TimeDelta::days(7);

/// One list, and how fresh that is which was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListLook {
    /// The list.
    pub id: SourceId,
    /// What readers call it.
    pub title: String,
    /// When it was last read well; `None` where it never was.
    pub read_at: Option<DateTime<Utc>>,
    /// How many entries were looked at.
    pub entries: usize,
    /// What that is worth.
    pub standing: ListFreshness,
    /// Why, where it is not current.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What never appears on it, in its operator's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub does_not_show: Option<String>,
    /// What it means to stand on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<String>,
    /// The law that gives it this effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<String>,
    /// Where it is read.
    pub url: String,
}

impl ListLook {
    /// A list as it stands at `now`. `held` is why a newer read waits for a person, where one does.
    #[must_use]
    pub fn of(source: &Source, state: Option<&ReadState>, held: Option<&str>, now: DateTime<Utc>) -> Self {
        let read_at = state.and_then(|state| state.last_good_at);
        let limit =
            source.stale_after.and_then(|limit| TimeDelta::from_std(limit).ok()).unwrap_or(USUAL_LIMIT);
        let failing = state.filter(|state| !state.verdict.is_read());
        let why = |state: &ReadState| state.reason.clone().unwrap_or_else(|| state.verdict.to_string());
        let (standing, reason) = match (read_at, held, failing) {
            (None, _, state) => {
                (ListFreshness::Unread, Some(state.map_or_else(|| "never read".to_owned(), why)))
            }
            (_, Some(held), _) => (ListFreshness::Quarantined, Some(held.to_owned())),
            (_, _, Some(state)) => (ListFreshness::Stale, Some(why(state))),
            (Some(at), _, _) if now - at > limit => {
                (ListFreshness::Stale, Some(format!("not read since {}", at.format("%-d %B %Y"))))
            }
            _ => (ListFreshness::Current, None),
        };
        Self {
            id: source.id.clone(),
            title: source.title.clone(),
            read_at,
            entries: 0,
            standing,
            reason,
            does_not_show: source.misses.clone(),
            effect: source.listing.as_ref().map(|listing| listing.effect.clone()),
            authority: source.listing.as_ref().map(|listing| listing.authority.clone()),
            url: source.url.to_string(),
        }
    }
}

/// A supplier, and what was found of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScreenedName {
    /// Its name as it was given.
    pub name: String,
    /// The entries that concern it, the gravest first.
    pub findings: Vec<ScreeningFinding>,
    /// Tracked companies that this name does not mean, by the watchlist's word (`not`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not: Vec<CompanyId>,
}

impl ScreenedName {
    /// What is said of it.
    #[must_use]
    pub fn answer(&self) -> ScreeningAnswer {
        self.findings.iter().map(|finding| finding.answer).min().unwrap_or(ScreeningAnswer::Clear)
    }

    /// What was found that means this for it.
    pub fn found(&self, answer: ScreeningAnswer) -> impl Iterator<Item = &ScreeningFinding> {
        self.findings.iter().filter(move |finding| finding.answer == answer)
    }
}

/// Suppliers held against the lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Screened {
    /// When.
    pub at: DateTime<Utc>,
    /// Every list that is watched, in the order of the configuration.
    pub lists: Vec<ListLook>,
    /// The suppliers, as they were given.
    pub names: Vec<ScreenedName>,
}

impl Screened {
    /// How many suppliers got an answer.
    #[must_use]
    pub fn count(&self, answer: ScreeningAnswer) -> usize {
        self.names.iter().filter(|name| name.answer() == answer).count()
    }

    /// A list by its id.
    #[must_use]
    pub fn list(&self, id: &SourceId) -> Option<&ListLook> {
        self.lists.iter().find(|list| list.id == *id)
    }

    /// The lists that stand so.
    pub fn standing(&self, standing: ListFreshness) -> impl Iterator<Item = &ListLook> {
        self.lists.iter().filter(move |list| list.standing == standing)
    }
}
