//! Wishes to follow what nobody tracks, for whoever decides what is tracked.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::text::{one_line, shorten};

/// Longer words are cut: no company's name is.
const MAX_WORDS_CHARS: usize = 80;

/// What somebody wanted to follow and nobody tracks. Who it was is not kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UntrackedWish {
    /// The words, as they were written first; hostile text, made fit to show.
    pub words: String,
    /// How often.
    pub times: u32,
    /// When first.
    pub first_at: DateTime<Utc>,
    /// When last.
    pub last_at: DateTime<Utc>,
}

impl UntrackedWish {
    /// The words as they are kept; nothing where there are none.
    #[must_use]
    pub fn words_of(written: &str) -> Option<String> {
        Some(shorten(&one_line(written), MAX_WORDS_CHARS))
            .filter(|words| words.chars().any(char::is_alphanumeric))
    }

    /// By what the same wish is known again.
    #[must_use]
    pub fn key(words: &str) -> String {
        words.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    }

    /// How the wish stands after it was made once more.
    #[must_use]
    pub fn again(before: Option<Self>, words: &str, now: DateTime<Utc>) -> Self {
        let new = Self { words: words.to_owned(), times: 0, first_at: now, last_at: now };
        let wish = before.unwrap_or(new);
        Self { times: wish.times.saturating_add(1), last_at: now, ..wish }
    }
}
