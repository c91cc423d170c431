//! Signing (RFC 6376): whoever receives a mail can see that its domain sent it, and that nothing was changed.
//!
//! Done when a mail's bytes are frozen, so that every attempt sends the same signature. `Content-Type` is
//! not among the signed headers: servers on the way fold and quote it anew where it names a boundary, and
//! the body's own hash covers what it describes.

use mail_auth::common::crypto::{Algorithm, SigningKey};
use mail_auth::common::headers::{HeaderWriter, Writable};
use mail_auth::dkim::DkimSigner;

use super::MailError;
use crate::settings::{DkimKey, DkimSettings};

/// What is signed, where it is there; of what is not, that it is not. `From` stands twice, so that nobody
/// can put another above ours. RFC 8058 wants both headers of the one click signed.
const SIGNED: [&str; 17] = [
    "From",
    "From",
    "To",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "References",
    "In-Reply-To",
    "MIME-Version",
    "Auto-Submitted",
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "List-Help",
    "List-Subscribe",
    "List-Owner",
];

/// The message with its signature above it.
///
/// # Errors
/// [`MailError::Signature`] where the key cannot sign.
pub(super) fn signed(message: &[u8], dkim: &DkimSettings) -> Result<Vec<u8>, MailError> {
    let header = match &dkim.key {
        DkimKey::Rsa(key) => header(message, dkim, Borrowed(&**key)),
        DkimKey::Ed25519(key) => header(message, dkim, Borrowed(&**key)),
    };
    let mut signed = header.map_err(|source| MailError::Signature { source: Box::new(source) })?.into_bytes();
    signed.extend_from_slice(message);
    Ok(signed)
}

fn header<K: SigningKey>(message: &[u8], dkim: &DkimSettings, key: K) -> mail_auth::Result<String> {
    let signer = DkimSigner::from_key(key).domain(&dkim.domain).selector(&dkim.selector).headers(SIGNED);
    Ok(signer.sign(message)?.to_header())
}

/// A key that signs more than one mail.
struct Borrowed<'a, K>(&'a K);

impl<K: SigningKey> SigningKey for Borrowed<'_, K> {
    type Hasher = K::Hasher;

    fn sign(&self, input: impl Writable) -> mail_auth::Result<Vec<u8>> {
        self.0.sign(input)
    }

    fn algorithm(&self) -> Algorithm {
        self.0.algorithm()
    }
}
