//! Companies are added, changed, taken over and given away on the command line.

use std::fs;

use super::home::{list_source, run};
use super::{HIKVISION, HUAWEI, Home, Site, ZTE, covered_list, watched};

/// A home whose companies stand in files of their own, and whose list was read once.
fn home() -> (Site, Home) {
    let site = Site::start();
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION]));
    let home = Home::with_sources("");
    fs::create_dir_all(home.path("config/companies")).unwrap();
    fs::write(home.path("config/companies/zte.toml"), ZTE_FILE).unwrap();
    home.track(&list_source(&site.url), "");
    let main = fs::read_to_string(home.path("config/regwatch.toml")).unwrap();
    fs::write(home.path("config/regwatch.toml"), format!("include = [\"companies/*.toml\"]\n{main}"))
        .unwrap();
    home.check(0);
    (site, home)
}

const ZTE_FILE: &str = "# Three letters.\n[[company]]\nid = \"zte\"\nname = \"ZTE Corporation\"\naliases = [\n    { name = \"ZTE\", kind = \"short\" }, # in capitals only\n]\n";

fn file(home: &Home, name: &str) -> String {
    fs::read_to_string(home.path("config/companies").join(name)).unwrap()
}

#[test]
fn a_company_is_added_changed_and_removed_and_what_stands_is_told() {
    let (_site, home) = home();
    let said =
        home.run(&["company", "add", "hikvision", "--name", "Hikvision of Nowhere GmbH"]).expect(0).stdout;
    assert!(said.contains("companies/hikvision.toml"), "{said}");
    assert!(said.ends_with("2 companies tracked, no further entries name them\n"), "{said}");

    home.subscribe("ann@example.org", "hikvision");
    let told = home
        .run(&[
            "company",
            "edit",
            "hikvision",
            "--alias",
            "Hikvision",
            "--alias",
            "native-script=海康威视",
            "--identifier",
            "isin=CNE100000PM8",
            "--cite",
            "https://hikvision.example/about",
            "--json",
        ])
        .expect(0)
        .json();
    let notice = &told["in_force"]["notices"][0];
    assert_eq!(notice["kind"], "already-listed");
    assert_eq!(told["in_force"]["mails_queued"], 1);
    assert_eq!(home.letters().len(), 1);
    let written = file(&home, "hikvision.toml");
    assert!(
        written.contains(
            "{ scheme = \"isin\", value = \"CNE100000PM8\", source = \"https://hikvision.example/about\" }"
        ),
        "{written}"
    );
    let shown = home.run(&["company", "show", "hikvision"]).expect(0).stdout;
    assert!(shown.contains("海康威视") && shown.contains("ISIN"), "{shown}");
    assert!(
        shown.contains("names it in 1 entry") && shown.contains("gap: no docket is bound to it"),
        "{shown}"
    );

    home.run(&["company", "edit", "zte", "--alias", "中兴通讯", "--parent", "hikvision"]).expect(0);
    let zte = file(&home, "zte.toml");
    assert!(zte.starts_with("# Three letters.\n") && zte.contains("# in capitals only"), "{zte}");
    let refused = home.run(&["company", "remove", "hikvision"]).expect(1).stderr;
    assert!(refused.contains("company[zte].parent"), "{refused}");
    home.run(&["company", "edit", "zte", "--no-parent"]).expect(0);
    home.run(&["company", "remove", "hikvision"]).expect(0);
    assert!(!home.path("config/companies/hikvision.toml").exists());
    let kept = home.run(&["changes", "list", "--company", "hikvision", "--json"]).expect(0).json();
    assert_eq!(kept["changes"].as_array().unwrap().len(), 1, "what was told stays");
}

#[test]
fn what_would_be_refused_at_a_start_is_refused_at_once() {
    let (_site, home) = home();
    for (arguments, words) in [
        (&["add", "zte", "--name", "Another"][..], "which is the id of the [[company]]"),
        (&["add", "thief", "--name", "ZTE CORPORATION"], "expected a name that means one company"),
        (&["edit", "zte", "--alias", "Technology"], "times in"),
        (&["edit", "zte", "--identifier", "isin=CNE100000PM9"], "expected an ISIN"),
        (&["edit", "zte", "--without", "ZTE2"], "company zte has no \"ZTE2\""),
        (&["edit", "zte"], "no changes given"),
        (&["edit", "nobody", "--alias", "Nobody"], "no company nobody"),
        (&["remove", "nobody"], "no company nobody"),
        (&["add", "onyx", "--name", "Onyx", "--into", "onyx.toml"], "is not included by"),
    ] {
        let refused = home.run(&[&["company"], arguments].concat()).expect(1).stderr;
        assert!(refused.contains(words), "{arguments:?}: {refused}");
    }
    home.run(&["company", "edit", "zte", "--identifier", "isin"]).expect(2);
    assert_eq!(file(&home, "zte.toml"), ZTE_FILE);
    assert_eq!(fs::read_dir(home.path("config/companies")).unwrap().count(), 1);
}

#[test]
fn what_is_exported_is_imported_elsewhere_as_it_was() {
    let (_site, home) = home();
    home.run(&[
        "company",
        "add",
        "onyx",
        "--name",
        "Onyx Drones Inc.",
        "--parent",
        "zte",
        "--alias",
        "brand=Onyx, \"X\"",
    ])
    .expect(0);
    for format in ["csv", "ftm"] {
        let exported = home.run(&["company", "export", "--format", format]).expect(0).stdout;
        let path = home.path("exported").join(format!("stones.{format}"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &exported).unwrap();
        let (_other_site, other) = self::home();
        other.run(&["company", "remove", "zte"]).expect(0);
        assert!(!other.path("config/companies/zte.toml").exists(), "a pattern may match nothing");
        let import = ["company", "import", path.to_str().unwrap(), "--format", format, "--json"];
        let imported = other.run(&import).expect(0).json();
        assert_eq!(imported["added"], serde_json::json!(["onyx", "zte"]), "{imported}");
        assert!(other.path("config/companies/stones.toml").exists());
        if format == "csv" {
            assert_eq!(other.run(&["company", "export"]).expect(0).stdout, exported);
        }
        let again = other.run(&[&import[..], &["--on-duplicate", "merge"]].concat()).expect(0).json();
        assert_eq!(again["merged"], serde_json::json!(["onyx", "zte"]));
        assert_eq!(again["written"], serde_json::json!([]), "nothing was new");
    }
}

const IMPORTED: &str = "company,kind,value,source\nzte2,name,ZTE Corporation,\nzte2,trade,Zhongxing,https://zte.example\nonyx,name,Onyx Drones,\nonyx,trade,Technology,\n";

#[test]
fn faults_and_twins_keep_an_import_back_unless_it_is_said_what_becomes_of_them() {
    let (_site, home) = home();
    let path = home.path("in.csv");
    fs::write(&path, IMPORTED).unwrap();
    let import =
        |arguments: &[&str]| run(home.program().args(["company", "import"]).arg(&path).args(arguments));
    let refused = import(&[]).expect(1).stderr;
    assert!(refused.contains("2 errors; nothing was imported"), "{refused}");
    assert!(
        refused.contains("in.csv:2: company zte2 is already tracked as zte; give --on-duplicate"),
        "{refused}"
    );
    assert!(refused.contains("in.csv:5: found \"Technology\""), "{refused}");

    let merge = ["--on-duplicate", "merge", "--skip-faulty", "--json"];
    let planned = import(&[&merge[..], &["--dry-run"]].concat()).expect(0).json();
    assert_eq!(planned["merged"], serde_json::json!(["zte"]));
    assert_eq!(planned["added"], serde_json::json!(["onyx"]));
    assert_eq!(file(&home, "zte.toml"), ZTE_FILE, "nothing was written");

    let done = import(&merge).expect(0).json();
    assert_eq!(done["left_out"].as_array().unwrap().len(), 1, "{done}");
    let zte = file(&home, "zte.toml");
    assert!(
        zte.contains("{ name = \"Zhongxing\", kind = \"trade\", source = \"https://zte.example\" },"),
        "{zte}"
    );
    assert!(file(&home, "in.toml").contains("Onyx Drones"));
    let skipped = import(&["--on-duplicate", "skip", "--skip-faulty", "--json"]).expect(0).json();
    assert_eq!(skipped["skipped"], serde_json::json!(["zte2", "onyx"]));
}

#[test]
fn a_source_that_is_off_and_of_no_group_is_named_among_the_gaps() {
    let (_site, home) = watched();
    home.configure_also(
        "[[source]]\nid = \"dormant\"\nkind = \"feed\"\ntitle = \"Notices\"\nurl = \"https://agency.example/rss\"\n\
         schedule = \"@daily\"\noff = \"the address is unconfirmed\"\n",
    );
    let shown = home.run(&["company", "show", "hikvision"]).expect(0).stdout;
    assert!(shown.contains("gap: dormant is off: the address is unconfirmed"), "{shown}");
}
