//! Who wants to leave, in the words that people use for it.
//!
//! Nobody must know a command to get out. What is understood without a doubt is done; where something is left over
//! that may be a name or may be prose, it is asked back (see [`super::conversation`]).

use super::lexicon::{WordList, words_of};

/// More words beside the phrase than this make a line prose.
const MAX_OTHERS: usize = 12;

/// What somebody wants to leave, as far as the words say it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeavingWish {
    /// What is left of the words and may name companies; blank where nothing is.
    pub names: String,
    /// Whether the sentence that says it names nothing, whatever stands in the others.
    pub is_bare: bool,
}

/// The wish to leave that a line says; nothing where it says none.
pub(super) fn wish(line: &str) -> Option<LeavingWish> {
    let words: Vec<LineWord> = words(line);
    if let Some((at, length)) = phrase(&words) {
        let others = || words.iter().enumerate().filter(|(place, _)| !(at..at + length).contains(place));
        let sentence = sentence_around(&words, at, length);
        let is_bare =
            others().filter(|(place, _)| sentence.contains(place)).all(|(_, word)| word.is_filler());
        let is_prose = others().filter(|(_, word)| !word.is_filler()).count() > MAX_OTHERS;
        let names = names(others().map(|(_, word)| word));
        return (is_bare || !is_prose).then_some(LeavingWish { names, is_bare });
    }
    let phrase = words_of(WordList::LeavingUnspaced).iter().find(|phrase| line.contains(*phrase))?;
    let rest = line.replacen(phrase, " ", 1);
    let rest = rest.trim_matches(|c: char| !c.is_alphanumeric());
    // "请退订", "購読解除をお願いします": polite, and no name.
    let is_bare = !rest.chars().any(|c| c.is_ascii_alphanumeric()) && rest.chars().count() <= 12;
    Some(LeavingWish { names: rest.to_owned(), is_bare })
}

/// One word of a line.
#[derive(Debug)]
struct LineWord<'a> {
    /// Without the marks around it.
    text: &'a str,
    small: String,
    /// Whether a mark behind it parts names.
    parts_names: bool,
    /// Whether a mark behind it ends a sentence.
    ends_sentence: bool,
}

impl LineWord<'_> {
    /// Whether it names nothing: a filler, the wish said once more, or a mail address.
    fn is_filler(&self) -> bool {
        let small = self.small.as_str();
        words_of(WordList::WithoutAName).contains(&small)
            || words_of(WordList::Leaving).contains(&small)
            || small.contains('@')
    }
}

fn words(line: &str) -> Vec<LineWord<'_>> {
    let of = |raw| {
        let raw: &str = raw;
        let text = raw.trim_matches(|c: char| !c.is_alphanumeric());
        let behind = raw.rsplit(char::is_alphanumeric).next().unwrap_or_default();
        LineWord {
            text,
            small: text.to_lowercase().replace(['’', 'ʼ', '´', '`'], "'"),
            parts_names: behind.contains([',', ';']),
            ends_sentence: behind.contains(['.', '!', '?']),
        }
    };
    // A dash within a word parts it only where the whole is no word of ours.
    let words = line.split_whitespace().flat_map(|raw| {
        match raw.to_lowercase().trim_matches(|c: char| !c.is_alphanumeric()) {
            "un-subscribe" | "opt-out" | "sign-off" | "signoff" => raw.splitn(2, '-').collect::<Vec<_>>(),
            _ => vec![raw],
        }
    });
    words.map(of).filter(|word| !word.text.is_empty()).collect()
}

/// Where the phrase stands, and of how many words it is.
fn phrase(words: &[LineWord<'_>]) -> Option<(usize, usize)> {
    (0..words.len()).find_map(|at| {
        let lengths = words_of(WordList::Leaving).iter().filter_map(|phrase| {
            let length = phrase.split(' ').count();
            let there = words.get(at..at + length)?;
            let fits = phrase.split(' ').eq(there.iter().map(|word| word.small.as_str()));
            (fits && is_meant(phrase, words, at)).then_some(length)
        });
        lengths.max().map(|length| (at, length))
    })
}

/// Whether a phrase is meant as it stands: a negation right before it turns it round, and a weak one begins its
/// clause.
fn is_meant(phrase: &str, words: &[LineWord<'_>], at: usize) -> bool {
    let ends = |word: &LineWord<'_>| word.ends_sentence || word.parts_names;
    let from = words[..at].iter().rposition(ends).map_or(0, |end| end + 1);
    let before = &words[from..at];
    let is_negated =
        before.iter().rev().take(2).any(|word| words_of(WordList::Negations).contains(&word.small.as_str()));
    // "I am on leave" is no wish.
    let is_asked = |word: &LineWord<'_>| {
        matches!(word.small.as_str(), "please" | "i" | "to" | "want" | "would" | "like" | "let" | "me")
    };
    let is_clear = match phrase {
        "leave" | "quit" => before.iter().all(is_asked),
        _ => {
            !words_of(WordList::LeavingAtTheBeginning).contains(&phrase)
                || before.iter().all(LineWord::is_filler)
        }
    };
    !is_negated && is_clear
}

/// The places of the words of the sentence that holds a phrase.
fn sentence_around(words: &[LineWord<'_>], at: usize, length: usize) -> std::ops::Range<usize> {
    let from = words[..at].iter().rposition(|word| word.ends_sentence).map_or(0, |end| end + 1);
    let last = (at + length).saturating_sub(1);
    let until =
        words[last..].iter().position(|word| word.ends_sentence).map_or(words.len(), |end| last + end + 1);
    from..until
}

/// What may be names, the marks between them kept.
fn names<'a>(words: impl Iterator<Item = &'a LineWord<'a>>) -> String {
    let mut names = String::new();
    for word in words {
        if word.is_filler() {
            // "ZTE and Hikvision" are two.
            if matches!(word.small.as_str(), "and" | "und" | "et" | "y" | "e" | "en") && !names.is_empty() {
                names.push(',');
            }
            continue;
        }
        if !names.is_empty() {
            names.push(' ');
        }
        names.push_str(word.text);
        if word.parts_names {
            names.push(',');
        }
    }
    names.trim_end_matches([',', ' ']).to_owned()
}

/// Names without the words that many of them have.
pub(super) fn without_forms(names: &str) -> String {
    let kept = names.split(' ').filter(|word| {
        let bare: String = word.chars().filter(|c| c.is_alphanumeric()).collect();
        !words_of(WordList::CompanyForms).contains(&bare.to_lowercase().as_str())
    });
    kept.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, names: &str, is_bare: bool) {
        assert_eq!(wish(line), Some(LeavingWish { names: names.to_owned(), is_bare }), "{line}");
    }

    #[test]
    fn people_leave_in_their_own_words() {
        for line in [
            "unsubscribe",
            "Unsubscribe me",
            "UNSUBSCRIBE!",
            "please unsubscribe me",
            "Please unsubscribe",
            "stop sending me these",
            "Stop all emails",
            "STOP",
            "remove me from your list",
            "Remove my address",
            "unsubscribe ann@client.example",
            "unsubscribe from all",
            "opt out",
            "opt-out",
            "cancel subscription",
            "signoff",
            "leave",
            "unsubscribe: all",
            "un-subscribe",
            "Please unsubscribe me from this list.",
            "I want to unsubscribe",
            "I would like to be removed from your mailing list, please remove me",
            "take me off this list",
            "Do not send me any more emails",
            "don't email me again",
            "no more emails please",
            "Can you please remove me from your database?",
            "I no longer wish to receive these emails",
            "Abmelden",
            "Bitte melden Sie mich ab",
            "Bitte vom Verteiler entfernen",
            "Ich möchte keine E-Mails mehr erhalten",
            "Désabonner",
            "Veuillez me désabonner",
            "Je souhaite ne plus recevoir vos messages",
            "Darme de baja por favor",
            "Quiero cancelar mi suscripción",
            "Cancellatemi dalla lista",
            "Descadastrar",
            "Por favor, cancelar minha inscrição",
            "Afmelden",
            "Graag uitschrijven",
            "Ta bort mig från listan",
            "Afmeld mig",
            "Poista minut listalta",
            "Proszę mnie wypisać",
            "Отпишите меня от рассылки",
            "退订",
            "请退订",
            "取消订阅",
            "配信停止",
            "購読解除をお願いします",
            "구독 취소",
        ] {
            let found = wish(line);
            assert!(found.as_ref().is_some_and(|wish| wish.is_bare), "{line}: {found:?}");
        }
    }

    #[test]
    fn what_may_be_a_name_is_kept() {
        check("Unsubscribe from ZTE", "ZTE", false);
        check("unsubscribe zte please", "zte", false);
        check("unsubscribe - ZTE", "ZTE", false);
        check("unsubscribe zte and hikvision", "zte, hikvision", false);
        check("unsubscribe China Mobile, ZTE", "China Mobile, ZTE", false);
        check("please unsubscribe me. Thanks, Ann", "Ann", true);
        check("Unsubscribe <zte>", "zte", false);
        assert_eq!(without_forms("ZTE Corp."), "ZTE");
    }

    #[test]
    fn who_says_something_else_does_not_leave() {
        for line in [
            "subscribe zte",
            "do not unsubscribe me",
            "please don't remove me",
            "hello",
            "list",
            "",
            "Thank you",
            "ZTE: motion for leave to file granted",
            "I am on leave until 5 January",
            "Ich bin bis Montag nicht mehr im Büro",
            "Hikvision: one entry removed",
        ] {
            assert_eq!(wish(line), None, "{line}");
        }
    }
}
