//! The history of a file in Git.

use std::path::{Path, PathBuf};
use std::process::Command;

use chrono::DateTime;

use super::{ArchiveError, Capture, broken, kept, unread};
use crate::domain::source::Source;

/// Whether a folder is a repository.
pub(super) fn is_repository(folder: &Path) -> bool {
    folder.join(".git").exists() || folder.join("objects").is_dir() && folder.join("HEAD").is_file()
}

/// Every state of a file of a repository; of the only file where none is named.
pub(super) fn read(
    repository: &Path,
    file: Option<&Path>,
    source: &Source,
) -> Result<Vec<Capture>, ArchiveError> {
    let file = match file {
        Some(file) => file.to_owned(),
        None => only_file(repository)?,
    };
    let name = file.to_string_lossy().into_owned();
    let log = git(repository, &["log", "--reverse", "--format=%H %ct", "HEAD", "--", &name])?;
    let mut captures: Vec<Capture> = Vec::new();
    for line in String::from_utf8_lossy(&log).lines() {
        let Some((commit, at)) = line.split_once(' ') else { continue };
        let at = at.parse().ok().and_then(|at| DateTime::from_timestamp(at, 0));
        let Some(at) = at else { return Err(broken(repository, format!("found the commit time {line:?}"))) };
        // A commit that removes the file holds no state of it.
        let object = format!("{commit}:./{name}");
        if git(repository, &["cat-file", "-e", &object]).is_err() {
            continue;
        }
        let body = git(repository, &["cat-file", "blob", &object])?;
        let label = format!("{}:{name}", &commit[..commit.len().min(12)]);
        let answer = kept(source, Path::new(&label), &name, body)?;
        captures.push(Capture { at, label, answer, further: Vec::new() });
    }
    Ok(captures)
}

/// The same for a file in the work tree of a repository.
pub(super) fn read_file(file: &Path, source: &Source) -> Result<Vec<Capture>, ArchiveError> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = file.file_name().ok_or_else(|| broken(file, "expected a file"))?;
    read(folder, Some(Path::new(name)), source)
}

fn only_file(repository: &Path) -> Result<PathBuf, ArchiveError> {
    let files = git(repository, &["ls-tree", "-r", "--name-only", "-z", "HEAD"])?;
    let files = String::from_utf8_lossy(&files).into_owned();
    let files: Vec<&str> = files.split('\0').filter(|file| !file.is_empty()).collect();
    match files.as_slice() {
        [only] => Ok(PathBuf::from(only)),
        _ => Err(broken(
            repository,
            format!("it has {} files; name the one that is meant with --path", files.len()),
        )),
    }
}

/// Runs Git over a repository, which is only looked at.
fn git(repository: &Path, arguments: &[&str]) -> Result<Vec<u8>, ArchiveError> {
    let output = Command::new("git")
        .arg("-C")
        .arg(repository)
        .args(arguments)
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("LC_ALL", "C")
        .output()
        .map_err(|error| unread(Path::new("git (the program)"), error))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(broken(repository, format!("git says: {}", said.trim())))
}
