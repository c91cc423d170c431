//! Lists without a kind of their own: configuration is enough.

use regwatch::config::load;
use regwatch::domain::source::SourceKind;
use serde_json::Value;

use super::*;

/// The kind that a table of the configuration describes.
#[track_caller]
fn configured(keys: &str) -> SourceKind {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("regwatch.toml");
    let text = format!(
        "[mail]\nfrom = \"a@tracker.example\"\n[fetch]\ncontact = \"ops@tracker.example\"\n\
         [[source]]\nid = \"list\"\ntitle = \"List\"\nurl = \"https://agency.test/\"\nschedule = \"@daily\"\n{keys}\n"
    );
    fs::write(&file, text).unwrap();
    load(&file).unwrap_or_else(|error| panic!("{error}")).sources[0].kind.clone()
}

/// The values of a JSON capture that are entries.
fn values(path: &str, pointer: &str) -> Option<Vec<Value>> {
    let parsed: Value = serde_json::from_slice(&capture(path)?).unwrap();
    Some(parsed.pointer(pointer).unwrap().as_array().unwrap().clone())
}

#[test]
fn orders_and_military_end_users_are_read_from_json() {
    let kind = configured(
        "kind = \"json\"\nentries = \"$.entities[*]\"\nkey = [\"name\", \"effective\", \"notes\"]\nrow_date = \"effective\"\n\
         optional = [\"aliases\", \"effective\", \"status\", \"address\"]\n\
         fields = { name = \"$.name\", aliases = \"$.aliases[*]\", country = \"$.country\", status = \"$.status\", \
         address = \"$.address\", effective = \"$.effective_date\", notes = \"$.notes\" }",
    );
    for (path, rows) in [("cbp_wro/cbp_wro.json", 67), ("bis/bis_meu.json", 70)] {
        let (Some(body), Some(expected)) = (capture(path), values(path, "/entities")) else { return };
        let document = good(&kind, path, &body);
        let text = |value: &Value| {
            value.as_str().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
        };
        let mut names: Vec<String> = expected.iter().map(|entity| text(&entity["name"])).collect();
        names.sort_unstable();
        assert_eq!(
            (titles(&document), document.entries.len()),
            (names.iter().map(String::as_str).collect(), rows)
        );
    }
}

#[test]
fn an_importers_list_in_rows_of_one_alias_each_is_what_the_importer_made_of_it() {
    let kind = configured(
        "kind = \"csv\"\ngroup = true\nkey = [\"name\"]\nrow_date = \"listed\"\njoined = [\"address\"]\n\
         columns = { Name = \"name\", \"Alternate Name\" = \"aliases\", Address = \"address\", City = \"address\", \
         Country = \"address\", \"Federal Register Notice\" = \"notice\", \"Effective Date\" = \"listed\" }",
    );
    let path = "ita_importer/el.csv";
    let Some(body) = capture(path) else { return };
    let document = good(&kind, path, &body);
    for expected in values("ita_importer/expected/el_expected_results.json", "").unwrap() {
        let name = expected["name"].as_str().unwrap();
        let entry =
            document.entries.iter().find(|entry| entry.title == name).unwrap_or_else(|| panic!("{name}"));
        let aliases =
            expected["alt_names"].as_array().unwrap().iter().map(|alias| alias.as_str().unwrap().trim());
        // The importer dropped apostrophes that it could not decode.
        let found =
            entry.fields.get("aliases").map_or("", String::as_str).replace(['\u{2018}', '\u{2019}'], "");
        assert_eq!(found.lines().collect::<Vec<_>>(), aliases.collect::<Vec<_>>(), "{name}");
        assert!(
            entry.fields["notice"].contains(expected["federal_register_notice"].as_str().unwrap().trim())
        );
    }
}

#[test]
fn debarred_parties_and_their_bracketed_names_are_what_the_importer_made_of_them() {
    let kind = configured(
        "kind = \"csv\"\nkey = [\"name\"]\nbracketed_aliases = \"named\"\nrow_date = \"listed\"\n\
         columns = { \"Debarred Party Full Name And Alias\" = \"name\", Notice = \"notice\", \"Notice Date\" = \"listed\" }",
    );
    let path = "ita_importer/itar_debarred_parties.csv";
    let Some(body) = capture(path) else { return };
    let document = good(&kind, path, &body);
    let expected = values("ita_importer/expected/dtc_expected_results.json", "").unwrap();
    assert_eq!(document.entries.len(), expected.len());
    for party in expected {
        let aliases: Vec<&str> =
            party["alt_names"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        let notice = party["federal_register_notice"].as_str().unwrap();
        let entry = document.entries.iter().find(|entry| {
            let last = party["name"].as_str().unwrap().split(' ').next_back().unwrap();
            entry.title.contains(last)
        });
        let entry = entry.unwrap_or_else(|| panic!("{party}"));
        assert_eq!(
            entry.fields.get("aliases").map_or("", String::as_str).lines().collect::<Vec<_>>(),
            aliases
        );
        // The corrected notice of one party is in a column of its own.
        assert!(entry.fields["notice"] == notice || notice == "57 FR 37184");
    }
}

#[test]
fn sanctions_as_xml_are_what_the_importer_made_of_them() {
    let kind = configured(
        "kind = \"xml\"\nentries = \"sdnList/sdnEntry\"\nkey = [\"number\"]\nrow_title = \"name\"\njoined = [\"name\"]\n\
         optional = [\"remarks\", \"position\"]\n\
         fields = { number = \"uid\", name = [\"lastName\", \"firstName\"], program = \"programList/program\", \
         aliases = \"akaList/aka/(lastName, firstName)\", remarks = \"remarks\", position = \"title\", \
         address = \"addressList/address/(address1, address2, city, postalCode, country)\" }",
    );
    let path = "ita_importer/sdn.xml";
    let Some(body) = capture(path) else { return };
    let document = good(&kind, path, &body);
    let expected = values("ita_importer/expected/sdn_expected_results.json", "").unwrap();
    let mut found = 0;
    for party in &expected {
        let Some(entry) =
            document.entries.iter().find(|entry| entry.key == party["entity_number"].as_str().unwrap())
        else {
            continue;
        };
        found += 1;
        assert_eq!(entry.title.replace(", ", " "), party["name"].as_str().unwrap().replace(", ", " "));
        let aliases =
            party["alt_names"].as_array().unwrap().iter().map(|name| name.as_str().unwrap().replace(',', ""));
        let names: Vec<&str> = entry.fields.get("aliases").map_or("", String::as_str).lines().collect();
        assert_eq!(names, aliases.collect::<Vec<_>>());
        let addresses = party["addresses"].as_array().unwrap().len();
        assert_eq!(entry.fields.get("address").map_or("", String::as_str).lines().count(), addresses);
    }
    println!("{path}: {found} of {} parties agree", expected.len());
    assert_eq!(found, expected.len().min(document.entries.len()));
}

#[test]
fn military_companies_have_their_short_names_in_a_last_bracket() {
    let kind = configured(
        "kind = \"csv\"\nkey = [\"name\", \"listed\", \"ended\"]\nrow_date = \"listed\"\nbracketed_aliases = \"last\"\n\
         columns = { Name = \"name\", \"Start date\" = \"listed\", \"End date\" = \"ended\" }",
    );
    let path = "dod_1260h/sanctions.csv";
    let Some(body) = capture(path) else { return };
    let document = good(&kind, path, &body);
    let rows = rows(&body, b',', true);
    let named: BTreeMap<String, Vec<&csv::StringRecord>> =
        rows.iter().fold(BTreeMap::new(), |mut named, row| {
            named
                .entry(row[0].split_whitespace().collect::<Vec<_>>().join(" "))
                .or_insert_with(Vec::new)
                .push(row);
            named
        });
    let agreeing = named.values().filter(|rows| {
        let clean = |name: &str| name.trim().trim_end_matches('*').trim().to_owned();
        document.entries.iter().any(|entry| {
            let aliases = entry.fields.get("aliases").map_or("", String::as_str);
            clean(&entry.title) == clean(&rows[0][1])
                && (rows[0][2].is_empty() || aliases.lines().any(|alias| alias == rows[0][2].trim()))
        })
    });
    let agreeing = agreeing.count();
    println!("{path}: {agreeing} of {} names taken apart as by hand", named.len());
    assert!(agreeing * 100 >= named.len() * 96, "{agreeing} of {}", named.len());
}

#[test]
fn notices_regulations_and_agencies_need_their_columns_alone() {
    let cases = [
        (
            "fr_notices/fr_notices_2026-03-18.csv",
            57,
            "key = [\"number\"]\nrow_link = \"page\"\nrow_date = \"published\"\ncolumns = { document_number = \"number\", publication_date = \"published\", html_url = \"page\" }",
        ),
        (
            "bis/mieu_2026-07-27a.csv",
            13,
            "key = [\"name\", \"country\"]\nrow_title = \"name\"\ncolumns = { Name = \"name\", Alias = \"aliases\", Country = \"country\" }",
        ),
        (
            "section_889/section_889.csv",
            5,
            "key = [\"name\"]\ncolumns = { name = \"name\", program = \"program\" }",
        ),
        (
            "eu/32023R1529.csv",
            49,
            "key = [\"record\"]\nrow_title = \"name\"\nrow_date = \"listed\"\ndate_format = \"%d.%m.%Y\"\ncolumns = { recordId = \"record\", name = \"name\", alias = \"aliases\", startDate = \"listed\" }",
        ),
    ];
    for (path, entries, keys) in cases {
        let Some(body) = capture(path) else { return };
        let document = good(&configured(&format!("kind = \"csv\"\n{keys}")), path, &body);
        assert_eq!(document.entries.len(), entries, "{path}");
    }
}
