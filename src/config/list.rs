//! Lists in which nothing may stand twice.

use std::fmt::Display;

use super::node::ConfigNode;

/// Reads every item; all faults are noted, and so is an item that was there before.
pub(super) fn distinct<'a, T: PartialEq>(
    items: &[ConfigNode<'a>],
    read: impl Fn(&ConfigNode<'a>) -> Option<T>,
) -> Option<Vec<T>> {
    let mut values = Vec::new();
    let mut is_fine = true;
    for item in items {
        match read(item) {
            Some(value) if values.contains(&value) => {
                item.fault("stands in the list twice, expected once");
                is_fine = false;
            }
            Some(value) => values.push(value),
            None => is_fine = false,
        }
    }
    is_fine.then_some(values)
}

/// Reads every item as a text that stands for something.
pub(super) fn parsed<T, E: Display>(
    items: &[ConfigNode<'_>],
    read: impl Fn(&str) -> Result<T, E>,
) -> Option<Vec<T>> {
    let values: Vec<Option<T>> = items.iter().map(|item| item.parse(&read)).collect();
    values.into_iter().collect()
}

/// Reads every item as one line of text, each different from the others.
pub(super) fn lines(items: &[ConfigNode<'_>]) -> Option<Vec<String>> {
    distinct(items, |item| item.line().map(str::to_owned))
}
