//! Two names side by side: which words pair, what is left over, and what that means.

use std::fmt;

use super::legal_form::LegalClass;
use super::name::{Name, NameWord};
use super::pairing::{WordPair, WordPairing, together};
use super::vocabulary::{WordKind, is_institution};

/// What is left over on a side up to this weight does not count as a word of its own.
const LIGHT: f64 = 0.3;

/// One step of the reckoning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Nothing but writing sets them apart.
    Same,
    /// Which part of the words' weight pairs.
    Shared,
    /// A word is misspelt.
    Misspelt,
    /// No word that tells companies apart is the same letter by letter.
    OnlyMisspelt,
    /// A word is the initials of the others.
    Abbreviated,
    /// Each side has a word the other lacks.
    BothDiffer,
    /// One side names a place, the other none.
    OnePlace,
    /// One side is a bank, a trust or an insurer, the other is not.
    OneInstitution,
    /// Both sides name places, and not the same.
    OtherPlace,
    /// One side has a number, the other none.
    OneNumber,
    /// Both sides have numbers, and not the same.
    OtherNumber,
    /// Both are numbered vehicles of one family of funds.
    SisterFund,
    /// The legal forms do not go together.
    OtherForm,
    /// The words stand in another order.
    OtherOrder,
    /// No word that pairs tells one company from another.
    NothingTelling,
}

impl Reason {
    /// The step in words.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Same => "the same but for writing",
            Self::Shared => "the weight of the words they share",
            Self::Misspelt => "a letter differs",
            Self::OnlyMisspelt => "no other word tells that it is the same",
            Self::Abbreviated => "one is the initials of the other",
            Self::BothDiffer => "each has a word that the other lacks",
            Self::OnePlace => "only one names a place",
            Self::OneInstitution => "only one is a bank, a trust or an insurer",
            Self::OtherPlace => "they name different places",
            Self::OneNumber => "only one has a number",
            Self::OtherNumber => "their numbers differ",
            Self::SisterFund => "numbered vehicles of one family of funds",
            Self::OtherForm => "their legal forms differ",
            Self::OtherOrder => "the words stand in another order",
            Self::NothingTelling => "they share no word that tells companies apart",
        }
    }
}

/// How near two names are, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison<'a> {
    /// From 0, strangers, to 1, the same.
    pub score: f64,
    /// The steps, each a factor of the score.
    pub steps: Vec<(Reason, f64)>,
    pairing: WordPairing<'a>,
}

impl Comparison<'_> {
    /// The words that pair, as each side has them.
    #[must_use]
    pub fn shared(&self) -> Vec<(String, String)> {
        let pairs = self.pairing.pairs.iter();
        pairs.map(|pair| (together(self.pairing.a, &pair.a), together(self.pairing.b, &pair.b))).collect()
    }

    /// The words of either name that have no partner.
    #[must_use]
    pub fn left_over(&self) -> Vec<&str> {
        let all = self.pairing.left_a().chain(self.pairing.left_b());
        all.map(|token| token.text.as_str()).collect()
    }
}

impl fmt::Display for Comparison<'_> {
    /// `0.80: only one names a place (× 0.80); shared: hikvision; left over: mexico`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2}", self.score)?;
        for (index, (reason, factor)) in self.steps.iter().enumerate() {
            write!(f, "{}{} (× {factor:.2})", if index == 0 { ": " } else { ", " }, reason.label())?;
        }
        for (index, (a, b)) in self.shared().iter().enumerate() {
            let mark = if index == 0 { "; shared: " } else { ", " };
            if a == b { write!(f, "{mark}{a}")? } else { write!(f, "{mark}{a} = {b}")? }
        }
        for (index, word) in self.left_over().iter().enumerate() {
            write!(f, "{}{word}", if index == 0 { "; left over: " } else { ", " })?;
        }
        Ok(())
    }
}

/// Compares two names. Whichever comes first, the score is the same.
#[must_use]
pub fn compare<'a>(a: &'a Name, b: &'a Name) -> Comparison<'a> {
    let is_ordered = (&a.full, a.tokens.len()) <= (&b.full, b.tokens.len());
    let (first, second) = if is_ordered { (a, b) } else { (b, a) };
    let pairing = WordPairing::of(&first.tokens, &second.tokens);
    let is_same = first.full == second.full && !first.full.is_empty();
    let steps =
        if is_same { vec![(Reason::Same, 1.0)] } else { steps(&pairing, &first.forms, &second.forms) };
    let score = steps.iter().map(|(_, factor)| factor).product::<f64>().clamp(0.0, 1.0);
    Comparison { score, steps, pairing }
}

/// What the pairing and the legal forms mean, each a factor.
fn steps(pairing: &WordPairing<'_>, forms_a: &[LegalClass], forms_b: &[LegalClass]) -> Vec<(Reason, f64)> {
    let mut steps = Vec::new();
    let left = Leftover::of(pairing);
    let paired: f64 = pairing.pairs.iter().map(|pair| pair.weight).sum();
    let shared = if paired > 0.0 { 1.0 - 1.1 * left.weight() / (2.0 * paired + left.weight()) } else { 0.0 };
    steps.push((Reason::Shared, shared.max(0.0)));
    if steps[0].1 == 0.0 {
        return steps;
    }
    steps.extend(
        pairing.pairs.iter().filter_map(WordPair::misspelling).map(|factor| (Reason::Misspelt, factor)),
    );
    // "Narinco" may be Norinco misspelt, or somebody else: a person decides.
    if pairing.is_only_misspelt() {
        steps.push((Reason::OnlyMisspelt, 0.9));
    }
    steps
        .extend(pairing.pairs.iter().filter(|pair| pair.is_abbreviation).map(|_| (Reason::Abbreviated, 0.8)));
    steps.extend(left.steps(pairing.is_fund_family()));
    if !pairing.pairs.iter().any(|pair| pair.is_telling) && left.weight() > 0.0 {
        steps.push((Reason::NothingTelling, 0.6));
    }
    if !pairing.is_in_order() {
        steps.push((Reason::OtherOrder, 0.97));
    }
    let agreements = forms_a.iter().flat_map(|a| forms_b.iter().map(|b| a.agreement(*b)));
    match agreements.reduce(f64::max) {
        Some(agreement) if agreement < 1.0 => steps.push((Reason::OtherForm, agreement)),
        _ => {}
    }
    steps
}

/// What is left over, by sort.
#[derive(Debug, Default)]
struct Leftover {
    words: (f64, f64),
    places: (usize, usize),
    numbers: (usize, usize),
    institutions: (usize, usize),
}

impl Leftover {
    fn of(pairing: &WordPairing<'_>) -> Self {
        let mut left = Self::default();
        for token in pairing.left_a() {
            left.words.0 += word_weight(token);
            left.places.0 += usize::from(token.kind == WordKind::Place);
            left.numbers.0 += usize::from(token.kind == WordKind::Number);
            left.institutions.0 += usize::from(is_institution(&token.text));
        }
        for token in pairing.left_b() {
            left.words.1 += word_weight(token);
            left.places.1 += usize::from(token.kind == WordKind::Place);
            left.numbers.1 += usize::from(token.kind == WordKind::Number);
            left.institutions.1 += usize::from(is_institution(&token.text));
        }
        left
    }

    /// Of words that are neither place nor number, which decide by themselves.
    fn weight(&self) -> f64 {
        self.words.0 + self.words.1
    }

    fn steps(&self, is_fund_family: bool) -> Vec<(Reason, f64)> {
        let mut steps = Vec::new();
        // A word on one side and a place on the other are a difference on both sides, too.
        let of_side = |words: f64, places: usize| if places > 0 { words + LIGHT } else { words };
        let (a, b) = (of_side(self.words.0, self.places.0), of_side(self.words.1, self.places.1));
        if a >= LIGHT && b >= LIGHT {
            steps.push((Reason::BothDiffer, 0.6));
        }
        match self.places {
            (0, 0) => {}
            (0, _) | (_, 0) => steps.push((Reason::OnePlace, 0.8)),
            _ => steps.push((Reason::OtherPlace, 0.5)),
        }
        if self.institutions.0 != self.institutions.1 {
            steps.push((Reason::OneInstitution, 0.8));
        }
        match self.numbers {
            (0, 0) => {}
            (0, _) | (_, 0) => steps.push((Reason::OneNumber, 0.6)),
            _ if is_fund_family && self.weight() == 0.0 => steps.push((Reason::SisterFund, 0.75)),
            _ => steps.push((Reason::OtherNumber, 0.3)),
        }
        steps
    }
}

/// What a word without a partner weighs: a telling one its all, be it as short as it may.
fn word_weight(token: &NameWord) -> f64 {
    match token.kind {
        WordKind::Place | WordKind::Number => 0.0,
        WordKind::Telling => 1.0,
        _ => token.weight,
    }
}
