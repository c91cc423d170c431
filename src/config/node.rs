//! A value of a configuration file together with where it stands and what it is called.
//!
//! The files are walked as a tree with the place of every value instead of being
//! deserialised into structs: a deserialiser stops at the first fault, and an
//! operator wants them all at once.

use std::fmt::{self, Display};
use std::ops::{Range, RangeInclusive};
use std::rc::Rc;

use toml::Spanned;
use toml::de::{DeFloat, DeInteger, DeTable, DeValue};

use super::fault::Faults;
use super::file::TextFile;
use crate::domain::spelling::did_you_mean;

/// The keys that a table may have. Every one of them is described in `docs/CONFIGURATION.md`.
#[derive(Debug)]
pub(super) struct AllowedKeys {
    /// The table's name there, such as `[mail]`.
    pub(super) heading: &'static str,
    /// Its keys.
    pub(super) names: &'static [&'static str],
}

/// A value was given and cannot be taken; the fault is noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FaultNoted;

/// What a value is called. It is put into words only where something is said of it: a file may hold thousands.
#[derive(Debug, Clone)]
enum ValueName<'a> {
    /// A table's name, which is empty of a whole file.
    Named(Rc<str>),
    /// A key of a table.
    Below(Rc<ValueName<'a>>, &'a str),
    /// An item of a list, counted from 1.
    Item(Rc<ValueName<'a>>, usize),
}

impl ValueName<'_> {
    fn is_empty(&self) -> bool {
        matches!(self, Self::Named(name) if name.is_empty())
    }
}

impl Display for ValueName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => f.write_str(name),
            Self::Item(list, number) => write!(f, "{list}[{number}]"),
            Self::Below(table, name) => {
                if !table.is_empty() {
                    write!(f, "{table}.")?;
                }
                // Quoted as TOML does, so that nothing in a key reaches a terminal unescaped.
                let is_bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
                if name.chars().all(is_bare) { f.write_str(name) } else { write!(f, "{name:?}") }
            }
        }
    }
}

/// A value with its place.
#[derive(Debug, Clone)]
pub(super) struct ConfigNode<'a> {
    key: ValueName<'a>,
    file: &'a TextFile,
    faults: &'a Faults,
    span: Range<usize>,
    value: &'a DeValue<'a>,
}

impl<'a> ConfigNode<'a> {
    /// Notes that this value cannot be taken.
    pub(super) fn fault(&self, message: impl Display) {
        self.faults.at(self.file, &self.span, &self.key.to_string(), message);
    }

    /// The file and line of the value.
    pub(super) fn place(&self) -> String {
        format!("{}:{}", self.file.path.display(), self.file.position(self.span.start).0)
    }

    fn mistyped(&self, expected: &str) {
        let found = self.value.type_str();
        let article = if found.starts_with(['a', 'i']) { "an" } else { "a" };
        self.fault(format_args!("found {article} {found}, expected {expected}"));
    }

    /// The value as text.
    pub(super) fn text(&self) -> Option<&'a str> {
        let text = self.value.as_str();
        if text.is_none() {
            self.mistyped("a string");
        }
        text
    }

    /// The value as text of one line that says something.
    pub(super) fn line(&self) -> Option<&'a str> {
        let text = self.text()?;
        if text.trim().is_empty() {
            self.fault("is blank, expected some text");
        } else if text.chars().any(char::is_control) {
            self.fault(format_args!("found {text:?}, expected one line without control characters"));
        } else {
            return Some(text.trim());
        }
        None
    }

    /// The value as what a text stands for.
    pub(super) fn parse<T, E: Display>(&self, read: impl FnOnce(&str) -> Result<T, E>) -> Option<T> {
        if let Some(number) = self.value.as_integer() {
            // A bare number in place of `"16 MiB"`: the reader can say best what it wants.
            match read(&number.to_string()) {
                Ok(_) => self.mistyped("a string"),
                Err(error) => self.fault(error),
            }
            return None;
        }
        read(self.text()?).map_err(|error| self.fault(error)).ok()
    }

    /// The value as a whole number within limits.
    pub(super) fn number(&self, limits: RangeInclusive<u32>) -> Option<u32> {
        let expected = format!("a whole number from {} to {}", limits.start(), limits.end());
        let Some(integer) = self.value.as_integer() else {
            self.mistyped(&expected);
            return None;
        };
        let number = u32::from_str_radix(integer.as_str(), integer.radix()).ok();
        let fitting = number.filter(|number| limits.contains(number));
        if fitting.is_none() {
            self.fault(format_args!("found {integer}, expected {expected}"));
        }
        fitting
    }

    /// The value as yes or no.
    pub(super) fn flag(&self) -> Option<bool> {
        let flag = self.value.as_bool();
        if flag.is_none() {
            self.mistyped("true or false");
        }
        flag
    }

    /// The value as a number from 0 to 1.
    pub(super) fn share(&self) -> Option<f64> {
        let expected = "a number from 0 to 1";
        let text = self.value.as_float().map(DeFloat::as_str);
        let Some(text) = text.or_else(|| self.value.as_integer().map(DeInteger::as_str)) else {
            self.mistyped(expected);
            return None;
        };
        let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
        if share.is_none() {
            self.fault(format_args!("found {text}, expected {expected}"));
        }
        share
    }

    /// The items of a list, which may be empty.
    pub(super) fn items(&self, of_what: &str) -> Option<Vec<Self>> {
        let Some(array) = self.value.as_array() else {
            self.mistyped(&format!("a list of {of_what}"));
            return None;
        };
        let list = Rc::new(self.key.clone());
        let item = |(index, value): (usize, &'a Spanned<DeValue<'a>>)| {
            self.below(ValueName::Item(Rc::clone(&list), index + 1), value)
        };
        Some(array.iter().enumerate().map(item).collect())
    }

    /// The items of a list that may not be empty.
    pub(super) fn some_items(&self, of_what: &str) -> Option<Vec<Self>> {
        let items = self.items(of_what)?;
        if items.is_empty() {
            self.fault(format_args!("is empty, expected a list of {of_what} with at least one"));
            return None;
        }
        Some(items)
    }

    /// Whether the value is this text.
    pub(super) fn is(&self, text: &str) -> bool {
        self.value.as_str() == Some(text)
    }

    /// The text that the value is, if it is one; nothing is noted.
    pub(super) fn as_text(&self) -> Option<&'a str> {
        self.value.as_str()
    }

    /// Whether the value is a list.
    pub(super) fn is_list(&self) -> bool {
        self.value.is_array()
    }

    /// Whether the value is a table.
    pub(super) fn is_table(&self) -> bool {
        self.value.is_table()
    }

    /// The value as a table with these keys; any other key is a fault.
    pub(super) fn table(&self, keys: &AllowedKeys) -> Option<ConfigTable<'a>> {
        let table = self.open()?;
        table.refuse_others(keys.names);
        Some(table)
    }

    /// The value as a table, its keys not yet looked at.
    pub(super) fn open(&self) -> Option<ConfigTable<'a>> {
        let Some(entries) = self.value.as_table() else {
            self.mistyped("a table");
            return None;
        };
        Some(ConfigTable { node: self.clone(), key: Rc::new(self.key.clone()), entries })
    }

    fn below(&self, key: ValueName<'a>, value: &'a Spanned<DeValue<'a>>) -> Self {
        Self { key, file: self.file, faults: self.faults, span: value.span(), value: value.get_ref() }
    }
}

/// A table with its place.
#[derive(Debug)]
pub(super) struct ConfigTable<'a> {
    node: ConfigNode<'a>,
    /// The node's own.
    key: Rc<ValueName<'a>>,
    entries: &'a DeTable<'a>,
}

impl<'a> ConfigTable<'a> {
    /// The whole of a file.
    pub(super) fn root(
        file: &'a TextFile,
        faults: &'a Faults,
        root: &'a Spanned<DeValue<'a>>,
    ) -> Option<Self> {
        ConfigNode {
            key: ValueName::Named("".into()),
            file,
            faults,
            span: root.span(),
            value: root.get_ref(),
        }
        .open()
    }

    /// What stands under `id`, if it is a text.
    pub(super) fn id(&self) -> Option<&'a str> {
        self.entries.get("id")?.get_ref().as_str()
    }

    /// Calls the table by another name, one that says which of many it is.
    pub(super) fn named(mut self, name: String) -> Self {
        self.node.key = ValueName::Named(name.into());
        self.key = Rc::new(self.node.key.clone());
        self
    }

    fn path(&self, name: &'a str) -> ValueName<'a> {
        ValueName::Below(Rc::clone(&self.key), name)
    }

    /// The value of a key, where it is given.
    pub(super) fn get(&self, name: &str) -> Option<ConfigNode<'a>> {
        let (key, value) = self.entries.get_key_value(name)?;
        Some(self.node.below(self.path(key.get_ref().as_ref()), value))
    }

    /// The value of a key that must be given.
    pub(super) fn require(&self, name: &str, expected: &str) -> Option<ConfigNode<'a>> {
        let node = self.get(name);
        if node.is_none() {
            let key = ValueName::Below(Rc::clone(&self.key), name).to_string();
            let place = ConfigNode { key: ValueName::Named(key.into()), ..self.node.clone() };
            place.fault(format_args!("is missing, expected {expected}"));
        }
        node
    }

    /// What a key says, or the default where it is not given; `None` only where it is at fault.
    pub(super) fn or<T>(
        &self,
        name: &str,
        default: T,
        read: impl FnOnce(&ConfigNode<'a>) -> Option<T>,
    ) -> Option<T> {
        self.get(name).map_or(Some(default), |node| read(&node))
    }

    /// The same for a key without which there is nothing.
    pub(super) fn optional<T>(
        &self,
        name: &str,
        read: impl FnOnce(&ConfigNode<'a>) -> Option<T>,
    ) -> Result<Option<T>, FaultNoted> {
        self.get(name).map_or(Ok(None), |node| read(&node).map(Some).ok_or(FaultNoted))
    }

    /// Every key with its place and its value, for tables whose keys are the operator's own.
    pub(super) fn pairs(&self) -> Vec<(ConfigNode<'a>, &'a str, ConfigNode<'a>)> {
        self.pairs_where(|_| true)
    }

    /// The same of the keys with such names.
    pub(super) fn pairs_where(
        &self,
        is_meant: impl Fn(&str) -> bool,
    ) -> Vec<(ConfigNode<'a>, &'a str, ConfigNode<'a>)> {
        let meant = self.entries.iter().filter(|(key, _)| is_meant(key.get_ref()));
        let mut pairs: Vec<_> = meant
            .map(|(key, value)| {
                let name: &'a str = key.get_ref().as_ref();
                let value = self.node.below(self.path(name), value);
                (ConfigNode { span: key.span(), ..value.clone() }, name, value)
            })
            .collect();
        pairs.sort_by_key(|(key, ..)| key.span.start);
        pairs
    }

    /// The name of every key and the line that it stands on.
    pub(super) fn lines(&self) -> impl Iterator<Item = (&'a str, usize)> {
        let file = self.node.file;
        self.entries.keys().map(|key| (key.get_ref().as_ref(), file.position(key.span().start).0))
    }

    /// The file that it stands in.
    pub(super) fn file(&self) -> &'a TextFile {
        self.node.file
    }

    /// Notes every key that is none of these, with the likely one where there is one.
    pub(super) fn refuse_others(&self, names: &[&str]) {
        for (key, name, _) in self.pairs_where(|name| !names.contains(&name)) {
            let hint = did_you_mean(name, names.iter().copied());
            key.fault(format_args!("unknown key, expected {}{hint}", names.join(", ")));
        }
    }
}
