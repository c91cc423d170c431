//! Suppliers held against the lists, with and without a daemon, by files of every sort.

use encoding_rs::GB18030;
use serde_json::Value;

use super::daemon::{Daemon, RUNS};
use super::desk::Desk;
use super::{HIKVISION, HUAWEI, Home, Site, ZTE, covered_list, home};

const ALIASES: &str = "name,aka\nBasalt Shipping LLC,Lavaline\nQuartz Chemie GmbH,\n";

/// A home that watches an FCC-style list and one of names with aliases.
fn watched() -> (Site, Home) {
    let site = Site::start();
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION]));
    site.page("/names.csv", ALIASES);
    let sources = format!(
        "{}\n[[source]]\nid = \"names\"\nkind = \"csv\"\ntitle = \"Names\"\nurl = \"{}/names.csv\"\n\
         schedule = \"@daily\"\ncolumns = {{ name = \"name\", aka = \"aka\" }}\nkey = [\"name\"]\nstale_after = \"3d\"\n\
         misses = \"Owners of who is named.\"\n\
         listing = {{ effect = \"Nobody may ship with them\", authority = \"Shipping Act, section 3\" }}\n",
        home::list_source(&site.url),
        site.url
    );
    (site, Home::with_sources(&sources))
}

fn answers(report: &Value) -> Vec<(&str, &str)> {
    let names = report["names"].as_array().unwrap();
    names.iter().map(|name| (name["name"].as_str().unwrap(), name["answer"].as_str().unwrap())).collect()
}

#[test]
fn suppliers_are_screened_from_every_sort_of_file_and_names_stay_as_they_were_written() {
    let (_site, home) = watched();
    home.check(0);
    let table = "Nr,Name\n1,Lavaline\n2,海康威视\n3,\"Bluebird, Inc\"\n4,Huawei Technologies Company\n";
    let expected = [
        ("Lavaline", "listed"),
        ("海康威视", "listed"),
        ("Bluebird, Inc", "clear"),
        ("Huawei Technologies Company", "listed"),
    ];
    for (file, body) in [
        ("plain.csv", table.as_bytes().to_vec()),
        ("marked.csv", format!("\u{feff}{table}").into_bytes()),
        ("office.csv", GB18030.encode(table).0.into_owned()),
    ] {
        std::fs::write(home.path(file), body).unwrap();
        let report = home.run(&["screen", file, "--json"]).expect(3).json();
        assert_eq!(answers(&report), expected, "{file}");
    }
    // What was written is read again: the answers name the suppliers in a column of that name.
    home.run(&["screen", "plain.csv", "--format", "xlsx", "--out", "answers.xlsx"]).expect(3);
    let again = home.run(&["screen", "answers.xlsx", "--json"]).expect(3).json();
    assert_eq!(answers(&again)[2], ("Bluebird, Inc", "clear"));
    let csv = home.run(&["screen", "plain.csv", "--format", "csv"]).expect(3).stdout;
    assert!(csv.contains("Lavaline,listed,names,Basalt Shipping LLC,Lavaline,1.00,"), "{csv}");
    home.run(&["screen", "plain.csv", "--format", "html", "--out", "report.html"]).expect(3);
    let html = std::fs::read_to_string(home.path("report.html")).unwrap();
    for words in
        ["Listed (3)", "Clear (1)", "海康威视", "Nobody may ship with them (Shipping Act, section 3)"]
    {
        assert!(html.contains(words), "{words:?} is missing in:\n{html}");
    }
    let shown = home.run(&["screen", "plain.csv"]).expect(3).stdout;
    assert!(
        shown.contains("clear  Bluebird, Inc") && shown.contains("3 listed, 0 exposed, 0 possible, 1 clear")
    );
}

#[test]
fn an_answer_says_since_when_with_what_effect_and_what_it_rests_on() {
    let (site, home) = watched();
    home.check(0);
    site.page("/names.csv", format!("{ALIASES}Gneiss Video Corp,\n"));
    home.check(0);
    std::fs::write(home.path("s.csv"), "name\nGneiss Video Corporation\nBluebird\nLavaline\n").unwrap();
    let report = home.run(&["screen", "s.csv", "--json"]).expect(3).json();
    let [new, clear, old] = [0, 1, 2].map(|place| &report["names"][place]);
    let finding = &new["listed"][0];
    assert_eq!((finding["list"].as_str(), finding["was_added"].as_bool()), (Some("names"), Some(true)));
    assert_eq!(old["listed"][0]["was_added"], false);
    assert_eq!(finding["effect"], "Nobody may ship with them");
    assert_eq!(finding["authority"], "Shipping Act, section 3");
    assert!(finding["reason"].as_str().unwrap().contains("shared: gneiss"), "{finding}");
    assert_eq!(clear["looked_at"], serde_json::json!(["covered-list", "names"]));
    assert_eq!(report["lists"][1]["does_not_show"], "Owners of who is named.");
    assert!(report["lists"].as_array().unwrap().iter().all(|list| list["read_at"].is_string()));

    // What cannot be believed is held, and what is not there is not read: either is said with each clean name.
    site.page("/list", "<html><title>Just a moment...</title><body>Checking your browser</body></html>");
    site.answer("/names.csv", 503, &[], "busy");
    home.check(4);
    let report = home.run(&["screen", "s.csv", "--json"]).expect(3).json();
    assert_eq!(report["names"][1]["answer"], "clear");
    assert_eq!(report["names"][1]["quarantined"], serde_json::json!(["covered-list"]));
    assert_eq!(report["names"][1]["stale"], serde_json::json!(["names"]));
    let csv = home.run(&["screen", "s.csv", "--format", "csv"]).expect(3).stdout;
    assert!(csv.contains("stale: names; quarantined: covered-list"), "{csv}");
}

#[test]
fn a_daemon_answers_the_same() {
    let (_site, home) = watched();
    home.check(0);
    std::fs::write(home.path("s.csv"), "name\nLavaline\nBluebird\n").unwrap();
    let alone = home.run(&["screen", "s.csv", "--json"]).expect(3).json();
    let _daemon = Daemon::start(&home, RUNS);
    let asked = home.run(&["screen", "s.csv", "--json"]).expect(3).json();
    assert_eq!(asked["names"], alone["names"]);
}

#[test]
fn nothing_is_said_where_nothing_is_known() {
    let (_site, home) = watched();
    std::fs::write(home.path("s.csv"), "supplier\nBluebird\n").unwrap();
    let refused = home.run(&["screen", "s.csv"]).expect(1);
    assert!(
        refused.stderr.contains("no column \"name\"") && refused.stderr.contains("supplier"),
        "{refused:?}"
    );
    let refused = home.run(&["screen", "s.csv", "--column", "Supplier"]).expect(1);
    assert!(refused.stderr.contains("no list was read yet"), "{refused:?}");
    home.check(0);
    home.run(&["screen", "s.csv", "--column", "Supplier"]).expect(0);
    let help = home.run(&["screen", "--help"]).expect(0).stdout;
    assert!(help.contains("3  a supplier is listed"), "{help}");
}

const OPERATOR: &str = "[operator]\naddress = \"ops@tracker.example\"\n";

/// The mails about standing lists to an address.
fn told(home: &Home, to: &str) -> Vec<home::Letter> {
    home.letters_to(to).into_iter().filter(|letter| letter.kind == "screening").collect()
}

#[test]
fn the_owner_of_a_standing_list_is_told_what_is_new_once() {
    let (site, home) = watched();
    home.configure_also(OPERATOR);
    home.check(0);
    std::fs::write(home.path("s.csv"), "Lieferant\nGneiss Video Corporation\nLavaline\nBluebird\n").unwrap();
    let add = ["screen", "add", "suppliers", "s.csv", "--column", "lieferant", "--json"];
    let report = home.run(&add).expect(3).json();
    assert_eq!(answers(&report)[..2], [("Gneiss Video Corporation", "clear"), ("Lavaline", "listed")]);
    home.check(0);
    assert!(told(&home, "ops@tracker.example").is_empty(), "what was found at first is known");
    site.page("/names.csv", format!("{ALIASES}Gneiss Video Corp,\n"));
    home.check(0);
    let letters = told(&home, "ops@tracker.example");
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].subject, "Suppliers suppliers: 1 newly listed");
    for words in [
        "Gneiss Video Corporation is listed",
        "Names: Gneiss Video Corp",
        "Nobody may ship with them (Shipping Act",
    ] {
        assert!(letters[0].text.contains(words), "{words:?} is missing in:\n{}", letters[0].text);
        assert!(letters[0].html.contains(words), "{words:?} is missing in:\n{}", letters[0].html);
    }
    assert!(!letters[0].text.contains("Lavaline"), "{}", letters[0].text);
    home.check(0);
    assert_eq!(told(&home, "ops@tracker.example").len(), 1, "it is told once");
    let listed = home.run(&["screen", "list", "--json"]).expect(0).json();
    let list = &listed["screenings"][0];
    assert_eq!((list["names"].as_u64(), list["listed"].as_u64()), (Some(3), Some(2)));
    assert!(home.run(&["screen", "list"]).expect(0).stdout.contains("suppliers"));
    home.run(&["screen", "remove", "suppliers"]).expect(0);
    let refused = home.run(&["screen", "remove", "suppliers"]).expect(1);
    assert!(refused.stderr.contains("no standing list suppliers"), "{refused:?}");
}

/// The daemon's own loop: nobody says `check now`, and no command screens anything.
#[test]
fn a_daemon_screens_standing_lists_again_and_however_often_it_is_killed_its_owner_is_told_once() {
    let site = Site::start();
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION]));
    site.page("/names.csv", ALIASES);
    let list = home::list_source(&site.url);
    let home = Home::with_sources(&list);
    home.configure_also(OPERATOR);
    home.check(0);
    std::fs::write(home.path("s.csv"), "name\nLavaline\nHikvision\n").unwrap();
    let report = home.run(&["screen", "add", "suppliers", "s.csv", "--json"]).expect(3).json();
    assert_eq!(answers(&report), [("Lavaline", "clear"), ("Hikvision", "listed")]);

    // A list that was never read is read by the daemon itself; it is killed before it looks at the suppliers.
    let names = format!(
        "[[source]]\nid = \"names\"\nkind = \"csv\"\ntitle = \"Names\"\nurl = \"{}/names.csv\"\nschedule = \"@yearly\"\n\
         columns = {{ name = \"name\", aka = \"aka\" }}\nkey = [\"name\"]\n",
        site.url
    );
    home.configure(&format!("{list}{names}"), "maildir:../state/mail");
    home.configure_also(OPERATOR);
    let mut daemon = Daemon::start(&home, "source read");
    daemon.signal("-KILL");
    daemon.exit_code();
    assert!(told(&home, "ops@tracker.example").is_empty(), "the look is a minute apart");
    // Killed once the news is kept, whether or not the mail has left.
    let mut daemon = Daemon::start(&home, "mails about standing lists");
    daemon.signal("-KILL");
    daemon.exit_code();
    for _ in 0..2 {
        let mut daemon = Daemon::start(&home, RUNS);
        daemon.end();
    }
    home.check(0);
    let letters = told(&home, "ops@tracker.example");
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert_eq!(letters[0].subject, "Suppliers suppliers: 1 newly listed");
    assert!(letters[0].text.contains("Lavaline is listed"), "{}", letters[0].text);
}

#[test]
fn nobody_owns_a_standing_list_who_did_not_agree_to_mail() {
    let (site, home) = watched();
    home.check(0);
    std::fs::write(home.path("s.csv"), "name\nGneiss Video Corporation\n").unwrap();
    let refused = home.run(&["screen", "add", "suppliers", "s.csv"]).expect(1);
    assert!(refused.stderr.contains("operator.address"), "{refused:?}");
    let add = ["screen", "add", "suppliers", "s.csv", "--to", "bob@example.org"];
    let refused = home.run(&add).expect(1);
    assert!(refused.stderr.contains("has no active subscription"), "{refused:?}");
    home.subscribe("bob@example.org", "zte");
    home.run(&add).expect(0);
    site.page("/names.csv", format!("{ALIASES}Gneiss Video Corp,\n"));
    home.check(0);
    assert_eq!(told(&home, "bob@example.org").len(), 1);
    // Who is forgotten leaves no list behind.
    home.run(&["sub", "erase", "bob@example.org"]).expect(0);
    let listed = home.run(&["screen", "list", "--json"]).expect(0).json();
    assert_eq!(listed["screenings"], serde_json::json!([]));
}

#[test]
fn operators_screen_what_they_paste_or_hand_in_and_nothing_is_kept_unless_wished() {
    let desk = Desk::start();
    let home = &desk.service.home;
    let ann = desk.cookie("ann");
    let host = format!("Host: {}", desk.host);
    assert!(desk.send("GET", "/screen", &[&host, &ann], "").body.contains("type=\"file\""));
    for cookie in [&desk.cookie("audit")[..], "Cookie: a=b"] {
        assert_ne!(desk.send("GET", "/screen", &[&host, cookie], "").status, 200, "{cookie}");
        assert_ne!(desk.send("POST", "/screen", &[&host, cookie], "names=Hikvision").status, 200, "{cookie}");
    }
    let refused = desk.send("POST", "/screen", &[&host, &ann], "names=Hikvision");
    assert_eq!(refused.status, 403, "a form without its token");
    assert_eq!(
        desk.send("GET", "/screen?names=Hikvision", &[&host, &ann], "").body.matches("Listed (").count(),
        0
    );

    let page = desk.act(&ann, "/screen", "names=Hikvision%0D%0ABluebird+%3Cb%3E%0D%0A&column=&keep=");
    assert_eq!(page.status, 200, "{page:?}");
    assert!(page.body.contains("Listed (1)") && page.body.contains("Clear (1)"), "{}", page.body);
    assert!(
        page.body.contains("Bluebird &#60;b&#62;") || page.body.contains("Bluebird &lt;b&gt;"),
        "{}",
        page.body
    );
    let listed = home.run(&["screen", "list", "--json"]).expect(0).json();
    assert_eq!(listed["screenings"], serde_json::json!([]), "nothing is kept");

    let token = desk.token(&ann);
    let part = |name: &str, more: &str, body: &str| {
        format!("--xyz\r\nContent-Disposition: form-data; name=\"{name}\"{more}\r\n\r\n{body}\r\n")
    };
    let form = [
        part("csrf", "", &token),
        part("names", "", ""),
        part("column", "", "Lieferant"),
        part("keep", "", "suppliers"),
        part(
            "file",
            "; filename=\"s.csv\"",
            "Nr;Lieferant\n1;Hangzhou Hikvision Digital Technology\n2;Bluebird\n",
        ),
    ]
    .concat()
        + "--xyz--\r\n";
    let request = format!(
        "POST /screen HTTP/1.1\r\n{host}\r\n{ann}\r\nOrigin: http://{}\r\n\
         Content-Type: multipart/form-data; boundary=xyz\r\nContent-Length: {}\r\n\r\n{form}",
        desk.host,
        form.len()
    );
    let page = desk.service.send(&request);
    assert_eq!(page.status, 422, "nobody is named who is told: {page:?}");
    let page = desk.service.send(&request.replace("suppliers\r\n", "         \r\n"));
    assert!(page.body.contains("Listed (1)") && page.body.contains("Clear (1)"), "{}", page.body);
    let audit = desk.send("GET", "/audit", &[&host, &ann], "").body;
    assert!(audit.contains("2 names") && !audit.contains("Bluebird"), "{audit}");
}
