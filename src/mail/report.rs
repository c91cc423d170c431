//! A message that came in and is a report on a mail of ours: a bounce or a complaint.

use mail_parser::{Message, MessagePart, MimeHeaders, PartType};

use super::head::MessageHead;
use super::inbound_message::{detail_of, headers, recipients, text};
use super::{InboundEnvelope, Unusable};
use crate::domain::bounce::{
    BounceKind, NO_RECIPIENT, Returned, delivery_status, feedback, in_words, original_sender,
};
use crate::domain::email::EmailAddress;
use crate::domain::inbound::is_bounce;
use crate::domain::text::one_line;
use crate::domain::verp::is_bounce_detail;

/// A report, and the details of the addresses that may name the mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailReport {
    /// What stands behind the `+` of addresses of ours, that of the recipient first. Only one that was
    /// made here names a mail.
    pub details: Vec<String>,
    /// What it says.
    pub verdict: BounceKind,
}

/// Of a report, so many parts are looked at.
const MAX_PARTS: usize = 32;

/// Of header fields that came back as a text, so many lines.
const MAX_LINES: usize = 200;

const RETURN_PATH: &str = "Return-Path";

impl MailReport {
    /// Reads a message that came to an address to which mail comes back, or that is a complaint;
    /// nothing for every other.
    ///
    /// An absence note that comes to such an address is no news of the mail and nothing to answer; whatever else
    /// comes there from a server is a mail that came back, also where only a person can read it.
    ///
    /// # Errors
    /// Why nothing can be done with a message.
    pub fn parse(
        raw: &[u8],
        envelope: &InboundEnvelope,
        inbox: &EmailAddress,
    ) -> Result<Option<Self>, Unusable> {
        let head = MessageHead::of(raw)?;
        let message = head.message()?;
        let details: Vec<String> = recipients(&message, envelope, &headers(&message))
            .iter()
            .filter_map(|recipient| detail_of(recipient, inbox))
            .collect();
        let bounced: Vec<String> =
            details.iter().filter(|detail| is_bounce_detail(detail)).cloned().collect();
        // The part that machines read counts whole or not at all: cut, a status may be another's.
        let part = |subtype| part(&message, subtype).filter(|part| head.has_whole(part));
        if let Some(part) = part("feedback-report").filter(|_| !details.is_empty()) {
            return Ok(Some(complaint(&message, &text_of(part), inbox)));
        }
        if bounced.is_empty() {
            return Ok(None);
        }
        let status = part("delivery-status").or_else(|| part("global-delivery-status"));
        let reported = status.map(|part| delivery_status(&text_of(part)));
        let verdict = match reported.filter(|_| is_a_servers(&message, envelope)) {
            // Of a report that names no recipient the words may say more.
            Some(verdict) if !matches!(&verdict, BounceKind::Nothing { why } if why == NO_RECIPIENT) => {
                verdict
            }
            _ => said_in_words(&message, &head, envelope),
        };
        Ok(Some(Self { details: bounced, verdict }))
    }
}

fn complaint(message: &Message<'_>, text: &str, inbox: &EmailAddress) -> MailReport {
    let sender = original_sender(text).into_iter().chain(return_paths(message));
    let details = sender.filter_map(|address| detail_of(&address, inbox)).collect();
    MailReport { details, verdict: feedback(text) }
}

/// Where the mail complained of says that it comes back to.
fn return_paths(message: &Message<'_>) -> Vec<String> {
    let parts = message.parts.iter().take(MAX_PARTS);
    parts
        .filter_map(|part| {
            if let PartType::Message(inner) = &part.body { of_message(inner) } else { of_headers(part) }
        })
        .collect()
}

fn of_message(message: &Message<'_>) -> Option<String> {
    let mut fields = message.headers_raw();
    fields.find(|(name, _)| name.eq_ignore_ascii_case(RETURN_PATH)).map(|(_, value)| value.trim().to_owned())
}

/// Where only the header fields came back, as a text.
fn of_headers(part: &MessagePart<'_>) -> Option<String> {
    text_of(part).lines().take(MAX_LINES).find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case(RETURN_PATH).then(|| value.trim().to_owned())
    })
}

/// Whether a message may be a server's report: it says so, nobody sent it, or who sent it is a server. A person who
/// sends a report on is none.
fn is_a_servers(message: &Message<'_>, envelope: &InboundEnvelope) -> bool {
    is_report(message)
        || is_bounce(&headers(message), envelope.sender.as_deref())
        || from(message).contains("daemon")
}

/// What a message says that is no report which machines can read.
fn said_in_words(message: &Message<'_>, head: &MessageHead<'_>, envelope: &InboundEnvelope) -> BounceKind {
    let headers = headers(message);
    let is_automatic = headers.iter().any(|(name, value)| {
        let is_marked = name.eq_ignore_ascii_case("auto-submitted") && !value.eq_ignore_ascii_case("no");
        is_marked
            || name.to_ascii_lowercase().starts_with("x-auto")
            || name.eq_ignore_ascii_case("x-vacation")
    });
    in_words(Returned {
        from: &from(message),
        subject: &one_line(message.subject().unwrap_or_default()),
        text: &text(message, head).words,
        is_from_nobody: is_report(message)
            || is_bounce(&headers, envelope.sender.as_deref())
            || headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("x-failed-recipients")),
        is_automatic,
    })
}

/// Who it says it is from: the name and the local part, in small letters.
fn from(message: &Message<'_>) -> String {
    let Some(first) = message.from().and_then(|from| from.first()) else { return String::new() };
    let local = first.address().and_then(|address| address.rsplit_once('@')).map_or("", |(local, _)| local);
    format!("{} {local}", first.name().unwrap_or_default()).to_lowercase()
}

fn is_report(message: &Message<'_>) -> bool {
    message.content_type().is_some_and(|kind| {
        kind.c_type.eq_ignore_ascii_case("multipart")
            && kind.c_subtype.as_deref().is_some_and(|subtype| subtype.eq_ignore_ascii_case("report"))
    })
}

/// The part `message/…` of this kind.
fn part<'a>(message: &'a Message<'a>, subtype: &str) -> Option<&'a MessagePart<'a>> {
    message.parts.iter().take(MAX_PARTS).find(|part| {
        part.content_type().is_some_and(|kind| {
            kind.c_type.eq_ignore_ascii_case("message")
                && kind.c_subtype.as_deref().is_some_and(|found| found.eq_ignore_ascii_case(subtype))
        })
    })
}

fn text_of(part: &MessagePart<'_>) -> String {
    String::from_utf8_lossy(part.contents()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inbox() -> EmailAddress {
        "watch@tracker.example".parse().unwrap()
    }

    fn report(to: &str, status: &str) -> String {
        format!(
            "From: MAILER-DAEMON@mx.example.org\nTo: {to}\nSubject: Undelivered Mail Returned to Sender\n\
             Auto-Submitted: auto-replied\nMIME-Version: 1.0\n\
             Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\n\n\
             --b\nContent-Type: text/plain\n\nI could not deliver it.\n\n\
             --b\nContent-Type: message/delivery-status\n\n{status}\n\
             --b\nContent-Type: message/rfc822\n\nFrom: alerts@tracker.example\nSubject: x\n\nx\n--b--\n"
        )
    }

    const GONE: &str = "Reporting-MTA: dns; mx.example.org\n\nFinal-Recipient: rfc822; ann@example.org\n\
        Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 no such user\n";

    fn parse(raw: &str) -> Option<MailReport> {
        MailReport::parse(raw.replace('\n', "\r\n").as_bytes(), &InboundEnvelope::default(), &inbox())
            .unwrap()
    }

    #[test]
    fn a_bounce_is_read_whether_its_parts_are_plain_or_encoded() {
        let to = "watch+bounce-0123.abc@tracker.example";
        let found = parse(&report(to, GONE)).unwrap();
        assert_eq!(found.details, ["bounce-0123.abc"]);
        assert!(matches!(found.verdict, BounceKind::NoMailbox { .. }), "{found:?}");
        let encoded = report(to, GONE).replace(
            "Content-Type: message/delivery-status\n",
            "Content-Type: message/delivery-status\nContent-Transfer-Encoding: 8bit\n",
        );
        assert_eq!(parse(&encoded).unwrap(), found);
    }

    #[test]
    fn what_is_no_report_says_nothing_of_the_mail() {
        let away = "From: ann@example.org\nTo: watch+bounce-0123.abc@tracker.example\nSubject: Out of office\n\n\
                    Action: failed\nStatus: 5.1.1\n";
        assert!(matches!(parse(away).unwrap().verdict, BounceKind::Nothing { .. }));
        let sent_on = report("watch+bounce-0123.abc@tracker.example", GONE)
            .replace("multipart/report", "multipart/mixed")
            .replace("MAILER-DAEMON@", "ann@")
            .replace("Undelivered Mail Returned to Sender", "FYI");
        assert!(matches!(parse(&sent_on).unwrap().verdict, BounceKind::Nothing { .. }));
    }

    #[test]
    fn a_report_is_read_whatever_its_parts_are_called_and_one_in_words_as_well() {
        let to = "watch+bounce-0123.abc@tracker.example";
        let mixed =
            report(to, GONE).replace("multipart/report; report-type=delivery-status", "multipart/mixed");
        assert!(matches!(parse(&mixed).unwrap().verdict, BounceKind::NoMailbox { .. }));
        let head = format!(
            "From: Mail Delivery System <Mailer-Daemon@mx.example.org>\nTo: {to}\nSubject: Mail failed\n"
        );
        let html = format!(
            "{head}Content-Type: text/html; charset=utf-8\n\n<p>Your mail to ann@example.org could not be \
             delivered: <b>mailbox not found</b>.</p>\n"
        );
        assert!(matches!(parse(&html).unwrap().verdict, BounceKind::NoMailbox { .. }));
        let BounceKind::Undelivered { words } =
            parse(&format!("{head}\nNobody knows why.\n")).unwrap().verdict
        else {
            panic!("a mail that came back")
        };
        assert_eq!(words, "Mail failed Nobody knows why.");
        let empty = report(to, "X-Nothing: here\n");
        assert!(matches!(parse(&empty).unwrap().verdict, BounceKind::Undelivered { .. }));
    }

    #[test]
    fn a_report_to_another_address_is_a_message_like_any_other() {
        assert_eq!(parse(&report("watch@tracker.example", GONE)), None);
        assert_eq!(parse(&report("watch+bounce-0123.abc@elsewhere.example", GONE)), None);
    }

    #[test]
    fn a_complaint_names_its_mail_by_the_sender_or_by_the_mail_itself() {
        let of = |feedback: &str, original: &str| {
            format!(
                "From: fbl@isp.example\nTo: watch@tracker.example\nSubject: complaint\nMIME-Version: 1.0\n\
                 Content-Type: multipart/report; report-type=feedback-report; boundary=\"b\"\n\n\
                 --b\nContent-Type: text/plain\n\na complaint\n\n\
                 --b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nVersion: 1\n{feedback}\n\
                 --b\n{original}\n--b--\n"
            )
        };
        let path = "<watch+bounce-0123.abc@tracker.example>";
        let headers = format!("Return-Path: {path}\nSubject: x\n");
        let texts = [
            of(&format!("Original-Mail-From: {path}\n"), "Content-Type: message/rfc822\n\nSubject: x\n\nx"),
            of("", &format!("Content-Type: message/rfc822\n\n{headers}\nx")),
            of("", &format!("Content-Type: text/rfc822-headers\n\n{headers}")),
        ];
        for text in texts {
            let found = parse(&text).unwrap();
            assert_eq!(found.details, ["bounce-0123.abc"], "{text}");
            assert!(matches!(found.verdict, BounceKind::Complaint { .. }), "{found:?}");
        }
    }

    #[test]
    fn a_report_on_a_very_large_mail_is_read_and_one_whose_status_was_cut_says_that_it_came_back() {
        let to = "watch+bounce-0123.abc@tracker.example";
        let large = report(to, GONE).replace("x\n--b--", &format!("{}--b--", "line\n".repeat(80_000)));
        assert!(matches!(parse(&large).unwrap().verdict, BounceKind::NoMailbox { .. }));
        let cut = report(to, &format!("{GONE}{}", "X-Line: y\n".repeat(40_000)));
        assert!(matches!(parse(&cut).unwrap().verdict, BounceKind::Undelivered { .. }));
    }
}
