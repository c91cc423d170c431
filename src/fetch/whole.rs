//! A body that was received whole.

use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use crate::domain::id::BodyHash;

/// A body with its hash, which is computed once for all who ask for it. Clones share both.
#[derive(Debug, Clone, Default)]
pub struct Body {
    bytes: Bytes,
    sha256: Arc<OnceLock<BodyHash>>,
}

impl Body {
    /// Returns the bytes, which are not copied.
    #[must_use]
    pub fn bytes(&self) -> Bytes {
        self.bytes.clone()
    }

    /// Returns the hash that names the body.
    #[must_use]
    pub fn sha256(&self) -> &BodyHash {
        self.sha256.get_or_init(|| BodyHash::of(&self.bytes))
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self { bytes, sha256: Arc::default() }
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl Deref for Body {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}
