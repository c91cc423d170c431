//! A mail's bytes: headers and the two alternatives of its body.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lettre::address::Envelope;
use lettre::message::header::{
    ContentDisposition, ContentTransferEncoding, ContentType, HeaderName, HeaderValue,
};
use lettre::message::{Body, Mailbox, MultiPart, SinglePart};
use lettre::{Address, Message};

use super::MailError;
use super::dkim::signed;
use super::letter::{Letter, ListUnsubscribe, MailPurpose};
use super::message_id::bracketed;
use super::thread::{Following, index, topic};
use crate::domain::email::EmailAddress;
use crate::domain::inbound::LOOP_MARK;
use crate::domain::keyed_link::LinkPurpose;
use crate::domain::mail_kind::KIND_HEADER;
use crate::domain::text::{one_line, shorten};
use crate::render::Attachment;
use crate::settings::Sender;

/// A subject beyond this is not a subject; rendering cuts it far earlier.
const MAX_SUBJECT_CHARS: usize = 200;

/// Makes the bytes as they go over the wire, before dot-stuffing: CRLF line ends, lines of at
/// most 998 octets, pure ASCII.
///
/// The headers say what a machine wrote (`Auto-Submitted`, RFC 3834), ask vacation responders
/// to keep silent, mark the mail so that it is not taken in again, and, for a subscriber, name the list
/// (RFC 2919) and how to leave it (RFC 2369), by one click where there is a web address (RFC 8058). There
/// is no `Precedence`, which no standard defines.
///
/// # Errors
/// An address or id that cannot be put into a header safely.
pub fn compose(letter: &Letter) -> Result<Vec<u8>, MailError> {
    let message_id = bracketed(letter.message_id)?;
    let of_message = |source| MailError::Message { message_id: letter.message_id.to_owned(), source };
    let (sender, recipient) = (address(&letter.from.address)?, address(letter.to)?);
    // Nobody asks for it. Without one the library reads the headers once more to make one.
    let envelope = Envelope::new(Some(sender.clone()), vec![recipient.clone()]).map_err(of_message)?;
    let mut builder = Message::builder()
        .envelope(envelope)
        .from(Mailbox::new(display_name(letter.from), sender))
        .to(Mailbox::new(None, recipient))
        .reply_to(Mailbox::new(None, reply_to(letter)?))
        .subject(shorten(&one_line(&letter.rendered.subject), MAX_SUBJECT_CHARS))
        .date(letter.date.into())
        .message_id(Some(message_id));
    let Following { in_reply_to, references } = Following::of(letter)?;
    if let Some(id) = in_reply_to {
        builder = builder.in_reply_to(id);
    }
    if let Some(ids) = references {
        builder = builder.references(ids);
    }
    let mut message = builder.multipart(body(letter)).map_err(of_message)?;
    for (name, value) in machine_headers(letter) {
        // Encoding would mangle these; they are ASCII made of a validated address and constants.
        let value = HeaderValue::dangerous_new_pre_encoded(
            HeaderName::new_from_ascii_str(name),
            value.clone(),
            value,
        );
        message.headers_mut().insert_raw(value);
    }
    if let Some(thread) = letter.thread {
        let name = HeaderName::new_from_ascii_str("Thread-Topic");
        message.headers_mut().insert_raw(HeaderValue::new(name, topic(thread)));
    }
    let bytes = message.formatted();
    match letter.dkim {
        Some(dkim) => signed(&bytes, dkim),
        None => Ok(bytes),
    }
}

/// The name as a header may bear it: the mail library panics on a line feed in it.
fn display_name(sender: &Sender) -> Option<String> {
    sender.name.as_deref().map(one_line).filter(|name| !name.is_empty())
}

fn address(address: &EmailAddress) -> Result<Address, MailError> {
    address.as_str().parse().map_err(|source| MailError::Address { address: address.redacted(), source })
}

fn reply_to(letter: &Letter) -> Result<Address, MailError> {
    match letter.occasion {
        MailPurpose::Alert | MailPurpose::Retraction { .. } | MailPurpose::Incident => address(letter.help),
        MailPurpose::Answer { reply_to, .. } => reply_to.parse().map_err(|source| MailError::Address {
            // What stands behind the plus lets its reader confirm.
            address: letter.help.redacted(),
            source,
        }),
    }
}

fn machine_headers(letter: &Letter) -> Vec<(&'static str, String)> {
    let submitted = match letter.occasion {
        MailPurpose::Answer { .. } => "auto-replied",
        MailPurpose::Alert | MailPurpose::Retraction { .. } | MailPurpose::Incident => "auto-generated",
    };
    let mut headers = vec![
        ("X-Auto-Response-Suppress", "All".to_owned()),
        (LOOP_MARK, letter.from.address.domain().to_owned()),
        (KIND_HEADER, letter.rendered.kind.to_string()),
        ("Auto-Submitted", submitted.to_owned()),
    ];
    headers.extend(letter.thread.and_then(index).map(|index| ("Thread-Index", index)));
    if let Some(list) = letter.list {
        headers.extend(list_headers(letter, list));
    }
    headers
}

/// What the list says of itself. The web address comes first: programs take the first they know.
fn list_headers(letter: &Letter, list: ListUnsubscribe) -> Vec<(&'static str, String)> {
    let (help, mailbox) = (letter.help.to_uri(), list.mailbox.to_uri());
    let seal = list.key.seal(LinkPurpose::Unsubscribe, letter.to);
    // Mail programs send it by themselves, and answer no question.
    let by_mail = format!("<{mailbox}?subject=unsubscribe%20{seal}>");
    let mut headers = vec![("List-Id", format!("<alerts.{}>", letter.from.address.domain()))];
    match list.web.map(|web| web.of(letter.to)) {
        Some(links) => headers.extend([
            ("List-Unsubscribe", format!("<{}>, {by_mail}", links.unsubscribe)),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()),
        ]),
        None => headers.push(("List-Unsubscribe", by_mail)),
    }
    headers.extend([
        ("List-Help", format!("<{mailbox}?subject=help>")),
        ("List-Subscribe", format!("<{mailbox}?subject=subscribe>")),
        ("List-Owner", format!("<{help}>")),
        ("List-Post", "NO".to_owned()),
    ]);
    headers
}

/// The two alternatives, and a file beside them where there is one.
fn body(letter: &Letter) -> MultiPart {
    let alternatives = alternatives(letter);
    let Some(Attachment { name, media_type, bytes }) = &letter.rendered.attachment else {
        return alternatives;
    };
    let media_type = ContentType::parse(media_type).unwrap_or(ContentType::TEXT_PLAIN);
    let file = SinglePart::builder()
        .header(media_type)
        .header(ContentDisposition::attachment(name))
        .body(Body::dangerous_pre_encoded(lines_of_base64(bytes), ContentTransferEncoding::Base64));
    MultiPart::mixed().boundary(boundary(letter, "m")).multipart(alternatives).singlepart(file)
}

/// Base64 in lines of 76 characters (RFC 2045, 6.8).
fn lines_of_base64(bytes: &[u8]) -> Vec<u8> {
    let encoded = STANDARD.encode(bytes);
    encoded.as_bytes().chunks(76).collect::<Vec<_>>().join(&b"\r\n"[..])
}

/// "=_" cannot occur in quoted-printable text or in base64, so no body can forge the boundary; and without a
/// boundary of our own the library draws a random one.
fn boundary(letter: &Letter, mark: &str) -> String {
    let name = letter.message_id.split('@').next().unwrap_or_default();
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).take(40).collect();
    format!("=_{mark}{name}")
}

/// Plain text first, since readers take the last alternative they understand (RFC 2046, 5.1.4).
fn alternatives(letter: &Letter) -> MultiPart {
    MultiPart::alternative()
        .boundary(boundary(letter, ""))
        .singlepart(part(ContentType::TEXT_PLAIN, &letter.rendered.text))
        .singlepart(part(ContentType::TEXT_HTML, &letter.rendered.html))
}

/// Quoted-printable always: it keeps lines short, blanks at line ends and "From " at line
/// starts alive, and needs no 8BITMIME.
fn part(kind: ContentType, text: &str) -> SinglePart {
    let text = text.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n");
    let body =
        Body::new_with_encoding(text, ContentTransferEncoding::QuotedPrintable).unwrap_or_else(Body::new);
    SinglePart::builder().header(kind).body(body)
}
