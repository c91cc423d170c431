//! A folder of files that are named after the day on which each was saved.

use std::path::Path;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::{ArchiveError, Capture, kept, unread};
use crate::domain::source::Source;

/// The characters of a day: `2026-11-24`.
const DAY: usize = 10;

/// The hour (UTC) at which a file counts as read that says nothing but its day.
const HOUR: u32 = 12;

/// The files of a folder that begin with a day. Further ones of one day follow a minute apart, in the order of their
/// names.
pub(super) fn read(folder: &Path, source: &Source) -> Result<Vec<Capture>, ArchiveError> {
    let entries = std::fs::read_dir(folder).map_err(|error| unread(folder, error))?;
    let mut dated = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| unread(folder, error))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if let Some(day) = day_of(&name).filter(|_| entry.path().is_file()) {
            dated.push((day, name, entry.path()));
        }
    }
    dated.sort();
    let mut captures: Vec<Capture> = Vec::new();
    for (day, label, path) in dated {
        let Some(noon) = day.and_hms_opt(HOUR, 0, 0) else { continue };
        let last = captures.last().map_or(DateTime::<Utc>::MIN_UTC, |last| last.at);
        let at = noon.and_utc().max(last.checked_add_signed(TimeDelta::minutes(1)).unwrap_or(last));
        let body = std::fs::read(&path).map_err(|error| unread(&path, error))?;
        let answer = kept(source, &path, &label, body)?;
        captures.push(Capture { at, label, answer, further: Vec::new() });
    }
    Ok(captures)
}

/// The day with which a file's name begins.
fn day_of(name: &str) -> Option<NaiveDate> {
    let (day, rest) = name.split_at_checked(DAY)?;
    let day = NaiveDate::parse_from_str(day, "%Y-%m-%d").ok()?;
    (!rest.starts_with(|c: char| c.is_ascii_digit())).then_some(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_what_a_name_begins_with() {
        let day = NaiveDate::from_ymd_opt(2026, 5, 14);
        for name in ["2026-05-14.html", "2026-05-14_table.csv", "2026-05-14"] {
            assert_eq!(day_of(name), day, "{name}");
        }
        for name in ["list.html", "2026-05-141.html", "2026-13-01.html", "2026-05-1ä.html"] {
            assert_eq!(day_of(name), None, "{name}");
        }
    }
}
