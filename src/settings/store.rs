//! Where state is kept, and for how long.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};

/// Where state is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreSettings {
    /// A sled database in this folder.
    Sled {
        /// The folder.
        path: PathBuf,
    },
    /// A database of a PostgreSQL server.
    Postgres {
        /// Its address.
        url: DatabaseUrl,
        /// What belongs to it on this machine is named after this: the daemon's socket, files to be fetched.
        local: PathBuf,
    },
}

impl StoreSettings {
    /// Where it lies, for people.
    #[must_use]
    pub fn place(&self) -> String {
        match self {
            Self::Sled { path } => path.display().to_string(),
            Self::Postgres { url, .. } => url.shown(),
        }
    }

    /// What belongs to it on this machine is named after this; of sled it is the store itself.
    #[must_use]
    pub fn local(&self) -> &Path {
        match self {
            Self::Sled { path } => path,
            Self::Postgres { local, .. } => local,
        }
    }
}

/// The address of a database, which may hold a password. `Debug` and [`Self::shown`] hide it.
#[derive(Clone)]
pub struct DatabaseUrl(SecretString);

impl DatabaseUrl {
    /// Takes `postgres://…`, with the password where it stands elsewhere.
    ///
    /// # Errors
    /// What was expected; never what was given.
    pub fn new(text: &str, password: Option<&str>) -> Result<Self, String> {
        let expected = || "expected \"postgres://user@host/database\"".to_owned();
        let mut url = url::Url::parse(text).map_err(|error| format!("{error}; {}", expected()))?;
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return Err(expected());
        }
        if url.query_pairs().any(|(name, _)| name == "password") {
            return Err("holds a password among its parameters, expected it behind the user's name or in store.password_file".to_owned());
        }
        let Some(password) = password else { return Ok(Self(text.into())) };
        if url.password().is_some() {
            return Err(
                "holds a password, and store.password_file does as well; expected one of both".to_owned()
            );
        }
        url.set_password(Some(password))
            .map_err(|()| "names no host, where store.password_file is given".to_owned())?;
        Ok(Self(String::from(url).into()))
    }

    /// The address with its password.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// The address without its password.
    #[must_use]
    pub fn shown(&self) -> String {
        let Ok(mut url) = url::Url::parse(self.expose()) else { return "postgres:".to_owned() };
        // Nothing to hide where there is no host.
        let _ = url.set_password(None);
        url.into()
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DatabaseUrl").field(&self.shown()).finish()
    }
}

impl PartialEq for DatabaseUrl {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for DatabaseUrl {}

/// What must be so of the place where state is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreRules {
    /// Whether it must be there already: then nothing is ever begun with an empty one.
    pub required: bool,
    /// With less free room on its disk than this, the operator is told.
    pub low_disk_bytes: usize,
    /// How long what is kept.
    pub retention: Retention,
    /// Whether a database server has the workers hear each other, so that what one wrote the others take up at once.
    /// Without it they look from time to time.
    pub listens: bool,
}

/// How long what is kept; `None` for ever. Records themselves are always kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention {
    /// The bytes of mails that went out.
    pub sent_mails: Option<Duration>,
    /// What else a server said with a page that was accepted, besides the line of proof.
    pub read_details: Option<Duration>,
    /// The bodies of accepted states that prove no change.
    pub bodies: Option<Duration>,
    /// The lines of the chains of reads that no change needs.
    pub chains: Option<Duration>,
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Default for Retention {
    fn default() -> Self {
        Self { sent_mails: Some(DAY * 90), read_details: Some(DAY * 365), bodies: None, chains: None }
    }
}

impl Default for StoreRules {
    fn default() -> Self {
        Self { required: false, low_disk_bytes: 512 << 20, retention: Retention::default(), listens: true }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_named_without_its_password() {
        let url = DatabaseUrl::new("postgres://regwatch:secret@db.example:5433/state?sslmode=require", None)
            .unwrap();
        assert_eq!(url.shown(), "postgres://regwatch@db.example:5433/state?sslmode=require");
        assert!(!format!("{url:?}").contains("secret"));
        let apart = DatabaseUrl::new("postgres://regwatch@db.example/state", Some("se cret")).unwrap();
        assert_eq!(apart.expose(), "postgres://regwatch:se%20cret@db.example/state");
        assert_eq!(apart.shown(), "postgres://regwatch@db.example/state");
    }

    #[test]
    fn what_is_no_address_of_a_database_is_refused_unseen() {
        let refused = |text: &str, password| DatabaseUrl::new(text, password).unwrap_err();
        assert!(refused("mysql://ann:secret@host/db", None).starts_with("expected"));
        assert!(refused("postgres://ann:secret@host/db", Some("other")).contains("one of both"));
        assert!(refused("postgres:///db", Some("other")).contains("names no host"));
        for text in ["secret", "postgres://host/db?password=secret"] {
            assert!(!refused(text, None).contains("secret"));
        }
    }
}
