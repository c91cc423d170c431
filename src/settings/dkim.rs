//! The key by which mail is signed (RFC 6376).

use std::fmt;
use std::sync::Arc;

use mail_auth::common::crypto::{Ed25519Key, RsaKey, Sha256};

/// A private key. `Debug` hides it.
#[derive(Clone)]
pub enum DkimKey {
    /// RSA of at least 2048 bits, which every receiver can verify.
    Rsa(Arc<RsaKey<Sha256>>),
    /// Ed25519 (RFC 8463), which not every receiver can.
    Ed25519(Arc<Ed25519Key>),
}

impl fmt::Debug for DkimKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rsa(_) => "Rsa(…)",
            Self::Ed25519(_) => "Ed25519(…)",
        })
    }
}
