//! One name, one meaning: a type's name is declared in one module.

use std::collections::BTreeMap;
use std::path::Path;

use regex::Regex;

use crate::layering::{code_of, source_files, without_tests};

/// Where types show a concept of elsewhere and therefore have its name: the arguments of a verb, the sections of
/// `config show`, and the shapes of the API.
const SHOWING: [&str; 3] = ["src/cli/", "src/config/show.rs", "src/web/api/"];

/// The types that a file declares for its module.
fn declared(code: &str) -> Vec<String> {
    let declaration =
        Regex::new(r"(?m)^(?:pub(?:\([a-z: ]+\))? )?(?:struct|enum|trait|type|union) ([A-Z]\w*)").unwrap();
    declaration.captures_iter(code).map(|found| found[1].to_owned()).collect()
}

/// The names that several files declare, each with its files.
fn repeated(files: &BTreeMap<String, String>) -> Vec<String> {
    let mut places: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (file, code) in files {
        for name in declared(code) {
            places.entry(name).or_default().push(file);
        }
    }
    let repeated = places.into_iter().filter(|(_, files)| files.len() > 1);
    repeated.map(|(name, files)| format!("{name}: {}", files.join(", "))).collect()
}

#[test]
fn no_name_of_a_type_has_two_meanings() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let name_of = |path: &Path| path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
    let files: BTreeMap<String, String> = source_files(&root.join("src"))
        .into_iter()
        .map(|path| (name_of(&path), without_tests(&code_of(&path))))
        .filter(|(name, _)| !name.contains("/tests/") && !name.ends_with("/tests.rs"))
        .filter(|(name, _)| !SHOWING.iter().any(|place| name.starts_with(place)))
        .collect();
    assert!(files.len() > 300, "the sources are not where they were");
    let found = repeated(&files);
    assert!(found.is_empty(), "say what each of them is:\n{}", found.join("\n"));
}

#[test]
fn a_name_in_two_files_is_found() {
    let files = BTreeMap::from([
        ("a.rs".to_owned(), "pub struct Row;\nstruct Cell;".to_owned()),
        ("b.rs".to_owned(), "enum Row {}\nimpl Iterator for Cells {\n    type Item = Cell;\n}".to_owned()),
    ]);
    assert_eq!(repeated(&files), ["Row: a.rs, b.rs"]);
}
