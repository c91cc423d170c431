//! What the operator is told of trouble: that it began, that it lasts, that it is over.

use askama::Template;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::filters;
use super::flow::{Indent, wrap};
use super::rendered::{RenderError, Rendered};
use super::subject::MAX_SUBJECT_CHARS;
use super::when::moment;
use crate::domain::id::SourceId;
use crate::domain::incident::{Ending, Incident, IncidentKind, Notification};
use crate::domain::mail_kind::MailKind;
use crate::domain::text::{capitalised, one_line, shorten};

/// What a site's answer says is shown up to here; the rest is on the disk.
const MAX_REASON_CHARS: usize = 600;

/// Of an outage's sources as many are named.
const MAX_MEMBERS: usize = 20;

/// More incidents than this are counted.
const MAX_SHOWN: usize = 50;

#[derive(Template)]
#[template(path = "incident/mail.txt", escape = "none")]
struct IncidentText<'a> {
    page: &'a IncidentPage,
}

#[derive(Template)]
#[template(path = "incident/mail.html")]
struct IncidentHtml<'a> {
    page: &'a IncidentPage,
}

struct IncidentPage {
    /// Who runs the service.
    name: String,
    subject: String,
    incidents: Vec<IncidentView>,
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
struct IncidentView {
    heading: String,
    since: String,
    reason: String,
    members: String,
    advice: Vec<Advice>,
}

/// What a person can do: a command, or none, and what it does.
struct Advice {
    command: String,
    what: String,
}

impl Advice {
    fn of(command: impl Into<String>, what: &str) -> Self {
        Self { command: command.into(), what: what.to_owned() }
    }

    fn indented(&self) -> String {
        wrap(&self.what, Indent::of("      "))
    }

    fn flush(&self) -> String {
        wrap(&self.what, Indent::of("  "))
    }
}

impl IncidentView {
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
    name: &str,
    told: &[(Notification, &Incident)],
    remind_every: std::time::Duration,
    now: DateTime<Utc>,
) -> Result<Rendered, RenderError> {
    let is_of_source = |incident: &Incident| {
        use IncidentKind::{Failing, Held, Outage, Stale};
        matches!(incident.kind, Held | Failing | Stale | Outage) && incident.ending.is_none()
    };
    let is_about_reading = |is_over| {
        told.iter()
            .any(|(telling, incident)| (*telling == Notification::Over) == is_over && is_of_source(incident))
    };
    let page = IncidentPage {
        name: shorten(&one_line(name), 80),
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
    let text = IncidentText { page: &page }.render()?;
    let html = IncidentHtml { page: &page }.render()?;
    let is_over = told.iter().all(|(telling, _)| *telling == Notification::Over);
    let kind = if is_over { MailKind::Recovery } else { MailKind::Incident };
    Ok(Rendered { kind, subject: page.subject, text, html, attachment: None })
}

fn subject(told: &[(Notification, &Incident)]) -> String {
    let subject = match told {
        [(telling, incident)] => heading(*telling, incident),
        all => {
            let over = all.iter().filter(|(telling, _)| *telling == Notification::Over).count();
            let there = all.len() - over;
            let incidents = if there == 1 { "1 incident".to_owned() } else { format!("{there} incidents") };
            match (there, over) {
                (0, over) => format!("{over} incidents are over"),
                (_, 0) => incidents,
                (_, over) => format!("{incidents}, {over} over"),
            }
        }
    };
    shorten(&format!("{MARK}{subject}"), MAX_SUBJECT_CHARS)
}

/// What every subject begins with.
const MARK: &str = "[regwatch] ";

/// A heading within a subject's length: a long title gives way to what is said of it.
fn heading(telling: Notification, incident: &Incident) -> String {
    let title = shorten(&one_line(&incident.title), MAX_TITLE_CHARS);
    let whole = heading_with(telling, incident, &title);
    let over = (MARK.len() + whole.chars().count()).saturating_sub(MAX_SUBJECT_CHARS);
    let chars = title.chars().count().saturating_sub(over).max(MIN_TITLE_CHARS);
    if over == 0 { whole } else { heading_with(telling, incident, &shorten(&title, chars)) }
}

/// A source's title in a heading has at most so many characters.
const MAX_TITLE_CHARS: usize = 40;

/// And never fewer, where it has them.
const MIN_TITLE_CHARS: usize = 12;

fn heading_with(telling: Notification, incident: &Incident, title: &str) -> String {
    let is_over = telling == Notification::Over;
    let ended = incident.ending.filter(|_| is_over);
    if let Some(words) = ended.and_then(|ending| ended_otherwise(incident.kind, ending, title)) {
        return format!("Closed: {words}");
    }
    let title = title.to_owned();
    // What is about no source of its own is a sentence that may begin a line.
    let (begins, goes_on) = match (incident.kind, is_over) {
        (IncidentKind::Held, false) => (title, " looks wrong and waits for you"),
        (IncidentKind::Failing, false) => (title, " cannot be read"),
        (IncidentKind::Stale, false) => (title, " has had no good read for too long"),
        (IncidentKind::Quiet, false) => (title, " has shown nothing new for too long"),
        (IncidentKind::Quiet, true) => (title, " shows something new again"),
        (IncidentKind::Held | IncidentKind::Failing | IncidentKind::Stale, true) => (title, " is read again"),
        (IncidentKind::Outage, false) if is_of_all(incident) => {
            (word("No", telling), " source can be reached")
        }
        (IncidentKind::Outage, false) => (incident.members.len().to_string(), " sources cannot be reached"),
        (IncidentKind::Outage, true) => (word("Sources", telling), " can be reached again"),
        (IncidentKind::Mailbox, false) => (word("Incoming", telling), " mail is not being read"),
        (IncidentKind::Mailbox, true) => (word("Incoming", telling), " mail is being read again"),
        (IncidentKind::Relay, false) => (word("Mail", telling), " cannot leave"),
        (IncidentKind::Relay, true) => (word("Mail", telling), " can leave again"),
        (IncidentKind::Undelivered, false) => (word("Mail", telling), " could not be delivered"),
        (IncidentKind::Undelivered, true) => (word("No", telling), " mail needs attention any longer"),
        (IncidentKind::Clock, false) => (word("The", telling), " clock of this machine went back"),
        (IncidentKind::Clock, true) => (word("The", telling), " clock of this machine goes on"),
        (IncidentKind::Disk, false) => (word("The", telling), " store's disk is nearly full"),
        (IncidentKind::Disk, true) => (word("The", telling), " store's disk has room again"),
        (IncidentKind::Store, false) => (word("Something", telling), " in the store cannot be read"),
        (IncidentKind::Store, true) => (word("The", telling), " store can be read again"),
        (IncidentKind::FirstStart, _) => (word("A", telling), " first start: there was no store"),
    };
    match telling {
        Notification::Begun => format!("{begins}{goes_on}"),
        Notification::Reminder => format!("Still: {begins}{goes_on}"),
        Notification::Over => format!("Over: {begins}{goes_on}"),
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
            format!("{title} no longer counts as trouble")
        }
        IncidentKind::Outage if is_out_of_use => "what could not be reached is no longer watched".to_owned(),
        IncidentKind::Outage => "unreachable sources are now reported one by one".to_owned(),
        IncidentKind::Mailbox => "the mailbox is no longer in use".to_owned(),
        IncidentKind::Relay => "mail now leaves another way".to_owned(),
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
fn word(word: &str, telling: Notification) -> String {
    if telling == Notification::Begun { word.to_owned() } else { word.to_lowercase() }
}

fn view(telling: Notification, incident: &Incident, now: DateTime<Utc>) -> IncidentView {
    let since = incident.since();
    let age = age(incident.closed_at.unwrap_or(now) - since);
    let since = match incident.closed_at {
        Some(closed_at) => {
            format!("From {} to {} ({age})", moment(since, Tz::UTC), moment(closed_at, Tz::UTC))
        }
        None => format!("Since {} ({age})", moment(since, Tz::UTC)),
    };
    let reason = shorten(&one_line(&incident.reason), MAX_REASON_CHARS);
    let shown: Vec<&str> = incident.members.iter().take(MAX_MEMBERS).map(SourceId::as_str).collect();
    let more = incident.members.len() - shown.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    IncidentView {
        heading: heading_with(telling, incident, &shorten(&one_line(&incident.title), 80)),
        since,
        reason: if telling == Notification::Over {
            format!("What was wrong: {reason}")
        } else {
            capitalised(&reason)
        },
        members: format!("{}{more}", shown.join(", ")),
        advice: if telling == Notification::Over { Vec::new() } else { advice(incident) },
    }
}

/// What a person can do about it.
fn advice(incident: &Incident) -> Vec<Advice> {
    let id = incident.source.as_ref().map_or("", SourceId::as_str);
    match incident.kind {
        IncidentKind::Held => vec![
            Advice::of(
                format!("regwatch review show {id}"),
                "Shows what was received, what would change, and whether you can accept it.",
            ),
            Advice::of(
                format!("regwatch review accept {id}"),
                "If it can be accepted and is the source's own page: accepts it and sends the alerts.",
            ),
            Advice::of(
                format!("regwatch review reject {id}"),
                "If it is not the source's page: discards it.",
            ),
        ],
        IncidentKind::Failing | IncidentKind::Stale => vec![
            Advice::of(format!("regwatch source show {id}"), "Shows how its reads went."),
            Advice::of(format!("regwatch check now {id}"), "Reads it now."),
        ],
        IncidentKind::Quiet => vec![
            Advice::of(format!("regwatch source show {id}"), "Shows its address and when it was read."),
            Advice::of("", "Look at the site by hand. If the page moved, change the source's url."),
        ],
        IncidentKind::Outage => vec![Advice::of("regwatch incident list", "Lists the unreadable sources.")],
        IncidentKind::Mailbox => vec![
            Advice::of("", "Until then nobody who writes is answered, and no \"unsubscribe\" is heard."),
            Advice::of("", "See \"Mail that comes in\" in docs/OPERATIONS.md for what to check."),
        ],
        IncidentKind::Relay => {
            vec![Advice::of("regwatch mail test ADDRESS", "Sends a test mail and shows the relay's answer.")]
        }
        IncidentKind::Clock => {
            vec![Advice::of("timedatectl timesync-status", "Shows whether the clock is synchronised.")]
        }
        IncidentKind::Disk => {
            vec![Advice::of(
                "",
                "Free space, or give the store a larger disk: when it is full, the service stops.",
            )]
        }
        IncidentKind::Store => vec![
            Advice::of("", "Unreadable records are skipped; everything else continues."),
            Advice::of("regwatch store verify", "Shows what is damaged. Stop the service first."),
            Advice::of("regwatch store repair", "Repairs what can be repaired."),
        ],
        IncidentKind::FirstStart => vec![
            Advice::of(
                "",
                "If this installation is new: set store.required = true under [store]. From then on a missing store \
                 is refused.",
            ),
            Advice::of(
                "",
                "If there was a store before: stop the service. Mount its disk or correct store.url; or put the empty \
                 store out of the way (the folder with its .mark file, or the database) and run `regwatch store \
                 restore` with a backup. Then start the service again.",
            ),
        ],
        IncidentKind::Undelivered => vec![
            Advice::of("regwatch outbox list --undelivered", "Lists the mails."),
            Advice::of("regwatch outbox show ID", "Shows a mail's history."),
            Advice::of("regwatch outbox retry ID", "Sends it again."),
            Advice::of("regwatch outbox drop ID", "Drops it, without further reminders."),
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

    fn mail(telling: Notification, incident: &Incident) -> Rendered {
        incidents("Example Watch", &[(telling, incident)], std::time::Duration::from_secs(86_400), at(5))
            .unwrap()
    }

    #[test]
    fn a_held_source_is_told_with_its_age_its_reason_and_what_to_do() {
        let mail = mail(Notification::Begun, &incident(IncidentKind::Held));
        assert_eq!(mail.subject, "[regwatch] Covered List looks wrong and waits for you");
        for words in [
            "Since 1 January 1970, 00:00 UTC (5 hours)",
            "regwatch review accept fcc",
            "\"<b>Denied</b>[2J\"",
        ] {
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
            mail(Notification::Reminder, &incident(IncidentKind::Failing)).subject,
            "[regwatch] Still: Covered List cannot be read"
        );
        let over = Incident { closed_at: Some(at(72)), ..incident(IncidentKind::Held) };
        let mail = mail(Notification::Over, &over);
        assert_eq!(mail.subject, "[regwatch] Over: Covered List is read again");
        assert!(mail.text.contains("(3 days)"), "{}", mail.text);
        assert!(!mail.text.contains("review accept"), "{}", mail.text);
    }

    #[test]
    fn what_is_out_of_use_is_not_said_to_be_right_again() {
        use IncidentKind::{Failing, Held, Mailbox, Outage, Relay, Stale};
        for (kind, ending, words) in [
            (Held, Ending::OutOfUse, "Closed: Covered List is no longer watched"),
            (Failing, Ending::OutOfUse, "Closed: Covered List is no longer watched"),
            (Stale, Ending::NotCounted, "Closed: Covered List no longer counts as trouble"),
            (Outage, Ending::OutOfUse, "Closed: what could not be reached is no longer watched"),
            (Outage, Ending::NotCounted, "Closed: unreachable sources are now reported one by one"),
            (Mailbox, Ending::OutOfUse, "Closed: the mailbox is no longer in use"),
            (Relay, Ending::OutOfUse, "Closed: mail now leaves another way"),
        ] {
            let over = Incident { closed_at: Some(at(3)), ending: Some(ending), ..incident(kind) };
            let mail = mail(Notification::Over, &over);
            assert_eq!(mail.subject, format!("[regwatch] {words}"), "{kind}");
            assert!(!mail.text.contains("read again"), "{}", mail.text);
        }
    }

    #[test]
    fn only_trouble_with_sources_speaks_of_pages() {
        for kind in [IncidentKind::Mailbox, IncidentKind::Undelivered] {
            let text = mail(Notification::Begun, &incident(kind)).text;
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
        let text = mail(Notification::Begun, &outage).text;
        assert!(text.contains("source-19 and 10"), "{text}");
        let held = incident(IncidentKind::Held);
        let told = [(Notification::Begun, &outage), (Notification::Over, &held)];
        let both = incidents("Example Watch", &told, std::time::Duration::from_secs(86_400), at(5)).unwrap();
        assert_eq!(both.subject, "[regwatch] 1 incident, 1 over");
    }
}
