//! What a webhook is told of.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::domain::change::{Change, ChangeKind};
use crate::domain::id::{CompanyId, SourceId};

/// Which changes. Empty sets ask for everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HookFilter {
    /// Only those that concern one of these companies.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub companies: BTreeSet<CompanyId>,
    /// Only on these sources.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub sources: BTreeSet<SourceId>,
    /// Only on sources of these groups.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub groups: BTreeSet<String>,
    /// Only where this happened.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub kinds: BTreeSet<ChangeKind>,
    /// Also those that concern no company that is tracked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unconcerned: bool,
}

impl HookFilter {
    /// Whether everything is wanted that readers are told of.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a change is wanted that newly concerns these companies; `groups` are those of its source.
    #[must_use]
    pub fn admits(&self, change: &Change, companies: &[CompanyId], groups: &[String]) -> bool {
        let is_of_company = if self.companies.is_empty() {
            self.unconcerned || !companies.is_empty()
        } else {
            companies.iter().any(|company| self.companies.contains(company))
        };
        let is_of_source = self.sources.is_empty() && self.groups.is_empty()
            || self.sources.contains(&change.source)
            || groups.iter().any(|group| self.groups.contains(group));
        is_of_company && is_of_source && (self.kinds.is_empty() || self.kinds.contains(&change.entry.kind))
    }

    /// What is wanted, in words; nothing where everything is.
    #[must_use]
    pub fn words(&self) -> Option<String> {
        let companies = self.companies.iter().map(ToString::to_string);
        let sources = self.sources.iter().map(|source| format!("on {source}"));
        let groups = self.groups.iter().map(|group| format!("of the group {group}"));
        let kinds = self.kinds.iter().map(|kind| format!("entries {kind}"));
        let unconcerned = self.unconcerned.then(|| "whomever they concern".to_owned());
        let all: Vec<String> =
            companies.chain(sources).chain(groups).chain(kinds).chain(unconcerned).collect();
        (!all.is_empty()).then(|| all.join(", "))
    }
}
