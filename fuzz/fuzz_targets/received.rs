//! Messages as they come in, and whether they are answered.

#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use regwatch::config::InboxSettings;
use regwatch::domain::inbound::{commands, silence};
use regwatch::mail::{Envelope, Received};

static INBOX: OnceLock<InboxSettings> = OnceLock::new();

fuzz_target!(|raw: &[u8]| {
    let inbox = INBOX.get_or_init(|| InboxSettings {
        address: "watch@tracker.test".parse().expect("an address"),
        authserv_id: Some("mx.tracker.test".to_owned()),
    });
    let ours = Envelope {
        sender: Some("ann@reader.test".to_owned()),
        recipient: Some("watch+list@tracker.test".to_owned()),
    };
    for envelope in [Envelope::default(), ours] {
        let Ok(message) = Received::parse(raw, &envelope, inbox) else { continue };
        assert!(!message.subject.contains(['\n', '\r']), "on one line");
        assert!(message.headers.iter().all(|(_, value)| !value.contains(['\n', '\r'])), "unfolded");
        let _ = silence(&message.headers, envelope.sender.as_deref(), &message.from, &[&inbox.address]);
        assert!(!commands(message.detail.as_deref(), &message.subject, &message.text).is_empty());
    }
});
