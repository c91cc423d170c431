//! Reports on mails that came back, whole messages and the parts that machines read.

#![no_main]

use libfuzzer_sys::fuzz_target;
use regwatch::domain::bounce::{BounceKind, delivery_status, feedback, original_sender};
use regwatch::mail::{InboundEnvelope, MailReport};

fuzz_target!(|raw: &[u8]| {
    let inbox = "watch@tracker.test".parse().expect("an address");
    let ours = InboundEnvelope {
        sender: None,
        recipient: Some("watch+bounce-0123456789abcdef.abcdefghijklm@tracker.test".to_owned()),
    };
    for envelope in [InboundEnvelope::default(), ours] {
        if let Ok(Some(report)) = MailReport::parse(raw, &envelope, &inbox) {
            check(&report.verdict);
        }
    }
    let text = String::from_utf8_lossy(raw);
    check(&delivery_status(&text));
    check(&feedback(&text));
    let _ = original_sender(&text);
});

fn check(verdict: &BounceKind) {
    let words = match verdict {
        BounceKind::NoMailbox { words } | BounceKind::Passing { words } | BounceKind::Undelivered { words } => words,
        BounceKind::Complaint { words } => words,
        BounceKind::Nothing { why } => why,
    };
    assert!(words.chars().count() < 4000, "bounded");
    assert!(!words.contains(['\n', '\r', '\x1b']), "on one line and inert");
}
