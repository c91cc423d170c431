//! Reads the main file and what it includes, and puts a [`Config`] together.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use glob::{MatchOptions, Pattern};
use toml::Spanned;
use toml::de::DeValue;

use super::catalogue;
use super::category::{CATEGORY, category};
use super::company::{COMPANY, company};
use super::draft::{Drafts, real};
use super::fault::{ConfigError, Faults};
use super::file::TextFile;
use super::list;
use super::matching::matching;
use super::node::{AllowedKeys, ConfigNode, ConfigTable};
use super::registry::refuse_conflicts;
use super::secret::Passwords;
use super::source::{SOURCE, source};
use super::whole::Config;
use super::{evidence, inbox, mail, metrics, section, web};
use crate::domain::category::Category;
use crate::domain::company::Company;
use crate::domain::id::SourceId;
use crate::domain::placeholder;
use crate::domain::scoring::Thresholds;
use crate::domain::source::Source;
use crate::domain::spelling::did_you_mean;
use crate::settings::{
    DaemonSettings, EvidenceSettings, FetchSettings, InboxSettings, MailSettings, MetricsSettings,
    OperatorSettings, StoreRules, StoreSettings, WaysInSettings, WebSettings,
};

pub(super) const MAIN: AllowedKeys = AllowedKeys {
    heading: "The main file",
    names: &[
        "include", "groups", "store", "mail", "inbox", "web", "metrics", "evidence", "fetch", "matching",
        "daemon", "operator", "source", "company", "category",
    ],
};

/// What an included file may hold.
const INCLUDED: [&str; 3] = ["source", "company", "category"];

/// Reads and validates a configuration: the main file, what it includes, and the files of passwords.
///
/// # Errors
/// Every fault that was found, each with its file, line and column.
pub fn load(path: &Path) -> Result<Config, ConfigError> {
    load_with(path, Passwords::from_environment())
}

/// A configuration and the files it was read from, the main one first.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) config: Config,
    pub(super) files: Vec<PathBuf>,
}

/// The same as it would be with these drafts.
pub(super) fn load_drafted(path: &Path, drafts: &Drafts) -> Result<Loaded, ConfigError> {
    let faults = Faults::default();
    let loaded = read(path, drafts, Passwords::from_environment(), &faults);
    taken(path, loaded, faults)
}

/// The same with the passwords that the environment holds, so that tests need not change theirs.
pub(super) fn load_with(path: &Path, passwords: Passwords) -> Result<Config, ConfigError> {
    let faults = Faults::default();
    let loaded = read(path, &Drafts::default(), passwords, &faults);
    Ok(taken(path, loaded, faults)?.config)
}

fn taken(path: &Path, loaded: Option<Loaded>, faults: Faults) -> Result<Loaded, ConfigError> {
    match (faults.into_error(), loaded) {
        (None, Some(loaded)) => Ok(loaded),
        (Some(error), _) => Err(error),
        (None, None) => Err(unexplained(path)),
    }
}

/// Reads one `[[source]]` by itself, one that is bound to no company.
///
/// # Errors
/// Every fault that was found.
pub fn read_source(text: &str) -> Result<Source, ConfigError> {
    let (path, faults) = (Path::new("source.toml"), Faults::default());
    let file = TextFile::of(path, text);
    let source = source_of(&file, &faults);
    match (faults.into_error(), source) {
        (None, Some(source)) => Ok(source),
        (Some(error), _) => Err(error),
        (None, None) => Err(unexplained(path)),
    }
}

fn source_of(file: &TextFile, faults: &Faults) -> Option<Source> {
    let tree = tree(file, faults)?;
    let root = ConfigTable::root(file, faults, &tree)?;
    refuse_sections(&root);
    tables(&[root], "source").iter().find_map(|table| source(table, &BTreeSet::new(), Path::new("")))
}

/// Which keys of the main file still name nobody, in words with their lines; nothing where none does.
fn nobodys(roots: &[ConfigTable<'_>], sections: &SettingsParts) -> Option<String> {
    let root = roots.first()?;
    let named = [
        ("mail", "from", sections.mail.from.address.domain()),
        ("fetch", "contact", placeholder::domain_of(&sections.fetch.contact)),
    ];
    let placeholders: Vec<String> = named
        .iter()
        .filter(|(_, _, domain)| placeholder::is_nobodys(domain))
        .filter_map(|(section, key, domain)| {
            let node = root.get(section)?.open()?.get(key)?;
            Some(format!("{section}.{key} at {} (of {domain})", node.place()))
        })
        .collect();
    let are = if placeholders.len() == 1 { "is still a placeholder" } else { "are still placeholders" };
    (!placeholders.is_empty())
        .then(|| format!("{} {are}; put real addresses there", placeholders.join(" and ")))
}

/// A value was refused without a word, which only a fault in the program can cause.
fn unexplained(path: &Path) -> ConfigError {
    let faults = Faults::default();
    faults.of_file(path.to_owned(), 0, None, "cannot be taken, for a reason that is not known".to_owned());
    faults.into_error().unwrap_or_default()
}

fn read(path: &Path, drafts: &Drafts, passwords: Passwords, faults: &Faults) -> Option<Loaded> {
    let main = TextFile::read(path, 0, drafts, faults)?;
    let main_tree = tree(&main, faults)?;
    let root = ConfigTable::root(&main, faults, &main_tree)?;
    root.refuse_others(MAIN.names);
    let folder = folder_of(path, faults)?;
    let sections = SettingsParts::read(&root, &folder, passwords);

    let included = included(&root, path, drafts);
    let files: Vec<TextFile> = included
        .iter()
        .flatten()
        .enumerate()
        .filter_map(|(index, path)| TextFile::read(path, index + 1, drafts, faults))
        .collect();
    let trees: Vec<_> = files.iter().map(|file| tree(file, faults)).collect();
    let mut roots = vec![root];
    for (file, tree) in files.iter().zip(&trees) {
        let Some(root) = tree.as_ref().and_then(|tree| ConfigTable::root(file, faults, tree)) else {
            continue;
        };
        refuse_sections(&root);
        roots.push(root);
    }
    let groups = roots[0]
        .or("groups", Vec::new(), |node| list::parsed(&node.items("names of groups")?, catalogue::group));
    let WatchedItems { sources, companies, categories } = watched(&roots, &folder);
    let groups = groups?;
    refuse_unknown_groups(&roots[0], &groups, &sources);
    let (sources, dormant): (Vec<_>, Vec<_>) =
        sources.into_iter().partition(|source| source.catalogue.is_on(&groups));
    let mut sections = sections?;
    sections.fetch.only_here = nobodys(&roots, &sections);
    let config = Config {
        path: std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
        store: sections.store,
        store_rules: sections.store_rules,
        mail: sections.mail,
        inbox: sections.inbox,
        ways_in: sections.ways_in,
        web: sections.web,
        metrics: sections.metrics,
        evidence: sections.evidence,
        fetch: sections.fetch,
        matching: sections.matching,
        daemon: sections.daemon,
        operator: sections.operator,
        groups,
        sources: sources.into(),
        dormant: dormant.into(),
        companies,
        categories,
    };
    let files = std::iter::once(path.to_owned()).chain(included.into_iter().flatten()).collect();
    Some(Loaded { config, files })
}

fn tree<'a>(file: &'a TextFile, faults: &Faults) -> Option<Spanned<DeValue<'a>>> {
    let root = file.parse(faults)?;
    Some(Spanned::new(root.span(), DeValue::Table(root.into_inner())))
}

/// The main file's folder, symbolic links resolved, from which relative paths are meant.
fn folder_of(path: &Path, faults: &Faults) -> Option<PathBuf> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let folder = fs::canonicalize(parent.unwrap_or(Path::new(".")));
    folder
        .map_err(|error| faults.of_file(path.to_owned(), 0, None, format!("has no usable folder: {error}")))
        .ok()
}

struct SettingsParts {
    store: StoreSettings,
    store_rules: StoreRules,
    mail: MailSettings,
    inbox: Option<InboxSettings>,
    ways_in: WaysInSettings,
    web: Option<WebSettings>,
    metrics: Option<MetricsSettings>,
    evidence: EvidenceSettings,
    fetch: FetchSettings,
    matching: Thresholds,
    daemon: DaemonSettings,
    operator: OperatorSettings,
}

impl SettingsParts {
    fn read(root: &ConfigTable<'_>, folder: &Path, passwords: Passwords) -> Option<Self> {
        let store = section::store(root.get("store").as_ref(), folder, passwords.store.as_ref());
        let mail = mail::mail(root, folder, passwords.mail);
        let fetch = section::fetch(root, folder);
        let matching = matching(root.get("matching").as_ref());
        let kept = store.as_ref().map(|(store, _)| store);
        let daemon = section::daemon(root.get("daemon").as_ref(), folder, kept);
        let operator = section::operator(root.get("operator").as_ref());
        let transport = mail.as_ref().map(|mail| &mail.transport);
        let inbox = root.optional("inbox", |node| inbox::inbox(node, folder, passwords.imap, transport));
        let (inbox, ways_in) = inbox.ok()?.unzip();
        let web = root.optional("web", |node| web::web(node, folder));
        let metrics = root.optional("metrics", metrics::metrics);
        let evidence = root.or("evidence", EvidenceSettings::default(), evidence::evidence);
        let (store, store_rules) = store?;
        Some(Self {
            store,
            store_rules,
            mail: mail?,
            inbox,
            ways_in: ways_in.unwrap_or_default(),
            web: web.ok()?,
            metrics: metrics.ok()?,
            evidence: evidence?,
            fetch: fetch?,
            matching: matching?,
            daemon: daemon?,
            operator: operator?,
        })
    }
}

fn refuse_sections(root: &ConfigTable<'_>) {
    for (key, name, _) in root.pairs() {
        if MAIN.names.contains(&name) && !INCLUDED.contains(&name) {
            key.fault(
                "belongs to the main file, expected only [[source]], [[company]] and [[category]] in an included one",
            );
        } else if !INCLUDED.contains(&name) {
            let hint = did_you_mean(name, INCLUDED);
            key.fault(format_args!("unknown key, expected {}{hint}", INCLUDED.join(", ")));
        }
    }
}

/// The files that the globs match, each once, in the order of the globs and then of their names.
fn included(root: &ConfigTable<'_>, main: &Path, drafts: &Drafts) -> Option<Vec<PathBuf>> {
    let node = root.get("include")?;
    let mut files = Vec::new();
    // By their real names, so that two ways to one file are one file.
    let (main_itself, mut seen) = (real(main), BTreeSet::new());
    for item in node.some_items("patterns of files")? {
        let Some(pattern) = item.line() else { continue };
        for path in files_of(pattern, main, drafts).map_err(|error| item.fault(error)).unwrap_or_default() {
            let real = real(&path);
            if real == main_itself {
                item.fault(format_args!(
                    "found {pattern:?}, which matches this file itself, expected others"
                ));
            } else if seen.insert(real) {
                files.push(path);
            }
        }
    }
    Some(files)
}

fn files_of(pattern: &str, main: &Path, drafts: &Drafts) -> Result<Vec<PathBuf>, String> {
    let folder = main.parent().map(|folder| folder.to_string_lossy().into_owned()).unwrap_or_default();
    let from_folder = match folder.as_str() {
        _ if Path::new(pattern).is_absolute() => pattern.to_owned(),
        "" => pattern.to_owned(),
        folder => format!("{}/{pattern}", Pattern::escape(folder)),
    };
    // Hidden files are an editor's.
    let options = MatchOptions { require_literal_leading_dot: true, ..MatchOptions::new() };
    let refuse =
        |what: String| format!("found {pattern:?}, {what}, expected a pattern such as \"sources/*.toml\"");
    let paths = glob::glob_with(&from_folder, options)
        .map_err(|error| refuse(format!("which is not a pattern ({})", error.msg)))?;
    let is_there = |path: &PathBuf| !path.is_dir() && !drafts.has_removed(path);
    let mut files: Vec<PathBuf> = paths.filter_map(Result::ok).filter(is_there).collect();
    let is_meant = |path: &&Path| {
        let options = MatchOptions { require_literal_separator: true, ..options };
        let pattern = Pattern::new(&from_folder);
        pattern.is_ok_and(|pattern| pattern.matches_path_with(path, options))
    };
    files.extend(drafts.new_files().filter(is_meant).map(Path::to_owned));
    // A folder in which nothing stands yet is no fault; a file that is named must be there.
    let is_open = pattern.contains(['*', '?', '[']);
    if files.is_empty() && !is_open { Err(refuse("which matches no file".to_owned())) } else { Ok(files) }
}

/// Every `[[source]]`, `[[company]]` and `[[category]]` of all files that is without fault.
struct WatchedItems {
    sources: Vec<Arc<Source>>,
    companies: Vec<Company>,
    categories: Vec<Category>,
}

fn watched(roots: &[ConfigTable<'_>], folder: &Path) -> WatchedItems {
    let (company_tables, category_tables) = (tables(roots, "company"), tables(roots, "category"));
    let source_tables = tables(roots, "source");
    let ids = refuse_twins(&company_tables, COMPANY.heading);
    let category_ids = refuse_twins(&category_tables, CATEGORY.heading);
    refuse_twins(&source_tables, SOURCE.heading);
    refuse_render_without_browser(roots, &source_tables);
    let companies: Vec<Company> = company_tables.iter().filter_map(company).collect();
    refuse_conflicts(&company_tables, &companies, &ids, &category_ids);
    let sources: Vec<Option<Arc<Source>>> =
        source_tables.iter().map(|table| source(table, &ids, folder).map(Arc::new)).collect();
    refuse_unknown_announcers(&source_tables, &sources);
    let sources = sources.into_iter().flatten().collect();
    WatchedItems { sources, companies, categories: category_tables.iter().filter_map(category).collect() }
}

/// Notes every source that is to be announced by itself, or by one that does not exist.
fn refuse_unknown_announcers(tables: &[ConfigTable<'_>], sources: &[Option<Arc<Source>>]) {
    let known: BTreeSet<&str> = tables.iter().filter_map(ConfigTable::id).collect();
    for (table, source) in tables.iter().zip(sources) {
        let announcers = source.iter().flat_map(|source| &source.request.announcers);
        let items = table.get("announced_by").filter(|_| source.is_some());
        let items = items.and_then(|node| node.items("tables, each of a source")).unwrap_or_default();
        for (item, announcer) in items.iter().zip(announcers) {
            let id = announcer.source.as_str();
            if !known.contains(id) || table.id() == Some(id) {
                let hint = did_you_mean(id, known.iter().copied().filter(|known| table.id() != Some(known)));
                item.fault(format_args!("found {id:?}, expected the id of another source{hint}"));
            }
        }
    }
}

/// Notes every source that wants a browser where `[fetch]` names none, or one that cannot be used.
fn refuse_render_without_browser(roots: &[ConfigTable<'_>], sources: &[ConfigTable<'_>]) {
    let fetch = roots.first().and_then(|main| main.get("fetch")).filter(ConfigNode::is_table);
    let fetch = fetch.and_then(|node| node.open());
    let is_given = |key| fetch.as_ref().is_some_and(|fetch| fetch.get(key).is_some());
    let message = match (is_given("browser"), is_given("proxy")) {
        (true, false) => return,
        (true, true) => "found \"browser\", which cannot use the proxy in [fetch], expected \"none\"",
        (false, _) => "found \"browser\", and none is named; expected browser in [fetch] as well",
    };
    for node in sources.iter().filter_map(|source| source.get("render")).filter(|node| node.is("browser")) {
        node.fault(message);
    }
}

/// Notes every group that is switched on and to which no source belongs.
fn refuse_unknown_groups(root: &ConfigTable<'_>, groups: &[String], sources: &[Arc<Source>]) {
    let known: BTreeSet<&str> =
        sources.iter().flat_map(|source| source.catalogue.groups.iter().map(String::as_str)).collect();
    let items = root.get("groups").and_then(|node| node.items("names of groups")).unwrap_or_default();
    for (item, group) in items.iter().zip(groups).filter(|(_, group)| !known.contains(group.as_str())) {
        let hint = did_you_mean(group, known.iter().copied());
        item.fault(format_args!("found {group:?}, expected a group to which a source belongs{hint}"));
    }
}

/// The tables of one name, each called by its id, or by its number where it has no valid one.
fn tables<'a>(roots: &[ConfigTable<'a>], name: &str) -> Vec<ConfigTable<'a>> {
    let lists = roots.iter().filter_map(|root| root.get(name));
    let called = |(index, item): (usize, ConfigNode<'a>)| {
        let table = item.open()?;
        let id = table.id().filter(|id| id.parse::<SourceId>().is_ok());
        let id = id.map_or_else(|| format!("#{}", index + 1), str::to_owned);
        Some(table.named(format!("{name}[{id}]")))
    };
    lists
        .filter_map(|list| list.items(&format!("tables, each under [[{name}]]")))
        .flat_map(|items| items.into_iter().enumerate().filter_map(called).collect::<Vec<_>>())
        .collect()
}

/// Notes every id that was there before; gives all ids.
fn refuse_twins(tables: &[ConfigTable<'_>], heading: &str) -> BTreeSet<String> {
    let mut first: BTreeMap<&str, ConfigNode<'_>> = BTreeMap::new();
    for table in tables {
        let (Some(id), Some(node)) = (table.id(), table.get("id")) else { continue };
        if let Some(other) = first.get(id) {
            let place = other.place();
            node.fault(format_args!("found {id:?}, which is the id of the {heading} at {place} already"));
        } else {
            first.insert(id, node);
        }
    }
    first.into_keys().map(str::to_owned).collect()
}
