//! Replacing a file in one step: whoever reads it sees the old text or the new one.
//!
//! The new text is written into a draft beside the file, which then takes its place. A process that is killed
//! leaves its draft; whoever replaces a file of the same folder next removes it. The folder is locked meanwhile, so
//! that nobody's draft is removed who is still writing it.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Of a file that was not there: whoever may enter the folder may read it.
const MODE: u32 = 0o644;

/// Puts a text in a file's place, or nothing. It is on the disk when this returns.
pub(super) fn replace(path: &Path, text: Option<&str>) -> io::Result<()> {
    let folder = path.parent().ok_or_else(|| io::Error::other("expected a path with a folder"))?;
    match text {
        Some(text) => {
            fs::create_dir_all(folder)?;
            let permissions = fs::metadata(path).map(|metadata| metadata.permissions());
            let lock = File::open(folder)?;
            lock.lock()?;
            remove_drafts(folder)?;
            // A hidden name, which no pattern of the configuration matches.
            let mut file =
                tempfile::Builder::new().prefix(PREFIX).rand_bytes(RANDOM_CHARS).tempfile_in(folder)?;
            file.write_all(text.as_bytes())?;
            file.as_file().set_permissions(permissions.unwrap_or_else(|_| Permissions::from_mode(MODE)))?;
            file.as_file().sync_all()?;
            file.persist(path)?;
        }
        None => fs::remove_file(path)?,
    }
    File::open(folder)?.sync_all()
}

/// What the name of a draft begins with; as many random characters follow.
const PREFIX: &str = ".regwatch-";
const RANDOM_CHARS: usize = 6;

/// Removes the drafts that killed processes left in a folder.
pub(super) fn remove_drafts(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if is_draft(&entry.file_name().to_string_lossy()) && entry.file_type()?.is_file() {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn is_draft(name: &str) -> bool {
    let random = name.strip_prefix(PREFIX);
    random.is_some_and(|random| {
        random.len() == RANDOM_CHARS && random.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}
