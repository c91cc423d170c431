//! The files that `regwatch init` writes: the project's own `config/`, built into the program.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

use crate::domain::email::EmailAddress;

/// Where each file goes, and what is in it.
pub(super) const FILES: [(&str, &str); 31] = [
    ("config/regwatch.toml", include_str!("../../config/regwatch.toml")),
    ("config/sources/fcc.toml", include_str!("../../config/sources/fcc.toml")),
    ("config/sources/courts.toml", include_str!("../../config/sources/courts.toml")),
    ("config/sources/federal-register.toml", include_str!("../../config/sources/federal-register.toml")),
    ("config/sources/us-lists.toml", include_str!("../../config/sources/us-lists.toml")),
    ("config/sources/world.toml", include_str!("../../config/sources/world.toml")),
    ("config/sources/asia-pacific.toml", include_str!("../../config/sources/asia-pacific.toml")),
    ("config/sources/canada.toml", include_str!("../../config/sources/canada.toml")),
    ("config/sources/courts-more.toml", include_str!("../../config/sources/courts-more.toml")),
    ("config/sources/europe.toml", include_str!("../../config/sources/europe.toml")),
    ("config/sources/united-kingdom.toml", include_str!("../../config/sources/united-kingdom.toml")),
    ("config/sources/us-policy.toml", include_str!("../../config/sources/us-policy.toml")),
    ("config/sources/us-procurement.toml", include_str!("../../config/sources/us-procurement.toml")),
    ("config/sources/us-trade.toml", include_str!("../../config/sources/us-trade.toml")),
    ("config/companies/biotechnology.toml", include_str!("../../config/companies/biotechnology.toml")),
    ("config/companies/cameras.toml", include_str!("../../config/companies/cameras.toml")),
    ("config/companies/carriers.toml", include_str!("../../config/companies/carriers.toml")),
    ("config/companies/categories.toml", include_str!("../../config/companies/categories.toml")),
    ("config/companies/components.toml", include_str!("../../config/companies/components.toml")),
    ("config/companies/computing.toml", include_str!("../../config/companies/computing.toml")),
    ("config/companies/dahua.toml", include_str!("../../config/companies/dahua.toml")),
    ("config/companies/drones.toml", include_str!("../../config/companies/drones.toml")),
    ("config/companies/groups.toml", include_str!("../../config/companies/groups.toml")),
    ("config/companies/hikvision.toml", include_str!("../../config/companies/hikvision.toml")),
    ("config/companies/huawei.toml", include_str!("../../config/companies/huawei.toml")),
    ("config/companies/hytera.toml", include_str!("../../config/companies/hytera.toml")),
    ("config/companies/kaspersky.toml", include_str!("../../config/companies/kaspersky.toml")),
    ("config/companies/recognition.toml", include_str!("../../config/companies/recognition.toml")),
    ("config/companies/semiconductors.toml", include_str!("../../config/companies/semiconductors.toml")),
    ("config/companies/zte.toml", include_str!("../../config/companies/zte.toml")),
    ("state/.gitignore", include_str!("../../state/.gitignore")),
];

/// What is known of who begins; what is not stays a placeholder.
#[derive(Debug, Clone, Default)]
pub struct Starting {
    /// Whom mail is from, whom sites can write to, and who is told of trouble.
    pub address: Option<EmailAddress>,
    /// The relay through which mail leaves.
    pub relay: Option<String>,
    /// Its password, which gets a file of its own.
    pub relay_password: Option<SecretString>,
}

impl Starting {
    /// A file of the configuration with what is known in its place.
    fn fill_in(&self, name: &str, text: &str) -> String {
        if name != MAIN_FILE {
            return text.to_owned();
        }
        let quoted = |text: &str| toml::Value::from(text).to_string();
        let mut text = text.to_owned();
        if let Some(address) = &self.address {
            let from = quoted(&format!("regwatch <{address}>"));
            for (key, placeholder, value) in [
                ("from", "from = \"regwatch <alerts@tracker.example>\"", from),
                ("contact", "contact = \"ops@tracker.example\"", quoted(address.as_str())),
                ("address", "# address = \"ops@tracker.example\"", quoted(address.as_str())),
            ] {
                text = text.replace(&format!("\n{placeholder}"), &format!("\n{key} = {value}"));
            }
        }
        if let Some(relay) = &self.relay {
            let folder = "\ntransport = \"maildir:../state/mail\"";
            text = text.replace(folder, &format!("\ntransport = {}", quoted(relay)));
        }
        if self.relay_password.is_some() {
            let example = "\n# password_file = \"/run/credentials/regwatch.service/smtp-password\"";
            text = text.replace(example, &format!("\npassword_file = {}", quoted(PASSWORD_NAME)));
        }
        text
    }
}

/// The file with the relay's password, and how the main file names it.
const PASSWORD_FILE: &str = "config/smtp-password";
const PASSWORD_NAME: &str = "smtp-password";

/// The file in which who begins is named.
const MAIN_FILE: &str = "config/regwatch.toml";

/// Why the files were not written.
#[derive(Debug, thiserror::Error)]
pub enum StartingError {
    /// A file is there already; nothing was written.
    #[error("{} already exists, expected a folder without a configuration; nothing was written", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A file or folder cannot be written.
    #[error("{} cannot be written", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// Writes a commented configuration into `folder`, and a folder for the state beside it.
///
/// Gives the files in the order they were written. Nothing is ever overwritten.
///
/// # Errors
/// A file that is there already, found before anything is written; what cannot be written.
pub fn write_starting_files(folder: &Path, starting: &Starting) -> Result<Vec<PathBuf>, StartingError> {
    let mut files: Vec<(PathBuf, String)> =
        FILES.iter().map(|(name, text)| (folder.join(name), starting.fill_in(name, text))).collect();
    let password = starting.relay_password.as_ref();
    files.extend(
        password.map(|password| (folder.join(PASSWORD_FILE), format!("{}\n", password.expose_secret()))),
    );
    // A dangling link is something, too.
    if let Some((path, _)) = files.iter().find(|(path, _)| path.symlink_metadata().is_ok()) {
        return Err(StartingError::Exists { path: path.clone() });
    }
    make_folders(folder)?;
    let mut written = Vec::new();
    for (path, text) in files {
        write_new(&path, &text).map_err(|source| StartingError::Write { path: path.clone(), source })?;
        written.push(path);
    }
    Ok(written)
}

fn make_folders(folder: &Path) -> Result<(), StartingError> {
    for name in ["config/sources", "config/companies", "state"] {
        let path = folder.join(name);
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        // The state holds the addresses of subscribers.
        #[cfg(unix)]
        if name == "state" {
            use std::os::unix::fs::DirBuilderExt;
            builder.mode(0o700);
        }
        builder.create(&path).map_err(|source| StartingError::Write { path, source })?;
    }
    Ok(())
}

fn write_new(path: &Path, text: &str) -> io::Result<()> {
    // Kept even where somebody else made the file since it was looked for.
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if path.ends_with(PASSWORD_FILE) {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    fs::File::sync_all(&file)
}
