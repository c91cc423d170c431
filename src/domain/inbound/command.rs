//! The commands a mail holds: `subscribe hikvision`, `unsubscribe`, `confirm TOKEN`, …
//!
//! The address a mail went to counts first (`watch+subscribe-hikvision@…`), then the
//! subject, then the first lines of the text. What is not understood is an error that
//! ends the reading: nothing after it may take effect, since it was meant for a person.

use super::token::ConfirmToken;
use crate::domain::keyed_link::LinkKey;
use crate::domain::subscription::Preference;

/// One mail does at most so much.
pub const MAX_COMMANDS: usize = 5;

/// Of the text, at most so many lines are looked at: below them stands what was quoted or signed.
const MAX_LINES: usize = 10;

/// A command is one short line; anything longer is prose.
const MAX_LINE_CHARS: usize = 200;

/// No company's name or id is one word of more letters and digits.
const LONGEST_NAME_CHARS: usize = 40;

/// What is asked for, names as they were written; [`super::select`] finds out who is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailCommand {
    /// Follow what is named; not blank.
    Subscribe(String),
    /// End what is named; everything where blank.
    Unsubscribe(String),
    /// End everything, by what only the mail to a subscriber says.
    Leave(String),
    /// Tell what I follow.
    List,
    /// Tell what can be asked.
    Help,
    /// Yes, it was I who asked.
    Confirm(ConfirmToken),
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

/// Marks of replies and forwards that mail programs put before a subject, in the languages of those
/// that do not use `Re:` alone.
const SUBJECT_MARKS: [&str; 16] = [
    "re", "aw", "antw", "sv", "vs", "ref", "rif", "odp", "ynt", "fwd", "fw", "wg", "tr", "回复", "答复",
    "转发",
];

/// Words of people who were asked and do not want. One that is taken wrongly costs its writer a further mail.
const REFUSALS: [&str; 38] = [
    "no",
    "not",
    "dont",
    "didnt",
    "wasnt",
    "nope",
    "stop",
    "cancel",
    "never",
    "unsubscribe",
    "remove",
    "delete",
    "wrong",
    "nein",
    "nicht",
    "kein",
    "keine",
    "abbestellen",
    "non",
    "pas",
    "jamais",
    "annuler",
    "nee",
    "niet",
    "nunca",
    "cancelar",
    "baja",
    "não",
    "nej",
    "inte",
    "ikke",
    "nie",
    "ei",
    "hayır",
    "нет",
    "не",
    "いいえ",
    "아니요",
];

/// The same in scripts that put no blanks between words.
const NEGATIONS: [&str; 6] = ["不", "没", "沒", "取消", "退订", "退訂"];

/// How people begin who have not said anything yet.
const GREETINGS: [&str; 20] = [
    "hi",
    "hello",
    "hey",
    "dear",
    "good",
    "greetings",
    "hallo",
    "guten",
    "moin",
    "liebe",
    "lieber",
    "sehr",
    "bonjour",
    "hola",
    "buenos",
    "ciao",
    "beste",
    "hej",
    "你好",
    "您好",
];

/// What vacation responders say.
const ABSENCES: [&str; 26] = [
    "out of office",
    "out of the office",
    "out-of-office",
    "on vacation",
    "on holiday",
    "on leave",
    "annual leave",
    "parental leave",
    "away from my",
    "away from the office",
    "limited access to",
    "automatic reply",
    "automated response",
    "auto-reply",
    "no longer work",
    "abwesend",
    "nicht im büro",
    "im urlaub",
    "außer haus",
    "en vacances",
    "en congé",
    "fuera de la oficina",
    "de vacaciones",
    "休假",
    "不在办公室",
    "自动回复",
];

/// The commands of a mail: those of the address it went to, or else of its subject and text.
///
/// `detail` is what stands behind the `+` of the address. Reading stops at the first confirmation,
/// the first line that is not understood, and after [`MAX_COMMANDS`].
#[must_use]
pub fn commands(detail: Option<&str>, subject: &str, text: &MailText) -> Vec<MailCommand> {
    if let Some(command) = detail.and_then(of_detail) {
        // Who answers a question with "no" has not confirmed, whatever the address says, and neither has
        // who is away.
        let is_meant = !is_refusal(without_marks(subject)) && !refuses(text) && !is_absence_note(text);
        let is_confirmed = !matches!(command, MailCommand::Confirm(_)) || is_meant;
        return vec![if is_confirmed { command } else { MailCommand::Unknown }];
    }
    let subject = of_line(without_marks(subject));
    let has_subject = subject.is_some();
    let lines =
        text.words.lines().map(str::trim).take_while(|line| !is_end(line)).filter(|line| !is_passed(line));
    let mut found: Vec<MailCommand> = subject.into_iter().collect();
    for line in lines.take(MAX_LINES) {
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

impl MailCommand {
    /// To leave, as the header of a mail has it and a mail program puts it into a subject unchanged.
    #[must_use]
    pub fn leave_of(subject: &str) -> Option<Self> {
        of_line(subject).filter(|command| matches!(command, Self::Leave(_)))
    }

    fn ends_reading(&self) -> bool {
        matches!(self, Self::Confirm(_) | Self::Never(_) | Self::Unknown)
    }
}

/// Whether a person's first own words are a refusal, or may be one that was not looked at. What stands below
/// them may be the question itself, quoted without a mark.
fn refuses(text: &MailText) -> bool {
    for line in text.words.lines().map(str::trim).filter(|line| !is_passed(line)) {
        if is_end(line) {
            return false;
        }
        if is_refusal(line) {
            return true;
        }
        if !is_greeting(line) {
            return false;
        }
    }
    !text.is_whole
}

/// Whether one of the words of a line is a refusal.
fn is_refusal(line: &str) -> bool {
    let line = line.to_lowercase().replace(['’', '‘', 'ʼ', '＇', '´', '`'], "'");
    NEGATIONS.iter().any(|negation| line.contains(negation))
        || words(&line).any(|word| REFUSALS.contains(&word) || word.ends_with("n't"))
}

fn is_greeting(line: &str) -> bool {
    let line = line.to_lowercase();
    line.ends_with([',', '，']) || words(&line).next().is_some_and(|first| GREETINGS.contains(&first))
}

/// The words of a line without the marks around them.
fn words(line: &str) -> impl Iterator<Item = &str> {
    let words = line.split(|c: char| !c.is_alphanumeric() && c != '\'').map(|word| word.trim_matches('\''));
    words.filter(|word| !word.is_empty())
}

/// Whether a vacation responder wrote it that says so in its text alone. A person who confirms in such words
/// is answered how to, and a machine is, once.
fn is_absence_note(text: &MailText) -> bool {
    let own = text.words.lines().map(str::trim).filter(|line| !is_passed(line)).take(MAX_LINES);
    own.map(str::to_lowercase).any(|line| ABSENCES.iter().any(|words| line.contains(words)))
}

/// `subscribe-hikvision`, `confirm-TOKEN`; other details are the operator's own.
fn of_detail(detail: &str) -> Option<MailCommand> {
    let (verb, rest) = detail.split_once(['-', '=', '+']).unwrap_or((detail, ""));
    of_line(&format!("{verb} {rest}"))
}

/// The subject behind any number of `Re:` and their like, also with a count (`Re[2]:`).
fn without_marks(subject: &str) -> &str {
    let mut rest = subject.trim();
    while let Some((head, tail)) = rest.split_once([':', '：']) {
        let mark = head.trim().split('[').next().unwrap_or_default().trim().to_lowercase();
        if !SUBJECT_MARKS.contains(&mark.as_str()) {
            break;
        }
        rest = tail.trim();
    }
    rest
}

/// Where a person's own words end: the signature's dashes (RFC 3676, 4.3), or a quoted message.
fn is_end(line: &str) -> bool {
    matches!(line, "--" | "—" | "___") || line.starts_with("-----Original") || line.starts_with("________")
}

/// Blank and quoted lines say nothing of their own.
fn is_passed(line: &str) -> bool {
    line.is_empty() || line.starts_with(['>', '|'])
}

/// Whether a text is a seal, or was one before it was damaged: nobody's name is so long a word.
fn is_seal(text: &str) -> bool {
    LinkKey::may_open(text)
        || text.len() > LONGEST_NAME_CHARS && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn of_line(line: &str) -> Option<MailCommand> {
    if line.chars().count() > MAX_LINE_CHARS {
        return None;
    }
    let line = line.trim();
    let (verb, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let verb = verb.trim_end_matches(['.', '!', ':', ',']).to_lowercase();
    let rest = rest.trim();
    match verb.as_str() {
        "subscribe" | "follow" => (!rest.is_empty()).then(|| MailCommand::Subscribe(rest.to_owned())),
        "unsubscribe" if is_seal(rest) => Some(MailCommand::Leave(rest.to_owned())),
        "unsubscribe" | "stop" | "remove" => Some(MailCommand::Unsubscribe(rest.to_owned())),
        "confirm" => rest.parse().ok().map(MailCommand::Confirm),
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
mod tests {
    use super::*;
    use crate::domain::subscription::Cadence;

    const TOKEN: &str = "abcdefghijklmnopqrstuvwxya";

    fn subscribe(names: &str) -> MailCommand {
        MailCommand::Subscribe(names.to_owned())
    }

    fn unsubscribe(names: &str) -> MailCommand {
        MailCommand::Unsubscribe(names.to_owned())
    }

    fn confirm() -> MailCommand {
        MailCommand::Confirm(TOKEN.parse().unwrap())
    }

    /// The commands of a mail that was looked at to its end.
    fn commands(detail: Option<&str>, subject: &str, words: &str) -> Vec<MailCommand> {
        super::commands(detail, subject, &MailText { words: words.to_owned(), is_whole: true })
    }

    #[track_caller]
    fn check(subject: &str, text: &str, expected: &[MailCommand]) {
        assert_eq!(commands(None, subject, text), expected);
    }

    #[test]
    fn the_subject_says_it() {
        check("subscribe hikvision", "", &[subscribe("hikvision")]);
        check("Subscribe: hikvision, ZTE Corporation", "", &[subscribe("hikvision, ZTE Corporation")]);
        check("SUBSCRIBE hikvision zte", "Best regards\nAnn", &[subscribe("hikvision zte")]);
        check("Subscribe 海康威视", "", &[subscribe("海康威视")]);
        check("unsubscribe", "", &[unsubscribe("")]);
        check("Help!", "", &[MailCommand::Help]);
        check("pause", "", &[MailCommand::Pause]);
        let daily = MailCommand::Prefer(Preference::Cadence(Cadence::Daily));
        check("digest daily", "", std::slice::from_ref(&daily));
        check(
            "hi",
            "Quiet off\nzone UTC",
            &[
                MailCommand::Prefer(Preference::Quiet(None)),
                MailCommand::Prefer(Preference::Zone(chrono_tz::Tz::UTC)),
            ],
        );
        check("digest of the week", "", &[MailCommand::Unknown]);
        assert_eq!(commands(Some("digest-daily"), "", ""), [daily]);
    }

    #[test]
    fn to_leave_unasked_is_the_subject_of_the_header_and_nothing_else() {
        let seal = "a".repeat(56);
        let leave = Some(MailCommand::Leave(seal.clone()));
        assert_eq!(MailCommand::leave_of(&format!("unsubscribe {seal}")), leave);
        let damaged = seal[1..].to_owned();
        assert_eq!(commands(None, &format!("unsubscribe {damaged}"), ""), [MailCommand::Leave(damaged)]);
        for name in ["a".repeat(40), format!("{seal} zte")] {
            assert_eq!(commands(None, &format!("unsubscribe {name}"), ""), [unsubscribe(&name)]);
        }
        for subject in ["unsubscribe".to_owned(), format!("Undeliverable: unsubscribe {seal}"), seal] {
            assert_eq!(MailCommand::leave_of(&subject), None, "{subject}");
        }
    }

    #[test]
    fn marks_of_replies_are_passed_over() {
        check("Re: AW: Re[2]: list", "", &[MailCommand::List]);
        check("回复：list", "", &[MailCommand::List]);
        check("Fwd: subscribe zte", "", &[subscribe("zte")]);
        check("Reminder: list", "", &[MailCommand::Unknown]);
    }

    #[test]
    fn the_text_says_it_where_the_subject_does_not() {
        check("hello", "\nsubscribe hikvision\nsubscribe zte\n", &[subscribe("hikvision"), subscribe("zte")]);
        check("", "> unsubscribe\n\nlist\n-- \nhelp", &[MailCommand::List]);
        check("", "Dear team,\nunsubscribe", &[MailCommand::Unknown]);
        check("", "", &[MailCommand::Unknown]);
        check("subscribe", "zte", &[MailCommand::Unknown]);
    }

    #[test]
    fn one_mail_does_so_much_and_no_more() {
        assert_eq!(commands(None, "", &"subscribe zte\n".repeat(9)).len(), MAX_COMMANDS);
        check("list", "not a command\nunsubscribe", &[MailCommand::List]);
        let long = format!("subscribe {}", "x".repeat(300));
        check(&long, "", &[MailCommand::Unknown]);
    }

    #[test]
    fn a_confirmation_ends_the_reading_and_a_quoted_one_is_none() {
        check(&format!("confirm {TOKEN}"), "unsubscribe", &[confirm()]);
        check("Re: hello", &format!("CONFIRM {}", TOKEN.to_uppercase()), &[confirm()]);
        check("Automatic reply: hello", &format!("I am away.\n> confirm {TOKEN}"), &[MailCommand::Unknown]);
        assert_eq!(commands(Some(&format!("confirm-{TOKEN}")), "anything", "hello"), [confirm()]);
        let never = MailCommand::Never(TOKEN.parse().unwrap());
        assert_eq!(commands(Some(&format!("never-{TOKEN}")), "Re: Please confirm", "confirm"), [never]);
        check("never again", "", &[MailCommand::Unknown]);
        check("confirm", "", &[MailCommand::Unknown]);
        check("confirm short", "", &[MailCommand::Unknown]);
    }

    #[test]
    fn who_answers_no_has_not_confirmed() {
        let confirm_by = |text: &str| commands(Some(&format!("confirm-{TOKEN}")), "Re: Please confirm", text);
        for text in ["", "yes please", "> no\nYes, it was me.", "Nothing to add", "-- \nno"] {
            assert_eq!(confirm_by(text), [confirm()], "{text}");
        }
        let away = "Thank you for your mail. I am out of the office until Monday.\nAnn";
        assert_eq!(confirm_by(away), [MailCommand::Unknown]);
        assert_eq!(confirm_by("Ich bin bis Montag im Urlaub."), [MailCommand::Unknown]);
        let refusals = [
            "No, stop this!",
            "\n\nStop.",
            "> confirm\n\nUnsubscribe me",
            "Don't",
            "Don’t subscribe me",
            "Do not subscribe me",
            "Please stop",
            "I did not ask for this",
            "It wasn’t me",
            "“No”",
            "'No'",
            "*No*",
            "¡No!",
            "Hi,\n\nNo, remove me",
            "Hello there\nI never asked for this",
            "Regwatch team,\nnein danke",
            "不要",
            "不是我",
            "我没有订阅",
        ];
        for text in refusals {
            assert_eq!(confirm_by(text), [MailCommand::Unknown], "{text}");
        }
    }

    #[test]
    fn what_stands_below_a_persons_own_words_is_not_theirs() {
        let confirm_by = |text: &str| commands(Some(&format!("confirm-{TOKEN}")), "Re: Please confirm", text);
        let question = "From: Regwatch <watch@tracker.example>\nIf you did not ask for this, do nothing.";
        for own in ["Yes.\n", "Hi,\nyes, it was me\n", "Hi,\n-----Original Message-----\n", ""] {
            assert_eq!(confirm_by(&format!("{own}{question}")), [confirm()], "{own}");
        }
    }

    #[test]
    fn who_says_no_in_the_subject_has_not_confirmed() {
        let confirm_by = |subject: &str| commands(Some(&format!("confirm-{TOKEN}")), subject, "> quoted");
        for subject in ["Re: Please confirm what you asked for", "RV: Please confirm what you asked for", ""]
        {
            assert_eq!(confirm_by(subject), [confirm()], "{subject}");
        }
        for subject in ["unsubscribe", "STOP", "Re: No", "AW: Please don’t", "回复：不要"] {
            assert_eq!(confirm_by(subject), [MailCommand::Unknown], "{subject}");
        }
    }

    #[test]
    fn who_may_have_answered_no_beyond_what_was_looked_at_has_not_confirmed() {
        let commands_of = |detail: &str, words: &str| {
            let text = MailText { words: words.to_owned(), is_whole: false };
            super::commands(Some(detail), "Re: Please confirm", &text)
        };
        let confirmation = format!("confirm-{TOKEN}");
        assert_eq!(commands_of(&confirmation, "> quoted\n\n"), [MailCommand::Unknown]);
        assert_eq!(commands_of(&confirmation, "Yes.\n> quoted\n"), [confirm()]);
        assert_eq!(commands_of(&confirmation, "No.\n"), [MailCommand::Unknown]);
        assert_eq!(commands_of("unsubscribe", ""), [unsubscribe("")], "to leave is never held back");
    }

    #[test]
    fn the_address_says_it_first() {
        assert_eq!(commands(Some("subscribe-china-mobile"), "hi", ""), [subscribe("china-mobile")]);
        assert_eq!(commands(Some("unsubscribe"), "hi", "list"), [unsubscribe("")]);
        assert_eq!(commands(Some("unsubscribe-zte"), "", ""), [unsubscribe("zte")]);
        assert_eq!(commands(Some("newsletter"), "list", ""), [MailCommand::List]);
    }

    #[test]
    fn any_text_comes_to_an_end() {
        let long = "confirm ".repeat(20_000);
        assert_eq!(commands(Some(&long), &long, &long), [MailCommand::Unknown]);
        let marks = "re:".repeat(50_000);
        assert_eq!(commands(None, &marks, ""), [MailCommand::Unknown]);
    }
}
