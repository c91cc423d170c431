//! Delivery into a Maildir on this machine: durable, and idempotent by the file's name.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::MailError;
use crate::domain::id::MailId;
use crate::domain::outbox::{Mail, Outcome, STORED};

/// A Maildir: `tmp`, `new` and `cur` in one folder, one file a mail.
#[derive(Debug, Clone)]
pub struct Maildir {
    path: PathBuf,
}

impl Maildir {
    /// Makes the folders that are missing, readable by their owner only.
    ///
    /// # Errors
    /// A folder that cannot be made or synced.
    pub fn open(path: &Path) -> Result<Self, MailError> {
        for folder in [path.to_owned(), path.join("tmp"), path.join("new"), path.join("cur")] {
            make(&folder).map_err(|source| MailError::Maildir { path: folder, source })?;
        }
        let drafts = path.join("tmp");
        remove_drafts(&drafts).map_err(|source| MailError::Maildir { path: drafts, source })?;
        Ok(Self { path: path.to_owned() })
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Delivers off the async threads, since every sync waits for the disk.
    pub(super) async fn deliver(&self, mail: &Mail, bytes: &[u8]) -> Outcome {
        let (maildir, id, bytes) = (self.clone(), mail.id.clone(), bytes.to_vec());
        match tokio::task::spawn_blocking(move || maildir.write(&id, &bytes)).await {
            Ok(Ok(())) => Outcome::Sent { reply: Some(format!("{STORED} {}", self.path.display())) },
            Ok(Err(error)) => {
                Outcome::ChannelDown { reason: format!("the Maildir {}: {error}", self.path.display()) }
            }
            Err(_) => Outcome::Deferred { reason: "writing into the Maildir was broken off".to_owned() },
        }
    }

    /// Write to `tmp`, sync, rename into `new`, sync the folder: at no moment does a reader see half
    /// a mail, and a mail reported as sent survives a power cut.
    ///
    /// A repeated delivery finds its file, read or unread, and does nothing. Only a reader who
    /// has deleted the file in between gets it again.
    fn write(&self, id: &MailId, bytes: &[u8]) -> io::Result<()> {
        let name = file_name(id);
        let (draft, target) = (self.path.join("tmp").join(&name), self.path.join("new").join(&name));
        if target.try_exists()? || self.was_read(&name)? {
            return Ok(());
        }
        let written = write_draft(&draft, bytes).and_then(|()| fs::rename(&draft, &target));
        if written.is_err() {
            // A full disk has no room for what is of no use.
            let _ = fs::remove_file(&draft);
        }
        written?;
        sync_folder(&self.path.join("new"))
    }

    /// Whether a reader has taken the file over: it is in `cur`, with flags behind its name.
    fn was_read(&self, name: &str) -> io::Result<bool> {
        for entry in fs::read_dir(self.path.join("cur"))? {
            let found = entry?.file_name();
            let rest = found.to_str().and_then(|found| found.strip_prefix(name));
            if rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([':', ',', ';'])) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn write_draft(draft: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(draft)?;
    file.write_all(&with_local_line_ends(bytes))?;
    file.sync_all()
}

/// Removes what a process that was killed left half written; nobody else delivers under such names.
fn remove_drafts(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == ENDING) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// What the names of our files end with.
const ENDING: &str = "regwatch";

/// The same for every delivery of one mail. Ids are hexadecimal; anything else, which only a
/// damaged store could hold, becomes harmless.
fn file_name(id: &MailId) -> String {
    let safe: String = id.as_str().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    format!("{safe}.{ENDING}")
}

/// Files of a Maildir have the line ends of their machine; CRLF is for the wire.
fn with_local_line_ends(bytes: &[u8]) -> Vec<u8> {
    let mut local = Vec::with_capacity(bytes.len());
    for (index, &byte) in bytes.iter().enumerate() {
        let ends_line = byte == b'\r' && bytes.get(index + 1) == Some(&b'\n');
        if !ends_line {
            local.push(byte);
        }
    }
    local
}

pub(super) fn make(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    folder.parent().map_or(Ok(()), sync_folder)
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
