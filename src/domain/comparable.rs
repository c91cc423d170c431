//! Names in a form in which two can be told to be one.

use unicode_normalization::UnicodeNormalization;

/// A name in the form in which two are one: compatibility forms and capitals folded, everything
/// but letters and digits taken for a blank. Whose a name is, is decided on it.
#[must_use]
pub fn comparable(name: &str) -> String {
    let folded: String = name.nfkc().flat_map(char::to_lowercase).collect();
    let words = folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_spellings_are_one_name() {
        assert_eq!(
            comparable(" Dahua  Technology Co., LTD. "),
            comparable("ＤＡＨＵＡ Technology (Co. Ltd)")
        );
        assert_ne!(comparable("Dahua"), comparable("Dahuang"));
    }
}
