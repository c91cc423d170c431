//! Message-IDs that are the same on every attempt and tell nothing.

use super::MailError;
use crate::domain::id::{IncidentId, MailId, SourceId};
use crate::domain::keyed::keyed_hash;
use crate::domain::topic::Topic;

/// The Message-ID of a mail, without angle brackets (RFC 5322, 3.6.4).
///
/// An HMAC under the instance's own key: two instances never make the same one, nobody can
/// work out from it what else was sent, and a mail that is sent twice bears it twice.
#[must_use]
pub fn message_id(instance_key: &[u8; 32], mail: &MailId, domain: &str) -> String {
    format!("{}@{domain}", mac(instance_key, &["mail", mail.as_str()]))
}

/// The id of a conversation that never began: all mails about one topic on one source
/// refer to it, and readers show them as one thread.
#[must_use]
pub fn thread_id(instance_key: &[u8; 32], source: &SourceId, topic: &Topic, domain: &str) -> String {
    format!("{}@{domain}", mac(instance_key, &["thread", source.as_str(), &topic.text()]))
}

/// The same for all mails about one incident.
#[must_use]
pub fn incident_thread_id(instance_key: &[u8; 32], incident: &IncidentId, domain: &str) -> String {
    format!("{}@{domain}", mac(instance_key, &["incident", incident.as_str()]))
}

/// 128 bits over the parts as 32 hex digits.
fn mac(key: &[u8; 32], parts: &[&str]) -> String {
    format!("{:032x}", keyed_hash(key, parts))
}

/// Longer ids do not fit on a line with what stands before them (RFC 5322, 2.1.1).
const MAX_ID_BYTES: usize = 250;

/// An id in angle brackets, refused unless it is plain ASCII without blanks and brackets, and not too long.
pub(super) fn bracketed(id: &str) -> Result<String, MailError> {
    let is_plain = id.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'<' && byte != b'>');
    let has_both_sides =
        id.split_once('@').is_some_and(|(name, domain)| !name.is_empty() && !domain.is_empty());
    if is_plain && has_both_sides && id.len() <= MAX_ID_BYTES {
        Ok(format!("<{id}>"))
    } else {
        Err(MailError::MessageId { id: id.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_stable_and_bound_to_key_mail_and_purpose() {
        let mail = MailId::derive(&["a"]);
        let id = message_id(&[1; 32], &mail, "tracker.example");
        assert_eq!(id, message_id(&[1; 32], &mail, "tracker.example"));
        assert!(id.ends_with("@tracker.example") && id.len() == 32 + 16, "{id}");
        assert_ne!(id, message_id(&[2; 32], &mail, "tracker.example"));
        assert_ne!(id, message_id(&[1; 32], &MailId::derive(&["b"]), "tracker.example"));
        let thread = thread_id(&[1; 32], &"a".parse().unwrap(), &"bc".parse().unwrap(), "tracker.example");
        let other = thread_id(&[1; 32], &"ab".parse().unwrap(), &"c".parse().unwrap(), "tracker.example");
        assert_ne!(thread, other);
    }
}
