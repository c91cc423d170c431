//! How scripts part words.

/// Han and kana: no blanks stand between words, and a name may stand anywhere.
#[must_use]
pub(crate) fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{2E80}'..='\u{2FDF}' | '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{4DBF}'
        | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

/// Hangul syllables: words are parted by blanks, but particles hang on their ends.
#[must_use]
pub(crate) fn is_hangul(c: char) -> bool {
    matches!(c, '\u{AC00}'..='\u{D7A3}')
}

/// Whether a character is a mark on the one before it, or says nothing but how that one looks.
#[must_use]
pub(crate) fn is_mark(c: char) -> bool {
    matches!(c, '\u{FE00}'..='\u{FE0F}') || unicode_normalization::char::canonical_combining_class(c) != 0
}

/// The apostrophes in use, typographic or not.
#[must_use]
pub(crate) fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}' | '\u{2018}' | '\u{201B}' | '\u{02BC}' | '\u{00B4}' | '`')
}

/// The hyphens at which a word may be divided at a line's end.
#[must_use]
pub(crate) fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | '\u{2010}' | '\u{2011}')
}
