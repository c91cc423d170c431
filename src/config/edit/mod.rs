//! Changing the companies in the files: in place, comments and order kept.
//!
//! An [`Edit`] gathers changes to any number of files. [`Edit::check`] reads the configuration as it
//! would be with them, so that nothing is written that a start would refuse; [`Edit::write`] then
//! replaces each file in one step. A lock on the main file keeps two edits apart.

mod noise;
mod replace;
mod sources;
mod table;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use toml_edit::{ArrayOfTables, DocumentMut, Item, Value};

use super::draft::{Drafts, real};
use super::load::{Loaded, load_drafted};
use super::{Config, ConfigError};
use crate::domain::company::{Alias, Company};
use crate::domain::id::{CategoryId, CompanyId, SourceId};
use crate::domain::identifier::Identifier;
use crate::domain::spelling::did_you_mean;

/// Why companies were not changed. Nothing was written, unless it says so.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The files are not valid as they are, or would not be.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Nobody by this id.
    #[error("no company {id}{hint}; see `regwatch company list`")]
    Unknown {
        /// The id.
        id: CompanyId,
        /// What was likely meant.
        hint: String,
    },
    /// No source by this id that could be changed in place.
    #[error("no source {id} under [[source]]{hint}; see `regwatch source list`")]
    UnknownSource {
        /// The id.
        id: SourceId,
        /// What was likely meant.
        hint: String,
    },
    /// A key that is to go is not there.
    #[error("source {id} has no key {key:?}")]
    NoSuchKey {
        /// The source.
        id: SourceId,
        /// The key.
        key: String,
    },
    /// The company stands in a form that is not changed in place.
    #[error("{}: company {id} is not written under [[company]]; change it by hand", path.display())]
    Form {
        /// Whose table.
        id: CompanyId,
        /// Its file.
        path: PathBuf,
    },
    /// The source stands in a form that is not changed in place.
    #[error(
        "source {0} is not written under [[source]] with a table of noise; add the pattern to its noise by hand"
    )]
    SourceForm(SourceId),
    /// The file would not be read.
    #[error("{} is not included by {}; expected a file that one of its patterns matches, such as \"companies/*.toml\"", path.display(), main.display())]
    NotIncluded {
        /// The file.
        path: PathBuf,
        /// The main file.
        main: PathBuf,
    },
    /// What is to go is not there.
    #[error("company {id} has no {what:?}; see `regwatch company show {id}`")]
    Missing {
        /// The company.
        id: CompanyId,
        /// The name, number, category or source.
        what: String,
    },
    /// A file cannot be read, locked or written.
    #[error("{} cannot be {done}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What was tried.
        done: &'static str,
        /// What the system says.
        source: std::io::Error,
    },
    /// The text is not understood by the editor, although it was read.
    #[error("{} cannot be edited", path.display())]
    Text {
        /// The file.
        path: PathBuf,
        /// Why.
        source: toml_edit::TomlError,
    },
}

pub use sources::SourceRevision;

/// What is to become different of a company; the default changes nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Revision {
    /// Another full name.
    pub name: Option<String>,
    /// Another parent.
    pub parent: Option<CompanyId>,
    /// Whether it has no parent any more.
    pub is_independent: bool,
    /// Further names.
    pub aliases: Vec<Alias>,
    /// Further names that mean somebody else.
    pub not: Vec<String>,
    /// Further numbers.
    pub identifiers: Vec<Identifier>,
    /// Further categories.
    pub exposures: Vec<CategoryId>,
    /// Further sources.
    pub sources: Vec<String>,
    /// Names, numbers, categories and sources that go, each as it is written.
    pub without: Vec<String>,
}

/// Changes to the companies in the files, not yet written.
#[derive(Debug)]
pub struct Edit {
    main: PathBuf,
    documents: BTreeMap<PathBuf, EditedFile>,
    /// Held, so that nobody else changes the files meanwhile.
    _lock: File,
}

#[derive(Debug)]
struct EditedFile {
    content: DocumentMut,
    is_changed: bool,
}

impl Edit {
    /// Begins to change the files of a configuration, which must be valid; gives it too.
    ///
    /// # Errors
    /// Files that cannot be taken as they are, or locked.
    pub fn begin(main: &Path) -> Result<(Self, Config), EditError> {
        let lock = lock(main)?;
        let Loaded { config, files } = load_drafted(main, &Drafts::default())?;
        let mut documents = BTreeMap::new();
        for path in files {
            let text = std::fs::read_to_string(&path).map_err(failed(&path, "read"))?;
            let content = text
                .parse::<DocumentMut>()
                .map_err(|source| EditError::Text { path: path.clone(), source })?;
            documents.insert(path, EditedFile { content, is_changed: false });
        }
        Ok((Self { main: main.to_owned(), documents, _lock: lock }, config))
    }

    /// Adds a company at the end of a file, by default `companies/ID.toml` beside the main file;
    /// `file` is meant from the main file's folder.
    ///
    /// # Errors
    /// A file that holds companies in another form than `[[company]]`.
    pub fn add(&mut self, company: &Company, file: Option<&Path>) -> Result<(), EditError> {
        let default = PathBuf::from(format!("companies/{}.toml", company.id));
        let folder = self.main.parent().unwrap_or(Path::new(""));
        let path = folder.join(file.unwrap_or(&default));
        // A file that is edited already may have been asked for in another way.
        let known = self.documents.keys().find(|known| real(known) == real(&path)).cloned();
        let path = known.unwrap_or(path);
        let document = self
            .documents
            .entry(path.clone())
            .or_insert_with(|| EditedFile { content: DocumentMut::new(), is_changed: false });
        let tables = document
            .content
            .entry("company")
            .or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()))
            .as_array_of_tables_mut()
            .ok_or(EditError::Form { id: company.id.clone(), path })?;
        let mut table = table::of(company);
        if !tables.is_empty() {
            table.decor_mut().set_prefix("\n");
        }
        tables.push(table);
        document.is_changed = true;
        Ok(())
    }

    /// Changes a company where it stands. A revision that says nothing leaves its file alone.
    ///
    /// # Errors
    /// [`EditError::Unknown`], [`EditError::Form`], or [`EditError::Missing`].
    pub fn revise(&mut self, id: &CompanyId, revision: &Revision) -> Result<(), EditError> {
        let (path, index) = self.place(id)?;
        if *revision == Revision::default() {
            return Ok(());
        }
        let unknown = self.unknown(id);
        let table = self.tables(&path).and_then(|tables| tables.get_mut(index)).ok_or(unknown)?;
        table::revise(table, revision).map_err(|what| EditError::Missing { id: id.clone(), what })
    }

    /// Takes a company away, with the comments that stand directly above it.
    ///
    /// # Errors
    /// [`EditError::Unknown`] or [`EditError::Form`].
    pub fn remove(&mut self, id: &CompanyId) -> Result<(), EditError> {
        let (path, index) = self.place(id)?;
        if let Some(tables) = self.tables(&path) {
            table::remove(tables, index);
        }
        Ok(())
    }

    /// The configuration as it would be.
    ///
    /// # Errors
    /// What would be refused, at its place in the files as they would be; a file that would not be
    /// read at all.
    pub fn check(&self) -> Result<Config, EditError> {
        Ok(self.drafted()?.1)
    }

    /// Replaces every file that differs; gives the files, as they were asked for.
    ///
    /// # Errors
    /// As [`Self::check`]; a file that cannot be written, in which case those named before it in the
    /// order of their names were.
    pub fn write(self) -> Result<Vec<PathBuf>, EditError> {
        let (drafts, _) = self.drafted()?;
        for (path, text) in drafts.into_files() {
            replace::replace(&path, text.as_deref()).map_err(failed(&path, "written"))?;
        }
        let changed = self.documents.into_iter().filter(|(_, document)| document.is_changed);
        Ok(changed.map(|(path, _)| path).collect())
    }

    fn drafted(&self) -> Result<(Drafts, Config), EditError> {
        let mut drafts = Drafts::default();
        for (path, document) in self.documents.iter().filter(|(_, document)| document.is_changed) {
            drafts.put(path, document.content.to_string());
        }
        let drafts = self.without_empty_files(drafts);
        let Loaded { config, files } = load_drafted(&self.main, &drafts)?;
        let unread = self.documents.iter().find(|(path, document)| {
            document.is_changed && !drafts.has_removed(path) && !files.contains(path)
        });
        match unread {
            Some((path, _)) => Err(EditError::NotIncluded { path: path.clone(), main: self.main.clone() }),
            None => Ok((drafts, config)),
        }
    }

    /// A file in which nothing is left goes, unless the configuration needs it to be there.
    fn without_empty_files(&self, drafts: Drafts) -> Drafts {
        let mut fewer = drafts.clone();
        for (path, document) in self.documents.iter().filter(|(_, document)| document.is_changed) {
            if document.content.to_string().trim().is_empty() {
                fewer.remove(path);
            }
        }
        if load_drafted(&self.main, &fewer).is_ok() { fewer } else { drafts }
    }

    /// The file in which a company stands, and its place there.
    fn place(&self, id: &CompanyId) -> Result<(PathBuf, usize), EditError> {
        let is_it = |id_of: Option<&str>| id_of == Some(id.as_str());
        for (path, document) in &self.documents {
            match document.content.get("company") {
                Some(Item::ArrayOfTables(tables)) => {
                    let index = tables.iter().position(|table| is_it(table.get("id").and_then(Item::as_str)));
                    if let Some(index) = index {
                        return Ok((path.clone(), index));
                    }
                }
                Some(Item::Value(Value::Array(list))) => {
                    let ids = list.iter().map(|item| item.as_inline_table()?.get("id")?.as_str());
                    if ids.into_iter().any(is_it) {
                        return Err(EditError::Form { id: id.clone(), path: path.clone() });
                    }
                }
                _ => {}
            }
        }
        Err(self.unknown(id))
    }

    fn unknown(&self, id: &CompanyId) -> EditError {
        let lists = self
            .documents
            .values()
            .filter_map(|document| document.content.get("company")?.as_array_of_tables());
        let known = lists.flat_map(ArrayOfTables::iter).filter_map(|table| table.get("id")?.as_str());
        EditError::Unknown { id: id.clone(), hint: did_you_mean(id.as_str(), known) }
    }

    /// The companies of a file, which are about to be changed.
    fn tables(&mut self, path: &Path) -> Option<&mut ArrayOfTables> {
        let document = self.documents.get_mut(path)?;
        document.is_changed = true;
        document.content.get_mut("company")?.as_array_of_tables_mut()
    }
}

/// Has the main file include a pattern, where it includes nothing yet; tells whether it was changed.
///
/// # Errors
/// A main file that cannot be read, understood, locked or written.
pub fn add_include(main: &Path, pattern: &str) -> Result<bool, EditError> {
    let main = &std::fs::canonicalize(main).map_err(failed(main, "read"))?;
    let _lock = lock(main)?;
    let text = std::fs::read_to_string(main).map_err(failed(main, "read"))?;
    let content =
        text.parse::<DocumentMut>().map_err(|source| EditError::Text { path: main.clone(), source })?;
    if content.contains_key(INCLUDE) {
        return Ok(false);
    }
    // Above everything else, since it must stand above every section.
    let text = format!("{}{}", include_line(pattern), text);
    replace::replace(main, Some(&text)).map_err(failed(main, "written"))?;
    Ok(true)
}

/// Takes back what [`add_include`] did.
///
/// # Errors
/// A main file that cannot be read, locked or written.
pub fn take_back_include(main: &Path, pattern: &str) -> Result<(), EditError> {
    let main = &std::fs::canonicalize(main).map_err(failed(main, "read"))?;
    let _lock = lock(main)?;
    let text = std::fs::read_to_string(main).map_err(failed(main, "read"))?;
    match text.strip_prefix(&include_line(pattern)) {
        Some(before) => replace::replace(main, Some(before)).map_err(failed(main, "written")),
        None => Ok(()),
    }
}

/// The key that names further files.
const INCLUDE: &str = "include";

fn include_line(pattern: &str) -> String {
    format!("{INCLUDE} = [{}]\n\n", Value::from(pattern))
}

fn lock(main: &Path) -> Result<File, EditError> {
    let file = File::open(main).map_err(failed(main, "read"))?;
    file.lock().map_err(failed(main, "locked"))?;
    Ok(file)
}

fn failed(path: &Path, done: &'static str) -> impl FnOnce(std::io::Error) -> EditError {
    let path = path.to_owned();
    move |source| EditError::File { path, done, source }
}

#[cfg(test)]
mod tests;
