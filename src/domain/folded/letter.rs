//! One letter as names are compared: without case, width, diacritics and ligatures.

use unicode_normalization::char::decompose_compatible;

use super::simplified::simplified;
use crate::domain::noise::is_raised;
use crate::domain::script::{is_apostrophe, is_hangul, is_mark};

/// Gives every character that a letter or digit becomes; none for a mark on the letter before it.
///
/// Compatibility decomposition (NFKD, UAX 15) without its marks, then lower case; letters that
/// Unicode does not decompose become what they are written as where they are missing. Traditional
/// Chinese becomes simplified.
pub(super) fn fold(c: char, mut give: impl FnMut(char)) {
    if is_hangul(c) {
        return give(c);
    }
    // A footnote's mark behind a name is none of its letters.
    if is_raised(c) {
        return;
    }
    if matches!(c, '\u{3400}'..='\u{9FFF}' | '\u{20000}'..='\u{2FFFF}') {
        return give(simplified(c));
    }
    decompose_compatible(c, |part| {
        if !is_mark(part) {
            let letters = part.to_lowercase().filter(|&lower| is_letter(lower));
            letters.for_each(|lower| spell(lower, &mut give));
        }
    });
}

/// Whether a part of a decomposed letter or digit is one itself: in "½" the stroke is not.
fn is_letter(c: char) -> bool {
    c.is_alphanumeric() && !is_mark(c) && !is_apostrophe(c)
}

fn spell(lower: char, give: &mut impl FnMut(char)) {
    let spelled = match lower {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'ħ' => "h",
        'ŧ' => "t",
        'ı' => "i",
        'ĸ' => "k",
        'ŋ' => "n",
        'ς' => "σ",
        other => return give(simplified(other)),
    };
    spelled.chars().for_each(give);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let mut folded = String::new();
        text.chars().for_each(|c| fold(c, |letter| folded.push(letter)));
        assert_eq!(folded, expected, "{text:?}");
    }

    #[test]
    fn a_letter_loses_case_width_and_diacritics() {
        check("ÉÇÖ", "eco");
        check("ＺＴＥ", "zte");
        check("Straße", "strasse");
        check("Łódź", "lodz");
        check("Ørsted", "orsted");
        check("Æ", "ae");
        check("ΣΊΣΥΦΟΣ", "σισυφοσ");
        check("Ёлкай", "елкаи");
        check("İ", "i");
        check("ﬁ", "fi");
    }

    #[test]
    fn a_mark_of_its_own_is_nothing() {
        check("e\u{301}", "e");
        check("ZTE¹", "zte");
    }

    #[test]
    fn han_becomes_simplified_and_hangul_stays_whole() {
        check("華為", "华为");
        check("화웨이", "화웨이");
    }
}
