//! A file out of a ZIP.
//!
//! A ZIP of a few kilobytes can hold gigabytes: what is unpacked is counted while it is.

use std::io::{Cursor, Read};

use glob::{MatchOptions, Pattern};
use zip::ZipArchive;
use zip::result::ZipError;

/// A pattern of names is tried on so many files of a ZIP.
const MAX_FILES: usize = 10_000;

/// Why there is no such file.
#[derive(Debug, thiserror::Error)]
pub enum MemberError {
    /// Something else than a ZIP, or a part of one.
    #[error("the body is no ZIP")]
    NoZip(#[source] ZipError),
    /// No file in it has such a name.
    #[error("a ZIP without it, with {0}")]
    NoMember(String),
    /// Several files have.
    #[error("a ZIP with several of them: {0}")]
    Several(String),
    /// The file is larger than is read.
    #[error("{name:?}, which holds more than {limit} bytes")]
    TooLarge {
        /// Its name.
        name: String,
        /// So much is read.
        limit: usize,
    },
    /// The file cannot be unpacked.
    #[error("{name:?}, which cannot be unpacked")]
    Broken {
        /// Its name.
        name: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// The bytes of the one file whose name, without its folders, matches a pattern.
///
/// # Errors
/// Why there is none.
pub fn member_of(body: &[u8], pattern: &str, limit: usize) -> Result<Vec<u8>, MemberError> {
    let mut archive = ZipArchive::new(Cursor::new(body)).map_err(MemberError::NoZip)?;
    let options = MatchOptions { case_sensitive: false, ..MatchOptions::new() };
    let is_meant = |name: &&String| {
        let file = name.rsplit('/').next().unwrap_or(name);
        Pattern::new(pattern).is_ok_and(|pattern| pattern.matches_with(file, options))
    };
    let names = archive.file_names().take(MAX_FILES).filter_map(Result::ok);
    let names: Vec<String> = names.map(Into::into).filter(|name: &String| !name.ends_with('/')).collect();
    let meant: Vec<&String> = names.iter().filter(is_meant).collect();
    let name = match meant[..] {
        [name] => name.clone(),
        [] => return Err(MemberError::NoMember(listed(&names))),
        _ => return Err(MemberError::Several(listed(&meant))),
    };
    let file = archive.by_name(&name).map_err(MemberError::NoZip)?;
    let mut bytes = Vec::new();
    let read = file.take(limit as u64 + 1).read_to_end(&mut bytes);
    match read {
        Ok(_) if bytes.len() > limit => Err(MemberError::TooLarge { name, limit }),
        Ok(_) => Ok(bytes),
        Err(source) => Err(MemberError::Broken { name, source }),
    }
}

/// Some of the names.
fn listed(names: &[impl std::fmt::Debug]) -> String {
    let shown: Vec<String> = names.iter().take(5).map(|name| format!("{name:?}")).collect();
    if shown.is_empty() { "no files".to_owned() } else { shown.join(", ") }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn packed(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in files {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    #[test]
    fn the_one_file_that_is_meant_is_unpacked() {
        let zip = packed(&[("public/LIST_26.CSV", b"a,b\n"), ("public/readme.txt", b"x")]);
        assert_eq!(member_of(&zip, "list_*.csv", 100).unwrap(), b"a,b\n");
    }

    #[test]
    fn what_is_not_there_twice_there_too_large_cut_off_or_no_zip_is_refused_by_name() {
        let zip = packed(&[("a.csv", &[b'a'; 4096]), ("b.csv", b"b")]);
        let cut = &zip[..zip.len() / 2];
        for (body, pattern, expected) in [
            (&zip[..], "*.xml", "a ZIP without it, with \"a.csv\", \"b.csv\""),
            (&zip, "*.csv", "a ZIP with several of them: \"a.csv\", \"b.csv\""),
            (&zip, "a.*", "\"a.csv\", which holds more than 100 bytes"),
            (cut, "a.*", "the body is no ZIP"),
            (b"<html>", "a.*", "the body is no ZIP"),
        ] {
            assert_eq!(member_of(body, pattern, 100).unwrap_err().to_string(), expected, "{pattern}");
        }
    }
}
