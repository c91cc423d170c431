//! Secrets: from files that only the service can read, or from the environment.
//!
//! The one place of the program that reads the environment.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

/// The variable that holds the relay's password where no `mail.password_file` is given.
pub const MAIL_PASSWORD_VARIABLE: &str = "REGWATCH_MAIL_PASSWORD";

/// The variable that holds the mailbox's password where no `inbox.imap.password_file` is given.
pub const IMAP_PASSWORD_VARIABLE: &str = "REGWATCH_IMAP_PASSWORD";

/// The variable that holds the database's password where no `store.password_file` is given.
pub const STORE_PASSWORD_VARIABLE: &str = "REGWATCH_STORE_PASSWORD";

/// No secret is longer; a file that is was not meant.
const MAX_SECRET_BYTES: u64 = 4096;

/// RSA of 8192 bits takes half of it.
const MAX_PEM_BYTES: u64 = 16 * 1024;

/// The passwords that the environment holds.
#[derive(Debug, Clone, Default)]
pub(super) struct Passwords {
    /// The relay's.
    pub(super) mail: Option<SecretString>,
    /// The mailbox's.
    pub(super) imap: Option<SecretString>,
    /// The database's.
    pub(super) store: Option<SecretString>,
}

impl Passwords {
    pub(super) fn from_environment() -> Self {
        Self {
            mail: variable(MAIL_PASSWORD_VARIABLE),
            imap: variable(IMAP_PASSWORD_VARIABLE),
            store: variable(STORE_PASSWORD_VARIABLE),
        }
    }
}

/// A secret from the environment; an empty variable counts as none.
pub(super) fn variable(name: &str) -> Option<SecretString> {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    let secret = std::env::var(name).ok();
    secret.filter(|secret| !secret.is_empty()).map(SecretString::from)
}

/// Where this user's sockets lie that find no room elsewhere.
pub(super) fn runtime_folder() -> PathBuf {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    let given = std::env::var("XDG_RUNTIME_DIR").ok().filter(|folder| folder.starts_with('/'));
    if let Some(folder) = given {
        return folder.into();
    }
    let user = fs::metadata("/proc/self").map_or(0, |us| us.uid());
    let folder = PathBuf::from(format!("/run/user/{user}"));
    if folder.is_dir() { folder } else { std::env::temp_dir().join(format!("regwatch-{user}")) }
}

/// The secret in a file, without the line end that editors leave.
///
/// # Errors
/// What is wrong with the file and what was expected; never what is in it.
pub(super) fn read_file(path: &Path) -> Result<SecretString, String> {
    let shown = path.display();
    let text = read_private(path, "the secret", MAX_SECRET_BYTES)?;
    let secret = text.expose_secret().trim_end_matches(['\r', '\n']);
    if secret.chars().any(char::is_control) {
        return Err(format!("{shown} holds more than one line, expected the secret alone"));
    }
    Ok(SecretString::from(secret))
}

/// A key in PEM, as it stands in its file.
///
/// # Errors
/// The same.
pub(super) fn read_pem(path: &Path) -> Result<SecretString, String> {
    read_private(path, "a private key in PEM", MAX_PEM_BYTES)
}

/// The text of a file that only the service may read.
fn read_private(path: &Path, expected: &str, max_bytes: u64) -> Result<SecretString, String> {
    let shown = path.display();
    let about = fs::metadata(path).map_err(|error| format!("{shown} cannot be read: {error}"))?;
    if !about.is_file() {
        return Err(format!("{shown} is not a file, expected one that holds {expected}"));
    }
    if let Some(mode) = open_mode(&about) {
        return Err(format!(
            "{shown} has mode {mode:04o} and can be read by everyone, expected 0600 or 0640"
        ));
    }
    if about.len() > max_bytes {
        return Err(format!("{shown} has {} bytes, expected at most {max_bytes}", about.len()));
    }
    let text = fs::read_to_string(path)
        .map(SecretString::from)
        .map_err(|error| format!("{shown} cannot be read: {error}"))?;
    if text.expose_secret().trim_end_matches(['\r', '\n']).is_empty() {
        return Err(format!("{shown} is empty, expected {expected}"));
    }
    Ok(text)
}

/// The file's mode where others than its owner and group can use it.
#[cfg(unix)]
fn open_mode(about: &fs::Metadata) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    let mode = about.permissions().mode() & 0o7777;
    (mode & 0o007 != 0).then_some(mode)
}

#[cfg(not(unix))]
fn open_mode(_: &fs::Metadata) -> Option<u32> {
    None
}
