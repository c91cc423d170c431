use super::*;

fn read(keep: &[&str], drop: &[&str], html: &str) -> Result<Document, Unreadable> {
    let settings = PageTextSettings {
        keep: keep.iter().map(ToString::to_string).collect(),
        drop: drop.iter().map(ToString::to_string).collect(),
        one_page: false,
    };
    let url = "https://agency.test/guide/".parse().unwrap();
    extract(&settings, &RawDocument { body: html.as_bytes(), content_type: None, url: &url })
}

#[track_caller]
fn check(html: &str, expected: &[(&str, &str, &str)]) {
    let document = read(&["main"], &[".aside", "nav"], html).unwrap();
    assert_eq!((document.completeness, document.resemblance), (Completeness::Whole, Resemblance::Text));
    let found: Vec<(&str, &str, &str)> = document
        .entries
        .iter()
        .map(|entry| {
            (entry.key.as_str(), entry.title.as_str(), entry.fields.get("text").map_or("", String::as_str))
        })
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn a_section_begins_with_its_heading() {
    check(
        "<title>A guide</title><main>Lead.<h2>Who <i>must</i> file</h2><p>All.</p><p>And you.</p><h3>When*</h3>Now.\
         <h2>Costs</h2><h3>When</h3>Later.</main>",
        &[
            ("", "A guide", "Lead."),
            ("who-must-file", "Who must file", "All.\nAnd you."),
            ("who-must-file/when", "When*", "Now."),
            ("costs", "Costs", ""),
            ("costs/when", "When", "Later."),
        ],
    );
}

#[test]
fn a_heading_within_preformatted_text_divides_it_and_ends_nothing() {
    check(
        "<main><pre>a\nb<h2>Terms</h2>c\nd</pre>e\nf</main>",
        &[("", "https://agency.test/guide/", "a\nb"), ("terms", "Terms", "c\nd\ne f")],
    );
}

#[test]
fn what_is_dropped_is_not_read_and_blank_headings_do_not_count() {
    check(
        "<main><nav>menu</nav><h1> </h1><p>a <span class=aside>x</span>b</p><div class=aside><h2>no</h2></div></main>",
        &[("", "https://agency.test/guide/", "a b")],
    );
}

#[test]
fn what_can_be_folded_away_is_a_section_and_what_stands_behind_it_goes_on() {
    check(
        "<main><h1>Guide</h1>Lead.<details><summary>Scope</summary><p>Cameras.</p>\
         <details><summary>More</summary>Recorders.</details>Both.</details><p>Behind.</p><h2>Contact</h2>Us.</main>",
        &[
            ("guide", "Guide", "Lead.\nBehind."),
            ("guide/scope", "Scope", "Cameras.\nBoth."),
            ("guide/scope/more", "More", "Recorders."),
            ("guide/contact", "Contact", "Us."),
        ],
    );
}

#[test]
fn what_says_that_it_is_a_heading_is_one() {
    check(
        "<main><h1>Guide</h1><div role=heading>Scope</div>a<div role=heading aria-level=3>Deep</div>b</main>",
        &[("guide", "Guide", ""), ("guide/scope", "Scope", "a"), ("guide/scope/deep", "Deep", "b")],
    );
}

#[test]
fn a_heading_on_another_level_or_in_another_element_is_no_change() {
    let page = |scope: &str, end: &str| {
        format!(
            "<main><h1>Notice</h1><p>Lead.</p><h2>Intro</h2><p>One.</p>{scope}<p>Cameras are covered.</p>{end}<h2>Contact</h2><p>Write.</p></main>"
        )
    };
    let noise = crate::domain::noise::Noise::default();
    let plain = read(&["main"], &[], &page("<h2>Scope</h2>", "")).unwrap();
    for (scope, end) in [
        ("<h3>Scope</h3>", ""),
        ("<details><summary>Scope</summary>", "</details>"),
        ("<div role=heading>Scope</div>", ""),
    ] {
        let other = read(&["main"], &[], &page(scope, end)).unwrap();
        assert!(crate::domain::diff::diff(&plain, &other, &noise).is_empty(), "{scope}");
    }
}

#[test]
fn equal_headings_are_twins() {
    check("<main><h2>Note</h2>b<h2>Note</h2>a</main>", &[("note~2", "Note", "b"), ("note", "Note", "a")]);
}

#[test]
fn what_is_kept_twice_is_read_once_and_what_is_not_kept_never() {
    let html = "out<article><p>one</p><div class=k><p>two</p></div></article><div class=k>three</div>";
    let document = read(&[".k", "article"], &[], html).unwrap();
    assert_eq!(document.entries[0].fields["text"], "one\ntwo\nthree");
}

#[test]
fn links_belong_to_their_section() {
    let html = "<main><a href=a>A</a><h2>Two <a href=b>B</a></h2>see <a href=c><b>C</b></a></main>";
    let document = read(&["main"], &[], html).unwrap();
    let links: Vec<&str> = document.entries.iter().map(|entry| entry.fields["links"].as_str()).collect();
    assert_eq!(
        links,
        ["A\thttps://agency.test/guide/a", "B\thttps://agency.test/guide/b\nC\thttps://agency.test/guide/c"]
    );
}

#[test]
fn every_kept_element_must_be_there() {
    let error = read(&["main", "#notice"], &[], "<main>x</main>").unwrap_err();
    assert_eq!(error.to_string(), "an element that matches \"#notice\" is missing");
    assert!(read(&["main["], &[], "<main>x</main>").is_err());
}

#[test]
fn a_row_of_a_table_is_one_line_and_its_links_say_whose_they_are() {
    let html = "<main><table><tr><th>Entity<th>Order<tr><td><p>Alpha<br>Works</p><td>1 <a href=x>View</a>\
        <tr><td>Bravo<td></table><table><tr><td><h2>Left</h2>a<td>b</table></main>";
    let document = read(&["main"], &[], html).unwrap();
    assert_eq!(document.entries[0].fields["text"], "Entity | Order\nAlpha Works | 1 View\nBravo |");
    assert_eq!(document.entries[0].fields["links"], "Alpha Works: View\thttps://agency.test/guide/x");
    assert_eq!(document.entries[1].fields["text"], "a\nb", "a table that lays out the page");
}

/// The entries as `key: field=text; …`, lines parted by slashes.
#[track_caller]
fn check_whole(html: &str, expected: &[&str]) {
    let told: Vec<String> = read(&["main"], &[], html)
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
fn an_item_of_a_list_is_an_entry_that_says_where_it_stands() {
    check_whole(
        "<main><h1>List</h1><h2>Designated (2)</h2>Those are:<ul><li>Acme Ltd<li>Beta <b>LLC</b></ul><h2>Removed</h2><ol><li>Gamma</ol>No more.</main>",
        &[
            "list: ",
            "list/designated-2: text=Those are:",
            "li/acme-ltd: section=Designated; text=Acme Ltd",
            "li/beta-llc: section=Designated; text=Beta LLC",
            "list/removed: text=No more.",
            "li/gamma: section=Removed; text=Gamma",
        ],
    );
}

#[test]
fn lists_within_lists_and_lists_of_terms_are_read_item_by_item() {
    check_whole(
        "<main><ul><li>Suspended (1):<ul><li>Acme</ul><li>In force<ul><li>Beta</ul></ul></main>",
        &[
            "li/acme: section=Suspended; text=Acme",
            "li/suspended-1: text=Suspended (1):",
            "li/beta: section=In force; text=Beta",
            "li/in-force: text=In force",
        ],
    );
    check_whole(
        "<main><dl><dt>Acme<dd>Since 2024<dd>Harbour<div><dt>Beta<dt>Beta Two<dd>Revoked</div></dl></main>",
        &[
            "li/acme-since-2024-harbour: text=Acme/Since 2024/Harbour",
            "li/beta-beta-two-revoked: text=Beta/Beta Two/Revoked",
        ],
    );
}

#[test]
fn items_of_menus_and_tables_and_those_with_headings_are_text() {
    check_whole(
        "<main><nav><ul><li>Home</ul></nav><table><tr><td><ul><li>x</ul></table><ul><li><h3>One</h3>a<li><h3>Two</h3>b</ul></main>",
        &[": text=Home/x", "one: text=a", "two: text=b"],
    );
}

#[test]
fn what_fleets_is_no_part_of_an_items_key() {
    check_whole(
        "<main><ul><li>Last updated: June 15, 2026<li>1,234 views</ul></main>",
        &["li/~2: text=Last updated: June 15, 2026", "li/: text=1,234 views"],
    );
}

#[test]
fn struck_and_hidden_words_are_kept_and_marked() {
    check_whole(
        "<main><h2><s>Terms</s></h2><p>a <del>b</del></p><ul style='display:none'><li>c</ul><p><img alt=Revoked></p></main>",
        &["terms: struck_through=Terms/b; text=a b/Revoked", "li/c: hidden=c; section=Terms; text=c"],
    );
}
