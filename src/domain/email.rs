//! Addresses that mail can be sent to, and no others.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A mail address under this service's own policy, stricter than the RFC's grammar:
/// a plain ASCII local part and a public-looking domain in its ASCII form.
///
/// `Debug` hides most of the local part, so that addresses do not leak into logs.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress {
    text: String,
    at: usize,
}

/// Why an address is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{given:?} is not a usable mail address: {reason}")]
pub struct InvalidAddress {
    given: String,
    reason: &'static str,
}

/// RFC 5321, 4.5.3.1.
const MAX_LOCAL_BYTES: usize = 64;
const MAX_ADDRESS_BYTES: usize = 254;

fn local_part_fault(local: &str) -> Option<&'static str> {
    const ATEXT: &str = "!#$%&'*+-/=?^_`{|}~";
    if local.is_empty() || local.len() > MAX_LOCAL_BYTES {
        Some("expected 1 to 64 characters before the @")
    } else if !local.is_ascii() {
        Some("expected only ASCII before the @, since few relays deliver anything else")
    } else if local.split('.').any(str::is_empty) {
        Some("a dot before the @ must stand between characters")
    } else if !local.chars().all(|c| c.is_ascii_alphanumeric() || c == '.' || ATEXT.contains(c)) {
        Some("expected letters, digits, dots and !#$%&'*+-/=?^_`{|}~ before the @")
    } else {
        None
    }
}

impl FromStr for EmailAddress {
    type Err = InvalidAddress;

    fn from_str(given: &str) -> Result<Self, InvalidAddress> {
        let refuse = |reason| InvalidAddress { given: given.to_owned(), reason };
        let text = given.trim();
        let (local, domain) = text.rsplit_once('@').ok_or_else(|| refuse("expected name@domain"))?;
        if let Some(reason) = local_part_fault(local) {
            return Err(refuse(reason));
        }
        let domain = match url::Host::parse(domain) {
            Ok(url::Host::Domain(domain)) => domain,
            Ok(_) => return Err(refuse("expected a domain name after the @, not an address of a machine")),
            Err(_) => return Err(refuse("expected a domain name after the @")),
        };
        let labels_are_fine = domain.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        });
        if !labels_are_fine || !domain.contains('.') {
            return Err(refuse("expected a domain such as example.org after the @"));
        }
        let text = format!("{local}@{domain}");
        if text.len() > MAX_ADDRESS_BYTES {
            return Err(refuse("expected at most 254 characters"));
        }
        Ok(Self { text, at: local.len() })
    }
}

impl EmailAddress {
    /// The address as it goes into an envelope, the domain in ASCII form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The part before the @.
    #[must_use]
    pub fn local(&self) -> &str {
        &self.text[..self.at]
    }

    /// The part after the @.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.text[self.at + 1..]
    }

    /// The address as a URI (RFC 6068, 2): what has a meaning in a URI is percent-encoded.
    #[must_use]
    pub fn to_uri(&self) -> String {
        let mut uri = "mailto:".to_owned();
        for c in self.text.chars() {
            if c.is_ascii_alphanumeric() || "@.-_~+!$'*=".contains(c) {
                uri.push(c);
            } else {
                // Writing into a string cannot fail.
                let _ = write!(uri, "%{:02X}", u32::from(c));
            }
        }
        uri
    }

    /// The address with most of its local part hidden, for logs.
    #[must_use]
    pub fn redacted(&self) -> String {
        let head: String = self.text[..self.at].chars().take(1).collect();
        format!("{head}…@{}", self.domain())
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EmailAddress({})", self.redacted())
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = InvalidAddress;

    fn try_from(text: String) -> Result<Self, InvalidAddress> {
        text.parse()
    }
}

impl From<EmailAddress> for String {
    fn from(address: EmailAddress) -> Self {
        address.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usable_addresses_are_taken_and_others_refused() {
        assert_eq!("Ann.B+x@EXAMPLE.org".parse::<EmailAddress>().unwrap().as_str(), "Ann.B+x@example.org");
        assert_eq!("a@münchen.example".parse::<EmailAddress>().unwrap().domain(), "xn--mnchen-3ya.example");
        for bad in [
            "",
            "a",
            "@b.org",
            "a@",
            "a@b",
            "a@127.0.0.1",
            "a@[::1]",
            "a b@c.org",
            "a..b@c.org",
            "a@b.org\r\nBcc: x@y.org",
            "ü@b.org",
            "\"a b\"@c.org",
            "a@-b.org",
            "a@b..org",
        ] {
            assert!(bad.parse::<EmailAddress>().is_err(), "{bad:?} was taken");
        }
    }

    #[test]
    fn what_has_a_meaning_in_a_uri_is_encoded() {
        let address: EmailAddress = "help+%x?y@tracker.example".parse().unwrap();
        assert_eq!(address.to_uri(), "mailto:help+%25x%3Fy@tracker.example");
    }

    #[test]
    fn debug_hides_the_person() {
        let address: EmailAddress = "whistleblower@example.org".parse().unwrap();
        assert_eq!(format!("{address:?}"), "EmailAddress(w…@example.org)");
    }
}
