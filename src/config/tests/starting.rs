//! The files that are written to start from, and the documentation.

use proptest::prelude::*;

use super::*;
use crate::config::starting::FILES;
use crate::config::{Starting, write_starting_files};
use crate::config::{
    StartingError, catalogue, category, company, dkim, evidence, inbox, kind, load as load_module, mail,
    matching, metrics, operator_login, request, section, source, way_in, web,
};

#[test]
fn what_is_written_to_start_from_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("new/home");
    let written = write_starting_files(&home, &Starting::default()).unwrap();
    assert_eq!(written.len(), FILES.len());
    assert!(home.join("state").is_dir());
    let config = load(&home.join("config/regwatch.toml")).unwrap();
    let own = load(&project().join("config/regwatch.toml")).unwrap();
    assert_eq!((config.sources.len(), config.companies.len()), (own.sources.len(), own.companies.len()));
}

#[test]
fn nothing_is_overwritten_and_nothing_is_written_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("config/companies/zte.toml");
    fs::create_dir_all(kept.parent().unwrap()).unwrap();
    fs::write(&kept, "mine").unwrap();
    let error = write_starting_files(folder.path(), &Starting::default()).unwrap_err();
    assert!(matches!(&error, StartingError::Exists { path } if *path == kept), "{error}");
    assert!(error.to_string().contains(&kept.display().to_string()));
    assert_eq!(fs::read_to_string(&kept).unwrap(), "mine");
    assert!(!folder.path().join("config/regwatch.toml").exists());
    assert!(!folder.path().join("state").exists());
}

fn documentation() -> String {
    fs::read_to_string(project().join("docs/CONFIGURATION.md")).unwrap()
}

/// The TOML examples of the documentation, in their order; together they are one configuration.
pub(super) fn examples() -> Vec<String> {
    let text = documentation();
    let blocks = text.split("```toml\n").skip(1);
    blocks.map(|block| block.split("```").next().unwrap().to_owned()).collect()
}

#[test]
fn the_examples_of_the_documentation_are_taken() {
    let config = Folder::with(&examples().concat()).load_with_password("geheim").unwrap();
    let shown: Vec<&str> = config.sources.iter().map(|source| source.kind.name()).collect();
    let text = documentation();
    let (_, kinds) = text.split_once("### kind\n").unwrap();
    let kinds = kinds.split("\n#").next().unwrap();
    for name in kind::names() {
        assert!(kinds.contains(&format!("`{name}`")), "the kind {name} is not documented");
        let has_chapter = text.contains(&format!("### {name}\n"));
        assert!(!has_chapter || shown.contains(&name), "the kind {name} has no example");
    }
}

#[test]
fn every_key_is_documented_under_its_table_and_no_other_is() {
    let text = documentation();
    let tables = [
        &load_module::MAIN,
        &section::STORE,
        &mail::MAIL,
        &dkim::DKIM,
        &inbox::INBOX,
        &way_in::IMAP,
        &way_in::LMTP,
        &web::WEB,
        &operator_login::OPERATOR,
        &metrics::METRICS,
        &evidence::EVIDENCE,
        &section::FETCH,
        &matching::MATCHING,
        &section::DAEMON,
        &source::SOURCE,
        &request::ROBOTS,
        &request::LINK,
        &request::ROUTES,
        &request::WITNESS,
        &request::ANNOUNCER,
        &request::QUOTA,
        &catalogue::OBSERVED,
        &source::GUARD,
        &source::NOISE,
        &source::LISTING,
        &company::COMPANY,
        &company::ALIAS,
        &company::IDENTIFIER,
        &category::CATEGORY,
    ];
    for table in tables.into_iter().chain(kind::TABLES.iter().copied()).chain(kind::keys()) {
        let heading = format!("# {}\n", table.heading);
        let (_, section) = text.split_once(&heading).unwrap_or_else(|| panic!("{heading:?} is missing"));
        let section = section.split("\n#").next().unwrap();
        let rows = section.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
        let mut documented: Vec<&str> = rows.collect();
        let mut known = table.names.to_vec();
        documented.sort_unstable();
        known.sort_unstable();
        assert_eq!(documented, known, "{heading}");
    }
}

/// A value as the documentation has it.
fn documented(value: &toml::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[test]
fn every_default_of_the_documentation_is_the_one_in_force() {
    let least = "[mail]\nfrom = \"a <alerts@desk.example>\"\ntransport = \"maildir:m\"\n[fetch]\ncontact = \"ops@desk.example\"\n";
    let shown: toml::Table = show(&Folder::with(least).load().unwrap()).parse().unwrap();
    let (text, mut compared) = (documentation(), 0);
    for table in ["store", "mail", "fetch", "matching", "daemon", "operator"] {
        let (_, section) = text.split_once(&format!("# [{table}]\n")).unwrap();
        for row in section.split("\n#").next().unwrap().lines().filter(|line| line.starts_with("| `")) {
            let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
            let (key, default) = (cells[0].trim_matches('`'), *cells.last().unwrap());
            let is_literal = default.starts_with(|c: char| c.is_ascii_digit())
                || default.len() > 1
                    && default.matches('`').count() == 2
                    && default.ends_with('`')
                    && default.starts_with('`');
            let is_place = ["url", "transport", "socket"].contains(&key);
            if let Some(value) = shown[table].get(key).filter(|_| is_literal && !is_place) {
                assert_eq!(documented(value), default.trim_matches('`'), "{table}.{key}");
                compared += 1;
            }
        }
    }
    assert!(compared >= 20, "{compared} defaults were compared");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_makes_the_reader_panic(
        file in 0..FILES.len() - 1,
        cuts in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0_u8..3), 1..6),
    ) {
        let mut bytes = FILES[file].1.as_bytes().to_vec();
        for (place, byte, how) in cuts {
            let at = place.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => bytes.truncate(at + 1),
            }
        }
        let folder = Folder::with(LEAST);
        folder.put("config/regwatch.toml", if file == 0 { &bytes[..] } else { LEAST.as_bytes() });
        if file != 0 {
            folder.put("config/regwatch.toml", format!("include = [\"other.toml\"]\n{LEAST}"));
            folder.put("config/other.toml", &bytes);
        }
        if let Err(error) = folder.load() {
            prop_assert!(!error.faults().is_empty());
        }
    }
}

#[test]
fn what_is_known_of_who_begins_stands_in_the_place_of_the_placeholders() {
    let folder = tempfile::tempdir().unwrap();
    let starting = Starting {
        address: Some("ops@desk.example".parse().unwrap()),
        relay: Some("smtp://relay.desk.example:587".to_owned()),
        relay_password: None,
    };
    write_starting_files(folder.path(), &starting).unwrap();
    let config = load(&folder.path().join("config/regwatch.toml")).unwrap();
    assert_eq!(config.fetch.only_here, None, "nothing is a placeholder any more");
    assert_eq!(config.fetch.contact, "ops@desk.example");
    assert_eq!(config.operator.address.unwrap().as_str(), "ops@desk.example");
    assert!(matches!(config.mail.transport, crate::settings::TransportSettings::Smtp(_)));
}
