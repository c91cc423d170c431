//! The words that folding makes of a text, seen without folding it.

use std::hash::Hasher;

use rustc_hash::FxHasher;

use super::{is_inside_abbreviation, line_break_after};

/// What an ASCII character does to the words of a folded text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WordRole {
    /// It stands in a word, in lower case.
    Letter(u8),
    /// It parts words.
    Parts,
    /// It parts words, unless it stands within an abbreviation.
    Stop,
    /// It parts words, unless a line ends behind it.
    Hyphen,
    /// What becomes of it only folding tells.
    Unclear,
}

const ROLES: [WordRole; 256] = {
    let mut roles = [WordRole::Unclear; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        roles[byte as usize] = match byte {
            b'.' => WordRole::Stop,
            b'-' => WordRole::Hyphen,
            b'&' | b'\'' | b'`' => WordRole::Unclear,
            b'\t' | b'\n' | b'\r' | b' '..=b'/' | b':'..=b'@' | b'['..=b'_' | b'{'..=b'~' => WordRole::Parts,
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => WordRole::Letter(byte.to_ascii_lowercase()),
            _ => WordRole::Unclear,
        };
        byte += 1;
    }
    roles
};

/// The hash of a word that is folded already; others may have the same.
pub(in crate::domain) fn word_hash(word: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    for byte in word {
        hasher.write_u8(*byte);
    }
    hasher.finish()
}

/// The hash of two words, one behind the other, by theirs.
pub(in crate::domain) fn pair_hash(first: u64, second: u64) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write_u64(first);
    hasher.write_u64(second);
    hasher.finish()
}

/// Whether one of the words that folding makes of a text is wanted, by its [`word_hash`] and that of the word before it. It
/// is also "yes" where only folding tells what the words are, as with letters beyond ASCII: of most texts it is not.
pub(in crate::domain) fn may_have_word(text: &str, is_wanted: impl Fn(Option<u64>, u64) -> bool) -> bool {
    let mut word: Option<FxHasher> = None;
    let mut before = None;
    let mut is_wanted = |word: FxHasher| {
        let word = word.finish();
        is_wanted(before.replace(word), word)
    };
    for (at, byte) in text.bytes().enumerate() {
        let parts = match ROLES[usize::from(byte)] {
            WordRole::Letter(letter) => {
                word.get_or_insert_default().write_u8(letter);
                continue;
            }
            WordRole::Parts => true,
            WordRole::Stop => !is_inside_abbreviation(&text[..at], &text[at + 1..]),
            WordRole::Hyphen => line_break_after(&text[at + 1..]).is_none(),
            WordRole::Unclear => false,
        };
        if !parts || word.take().is_some_and(&mut is_wanted) {
            return true;
        }
    }
    word.is_some_and(is_wanted)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Divided, Folded};
    use super::*;

    fn may_have(text: &str, wanted: &str) -> bool {
        may_have_word(text, |_, word| word == word_hash(wanted.as_bytes()))
    }

    fn may_have_pair(text: &str, first: &str, second: &str) -> bool {
        let (first, second) = (word_hash(first.as_bytes()), word_hash(second.as_bytes()));
        may_have_word(text, |before, word| before == Some(first) && word == second)
    }

    #[test]
    fn a_word_is_seen_wherever_it_stands_and_in_any_case() {
        for text in
            ["ZTE", "by ZTE", "zte, Corp.", "(Zte)", "a/zte", "x_zte", "1.zte", "zte-made", "zte. Next"]
        {
            assert!(may_have(text, "zte"), "{text:?}");
        }
        for text in ["", "zt e", "aztec", "ztee", "z-te", "2026-01-02", "Inc. and others (a, b; c/d)."] {
            assert!(!may_have(text, "zte"), "{text:?}");
        }
    }

    #[test]
    fn words_are_a_pair_that_stand_one_behind_the_other() {
        for text in ["Dahua Technology", "by Dahua  (technology)", "dahua\ntechnology", "Dahua-Technology"] {
            assert!(may_have_pair(text, "dahua", "technology"), "{text:?}");
        }
        for text in ["technology dahua", "Dahua and technology", "dahua", "DahuaTechnology"] {
            assert!(!may_have_pair(text, "dahua", "technology"), "{text:?}");
        }
    }

    #[test]
    fn what_only_folding_tells_may_be_any_word() {
        for text in ["Z.T.E", "ZT\u{e9}", "AT&T", "d'eau", "Hik-\nvision", "zt\0e", "中兴"] {
            assert!(may_have(text, "nothing"), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn every_word_of_the_folded_text_is_seen(
            text in r"[a-cA-C .,&'`\-\n\t\r_/()0-9éß中-]{0,30}",
            divided in proptest::sample::select(&[Divided::Joined, Divided::Apart]),
        ) {
            let folded = Folded::with(&text, divided);
            let folded = folded.words();
            let words: Vec<&str> = folded.split(' ').filter(|word| !word.is_empty()).collect();
            for word in &words {
                prop_assert!(may_have(&text, word), "{word:?} of {text:?}");
            }
            for pair in words.windows(2) {
                prop_assert!(may_have_pair(&text, pair[0], pair[1]), "{pair:?} of {text:?}");
            }
        }
    }
}
