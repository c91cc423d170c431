//! What is looked at of a message: all of it, or the beginning of one that is larger than any request.
//!
//! What was cut off must not change what the rest means. The cut falls at the end of a line, the parts that
//! it left open are closed so that they can be read as far as they go, and of each part can be asked
//! whether it is whole.

use std::borrow::Cow;

use mail_parser::{Message, MessageParser, MessagePart, MimeHeaders};

use super::Unusable;

/// Of a message so much is looked at. Nobody writes a longer request; what makes a message larger is quoted
/// or attached below it.
const MAX_LOOKED_AT_BYTES: usize = 256 * 1024;

/// Of a message so much is taken from where it lies: one byte more than is looked at says that there is more.
pub const MAX_MESSAGE_BYTES: usize = MAX_LOOKED_AT_BYTES + 1;

/// Nobody's mail has more parts within parts.
const MAX_CLOSED: usize = 100;

/// The beginning of a message, often all of it.
#[derive(Debug)]
pub(super) struct MessageHead<'x> {
    bytes: Cow<'x, [u8]>,
    /// Where it was cut.
    cut_at: Option<usize>,
}

impl<'x> MessageHead<'x> {
    /// The beginning of what came.
    ///
    /// # Errors
    /// A header that goes on behind the cut: what a message is cannot be said without all of it.
    pub(super) fn of(raw: &'x [u8]) -> Result<Self, Unusable> {
        let raw = without_mbox_line(raw);
        if raw.len() <= MAX_LOOKED_AT_BYTES {
            return Ok(Self { bytes: Cow::Borrowed(raw), cut_at: None });
        }
        let head = &raw[..MAX_LOOKED_AT_BYTES];
        let cut_at = head.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        let head = &head[..cut_at];
        if !ends_its_header(head) {
            return Err(Unusable::HeaderTooLong);
        }
        let bytes = Cow::Owned([head, closing(head).as_bytes()].concat());
        Ok(Self { bytes, cut_at: Some(cut_at) })
    }

    /// The message as far as it is looked at.
    ///
    /// # Errors
    /// What is no message.
    pub(super) fn message(&self) -> Result<Message<'_>, Unusable> {
        MessageParser::default().parse(self.bytes.as_ref()).ok_or(Unusable::NotAMessage)
    }

    /// Whether all of the message is looked at.
    pub(super) fn is_whole(&self) -> bool {
        self.cut_at.is_none()
    }

    /// Whether a part of the message ends before the cut.
    pub(super) fn has_whole(&self, part: &MessagePart<'_>) -> bool {
        // The line end before a boundary belongs to the boundary (RFC 2046, 5.1.1).
        self.cut_at.is_none_or(|cut_at| part.raw_end_offset() as usize + 2 < cut_at)
    }
}

/// A message without the line that parts messages in a mailbox file (RFC 4155): Postfix hands it over with
/// one where an alias leads to a command. It holds the time at which it was handed over.
#[must_use]
pub fn without_mbox_line(raw: &[u8]) -> &[u8] {
    if !raw.starts_with(b"From ") {
        return raw;
    }
    let end = raw.iter().position(|&byte| byte == b'\n').map_or(raw.len(), |at| at + 1);
    &raw[end..]
}

fn ends_its_header(head: &[u8]) -> bool {
    head.windows(2).any(|pair| pair == b"\n\n") || head.windows(3).any(|three| three == b"\n\r\n")
}

/// The lines that end the parts that a cut left open, the innermost first. One that was closed before is
/// closed again without harm.
fn closing(head: &[u8]) -> String {
    let Some(message) = MessageParser::default().parse(head) else { return String::new() };
    let boundaries = message.parts.iter().rev().filter_map(|part| {
        let kind = part.content_type().filter(|kind| kind.c_type.eq_ignore_ascii_case("multipart"))?;
        kind.attribute("boundary")
    });
    boundaries.take(MAX_CLOSED).map(|boundary| format!("\r\n--{boundary}--\r\n")).collect()
}
