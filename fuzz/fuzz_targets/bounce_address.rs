//! Details of addresses to which mail comes back: only what was made here names a mail.

#![no_main]

use libfuzzer_sys::fuzz_target;
use regwatch::domain::id::MailId;
use regwatch::domain::verp::{bounce_address, is_bounce_detail, mail_of};

fuzz_target!(|detail: &str| {
    let inbox = "watch@tracker.test".parse().expect("an address");
    let Some(mail) = mail_of(&[7; 32], detail) else { return };
    assert!(is_bounce_detail(detail));
    let made = bounce_address(&[7; 32], &mail, &inbox).expect("short enough");
    let local = made.local().split_once('+').expect("a detail").1;
    assert!(local.eq_ignore_ascii_case(detail), "{local} is not {detail}");
    assert_eq!(mail, MailId::from_text(mail.as_str()));
});
