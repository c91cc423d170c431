//! Names that are also something else: ordinary words, and letters with another meaning.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

const TABLE: &str = include_str!("ordinary.txt");

/// What a few letters mean beside a company.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct OtherMeaning {
    /// Whether the other meaning is the usual one.
    pub is_usual: bool,
    /// Words that stand beside the other meaning.
    pub words: HashSet<&'static str>,
    /// Words that stand beside the company.
    pub trade: HashSet<&'static str>,
}

struct Ordinary {
    words: HashSet<&'static str>,
    short: HashMap<String, OtherMeaning>,
}

static ORDINARY: LazyLock<Ordinary> = LazyLock::new(|| {
    let mut ordinary = Ordinary { words: HashSet::new(), short: HashMap::new() };
    for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
        let Some((head, words)) = line.split_once(':') else { continue };
        let words = words.split_whitespace();
        let Some((mark, name)) = head.split_once(' ') else {
            ordinary.words.extend(words);
            continue;
        };
        let meaning = ordinary.short.entry(name.to_lowercase()).or_default();
        meaning.is_usual |= mark.ends_with('!');
        if mark == "trade" { &mut meaning.trade } else { &mut meaning.words }.extend(words);
    }
    ordinary
});

/// Whether a folded name is an ordinary word.
pub(super) fn is_ordinary(folded: &str) -> bool {
    ORDINARY.words.contains(folded)
}

/// What else a folded short name means.
pub(super) fn other_meaning(folded: &str) -> Option<&'static OtherMeaning> {
    ORDINARY.short.get(folded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_letters_are_told_apart_from_names() {
        assert!(is_ordinary("target"));
        assert!(!is_ordinary("hikvision"));
        assert!(
            other_meaning("lts").is_some_and(|meaning| meaning.is_usual && meaning.words.contains("kernel"))
        );
        assert!(other_meaning("dji").is_some_and(|meaning| !meaning.is_usual));
        assert_eq!(other_meaning("zte"), None);
    }
}
