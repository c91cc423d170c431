//! Addresses that mail can be sent to, and no others.

use std::cmp::Ordering;
use std::fmt::{self, Write as _};
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// A mail address under this service's own policy, stricter than the RFC's grammar: a local part that can go into
/// an envelope and a header without being mistaken for anything else, and a public-looking domain in its ASCII form.
///
/// Addresses are the same whatever the case of their letters: no mail system that people use tells them apart, and
/// people write their own in several ways. Mail goes to the first spelling.
///
/// `Debug` hides most of the local part, so that addresses do not leak into logs.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress {
    text: String,
    at: usize,
    /// The text in small letters, where it is another.
    folded: Option<String>,
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

const ATEXT: &str = "!#$%&'*+-/=?^_`{|}~";

/// What may stand in a quoted local part besides letters, digits and blanks. Brackets and quotes are legal there
/// (RFC 5321, 4.1.2) and asked for by nobody but those who want a program to take them for something else.
const QUOTED: &str = " .,:;@!#$%&'*+-/=?^_`{|}~";

/// The local part as it is kept: without quotes that it does not need.
fn local_part(local: &str) -> Result<String, &'static str> {
    let Some(quoted) = local.strip_prefix('"') else { return plain(local).map(str::to_owned) };
    let Some(inner) = quoted.strip_suffix('"') else { return Err("a quote before the @ is not closed") };
    let mut unescaped = String::new();
    let mut characters = inner.chars();
    while let Some(c) = characters.next() {
        unescaped.push(if c == '\\' {
            characters.next().ok_or("a quote before the @ is not closed")?
        } else {
            c
        });
    }
    if plain(&unescaped).is_ok() {
        return Ok(unescaped);
    }
    let is_fine =
        |c: char| c.is_ascii_alphanumeric() || QUOTED.contains(c) || (!c.is_ascii() && c.is_alphanumeric());
    if unescaped.trim().is_empty()
        || unescaped.chars().count() > MAX_LOCAL_BYTES - 2
        || !unescaped.chars().all(is_fine)
    {
        return Err(
            "expected 1 to 62 letters, digits, blanks and .,:;@!#$%&'*+-/=?^_`{|}~ between the quotes",
        );
    }
    Ok(format!("\"{unescaped}\""))
}

fn plain(local: &str) -> Result<&str, &'static str> {
    if local.is_empty() || local.len() > MAX_LOCAL_BYTES {
        Err("expected 1 to 64 characters before the @")
    } else if local.split('.').any(str::is_empty) {
        Err("a dot before the @ must stand between characters")
    } else if !local.chars().all(|c| c.is_alphanumeric() || c == '.' || ATEXT.contains(c)) {
        Err("expected letters, digits, dots and !#$%&'*+-/=?^_`{|}~ before the @, or a name in quotes")
    } else {
        Ok(local)
    }
}

impl FromStr for EmailAddress {
    type Err = InvalidAddress;

    fn from_str(given: &str) -> Result<Self, InvalidAddress> {
        let refuse = |reason| InvalidAddress { given: given.to_owned(), reason };
        let text = given.trim();
        let (local, domain) = text.rsplit_once('@').ok_or_else(|| refuse("expected name@domain"))?;
        // One spelling of letters that can be written in several ways (RFC 6532, 3.1).
        let local: String = local.nfc().collect();
        let local = local_part(&local).map_err(refuse)?;
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
        let folded = Some(text.to_lowercase()).filter(|folded| *folded != text);
        Ok(Self { at: local.len(), text, folded })
    }
}

impl EmailAddress {
    /// The address as it goes into an envelope, the domain in ASCII form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The address in small letters: by what it is known, never where mail goes.
    #[must_use]
    pub fn key(&self) -> &str {
        self.folded.as_deref().unwrap_or(&self.text)
    }

    /// Whether mail to it needs a relay that takes other letters than ASCII in addresses (SMTPUTF8, RFC 6531).
    #[must_use]
    pub fn needs_smtputf8(&self) -> bool {
        !self.text.is_ascii()
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
        for (at, byte) in self.text.bytes().enumerate() {
            let is_plain = byte.is_ascii_alphanumeric() || b".-_~+!$'*=".contains(&byte) || at == self.at;
            if is_plain {
                uri.push(char::from(byte));
            } else {
                // Writing into a string cannot fail.
                let _ = write!(uri, "%{byte:02X}");
            }
        }
        uri
    }

    /// The address with most of its local part hidden, for logs.
    #[must_use]
    pub fn redacted(&self) -> String {
        let head: String = self.text[..self.at].chars().filter(|c| *c != '"').take(1).collect();
        format!("{head}…@{}", self.domain())
    }
}

impl PartialEq for EmailAddress {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for EmailAddress {}

impl Hash for EmailAddress {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl PartialOrd for EmailAddress {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for EmailAddress {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(other.key())
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
            "\"a\"b\"@c.org",
            "\"a\\\"b\"@c.org",
            "\"a<b>\"@c.org",
            "\"a\r\nBcc: x\"@c.org",
            "\" \"@c.org",
            "\"a@b.org",
            "a\u{202e}b@c.org",
            "a\u{200b}@c.org",
            "a@-b.org",
            "a@b..org",
        ] {
            assert!(bad.parse::<EmailAddress>().is_err(), "{bad:?} was taken");
        }
    }

    #[test]
    fn a_quoted_or_foreign_local_part_is_taken() {
        let read = |text: &str| text.parse::<EmailAddress>().unwrap();
        assert_eq!(read("\"Ann B\"@c.org").as_str(), "\"Ann B\"@c.org");
        assert_eq!(read("\"ann.b\"@c.org").as_str(), "ann.b@c.org");
        assert_eq!(read("\"a\\ b\"@c.org").as_str(), "\"a b\"@c.org");
        assert_eq!(read("\"a@b\"@c.org").domain(), "c.org");
        assert_eq!(read("Jürgen@c.org").to_uri(), "mailto:J%C3%BCrgen@c.org");
        assert_eq!(read("\"a@b\"@c.org").to_uri(), "mailto:%22a%40b%22@c.org");
        assert!(read("用户@c.org").needs_smtputf8() && !read("\"a b\"@münchen.example").needs_smtputf8());
        assert_eq!(read("ju\u{308}rgen@c.org"), read("JÜRGEN@c.org"));
    }

    #[test]
    fn an_address_is_the_same_whatever_the_case_of_its_letters() {
        let (ann, small) = ("Ann.B@Example.org", "ann.b@example.org");
        let [ann, small]: [EmailAddress; 2] = [ann, small].map(|text| text.parse().unwrap());
        assert_eq!(ann, small);
        assert_eq!((ann.as_str(), ann.key()), ("Ann.B@example.org", "ann.b@example.org"));
        assert_eq!(std::collections::BTreeSet::from([ann, small]).len(), 1);
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
