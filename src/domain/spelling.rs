//! What an operator likely meant.

/// So alike must two words be, from 0 to 1, for one to be taken for a misspelling of the other.
const ALIKE: f64 = 0.85;

/// `; did you mean "…"?` where one of the known words is close, else nothing.
#[must_use]
pub fn did_you_mean<'a>(found: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let lower = found.to_lowercase();
    known
        .into_iter()
        .map(|word| (strsim::jaro_winkler(&lower, &word.to_lowercase()), word))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map_or_else(String::new, |(_, word)| format!("; did you mean {word:?}?"))
}

/// `found …, expected one of …`, with the likely one.
#[must_use]
pub fn none_of(found: &str, known: &[&str]) -> String {
    let hint = did_you_mean(found, known.iter().copied());
    format!("found {found:?}, expected one of {}{hint}", known.join(", "))
}
