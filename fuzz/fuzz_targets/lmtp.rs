//! What a mail server says by LMTP, in any pieces.

#![no_main]

use libfuzzer_sys::fuzz_target;
use regwatch::mail::MAX_MESSAGE_BYTES;
use regwatch::mail::lmtp::{Dialogue, NextAction, DeliveryStatus};

fuzz_target!(|input: (Vec<u8>, u8)| {
    let (bytes, size) = input;
    let mailbox = "watch@tracker.test".parse().expect("an address");
    let mut dialogue = Dialogue::new(vec![mailbox]);
    let mut replies = dialogue.replies();
    for piece in bytes.chunks(usize::from(size).max(1)) {
        dialogue.feed(piece);
        loop {
            match dialogue.step() {
                NextAction::Message(handed) => {
                    assert!(!handed.recipients.is_empty() && handed.raw.len() <= MAX_MESSAGE_BYTES);
                    assert!(handed.recipients.iter().all(|to| to.to_ascii_lowercase().starts_with("watch")));
                    dialogue.settle(&vec![DeliveryStatus::Taken; handed.recipients.len()]);
                }
                NextAction::More => break,
                NextAction::Over => return,
            }
        }
        replies.push_str(&dialogue.replies());
    }
    // Nothing that was said is said back.
    assert!(replies.is_ascii());
    assert!(replies.split_terminator("\r\n").all(|line| line.len() > 4 && line.as_bytes()[3].is_ascii()));
});
