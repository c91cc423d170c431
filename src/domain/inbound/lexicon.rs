//! The words by which mail is understood, as `words.txt` lists them.

use std::sync::LazyLock;

/// A list of words; `words.txt` says above each what it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WordList {
    Yes,
    Neighbours,
    Agreed,
    OtherwiseUnspaced,
    GreetingsUnspaced,
    YesUnspaced,
    WithAYes,
    Otherwise,
    Receipts,
    Greetings,
    Leaving,
    LeavingAtTheBeginning,
    LeavingUnspaced,
    WithoutAName,
    CompanyForms,
    Negations,
    ReplyMarks,
    ForwardMarks,
    SubjectTags,
    Outside,
    Banners,
    Signed,
    FromLabels,
    MachineSubjects,
    TicketSubjects,
    MachineWords,
}

impl WordList {
    const ALL: [(&'static str, Self); 26] = [
        ("yes", Self::Yes),
        ("neighbours", Self::Neighbours),
        ("agreed", Self::Agreed),
        ("otherwise-unspaced", Self::OtherwiseUnspaced),
        ("greetings-unspaced", Self::GreetingsUnspaced),
        ("yes-unspaced", Self::YesUnspaced),
        ("with-a-yes", Self::WithAYes),
        ("otherwise", Self::Otherwise),
        ("receipts", Self::Receipts),
        ("greetings", Self::Greetings),
        ("leaving", Self::Leaving),
        ("leaving-at-the-beginning", Self::LeavingAtTheBeginning),
        ("leaving-unspaced", Self::LeavingUnspaced),
        ("without-a-name", Self::WithoutAName),
        ("company-forms", Self::CompanyForms),
        ("negations", Self::Negations),
        ("reply-marks", Self::ReplyMarks),
        ("forward-marks", Self::ForwardMarks),
        ("subject-tags", Self::SubjectTags),
        ("outside", Self::Outside),
        ("banners", Self::Banners),
        ("signed", Self::Signed),
        ("from-labels", Self::FromLabels),
        ("machine-subjects", Self::MachineSubjects),
        ("ticket-subjects", Self::TicketSubjects),
        ("machine-words", Self::MachineWords),
    ];
}

static WORDS: LazyLock<Vec<Vec<&'static str>>> = LazyLock::new(|| {
    let mut lists = vec![Vec::new(); WordList::ALL.len()];
    let mut list = None;
    for line in include_str!("words.txt").lines().filter(|line| !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            list = WordList::ALL.iter().position(|(known, _)| *known == name);
        } else if let Some(list) = list.and_then(|list| lists.get_mut(list)) {
            list.extend(line.split(',').map(str::trim).filter(|word| !word.is_empty()));
        }
    }
    lists
});

/// The words of a section.
pub(super) fn words_of(section: WordList) -> &'static [&'static str] {
    let place = WordList::ALL.iter().position(|(_, known)| *known == section);
    place.and_then(|place| WORDS.get(place)).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_is_there_in_small_letters_and_none_is_unknown() {
        for (name, section) in WordList::ALL {
            let words = words_of(section);
            assert!(!words.is_empty(), "{name}");
            for word in words {
                assert_eq!(*word, word.to_lowercase(), "{name}");
            }
        }
        let named = include_str!("words.txt").lines().filter(|line| line.starts_with('['));
        assert_eq!(named.count(), WordList::ALL.len());
    }
}
