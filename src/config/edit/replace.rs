//! Replacing a file in one step: whoever reads it sees the old text or the new one.

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
            // A hidden name, which no pattern of the configuration matches.
            let mut file = tempfile::Builder::new().prefix(".regwatch-").tempfile_in(folder)?;
            file.write_all(text.as_bytes())?;
            file.as_file().set_permissions(permissions.unwrap_or_else(|_| Permissions::from_mode(MODE)))?;
            file.as_file().sync_all()?;
            file.persist(path)?;
        }
        None => fs::remove_file(path)?,
    }
    File::open(folder)?.sync_all()
}
