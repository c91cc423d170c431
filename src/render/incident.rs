//! What the operator is told of trouble: that it began, that it lasts, that it is over.

use askama::Template;
use chrono::{DateTime, Utc};

use super::filters;
use super::flow::{Indent, wrap};
use super::notice::{RenderError, Rendered};
use super::subject::MAX_SUBJECT_CHARS;
use super::view::moment;
use crate::domain::id::SourceId;
use crate::domain::incident::{Ending, Incident, IncidentKind, Telling};
use crate::domain::mail_kind::MailKind;
use crate::domain::text::{one_line, shorten};

/// What a site's answer says is shown up to here; the rest is on the disk.
const MAX_REASON_CHARS: usize = 600;

/// Of an outage's sources as many are named.
const MAX_MEMBERS: usize = 20;

/// More incidents than this are counted.
const MAX_SHOWN: usize = 50;

#[derive(Template)]
#[template(path = "incident/mail.txt", escape = "none")]
struct TextTemplate<'a> {
    page: &'a Page,
}

#[derive(Template)]
#[template(path = "incident/mail.html")]
struct HtmlTemplate<'a> {
    page: &'a Page,
}

struct Page {
    subject: String,
    incidents: Vec<View>,
    left_out: usize,
    /// Whether some are trouble with reading.
    is_unread: bool,
    /// Whether some were, and are over.
    is_read_again: bool,
    /// Whether one is that mail could not leave, which is told only once it can.
    is_of_relay: bool,
    told_every: String,
}

/// One incident, already inert.
struct View {
    heading: String,
    since: String,
    reason: String,
    members: String,
    advice: Vec<String>,
}

impl View {
    fn wrapped_reason(&self) -> String {
        wrap(&self.reason, Indent::of("  "))
    }

    fn wrapped_members(&self) -> String {
        wrap(&self.members, Indent::of("  "))
    }
}

/// Puts what is told of incidents into one mail.
///
/// # Errors
/// A template that cannot be filled in.
pub fn incidents(
    told: &[(Telling, &Incident)],
    remind_every: std::time::Duration,
    now: DateTime<Utc>,
) -> Result<Rendered, RenderError> {
    let is_of_source = |incident: &Incident| {
        use IncidentKind::{Failing, Held, Outage, Stale};
        matches!(incident.kind, Held | Failing | Stale | Outage) && incident.ending.is_none()
    };
    let is_about_reading = |is_over| {
        told.iter()
            .any(|(telling, incident)| (*telling == Telling::Over) == is_over && is_of_source(incident))
    };
    let page = Page {
        subject: subject(told),
        incidents: told
            .iter()
            .take(MAX_SHOWN)
            .map(|(telling, incident)| view(*telling, incident, now))
            .collect(),
        left_out: told.len().saturating_sub(MAX_SHOWN),
        is_unread: is_about_reading(false),
        is_read_again: is_about_reading(true),
        is_of_relay: told.iter().any(|(_, incident)| incident.kind == IncidentKind::Relay),
        told_every: length(remind_every),
    };
    let text = TextTemplate { page: &page }.render()?;
    let html = HtmlTemplate { page: &page }.render()?;
    let is_over = told.iter().all(|(telling, _)| *telling == Telling::Over);
    let kind = if is_over { MailKind::Recovery } else { MailKind::Incident };
    Ok(Rendered { kind, subject: page.subject, text, html })
}

fn subject(told: &[(Telling, &Incident)]) -> String {
    let subject = match told {
        [(telling, incident)] => heading(*telling, incident),
        all => {
            let over = all.iter().filter(|(telling, _)| *telling == Telling::Over).count();
            let there = all.len() - over;
            let incidents = if there == 1 { "1 incident".to_owned() } else { format!("{there} incidents") };
            match (there, over) {
                (0, over) => format!("{over} incidents are over"),
                (_, 0) => incidents,
                (_, over) => format!("{incidents}, {over} over"),
            }
        }
    };
    shorten(&format!("[regwatch] {subject}"), MAX_SUBJECT_CHARS)
}

fn heading(telling: Telling, incident: &Incident) -> String {
    let title = shorten(&one_line(&incident.title), 40);
    let is_over = telling == Telling::Over;
    let ended = incident.ending.filter(|_| is_over);
    if let Some(words) = ended.and_then(|ending| ended_otherwise(incident.kind, ending, &title)) {
        return format!("Over: {words}");
    }
    // What is about no source of its own is a sentence that may begin a line.
    let (begins, goes_on) = match (incident.kind, is_over) {
        (IncidentKind::Held, false) => (title, " is held back"),
        (IncidentKind::Failing, false) => (title, " cannot be read"),
        (IncidentKind::Stale, false) => (title, " had no good read for too long"),
        (IncidentKind::Quiet, false) => (title, " brings nothing new"),
        (IncidentKind::Quiet, true) => (title, " brings something new again"),
        (IncidentKind::Held | IncidentKind::Failing | IncidentKind::Stale, true) => (title, " is read again"),
        (IncidentKind::Outage, false) if is_of_all(incident) => {
            (word("No", telling), " source can be reached")
        }
        (IncidentKind::Outage, false) => (incident.members.len().to_string(), " sources cannot be reached"),
        (IncidentKind::Outage, true) => (word("Sources", telling), " can be reached again"),
        (IncidentKind::Mailbox, false) => (word("What", telling), " people write is not taken in"),
        (IncidentKind::Mailbox, true) => (word("What", telling), " people write is taken in again"),
        (IncidentKind::Relay, false) => (word("Mail", telling), " cannot leave"),
        (IncidentKind::Relay, true) => (word("Mail", telling), " can leave again"),
        (IncidentKind::Undelivered, false) => (word("Mail", telling), " could not be delivered"),
        (IncidentKind::Undelivered, true) => (word("No", telling), " mail waits to be looked at"),
        (IncidentKind::Clock, false) => (word("The", telling), " clock of this machine went back"),
        (IncidentKind::Clock, true) => (word("The", telling), " clock of this machine goes on"),
        (IncidentKind::Disk, false) => (word("The", telling), " store's disk is nearly full"),
        (IncidentKind::Disk, true) => (word("The", telling), " store's disk has room again"),
        (IncidentKind::Store, false) => (word("Something", telling), " in the store cannot be read"),
        (IncidentKind::Store, true) => (word("The", telling), " store can be read again"),
        (IncidentKind::FirstStart, _) => (word("A", telling), " first start: there was no store"),
    };
    match telling {
        Telling::Begun => format!("{begins}{goes_on}"),
        Telling::Reminder => format!("Still: {begins}{goes_on}"),
        Telling::Over => format!("Over: {begins}{goes_on}"),
    }
}

/// What is said of trouble that ended without being put right; nothing of what ends in no other way.
fn ended_otherwise(kind: IncidentKind, ending: Ending, title: &str) -> Option<String> {
    let is_out_of_use = ending == Ending::OutOfUse;
    Some(match kind {
        IncidentKind::Held | IncidentKind::Failing | IncidentKind::Stale | IncidentKind::Quiet
            if is_out_of_use =>
        {
            format!("{title} is no longer watched")
        }
        IncidentKind::Held | IncidentKind::Failing | IncidentKind::Stale | IncidentKind::Quiet => {
            format!("{title} is not counted as trouble any more")
        }
        IncidentKind::Outage if is_out_of_use => "what could not be reached is no longer watched".to_owned(),
        IncidentKind::Outage => "what cannot be reached is told source by source".to_owned(),
        IncidentKind::Mailbox => "the mailbox is not in use any more".to_owned(),
        IncidentKind::Relay => "mail leaves by another way".to_owned(),
        IncidentKind::Undelivered
        | IncidentKind::Clock
        | IncidentKind::Disk
        | IncidentKind::Store
        | IncidentKind::FirstStart => return None,
    })
}

/// Whether an outage is of every source that was read meanwhile.
fn is_of_all(incident: &Incident) -> bool {
    let count = incident.members.len();
    incident.reason.starts_with(&format!("{count} of {count} "))
}

/// A sentence's first word, in small letters where something stands before it.
fn word(word: &str, telling: Telling) -> String {
    if telling == Telling::Begun { word.to_owned() } else { word.to_lowercase() }
}

fn view(telling: Telling, incident: &Incident, now: DateTime<Utc>) -> View {
    let since = incident.since();
    let age = age(incident.closed_at.unwrap_or(now) - since);
    let since = match incident.closed_at {
        Some(closed_at) => format!("From {} to {} ({age})", moment(since), moment(closed_at)),
        None => format!("Since {} ({age})", moment(since)),
    };
    let reason = shorten(&one_line(&incident.reason), MAX_REASON_CHARS);
    let shown: Vec<&str> = incident.members.iter().take(MAX_MEMBERS).map(SourceId::as_str).collect();
    let more = incident.members.len() - shown.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    View {
        heading: heading(telling, incident),
        since,
        reason: if telling == Telling::Over { format!("The trouble was: {reason}") } else { reason },
        members: format!("{}{more}", shown.join(", ")),
        advice: if telling == Telling::Over { Vec::new() } else { advice(incident) },
    }
}

/// What a person can do about it.
fn advice(incident: &Incident) -> Vec<String> {
    let id = incident.source.as_ref().map_or("", SourceId::as_str);
    match incident.kind {
        IncidentKind::Held => vec![
            format!("regwatch review show {id}     what came, and what would change if it were accepted"),
            format!("regwatch review accept {id}   it is the source's page: take it and tell the changes"),
            format!("regwatch review reject {id}   it is not: let go of it"),
        ],
        IncidentKind::Failing | IncidentKind::Stale => {
            vec![format!("regwatch source show {id}"), format!("regwatch check now {id}")]
        }
        IncidentKind::Quiet => vec![
            format!("regwatch source show {id}     its address, and when it was read"),
            "Look at the site by hand: if it moved, change the source's url.".to_owned(),
        ],
        IncidentKind::Outage => vec!["regwatch incident list".to_owned()],
        IncidentKind::Mailbox => vec![
            "What people write by this way is not heard until then, an \"unsubscribe\" among it.".to_owned(),
            "docs/OPERATIONS.md, \"Mail that comes in\", says what to look at.".to_owned(),
        ],
        IncidentKind::Relay => vec!["regwatch mail test ADDRESS".to_owned()],
        IncidentKind::Clock => {
            vec!["timedatectl timesync-status   whether the clock is kept right".to_owned()]
        }
        IncidentKind::Disk => {
            vec!["Make room, or give the store a larger disk: when it is full, the service ends.".to_owned()]
        }
        IncidentKind::Store => vec![
            "What cannot be read is passed over; everything else goes on.".to_owned(),
            "regwatch store verify   what it is (stop the service first)".to_owned(),
            "regwatch store repair   what can be put right".to_owned(),
        ],
        IncidentKind::FirstStart => vec![
            "If this installation is new: set store.required = true under [store]. From then on a".to_owned(),
            "missing store is refused.".to_owned(),
            "If there was a store before: stop the service. Mount its disk or correct store.url;".to_owned(),
            "or move the empty database folder and its .mark file away and copy a backup of both".to_owned(),
            "into their place. Then start the service again.".to_owned(),
        ],
        IncidentKind::Undelivered => vec![
            "regwatch outbox list --undelivered   which".to_owned(),
            "regwatch outbox show ID              what was said of one".to_owned(),
            "regwatch outbox retry ID             send it again".to_owned(),
            "regwatch outbox drop ID              give it up: nobody is reminded any more".to_owned(),
        ],
    }
}

/// How long it is between two reminders, as one says it behind "every".
fn length(duration: std::time::Duration) -> String {
    let minutes = duration.as_secs() / 60;
    let (count, unit) = match minutes {
        0 => return humantime::format_duration(duration).to_string(),
        minutes if minutes % (24 * 60) == 0 => (minutes / (24 * 60), "day"),
        minutes if minutes % 60 == 0 => (minutes / 60, "hour"),
        minutes => (minutes, "minute"),
    };
    if count == 1 { unit.to_owned() } else { format!("{count} {unit}s") }
}

/// A length of time in its largest unit that says enough.
fn age(age: chrono::Duration) -> String {
    let (days, hours, minutes) = (age.num_days(), age.num_hours(), age.num_minutes());
    match (days, hours, minutes) {
        (2.., ..) => format!("{days} days"),
        (_, 2.., _) => format!("{hours} hours"),
        (_, _, 2..) => format!("{minutes} minutes"),
        _ => "just now".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::IncidentId;

    fn at(hours: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + chrono::Duration::hours(hours)
    }

    fn incident(kind: IncidentKind) -> Incident {
        Incident {
            id: IncidentId::derive(&["a"]),
            kind,
            source: (kind != IncidentKind::Outage).then(|| "fcc".parse().unwrap()),
            title: "Covered \u{202e}List".to_owned(),
            reason: "looks like a block page: the title is \"<b>Denied</b>\u{1b}[2J\"".to_owned(),
            members: Vec::new(),
            opened_at: at(0),
            reopened_at: None,
            closed_at: None,
            told_at: None,
            times_told: 0,
            end_told_at: None,
            ending: None,
        }
    }

    fn mail(telling: Telling, incident: &Incident) -> Rendered {
        incidents(&[(telling, incident)], std::time::Duration::from_secs(86_400), at(5)).unwrap()
    }

    #[test]
    fn a_held_source_is_told_with_its_age_its_reason_and_what_to_do() {
        let mail = mail(Telling::Begun, &incident(IncidentKind::Held));
        assert_eq!(mail.subject, "[regwatch] Covered List is held back");
        for words in
            ["Since 1970-01-01 00:00 UTC (5 hours)", "regwatch review accept fcc", "\"<b>Denied</b>[2J\""]
        {
            assert!(mail.text.contains(words), "{words:?} is missing in:\n{}", mail.text);
        }
        assert!(
            mail.html.contains("&#60;b&#62;Denied") || mail.html.contains("&lt;b&gt;Denied"),
            "{}",
            mail.html
        );
        assert!(!mail.html.contains('\u{1b}'));
    }

    #[test]
    fn a_reminder_and_the_end_say_what_they_are() {
        assert_eq!(
            mail(Telling::Reminder, &incident(IncidentKind::Failing)).subject,
            "[regwatch] Still: Covered List cannot be read"
        );
        let over = Incident { closed_at: Some(at(72)), ..incident(IncidentKind::Held) };
        let mail = mail(Telling::Over, &over);
        assert_eq!(mail.subject, "[regwatch] Over: Covered List is read again");
        assert!(mail.text.contains("(3 days)"), "{}", mail.text);
        assert!(!mail.text.contains("review accept"), "{}", mail.text);
    }

    #[test]
    fn what_is_out_of_use_is_not_said_to_be_right_again() {
        use IncidentKind::{Failing, Held, Mailbox, Outage, Relay, Stale};
        for (kind, ending, words) in [
            (Held, Ending::OutOfUse, "Over: Covered List is no longer watched"),
            (Failing, Ending::OutOfUse, "Over: Covered List is no longer watched"),
            (Stale, Ending::NotCounted, "Over: Covered List is not counted as trouble any more"),
            (Outage, Ending::OutOfUse, "Over: what could not be reached is no longer watched"),
            (Outage, Ending::NotCounted, "Over: what cannot be reached is told source by source"),
            (Mailbox, Ending::OutOfUse, "Over: the mailbox is not in use any more"),
            (Relay, Ending::OutOfUse, "Over: mail leaves by another way"),
        ] {
            let over = Incident { closed_at: Some(at(3)), ending: Some(ending), ..incident(kind) };
            let mail = mail(Telling::Over, &over);
            assert_eq!(mail.subject, format!("[regwatch] {words}"), "{kind}");
            assert!(!mail.text.contains("read again"), "{}", mail.text);
        }
    }

    #[test]
    fn only_trouble_with_sources_speaks_of_pages() {
        for kind in [IncidentKind::Mailbox, IncidentKind::Undelivered] {
            let text = mail(Telling::Begun, &incident(kind)).text;
            assert!(!text.contains("can be read again"), "{text}");
        }
    }

    #[test]
    fn how_often_is_said_as_people_say_it() {
        for (seconds, said) in
            [(86_400, "day"), (172_800, "2 days"), (43_200, "12 hours"), (5_400, "90 minutes")]
        {
            assert_eq!(length(std::time::Duration::from_secs(seconds)), said);
        }
    }

    #[test]
    fn an_outage_names_its_sources_and_several_incidents_are_one_mail() {
        let mut outage = incident(IncidentKind::Outage);
        outage.members = (0..30).map(|number| format!("source-{number}").parse().unwrap()).collect();
        let text = mail(Telling::Begun, &outage).text;
        assert!(text.contains("source-19 and 10"), "{text}");
        let held = incident(IncidentKind::Held);
        let told = [(Telling::Begun, &outage), (Telling::Over, &held)];
        let both = incidents(&told, std::time::Duration::from_secs(86_400), at(5)).unwrap();
        assert_eq!(both.subject, "[regwatch] 1 incident, 1 over");
    }
}
