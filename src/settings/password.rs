//! Passwords of those who may log in, which are never kept.

use std::fmt;

use argon2::password_hash::{PasswordHash as Parsed, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params};

/// A hash that takes more memory, in KiB, or more rounds than these is a mistake, or somebody's trap.
const MAX_MEMORY_KIB: u32 = 256 * 1024;
const MAX_ROUNDS: u32 = 16;

/// The hash of a password (argon2id, in PHC form). `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Takes a hash.
    ///
    /// # Errors
    /// What is wrong with it; never what it is.
    pub fn of(text: &str) -> Result<Self, String> {
        let expected = "expected a hash that `regwatch web hash-password` made";
        let parsed = Parsed::new(text).map_err(|_| format!("is no hash of a password, {expected}"))?;
        if Algorithm::try_from(parsed.algorithm) != Ok(Algorithm::Argon2id) || parsed.hash.is_none() {
            return Err(format!("is no hash by argon2id, {expected}"));
        }
        let params = Params::try_from(&parsed).map_err(|_| format!("has unknown settings, {expected}"))?;
        if params.m_cost() > MAX_MEMORY_KIB || params.t_cost() > MAX_ROUNDS {
            return Err(format!("would take too much memory or time to check, {expected}"));
        }
        Ok(Self(text.to_owned()))
    }

    /// Hashes a password.
    ///
    /// # Errors
    /// What the library says, of a password beyond all bounds.
    pub fn make(password: &str, salt: [u8; 16]) -> Result<Self, String> {
        use argon2::password_hash::{PasswordHasher, SaltString};
        let salt = SaltString::encode_b64(&salt).map_err(|error| error.to_string())?;
        let hash = Argon2::default().hash_password(password.as_bytes(), &salt);
        hash.map(|hash| Self(hash.to_string())).map_err(|error| error.to_string())
    }

    /// Whether it is the hash of this password. Takes time and memory on purpose.
    #[must_use]
    pub fn is_of(&self, password: &str) -> bool {
        let parsed = Parsed::new(&self.0);
        parsed.is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
    }

    /// The hash as its file has it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_by_its_hash_and_the_hash_is_never_shown() {
        let hash = PasswordHash::make("correct horse", [7; 16]).unwrap();
        assert!(hash.is_of("correct horse") && !hash.is_of("correct horses") && !hash.is_of(""));
        assert_eq!(PasswordHash::of(hash.as_str()), Ok(hash.clone()));
        assert_eq!(format!("{hash:?}"), "PasswordHash(…)");
        for bad in ["", "geheim", "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA", "$2b$12$abc"] {
            let fault = PasswordHash::of(bad).unwrap_err();
            assert!(bad.is_empty() || !fault.contains(bad), "{fault}");
        }
        let greedy = hash.as_str().replace("m=19456", "m=4194304");
        assert!(PasswordHash::of(&greedy).is_err());
    }
}
