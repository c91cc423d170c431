//! What needs a person, a line each, with the command for it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::facts::{SourceFacts, StatusFacts, reason};
use crate::domain::id::SourceId;
use crate::domain::incident::{Incident, IncidentKind};
use crate::domain::text::{counted, one_line};
use crate::domain::webhook::HookState;
use crate::store::FellowWorker;

/// Something that will not become well by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Need {
    /// What is wrong, in a line.
    pub what: String,
    /// What to type.
    pub command: String,
    /// The sources it is about.
    pub sources: Vec<SourceId>,
}

/// So many quarantined reads are named one by one.
const MAX_NAMED: usize = 5;

/// Everything that needs a person, the sources first.
pub(super) fn needs(facts: &StatusFacts) -> Vec<Need> {
    let mut needs = failing(facts);
    needs.extend(quarantined(facts));
    needs.extend(of_incidents(facts));
    needs.extend(overdue(facts));
    needs.extend(mails(facts));
    needs.extend(disabled(facts));
    needs.extend(idle(facts));
    let down = facts.workers.iter().filter(|worker| worker.is_down());
    needs.extend(down.map(|worker| Need {
        what: format!("the daemon's task {} panicked", worker.name),
        command: "systemctl restart regwatch, and send its log to the developers".to_owned(),
        sources: Vec::new(),
    }));
    needs
}

/// Daemons that begin nothing, since their configuration is not the one in force.
fn idle(facts: &StatusFacts) -> Vec<Need> {
    let idle = facts.daemons.iter().filter(|daemon| daemon.is_alive && !daemon.is_current);
    let need = |daemon: &FellowWorker| Need {
        what: format!(
            "the daemon {} on {} begins nothing: its configuration is not the one in force",
            daemon.pid, daemon.host
        ),
        command: format!("regwatch reload, on {}, once its files are up to date", daemon.host),
        sources: Vec::new(),
    };
    idle.map(need).collect()
}

/// Sources that failed often enough; those that fail for the same reason are one line.
fn failing(facts: &StatusFacts) -> Vec<Need> {
    let mut groups: BTreeMap<String, Vec<&SourceFacts>> = BTreeMap::new();
    for source in facts.sources.iter().filter(|source| source.fails_too_often(facts.failures)) {
        groups.entry(kind_of_reason(&source.reason())).or_default().push(source);
    }
    let need = |sources: Vec<&SourceFacts>| {
        let ids: Vec<SourceId> = sources.iter().map(|source| source.id.clone()).collect();
        match &sources[..] {
            [source] => Need {
                what: format!(
                    "{}: {} failed: {}",
                    source.id,
                    counted(source.failures() as usize, "read", "reads in a row"),
                    source.reason()
                ),
                command: format!("regwatch source show {}", source.id),
                sources: ids,
            },
            _ => Need {
                what: format!(
                    "{} sources fail for one reason ({}{}): {}",
                    sources.len(),
                    ids.iter().take(3).map(SourceId::as_str).collect::<Vec<_>>().join(", "),
                    if ids.len() > 3 { ", …" } else { "" },
                    sources.first().map(|source| source.reason()).unwrap_or_default()
                ),
                command: "regwatch source errors".to_owned(),
                sources: ids,
            },
        }
    };
    groups.into_values().map(need).collect()
}

/// What is the same in the reasons of sources that fail alike: their own addresses and numbers apart.
#[must_use]
pub fn kind_of_reason(reason: &str) -> String {
    let words = reason.split_whitespace().filter(|word| {
        !word.contains("://") && !word.contains('.') && !word.chars().any(|c| c.is_ascii_digit())
    });
    words.collect::<Vec<_>>().join(" ")
}

fn quarantined(facts: &StatusFacts) -> Vec<Need> {
    let held: Vec<&SourceFacts> = facts.sources.iter().filter(|source| source.is_quarantined()).collect();
    if held.len() > MAX_NAMED {
        return vec![Need {
            what: format!("{} sources have a quarantined read that needs your decision", held.len()),
            command: "regwatch review list".to_owned(),
            sources: held.iter().map(|source| source.id.clone()).collect(),
        }];
    }
    let need = |source: &&SourceFacts| Need {
        what: format!(
            "{}: a quarantined read needs your decision: {}",
            source.id,
            source.quarantine_reason()
        ),
        command: format!("regwatch review show {}", source.id),
        sources: vec![source.id.clone()],
    };
    held.iter().map(need).collect()
}

/// Trouble that is known from elsewhere. What is wrong with reads is seen in the reads themselves, a relay out
/// of reach lets mail wait, and that the clock was set is over.
fn of_incidents(facts: &StatusFacts) -> Vec<Need> {
    let watched = facts.sources.iter().filter(|source| !source.is_paused).map(|source| &source.id);
    let watched: BTreeSet<&SourceId> =
        if facts.incidents.is_empty() { BTreeSet::new() } else { watched.collect() };
    let is_meant = |incident: &&Incident| match (incident.kind, &incident.source) {
        (IncidentKind::Stale | IncidentKind::Quiet, Some(id)) => watched.contains(id),
        (IncidentKind::Mailbox | IncidentKind::Disk | IncidentKind::Store, _) => true,
        _ => false,
    };
    let need = |incident: &Incident| Need {
        what: format!(
            "{}: {}",
            incident.source.as_ref().map_or(incident.title.as_str(), SourceId::as_str),
            reason(&incident.reason)
        ),
        command: match (&incident.source, incident.kind) {
            (Some(id), _) => format!("regwatch source show {id}"),
            (None, IncidentKind::Store) => "regwatch store verify".to_owned(),
            (None, IncidentKind::Disk) => "regwatch store stats".to_owned(),
            (None, _) => "regwatch incident list".to_owned(),
        },
        sources: incident.source.iter().cloned().collect(),
    };
    facts.incidents.iter().filter(is_meant).map(need).collect()
}

/// Sources that nobody has read although their time came long ago.
fn overdue(facts: &StatusFacts) -> Option<Need> {
    let late: Vec<&SourceFacts> =
        facts.sources.iter().filter(|source| source.is_long_overdue(facts.now)).collect();
    let first = late.iter().filter_map(|source| source.due_at).min()?;
    let since = since(first, facts.now);
    let sources =
        if late.len() == 1 { "1 source is".to_owned() } else { format!("{} sources are", late.len()) };
    let (what, command) = if facts.workers.is_empty() {
        (
            format!("{sources} overdue, the first for {since}, and no daemon runs"),
            "systemctl start regwatch (or: regwatch daemon)",
        )
    } else {
        (format!("{sources} overdue, the first for {since}"), "regwatch source list --sort due")
    };
    Some(Need {
        what,
        command: command.to_owned(),
        sources: late.iter().map(|source| source.id.clone()).collect(),
    })
}

fn mails(facts: &StatusFacts) -> Option<Need> {
    let mails = match facts.mails.attention {
        0 => return None,
        1 => "1 mail failed for good".to_owned(),
        count => format!("{count} mails failed for good"),
    };
    Some(Need { what: mails, command: "regwatch outbox list".to_owned(), sources: Vec::new() })
}

/// Webhooks that are told nothing any more until somebody says so.
fn disabled(facts: &StatusFacts) -> impl Iterator<Item = Need> + '_ {
    let disabled = facts.webhooks.iter().filter(|hook| hook.state == HookState::Disabled);
    disabled.map(|hook| Need {
        what: format!(
            "the webhook {} ({}) is disabled: {}",
            one_line(&hook.name),
            hook.url.host_str().unwrap_or_default(),
            reason(hook.reason.as_deref().unwrap_or("for an unknown reason"))
        ),
        command: format!("regwatch webhook resume {}", hook.id),
        sources: Vec::new(),
    })
}

/// How long ago something was, in one unit.
pub(super) fn since(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let minutes = (now - at).num_minutes().max(0);
    let (count, unit) = match minutes {
        0..120 => (minutes, "minute"),
        120..2880 => (minutes / 60, "hour"),
        _ => (minutes / 1440, "day"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_that_differ_in_addresses_and_numbers_are_alike() {
        let reason = |host: &str| {
            format!("cannot connect to https://{host}/list: failed to lookup address information")
        };
        assert_eq!(kind_of_reason(&reason("a.test")), kind_of_reason(&reason("b.test")));
        assert_ne!(kind_of_reason(&reason("a.test")), kind_of_reason("answered 500"));
    }

    #[test]
    fn lengths_of_time_are_told_in_one_unit() {
        let now = DateTime::UNIX_EPOCH + chrono::Duration::days(30);
        for (minutes, words) in
            [(0, "0 minutes"), (1, "1 minute"), (119, "119 minutes"), (360, "6 hours"), (4000, "2 days")]
        {
            assert_eq!(since(now - chrono::Duration::minutes(minutes), now), words);
        }
    }
}
