//! Trouble with reading, from its beginning to its end, and when the operator hears of it.
//!
//! What is wrong follows from how the reads stand; nothing is counted here that a
//! restart could lose. A source that cannot be believed or reached is one incident
//! however often it is tried, one too long without a good read is another, and when
//! no source can be reached the fault is most likely on this side: that is one
//! incident for all of them. A mailbox that cannot be read is one, too. Each is told when it begins, again now and then while
//! it lasts, and once more when it is over.
//!
//! Trouble with mail is the same kind of thing, except that a mail cannot tell that no
//! mail leaves: of that the operator is mailed once it is over. A clock that went back is told once, and so is a
//! first start, which is no trouble unless a store should have been there.

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::id::{IncidentId, SourceId};
use super::mail_source::MailSourceState;
use super::moment;
use super::read_state::ReadState;
use super::silence::SourceSilence;
use super::source::Source;
use super::verdict::Verdict;

mod clock;
mod first_start;
mod mail;
mod store;

pub use clock::review_clock;
pub use mail::{MailHealth, review_mail};
pub use store::{StoreHealth, review_store};

/// What is wrong.
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
pub enum IncidentKind {
    /// What a source answers is not believed.
    Held,
    /// Nothing usable came from a source, several times in a row.
    Failing,
    /// A source had no good read for longer than it may.
    Stale,
    /// A source is read well and has brought nothing new for longer than it may.
    Quiet,
    /// No source can be reached.
    Outage,
    /// What people write cannot be taken in.
    Mailbox,
    /// Mail cannot leave.
    Relay,
    /// Mails were given up, and their recipients do not know what they tell.
    Undelivered,
    /// The clock of this machine went back.
    Clock,
    /// There is little room left on the store's disk.
    Disk,
    /// Something in the store cannot be read.
    Store,
    /// There was no store, and an empty one was made.
    FirstStart,
}

impl IncidentKind {
    /// Whether it is about reading, or about what people write.
    #[must_use]
    pub fn is_of_reading(self) -> bool {
        !self.is_of_mail() && !self.is_of_store() && self != Self::Clock
    }

    /// Whether it is about mail and not about reading.
    #[must_use]
    pub fn is_of_mail(self) -> bool {
        matches!(self, Self::Relay | Self::Undelivered)
    }

    /// Whether it is about the store.
    #[must_use]
    pub fn is_of_store(self) -> bool {
        matches!(self, Self::Disk | Self::Store | Self::FirstStart)
    }

    /// A source that is blocked now and down next is in one trouble, not in two.
    fn is_same_trouble(self, other: Self) -> bool {
        let is_unread = |kind| matches!(kind, Self::Held | Self::Failing);
        self == other || (is_unread(self) && is_unread(other))
    }
}

/// One trouble.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// Its identity.
    pub id: IncidentId,
    /// What is wrong.
    pub kind: IncidentKind,
    /// The source; nothing for what concerns all of them.
    pub source: Option<SourceId>,
    /// What readers call the source.
    pub title: String,
    /// What is wrong, in words, as the last read has it.
    pub reason: String,
    /// The sources that could not be reached, of an outage.
    pub members: Vec<SourceId>,
    /// Since when.
    pub opened_at: DateTime<Utc>,
    /// Since when it is back, where it was over for a while.
    pub reopened_at: Option<DateTime<Utc>>,
    /// When it was over.
    pub closed_at: Option<DateTime<Utc>>,
    /// When the operator was told last that it is there.
    pub told_at: Option<DateTime<Utc>>,
    /// How often.
    pub times_told: u32,
    /// When the operator was told that it is over.
    pub end_told_at: Option<DateTime<Utc>>,
    /// How it ended, where not by what was wrong being right again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ending: Option<Ending>,
}

/// How trouble ends without being put right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// What was in trouble is not in use any more.
    OutOfUse,
    /// It stands as it did, and is not counted as trouble by the settings of now.
    NotCounted,
}

/// What the operator is told of an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Notification {
    /// That it is there.
    Begun,
    /// That it is still there.
    Reminder,
    /// That it is over.
    Over,
}

/// When incidents begin and how often they are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// So many failed reads in a row are an incident.
    pub failures: u32,
    /// While one lasts it is told again after this.
    pub remind_every: Duration,
}

/// How a source stands.
#[derive(Debug, Clone, Copy)]
pub struct ObservedSource<'a> {
    /// The source.
    pub source: &'a Source,
    /// How its reads went; nothing before the first.
    pub state: Option<&'a ReadState>,
}

/// Trouble that comes back within the time between two reminders is told once it lasted this long.
const BACK_FOR: Duration = Duration::hours(1);

/// After so long with nothing but copies from before the accepted page that page may be what is wrong.
const OLDER_FOR: Duration = Duration::days(1);

/// A source whose time came while the service did not run is not stale before it could be read.
const AFTER_START: Duration = Duration::hours(1);

impl Incident {
    /// Whether it is there now.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.closed_at.is_none()
    }

    /// Since when nothing depends on it any more, a look back apart; nothing while it is there, its end is to be told,
    /// or what is told of others depends on when it was.
    #[must_use]
    pub fn is_past_since(&self) -> Option<DateTime<Utc>> {
        let is_kept_in_mind =
            matches!(self.kind, IncidentKind::Outage | IncidentKind::Clock | IncidentKind::FirstStart);
        let is_end_told = self.told_at.is_none() || self.end_told_at >= self.told_at;
        self.closed_at.filter(|_| is_end_told && !is_kept_in_mind)
    }

    /// Whether it is this source's, or one that this source shares.
    #[must_use]
    pub fn concerns(&self, source: &SourceId) -> bool {
        self.source.as_ref() == Some(source) || self.members.contains(source)
    }

    /// Since when it is there without a break.
    #[must_use]
    pub fn since(&self) -> DateTime<Utc> {
        self.reopened_at.unwrap_or(self.opened_at)
    }

    /// What is to be told and from when on.
    #[must_use]
    pub fn next_telling(&self, policy: &Policy) -> Option<(Notification, DateTime<Utc>)> {
        if self.kind == IncidentKind::Relay {
            return mail::telling_of_relay(self);
        }
        if self.kind == IncidentKind::Clock {
            return clock::telling_of_clock(self);
        }
        if self.kind == IncidentKind::FirstStart {
            return first_start::telling_of_first_start(self);
        }
        let is_end_told = self.end_told_at.is_some() && self.end_told_at >= self.told_at;
        match (self.told_at, self.closed_at) {
            (None, None) => Some((Notification::Begun, self.since())),
            (None, Some(_)) => None,
            (Some(_), Some(closed_at)) => (!is_end_told).then_some((Notification::Over, closed_at)),
            (Some(_), None) if is_end_told => Some((Notification::Begun, self.since() + BACK_FOR)),
            (Some(told_at), None) => Some((Notification::Reminder, told_at + policy.remind_every)),
        }
    }

    /// The incident once the clock was found to have gone back: nothing happened at a moment to come.
    #[must_use]
    pub fn set_back(self, now: DateTime<Utc>) -> Self {
        let by_now = |at: Option<DateTime<Utc>>| at.map(|at| moment::by_now(at, now));
        Self {
            opened_at: moment::by_now(self.opened_at, now),
            reopened_at: by_now(self.reopened_at),
            closed_at: by_now(self.closed_at),
            told_at: by_now(self.told_at),
            end_told_at: by_now(self.end_told_at),
            ..self
        }
    }

    /// The incident after it was told.
    #[must_use]
    pub fn told(self, telling: Notification, now: DateTime<Utc>) -> Self {
        match telling {
            Notification::Over => Self { end_told_at: Some(now), ..self },
            Notification::Begun | Notification::Reminder => {
                Self { told_at: Some(now), times_told: self.times_told.saturating_add(1), ..self }
            }
        }
    }
}

/// What is wrong now, before it is known whether it was wrong already.
struct Trouble {
    kind: IncidentKind,
    source: Option<SourceId>,
    title: String,
    reason: String,
    members: Vec<SourceId>,
    since: DateTime<Utc>,
}

impl Trouble {
    fn of(source: &Source, kind: IncidentKind, reason: String, since: DateTime<Utc>) -> Self {
        let (id, title) = (Some(source.id.clone()), source.title.clone());
        Self { kind, source: id, title, reason, members: Vec::new(), since }
    }

    fn is(&self, incident: &Incident) -> bool {
        self.source == incident.source && self.kind.is_same_trouble(incident.kind)
    }

    fn into_incident(self) -> Incident {
        let subject = self.source.as_ref().map_or("", SourceId::as_str);
        let opened_at = self.since.to_rfc3339();
        Incident {
            id: IncidentId::derive(&[subject, &self.kind.to_string(), &opened_at]),
            kind: self.kind,
            source: self.source,
            title: self.title,
            reason: self.reason,
            members: self.members,
            opened_at: self.since,
            reopened_at: None,
            closed_at: None,
            told_at: None,
            times_told: 0,
            end_told_at: None,
            ending: None,
        }
    }

    /// The incident as it now stands; it may have been over for a while.
    fn continue_in(self, incident: &Incident, now: DateTime<Utc>) -> Incident {
        let reopened_at = if incident.is_open() { incident.reopened_at } else { Some(now) };
        let Self { kind, title, reason, members, .. } = self;
        let (closed_at, ending) = (None, None);
        Incident { kind, title, reason, members, reopened_at, closed_at, ending, ..incident.clone() }
    }
}

/// The incidents that are new or stand otherwise than before, as they now stand.
///
/// `known` are those of the past, open or not, in any order; `ways_in` how those ways stand that are
/// in use; `started_at` is when the service began to run.
#[must_use]
pub fn review(
    known: &[Incident],
    standings: &[ObservedSource<'_>],
    ways_in: &[MailSourceState],
    policy: &Policy,
    started_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Vec<Incident> {
    let mut troubles = troubles(known, standings, policy, started_at, now);
    troubles.extend(mailbox(known, ways_in, policy));
    let known: Vec<&Incident> = known.iter().filter(|incident| incident.kind.is_of_reading()).collect();
    changed(&known, troubles, policy, now, |incident| ending(incident, standings, ways_in))
}

/// How an incident of reading ends that is no trouble any more.
fn ending(
    incident: &Incident,
    standings: &[ObservedSource<'_>],
    ways_in: &[MailSourceState],
) -> Option<Ending> {
    let of = |id: &SourceId| standings.iter().find(|standing| standing.source.id == *id);
    match (incident.kind, &incident.source) {
        (IncidentKind::Mailbox, _) => {
            let is_in_use = |state: &MailSourceState| incident.reason.contains(&format!("{}: ", state.way));
            (!ways_in.iter().any(is_in_use)).then_some(Ending::OutOfUse)
        }
        (IncidentKind::Outage, _) => {
            let watched: Vec<_> = incident.members.iter().filter_map(of).collect();
            let is_reached =
                |standing: &&&ObservedSource<'_>| standing.state.is_some_and(|state| !state.is_unreachable);
            match (watched.is_empty(), watched.iter().any(|standing| is_reached(&standing))) {
                (true, _) => Some(Ending::OutOfUse),
                (false, true) => None,
                (false, false) => Some(Ending::NotCounted),
            }
        }
        (_, Some(id)) => match of(id) {
            None => Some(Ending::OutOfUse),
            Some(standing) => {
                let is_right = standing.state.is_some_and(|state| is_right_again(incident, state));
                (!is_right).then_some(Ending::NotCounted)
            }
        },
        (_, None) => None,
    }
}

/// Whether what a source was in trouble for has come since: a setting that was taken out makes nothing right.
fn is_right_again(incident: &Incident, state: &ReadState) -> bool {
    match incident.kind {
        IncidentKind::Quiet => state.news.at.is_some_and(|at| at > incident.since()),
        IncidentKind::Stale => state.last_good_at.is_some_and(|at| at >= incident.since()),
        _ => state.verdict.is_read(),
    }
}

/// What the troubles of now make of the incidents of the past.
fn changed(
    known: &[&Incident],
    troubles: Vec<Trouble>,
    policy: &Policy,
    now: DateTime<Utc>,
    ending: impl Fn(&Incident) -> Option<Ending>,
) -> Vec<Incident> {
    let over = known
        .iter()
        .filter(|incident| incident.is_open() && !troubles.iter().any(|trouble| trouble.is(incident)))
        .map(|incident| Incident {
            closed_at: Some(now),
            ending: ending(incident),
            ..Incident::clone(incident)
        });
    let mut changed: Vec<Incident> = over.collect();
    for trouble in troubles {
        let same = known
            .iter()
            .filter(|incident| trouble.is(incident))
            .max_by_key(|incident| (incident.is_open(), incident.closed_at));
        let is_recent = |closed_at: DateTime<Utc>| moment::is_within(closed_at, policy.remind_every, now);
        match same.filter(|incident| incident.closed_at.is_none_or(is_recent)) {
            Some(incident) => {
                let continued = trouble.continue_in(incident, now);
                changed.extend((continued != **incident).then_some(continued));
            }
            None => changed.push(trouble.into_incident()),
        }
    }
    changed
}

fn troubles(
    known: &[Incident],
    standings: &[ObservedSource<'_>],
    policy: &Policy,
    started_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Vec<Trouble> {
    let outage = outage(known, standings, policy);
    let is_local =
        |source: &Source| outage.as_ref().is_some_and(|outage| outage.members.contains(&source.id));
    let was_local_until = known
        .iter()
        .filter(|incident| incident.kind == IncidentKind::Outage)
        .filter_map(|incident| if incident.is_open() { Some(now) } else { incident.closed_at })
        .max();
    let mut troubles = Vec::new();
    for standing in standings {
        let Some(state) = standing.state else { continue };
        // What failed during an outage fails by itself only if it does so again afterwards.
        let is_aftermath =
            state.is_unreachable && was_local_until.is_some_and(|end| state.last_read_at <= end);
        let is_own =
            |trouble: &Trouble| !is_local(standing.source) && !is_aftermath || is_known(known, trouble);
        troubles.extend(unread(known, standing.source, state, policy).filter(is_own));
        // What a copy said and the page does not is for a person to look at.
        if let Some(found) = state.contradiction.as_ref().filter(|_| state.verdict.is_read()) {
            let (kind, reason) = (IncidentKind::Held, found.words.clone());
            troubles.push(Trouble::of(standing.source, kind, reason, found.since));
        }
        // So is what its publisher says that it changed and the list does not bear out.
        let witnessed = state.witnessed.as_ref().filter(|_| state.verdict.is_read());
        if let Some(found) = witnessed.and_then(|witnessed| witnessed.against.as_ref()) {
            let (kind, reason) = (IncidentKind::Held, found.words.clone());
            troubles.push(Trouble::of(standing.source, kind, reason, found.since));
        }
        // What waits for a person's word is told, and told again for as long as it waits.
        if let Some(held) = state.amended.as_ref().filter(|_| state.verdict.is_read()) {
            let (kind, reason) = (IncidentKind::Held, held.to_string());
            troubles.push(Trouble::of(standing.source, kind, reason, held.since));
        }
        troubles.extend(stale(standing.source, state, started_at, now));
        troubles.extend(quiet(standing.source, state));
    }
    troubles.extend(outage);
    troubles
}

/// A source that is not believed, or failed often enough.
fn unread(known: &[Incident], source: &Source, state: &ReadState, policy: &Policy) -> Option<Trouble> {
    if state.verdict.is_read() {
        return None;
    }
    let kind = if state.verdict == Verdict::Suspect { IncidentKind::Held } else { IncidentKind::Failing };
    let since = state.failing_since.unwrap_or(state.last_read_at);
    let reason = state.reason.clone().unwrap_or_default();
    let trouble = Trouble::of(source, kind, reason, since);
    let is_enough = match state.older_since {
        // The edges of a network answer in turn; what one of them keeps for a while is no trouble yet.
        Some(since) => state.last_read_at - since >= OLDER_FOR,
        None => kind == IncidentKind::Held || state.failures >= policy.failures,
    };
    let is_enough = is_enough || is_known(known, &trouble);
    is_enough.then_some(trouble)
}

fn is_known(known: &[Incident], trouble: &Trouble) -> bool {
    known.iter().any(|incident| incident.is_open() && trouble.is(incident))
}

fn stale(
    source: &Source,
    state: &ReadState,
    started_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Option<Trouble> {
    let limit = Duration::from_std(source.stale_after?).ok()?;
    let good_at = state.last_good_at.or(state.failing_since)?;
    let ends_at = good_at + limit;
    let was_tried = state.last_read_at >= ends_at || now >= started_at + AFTER_START;
    let limit = moment::length(source.stale_after?);
    let reason = match state.last_good_at {
        Some(at) => {
            format!("no good read since {}, expected one every {limit}", moment::in_words(at))
        }
        None => format!("no good read ever, expected one every {limit}"),
    };
    (now >= ends_at && was_tried).then(|| Trouble::of(source, IncidentKind::Stale, reason, ends_at))
}

/// A source that lives and says nothing.
fn quiet(source: &Source, state: &ReadState) -> Option<Trouble> {
    let silence = SourceSilence::of(source, state)?;
    let reason = format!(
        "good reads, but nothing new since {}: {} working days, expected something within {} (quiet_after); it may have moved to another address or system",
        silence.last, silence.days, silence.limit
    );
    Some(Trouble::of(source, IncidentKind::Quiet, reason, silence.since))
}

/// Sources that began to be unreachable together, where they are most of those read since.
fn outage(known: &[Incident], standings: &[ObservedSource<'_>], policy: &Policy) -> Option<Trouble> {
    let states: Vec<&ReadState> = standings.iter().filter_map(|standing| standing.state).collect();
    let unreachable: Vec<(DateTime<Utc>, &ReadState)> = states
        .iter()
        .filter(|state| state.is_unreachable)
        .filter_map(|state| Some((state.failing_since?, *state)))
        .collect();
    let starts: BTreeSet<DateTime<Utc>> = unreachable.iter().map(|(since, _)| *since).collect();
    let open = known.iter().find(|incident| incident.is_open() && incident.kind == IncidentKind::Outage);
    starts.into_iter().find_map(|start| {
        let together: Vec<&ReadState> =
            unreachable.iter().filter(|(since, _)| *since >= start).map(|(_, state)| *state).collect();
        let older = unreachable.len() - together.len();
        let read_since = states.iter().filter(|state| state.last_read_at >= start).count();
        let read_since = read_since.saturating_sub(older).max(together.len());
        let is_long = open.is_some() || together.iter().any(|state| state.failures >= policy.failures);
        // It ends only when most can be reached again, so that it does not end source by source.
        let (part, of) = if open.is_some() { (1, 2) } else { (3, 4) };
        let is_most = together.len() >= 2 && together.len() * of >= read_since * part;
        (is_long && is_most).then(|| Trouble {
            kind: IncidentKind::Outage,
            source: None,
            title: "this machine".to_owned(),
            reason: outage_in_words(&together, read_since),
            members: together.iter().map(|state| state.source.clone()).collect(),
            since: start,
        })
    })
}

/// Ways in that failed often enough, or that set messages aside; one trouble however many there are.
fn mailbox(known: &[Incident], ways_in: &[MailSourceState], policy: &Policy) -> Option<Trouble> {
    let is_open = known.iter().any(|incident| incident.is_open() && incident.kind == IncidentKind::Mailbox);
    let is_failing =
        |state: &MailSourceState| state.failures >= policy.failures || (is_open && state.failures > 0);
    let (mut reasons, mut since) = (Vec::new(), Vec::new());
    for state in ways_in {
        if is_failing(state) {
            reasons.push(format!(
                "{}: {}",
                state.way,
                state.reason.as_deref().unwrap_or("it cannot be used")
            ));
            since.extend(state.failing_since);
        }
        if state.set_aside > 0 {
            let messages = match state.set_aside {
                1 => "1 message".to_owned(),
                count => format!("{count} messages"),
            };
            reasons.push(format!("{}: failed to take in {messages}; see the folder Failed", state.way));
            since.extend(state.set_aside_since);
        }
    }
    Some(Trouble {
        kind: IncidentKind::Mailbox,
        source: None,
        title: "the mailbox".to_owned(),
        reason: reasons.join("; "),
        members: Vec::new(),
        since: since.into_iter().min()?,
    })
}

fn outage_in_words(together: &[&ReadState], read_since: usize) -> String {
    let reason = together.first().and_then(|state| state.reason.as_deref()).unwrap_or_default();
    format!(
        "{} of {read_since} sources read since are unreachable; the fault is most likely on this side (the first: {reason})",
        together.len()
    )
}

#[cfg(test)]
mod tests;
