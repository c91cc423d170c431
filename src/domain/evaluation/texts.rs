//! Free texts: whether every company is found where it stands, and none where none does.

use std::ops::Range;

use serde::Deserialize;

use super::{Evaluation, EvaluationError, EvaluationTally, Miss, MissKind};
use crate::domain::matching::Watchlist;
use crate::domain::text::{one_line, shorten};

/// Of a text in a miss, as much is shown.
const MAX_SHOWN_CHARS: usize = 200;

#[derive(Debug, Deserialize)]
struct Passage {
    text: String,
    expected: Vec<Label>,
}

#[derive(Debug, Deserialize)]
struct Label {
    company: String,
    start: usize,
    end: usize,
}

/// Measures a watchlist on JSON Lines, each `{"text": …, "expected": [{"company": …, "start": …,
/// "end": …}]}` with byte offsets in UTF-8, the end excluded.
///
/// A company counts as found where a match of it overlaps the labelled place. A place where it
/// stands and no label says so counts as wrong, each overlapping run of places once.
///
/// # Errors
/// A line that cannot be read, or offsets that are not in its text.
pub fn texts(lines: &str, watchlist: &Watchlist) -> Result<Evaluation, EvaluationError> {
    let (mut tally, mut misses, mut cases) = (EvaluationTally::default(), Vec::new(), 0);
    for (index, line) in lines.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let number = index + 1;
        let passage: Passage =
            serde_json::from_str(line).map_err(|source| EvaluationError::Line { line: number, source })?;
        let Passage { text, expected } = passage;
        if let Some(wrong) = expected.iter().find(|label| text.get(label.start..label.end).is_none()) {
            return Err(EvaluationError::Span { line: number, start: wrong.start, end: wrong.end });
        }
        cases += 1;
        let found = watchlist.find("text", &text);
        let overlaps = |a: &Range<usize>, label: &Label| a.start < label.end && label.start < a.end;
        for label in &expected {
            let is_found = found
                .iter()
                .any(|found| found.company.as_str() == label.company && overlaps(&found.span, label));
            tally.count(is_found, true);
            if !is_found {
                let subject =
                    vec![label.company.clone(), text[label.start..label.end].to_owned(), shown(&text)];
                let reason = "no name of it was found there".to_owned();
                misses.push(Miss { line: number, fault: MissKind::FalseNegative, subject, reason });
            }
        }
        for found in &found {
            let is_expected = expected
                .iter()
                .any(|label| label.company == found.company.as_str() && overlaps(&found.span, label));
            if !is_expected {
                tally.count(true, false);
                let subject =
                    vec![found.company.to_string(), text[found.span.clone()].to_owned(), shown(&text)];
                let reason = format!("by the name “{}”", found.alias);
                misses.push(Miss { line: number, fault: MissKind::FalsePositive, subject, reason });
            }
        }
    }
    Ok(Evaluation { cases, figures: tally.into(), also: Vec::new(), corrected: 0, misses })
}

fn shown(text: &str) -> String {
    shorten(&one_line(text), MAX_SHOWN_CHARS)
}
