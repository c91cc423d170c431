//! The paragraphs of a page's prose, and how many of them another page has as well.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::entry::{Document, LINKS};

/// Of more paragraphs than these that are not the same to the letter none is looked for in other words.
const MAX_COMPARED: usize = 300;

/// Two paragraphs are the same in other words where they share this much of the longer one's words, in percent.
const SAME_PERCENT: usize = 60;

/// The paragraphs of a document's prose, a line each; one that comes twice counts once.
#[must_use]
pub fn paragraphs(document: &Document) -> BTreeSet<&str> {
    let fields = document.entries.iter().flat_map(|entry| &entry.fields);
    let prose = fields.filter(|(name, _)| name.as_str() != LINKS);
    prose.flat_map(|(_, text)| text.lines()).filter(|line| !line.trim().is_empty()).collect()
}

/// How many of the paragraphs are there again, to the letter or in other words.
#[must_use]
pub fn kept(before: &BTreeSet<&str>, after: &BTreeSet<&str>) -> usize {
    let same = before.intersection(after).count();
    let old: Vec<&str> = before.difference(after).copied().collect();
    let new: Vec<&str> = after.difference(before).copied().collect();
    if old.len().max(new.len()) > MAX_COMPARED {
        return same;
    }
    same + reworded(&old, &new)
}

/// How many of the old paragraphs have a new one of their own that says nearly the same.
fn reworded(old: &[&str], new: &[&str]) -> usize {
    let new: Vec<HashSet<String>> = new.iter().map(|text| words(text)).collect();
    let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, words) in new.iter().enumerate() {
        for word in words {
            places.entry(word).or_default().push(index);
        }
    }
    let mut taken = BTreeSet::new();
    let mut count = 0;
    for text in old {
        let own = words(text);
        let mut shared: BTreeMap<usize, usize> = BTreeMap::new();
        for index in own.iter().filter_map(|word| places.get(word.as_str())).flatten() {
            *shared.entry(*index).or_default() += 1;
        }
        let is_same = |index: usize, common: usize| {
            !taken.contains(&index) && common * 100 >= own.len().max(new[index].len()) * SAME_PERCENT
        };
        let best = shared.into_iter().filter(|(index, common)| is_same(*index, *common));
        if let Some((index, _)) = best.max_by_key(|(_, common)| *common) {
            taken.insert(index);
            count += 1;
        }
    }
    count
}

fn words(text: &str) -> HashSet<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(before: &[&str], after: &[&str], expected: usize) {
        assert_eq!(kept(&before.iter().copied().collect(), &after.iter().copied().collect()), expected);
    }

    #[test]
    fn a_paragraph_is_kept_to_the_letter_or_in_other_words() {
        let rule = "The rule applies to equipment made by the company and its subsidiaries.";
        check(&[rule], &[rule], 1);
        check(&[rule], &["The rule applies to equipment made by the company and all its affiliates."], 1);
        check(&[rule], &["Search tips: to find a page, use the menu of this site."], 0);
        check(&["Rule 1 applies.", "Rule 2 applies."], &["Rule 3 applies."], 1);
        check(&[], &[rule], 0);
    }

    #[test]
    fn of_very_many_only_the_same_are_counted() {
        let text =
            |word: &str| (0..400).map(|number| format!("{word} paragraph {number}")).collect::<Vec<_>>();
        let (before, after) = (text("old"), text("new"));
        let before: BTreeSet<&str> = before.iter().map(String::as_str).collect();
        let after: BTreeSet<&str> = after.iter().map(String::as_str).collect();
        assert_eq!(kept(&before, &after), 0);
        assert_eq!(kept(&before, &before), 400);
    }
}
