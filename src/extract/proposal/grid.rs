//! Rows of named fields, and what they say of themselves: by which they are known, when and where they
//! are read.

use std::collections::BTreeSet;

use toml::Value;

use crate::domain::text::shorten;
use crate::extract::date::date;

/// What a field is called that holds names.
const NAMING: [&str; 6] = ["name", "entity", "company", "party", "title", "equipment"];

/// What a field is called that holds what its publisher knows an entry by.
const IDENTIFYING: [&str; 8] = ["id", "uid", "uuid", "guid", "identifier", "reference", "ref", "key"];

/// A text that is longer on average is prose, which may be reworded.
const MAX_KEY_CHARS: usize = 120;

/// So much of what is not read is shown.
const MAX_EXAMPLE_CHARS: usize = 60;

/// The rows of a table or a file.
pub(super) struct Grid {
    /// The field of each column; `None` for one that is not read.
    pub fields: Vec<Option<String>>,
    /// What the rows say, column by column.
    pub rows: Vec<Vec<String>>,
}

impl Grid {
    /// The settings of the rows, in the order in which an operator reads them.
    pub(super) fn settings(&self) -> Vec<(&'static str, Value)> {
        let name = self.fields().map(|(_, field)| field).find(|field| is_naming(field));
        let mut pairs: Vec<(&'static str, Value)> = vec![("key", self.key().into())];
        pairs.extend(name.map(|field| ("row_title", field.into())));
        pairs.extend(self.mostly(|text| date(text).is_some()).map(|field| ("row_date", field.into())));
        pairs
    }

    /// The field that mostly holds addresses.
    pub(super) fn link(&self) -> Option<&str> {
        self.mostly(|text| text.starts_with("https://") || text.starts_with("http://"))
    }

    /// What the rows say in a column.
    fn values(&self, column: usize) -> impl Iterator<Item = &str> {
        self.rows.iter().map(move |row| row.get(column).map_or("", String::as_str))
    }

    fn fields(&self) -> impl Iterator<Item = (usize, &str)> {
        self.fields.iter().enumerate().filter_map(|(at, field)| Some((at, field.as_deref()?)))
    }

    /// The fields by which rows are known: one that is never blank and never the same, or else as
    /// many as it takes.
    fn key(&self) -> Vec<String> {
        let is_whole = |column: usize| self.values(column).all(|value| !value.is_empty());
        let is_alone = |column: usize| {
            let mut seen = BTreeSet::new();
            is_whole(column) && self.values(column).all(|value| seen.insert(value))
        };
        let alone: Vec<(usize, &str)> = self.fields().filter(|(at, _)| is_alone(*at)).collect();
        let first = |is_such: &dyn Fn(usize, &str) -> bool| {
            alone.iter().find(|(at, field)| is_such(*at, field)).map(|(_, field)| *field)
        };
        // Where a row stands is not what it is about.
        let best = first(&|_, field| is_identifying(field))
            .or_else(|| first(&|at, field| is_naming(field) && !self.counts(at)))
            .or_else(|| first(&|at, _| !self.counts(at) && !self.is_prose(at) && !self.is_link(at)))
            .or_else(|| first(&|at, _| !self.counts(at)));
        if let Some(field) = best {
            return vec![field.to_owned()];
        }
        let mut key: Vec<String> = Vec::new();
        let mut taken = Vec::new();
        for (at, field) in self.fields() {
            if key.iter().any(|known| known == field) || self.counts(at) {
                continue;
            }
            key.push(field.to_owned());
            taken.push(at);
            let mut seen = BTreeSet::new();
            let rows = self.rows.iter();
            let mut values = rows.map(|row| taken.iter().map(|at| row.get(*at)).collect::<Vec<_>>());
            if values.all(|values| seen.insert(values)) {
                break;
            }
        }
        if key.is_empty() {
            key.extend(self.fields().map(|(_, field)| field.to_owned()).take(1));
        }
        key
    }

    /// Whether a column counts the rows, from whatever number: that is where they stand, and changes
    /// with every row above.
    fn counts(&self, column: usize) -> bool {
        let number = |text: &str| text.trim().trim_end_matches(['.', ')']).parse::<i64>().ok();
        let numbers: Option<Vec<i64>> = self.values(column).map(number).collect();
        let Some(numbers) = numbers.filter(|numbers| numbers.len() > 1) else { return false };
        let is_from_one = numbers[0] == 1;
        let name = self.fields.get(column).and_then(Option::as_deref).unwrap_or_default();
        let steps = |by: i64| numbers.windows(2).all(|pair| pair[1] == pair[0] + by);
        // Numbers that only go up may be what rows are known by, unless they are called a count.
        steps(1) && (is_from_one || is_counting(name))
            || is_counting(name) && (steps(-1) || numbers.windows(2).all(|pair| pair[0] < pair[1]))
    }

    /// Leaves out the columns that count the rows, and says so.
    pub(super) fn drop_counts<T>(&mut self, columns: &mut [Option<T>]) -> Vec<String> {
        let counting: Vec<usize> = self.fields().map(|(at, _)| at).filter(|at| self.counts(*at)).collect();
        // What is left must tell rows apart.
        if counting.len() == self.fields().count() {
            return Vec::new();
        }
        let mut said = Vec::new();
        for at in counting {
            said.extend(
                self.fields[at].take().map(|field| format!("{field} counts the rows and is not read")),
            );
            if let Some(column) = columns.get_mut(at) {
                *column = None;
            }
        }
        said
    }

    fn is_prose(&self, column: usize) -> bool {
        let chars: usize = self.values(column).map(|text| text.chars().count()).sum();
        chars > MAX_KEY_CHARS.saturating_mul(self.rows.len())
    }

    fn is_link(&self, column: usize) -> bool {
        self.values(column).any(|text| text.contains("://") || text.starts_with('/'))
    }

    /// What is said of columns that have no header to find them by: tables and sheets are read with them, under
    /// their number; other files are not.
    pub(super) fn without_header(&self, are_read: bool) -> Vec<String> {
        let bare = (0..self.fields.len()).filter(|at| self.fields[*at].is_none() && !self.counts(*at));
        let said = |at: usize| Some((at, self.values(at).find(|text| !text.is_empty())?));
        let words = |(at, example): (usize, &str)| {
            format!(
                "column {} has no header{}: {:?}",
                at + 1,
                if are_read {
                    format!(" and is read as column_{}", at + 1)
                } else {
                    " and is not read".to_owned()
                },
                shorten(example, MAX_EXAMPLE_CHARS)
            )
        };
        bare.filter_map(said).map(words).collect()
    }

    /// The first field of which most values are such.
    fn mostly(&self, is_such: impl Fn(&str) -> bool) -> Option<&str> {
        let such = |column| self.values(column).filter(|value| is_such(value)).count();
        self.fields().find(|(at, _)| such(*at) * 2 > self.rows.len()).map(|(_, field)| field)
    }
}

fn is_identifying(field: &str) -> bool {
    field.split('_').any(|word| IDENTIFYING.contains(&word))
}

/// What a column is called that counts the rows.
fn is_counting(field: &str) -> bool {
    const COUNTING: [&str; 17] = [
        "no",
        "nr",
        "s_no",
        "sno",
        "sr_no",
        "sl_no",
        "serial",
        "serial_no",
        "serial_number",
        "row",
        "row_no",
        "item",
        "item_no",
        "line",
        "line_no",
        "index",
        "rank",
    ];
    COUNTING.contains(&field)
}

fn is_naming(field: &str) -> bool {
    field.split('_').any(|word| NAMING.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(header: &str, numbers: [&str; 3], expected: bool) {
        let rows = numbers
            .iter()
            .zip(["A", "B", "C"])
            .map(|(number, name)| vec![(*number).to_owned(), name.to_owned()]);
        let fields = vec![Some(header.to_owned()), Some("name".to_owned())];
        let mut grid = Grid { fields: fields.clone(), rows: rows.collect() };
        let mut columns = fields;
        let said = grid.drop_counts(&mut columns);
        assert_eq!(
            (columns[0].is_none(), said.len()),
            (expected, usize::from(expected)),
            "{header} {numbers:?}"
        );
    }

    #[test]
    fn a_column_that_counts_the_rows_is_no_part_of_them() {
        check("no", ["1", "2", "3"], true);
        check("x", ["1.", "2.", "3."], true);
        check("no", ["101", "102", "103"], true);
        check("no", ["3", "2", "1"], true);
        check("no", ["1", "3", "4"], true);
        check("number", ["101", "102", "103"], false);
        check("no", ["7", "3", "9"], false);
        check("no", ["A1", "A2", "A3"], false);
    }
}
