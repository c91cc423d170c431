//! Signatures by which a receiver knows who told it: those of Standard Webhooks.
//!
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// What a secret begins with.
const PREFIX: &str = "whsec_";

/// Random bytes of a secret.
pub const SECRET_BYTES: usize = 32;

/// The key of a webhook's signatures. `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HookSecret(Vec<u8>);

/// A text that is no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected {PREFIX} and 24 to 64 bytes in Base64")]
pub struct InvalidHookSecret;

impl HookSecret {
    /// The secret of random bytes.
    #[must_use]
    pub fn of(random: &[u8; SECRET_BYTES]) -> Self {
        Self(random.to_vec())
    }

    /// The secret as its receiver is given it.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(&self.0))
    }

    /// The signature of a body that is sent then under an id.
    #[must_use]
    pub fn sign(&self, id: &str, at: DateTime<Utc>, body: &[u8]) -> String {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return String::new() };
        mac.update(format!("{id}.{}.", at.timestamp()).as_bytes());
        mac.update(body);
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

impl FromStr for HookSecret {
    type Err = InvalidHookSecret;

    fn from_str(text: &str) -> Result<Self, InvalidHookSecret> {
        let encoded = text.strip_prefix(PREFIX).ok_or(InvalidHookSecret)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| InvalidHookSecret)?;
        if (24..=64).contains(&bytes.len()) { Ok(Self(bytes)) } else { Err(InvalidHookSecret) }
    }
}

impl TryFrom<String> for HookSecret {
    type Error = InvalidHookSecret;

    fn try_from(text: String) -> Result<Self, InvalidHookSecret> {
        text.parse()
    }
}

impl From<HookSecret> for String {
    fn from(secret: HookSecret) -> Self {
        secret.text()
    }
}

impl fmt::Debug for HookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HookSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_the_specification() {
        let secret: HookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".parse().unwrap();
        let at = DateTime::from_timestamp(1_614_265_330, 0).unwrap();
        let signature = secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", at, br#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_secret_comes_back_from_its_text_and_is_not_shown() {
        let secret = HookSecret::of(&[7; SECRET_BYTES]);
        assert_eq!(secret.text().parse(), Ok(secret.clone()));
        assert_eq!(format!("{secret:?}"), "HookSecret(…)");
        for bad in ["", "whsec_", "whsec_!", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] {
            assert_eq!(bad.parse::<HookSecret>(), Err(InvalidHookSecret), "{bad}");
        }
    }
}
