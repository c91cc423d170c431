//! What mails ask for, as people and machines write them.

use super::*;
use crate::domain::subscription::Cadence;

pub(super) const TOKEN: &str = "abcdefghijklmnopqrstuvwxya";

fn subscribe(names: &str) -> MailCommand {
    MailCommand::Subscribe(names.to_owned())
}

fn unsubscribe(names: &str) -> MailCommand {
    MailCommand::Unsubscribe(LeavingWish { names: names.to_owned(), is_bare: names.is_empty() })
}

fn confirm(words: &str) -> MailCommand {
    MailCommand::Confirm { token: TOKEN.parse().unwrap(), words: words.to_owned() }
}

fn unclear() -> MailCommand {
    MailCommand::Unclear { token: TOKEN.parse().unwrap(), wish: None }
}

/// What an answer to the question says.
pub(super) fn answered(subject: &str, text: &str) -> MailCommand {
    commands(Some(&format!("confirm-{TOKEN}")), subject, text).remove(0)
}

/// The commands of a mail that was looked at to its end.
pub(super) fn commands(detail: Option<&str>, subject: &str, words: &str) -> Vec<MailCommand> {
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
    let once = |is_once| MailCommand::Prefer(Preference::Once(is_once));
    check("events once", "", &[once(true)]);
    check("Re: your digest", "one mail per event, please", &[MailCommand::Unknown]);
    check("One mail per event.", "events all", &[once(true), once(false)]);
    check("events of the week", "", &[MailCommand::Unknown]);
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
fn the_text_says_it_where_the_subject_does_not() {
    check("hello", "\nsubscribe hikvision\nsubscribe zte\n", &[subscribe("hikvision"), subscribe("zte")]);
    check("", "> unsubscribe\n\nlist\n-- \nhelp", &[MailCommand::List]);
    check("", "Dear team,\nunsubscribe", &[unsubscribe("")]);
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
    check(&format!("confirm {TOKEN}"), "unsubscribe", &[confirm(BY_TOKEN)]);
    check("Re: hello", &format!("CONFIRM {}", TOKEN.to_uppercase()), &[confirm(BY_TOKEN)]);
    check("Automatic reply: hello", &format!("I am away.\n> confirm {TOKEN}"), &[MailCommand::Unknown]);
    let never = MailCommand::Never(TOKEN.parse().unwrap());
    assert_eq!(commands(Some(&format!("never-{TOKEN}")), "Re: Please confirm", "confirm"), [never]);
    check("never again", "", &[MailCommand::Unknown]);
    check("confirm", "", &[MailCommand::Unknown]);
    check("confirm short", "", &[MailCommand::Unknown]);
}

#[test]
fn a_yes_the_token_and_an_empty_answer_confirm_and_their_words_are_kept() {
    let question = "Re: Please confirm what you asked for";
    for text in
        ["Yes please, confirm", "> no\nYes, it was me.", "[EXTERNAL] Caution: outside sender\n\nJa, bitte"]
    {
        let said = text.lines().last().unwrap();
        assert_eq!(answered(question, text), confirm(said), "{text}");
    }
    for text in ["", "\n\n", "-- \nno", "Sent from my iPhone", "> quoted", "From: W <w@tracker.example>\nno"]
    {
        for subject in
            [question, "", "[EXTERNAL] RE: Please confirm", "RV: Please confirm what you asked for", "AW: x"]
        {
            assert_eq!(answered(subject, text), confirm(BY_EMPTY_ANSWER), "{subject}: {text}");
        }
    }
    assert_eq!(answered(question, &format!("confirm {TOKEN}\nAnn")), confirm(BY_TOKEN));
    assert_eq!(answered(question, TOKEN), confirm(BY_TOKEN));
    assert_eq!(answered("Yes, confirm", ""), confirm("Yes, confirm"));
    assert_eq!(answered("confirm", "Regards\nAnn"), confirm("confirm"));
}

#[test]
fn whatever_else_is_answered_is_no_yes() {
    let question = "Re: Please confirm what you asked for";
    for text in [
        "Who is this?",
        "Spam!!!",
        "Nothing to add",
        "Thank you for your mail. I am out of the office.\nAnn",
        "Ich bin bis Montag im Urlaub.",
        "I did not ask for this",
        "It wasn’t me",
        "“No”",
        "*No*",
        "¡No!",
        "Hello there\nI never asked for this",
        "Regwatch team,\nnein danke",
        "不要",
        "不是我",
        "我没有订阅",
        "Regards\nAnn",
        "Dear customer,\nyour request has been received.",
        "yes?",
        "confirm abcdefghijklmnopqrstuvwxyb",
    ] {
        assert_eq!(answered(question, text), unclear(), "{text}");
    }
    for subject in [
        "Accepted: Please confirm",
        "Ticket Received - 286614 - Please confirm",
        "STOP it",
        "Re: No",
        "回复：不要",
    ] {
        assert!(!matches!(answered(subject, ""), MailCommand::Confirm { .. }), "{subject}");
    }
    for text in ["Löschen Sie meine Daten!", "Unsubscribe me", "No, remove me from your list", "STOP"] {
        let wish = |said: &MailCommand| matches!(said, MailCommand::Unclear { wish: Some(_), .. });
        assert!(wish(&answered(question, text)), "{text}");
    }
}

#[test]
fn who_may_have_said_otherwise_beyond_what_was_looked_at_has_not_confirmed() {
    let commands_of = |detail: &str, words: &str| {
        let text = MailText { words: words.to_owned(), is_whole: false };
        super::commands(Some(detail), "Re: Please confirm", &text)
    };
    let confirmation = format!("confirm-{TOKEN}");
    assert_eq!(commands_of(&confirmation, "> quoted\n\n"), [unclear()]);
    assert_eq!(commands_of(&confirmation, "Yes.\n> quoted\n"), [confirm("Yes.")]);
    assert_eq!(commands_of(&confirmation, "No.\n"), [unclear()]);
    assert_eq!(commands_of("unsubscribe", ""), [unsubscribe("")], "to leave is never held back");
}

#[test]
fn what_machines_put_before_a_command_does_not_defeat_it() {
    let banner = "CAUTION: This email originated from outside of the organization. Do not click links.\n\n";
    for subject in [
        "[EXTERNAL] unsubscribe",
        "Re: [EXT] unsubscribe",
        "***SPAM*** unsubscribe",
        "un\u{ad}sub\u{200b}scribe",
    ] {
        check(subject, banner, &[unsubscribe("")]);
    }
    check("", &format!("{banner}\u{feff}unsubscribe\nAnn"), &[unsubscribe("")]);
    check("Re: ZTE: 2 changes on 1 source", "Hi,\n\nunsubscribe\n\nAnn", &[unsubscribe("")]);
    check("Re: ZTE: motion for leave to file", "Thanks", &[MailCommand::Unknown]);
    let seal = "a".repeat(56);
    let tagged = MailCommand::leave_of(&format!("[EXTERNAL] unsubscribe {seal}"));
    assert_eq!(tagged, Some(MailCommand::Leave(seal)));
}

#[test]
fn politeness_takes_nothing_from_a_command() {
    check("Please list", "", &[MailCommand::List]);
    check("I would like to subscribe to ZTE, please", "", &[subscribe("ZTE")]);
    check("please subscribe me to hikvision", "", &[subscribe("hikvision")]);
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
