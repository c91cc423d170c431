//! Mail addresses: what is accepted is accepted again as it is written, and cannot break out of where it stands.

#![no_main]

use libfuzzer_sys::fuzz_target;
use regwatch::domain::email::EmailAddress;

fuzz_target!(|text: &str| {
    let Ok(address) = text.parse::<EmailAddress>() else { return };
    let written = address.as_str();
    assert_eq!(written.parse().as_ref(), Ok(&address));
    assert_eq!(written, format!("{}@{}", address.local(), address.domain()));
    assert!(written.len() <= 254 && written.bytes().all(|byte| byte.is_ascii_graphic()), "{written}");
    assert!(!written.contains(['<', '>', ',', ';', ':', '"', '(', ')', '[', ']', '\\']), "{written}");
    assert!(address.to_uri().is_ascii());
    assert_ne!(address.redacted(), written);
});
