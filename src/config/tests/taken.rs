//! What is valid is taken, and comes back as it was.

use std::time::Duration;

use super::*;
use crate::domain::company::AliasKind;
use crate::domain::identifier::IdentifierScheme;
use crate::domain::matching::Watchlist;
use crate::domain::source::SourceKind;
use crate::settings::{SmtpSecurity, StoreSettings, TransportSettings};

#[test]
fn the_configuration_of_the_project_is_taken() {
    let config = load(&project().join("config/regwatch.toml")).unwrap();
    assert!(config.companies.len() >= 5, "{}", config.companies.len());
    assert!(config.sources.len() >= 8, "{}", config.sources.len());
    assert!(Watchlist::new(config.companies).is_ok());
}

#[test]
fn the_demonstration_is_taken() {
    let text = fs::read_to_string(project().join("src/cli/demo/regwatch.toml")).unwrap();
    let config = Folder::with(&text.replace("{origin}", "http://127.0.0.1:1")).load().unwrap();
    let kinds: Vec<&str> = config.sources.iter().map(|source| source.kind.name()).collect();
    assert_eq!(kinds, ["fcc-covered-list", "court-rss", "page-text", "html-table"]);
    assert_eq!(config.fetch.host_interval, Duration::ZERO);
    assert_eq!(config.companies[0].aliases[1].kind, AliasKind::NativeScript);
}

#[test]
fn what_is_not_said_has_its_default() {
    let folder = Folder::with(LEAST);
    let config = folder.load().unwrap();
    let root = fs::canonicalize(folder.folder.path()).unwrap();
    assert_eq!(config.store, StoreSettings::Sled { path: root.join("state/db") });
    assert_eq!(config.daemon.socket, root.join("state/db.sock"));
    assert_eq!(config.mail.help_address, config.mail.from.address);
    let TransportSettings::Maildir { path } = config.mail.transport else { panic!() };
    assert_eq!(path, root.join("state/mail"));
    assert_eq!(config.fetch.max_body_bytes, 16 << 20);
}

#[test]
fn a_database_server_can_keep_the_store() {
    let at = |url: &str, more: &str| Folder::with(&format!("{LEAST}[store]\nurl = \"{url}\"\n{more}"));
    let folder = at("postgres://regwatch@db.example/state?sslmode=require", "");
    let root = fs::canonicalize(folder.folder.path()).unwrap();
    let config = folder.load().unwrap();
    assert_eq!(config.store.place(), "postgres://regwatch@db.example/state?sslmode=require");
    assert_eq!(config.store.local(), root.join("state/db"));
    assert_eq!(config.daemon.socket, root.join("state/db.sock"), "the daemon listens on this machine");
    let url = |config: &Config| match &config.store {
        StoreSettings::Postgres { url, .. } => url.expose().to_owned(),
        StoreSettings::Sled { .. } => panic!("a folder"),
    };
    let config = folder.load_with_password("se:cret").unwrap();
    assert_eq!(url(&config), "postgres://regwatch:se%3Acret@db.example/state?sslmode=require");
    assert!(!format!("{config:?}").contains("cret"));
    // Who is at a socket of this machine needs none.
    let folder = at("postgres:///state?host=/run/postgresql", "folder = \"/var/lib/regwatch\"\n");
    let config = folder.load_with_password("secret").unwrap();
    assert_eq!(config.daemon.socket, Path::new("/var/lib/regwatch/db.sock"));
    assert_eq!(url(&config), "postgres:///state?host=/run/postgresql");
    let folder = at("postgres://regwatch@db.example/state", "password_file = \"password\"\n");
    let file = folder.put("config/password", "from the file\n");
    fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let config = folder.load_with_password("secret").unwrap();
    assert_eq!(url(&config), "postgres://regwatch:from%20the%20file@db.example/state");
}

#[test]
fn a_password_in_the_address_of_a_database_is_refused_and_not_repeated() {
    let store = |lines: &str| Folder::with(&format!("{LEAST}[store]\n{lines}")).faults();
    let faults = store("url = \"postgres://ann:secret@db.example/state\"\n");
    assert!(
        faults[0].contains("store.url: holds a password, expected it in a file of its own"),
        "{faults:?}"
    );
    assert!(!faults[0].contains("secret"), "{faults:?}");
    let faults = store("folder = \"/var/lib\"\n");
    assert!(faults[0].contains("store.folder: belongs to a database server"), "{faults:?}");
    let faults = store("url = \"mysql://ann:secret@db.example/state\"\n");
    assert!(
        faults[0].contains("store.url: is not a store, expected") && !faults[0].contains("secret"),
        "{faults:?}"
    );
}

#[test]
fn a_source_has_the_guard_and_the_noise_of_its_kind_unless_it_says_otherwise() {
    let source = |more: &str| {
        let text = format!(
            "{LEAST}[[source]]\nid = \"a\"\nkind = \"fcc-covered-list\"\ntitle = \"A\"\n\
             url = \"https://a.example/\"\nschedule = \"@daily\"\n{more}"
        );
        Folder::with(&text).load().unwrap().sources[0].clone()
    };
    let kind = SourceKind::FccCoveredList;
    let plain = source("");
    assert_eq!(plain.timezone, chrono_tz::UTC);
    assert_eq!(plain.guard, kind.default_guard());
    assert_eq!(plain.noise.classes, kind.default_noise().into_iter().collect());
    let told = source("guard = { max_drop = \"7%\" }\nnoise = { classes = [], patterns = [\"x+\"] }\n");
    assert_eq!((told.guard.min_entries, told.guard.max_drop_percent), (10, 7));
    assert!(told.noise.classes.is_empty());
    assert_eq!(told.noise.patterns.len(), 1);
}

#[test]
fn a_company_may_share_names_with_the_one_that_controls_it() {
    let folder = Folder::with(&format!(
        r#"{LEAST}
[[category]]
id = "drones"
title = "Drones"
phrases = ["uncrewed aircraft systems"]
[[company]]
id = "basalt"
name = "Basalt Holdings"
sources = ["https://basalt.example/about"]
exposed_to = ["drones"]
aliases = [{{ name = "Onyx", kind = "subsidiary", source = "annual report 2024, p. 12" }}]
identifiers = [{{ scheme = "isin", value = "CNE100000PM8", source = "https://basalt.example/shares" }}]
[[company]]
id = "onyx"
name = "Onyx"
parent = "basalt"
"#
    ));
    let config = folder.load().unwrap();
    let [basalt, onyx] = config.companies.as_slice() else { panic!("{:?}", config.companies) };
    assert_eq!(onyx.parent.as_ref(), Some(&basalt.id));
    assert_eq!(basalt.exposures, [config.categories[0].id.clone()]);
    assert_eq!(basalt.aliases[0].source.as_deref(), Some("annual report 2024, p. 12"));
    assert_eq!(basalt.identifiers[0].scheme, IdentifierScheme::Isin);
    let found =
        Watchlist::new(config.companies.clone()).unwrap().find("text", "the notes CNE100000PM8 of Onyx");
    let found: Vec<(&str, Option<AliasKind>)> =
        found.iter().map(|found| (found.company.as_str(), found.alias_kind)).collect();
    let by = |id, kind| (id, Some(kind));
    assert_eq!(
        found,
        [
            by("basalt", AliasKind::Identifier),
            by("basalt", AliasKind::Subsidiary),
            by("onyx", AliasKind::Legal)
        ]
    );
}

#[track_caller]
fn check_relay(transport: &str, more: &str, expected: (&str, u16, SmtpSecurity)) {
    let text = format!(
        "[mail]\nfrom = \"a@tracker.example\"\ntransport = \"{transport}\"\n{more}\n[fetch]\ncontact = \"https://tracker.example/about\"\n"
    );
    let config = Folder::with(&text).load_with_password("geheim").unwrap();
    let TransportSettings::Smtp(relay) = config.mail.transport else { panic!("{transport}") };
    assert_eq!((relay.host.as_str(), relay.port, relay.security), expected, "{transport}");
}

#[test]
fn a_relay_is_protected_unless_it_is_this_machine_or_the_operator_insists() {
    check_relay("smtp://relay.example", "", ("relay.example", 587, SmtpSecurity::StartTls));
    check_relay("smtp://me@b.example@relay.example:25", "", ("relay.example", 25, SmtpSecurity::StartTls));
    check_relay("smtps://me@relay.example", "", ("relay.example", 465, SmtpSecurity::Tls));
    check_relay("smtp://relay.example:25", "tls = \"none\"", ("relay.example", 25, SmtpSecurity::None));
    check_relay("smtp://localhost:2525", "", ("localhost", 2525, SmtpSecurity::None));
    check_relay("smtp://[::1]:2525/", "", ("::1", 2525, SmtpSecurity::None));
    check_relay("smtp://127.0.0.1", "tls = \"starttls\"", ("127.0.0.1", 587, SmtpSecurity::StartTls));
    let opportunistic = "tls = \"opportunistic\"";
    check_relay("smtp://relay.example", opportunistic, ("relay.example", 587, SmtpSecurity::Opportunistic));
    check_relay("smtp://[::1]:25", opportunistic, ("::1", 25, SmtpSecurity::Opportunistic));
}

#[test]
fn a_server_is_reached_over_https_or_from_this_machine_alone() {
    let base = |text: &str| {
        let folder = Folder::with(&format!("{LEAST}[web]\nbase_url = \"{text}\"\n"));
        folder.load().unwrap().web.unwrap().base_url.to_string()
    };
    assert_eq!(base("https://tracker.example"), "https://tracker.example/");
    assert_eq!(base("https://münchen.example/watch"), "https://xn--mnchen-3ya.example/watch/");
    assert_eq!(base("http://127.0.0.1:8080"), "http://127.0.0.1:8080/");
    assert_eq!(base("http://[::1]"), "http://[::1]/");
    assert!(Folder::with(LEAST).load().unwrap().web.is_none());
}

#[test]
fn included_files_are_read_once_in_the_order_of_the_patterns() {
    let company = |id: &str| format!("[[company]]\nid = \"{id}\"\nname = \"{id} Inc.\"\n");
    let folder = Folder::with(&format!("include = [\"z.toml\", \"*/*.toml\", \"[a-z].toml\"]\n{LEAST}"));
    folder.put("config/z.toml", company("z"));
    folder.put("config/more/b.toml", company("b"));
    folder.put("config/more/a.toml", company("a"));
    folder.put("config/more/.#a.toml", "an editor's lock");
    std::os::unix::fs::symlink("a.toml", folder.folder.path().join("config/more/link.toml")).unwrap();
    let config = folder.load().unwrap();
    let ids: Vec<&str> = config.companies.iter().map(|company| company.id.as_str()).collect();
    assert_eq!(ids, ["z", "a", "b"]);
}

#[test]
fn what_is_shown_is_taken_again_and_shown_the_same() {
    for path in ["config/regwatch.toml", "docs/CONFIGURATION.md"] {
        let config = if path.strip_suffix(".md").is_none() {
            load(&project().join(path)).unwrap()
        } else {
            Folder::with(&starting::examples().concat()).load_with_password("geheim").unwrap()
        };
        let shown = show(&config);
        let again = Folder::with(&shown).load_with_password("geheim").unwrap();
        assert_eq!(show(&again), shown);
    }
}
