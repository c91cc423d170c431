//! Messages as they come in, and whether they are answered.

#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use regwatch::config::InboxSettings;
use regwatch::domain::inbound::{commands, silence};
use regwatch::mail::{InboundEnvelope, MAX_MESSAGE_BYTES, InboundMessage};

static INBOX: OnceLock<InboxSettings> = OnceLock::new();

fuzz_target!(|raw: &[u8]| {
    let inbox = INBOX.get_or_init(|| InboxSettings {
        address: "watch@tracker.test".parse().expect("an address"),
        authserv_id: Some("mx.tracker.test".to_owned()),
    });
    let ours = InboundEnvelope {
        sender: Some("ann@reader.test".to_owned()),
        recipient: Some("watch+list@tracker.test".to_owned()),
    };
    // Some are cut in their midst, as a message is that is larger than what is looked at.
    let cut = raw.first().is_some_and(|first| first % 16 == 0).then(|| padded(raw));
    let raw = cut.as_deref().unwrap_or(raw);
    for envelope in [InboundEnvelope::default(), ours] {
        let Ok(message) = InboundMessage::parse(raw, &envelope, inbox) else { continue };
        assert!(!message.subject.contains(['\n', '\r']), "on one line");
        assert!(message.headers.iter().all(|(_, value)| !value.contains(['\n', '\r'])), "unfolded");
        let _ = silence(&message.headers, envelope.sender.as_deref(), &message.from, &[&inbox.address]);
        assert!(!commands(message.detail.as_deref(), &message.subject, &message.text).is_empty());
    }
});

/// A message behind so much of a header that it ends beyond what is looked at.
fn padded(raw: &[u8]) -> Vec<u8> {
    let padding = " y\r\n".repeat((MAX_MESSAGE_BYTES - raw.len() / 2) / 4);
    ["X: y\r\n", &padding].concat().into_bytes().into_iter().chain(raw.iter().copied()).collect()
}
