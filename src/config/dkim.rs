//! The table `[mail.dkim]`: the key by which mail is signed (RFC 6376).

use std::path::Path;
use std::sync::Arc;

use mail_auth::common::crypto::{Ed25519Key, RsaKey};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use secrecy::{ExposeSecret, SecretString};

use super::node::{AllowedKeys, ConfigNode, ConfigTable};
use super::{secret, value};
use crate::domain::email::EmailAddress;
use crate::settings::{DkimKey, DkimSettings};

pub(super) const DKIM: AllowedKeys =
    AllowedKeys { heading: "[mail.dkim]", names: &["domain", "selector", "key_file"] };

/// Reads the table; `from` is the address that mail comes from, where that is known.
pub(super) fn dkim(
    section: &ConfigNode<'_>,
    folder: &Path,
    from: Option<&EmailAddress>,
) -> Option<DkimSettings> {
    let table = section.table(&DKIM)?;
    let domain = domain(&table, from);
    let selector = table
        .require("selector", "the name under which the key is published, such as \"regwatch\"")
        .and_then(|node| node.parse(selector));
    let key_file = table
        .require("key_file", "the file that holds the private key")
        .and_then(|node| Some((value::path_from(folder, node.line()?), node)));
    let key = key_file.and_then(|(path, node)| {
        let pem = secret::read_pem(&path).and_then(|pem| key(&pem, &path));
        pem.map_err(|error| node.fault(error)).ok().map(|key| (path, key))
    });
    let (domain, selector, (key_file, key)) = (domain?, selector?, key?);
    Some(DkimSettings { domain, selector, key_file, key })
}

/// The signing domain: that of the sender, or one above it, or else the signature proves nothing about
/// whom a mail is from (RFC 7489, 3.1.1).
fn domain(table: &ConfigTable<'_>, from: Option<&EmailAddress>) -> Option<String> {
    let Some(node) = table.get("domain") else { return from.map(|from| from.domain().to_owned()) };
    let domain = node.line()?.to_ascii_lowercase();
    let is_aligned = |from: &EmailAddress| {
        let above = from.domain().strip_suffix(domain.as_str());
        domain.contains('.') && above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
    };
    if from.is_some_and(|from| !is_aligned(from)) {
        let of = from.map(EmailAddress::domain).unwrap_or_default();
        node.fault(format_args!(
            "found {domain:?}, expected {of:?}, the domain of mail.from, or one above it"
        ));
        return None;
    }
    Some(domain)
}

fn selector(text: &str) -> Result<String, String> {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if text.split('.').all(is_label) {
        Ok(text.to_ascii_lowercase())
    } else {
        Err(format!("found {text:?}, expected a name of letters, digits and \"-\" such as \"regwatch\""))
    }
}

/// The key in a PEM, of either kind that signs mail.
fn key(pem: &SecretString, path: &Path) -> Result<DkimKey, String> {
    let expected = "expected a private key in PEM, RSA of 2048 bits or more, or Ed25519";
    let refuse = |what: &str| format!("{} {what}, {expected}", path.display());
    let der = PrivateKeyDer::from_pem_slice(pem.expose_secret().as_bytes())
        .map_err(|_| refuse("holds no private key"))?;
    let ed25519 = match &der {
        PrivateKeyDer::Pkcs8(der) => Ed25519Key::from_pkcs8_maybe_unchecked_der(der.secret_pkcs8_der()).ok(),
        _ => None,
    };
    match ed25519 {
        Some(key) => Ok(DkimKey::Ed25519(Arc::new(key))),
        None => RsaKey::from_key_der(der)
            .map(|key| DkimKey::Rsa(Arc::new(key)))
            .map_err(|_| refuse("holds a key that signs no mail")),
    }
}
