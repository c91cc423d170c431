//! What is known of a source as it is live: when it was looked at, how it looked, and whom it serves.
//!
//! A catalogue whose sources move unseen is worse than none. So what was observed stands beside each source, and
//! [`super::drift`] tells what of it no longer holds.

use std::sync::Arc;

use chrono::NaiveDate;
use serde::Serialize;
use url::Url;

/// What stands beside a source in the catalogue.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    /// How it was when somebody looked.
    pub observed: Option<Observed>,
    /// The groups that it belongs to; it is watched where one of them is switched on, or where it has none.
    pub groups: Vec<String>,
    /// Why it is not watched although its group is switched on.
    pub off: Option<String>,
    /// Whom it serves, in words.
    pub serves: Option<String>,
    /// Where each of its keys stands in the files.
    pub places: KeyPlaces,
}

/// Where the keys of a source stand. It is asked where something is said of one, and kept of thousands.
#[derive(Debug, Clone, Default)]
pub struct KeyPlaces {
    file: Arc<str>,
    /// Keys, those of inner tables such as `guard.min_entries`, each with its line.
    lines: Box<[(Box<str>, usize)]>,
}

impl KeyPlaces {
    /// Keys that stand on these lines of a file.
    #[must_use]
    pub fn new(file: Arc<str>, lines: Vec<(Box<str>, usize)>) -> Self {
        Self { file, lines: lines.into() }
    }

    /// The place of a key, such as `config/sources/fcc.toml:9`.
    fn get(&self, key: &str) -> Option<String> {
        let (_, line) = self.lines.iter().find(|(name, _)| **name == *key)?;
        Some(format!("{}:{line}", self.file))
    }
}

impl Catalogue {
    /// Where a key stands; where it is not given, where the source begins.
    #[must_use]
    pub fn place_of(&self, key: &str) -> Option<String> {
        let outer = key.split('.').next().unwrap_or(key);
        [key, outer, "id"].iter().find_map(|key| self.places.get(key))
    }

    /// Whether it is watched, given the groups that are switched on.
    #[must_use]
    pub fn is_on(&self, groups: &[String]) -> bool {
        self.off.is_none()
            && (self.groups.is_empty() || self.groups.iter().any(|group| groups.contains(group)))
    }
}

/// How a source was when somebody looked. What is not known is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Observed {
    /// The day.
    pub on: NaiveDate,
    /// How it is known.
    pub by: String,
    /// The address that answered, after redirects; what varies in it is in its query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub landed: Option<Url>,
    /// The media type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// How many bytes its first answer had.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u32>,
    /// How many entries were read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entries: Option<u32>,
    /// A text at its head: the row of headers, the root element.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head: Option<String>,
    /// Whether robots.txt lets its address be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub robots: Option<RobotsWord>,
    /// Who is turned away, and how.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refuses: Option<String>,
}

/// What a host's robots.txt says of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RobotsWord {
    /// There is none that can be read.
    None,
    /// It lets the source be read.
    Open,
    /// It forbids the source, or a part of it.
    Closed,
}

impl RobotsWord {
    /// All of them, as they are written.
    pub const ALL: [(&str, Self); 3] = [("none", Self::None), ("open", Self::Open), ("closed", Self::Closed)];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_on_by_its_group_and_off_by_its_word() {
        let grouped = Catalogue { groups: vec!["canada".to_owned()], ..Catalogue::default() };
        let off = Catalogue { off: Some("nobody saw it".to_owned()), ..grouped.clone() };
        let on = ["canada".to_owned()];
        assert!(Catalogue::default().is_on(&[]) && grouped.is_on(&on));
        assert!(!grouped.is_on(&[]) && !off.is_on(&on));
    }

    #[test]
    fn a_key_that_is_not_given_is_where_the_source_begins() {
        let places = KeyPlaces::new("a.toml".into(), vec![("id".into(), 2), ("guard".into(), 7)]);
        let catalogue = Catalogue { places, ..Catalogue::default() };
        assert_eq!(catalogue.place_of("guard.min_entries").as_deref(), Some("a.toml:7"));
        assert_eq!(catalogue.place_of("max_body").as_deref(), Some("a.toml:2"));
    }
}
