//! Generation.
use super::*;

fn replaced(base: &str, lines: &str) -> String {
    let mut text: Vec<String> = base.lines().map(str::to_owned).collect();
    for line in lines.lines() {
        let name = line.split(' ').next().unwrap();
        match text.iter().position(|old| old.split(' ').next() == Some(name)) {
            Some(at) => text[at] = line.to_owned(),
            None => text.push(line.to_owned()),
        }
    }
    text.join("\n") + "\n"
}

#[test]
fn generate() {
    let all: serde_json::Value =
        serde_json::from_str(&fs::read_to_string("/tmp/cases.json").unwrap()).unwrap();
    let mut out = serde_json::Map::new();
    for (group, cases) in all.as_object().unwrap() {
        let mut list = Vec::new();
        for case in cases.as_array().unwrap() {
            let case = case.as_str().unwrap();
            let text = match group.as_str() {
                "fetch" => format!(
                    "[mail]\nfrom = \"alerts@tracker.example\"\n{}",
                    replaced("[fetch]\ncontact = \"ops@tracker.example\"\n", case)
                ),
                "mail" => format!(
                    "[fetch]\ncontact = \"ops@tracker.example\"\n{}",
                    replaced("[mail]\nfrom = \"alerts@tracker.example\"\n", case)
                ),
                "source" | "kinds" => format!(
                    "{LEAST}[[company]]\nid = \"zte\"\nname = \"ZTE Corporation\"\n{}",
                    replaced(
                        "[[source]]\nid = \"a\"\nkind = \"feed\"\ntitle = \"A\"\nurl = \"https://a.example/\"\nschedule = \"@daily\"\n",
                        case
                    )
                ),
                _ => format!(
                    "{LEAST}{}",
                    replaced("[[company]]\nid = \"zte\"\nname = \"ZTE Corporation\"\n", case)
                ),
            };
            let folder = Folder::with(&text);
            let faults = match folder.load() {
                Ok(_) => vec!["TAKEN".to_owned()],
                Err(_) => folder.faults(),
            };
            list.push(serde_json::json!([case, faults]));
        }
        out.insert(group.clone(), list.into());
    }
    fs::write("/tmp/out.json", serde_json::to_string_pretty(&out).unwrap()).unwrap();
}
