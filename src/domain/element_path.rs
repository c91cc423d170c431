//! Paths to elements of XML, as an operator writes them: the part of `XPath` that lists need.
//!
//! `list/entry` goes down by names, `*` is any name, a leading `//` begins at any
//! depth. A path ends at elements (their text), at an attribute (`@id`), or at
//! several of both (`(first, last, @title)`), which are one text in that order.
//! Names are compared without their prefixes: documents choose those freely.

use std::fmt;
use std::str::FromStr;

/// A path, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ElementPath {
    /// Whether it begins at any depth and not at the root.
    pub is_anywhere: bool,
    /// The elements to go through; `None` is any.
    pub steps: Vec<Option<String>>,
    /// What is taken at the end.
    pub end: PathEnd,
}

/// What a path leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathEnd {
    /// The text of the element.
    Text,
    /// One of its attributes.
    Attribute(String),
    /// Several of its children and attributes, as one text.
    Together(Vec<PathEnd>),
    /// The text of a child; only within [`PathEnd::Together`].
    Child(String),
}

/// A text that is no path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "found {text:?}, expected a path such as \"list/entry\", \"//entry\", \"name/@last\" or \"alias/(first, last)\""
)]
pub struct NotAPath {
    text: String,
}

fn is_name(text: &str) -> bool {
    let is_name_char = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    text.chars().all(is_name_char) && text.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_')
}

fn attribute(text: &str) -> Option<PathEnd> {
    text.strip_prefix('@').filter(|name| is_name(name)).map(|name| PathEnd::Attribute(name.to_owned()))
}

fn together(text: &str) -> Option<PathEnd> {
    let parts = text.strip_prefix('(')?.strip_suffix(')')?.split(',').map(str::trim);
    let part =
        |part: &str| attribute(part).or_else(|| is_name(part).then(|| PathEnd::Child(part.to_owned())));
    parts.map(part).collect::<Option<Vec<_>>>().map(PathEnd::Together)
}

fn parse(text: &str) -> Option<ElementPath> {
    let (is_anywhere, rest) = match text.strip_prefix("//") {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('/').unwrap_or(text)),
    };
    let mut steps = Vec::new();
    let mut parts = rest.split('/').map(str::trim).peekable();
    while let Some(part) = parts.next() {
        let is_end = parts.peek().is_none();
        if let Some(end) = attribute(part).or_else(|| together(part)).filter(|_| is_end) {
            return Some(ElementPath { is_anywhere, steps, end });
        }
        if part == "." && is_end && steps.is_empty() {
            break;
        }
        if part != "*" && !is_name(part) {
            return None;
        }
        steps.push((part != "*").then(|| part.to_owned()));
    }
    Some(ElementPath { is_anywhere, steps, end: PathEnd::Text })
}

impl FromStr for ElementPath {
    type Err = NotAPath;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text.trim()).ok_or_else(|| NotAPath { text: text.to_owned() })
    }
}

impl ElementPath {
    /// Whether the open elements, from the root, are those of the path.
    #[must_use]
    pub fn is_at(&self, open: &[String]) -> bool {
        let steps = self.steps.len();
        let fits = if self.is_anywhere { open.len() >= steps } else { open.len() == steps };
        let matches =
            |(step, name): (&Option<String>, &String)| step.as_ref().is_none_or(|step| step == name);
        fits && steps > 0 && self.steps.iter().zip(&open[open.len() - steps..]).all(matches)
    }
}

impl fmt::Display for ElementPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let steps: Vec<&str> = self.steps.iter().map(|step| step.as_deref().unwrap_or("*")).collect();
        f.write_str(if self.is_anywhere { "//" } else { "" })?;
        f.write_str(&steps.join("/"))?;
        match &self.end {
            PathEnd::Text if steps.is_empty() => f.write_str("."),
            PathEnd::Text => Ok(()),
            end if steps.is_empty() => end.fmt(f),
            end => write!(f, "/{end}"),
        }
    }
}

impl fmt::Display for PathEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => f.write_str("."),
            Self::Attribute(name) => write!(f, "@{name}"),
            Self::Child(name) => f.write_str(name),
            Self::Together(parts) => {
                let parts: Vec<String> = parts.iter().map(ToString::to_string).collect();
                write!(f, "({})", parts.join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_taken_apart_and_written_as_it_was() {
        for text in
            ["list/entry", "//entry", "*/entry/*", "@id", ".", "name/@last", "alias/(first, last, @title)"]
        {
            assert_eq!(text.parse::<ElementPath>().map(|path| path.to_string()).as_deref(), Ok(text));
        }
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for text in ["", "a//b", "a/", "@", "a/@b/c", "a[1]", "a/(b", "a/()", "a b", "text()", "../a", "a/."]
        {
            assert!(text.parse::<ElementPath>().is_err(), "{text}");
        }
    }

    #[track_caller]
    fn check(path: &str, open: &str, is_there: bool) {
        let open: Vec<String> = open.split('/').map(str::to_owned).collect();
        assert_eq!(path.parse::<ElementPath>().unwrap().is_at(&open), is_there);
    }

    #[test]
    fn a_path_leads_to_the_elements_it_names() {
        check("list/entry", "list/entry", true);
        check("list/entry", "a/list/entry", false);
        check("//list/entry", "a/list/entry", true);
        check("//entry", "entry", true);
        check("*/entry", "list/entry", true);
        check("*/entry", "entry", false);
        check("list/entry", "list/entry/name", false);
    }
}
