//! Which mail is never answered: what a machine wrote, and what went in a circle (RFC 3834, 2).

use super::command::MailText;
use super::lexicon::{WordList, words_of};
use super::own_words::{BareSubject, OwnWords};
use crate::domain::email::EmailAddress;

/// A message's headers: names in any case, values unfolded, in their order.
pub type Headers<'a> = &'a [(String, String)];

/// The header by which this program recognises its own mail.
pub const LOOP_MARK: &str = "X-Regwatch-Loop";

/// A message that passed through more machines than this goes in a circle.
const MAX_RECEIVED: usize = 25;

/// Local parts of machines. A reply to one of them reaches nobody, or everybody.
const MACHINES: [&str; 13] = [
    "mailer-daemon",
    "mailer_daemon",
    "postmaster",
    "noreply",
    "no-reply",
    "no_reply",
    "donotreply",
    "do-not-reply",
    "do_not_reply",
    "listserv",
    "majordomo",
    "bounce",
    "bounces",
];

/// Headers, in small letters, that only machines write that answer by themselves, whatever their value.
const MACHINE_HEADERS: &[&str] = &[
    "x-autoreply",
    "x-autoreply-from",
    "x-mail-autoreply",
    "x-auto-reply",
    "x-autorespond",
    "x-autoresponder",
    "x-vacation",
    "x-failed-recipients",
];

/// Headers, in small letters, that machines write into a person's mail as well: gateways, customer systems, mail
/// programs. Who bears one and asks for something is heard.
const GATEWAY_HEADERS: &[&str] = &[
    "list-id",
    "list-unsubscribe",
    "list-post",
    "list-help",
    "feedback-id",
    "x-loop",
    "x-auto-response-suppress",
    "x-ms-exchange-inbox-rules-loop",
    "x-csa-complaints",
    "x-campaign",
    "x-mailgun-sid",
    "x-sg-eid",
];

/// Why a message must not be answered, if it must not.
///
/// `envelope` is the envelope's sender, empty for bounces; `from` who it says it is from; `own` the addresses
/// of this service, with any detail behind a `+`.
#[must_use]
pub fn silence(
    headers: Headers<'_>,
    envelope: Option<&str>,
    from: &EmailAddress,
    own: &[&EmailAddress],
) -> Option<String> {
    if envelope.is_some_and(is_nobody) {
        return Some("it is a bounce: the envelope has no sender".to_owned());
    }
    if own.iter().any(|own| is_of(from, own)) {
        return Some("it is our own".to_owned());
    }
    of_address(from).or_else(|| headers.iter().find_map(of_header)).or_else(|| {
        let hops = headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("received")).count();
        (hops > MAX_RECEIVED).then(|| format!("it went through {hops} machines, which is a circle"))
    })
}

/// Why a message that asks for nothing is rather a machine's than a person's: it bears a mark that gateways write as
/// well, or it says so in its text alone. A person who writes like that is not told how to ask.
#[must_use]
pub fn is_rather_a_machines(headers: Headers<'_>, subject: &str, text: &MailText) -> Option<String> {
    let subject = BareSubject::of(subject).words.to_lowercase();
    if are_a_machines(&OwnWords::of(text).lines)
        || words_of(WordList::TicketSubjects).iter().any(|begin| subject.starts_with(begin))
    {
        return Some("it asks for nothing, in a machine's words".to_owned());
    }
    let marked =
        headers.iter().find(|(name, _)| GATEWAY_HEADERS.contains(&name.to_ascii_lowercase().as_str()));
    marked.map(|(name, _)| format!("it asks for nothing and bears a machine's mark: {name}"))
}

/// Whether a text says what vacation responders and ticket systems say.
pub(super) fn are_a_machines(lines: &[String]) -> bool {
    lines
        .iter()
        .map(|line| line.to_lowercase().replace('’', "'"))
        .any(|line| words_of(WordList::MachineWords).iter().any(|words| line.contains(words)))
}

/// Whether nobody sent it, by the envelope or by what a server noted of it.
#[must_use]
pub fn is_bounce(headers: Headers<'_>, envelope: Option<&str>) -> bool {
    let noted = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("return-path"));
    envelope.or_else(|| noted.map(|(_, value)| value.as_str())).is_some_and(is_nobody)
}

/// Whether an envelope's sender is nobody, also as servers write it who must write something.
fn is_nobody(sender: &str) -> bool {
    let sender = sender.trim().trim_matches(['<', '>']);
    sender.is_empty() || sender.eq_ignore_ascii_case("mailer-daemon")
}

/// Whether an address leads to a mailbox, whatever stands behind its `+`.
fn is_of(address: &EmailAddress, mailbox: &EmailAddress) -> bool {
    let local = address.local().split('+').next().unwrap_or_default();
    local.eq_ignore_ascii_case(mailbox.local()) && address.domain().eq_ignore_ascii_case(mailbox.domain())
}

fn of_address(from: &EmailAddress) -> Option<String> {
    let local = from.local().to_ascii_lowercase();
    let is_machine = MACHINES.contains(&local.as_str())
        || local.starts_with("owner-")
        || ["-request", "-owner", "-bounces"].iter().any(|end| local.ends_with(end));
    is_machine.then(|| format!("{local} is a machine's address"))
}

fn of_header((name, value): &(String, String)) -> Option<String> {
    let value = value.trim().to_ascii_lowercase();
    let first = value.split([';', ' ', '(']).next().unwrap_or_default();
    let is_automatic = match name.to_ascii_lowercase().as_str() {
        "auto-submitted" => first != "no",
        "precedence" | "x-precedence" => {
            matches!(first, "bulk" | "list" | "junk" | "auto_reply" | "auto-reply")
        }
        "content-type" => first == "multipart/report",
        "return-path" => value == "<>",
        "subject" => {
            let subject = BareSubject::of(&value).words;
            words_of(WordList::MachineSubjects)
                .iter()
                .any(|begin| subject.starts_with(begin) || value.starts_with(begin))
        }
        name => MACHINE_HEADERS.contains(&name) || name.eq_ignore_ascii_case(LOOP_MARK),
    };
    is_automatic.then(|| format!("it is automatic: {name}: {}", crate::domain::text::shorten(&value, 60)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(headers: &[(&str, &str)], envelope: Option<&str>, from: &str, is_silent: bool) {
        let headers: Vec<_> = headers.iter().map(|&(n, v)| (n.to_owned(), v.to_owned())).collect();
        let own = ["watch@tracker.example", "alerts@tracker.example"].map(|own| own.parse().unwrap());
        let found = silence(&headers, envelope, &from.parse().unwrap(), &[&own[0], &own[1]]);
        assert_eq!(found.is_some(), is_silent, "{found:?}");
    }

    const ANN: &str = "ann@example.org";

    #[test]
    fn what_a_machine_wrote_is_not_answered() {
        check(&[], Some("<>"), ANN, true);
        check(&[], Some(""), ANN, true);
        check(&[], Some("MAILER-DAEMON"), ANN, true);
        check(&[("Return-Path", "<>")], None, ANN, true);
        check(&[("Auto-Submitted", "auto-replied (vacation)")], Some(ANN), ANN, true);
        check(&[("Precedence", "bulk")], Some(ANN), ANN, true);
        check(&[("Content-Type", "multipart/report; report-type=delivery-status")], Some(ANN), ANN, true);
        check(&[("X-Regwatch-Loop", "1")], Some(ANN), ANN, true);
        check(&[("Subject", "Out of Office: Please confirm")], Some(ANN), ANN, true);
        check(&[("Subject", "自动回复: 你好")], Some(ANN), ANN, true);
        check(&[], Some(ANN), "MAILER-DAEMON@example.org", true);
        check(&[], Some(ANN), "security-request@example.org", true);
        check(&[], Some(ANN), "watch@tracker.example", true);
        check(&[], Some(ANN), "Watch+confirm-x@tracker.example", true);
        check(&[], Some(ANN), "alerts@tracker.example", true);
        check(&[("Subject", "Undeliverable: Please confirm")], Some(ANN), ANN, true);
        check(&[("X-Autoreply-From", "ann@example.org")], Some(ANN), ANN, true);
        check(&[("Subject", "[EXTERNAL] Absent du bureau Re: Please confirm")], Some(ANN), ANN, true);
        check(&[("Subject", "Fuori sede: Please confirm")], Some(ANN), ANN, true);
        check(&[("Subject", "Accepted: Please confirm")], Some(ANN), ANN, true);
        check(&[("Received", "by mx"); 26], Some(ANN), ANN, true);
    }

    #[test]
    fn nobodys_mail_is_told_by_the_envelope_or_else_by_what_a_server_noted() {
        let noted = |value: &str| vec![("Return-Path".to_owned(), value.to_owned())];
        assert!(is_bounce(&[], Some("")) && is_bounce(&noted(ANN), Some("<>")));
        assert!(is_bounce(&noted("<>"), None));
        assert!(!is_bounce(&noted("<ann@example.org>"), None) && !is_bounce(&[], None));
        assert!(!is_bounce(&[], Some(ANN)));
    }

    #[test]
    fn what_a_gateway_wrote_into_a_persons_mail_makes_it_no_machines() {
        for (name, value) in [
            ("X-Auto-Response-Suppress", "OOF, DR, NDR, RN, NRN"),
            ("Feedback-ID", "1:client:ses"),
            ("X-MS-Exchange-Inbox-Rules-Loop", "ann@client.example"),
            ("List-Unsubscribe", "<https://crm.example/u/1>"),
            ("List-ID", "<x.example.org>"),
            ("X-Loop", "ann@client.example"),
        ] {
            check(&[(name, value)], Some(ANN), ANN, false);
            let headers = [(name.to_owned(), value.to_owned())];
            assert!(is_rather_a_machines(&headers, "hello", &MailText::default()).is_some(), "{name}");
        }
        let of = |subject: &str, words: &str| {
            is_rather_a_machines(&[], subject, &MailText { words: words.to_owned(), is_whole: true })
                .is_some()
        };
        assert!(of("Re: Please confirm", "Ik ben afwezig tot 5 januari."));
        assert!(of("Ticket Received - 286614", "hello") && !of("Re: Please confirm", "Who is this?"));
    }

    #[test]
    fn what_a_person_wrote_is() {
        check(&[], Some(ANN), ANN, false);
        check(&[("Auto-Submitted", "no"), ("Precedence", "first-class")], Some(ANN), ANN, false);
        check(&[("Content-Type", "multipart/alternative; boundary=x")], None, ANN, false);
        check(&[("Received", "by mx"); 8], Some(ANN), ANN, false);
        check(&[("Subject", "Re: my subscription")], Some(ANN), "watcher@tracker.example", false);
    }
}
