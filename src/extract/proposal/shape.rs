//! Which elements an XML file has, and where.

use std::collections::{BTreeMap, BTreeSet};

use quick_xml::Reader;
use quick_xml::events::Event;

use crate::domain::verdict::Unreadable;
use crate::extract::xml;

/// So many different paths are told apart; a list has a few dozen.
const MAX_PATHS: usize = 512;

/// The paths of a file's elements.
pub(super) struct FileShape {
    paths: BTreeMap<Vec<String>, PathShape>,
}

/// What the elements of one path have in common.
#[derive(Default)]
struct PathShape {
    count: usize,
    attributes: BTreeSet<String>,
}

impl FileShape {
    /// # Errors
    /// Where it is not well-formed.
    pub(super) fn of(text: &str) -> Result<Self, Unreadable> {
        // Nesting is bounded from here on.
        xml::check(text)?;
        let mut reader = Reader::from_str(text);
        reader.config_mut().expand_empty_elements = true;
        let mut shape = Self { paths: BTreeMap::new() };
        let mut open: Vec<String> = Vec::new();
        loop {
            match reader.read_event().map_err(|error| xml::unexpected("the XML", &error))? {
                Event::Start(tag) => {
                    open.push(tag.local_name().as_ref().to_owned());
                    if !shape.paths.contains_key(&open) && shape.paths.len() >= MAX_PATHS {
                        continue;
                    }
                    let kind = shape.paths.entry(open.clone()).or_default();
                    kind.count += 1;
                    for found in tag.attributes().with_checks(false).flatten() {
                        if !found.key.as_ref().starts_with("xmlns") {
                            kind.attributes.insert(found.key.local_name().as_ref().to_owned());
                        }
                    }
                }
                Event::End(_) => {
                    open.pop();
                }
                Event::Eof => return Ok(shape),
                _ => {}
            }
        }
    }

    /// The elements that could be entries, a guess a list of paths, those nearest to the root first:
    /// some that come often enough, and those as deep that have a field in common with them.
    pub(super) fn entries(&self, often: usize) -> Vec<Vec<String>> {
        let mut guesses: BTreeMap<usize, &Vec<String>> = BTreeMap::new();
        for (path, kind) in &self.paths {
            if kind.count >= often && path.len() > 1 && !self.fields(path).is_empty() {
                let most = guesses.entry(path.len()).or_insert(path);
                if kind.count > self.paths[*most].count {
                    *most = path;
                }
            }
        }
        let beside = |most: &Vec<String>| {
            let fields = self.fields(most);
            let alike = self
                .paths
                .keys()
                .filter(|path| path.len() == most.len() && !self.fields(path).is_disjoint(&fields));
            alike.map(|path| path.join("/")).collect()
        };
        guesses.into_values().map(beside).collect()
    }

    /// The paths of the fields that such entries have.
    pub(super) fn fields_of(&self, entries: &[String]) -> BTreeSet<String> {
        let is_one = |path: &&Vec<String>| entries.contains(&path.join("/"));
        self.paths.keys().filter(is_one).flat_map(|path| self.fields(path)).collect()
    }

    /// The attributes of an element, and the elements in it that hold text alone.
    fn fields(&self, path: &[String]) -> BTreeSet<String> {
        let attributes = self.paths.get(path).into_iter().flat_map(|kind| &kind.attributes);
        let attributes = attributes.map(|name| format!("@{name}"));
        let below = self.below(path).filter(|child| self.below(child).next().is_none());
        attributes.chain(below.filter_map(|child| child.last().cloned())).collect()
    }

    fn below<'a>(&'a self, path: &'a [String]) -> impl Iterator<Item = &'a Vec<String>> {
        // What begins with a path stands right behind it.
        let from = self.paths.range(path.to_vec()..).map(|(found, _)| found);
        let within = from.take_while(move |found| found.starts_with(path));
        within.filter(move |found| found.len() == path.len() + 1)
    }
}
