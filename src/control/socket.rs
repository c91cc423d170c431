//! The file of the control socket: made so that nobody else can open it, and never in the place of a living one.

use std::fs::{DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tokio::net::{UnixListener, UnixStream};

/// The socket cannot be listened on.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// It cannot be made.
    #[error("cannot listen on the control socket {path}")]
    Unusable {
        /// Its path.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// Somebody listens there.
    #[error(
        "{} listens on the control socket {path}; give this installation its own socket (daemon.socket), or use the default, which is named after the store",
        process.map_or_else(|| "another process".to_owned(), |process| format!("process {process}"))
    )]
    InUse {
        /// Its path.
        path: String,
        /// Who, as far as that can be known.
        process: Option<i32>,
    },
}

/// A socket's file, and the right to it. The file goes when it is dropped, if it is still this one.
#[derive(Debug)]
pub(super) struct ControlSocketFile {
    path: PathBuf,
    made: Option<(u64, u64)>,
    _lock: File,
}

impl ControlSocketFile {
    /// Listens on `path`. What was left there by a process that has gone is replaced.
    pub(super) async fn bind(path: &Path) -> Result<(UnixListener, Self), ListenError> {
        let shown = || path.display().to_string();
        let unusable = |source| ListenError::Unusable { path: shown(), source };
        let parent = path.parent().ok_or_else(|| unusable(io::Error::other("expected a folder")))?;
        DirBuilder::new().recursive(true).mode(0o700).create(parent).map_err(unusable)?;
        if !is_private(parent) {
            return Err(unusable(io::Error::other("its folder belongs to somebody else")));
        }
        // Held for as long as it is listened on: two that start at once do not both find nobody.
        let Some(lock) = lock(path).map_err(unusable)? else {
            return Err(ListenError::InUse { path: shown(), process: listener(path).await.flatten() });
        };
        // A program that takes no lock may listen all the same.
        if let Some(process) = listener(path).await {
            return Err(ListenError::InUse { path: shown(), process });
        }
        let listener = bind_privately(parent, path).map_err(unusable)?;
        let made = std::fs::symlink_metadata(path).ok().map(|file| (file.dev(), file.ino()));
        Ok((listener, Self { path: path.to_owned(), made, _lock: lock }))
    }
}

impl Drop for ControlSocketFile {
    fn drop(&mut self) {
        let there = std::fs::symlink_metadata(&self.path).ok().map(|file| (file.dev(), file.ino()));
        if there.is_some() && there == self.made {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// The lock beside a socket; nothing while another process has it.
fn lock(path: &Path) -> io::Result<Option<File>> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).create(true).truncate(false).mode(0o600).open(name)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Whether somebody listens on a socket, and who, as far as that can be known.
async fn listener(path: &Path) -> Option<Option<i32>> {
    match UnixStream::connect(path).await {
        Ok(stream) => Some(stream.peer_cred().ok().and_then(|peer| peer.pid())),
        // Nobody takes what waits to be taken in, but somebody listens.
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Some(None),
        Err(_) => None,
    }
}

/// Whether nobody else can put a socket into a folder. Where everybody may make folders, it must be our own.
pub(super) fn is_private(folder: &Path) -> bool {
    let is_shared = |folder: &Path| std::fs::metadata(folder).is_ok_and(|folder| folder.mode() & 0o002 != 0);
    if !folder.parent().is_some_and(is_shared) {
        return true;
    }
    let us = std::fs::metadata("/proc/self").map(|us| us.uid());
    let folder = std::fs::symlink_metadata(folder);
    matches!((folder, us), (Ok(folder), Ok(us)) if folder.is_dir() && folder.uid() == us && folder.mode() & 0o002 == 0)
}

/// Makes the socket inside a folder nobody else may enter, then moves it to its place, so that there is no
/// moment at which another user could connect.
fn bind_privately(parent: &Path, path: &Path) -> io::Result<UnixListener> {
    let private = parent.join(format!(".sock-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&private);
    DirBuilder::new().mode(0o700).create(&private)?;
    let made = bind_within(&private, path);
    let _ = std::fs::remove_dir_all(&private);
    made
}

fn bind_within(private: &Path, path: &Path) -> io::Result<UnixListener> {
    // By its descriptor, since the folder's own name may be longer than a socket's address.
    let folder = File::open(private)?;
    let listener = UnixListener::bind(format!("/proc/self/fd/{}/s", folder.as_raw_fd()))?;
    let first = private.join("s");
    std::fs::set_permissions(&first, Permissions::from_mode(0o600))?;
    std::fs::rename(&first, path)?;
    Ok(listener)
}
