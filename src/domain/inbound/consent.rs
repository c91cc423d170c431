//! Whether an answer to a question is a yes. Only positive proof counts: silence and prose are none.
//!
//! `docs/OPERATIONS.md` has the list for people.

use super::lexicon::{WordList, words_of};
use super::own_words::seen;

/// A greeting has at most so many words.
const MAX_GREETING_WORDS: usize = 5;

/// A line that says yes is short; what is longer is prose.
const MAX_YES_CHARS: usize = 160;

/// The lines without those that only greet; of one that greets and goes on, what follows.
pub(super) fn behind_greetings(lines: &[String]) -> Vec<String> {
    let mut lines = lines.iter();
    for line in lines.by_ref() {
        let rest = behind_greeting(line);
        if !rest.is_empty() {
            return std::iter::once(rest).chain(lines.cloned()).collect();
        }
    }
    Vec::new()
}

/// What follows a greeting; all of a line that begins with none.
fn behind_greeting(line: &str) -> String {
    let small = line.to_lowercase();
    if words_of(WordList::GreetingsUnspaced).iter().any(|greeting| small.starts_with(greeting)) {
        let end = line.find(['，', ',', '。', '、', '!', '！', '.', ' ']);
        return end.map_or("", |end| line[end..].trim_start_matches(is_mark)).to_owned();
    }
    let is_greeting = |text: &str| {
        let words = words(text);
        let first =
            words.first().is_some_and(|first| words_of(WordList::Greetings).contains(&first.as_str()));
        first && words.len() <= MAX_GREETING_WORDS
    };
    let clause_end =
        line.find([',', '!', '.', ':', '，', '！', ';']).filter(|&end| is_greeting(&line[..end]));
    if let Some(end) = clause_end {
        return line[end..].trim_start_matches(is_mark).to_owned();
    }
    // "Regwatch team," addresses somebody, "Yes," answers.
    let addresses = line.ends_with([',', '，']) && words(line).len() <= MAX_GREETING_WORDS;
    if addresses && !is_yes(line) && !is_otherwise(line) {
        return String::new();
    }
    if !is_greeting(line) {
        return line.to_owned();
    }
    // "Hi yes please", "Hello there".
    let (_, rest) = line.split_once(' ').unwrap_or((line, ""));
    if is_yes(rest) || is_otherwise(rest) { rest.to_owned() } else { String::new() }
}

fn is_mark(c: char) -> bool {
    !c.is_alphanumeric()
}

/// Whether a line begins with a yes and says nothing else with it.
pub(super) fn is_yes(line: &str) -> bool {
    let line = seen(line).to_lowercase().replace(['’', '‘', 'ʼ', '´', '`'], "'");
    if line.chars().count() > MAX_YES_CHARS || line.contains(['?', '？']) || is_otherwise(&line) {
        return false;
    }
    let line = line.trim_start_matches(is_mark);
    says_unspaced(line)
        || words_of(WordList::Yes).iter().any(|yes| behind(line, yes).is_some_and(follows))
        || words_of(WordList::Neighbours)
            .iter()
            .any(|yes| behind(line, yes).is_some_and(|rest| is_marked(rest) || are_followers(rest)))
        || words_of(WordList::Agreed).iter().any(|agreed| behind(line, agreed).is_some_and(are_followers))
}

/// What stands behind a word that a line begins with.
fn behind<'a>(line: &'a str, word: &str) -> Option<&'a str> {
    line.strip_prefix(word).filter(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '\''))
}

/// Whether what stands behind a yes leaves it one: a mark, or a word that goes with it. "Ja jestem na urlopie" is
/// Polish for "I am on holiday".
fn follows(rest: &str) -> bool {
    is_marked(rest)
        || words(rest).first().is_none_or(|next| words_of(WordList::WithAYes).contains(&next.as_str()))
}

fn is_marked(rest: &str) -> bool {
    rest.trim_start_matches(' ').starts_with(is_mark)
}

fn are_followers(rest: &str) -> bool {
    words(rest).iter().all(|word| {
        words_of(WordList::WithAYes).contains(&word.as_str())
            || words_of(WordList::Yes).contains(&word.as_str())
    })
}

fn says_unspaced(line: &str) -> bool {
    let mut rest = line;
    while let Some(word) = words_of(WordList::YesUnspaced)
        .iter()
        .filter(|word| rest.starts_with(**word))
        .max_by_key(|word| word.len())
    {
        rest = rest[word.len()..].trim_start_matches(is_mark);
    }
    rest.len() < line.len() && (rest.is_empty() || line[..line.len() - rest.len()].ends_with(is_mark))
}

/// Whether one of the words of a line says something else than yes.
pub(super) fn is_otherwise(line: &str) -> bool {
    let line = line.to_lowercase().replace(['’', '‘', 'ʼ', '＇', '´', '`'], "'");
    words_of(WordList::OtherwiseUnspaced).iter().any(|word| line.contains(word))
        || words_of(WordList::Receipts).iter().any(|receipt| line.contains(receipt))
        || words(&line)
            .iter()
            .any(|word| words_of(WordList::Otherwise).contains(&word.as_str()) || word.ends_with("n't"))
}

/// The words of a line in small letters, without the marks around them.
fn words(line: &str) -> Vec<String> {
    let words = line.split(|c: char| !c.is_alphanumeric() && c != '\'').map(|word| word.trim_matches('\''));
    words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says_yes(text: &str) -> bool {
        let lines: Vec<String> = text.lines().map(seen).filter(|line| !line.is_empty()).collect();
        behind_greetings(&lines).first().is_some_and(|line| is_yes(line))
    }

    #[test]
    fn a_yes_in_any_of_the_languages_is_one() {
        let yes = [
            "yes",
            "Yes.",
            "YES!",
            "Yes please, confirm",
            "Yes, it was me.",
            "yes i confirm",
            "Yes that was me",
            "Yes, I would like to follow ZTE",
            "Hi,\nyes",
            "Hello, yes please",
            "Hi yes please",
            "Yes,\nAnn",
            "*Yes*",
            "“Yes”",
            "yep",
            "Confirm",
            "confirmed",
            "I confirm",
            "I confirm my subscription, thanks",
            "OK",
            "ok thanks",
            "Sure, go ahead",
            "Regwatch team,\nyes",
            "Ja",
            "Ja bitte",
            "Ja, das war ich",
            "Ich bestätige",
            "Guten Tag,\n\nja, ich bestätige.",
            "Oui",
            "Oui, je confirme",
            "Je confirme",
            "D’accord",
            "Sí",
            "Si, confirmo",
            "Sí, por favor",
            "Confirmo",
            "Sì",
            "Sì, confermo",
            "Sim",
            "Sim, confirmo",
            "Ja graag",
            "Ik bevestig",
            "Tak",
            "Tak, potwierdzam",
            "Kyllä",
            "Evet",
            "Да",
            "Да, подтверждаю",
            "Подтверждаю",
            "是",
            "是的，谢谢",
            "好的",
            "确认",
            "はい",
            "はい、お願いします",
            "네",
            "네, 확인합니다",
            "您好，\n是的",
            "Ye\u{200b}s",
            "Ｙｅｓ",
            "Yes ",
            "Ano",
            "Igen",
            "Так",
            "Ναι",
        ];
        for text in yes {
            assert!(says_yes(text), "{text}");
        }
    }

    #[test]
    fn what_says_anything_else_is_none() {
        let others = [
            "Who is this?",
            "Spam!!!",
            "Löschen Sie meine Daten!",
            "Yes? Who is this?",
            "Yes, this is spam",
            "Yes but I never asked for this",
            "Ok, who are you?",
            "Sure, unsubscribe me",
            "No",
            "Not me",
            "Stop",
            "Yes! Your message has reached us.",
            "Yes, we received your email",
            "OK, ticket 12 was created",
            "Confirm your identity by clicking the link",
            "Confirmed: your request was received",
            "Si votre demande est urgente, appelez le standard.",
            "Si es urgente, llame a mi colega",
            "Da ich im Urlaub bin, antworte ich später",
            "Ja jestem na urlopie do 5 stycznia",
            "Tak for din henvendelse",
            "Tak for din mail. Vi vender tilbage.",
            "Yesterday I was away",
            "Jahresurlaub bis Montag",
            "Okay-Team: Anfrage eingegangen",
            "是谁",
            "好久不见",
            "不要",
            "我没有订阅",
            "Thank you for your email",
            "Regards\nAnn",
            "I am on maternity leave until June.",
            "Hello\nWho are you",
            "Danke für Ihre Nachricht",
            "Merci de votre message",
            "Got it",
            "Received",
            "Accepted",
            "👍",
            "",
            "Simon hat Urlaub",
            "Danger",
            "Yesenia is away",
            "Please confirm that you are a person",
            "Please do not reply",
            "Sure thing! We got your request",
            "はいけい",
            "네트워크",
            "Claro que no",
        ];
        for text in others {
            assert!(!says_yes(text), "{text}");
        }
    }
}
