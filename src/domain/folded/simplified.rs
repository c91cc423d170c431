//! Traditional Chinese characters as simplified ones.

use std::sync::LazyLock;

/// Pairs of one traditional and one simplified character, parted by blanks.
const TABLE: &str = include_str!("simplified.txt");

/// The block of nearly all Han characters in use; those beyond it are looked up one by one.
const FIRST: char = '\u{3400}';
const LAST: char = '\u{9FFF}';

struct Simplified {
    /// For each character from [`FIRST`] to [`LAST`]: itself, or its simplified form.
    common: Vec<char>,
    /// Characters beyond them, in order.
    rare: Vec<(char, char)>,
}

static SIMPLIFIED: LazyLock<Simplified> = LazyLock::new(|| {
    let mut simplified = Simplified { common: (FIRST..=LAST).collect(), rare: Vec::new() };
    for pair in TABLE.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace) {
        let mut chars = pair.chars();
        let (Some(traditional), Some(simple)) = (chars.next(), chars.next()) else { continue };
        match simplified.common.get_mut(place(traditional)) {
            Some(entry) => *entry = simple,
            None => simplified.rare.push((traditional, simple)),
        }
    }
    simplified.rare.sort_unstable();
    simplified
});

/// The place of a character in the block; beyond its end for all others.
fn place(c: char) -> usize {
    (c as usize).wrapping_sub(FIRST as usize)
}

/// The simplified form of a Han character; any other character as it is.
///
/// A character and its simplified form have the same length in UTF-8.
pub(super) fn simplified(c: char) -> char {
    let table = &*SIMPLIFIED;
    match table.common.get(place(c)) {
        Some(&simple) => simple,
        None => match table.rare.binary_search_by_key(&c, |&(traditional, _)| traditional) {
            Ok(index) => table.rare[index].1,
            Err(_) => c,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traditional_characters_become_simplified_ones_and_others_stay() {
        let line = |text: &str| -> String { text.chars().map(simplified).collect() };
        assert_eq!(line("華為技術有限公司"), "华为技术有限公司");
        assert_eq!(line("海康威視 Hikvision"), "海康威视 Hikvision");
        assert_eq!(line("中興通訊"), "中兴通讯");
        assert_eq!(line("大华股份"), "大华股份");
    }

    #[test]
    fn every_pair_of_the_table_keeps_its_length() {
        let pairs: Vec<&str> =
            TABLE.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace).collect();
        assert!(pairs.len() > 3_000, "{}", pairs.len());
        for pair in pairs {
            let chars: Vec<char> = pair.chars().collect();
            assert_eq!(chars.len(), 2, "{pair}");
            assert_eq!(chars[0].len_utf8(), chars[1].len_utf8(), "{pair}");
        }
    }
}
