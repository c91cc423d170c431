//! A Maildir from which mail is taken: what a mail server on this machine put into `new`.
//!
//! A message stays where it is until its effects are kept, and moves to a folder of its own only
//! then. What a process that was ended left in `new` is taken again and known.

use std::fs::{self, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::head::MAX_MESSAGE_BYTES;
use super::maildir::make;
use super::{Folder, MailError};

/// Of a full folder so many messages are looked at in one go.
const MAX_LISTED: usize = 1000;

/// A Maildir with its two sub-folders.
#[derive(Debug, Clone)]
pub struct Maildrop {
    path: PathBuf,
}

/// A message that waits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Dropped {
    /// Its file's name.
    pub name: String,
}

impl Folder {
    /// The sub-folder in Maildir++ form, which mail servers and readers show as a folder.
    fn below(self, maildir: &Path) -> PathBuf {
        maildir.join(match self {
            Self::Processed => ".Processed",
            Self::Failed => ".Failed",
        })
    }
}

impl Maildrop {
    /// Makes the folders that are missing, readable by their owner only.
    ///
    /// # Errors
    /// A folder that cannot be made.
    pub fn open(path: &Path) -> Result<Self, MailError> {
        let parts = [Folder::Processed.below(path), Folder::Failed.below(path)];
        for maildir in [path.to_owned()].iter().chain(&parts) {
            for folder in [maildir.clone(), maildir.join("tmp"), maildir.join("new"), maildir.join("cur")] {
                make(&folder).map_err(|source| MailError::Maildir { path: folder, source })?;
            }
        }
        Ok(Self { path: path.to_owned() })
    }

    /// The messages that wait, the oldest first; of very many the first.
    ///
    /// # Errors
    /// What the system says.
    pub async fn waiting(&self) -> io::Result<Vec<Dropped>> {
        let folder = self.path.join("new");
        off_the_threads(move || list(&folder)).await
    }

    /// A message's bytes, of a very large one as many as are needed.
    ///
    /// # Errors
    /// What is not a file; what the system says.
    pub async fn read(&self, message: &Dropped) -> io::Result<Vec<u8>> {
        let path = self.path.join("new").join(&message.name);
        off_the_threads(move || read(&path)).await
    }

    /// Moves a message out of the way. One that somebody else has moved is left to them.
    ///
    /// # Errors
    /// What the system says.
    pub async fn put_away(&self, message: &Dropped, folder: Folder) -> io::Result<()> {
        let from = self.path.join("new").join(&message.name);
        let to = folder.below(&self.path);
        let to = match folder {
            Folder::Processed => to.join("cur").join(format!("{}:2,S", message.name)),
            // Unread, since nobody has read it.
            Folder::Failed => to.join("new").join(&message.name),
        };
        off_the_threads(move || match fs::rename(&from, &to) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            done => done,
        })
        .await
    }

    /// How many messages lie among those that could not be taken in.
    ///
    /// # Errors
    /// What the system says.
    pub async fn set_aside(&self) -> io::Result<u32> {
        let failed = Folder::Failed.below(&self.path);
        off_the_threads(move || {
            let count = fs::read_dir(failed.join("new"))?.count() + fs::read_dir(failed.join("cur"))?.count();
            Ok(u32::try_from(count).unwrap_or(u32::MAX))
        })
        .await
    }
}

async fn off_the_threads<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}

/// Names begin with the moment of delivery, so that their order is that of arrival.
fn list(folder: &Path) -> io::Result<Vec<Dropped>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)?.take(MAX_LISTED) {
        let entry = entry?;
        // No server writes names that are not text; a hidden file is nobody's message.
        let Ok(name) = entry.file_name().into_string() else { continue };
        if !name.starts_with('.') {
            found.push(Dropped { name });
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// Neither a link that leads elsewhere is followed nor a pipe waited for.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    let mut bytes = Vec::new();
    file.take(MAX_MESSAGE_BYTES as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drop_with(names: &[&str]) -> (tempfile::TempDir, Maildrop) {
        let folder = tempfile::tempdir().unwrap();
        let maildrop = Maildrop::open(&folder.path().join("inbox")).unwrap();
        for name in names {
            fs::write(folder.path().join("inbox/new").join(name), name).unwrap();
        }
        (folder, maildrop)
    }

    #[tokio::test]
    async fn messages_wait_in_the_order_of_their_arrival_until_they_are_put_away() {
        let (folder, maildrop) = drop_with(&["1700000002.b", "1700000001.a", ".hidden"]);
        let waiting = maildrop.waiting().await.unwrap();
        let names: Vec<&str> = waiting.iter().map(|message| message.name.as_str()).collect();
        assert_eq!(names, ["1700000001.a", "1700000002.b"]);
        assert_eq!(maildrop.read(&waiting[0]).await.unwrap(), b"1700000001.a");
        maildrop.put_away(&waiting[0], Folder::Processed).await.unwrap();
        maildrop.put_away(&waiting[1], Folder::Failed).await.unwrap();
        maildrop.put_away(&waiting[1], Folder::Failed).await.unwrap();
        assert_eq!(maildrop.waiting().await.unwrap(), []);
        assert_eq!(maildrop.set_aside().await.unwrap(), 1);
        assert!(folder.path().join("inbox/.Processed/cur/1700000001.a:2,S").exists());
        assert!(folder.path().join("inbox/.Failed/new/1700000002.b").exists());
    }

    #[tokio::test]
    async fn what_is_no_file_is_not_read() {
        let (folder, maildrop) = drop_with(&[]);
        let new = folder.path().join("inbox/new");
        fs::create_dir(new.join("1.folder")).unwrap();
        std::os::unix::fs::symlink("/etc/hostname", new.join("2.link")).unwrap();
        let waiting = maildrop.waiting().await.unwrap();
        assert_eq!(waiting.len(), 2);
        for message in waiting {
            assert!(maildrop.read(&message).await.is_err(), "{message:?}");
        }
    }
}
