//! Two texts compared as words.

use serde::{Deserialize, Serialize};
use similar::{Algorithm, ChangeTag, TextDiff};

/// A run of words with one fate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// What became of the words.
    pub fate: Fate,
    /// The words, with the white space between them.
    pub text: String,
}

/// What became of a run of words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// In both texts.
    Kept,
    /// Only in the old one.
    Removed,
    /// Only in the new one.
    Added,
}

/// A word-level comparison: joined up, the runs that are not added give `before`, those not removed `after`.
#[must_use]
pub fn words(before: &str, after: &str) -> Vec<Run> {
    let diff = TextDiff::configure().algorithm(Algorithm::Myers).diff_words(before, after);
    let mut runs: Vec<Run> = Vec::new();
    for op in diff.iter_all_changes() {
        let fate = match op.tag() {
            ChangeTag::Equal => Fate::Kept,
            ChangeTag::Delete => Fate::Removed,
            ChangeTag::Insert => Fate::Added,
        };
        match runs.last_mut() {
            Some(run) if run.fate == fate => run.text.push_str(op.value()),
            _ => runs.push(Run { fate, text: op.value().to_owned() }),
        }
    }
    bridge(runs)
}

/// Lets a lone blank between two changed runs change with them: `a b` → `c d` is one replacement, not two.
fn bridge(runs: Vec<Run>) -> Vec<Run> {
    let mut bridged: Vec<Run> = Vec::with_capacity(runs.len());
    let (mut removed, mut added) = (String::new(), String::new());
    let flush = |removed: &mut String, added: &mut String, bridged: &mut Vec<Run>| {
        for (fate, text) in [(Fate::Removed, std::mem::take(removed)), (Fate::Added, std::mem::take(added))] {
            if !text.is_empty() {
                bridged.push(Run { fate, text });
            }
        }
    };
    let mut runs = runs.into_iter().peekable();
    while let Some(run) = runs.next() {
        match run.fate {
            Fate::Removed => removed.push_str(&run.text),
            Fate::Added => added.push_str(&run.text),
            Fate::Kept => {
                let is_bridge = run.text.trim().is_empty()
                    && !removed.is_empty()
                    && !added.is_empty()
                    && runs.peek().is_some();
                if is_bridge {
                    removed.push_str(&run.text);
                    added.push_str(&run.text);
                } else {
                    flush(&mut removed, &mut added, &mut bridged);
                    bridged.push(run);
                }
            }
        }
    }
    flush(&mut removed, &mut added, &mut bridged);
    bridged
}
