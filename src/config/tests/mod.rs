//! Configurations that are taken, and what becomes of them.

mod faults;
mod secrets;
mod starting;
mod taken;

use std::fs;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use tempfile::TempDir;

use super::load::load_with;
use super::secret::Passwords;
use super::{Config, ConfigError, load, show};

/// The least that a main file must hold.
const LEAST: &str = "[mail]\nfrom = \"alerts@tracker.example\"\n[fetch]\ncontact = \"ops@tracker.example\"\n";

/// A folder with a main file and, perhaps, others.
struct Folder {
    folder: TempDir,
}

impl Folder {
    fn with(main: &str) -> Self {
        let folder = Self { folder: tempfile::tempdir().unwrap() };
        folder.put("config/regwatch.toml", main);
        folder
    }

    fn put(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    fn main(&self) -> PathBuf {
        self.folder.path().join("config/regwatch.toml")
    }

    fn load(&self) -> Result<Config, ConfigError> {
        load_with(&self.main(), Passwords::default())
    }

    fn load_with_password(&self, password: &str) -> Result<Config, ConfigError> {
        let password = Some(SecretString::from(password));
        load_with(&self.main(), Passwords { mail: password.clone(), imap: password.clone(), store: password })
    }

    /// Every fault on a line, the folder left out.
    #[track_caller]
    fn faults(&self) -> Vec<String> {
        let error = self.load().expect_err("the configuration was taken");
        let folder = format!("{}/", self.folder.path().join("config").display());
        error.faults().iter().map(|fault| fault.to_string().replace(&folder, "")).collect()
    }
}

fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
