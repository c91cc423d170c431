//! What becomes of the files.

use std::fs;

use super::*;
use crate::domain::company::AliasKind;
use crate::domain::identifier::IdentifierScheme;

const MAIN: &str = "include = [\"companies/*.toml\"]\n[mail]\nfrom = \"alerts@tracker.example\"\n[fetch]\ncontact = \"ops@tracker.example\"\n";

const AMBER: &str = r#"# The stones.

# A mineral, strictly speaking none.
[[company]]
id = "amber" # never change it
name = "Amber Networks Co., Ltd."
aliases = [
    "Amber", # as people say
    # What it sells.
    { name = "Ambrosia", kind = "brand" }, # since 2019
]
not = ["Amber Alert"]

# Another.
[[company]]
id = "basalt"
name = "Basalt Cameras"
"#;

/// A configuration with these two companies.
fn stones() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("companies")).unwrap();
    fs::write(folder.path().join("regwatch.toml"), MAIN).unwrap();
    fs::write(folder.path().join("companies/stones.toml"), AMBER).unwrap();
    folder
}

fn id(text: &str) -> CompanyId {
    text.parse().unwrap()
}

/// Changes the stones and gives their file as it then is.
#[track_caller]
fn check(change: impl FnOnce(&mut Edit) -> Result<(), EditError>, expected: &str) {
    let folder = stones();
    let main = folder.path().join("regwatch.toml");
    let (mut edit, _) = Edit::begin(&main).unwrap();
    change(&mut edit).unwrap();
    edit.write().unwrap();
    let text = fs::read_to_string(folder.path().join("companies/stones.toml")).unwrap();
    assert_eq!(text, expected);
    crate::config::load(&main).unwrap();
}

#[test]
fn a_revision_changes_what_it_names_and_keeps_every_comment() {
    let revision = Revision {
        name: Some("Amber Networks Group Co., Ltd.".to_owned()),
        aliases: vec![Alias::new("琥珀", AliasKind::NativeScript)],
        identifiers: vec![Identifier {
            scheme: IdentifierScheme::Ticker,
            value: "000000.SZ".to_owned(),
            source: Some("https://exchange.example".to_owned()),
        }],
        parent: Some(id("basalt")),
        without: vec!["Amber Alert".to_owned()],
        ..Revision::default()
    };
    check(
        |edit| edit.revise(&id("amber"), &revision),
        r#"# The stones.

# A mineral, strictly speaking none.
[[company]]
id = "amber" # never change it
name = "Amber Networks Group Co., Ltd."
aliases = [
    "Amber", # as people say
    # What it sells.
    { name = "Ambrosia", kind = "brand" }, # since 2019
    { name = "琥珀", kind = "native-script" },
]
parent = "basalt"
identifiers = [{ scheme = "ticker", value = "000000.SZ", source = "https://exchange.example" }]

# Another.
[[company]]
id = "basalt"
name = "Basalt Cameras"
"#,
    );
}

#[test]
fn a_company_goes_with_its_own_comment_and_the_heading_of_the_file_stays() {
    check(
        |edit| edit.remove(&id("amber")),
        "# The stones.\n\n# Another.\n[[company]]\nid = \"basalt\"\nname = \"Basalt Cameras\"\n",
    );
}

#[test]
fn a_company_is_added_to_a_file_of_its_own_and_an_empty_file_goes() {
    let folder = stones();
    let main = folder.path().join("regwatch.toml");
    let mut company = Company::new(id("onyx"), "Onyx Drones Inc.");
    company.parent = Some(id("basalt"));
    company.aliases =
        (0..6).map(|number| Alias::new(format!("Onyx Model {number}"), AliasKind::Brand)).collect();
    let (mut edit, _) = Edit::begin(&main).unwrap();
    edit.add(&company, None).unwrap();
    assert_eq!(edit.check().unwrap().companies.len(), 3);
    assert!(!folder.path().join("companies/onyx.toml").exists(), "nothing is written before it is asked for");
    edit.write().unwrap();
    let config = crate::config::load(&main).unwrap();
    assert!(config.companies.contains(&company), "{:?}", config.companies);

    let (mut edit, _) = Edit::begin(&main).unwrap();
    edit.remove(&company.id).unwrap();
    let written = edit.write().unwrap();
    assert_eq!(written, [folder.path().join("companies/onyx.toml")]);
    assert!(!folder.path().join("companies/onyx.toml").exists());
    let left = fs::read_dir(folder.path().join("companies")).unwrap().count();
    assert_eq!(left, 1, "no temporary file is left behind");
}

#[test]
fn what_a_start_would_refuse_is_not_written() {
    let folder = stones();
    let main = folder.path().join("regwatch.toml");
    let refused = |change: &dyn Fn(&mut Edit) -> Result<(), EditError>| {
        let (mut edit, _) = Edit::begin(&main).unwrap();
        let error = change(&mut edit).and_then(|()| edit.write().map(drop)).unwrap_err();
        assert_eq!(fs::read_to_string(folder.path().join("companies/stones.toml")).unwrap(), AMBER);
        error.to_string()
    };
    let twin = Company::new(id("amber"), "Another Amber");
    assert!(refused(&|edit| edit.add(&twin, None)).contains("which is the id of the [[company]]"));
    let thief = Company::new(id("thief"), "AMBER");
    let said = refused(&|edit| edit.add(&thief, None));
    assert!(said.contains("is a name of amber") || said.contains("is a name of thief"), "{said}");
    let common =
        Revision { aliases: vec![Alias::new("Technology", AliasKind::Trade)], ..Revision::default() };
    assert!(refused(&|edit| edit.revise(&id("amber"), &common)).contains("times in"));
    let orphan = Revision { parent: Some(id("nobody")), ..Revision::default() };
    assert!(refused(&|edit| edit.revise(&id("amber"), &orphan)).contains("expected the id of a [[company]]"));
    let missing = Revision { without: vec!["Emerald".to_owned()], ..Revision::default() };
    assert!(refused(&|edit| edit.revise(&id("amber"), &missing)).contains("has no \"Emerald\""));
    assert!(refused(&|edit| edit.remove(&id("emerald"))).contains("no company emerald"));
    let elsewhere = Company::new(id("onyx"), "Onyx Drones Inc.");
    let said = refused(&|edit| edit.add(&elsewhere, Some(Path::new("elsewhere.toml"))));
    assert!(said.contains("elsewhere.toml is not included by"), "{said}");
    assert!(!folder.path().join("elsewhere.toml").exists());
}

#[test]
fn what_a_killed_edit_left_goes_with_the_next_one_and_nothing_else() {
    let folder = stones();
    let companies = folder.path().join("companies");
    let names = [".regwatch-aB3dEf", ".regwatch-notes.txt", ".regwatch-", "regwatch-aB3dEf"];
    for name in names {
        fs::write(companies.join(name), "[[company]]\nid = \"am").unwrap();
    }
    fs::create_dir(companies.join(".regwatch-folder")).unwrap();
    let (mut edit, _) = Edit::begin(&folder.path().join("regwatch.toml")).unwrap();
    edit.remove(&id("basalt")).unwrap();
    edit.write().unwrap();
    let left: Vec<bool> = names.iter().map(|name| companies.join(name).exists()).collect();
    assert_eq!(left, [false, true, true, true]);
    assert!(companies.join(".regwatch-folder").exists());
}
