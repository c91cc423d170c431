use super::*;
use crate::domain::source::{Pairs, RowSettings};

fn settings(selector: &str, fields: &[(&str, &str)], key: &str) -> ListSettings {
    let fields = fields.iter().map(|(field, place)| ((*field).to_owned(), vec![(*place).to_owned()]));
    ListSettings {
        selector: selector.to_owned(),
        fields: fields.collect::<Pairs<Vec<String>>>(),
        drop: vec![".aside".to_owned()],
        one_page: false,
        rows: RowSettings {
            key: vec![key.to_owned()],
            optional: vec!["page".to_owned(), "text".to_owned()],
            ..RowSettings::default()
        },
    }
}

fn read(settings: &ListSettings, html: &str) -> Result<Document, Unreadable> {
    let url = "https://agency.test/list/".parse().unwrap();
    extract(settings, &RawDocument { body: html.as_bytes(), content_type: None, url: &url })
}

/// The entries as `key: field=text; …`, lines parted by slashes.
#[track_caller]
fn check(settings: &ListSettings, html: &str, expected: &[&str]) {
    let told: Vec<String> = read(settings, html)
        .unwrap()
        .entries
        .iter()
        .map(|entry| {
            let fields: Vec<String> = entry
                .fields
                .iter()
                .map(|(name, text)| format!("{name}={}", text.replace('\n', "/")))
                .collect();
            format!("{}: {}", entry.key, fields.join("; "))
        })
        .collect();
    assert_eq!(told, expected, "{html}");
}

#[test]
fn an_item_is_an_entry_and_says_where_it_stands() {
    check(
        &settings("main ul", &[("text", ".")], "text"),
        "<main><h2>On (2)</h2><ul><li>Acme<li>Beta <b>LLC</b></ul><h2>Off</h2><ul><li hidden>Gamma<li><s>Delta</s></ul></main><ul><li>x</ul>",
        &[
            "acme: section=On; text=Acme",
            "beta-llc: section=On; text=Beta LLC",
            "gamma: hidden=Gamma; section=Off; text=Gamma",
            "delta: section=Off; struck_through=Delta; text=Delta",
        ],
    );
}

#[test]
fn fields_are_found_by_selectors_and_what_none_takes_is_the_rest() {
    check(
        &settings("ul", &[("name", "strong"), ("page", "a@href")], "name"),
        "<ul><li><strong>Acme <img alt=flag></strong>, Freedonia <a href=1>Notice</a><span class=aside>7 views</span><li><strong>Beta</strong></ul>",
        &[
            "acme: links=Notice\thttps://agency.test/list/1; name=Acme; page=https://agency.test/list/1; rest=, Freedonia Notice",
            "beta: name=Beta",
        ],
    );
}

#[test]
fn a_list_within_an_item_is_text_unless_it_is_meant_as_well() {
    let html = "<main><ul><li>Removed:<ul><li>Acme<li>Beta</ul></ul></main>";
    check(
        &settings("main > ul", &[("text", ".")], "text"),
        html,
        &["removed-acme-beta: text=Removed:/Acme/Beta"],
    );
    check(
        &settings("main ul", &[("text", ".")], "text"),
        html,
        &["removed: text=Removed:", "acme: section=Removed; text=Acme", "beta: section=Removed; text=Beta"],
    );
}

#[test]
fn terms_and_blocks_are_entries() {
    check(
        &settings("dl", &[("name", "dt"), ("text", "dd")], "name"),
        "<dl><dt>Acme<dd>2024<dd>Harbour<div><dt>Beta<dt>Beta Two<dd>Revoked</div></dl>",
        &["acme: name=Acme; text=2024/Harbour", "beta-beta-two: name=Beta/Beta Two; text=Revoked"],
    );
    check(
        &settings(".card", &[("name", "h2")], "name"),
        "<div class=card><h2>Acme</h2><p>One</div><div class=card><h2>Beta</h2><p>Two</div>",
        &["acme: name=Acme; rest=One", "beta: name=Beta; rest=Two"],
    );
}

#[test]
fn what_is_no_such_list_is_refused() {
    let settings = settings("ul.entities", &[("name", "b")], "name");
    assert!(matches!(read(&settings, "<h1>Request Rejected</h1>"), Err(Unreadable::Missing { .. })));
    assert!(matches!(read(&settings, "<ul class=entities><li>x</ul>"), Err(Unreadable::Missing { .. })));
    assert!(read(&settings, "<template><ul class=entities><li><b>x</b></ul></template>").is_err());
}
