//! What is answered to a mail that came in: one folder of templates a mail.
//!
//! Nothing that the sender wrote is in any of them: whoever forges a sender's address cannot make
//! this service carry a message of theirs.

use super::addressed::{Addressed, MAX_NAME_CHARS, paused, short_names};
use super::foot::{Foot, MailFoot};
use super::letter::{LetterView, mail};
use super::rendered::{RenderError, Rendered};
use super::welcome::welcome;
use super::when::{day, day_of, moment};
use crate::domain::email::EmailAddress;
use crate::domain::inbound::{ConfirmToken, OPEN_FOR, Purpose, ReplyKind, Selection};
use crate::domain::matching::Watchlist;
use crate::domain::subscription::{Preference, Subscriber, Subscription, SubscriptionState};
use crate::domain::text::{one_line, shorten};
use crate::domain::topic::Topic;

/// Of what can be followed, so many names are listed.
const MAX_FOLLOWABLE: usize = 100;

mail!(
    confirmation,
    Confirmation,
    "confirmation/subject.txt",
    "confirmation/mail.txt",
    "confirmation/mail.html"
);
mail!(goodbye, Goodbye, "goodbye/subject.txt", "goodbye/mail.txt", "goodbye/mail.html");
mail!(never, NoContact, "never/subject.txt", "never/mail.txt", "never/mail.html");
mail!(list, List, "list/subject.txt", "list/mail.txt", "list/mail.html");
mail!(pause, Pause, "pause/subject.txt", "pause/mail.txt", "pause/mail.html");
mail!(resume, Resume, "resume/subject.txt", "resume/mail.txt", "resume/mail.html");
mail!(help, Help, "help/subject.txt", "help/mail.txt", "help/mail.html");

/// Puts an answer into words.
///
/// # Errors
/// A template that cannot be filled in.
pub fn answer(answer: &ReplyKind, to: &Addressed<'_>) -> Result<Rendered, RenderError> {
    match answer {
        ReplyKind::Confirm(purpose, token) => confirmation::render(&to.confirmation(purpose, token)),
        ReplyKind::Explain(purpose, token) => {
            let until = "three days after our first question".to_owned();
            confirmation::render(&LetterView { is_explained: true, until, ..to.confirmation(purpose, token) })
        }
        ReplyKind::Welcome(selection) => welcome(to, selection),
        ReplyKind::Goodbye(topics) => {
            let about = short_names(to, topics);
            goodbye::render(&LetterView { about, undo_link: to.undo_link(), ..to.letter(to.names(topics)) })
        }
        ReplyKind::Never => never::render(&LetterView {
            // There is nothing left to manage.
            foot: Foot::to_stranger(&to.subscriber.address, to.service),
            ..to.letter(Vec::new())
        }),
        ReplyKind::List => list::render(&to.list()),
        ReplyKind::Standing => list::render(&LetterView { lead: STANDING.to_owned(), ..to.list() }),
        ReplyKind::Paused => pause::render(&LetterView {
            about: to.pause_end(),
            paused: paused(to.subscriber, to.now),
            ..to.letter(Vec::new())
        }),
        ReplyKind::Resumed(_) => resume::render(&to.letter(Vec::new())),
        ReplyKind::Preferred => list::render(&LetterView { is_changed: true, ..to.list() }),
        ReplyKind::Help => help::render(&to.help(HELP, &[])),
        ReplyKind::Expired => help::render(&LetterView { is_unknown: true, ..to.help(EXPIRED, &[]) }),
        ReplyKind::Unknown(nearest) => {
            help::render(&LetterView { is_unknown: true, ..to.help(NOT_UNDERSTOOD, nearest) })
        }
        ReplyKind::Untracked(nearest) => {
            help::render(&LetterView { is_unknown: true, ..to.help(UNTRACKED, nearest) })
        }
    }
}

impl Addressed<'_> {
    pub(super) fn letter(&self, lines: Vec<String>) -> LetterView {
        let letter = LetterView {
            lines,
            missed: self.missed,
            ..LetterView::to(&self.subscriber.address, self.service)
        };
        if self.subscriber.subscriptions.is_empty() {
            // A stranger has nothing to manage.
            return LetterView { foot: Foot::to_stranger(&self.subscriber.address, self.service), ..letter };
        }
        letter
    }

    fn confirmation(&self, purpose: &Purpose, token: &ConfirmToken) -> LetterView {
        let MailFoot { mailbox, web, .. } = self.service;
        let uri = mailbox.to_uri();
        let (local, domain) = uri.rsplit_once('@').unwrap_or((uri.as_str(), ""));
        LetterView {
            token: token.as_str().to_owned(),
            confirm_uri: format!("{local}+confirm-{}@{domain}", token.as_str()),
            confirm_address: confirm_address(mailbox, token),
            never_address: never_address(mailbox, token),
            never_uri: format!("{local}+never-{}@{domain}", token.as_str()),
            confirm_link: web.map(|web| web.confirm(token)),
            takes_mail: self.takes_mail,
            about: asked(purpose, self),
            until: moment(self.now + OPEN_FOR, self.subscriber.preferences.zone),
            ..self.letter(wishes(purpose, self.watchlist))
        }
    }

    fn list(&self) -> LetterView {
        let lines = followed(self.subscriber, self.watchlist).into_iter().map(|(_, line)| line);
        let ways = self.subscriber.preferences.words();
        LetterView { ways, paused: paused(self.subscriber, self.now), ..self.letter(lines.collect()) }
    }

    /// Where somebody who just left takes that back.
    fn undo_link(&self) -> Option<String> {
        let web = self.service.web.filter(|_| !self.subscriber.left_last(self.now).is_empty())?;
        Some(web.of(&self.subscriber.address).unsubscribe)
    }

    /// Until when nothing is sent, for a subject.
    fn pause_end(&self) -> String {
        let until = self.subscriber.pause(self.now).and_then(|pause| pause.until);
        until.map_or_else(
            || "until you resume".to_owned(),
            |until| format!("until {}", day(day_of(until, self.subscriber.preferences.zone))),
        )
    }

    fn help(&self, lead: &'static str, nearest: &[Topic]) -> LetterView {
        let lines = nearest.iter().map(|id| format!("{} ({id})", name(id, self.watchlist))).collect();
        let mut names: Vec<String> = self
            .watchlist
            .companies()
            .map(|company| name(&Topic::from(&company.id), self.watchlist))
            .collect();
        names.sort_by_key(|name| name.to_lowercase());
        let first = names.first().cloned().unwrap_or_else(|| "NAME".to_owned());
        let examples = vec![
            (format!("subscribe {first}"), "get alerts about it"),
            (format!("subscribe {first} only removals"), "only when an entry about it is removed"),
            ("digest daily".to_owned(), "one mail a day instead of one for each change"),
        ];
        let more = names.len().saturating_sub(MAX_FOLLOWABLE);
        names.truncate(MAX_FOLLOWABLE);
        if more > 0 {
            names.push(format!("and {more} more"));
        }
        LetterView { lead: lead.to_owned(), examples, followable: names, ..self.letter(lines) }
    }

    pub(super) fn selected(&self, selection: &Selection) -> Vec<String> {
        selected(selection, self.watchlist)
    }

    fn names(&self, topics: &[Topic]) -> Vec<String> {
        names(topics, self.watchlist)
    }
}

const HELP: &str =
    "We watch public regulatory pages and email you when an entry about a company you follow changes.";

const EXPIRED: &str =
    "There is nothing to confirm: our question is too old, or we never asked it. Please ask again.";

const NOT_UNDERSTOOD: &str = "We did not understand what you wrote.";

const UNTRACKED: &str = "We do not track that company yet. Your wish was passed to the operator.";

/// Of a question that was settled before its answer came.
const STANDING: &str = "Your answer came too late to change anything: you answered before, or unsubscribed since. \
    This is what you follow now.";

/// What a question is about, a line each.
#[must_use]
pub fn wishes(purpose: &Purpose, watchlist: &Watchlist) -> Vec<String> {
    match purpose {
        Purpose::Subscribe(selection) => {
            let alerts = selected(selection, watchlist).into_iter();
            let ways = selection.ways.iter().map(Preference::words);
            alerts.map(|line| format!("send alerts about {line}")).chain(ways).collect()
        }
        Purpose::Unsubscribe { topics } if topics.is_empty() => {
            vec!["stop all alerts".to_owned()]
        }
        Purpose::Unsubscribe { topics } => {
            names(topics, watchlist).into_iter().map(|name| format!("stop alerts about {name}")).collect()
        }
        Purpose::List => vec!["send a list of what this address follows".to_owned()],
        Purpose::Pause => vec!["pause all alerts".to_owned()],
        Purpose::Resume => vec!["send alerts again".to_owned()],
        Purpose::Prefer { wish } => vec![wish.words()],
    }
}

/// What a question is about, for a subject.
fn asked(purpose: &Purpose, to: &Addressed<'_>) -> String {
    match purpose {
        Purpose::Subscribe(selection) => format!("alerts about {}", short_names(to, &selection.topics)),
        Purpose::Unsubscribe { topics } if topics.is_empty() => "stop all alerts".to_owned(),
        Purpose::Unsubscribe { topics } => format!("stop alerts about {}", short_names(to, topics)),
        Purpose::List => "a list of what you follow".to_owned(),
        Purpose::Pause => "pause all alerts".to_owned(),
        Purpose::Resume => "send alerts again".to_owned(),
        Purpose::Prefer { .. } => "how your mail comes".to_owned(),
    }
}

/// The topics that somebody follows, each with what of it and since when.
#[must_use]
pub fn followed(subscriber: &Subscriber, watchlist: &Watchlist) -> Vec<(Topic, String)> {
    let active = subscriber.subscriptions.iter().filter(|known| known.state == SubscriptionState::Active);
    let line = |known: &Subscription| {
        let since = known.confirmed_at.unwrap_or(known.requested_at);
        let since = day(day_of(since, subscriber.preferences.zone));
        format!("{}, since {since}", named(&known.topic, known.only.words(), watchlist))
    };
    active.map(|known| (known.topic.clone(), line(known))).collect()
}

fn selected(selection: &Selection, watchlist: &Watchlist) -> Vec<String> {
    let line = |topic| named(topic, selection.only.words(), watchlist);
    selection.topics.iter().map(line).collect()
}

fn names(topics: &[Topic], watchlist: &Watchlist) -> Vec<String> {
    topics.iter().map(|topic| name(topic, watchlist)).collect()
}

fn named(topic: &Topic, only: Option<String>, watchlist: &Watchlist) -> String {
    let only = only.map(|only| format!(", {only}")).unwrap_or_default();
    format!("{}{only}", name(topic, watchlist))
}

/// What readers call what they follow, cut where it is long.
#[must_use]
pub fn name(topic: &Topic, watchlist: &Watchlist) -> String {
    let name = shorten(&one_line(&watchlist.name_of(topic)), MAX_NAME_CHARS);
    if topic.company().is_some() { name } else { format!("everything on {name}") }
}

/// The address to which an empty mail is enough to be asked nothing any more.
fn never_address(mailbox: &EmailAddress, token: &ConfirmToken) -> String {
    format!("{}+never-{}@{}", mailbox.local(), token.as_str(), mailbox.domain())
}

/// The address to which an empty mail is enough to confirm.
#[must_use]
pub fn confirm_address(mailbox: &EmailAddress, token: &ConfirmToken) -> String {
    format!("{}+confirm-{}@{}", mailbox.local(), token.as_str(), mailbox.domain())
}
