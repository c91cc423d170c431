//! What must stand in the DNS so that receivers believe our mail: SPF, DKIM and DMARC.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use url::Host;

use crate::settings::{DkimKey, DkimSettings, MailSettings, TransportSettings};

/// A record to be published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DnsRecord {
    /// Where it stands.
    pub name: String,
    /// What it says; its type is always TXT.
    pub value: String,
    /// What it is for, and what to look at before it is published.
    pub note: &'static str,
}

/// RFC 1035, 3.3.14: a TXT record is made of strings of at most so many bytes.
const MAX_STRING_BYTES: usize = 255;

impl DnsRecord {
    /// The record as a line of a zone file.
    #[must_use]
    pub fn zone_line(&self) -> String {
        let strings = self.value.as_bytes().chunks(MAX_STRING_BYTES);
        let strings: Vec<String> =
            strings.map(|part| format!("\"{}\"", String::from_utf8_lossy(part))).collect();
        format!("{}. IN TXT {}", self.name, strings.join(" "))
    }
}

/// The records that fit how mail is sent; that of the key only where mail is signed here.
#[must_use]
pub fn dns_records(settings: &MailSettings) -> Vec<DnsRecord> {
    let domain = settings.from.address.domain();
    let spf = DnsRecord {
        name: domain.to_owned(),
        value: format!("v=spf1 {} ~all", senders(&settings.transport)),
        note: "SPF: which machines may send for the domain. One record for all of its mail: add these to what is there, and what your relay's operator names",
    };
    let dmarc = DnsRecord {
        name: format!("_dmarc.{domain}"),
        value: format!("v=DMARC1; p=none; rua={}", settings.help_address.to_uri()),
        note: "DMARC: what becomes of mail that proves neither. Read the reports first, then go on to p=quarantine and p=reject",
    };
    std::iter::once(spf).chain(settings.dkim.as_ref().map(key_record)).chain([dmarc]).collect()
}

/// Who sends, as far as it is known here.
fn senders(transport: &TransportSettings) -> String {
    match transport {
        TransportSettings::Smtp(relay) if relay.host != "localhost" => match Host::parse(&relay.host) {
            Ok(Host::Domain(host)) => format!("a:{host}"),
            Ok(Host::Ipv4(address)) if !address.is_loopback() => format!("ip4:{address}"),
            _ => "mx a".to_owned(),
        },
        TransportSettings::Smtp(_) | TransportSettings::Maildir { .. } => "mx a".to_owned(),
    }
}

fn key_record(dkim: &DkimSettings) -> DnsRecord {
    let (kind, public) = match &dkim.key {
        DkimKey::Rsa(key) => ("rsa", public_key_info(&key.public_key())),
        DkimKey::Ed25519(key) => ("ed25519", key.public_key()),
    };
    DnsRecord {
        name: format!("{}._domainkey.{}", dkim.selector, dkim.domain),
        value: format!("v=DKIM1; k={kind}; p={}", STANDARD.encode(public)),
        note: "DKIM: the key that signs mail. Publish it unchanged before you turn on signing",
    }
}

/// `SEQUENCE { rsaEncryption, NULL }` in DER (RFC 3279, 2.3.1).
const RSA_ENCRYPTION: [u8; 15] =
    [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];

/// An RSA key as receivers read it: a `SubjectPublicKeyInfo` (RFC 6376, erratum 3017).
fn public_key_info(key: &[u8]) -> Vec<u8> {
    // No bit of the last byte is unused.
    let bits = element(0x03, &[&[0], key].concat());
    element(0x30, &[&RSA_ENCRYPTION[..], &bits].concat())
}

/// A tag, a length and what stands in it, in DER.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let first = length.iter().position(|byte| *byte != 0).unwrap_or(length.len() - 1);
    let length = &length[first..];
    let mut element = vec![tag];
    if length.len() > 1 || length[0] >= 0x80 {
        // At most eight bytes follow.
        element.push(0x80 | u8::try_from(length.len()).unwrap_or_default());
    }
    element.extend_from_slice(length);
    element.extend_from_slice(content);
    element
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_written_as_der_has_it() {
        assert_eq!(element(4, &[7; 2]), [4, 2, 7, 7]);
        assert_eq!(element(4, &[0; 0x80])[..3], [4, 0x81, 0x80]);
        assert_eq!(element(4, &[0; 0x126])[..4], [4, 0x82, 0x01, 0x26]);
    }

    #[test]
    fn a_long_record_is_split_into_strings() {
        let value = "x".repeat(300);
        let record = DnsRecord { name: "a.example".to_owned(), value, note: "" };
        let (long, short) = ("x".repeat(255), "x".repeat(45));
        assert_eq!(record.zone_line(), format!("a.example. IN TXT \"{long}\" \"{short}\""));
    }
}
