//! A message that came in, as what is needed of it.

use std::net::IpAddr;

use mail_parser::{Address, Message};
use serde::{Deserialize, Serialize};

use super::head::MessageHead;
use crate::domain::email::EmailAddress;
use crate::domain::inbound::{MailText, Trust};
use crate::domain::text::boundary_before;
use crate::html::own_words;
use crate::settings::InboxSettings;

/// What the server that took the message in knows of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboundEnvelope {
    /// The envelope's sender; empty for a bounce.
    pub sender: Option<String>,
    /// The envelope's recipient.
    pub recipient: Option<String>,
}

/// A message, its sender's own words apart from what surrounds them.
#[derive(Debug, Clone)]
pub struct InboundMessage {
    /// Who it says it is from.
    pub from: EmailAddress,
    /// What stands behind the `+` of the address it went to.
    pub detail: Option<String>,
    /// The subject, decoded, on one line.
    pub subject: String,
    /// The first text of the body, decoded.
    pub text: MailText,
    /// All headers, values as text, in their order.
    pub headers: Vec<(String, String)>,
    /// Its Message-ID without angle brackets.
    pub message_id: Option<String>,
    /// What is known of its sender.
    pub trust: Trust,
    /// The machine that handed it to our own server, where that is a machine of the internet.
    pub client: Option<String>,
}

/// Why a message cannot be acted upon.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// A header longer than all that is looked at.
    #[error("its header does not end within the part that is read")]
    HeaderTooLong,
    /// No header can be read.
    #[error("it is not a message")]
    NotAMessage,
    /// Not from one address that can be answered.
    #[error("it does not have one usable sender address")]
    Sender,
    /// For another mailbox.
    #[error("it is addressed to a mailbox other than {0}")]
    Recipient(EmailAddress),
}

/// Of the body, so many bytes are looked at.
const MAX_TEXT_BYTES: usize = 16 * 1024;

impl InboundMessage {
    /// Reads a message, of a very large one the beginning. Attachments are passed over.
    ///
    /// # Errors
    /// Why nothing can be done with it.
    pub fn parse(raw: &[u8], envelope: &InboundEnvelope, inbox: &InboxSettings) -> Result<Self, Unusable> {
        let head = MessageHead::of(raw)?;
        let message = head.message()?;
        let headers = headers(&message);
        let recipients = recipients(&message, envelope, &headers);
        let mut details = recipients.iter().filter_map(|recipient| detail_of(recipient, &inbox.address));
        // A server that drops what stands behind the `+` leaves it in To.
        let detail = details.next().map(|first| {
            if first.is_empty() {
                details.find(|detail| !detail.is_empty()).unwrap_or_default()
            } else {
                first
            }
        });
        let from = sender(&message).ok_or(Unusable::Sender)?;
        Ok(Self {
            trust: trust(&headers, inbox.authserv_id.as_deref(), &from),
            from,
            detail: Some(detail.ok_or_else(|| Unusable::Recipient(inbox.address.clone()))?)
                .filter(|detail| !detail.is_empty()),
            subject: subject(&message),
            text: text(&message, &head),
            message_id: message.message_id().map(str::to_owned),
            client: client(&headers),
            headers,
        })
    }
}

/// The subject, decoded, on one line.
fn subject(message: &Message<'_>) -> String {
    crate::domain::text::one_line(message.subject().unwrap_or_default())
}

/// All headers, the subject among them as it is read.
pub(super) fn headers(message: &Message<'_>) -> Vec<(String, String)> {
    let subject = subject(message);
    let text = |name: &str, value| {
        if name.eq_ignore_ascii_case("subject") { subject.clone() } else { unfolded(value) }
    };
    message.headers_raw().map(|(name, value)| (name.to_owned(), text(name, value))).collect()
}

/// A header's value on one line (RFC 5322, 2.2.3).
fn unfolded(value: &str) -> String {
    value.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The one address in the one From. A name is never used: it is the sender's to make up. With a second field, which
/// no standard allows, a server may have vouched for either.
fn sender(message: &Message<'_>) -> Option<EmailAddress> {
    if message.headers_raw().filter(|(name, _)| name.trim().eq_ignore_ascii_case("From")).count() != 1 {
        return None;
    }
    let Some(Address::List(list)) = message.from() else { return None };
    let [only] = list.as_slice() else { return None };
    only.address()?.parse().ok()
}

/// Where it went: the envelope knows, else what our own server noted, then what the sender wrote. A server
/// notes a mailbox of another name where ours is an alias of it.
pub(super) fn recipients(
    message: &Message<'_>,
    envelope: &InboundEnvelope,
    headers: &[(String, String)],
) -> Vec<String> {
    if let Some(recipient) = &envelope.recipient {
        return vec![recipient.clone()];
    }
    let noted = ["Delivered-To", "X-Original-To"].into_iter().filter_map(|wanted| {
        headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.clone())
    });
    let written = [message.to(), message.cc()].into_iter().flatten().flat_map(Address::iter);
    noted.chain(written.filter_map(|address| address.address().map(str::to_owned))).collect()
}

/// The detail of an address that leads to the mailbox, often empty; nothing for another mailbox.
pub(super) fn detail_of(recipient: &str, inbox: &EmailAddress) -> Option<String> {
    let recipient = recipient.trim().trim_matches(['<', '>']);
    let (local, domain) = recipient.rsplit_once('@')?;
    let (mailbox, detail) = local.split_once('+').unwrap_or((local, ""));
    let is_ours = mailbox.eq_ignore_ascii_case(inbox.local()) && domain.eq_ignore_ascii_case(inbox.domain());
    is_ours.then(|| detail.to_owned())
}

/// The first text that a person wrote as text, or else the words of the first in HTML. Where one in HTML cannot
/// be read, what it says is not known to be nothing.
pub(super) fn text(message: &Message<'_>, head: &MessageHead<'_>) -> MailText {
    for part in message.text_bodies().filter(|part| part.is_text() && !part.is_text_html()) {
        let text = part.text_contents().unwrap_or_default();
        if !text.trim().is_empty() {
            return whole_lines(text, head.has_whole(part));
        }
    }
    for part in message.html_bodies().filter(|part| part.is_text_html()) {
        let Some(words) = part.text_contents().and_then(own_words) else {
            return MailText { words: String::new(), is_whole: false };
        };
        if !words.trim().is_empty() {
            return whole_lines(&words, head.has_whole(part));
        }
    }
    whole_lines("", head.is_whole())
}

/// A text up to its bound. Of a line that was cut nothing is left: its beginning may ask for something
/// else than all of it.
fn whole_lines(text: &str, is_whole: bool) -> MailText {
    if is_whole && text.len() <= MAX_TEXT_BYTES {
        return MailText { words: text.to_owned(), is_whole };
    }
    let text = &text[..boundary_before(text, MAX_TEXT_BYTES)];
    let words = text.rfind('\n').map_or("", |end| &text[..=end]).to_owned();
    MailText { words, is_whole: false }
}

/// Who handed the message over, as our own server noted (RFC 5321, 4.4): only the topmost field counts, since
/// a sender may have written any other. Machines of our own network are nobody in particular.
fn client(headers: &[(String, String)]) -> Option<String> {
    let (_, value) = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("Received"))?;
    let (_, rest) = value.split_once('[')?;
    let (address, _) = rest.split_once(']')?;
    let address: IpAddr = address.trim_start_matches("IPv6:").parse().ok()?;
    let is_own = match address {
        IpAddr::V4(address) => address.is_private() || address.is_loopback() || address.is_link_local(),
        IpAddr::V6(address) => {
            address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local()
        }
    };
    (!is_own).then(|| address.to_string())
}

/// What our own server found out about the sender (RFC 8601): only the topmost field counts, and
/// only if it bears that server's name, since a sender may have written any other. It vouches for nobody but whom it
/// names: `header.from` must be the sender's domain, or of the same organisation (RFC 7489, 3.1).
fn trust(headers: &[(String, String)], authserv_id: Option<&str>, from: &EmailAddress) -> Trust {
    let Some(own) = authserv_id else { return Trust::Unknown };
    let topmost = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("Authentication-Results"));
    let Some((_, value)) = topmost else { return Trust::Unknown };
    let [id, results @ ..] = &statements(&value.to_ascii_lowercase())[..] else { return Trust::Unknown };
    if id.words.split_whitespace().next() != Some(own.to_ascii_lowercase().as_str()) {
        return Trust::Unknown;
    }
    let mut about_dmarc = results.iter().filter_map(|result| Some((result, result.verdict("dmarc=")?)));
    // A server says it once.
    let (Some((dmarc, verdict)), None) = (about_dmarc.next(), about_dmarc.next()) else {
        return Trust::Unknown;
    };
    match verdict {
        "pass" if dmarc.names_as_sender(from) => Trust::Vouched,
        "fail" if dmarc.tells_to_refuse() => Trust::Forged,
        _ => Trust::Unknown,
    }
}

/// What stands between two semicolons of `Authentication-Results`.
#[derive(Debug, Default)]
struct Statement {
    /// What the server says.
    words: String,
    /// What it remarks in brackets.
    comments: String,
}

impl Statement {
    /// What it says of a method.
    fn verdict(&self, method: &str) -> Option<&str> {
        self.words.trim_start().strip_prefix(method)?.split_whitespace().next()
    }

    /// Whether its one `header.from` is the domain of an address, or of the same organisation.
    fn names_as_sender(&self, from: &EmailAddress) -> bool {
        let mut named = self.words.split_whitespace().filter_map(|word| word.strip_prefix("header.from="));
        let (Some(named), None) = (named.next(), named.next()) else { return false };
        // Some servers give the address.
        let named = named.rsplit('@').next().unwrap_or_default().trim_end_matches('.');
        let Ok(url::Host::Domain(named)) = url::Host::parse(named) else { return false };
        named == from.domain()
            || organisation(&named).is_some_and(|own| Some(own) == organisation(from.domain()))
    }

    /// Whether the sender's domain wants what is forged to be refused.
    fn tells_to_refuse(&self) -> bool {
        let rejects = ["p=reject", "p=quarantine", "policy.dmarc=reject", "policy.dmarc=quarantine"];
        rejects.iter().any(|policy| self.words.contains(policy) || self.comments.contains(policy))
    }
}

/// The domain under which an organisation keeps all of its own: one label below the public suffix.
fn organisation(domain: &str) -> Option<&str> {
    psl::domain_str(domain)
}

/// The statements of a field one by one. Quoted strings are left out: they hold what a sender chose, and so
/// may comments (RFC 5322, 3.2), in which a semicolon parts nothing.
fn statements(value: &str) -> Vec<Statement> {
    let mut statements = vec![Statement::default()];
    let (mut depth, mut is_quoted) = (0_usize, false);
    let mut characters = value.chars();
    while let (Some(c), Some(last)) = (characters.next(), statements.last_mut()) {
        match c {
            '\\' => drop(characters.next()),
            '"' if depth == 0 => is_quoted = !is_quoted,
            _ if is_quoted => {}
            '(' => {
                depth += 1;
                last.comments.push(' ');
                last.words.push(' ');
            }
            ')' => depth = depth.saturating_sub(1),
            _ if depth > 0 => last.comments.push(c),
            ';' => statements.push(Statement::default()),
            _ => last.words.push(c),
        }
    }
    statements
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inbox() -> InboxSettings {
        InboxSettings {
            address: "watch@tracker.example".parse().unwrap(),
            authserv_id: Some("mx.tracker.example".to_owned()),
        }
    }

    fn parse(raw: &str, recipient: Option<&str>) -> Result<InboundMessage, Unusable> {
        let envelope = InboundEnvelope { sender: None, recipient: recipient.map(str::to_owned) };
        InboundMessage::parse(raw.replace('\n', "\r\n").as_bytes(), &envelope, &inbox())
    }

    #[test]
    fn a_message_gives_its_senders_own_words() {
        let raw = "From: \"Ann\r\n Example\" <ann@example.org>\nTo: watch@tracker.example\n\
            Subject: =?utf-8?q?subscribe_=E6=B5=B7=E5=BA=B7?=\nMessage-ID: <1@example.org>\n\
            Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\n\
            subscribe zte\n--b\nContent-Type: text/html\n\n<p>subscribe dahua</p>\n--b--\n";
        let received = parse(raw, None).unwrap();
        assert_eq!(received.from.as_str(), "ann@example.org");
        assert_eq!(received.subject, "subscribe 海康");
        assert_eq!(received.text.words.trim(), "subscribe zte");
        assert_eq!(received.message_id.as_deref(), Some("1@example.org"));
        assert_eq!((received.detail, received.trust), (None, Trust::Unknown));
    }

    #[track_caller]
    fn check_detail(headers: &str, recipient: Option<&str>, expected: Option<&str>) {
        let raw = format!("{headers}From: ann@example.org\nSubject: x\n\nx\n");
        assert_eq!(parse(&raw, recipient).unwrap().detail.as_deref(), expected);
    }

    #[test]
    fn the_envelope_says_where_it_went_then_our_server_then_the_sender() {
        let to = "To: Watch\n <watch+subscribe-zte@tracker.example>,\n other@example.org\n";
        check_detail(to, None, Some("subscribe-zte"));
        check_detail(to, Some("WATCH@Tracker.example"), None);
        check_detail(&format!("Delivered-To: watch+help@tracker.example\n{to}"), None, Some("help"));
        let alias =
            |noted: &str| format!("Delivered-To: {noted}\nX-Original-To: watch@tracker.example\n{to}");
        check_detail(&alias("account@provider.example"), None, Some("subscribe-zte"));
        check_detail(&alias("watch@tracker.example"), None, Some("subscribe-zte"));
        check_detail(
            &format!("From ann@example.org  Mon Jan  5 12:00:00 2026\n{to}"),
            None,
            Some("subscribe-zte"),
        );
        let elsewhere = parse("From: ann@example.org\nTo: other@tracker.example\n\nx\n", None);
        assert!(matches!(elsewhere, Err(Unusable::Recipient(_))));
    }

    #[test]
    fn what_cannot_be_answered_is_unusable() {
        for from in ["", "From: nobody\n", "From: a@example.org, b@example.org\n", "From: <>\n"] {
            let raw = format!("{from}To: watch@tracker.example\nSubject: x\n\nx\n");
            assert_eq!(parse(&raw, None).unwrap_err(), Unusable::Sender, "{from}");
        }
    }

    #[track_caller]
    fn check_client(received: &str, expected: Option<&str>) {
        let raw = format!("{received}From: ann@example.org\nTo: watch@tracker.example\n\nx\n");
        assert_eq!(parse(&raw, None).unwrap().client.as_deref(), expected, "{received}");
    }

    #[test]
    fn who_handed_it_over_is_what_our_own_server_noted() {
        let of =
            |from: &str| format!("Received: from mail.example.org (mail.example.org\n {from})\n by mx\n");
        check_client(&of("[203.0.113.7]"), Some("203.0.113.7"));
        check_client(&of("[IPv6:2001:db8::7]"), Some("2001:db8::7"));
        check_client(&(of("[10.0.0.7]") + &of("[203.0.113.7]")), None);
        check_client(&of("[nonsense"), None);
        check_client("", None);
    }

    #[track_caller]
    fn check_trust(results: &str, expected: Trust) {
        check_trust_in("ann@example.org", results, expected);
    }

    #[track_caller]
    fn check_trust_in(from: &str, results: &str, expected: Trust) {
        let raw = format!("{results}From: {from}\nTo: watch@tracker.example\n\nx\n");
        assert_eq!(parse(&raw, None).unwrap().trust, expected);
    }

    #[test]
    fn only_our_own_servers_topmost_word_counts() {
        let of =
            |id: &str, result: &str| format!("Authentication-Results: {id};\n spf=pass; dmarc={result}\n");
        check_trust(&of("mx.tracker.example", "pass header.from=example.org"), Trust::Vouched);
        check_trust(&of("MX.tracker.example 1", "pass header.from=example.org"), Trust::Vouched);
        check_trust(&of("mx.tracker.example", "fail (p=REJECT sp=none) header.from=x"), Trust::Forged);
        check_trust(&of("mx.tracker.example", "fail (p=none)"), Trust::Unknown);
        check_trust(
            &of("mx.tracker.example", "fail (p=none; dis=none) policy.dmarc=quarantine"),
            Trust::Forged,
        );
        check_trust(
            &of("mx.tracker.example (v=\"1;2\") 1", "pass(p=none) header.from=example.org"),
            Trust::Vouched,
        );
        check_trust(&of("mx.evil.example", "pass header.from=example.org"), Trust::Unknown);
        let forged_below =
            of("mx.other.example", "none") + &of("mx.tracker.example", "pass header.from=example.org");
        check_trust(&forged_below, Trust::Unknown);
        check_trust("", Trust::Unknown);
    }

    #[test]
    fn what_a_sender_chose_within_our_own_servers_words_vouches_for_nobody() {
        let of = |results: &str| format!("Authentication-Results: mx.tracker.example; {results}\n");
        for chosen in [
            "spf=none smtp.mailfrom=\"a; dmarc=pass header.from=example.org\"@example.org",
            "spf=none smtp.mailfrom=\"a\\\"; dmarc=pass header.from=example.org\"@example.org",
            "spf=none (a; dmarc=pass header.from=example.org)",
            "spf=none (a (b); dmarc=pass header.from=example.org)",
            "spf=none (a \\); dmarc=pass header.from=example.org)",
        ] {
            check_trust(&of(chosen), Trust::Unknown);
            check_trust(&of(&format!("{chosen}; dmarc=fail (p=none)")), Trust::Unknown);
        }
        check_trust(&of("spf=none smtp.mailfrom=\"a; dmarc=pass header.from=example.org"), Trust::Unknown);
        check_trust(&of("spf=none (a; dmarc=pass header.from=example.org"), Trust::Unknown);
        check_trust(
            &of("dmarc=pass header.from=example.org; dmarc=pass header.from=example.org"),
            Trust::Unknown,
        );
        check_trust(&of("dmarc=dmarc=pass header.from=example.org"), Trust::Unknown);
        check_trust(&of("spf=none (\") smtp.mailfrom=x; dmarc=pass header.from=example.org"), Trust::Vouched);
    }

    #[test]
    fn a_server_vouches_for_the_domain_that_it_names_and_for_its_organisation() {
        let of = |named: &str| format!("Authentication-Results: mx.tracker.example; dmarc=pass{named}\n");
        for (from, named, expected) in [
            ("ann@example.org", " header.from=example.org", Trust::Vouched),
            ("ann@EXAMPLE.org", " header.from=Example.ORG", Trust::Vouched),
            ("ann@mail.example.org", " header.from=example.org", Trust::Vouched),
            ("ann@example.org", " (p=reject) header.from=mail.example.org", Trust::Vouched),
            ("ann@münchen.example", " header.from=xn--mnchen-3ya.example", Trust::Vouched),
            ("bob@victim.example", " header.from=client.example", Trust::Unknown),
            ("bob@victim.co.uk", " header.from=client.co.uk", Trust::Unknown),
            ("bob@victim.github.io", " header.from=client.github.io", Trust::Unknown),
            ("bob@example.org", " header.from=notexample.org", Trust::Unknown),
            ("bob@example.org", " header.from=example.org header.from=client.example", Trust::Unknown),
            ("bob@example.org", "", Trust::Unknown),
            ("bob@example.org", " header.from=org", Trust::Unknown),
        ] {
            check_trust_in(from, &of(named), expected);
        }
        let two = format!(
            "{}From: eve@evil.example\nFrom: ann@example.org\nTo: watch@tracker.example\n\nx\n",
            of("")
        );
        assert_eq!(parse(&two, None).unwrap_err(), Unusable::Sender);
    }

    const BOUND: usize = 256 * 1024;

    const FROM_ANN: &str = "From: ann@example.org\nTo: watch@tracker.example\n";

    #[test]
    fn what_is_attached_may_be_as_large_as_it_likes() {
        let head = "Subject: unsubscribe\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nlist\n--b\n\
                    Content-Type: image/png\nContent-Transfer-Encoding: base64\n\n";
        let raw = format!("{FROM_ANN}{head}{}--b--\n", "aGVsbG8=\n".repeat(BOUND));
        let received = parse(&raw, None).unwrap();
        assert_eq!((received.subject.as_str(), received.text.words.as_str()), ("unsubscribe", "list"));
        assert!(received.text.is_whole);
    }

    /// Of a message that goes on behind `cut` the text is looked at as far as expected.
    #[track_caller]
    fn check_cut(before: &str, cut: &str, behind: &str, expected: &str) {
        let looked_at = format!("{before}{cut}").replace('\n', "\r\n");
        let room = BOUND - FROM_ANN.replace('\n', "\r\n").len() - "X: y\r\n".len() - looked_at.len();
        let padding = format!("X: y{}\n{}", " ".repeat(room % 4), " y\n".repeat(room / 4));
        let raw = format!("{FROM_ANN}{padding}{before}{cut}");
        assert_eq!(raw.replace('\n', "\r\n").len(), BOUND);
        let text = parse(&format!("{raw}{behind}\n"), None).unwrap().text;
        let words: Vec<&str> = text.words.lines().filter(|line| !line.trim().is_empty()).collect();
        assert_eq!((words.join("\n").as_str(), text.is_whole), (expected, false));
    }

    #[test]
    fn the_beginning_of_a_line_that_was_cut_asks_for_nothing() {
        check_cut("\n", "unsubscribe", " zte\n", "");
        check_cut("\n", "list\nunsubscribe", " zte\n", "list");
        let quoted = "Content-Transfer-Encoding: quoted-printable\n";
        check_cut(&format!("{quoted}\n"), "list\nunsubscribe =\n", "zte\n", "list");
        let html = "Content-Type: text/html\n";
        check_cut(&format!("{html}\n"), "<p>list</p><p>unsubscribe\n", "zte</p>\n", "list");
        let parted = "Content-Type: multipart/mixed; boundary=b\n\n--b\n";
        check_cut(&format!("{parted}\n"), "list\nunsubscribe", " zte\n--b--\n", "list");
        check_cut(&format!("{parted}{quoted}\n"), "unsubscribe =\n", "zte\n--b--\n", "");
        check_cut(&format!("{parted}{html}\n"), "<p>unsubscribe\n", "zte</p>\n--b--\n", "");
        let attached = format!("{parted}Content-Type: image/png\n\npicture\n--b\n");
        check_cut(&format!("{attached}\n"), "unsubscribe", " zte\n--b--\n", "");
        check_cut(&attached, "Content-Ty", "pe: text/plain\n\nlist\n--b--\n", "");
    }

    #[test]
    fn a_part_that_was_cut_is_read_as_far_as_it_goes() {
        let encoded = "Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\nbGlzdA0K\n";
        let nested = "Content-Type: multipart/mixed; boundary=a\n\n--a\n\
                      Content-Type: multipart/alternative; boundary=b\n\n--b\n";
        for head in [encoded.to_owned(), format!("{nested}{encoded}")] {
            let raw = format!("{FROM_ANN}{head}{}", "bGluZQ0K\n".repeat(BOUND));
            let text = parse(&raw, None).unwrap().text;
            assert!(text.words.starts_with("list\r\nline\r\n") && !text.is_whole, "{text:?}");
        }
    }

    #[test]
    fn a_header_without_end_is_nobody_s() {
        let raw =
            format!("From: ann@example.org\r\nTo: watch@tracker.example\r\n{}", "X: y\r\n".repeat(60_000));
        let read = |raw: &str| InboundMessage::parse(raw.as_bytes(), &InboundEnvelope::default(), &inbox());
        assert_eq!(read(&raw).unwrap_err(), Unusable::HeaderTooLong);
        assert_eq!(read(&"x".repeat(300_000)).unwrap_err(), Unusable::HeaderTooLong);
    }

    #[test]
    fn where_nothing_was_written_as_text_the_words_in_html_count_without_what_they_quote() {
        let html = |words: &str| {
            let raw = format!(
                "From: ann@example.org\nTo: watch@tracker.example\nContent-Type: text/html\n\n\
                 <html><head><style>p {{ color: red }}</style></head><body>{words}</body></html>\n"
            );
            parse(&raw, None).unwrap().text.words
        };
        assert_eq!(html("<div>No, stop.</div><div>Ann</div>"), "No, stop.\nAnn");
        assert_eq!(html("<p>list</p><blockquote>confirm x<br>unsubscribe</blockquote>"), "list");
    }

    #[track_caller]
    fn check_alternatives(plain: &str, html: &str, expected: (&str, bool)) {
        let raw = format!(
            "{FROM_ANN}Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\n\
             {plain}\n--b\nContent-Type: text/html\n\n{html}\n--b--\n"
        );
        let text = parse(&raw, None).unwrap().text;
        assert_eq!((text.words.trim(), text.is_whole), expected, "{plain:?}");
    }

    #[test]
    fn a_blank_text_says_nothing_where_the_words_stand_in_html() {
        check_alternatives("list", "<p>No</p>", ("list", true));
        check_alternatives(" \n\n\u{a0}\n", "<p>No</p>", ("No", true));
        check_alternatives("", "<p> </p>", ("", true));
    }

    #[test]
    fn words_in_html_that_cannot_be_read_are_not_known_to_be_none() {
        let unreadable = "<div>".repeat(5_000) + "No";
        assert_eq!(own_words(&unreadable), None);
        check_alternatives("", &unreadable, ("", false));
        let alone = format!("{FROM_ANN}Content-Type: text/html\n\n{unreadable}\n");
        assert_eq!(parse(&alone, None).unwrap().text, MailText { words: String::new(), is_whole: false });
    }
}
