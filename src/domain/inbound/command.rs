//! The commands a mail holds: `subscribe hikvision`, `unsubscribe`, `confirm TOKEN`, …
//!
//! The address a mail went to counts first (`watch+subscribe-hikvision@…`), then the
//! subject, then the first lines of the text. What is not understood is an error that
//! ends the reading: nothing after it may take effect, since it was meant for a person.

use super::automatic::are_a_machines;
use super::consent::{behind_greetings, is_otherwise, is_yes};
use super::leaving::{LeavingWish, wish};
use super::own_words::{BareSubject, OwnWords};
use crate::domain::confirm_token::ConfirmToken;
use crate::domain::keyed_link::LinkKey;
use crate::domain::subscription::Preference;
use crate::domain::text::shorten;

/// One mail does at most so much.
pub const MAX_COMMANDS: usize = 5;

/// A command is one short line; anything longer is prose.
const MAX_LINE_CHARS: usize = 200;

/// No company's name or id is one word of more letters and digits.
const LONGEST_NAME_CHARS: usize = 40;

/// Of a person's words, so many are kept as their consent.
const MAX_WORDS_CHARS: usize = 160;

/// What is kept of a yes that is no words.
const BY_TOKEN: &str = "confirm, with the word that the question mailed";
const BY_EMPTY_ANSWER: &str = "an empty answer to the question";

/// What is asked for, names as they were written; [`super::select`] finds out who is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailCommand {
    /// Follow what is named; not blank.
    Subscribe(String),
    /// End what is named; everything where nothing is.
    Unsubscribe(LeavingWish),
    /// End everything, by what only the mail to a subscriber says.
    Leave(String),
    /// Tell what I follow.
    List,
    /// Tell what can be asked.
    Help,
    /// Yes, it was I who asked.
    Confirm {
        /// Names the question.
        token: ConfirmToken,
        /// What the yes is, for the record of consent.
        words: String,
    },
    /// An answer to a question that is no clear yes.
    Unclear {
        /// Names the question.
        token: ConfirmToken,
        /// The wish to leave that it says.
        wish: Option<LeavingWish>,
    },
    /// Never ask me anything again.
    Never(ConfirmToken),
    /// Send nothing until I say so.
    Pause,
    /// Go on sending.
    Resume,
    /// How mail is to come.
    Prefer(Preference),
    /// A line that is none of these.
    Unknown,
}

/// The text of a mail, as far as it was looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MailText {
    /// Whole lines.
    pub words: String,
    /// Whether there is nothing more. A mail may be larger than what is looked at of it.
    pub is_whole: bool,
}

/// The commands of a mail: those of the address it went to, or else of its subject and text.
///
/// `detail` is what stands behind the `+` of the address. Reading stops at the first confirmation,
/// the first line that is not understood, and after [`MAX_COMMANDS`].
#[must_use]
pub fn commands(detail: Option<&str>, subject: &str, text: &MailText) -> Vec<MailCommand> {
    let (subject, own) = (BareSubject::of(subject), OwnWords::of(text));
    let lines = behind_greetings(&own.lines);
    match detail.and_then(of_detail) {
        Some(MailCommand::Confirm { token, .. }) => vec![answer_to(token, &subject, &lines, own.is_all)],
        Some(command) => vec![command],
        None => of_words(&subject, &lines),
    }
}

fn of_words(subject: &BareSubject, lines: &[String]) -> Vec<MailCommand> {
    let subject = Some(&subject.words).filter(|words| !is_question(words)).and_then(|words| of_line(words));
    let has_subject = subject.is_some();
    let mut found: Vec<MailCommand> = subject.into_iter().collect();
    for line in lines {
        if found.len() >= MAX_COMMANDS || found.iter().any(MailCommand::ends_reading) {
            break;
        }
        match of_line(line) {
            Some(command) => found.push(command),
            // After a subject that said it, the text is a greeting or a signature.
            None if has_subject || !found.is_empty() => break,
            None => found.push(MailCommand::Unknown),
        }
    }
    if found.is_empty() { vec![MailCommand::Unknown] } else { found }
}

/// What an answer says to the question whose token the address bears. An answer that was not looked at to its end
/// may say no there, and is not known to be empty.
fn answer_to(token: ConfirmToken, subject: &BareSubject, lines: &[String], is_all: bool) -> MailCommand {
    let confirmed =
        |words: &str| MailCommand::Confirm { token: token.clone(), words: shorten(words, MAX_WORDS_CHARS) };
    let is_token = |line: &String| {
        let bare = line.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        let word = bare.rsplit(' ').next().unwrap_or_default();
        (word == bare || is_yes(bare.trim_end_matches(word))) && word.parse() == Ok(token.clone())
    };
    let has_own_subject = !subject.is_reply && !subject.words.is_empty() && !is_question(&subject.words);
    match lines.first() {
        _ if has_own_subject && is_otherwise(&subject.words) => {}
        Some(first) if is_token(first) => return confirmed(BY_TOKEN),
        // "Yes, ... I am out of office": a machine may begin with any word.
        _ if are_a_machines(lines) => {}
        Some(first) if is_yes(first) => return confirmed(first),
        Some(first) if has_own_subject && is_yes(&subject.words) && !is_otherwise(first) => {
            return confirmed(&subject.words);
        }
        None if has_own_subject && is_yes(&subject.words) => return confirmed(&subject.words),
        None if is_all
            && !has_own_subject
            && !subject.is_numbered
            && (is_question(&subject.words) || !is_otherwise(&subject.words)) =>
        {
            return confirmed(BY_EMPTY_ANSWER);
        }
        _ => {}
    }
    let mut said =
        std::iter::once(&subject.words).filter(|_| !is_question(&subject.words)).chain(lines.iter().take(1));
    MailCommand::Unclear { token, wish: said.find_map(|line| wish(line)) }
}

/// Whether a subject is that of the question, as far as mail programs leave it.
fn is_question(subject: &str) -> bool {
    subject.to_lowercase().starts_with("please confirm")
}

impl MailCommand {
    /// To leave, as the header of a mail has it and a mail program puts it into a subject, whatever a gateway put
    /// before it.
    #[must_use]
    pub fn leave_of(subject: &str) -> Option<Self> {
        of_line(&BareSubject::of(subject).words).filter(|command| matches!(command, Self::Leave(_)))
    }

    /// Whether somebody asks for something by it that they need not be a person for to be heard.
    #[must_use]
    pub fn is_understood(&self) -> bool {
        !matches!(self, Self::Unknown | Self::Unclear { wish: None, .. })
    }

    fn ends_reading(&self) -> bool {
        matches!(self, Self::Confirm { .. } | Self::Never(_) | Self::Unclear { .. } | Self::Unknown)
    }
}

/// `subscribe-hikvision`, `confirm-TOKEN`; other details are the operator's own.
fn of_detail(detail: &str) -> Option<MailCommand> {
    let (verb, rest) = detail.split_once(['-', '=', '+']).unwrap_or((detail, ""));
    of_exact(&format!("{verb} {rest}"))
}

/// Whether a text is a seal, or was one before it was damaged: nobody's name is so long a word.
fn is_seal(text: &str) -> bool {
    LinkKey::may_open(text)
        || text.len() > LONGEST_NAME_CHARS && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// A line as the command that it is, or the wish to leave that it says.
fn of_line(line: &str) -> Option<MailCommand> {
    if line.chars().count() > MAX_LINE_CHARS {
        return None;
    }
    let line = line.trim().trim_matches(['"', '“', '”', '„', '*', '`']).trim();
    if let Some(command) = of_exact(line) {
        return Some(command);
    }
    let polite = without_politeness(line);
    if polite.len() < line.len()
        && let Some(command) = of_exact(polite)
    {
        return Some(command);
    }
    wish(line).map(MailCommand::Unsubscribe)
}

/// "Please list", "I would like to subscribe to ZTE".
fn without_politeness(line: &str) -> &str {
    const WORDS: [&str; 14] = [
        "please", "pls", "kindly", "i", "we", "want", "would", "like", "to", "can", "could", "you", "i'd",
        "bitte",
    ];
    let mut rest = line;
    while let Some((first, tail)) = rest.split_once(' ') {
        let word = first.trim_matches(|c: char| !c.is_alphanumeric() && c != '\'').to_lowercase();
        if !WORDS.contains(&word.as_str()) {
            break;
        }
        rest = tail.trim_start();
    }
    rest
}

/// What is named behind `subscribe`: "me to ZTE, please" names ZTE.
fn named(rest: &str) -> &str {
    let mut rest = rest.trim_end_matches(['.', '!']);
    while let Some((first, tail)) = rest.split_once(' ')
        && matches!(first.to_lowercase().as_str(), "me" | "us" | "to" | "for" | ":" | "-")
    {
        rest = tail.trim_start();
    }
    let small = rest.to_ascii_lowercase();
    let end = small.strip_suffix("please").map_or(rest.len(), str::len);
    rest[..end].trim_end_matches([',', ' '])
}

/// A line that is a command and nothing else.
fn of_exact(line: &str) -> Option<MailCommand> {
    let (verb, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let verb = verb.trim_end_matches(['.', '!', ':', ',']).to_lowercase();
    let rest = rest.trim();
    match verb.as_str() {
        // "Add me to ZTE".
        "add" => ["me to ", "us to "]
            .into_iter()
            .find(|begin| rest.to_lowercase().starts_with(begin))
            .map(|begin| MailCommand::Subscribe(named(&rest[begin.len()..]).to_owned())),
        "subscribe" | "follow" => Some(named(rest))
            .filter(|names| !names.is_empty())
            .map(|names| MailCommand::Subscribe(names.to_owned())),
        "unsubscribe" if is_seal(rest) => Some(MailCommand::Leave(rest.to_owned())),
        "unsubscribe" => wish(&format!("{verb} {rest}")).map(MailCommand::Unsubscribe),
        "confirm" => {
            rest.parse().ok().map(|token| MailCommand::Confirm { token, words: BY_TOKEN.to_owned() })
        }
        "never" => rest.parse().ok().map(MailCommand::Never),
        // The other verbs stand alone; with more words behind them they are a wish or prose.
        _ if !rest.is_empty() => Preference::of(&verb, rest).map(MailCommand::Prefer),
        "list" | "subscriptions" => Some(MailCommand::List),
        "help" | "info" => Some(MailCommand::Help),
        "pause" => Some(MailCommand::Pause),
        "resume" => Some(MailCommand::Resume),
        _ => None,
    }
}

#[cfg(test)]
mod people;
#[cfg(test)]
mod tests;
