//! To which conversation a mail belongs, said to each mail program in its own way.
//!
//! Most go by `References` and `In-Reply-To` (RFC 5322, 3.6.4), Gmail among them, which wants the same sender
//! and an id that an earlier mail refers to as well; where the subject is another, it may still show a mail
//! by itself. Outlook goes by `Thread-Index` and `Thread-Topic` (MS-OXOMSG, 2.2.1.3 and 2.2.1.5), whatever the
//! subjects say.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::MailError;
use super::letter::{Letter, MailPurpose};
use super::message_id::bracketed;
use crate::domain::outbox::Thread;
use crate::domain::text::{one_line, shorten};

/// The time in the first bytes of every index, 2020-01-01 in units of 2^16 · 100 ns since 1601. All mails of a
/// conversation must begin alike, and when it began is not known.
const BEGAN: [u8; 6] = [0x01, 0xd5, 0xc0, 0x36, 0x69, 0x05];

/// A longer topic is none.
const MAX_TOPIC_CHARS: usize = 120;

/// What a mail follows: `In-Reply-To` and `References`, in angle brackets.
pub(super) struct Following {
    /// The mail before it.
    pub in_reply_to: Option<String>,
    /// The same and the beginning of the conversation.
    pub references: Option<String>,
}

impl Following {
    /// What a letter follows.
    ///
    /// # Errors
    /// An id of ours that cannot stand in a header.
    pub(super) fn of(letter: &Letter) -> Result<Self, MailError> {
        let beginning = letter.thread.map(|thread| bracketed(&thread.id)).transpose()?;
        let before = match letter.occasion {
            // A stranger's id that cannot stand in a header is left out, not refused: the answer is due.
            MailPurpose::Answer { to, .. } => to.and_then(|id| bracketed(id).ok()),
            MailPurpose::Retraction { of } => Some(bracketed(of)?),
            MailPurpose::Alert | MailPurpose::Incident => None,
        };
        let all: Vec<&str> = beginning.iter().chain(&before).map(String::as_str).collect();
        let references = (!all.is_empty()).then(|| all.join(" "));
        Ok(Self { references, in_reply_to: before.or(beginning) })
    }
}

/// What a conversation is about, in a line.
pub(super) fn topic(thread: &Thread) -> String {
    shorten(&one_line(&thread.topic), MAX_TOPIC_CHARS)
}

/// The beginning of a conversation's index: a time and 16 bytes that name it. Nothing where its id is none
/// of ours.
pub(super) fn index(thread: &Thread) -> Option<String> {
    let (name, _) = thread.id.split_once('@')?;
    let name = u128::from_str_radix(name, 16).ok()?;
    Some(STANDARD.encode([&BEGAN[..], &name.to_be_bytes()].concat()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thread(id: &str) -> Thread {
        Thread { id: id.to_owned(), topic: "ZTE:\r\n Covered List".to_owned() }
    }

    #[test]
    fn a_conversation_has_one_index_of_twenty_two_bytes() {
        let id = format!("{:032x}@tracker.example", 0x00ab_cdef_u128);
        let shown = index(&thread(&id)).unwrap();
        let bytes = STANDARD.decode(&shown).unwrap();
        assert_eq!((bytes.len(), bytes[0]), (22, 1));
        assert!(bytes.ends_with(&[0x00, 0xab, 0xcd, 0xef]));
        assert_eq!(index(&thread(&id)), Some(shown));
        assert_eq!(index(&thread("told@tracker.example")), None);
        assert_eq!(topic(&thread(&id)), "ZTE: Covered List");
    }
}
