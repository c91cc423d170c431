//! The architecture, held: a module imports only from strictly lower layers, and the domain is pure.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

/// Every top module of `src/` with its layer. Siblings do not see each other.
const LAYERS: [(&str, &[&str]); 8] = [
    ("L0", &["domain", "allocator"]),
    ("L1", &["settings", "html", "render", "clock", "registry", "exchange", "metrics"]),
    ("L2", &["extract", "config", "fetch", "mail", "store", "convert", "evidence"]),
    (
        "L3",
        &[
            "archive",
            "check",
            "dispatch",
            "deliver",
            "subscribe",
            "reload",
            "escalate",
            "status",
            "view",
            "screen",
            "prove",
            "webhook",
        ],
    ),
    ("L4", &["scheduler", "control", "inbox", "web", "monitor", "backtest"]),
    ("L5", &["app"]),
    ("L6", &["doctor"]),
    ("L7", &["cli"]),
];

/// What the domain may not touch: I/O, waiting, clocks, randomness.
const IMPURE: &str = r"\b(tokio|reqwest|sled|lettre|scraper|axum|tracing|rand)::|\bstd::(fs|env|net|process|thread)\b|\b(Utc|Local|SystemTime|Instant)::now\b|\basync\s+fn\b|\.await\b";

fn layer_of(module: &str) -> Option<usize> {
    LAYERS.iter().position(|(_, modules)| modules.contains(&module))
}

pub(super) fn source_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(source_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// The code of a file without its comments, line by line; comments may name any module.
pub(super) fn code_of(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| line.split("//").next().unwrap_or_default().to_owned()).collect()
}

fn module_of(path: &Path) -> Option<String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let first = path.strip_prefix(source).ok()?.components().next()?;
    let name = first.as_os_str().to_str()?.trim_end_matches(".rs").to_owned();
    (name != "lib" && name != "main").then_some(name)
}

/// Upward and sideways imports, and impurities of the domain, as `file:line: what`.
fn breaches(files: &BTreeMap<PathBuf, Vec<String>>) -> Vec<String> {
    let import = Regex::new(r"\bcrate::\{?([a-z_]+)").unwrap();
    let impure = Regex::new(IMPURE).unwrap();
    let mut found = Vec::new();
    for (path, lines) in files {
        let Some(module) = module_of(path) else { continue };
        let Some(layer) = layer_of(&module) else {
            found.push(format!("{}: module {module} has no layer", path.display()));
            continue;
        };
        for (index, line) in lines.iter().enumerate() {
            let place = format!("{}:{}", path.display(), index + 1);
            for capture in import.captures_iter(line) {
                let other = &capture[1];
                match layer_of(other) {
                    Some(below) if below < layer || *other == module => {}
                    Some(_) => found.push(format!("{place}: {module} may not see {other}")),
                    None => found.push(format!("{place}: module {other} has no layer")),
                }
            }
            if module == "domain" && impure.is_match(line) {
                found.push(format!("{place}: the domain is pure: {}", line.trim()));
            }
        }
    }
    found
}

#[test]
fn a_module_imports_only_from_strictly_lower_layers_and_the_domain_is_pure() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = source_files(&source).into_iter().map(|path| (path.clone(), code_of(&path))).collect();
    let found = breaches(&files);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Circles that are left: files of one module, or folders of it, that import from each other. None may be added.
///
/// Commands are what a service executes, and each executes itself with the service's parts. A table of a page is read
/// as the rows of a list, and one list is published as such a table. The pages serve the API's documentation in their
/// frame, and the page behind an alert's link is one of theirs.
const CIRCLES: [&str; 3] =
    ["control: ask command deed service", "extract: html_table list", "web: api desk linked"];

/// A file's own path as modules have it: `["check", "gather"]`.
fn path_of(file: &Path) -> Vec<String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let parts = file.strip_prefix(source).unwrap_or(file).components();
    let mut path: Vec<String> =
        parts.map(|part| part.as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned()).collect();
    if path.last().is_some_and(|last| last == "mod") {
        path.pop();
    }
    path
}

/// The code of a file up to its tests, which may import whatever they test.
pub(super) fn without_tests(lines: &[String]) -> String {
    let end =
        lines.windows(2).position(|pair| pair[0] == "#[cfg(test)]" && pair[1].starts_with("mod tests {"));
    lines[..end.unwrap_or(lines.len())].join("\n")
}

/// From which parts of its own top module each part of it imports.
fn imports(files: &BTreeMap<PathBuf, Vec<String>>) -> BTreeMap<(String, String), BTreeSet<String>> {
    let import = Regex::new(r"\b(crate|super(?:::super)*)((?:::\w+)*)(?:::\{([^}]*)\})?").unwrap();
    let name = Regex::new(r"^\s*(\w+)").unwrap();
    let known: BTreeSet<Vec<String>> = files.keys().map(|file| path_of(file)).collect();
    let mut found: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for (file, lines) in files {
        let path = path_of(file);
        let is_test = path.iter().any(|part| part == "tests");
        let [top, part, ..] = &path[..] else { continue };
        for capture in import.captures_iter(&without_tests(lines)).filter(|_| !is_test) {
            let up = capture[1].matches("super").count();
            let base = if up == 0 { &[][..] } else { &path[..path.len().saturating_sub(up)] };
            let within = capture[2].split("::").filter(|part| !part.is_empty()).map(str::to_owned);
            let named: Vec<String> = base.iter().cloned().chain(within).collect();
            let ends = capture.get(3).map_or(vec![""], |list| list.as_str().split(',').collect());
            for end in ends {
                let end = name.captures(end).map(|end| end[1].to_owned());
                let mut whole: Vec<String> = named.iter().cloned().chain(end).collect();
                while !whole.is_empty() && !known.contains(&whole) {
                    whole.pop();
                }
                if let [other_top, other, ..] = &whole[..]
                    && other_top == top
                    && other != part
                {
                    found.entry((top.clone(), part.clone())).or_default().insert(other.clone());
                }
            }
        }
    }
    found
}

/// The parts of top modules that reach each other by imports, as `top: part part`.
fn circles(files: &BTreeMap<PathBuf, Vec<String>>) -> BTreeSet<String> {
    let imports = imports(files);
    let reached = |top: &str, part: &str| {
        let (mut reached, mut next) = (BTreeSet::new(), vec![part.to_owned()]);
        while let Some(part) = next.pop() {
            for other in imports.get(&(top.to_owned(), part)).into_iter().flatten() {
                if reached.insert(other.clone()) {
                    next.push(other.clone());
                }
            }
        }
        reached
    };
    let mut found = BTreeSet::new();
    for (top, part) in imports.keys() {
        let all = reached(top, part);
        let mutual: Vec<String> =
            all.into_iter().filter(|other| reached(top, other).contains(part)).collect();
        if mutual.len() > 1 {
            found.insert(format!("{top}: {}", mutual.join(" ")));
        }
    }
    found
}

#[test]
fn no_circle_of_imports_is_added_within_a_module() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = source_files(&source).into_iter().map(|path| (path.clone(), code_of(&path))).collect();
    let known: BTreeSet<String> = CIRCLES.iter().map(|circle| (*circle).to_owned()).collect();
    assert_eq!(circles(&files), known);
}

#[test]
fn a_circle_is_seen() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let check = |gather: &str, verdict: &str, is_circle: bool| {
        let file = |name: &str, code: &str| (source.join(name), code.lines().map(str::to_owned).collect());
        let files = BTreeMap::from([file("check/gather.rs", gather), file("check/verdict.rs", verdict)]);
        assert_eq!(!circles(&files).is_empty(), is_circle, "{gather} / {verdict}");
    };
    check("use super::verdict::refusal;", "use super::gather::{Whole, gather};", true);
    check("use super::{Saved, verdict};", "use crate::check::gather::gather;", true);
    check("use super::verdict::refusal;", "use super::Trial;", false);
    check(
        "use super::verdict::refusal;",
        "#[cfg(test)]\nmod tests {\nuse super::super::gather::gather;\n}",
        false,
    );
}

#[test]
fn a_breach_is_seen() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let check = |file: &str, line: &str, is_breach: bool| {
        let files = BTreeMap::from([(source.join(file), vec![line.to_owned()])]);
        assert_eq!(!breaches(&files).is_empty(), is_breach, "{file}: {line}");
    };
    check("domain/diff.rs", "use crate::store::Store;", true);
    check("domain/diff.rs", "let now = Utc::now();", true);
    check("domain/diff.rs", "use std::fs;", true);
    check("domain/diff.rs", "use tokio::sync::mpsc;", true);
    check("fetch/mod.rs", "use crate::mail::Transport;", true);
    check("mail/received.rs", "use crate::extract::plain_text;", true);
    check("mail/received.rs", "use crate::html::own_words;", false);
    check("store/mod.rs", "use crate::config::Config;", true);
    check("store/mod.rs", "use crate::settings::StoreSettings;", false);
    check("check/mod.rs", "use crate::dispatch::Dispatcher;", true);
    check("check/mod.rs", "use crate::cli::run;", true);
    check("attic/mod.rs", "", true);
    check("check/mod.rs", "use crate::store::{Store, StoreError};", false);
    check("domain/diff.rs", "use crate::domain::entry::Entry;", false);
}

/// What of the store's folder its database may see, and what its steps.
const BELOW_A_DATABASE: [&str; 9] =
    ["bell", "boundary", "compression", "error", "frame", "keeping", "kept", "record", "steps"];
const BELOW_A_STEP: [&str; 3] = ["boundary", "error", "steps"];

/// Where the database shows outside its folder, where it sees what stands above it, and where a step is not pure.
fn shown_databases(files: &BTreeMap<PathBuf, Vec<String>>) -> Vec<String> {
    let store = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store");
    let engine =
        Regex::new(r"::sled::|\buse sled\b|\bsled::[A-Z]|\bIVec\b|\b(tokio_postgres|deadpool_postgres)\b")
            .unwrap();
    let of_store = Regex::new(r"\bcrate::store::([a-z_]+|[A-Z{*])").unwrap();
    let impure = Regex::new(IMPURE).unwrap();
    // What is done to one that nobody has open names each of them.
    let naming = store.join("care.rs");
    let mut found = Vec::new();
    for (path, lines) in files {
        let (is_database, is_step) =
            (path.starts_with(store.join("kept")), path.starts_with(store.join("steps")));
        for (index, line) in lines.iter().enumerate() {
            let place = format!("{}:{}: {}", path.display(), index + 1, line.trim());
            if !is_database && *path != naming && engine.is_match(line) {
                found.push(format!("{place}: it shows a database"));
            }
            let below: &[&str] = if is_database { &BELOW_A_DATABASE } else { &BELOW_A_STEP };
            let seen = of_store.captures_iter(line).map(|capture| capture[1].to_owned());
            if (is_database || is_step) && seen.into_iter().any(|seen| !below.contains(&seen.as_str())) {
                found.push(format!("{place}: it may see {} of the store", below.join(", ")));
            }
            if is_step && impure.is_match(line) {
                found.push(format!("{place}: a step is pure"));
            }
        }
    }
    found
}

#[test]
fn a_database_shows_nowhere_but_in_its_folder_and_sees_nothing_above_it() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = source_files(&source).into_iter().map(|path| (path.clone(), code_of(&path))).collect();
    let found = shown_databases(&files);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_database_that_shows_is_seen() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let check = |file: &str, line: &str, is_breach: bool| {
        let files = BTreeMap::from([(source.join(file), vec![line.to_owned()])]);
        assert_eq!(!shown_databases(&files).is_empty(), is_breach, "{file}: {line}");
    };
    check("check/mod.rs", "use sled::Db;", true);
    check("store/error.rs", "Engine(#[from] sled::Error),", true);
    check("store/boundary/reads.rs", "state: Option<IVec>,", true);
    check("store/operations/reads.rs", "use ::sled::Tree;", true);
    check("store/error.rs", "Server(#[from] tokio_postgres::Error),", true);
    check("store/kept/reads.rs", "use crate::store::operations::reads;", true);
    check("store/kept/reads.rs", "use crate::store::{Store, StoreError};", true);
    check("store/steps/reads.rs", "use crate::store::kept::writes::Writes;", true);
    check("store/steps/reads.rs", "let now = Utc::now();", true);
    check("store/steps/reads.rs", "use crate::store::boundary::ReadCommit;", false);
    check("store/kept/reads.rs", "use crate::store::boundary::ReadCommit;", false);
    check("store/kept/database.rs", "use tokio_postgres::Row;", false);
}
