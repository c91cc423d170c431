//! A name taken apart: its legal forms, and its words with what each of them is.

use any_ascii::any_ascii;

use super::legal_form::{LegalClass, forms_in, without_form, words_of_form_at_end};
use super::number;
use super::vocabulary::{MAX_WORDS, WordKind, known};
use crate::domain::folded::Folded;
use crate::domain::script::is_unspaced;
use crate::domain::text::boundary_before;

/// Of a longer name only the beginning is looked at, so that comparing is bounded.
const MAX_NAME_BYTES: usize = 1_000;
/// Of a name with more words only the first are looked at.
const MAX_TOKENS: usize = 32;

/// One word of a name.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct NameWord {
    /// The word in lower-case Latin letters, or in Han characters; for a known word its first form.
    pub text: String,
    pub kind: WordKind,
    /// How telling it is.
    pub weight: f64,
    /// Which letters it has, a bit each: words with few in common are not near each other.
    pub letters: u32,
    /// The first letter of the word as the name has it.
    pub initial: u8,
}

/// A name, ready to be compared many times.
#[derive(Debug, Clone, PartialEq)]
pub struct Name {
    pub(super) tokens: Vec<NameWord>,
    pub(super) forms: Vec<LegalClass>,
    /// All words in their order without blanks, legal forms included.
    pub(super) full: String,
    /// The letters of its telling words.
    letters: u32,
}

impl Name {
    /// Takes a name apart. Only its first [`MAX_NAME_BYTES`] bytes and [`MAX_TOKENS`] words count.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let words = plain_words(beginning(text, MAX_NAME_BYTES));
        let full = words.concat();
        let (core, forms) = parted(&words);
        let (core, forms) = match core.as_slice() {
            [] => (words.iter().map(String::as_str).collect(), Vec::new()),
            _ => (core, forms),
        };
        let mut tokens = tokens(&core);
        drop_own_abbreviation(&mut tokens, &words);
        let telling = tokens.iter().filter(|token| token.kind == WordKind::Telling);
        let letters = telling.fold(0, |letters, token| letters | token.letters);
        Self { tokens, forms, full, letters }
    }

    /// A look at the letters alone: false only where no telling word of one can be the other's.
    #[must_use]
    pub fn may_resemble(&self, other: &Self) -> bool {
        let fewer = self.letters.count_ones().min(other.letters.count_ones());
        (self.letters & other.letters).count_ones() * 2 >= fewer
    }

    /// Whether some word of it tells it from others.
    #[must_use]
    pub fn is_telling(&self) -> bool {
        self.tokens.iter().any(|token| token.kind == WordKind::Telling)
    }
}

/// A folded name without the legal form at its end, where the rest still means somebody: at
/// least two words that are not all said of many, or three.
#[must_use]
pub fn without_legal_forms(folded: &str) -> Option<String> {
    if !folded.is_ascii() {
        return None;
    }
    let words: Vec<&str> = folded.split(' ').collect();
    let end = words.len() - words_of_form_at_end(&words);
    let core = &words[..end];
    let is_telling = || core.iter().any(|word| known(word).is_none());
    let is_enough = core.len() >= 3 || (core.len() == 2 && is_telling());
    (end < words.len() && is_enough).then(|| core.join(" "))
}

fn beginning(text: &str, bytes: usize) -> &str {
    &text[..boundary_before(text, bytes)]
}

/// The words of a text folded, in Latin letters; Han and kana stay as they are.
pub(super) fn plain_words(text: &str) -> Vec<String> {
    let text = text.replace('%', " percent ");
    let folded = Folded::of(&text);
    folded
        .words()
        .split(' ')
        .filter(|word| !word.is_empty())
        .map(|word| {
            if word.is_ascii() || word.chars().any(is_unspaced) {
                word.to_owned()
            } else {
                any_ascii(word)
                    .chars()
                    .filter(char::is_ascii_alphanumeric)
                    .collect::<String>()
                    .to_ascii_lowercase()
            }
        })
        .filter(|word| !word.is_empty())
        .collect()
}

/// The words that are no legal form, and the classes of those that are.
fn parted(words: &[String]) -> (Vec<&str>, Vec<LegalClass>) {
    let mut forms = forms_in(words);
    let is_form = |forms: &[(std::ops::Range<usize>, LegalClass)], index: usize| {
        forms.iter().any(|(range, _)| range.contains(&index))
    };
    // "SAS Institute" is named SAS: what stands first is a form only where a name remains.
    let remains_telling =
        words.iter().enumerate().any(|(index, word)| !is_form(&forms, index) && known(word).is_none());
    if !remains_telling {
        forms.retain(|(range, _)| range.start > 0);
    }
    let mut classes: Vec<LegalClass> = forms.iter().map(|(_, class)| *class).collect();
    let mut core = Vec::new();
    for (_, word) in words.iter().enumerate().filter(|(index, _)| !is_form(&forms, *index)) {
        let (rest, class) = if word.is_ascii() { (word.as_str(), None) } else { without_form(word) };
        classes.extend(class);
        core.push(rest);
    }
    classes.sort_unstable();
    classes.dedup();
    (core, classes)
}

fn tokens(core: &[&str]) -> Vec<NameWord> {
    let mut tokens: Vec<NameWord> = Vec::new();
    let mut at = 0;
    while at < core.len() && tokens.len() < MAX_TOKENS {
        let (next, taken) = token_at(&core[at..], at == 0);
        // What a name says twice, "Huawei Technologies (Huawei)", it says once.
        let next = next.filter(|next| !tokens.iter().any(|known| known.text == next.text));
        tokens.extend(next);
        at += taken;
    }
    tokens
}

/// The word that a name goes on with, if it is of any weight, and how many of its parts that takes.
fn token_at(rest: &[&str], is_first: bool) -> (Option<NameWord>, usize) {
    let initial = rest[0].as_bytes()[0];
    if let Some((number, taken)) = number::leading(rest, is_first, rest.len() == 1) {
        return (Some(NameWord::of(number, WordKind::Number, 1.0, initial)), taken);
    }
    let mut lengths = (1..=rest.len().min(MAX_WORDS)).rev();
    if let Some((known, taken)) = lengths.find_map(|length| Some((known(&rest[..length].concat())?, length)))
    {
        let token = NameWord::of(known.canonical.clone(), known.kind, known.weight, initial);
        return ((known.kind != WordKind::Stop).then_some(token), taken);
    }
    let initials = rest.iter().take_while(|word| word.len() == 1).count();
    let taken = initials.max(1);
    let text = rest[..taken].concat();
    let kind =
        if text.bytes().any(|byte| byte.is_ascii_digit()) { WordKind::Number } else { WordKind::Telling };
    let weight = match text.len() {
        0..=2 => 0.4,
        3 => 0.5,
        _ => 1.0,
    };
    (Some(NameWord::of(text, kind, weight, initial)), taken)
}

impl NameWord {
    fn of(text: String, kind: WordKind, weight: f64, initial: u8) -> Self {
        let letters = text
            .bytes()
            .filter(u8::is_ascii_lowercase)
            .fold(0, |letters, byte| letters | 1 << (u32::from(byte) - u32::from(b'a')));
        Self { text, kind, weight, letters, initial }
    }
}

/// Drops what abbreviates the words before it: "Semiconductor Manufacturing International (SMIC)".
fn drop_own_abbreviation(tokens: &mut Vec<NameWord>, words: &[String]) {
    let Some(last) = tokens.last().filter(|last| last.kind == WordKind::Telling) else { return };
    let Some(at) = words.iter().rposition(|word| *word == last.text) else { return };
    let mut initials = words[..at].iter().map(|word| word.as_bytes()[0]);
    let begins_alike = words.first().map(|word| word.as_bytes()[0]) == last.text.bytes().next();
    let is_short = (3..=6).contains(&last.text.len()) && at >= 3;
    if is_short && begins_alike && last.text.bytes().all(|letter| initials.any(|initial| initial == letter)) {
        tokens.pop();
    }
}
