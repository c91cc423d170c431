//! How all stands: a sentence, what needs a person, and the figures.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::facts::{SourceFacts, StatusFacts};
use super::need::{Need, needs, since};
use super::workers::Worker;
use crate::domain::id::SourceId;
use crate::store::FellowWorker;

/// How all stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overview {
    /// In one sentence.
    pub sentence: String,
    /// What needs a person; empty where all is well.
    pub needs: Vec<Need>,
    /// In figures.
    pub figures: StatusFigures,
}

/// The same without what has to be measured for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glance {
    /// In one sentence.
    pub sentence: String,
    /// What needs a person; empty where all is well.
    pub needs: Vec<Need>,
    /// How many sources stand how.
    pub sources: SourceFigures,
    /// The daemons that work on the store; none of a store that one process owns.
    pub daemons: Vec<FellowWorker>,
}

/// The figures, as `status --json` prints them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusFigures {
    /// Of sources.
    pub sources: SourceFigures,
    /// Of mails.
    pub mails: MailFigures,
    /// Of the store.
    pub store: StoreFigures,
    /// The daemon's tasks; empty where no daemon runs.
    pub workers: Vec<Worker>,
    /// The daemons that work on the store; left out of a store that one process owns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub daemons: Vec<FellowWorker>,
}

/// How many sources stand how. A source may be counted in more than one column.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFigures {
    /// All that are configured.
    pub total: usize,
    /// Read well, and no read of them is late.
    pub in_time: usize,
    /// Those that need a person.
    pub attention: usize,
    /// Those whose last read failed.
    pub failing: usize,
    /// Those of which a suspect read waits for a person.
    pub quarantined: usize,
    /// Those that an operator has paused.
    pub paused: usize,
}

/// How many mails stand how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailFigures {
    /// On their way: queued, with a sender, or put off.
    pub waiting: usize,
    /// How long the oldest of these has waited, in seconds; 0 where none waits.
    pub oldest_s: u64,
    /// Given up, so that a person must know.
    pub attention: usize,
}

/// How large the store is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreFigures {
    /// On the disk.
    pub bytes: u64,
    /// What `store compact` would give back of that.
    pub reclaimable: u64,
}

impl Overview {
    /// Whether nothing needs a person.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.needs.is_empty()
    }
}

/// Decides how all stands.
#[must_use]
pub fn overview(facts: &StatusFacts) -> Overview {
    let needs = needs(facts);
    let count =
        |counts: &dyn Fn(&SourceFacts) -> bool| facts.sources.iter().filter(|source| counts(source)).count();
    let needing: BTreeSet<&SourceId> = needs.iter().flat_map(|need| &need.sources).collect();
    let sources = SourceFigures {
        total: facts.sources.len(),
        in_time: count(&|source| source.is_in_time(facts.now)),
        attention: count(&|source| needing.contains(&source.id)),
        failing: count(&SourceFacts::is_failing),
        quarantined: count(&SourceFacts::is_quarantined),
        paused: count(&|source| source.is_paused),
    };
    let oldest_s =
        facts.mails.oldest.map_or(0, |oldest| (facts.now - oldest).num_seconds().max(0).unsigned_abs());
    let mails = MailFigures { waiting: facts.mails.waiting, oldest_s, attention: facts.mails.attention };
    let store = StoreFigures { bytes: facts.store.bytes, reclaimable: facts.store.reclaimable };
    let figures = StatusFigures {
        sources,
        mails,
        store,
        workers: facts.workers.clone(),
        daemons: facts.daemons.clone(),
    };
    Overview { sentence: sentence(facts, &figures), needs, figures }
}

fn sentence(facts: &StatusFacts, figures: &StatusFigures) -> String {
    let SourceFigures { total, in_time, attention, paused, .. } = figures.sources;
    let sources = if total == 1 { "source" } else { "sources" };
    let were = if in_time == 1 || total == 1 { "was" } else { "were" };
    let mut parts = vec![
        format!("{in_time} of {total} {sources} {were} read in time"),
        format!("{attention} {} you", if attention == 1 { "needs" } else { "need" }),
    ];
    if paused > 0 {
        parts.push(format!("{paused} {} paused", if paused == 1 { "is" } else { "are" }));
    }
    let stuck = figures.mails.attention;
    parts.push(if stuck == 1 {
        "1 mail has failed".to_owned()
    } else {
        format!("{stuck} mails have failed")
    });
    match &facts.backup {
        Some(backup) => parts.push(format!("the last backup is {} old", since(backup.at, facts.now))),
        None if facts.is_of_server => {}
        None => parts.push("there is no backup yet".to_owned()),
    }
    parts.join("; ")
}

#[cfg(test)]
mod tests;
