//! Headers that are sent with requests.

use std::collections::BTreeMap;

use super::node::ConfigNode;

/// What the program must say itself for a read to mean anything.
const OWN: [&str; 8] = [
    "connection",
    "content-length",
    "host",
    "if-modified-since",
    "if-none-match",
    "range",
    "te",
    "transfer-encoding",
];

/// RFC 9110, 5.6.2.
fn is_token(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

fn name_fault(name: &str, earlier: &BTreeMap<String, String>) -> Option<String> {
    if !is_token(name) {
        Some("is not a header's name, expected letters, digits and hyphens".to_owned())
    } else if OWN.iter().any(|own| own.eq_ignore_ascii_case(name)) {
        Some("is decided by the program, expected another header".to_owned())
    } else if earlier.keys().any(|other| other.eq_ignore_ascii_case(name)) {
        Some("is given twice, expected once, capitals or not".to_owned())
    } else {
        None
    }
}

/// The headers of a table; values are never repeated in a fault, since some are secrets.
pub(super) fn headers(node: &ConfigNode<'_>) -> Option<BTreeMap<String, String>> {
    let mut headers = BTreeMap::new();
    let mut is_fine = true;
    for (key, name, value) in node.open()?.pairs() {
        if let Some(fault) = name_fault(name, &headers) {
            key.fault(fault);
            is_fine = false;
        }
        let text = value.text();
        let is_plain = text.is_some_and(|text| {
            text.trim() == text && text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
        });
        if text.is_some() && !is_plain {
            value.fault("is not a header's value, expected printable ASCII without blanks at its ends");
        }
        is_fine &= is_plain;
        headers.insert(name.to_owned(), text.unwrap_or_default().to_owned());
    }
    is_fine.then_some(headers)
}
