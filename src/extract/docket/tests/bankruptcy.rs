use super::*;

const HEADING: &str = "<center><b>U.S. Bankruptcy Court<br>Sample District<br>Bankruptcy Petition #: 2:17-bk-05481-abc7</b></center>";

const THREE: &str = "<tr><th>Filing Date</th><th colspan=2>#</th><th>Docket Text</th></tr>";

const TWO: &str = "<tr><th>Filing Date</th><th>Docket Text</th></tr>";

const PETITION: &str = "<tr><td>10/19/2017</td><td>&nbsp;</td><td><a href='/doc1/02201226343?caseid=7'>1</a></td>\
    <td>Chapter 11 Voluntary Petition (Entered: 10/19/2017)</td></tr>";

fn page(dates: &str, parties: &str, table: &str) -> String {
    format!(
        "{HEADING}<table><tr><td><i>Assigned to:</i> Judge Doe<br>Chapter 11<br><i>Debtor disposition:</i> None</td>\
         <td><table><tr><td><i>Date filed:</i></td><td>10/19/2017</td></tr>{dates}</table></td></tr></table>\
         <table>{parties}</table>{table}<br></body></html>"
    )
}

const DEBTOR: &str = "<tr><td><i><b>Debtor</b></i><br><b>Bread & Roses, Inc.</b><br>1 Sample Street<br>Tax ID / EIN: 00-0000000\
    <br><i><b>fka</b></i><br><b>Roses Company</b></td><td>represented by</td><td><b>A Lawyer</b></td></tr>\
    <tr><td><i><b>U.S. Trustee</b></i><br><b>Poe</b></td><td>&nbsp;</td><td>&nbsp;</td></tr>";

fn rows(headers: &str, rows: &str) -> String {
    format!("<table border=1>{headers}{rows}</table>")
}

#[test]
fn a_debtor_who_was_discharged_is_still_the_debtor() {
    let read = |dates: &str| pacer_page(&page(dates, DEBTOR, &rows(THREE, PETITION))).unwrap();
    let before = read("");
    let after = read(
        "<tr><td><i>Debtor discharged:</i></td><td>07/02/2026</td></tr>\
         <tr><td><i>Joint debtor dismissed:</i></td><td>07/03/2026</td></tr>",
    );
    for document in [&before, &after] {
        assert_eq!(document.entries[0].fields["caption"], "Bread & Roses, Inc.");
        assert_eq!(
            document.entries[0].fields["parties"], "Debtor: Bread & Roses, Inc.; fka Roses Company",
            "no address, no number, no counsel, no trustee"
        );
    }
    check_events(&before, &after, &[]);
}

#[test]
fn parties_are_the_case_s_and_a_new_one_is_no_change_of_its_entries() {
    let joined = format!("{DEBTOR}<tr><td><i><b>Petitioning Creditor</b></i><br><b>Roe LLC</b></td></tr>");
    let read = |parties: &str| pacer_page(&page("", parties, &rows(THREE, PETITION))).unwrap();
    let after = read(&joined);
    assert!(after.entries[0].fields["parties"].ends_with("\nPetitioning Creditor: Roe LLC"));
    check_events(&read(DEBTOR), &after, &[]);
}

#[test]
fn an_adversary_proceeding_is_known_by_the_case_that_leads_and_by_its_sides() {
    let adversary = |lead: &str| {
        let page = page("", "", &rows(THREE, PETITION))
            .replace("Bankruptcy Petition", "Adversary Proceeding")
            .replace("<i>Debtor disposition:</i> None", lead);
        let sides = "<table><tr><td><b>Plaintiff<br>---------</b></td></tr><tr><td><b>Bread & Roses</b><br>1 Sample Street</td>\
            <td>represented by</td><td>A Lawyer</td></tr><tr><td>V.</td></tr>\
            <tr><td><i><b>Defendant</b></i><br>--------<br><b>Roe GmbH</b></td></tr></table>";
        pacer_page(&page.replace("<table></table>", sides)).unwrap().entries.remove(0)
    };
    let led = adversary("<i>Lead BK Case:</i> 17-00001<br><i>Lead BK Title:</i> Sample Holdings, Inc.");
    assert_eq!(led.fields["caption"], "Sample Holdings, Inc. - Adversary Proceeding");
    assert_eq!(led.fields["parties"], "Plaintiff: Bread & Roses\nDefendant: Roe GmbH");
    assert_eq!(adversary("").fields["caption"], "Bread & Roses v. Roe GmbH");
}

#[test]
fn a_table_within_an_entry_is_a_part_of_what_it_says() {
    let nested = "<tr><td>10/21/2017</td><td></td><td>2</td><td>Notice of prior filings \
        <table><tr><th>Filing Date</th><th>#</th><th>Docket Text</th></tr>\
        <tr><td>10/01/2015</td><td>1</td><td>Bread & Roses, 15-00001</td></tr></table> (Admin) (Entered: 10/21/2017)</td></tr>";
    let order = "<tr><td>10/22/2017</td><td></td><td>3</td><td>ORDER granting the motion</td></tr>";
    let read = |parts: &[&str]| pacer_page(&page("", DEBTOR, &rows(THREE, &parts.concat()))).unwrap();
    let document = read(&[PETITION, nested, order]);
    assert_eq!(document.entries.len(), 3);
    assert!(document.entries[1].fields["text"].contains("Bread & Roses, 15-00001 (Admin)"));
    check_events(&read(&[PETITION, order]), &document, &[("2:17-bk-05481/2", DocketEvent::New)]);
}

#[test]
fn a_court_may_leave_out_the_column_of_numbers() {
    let two = "<tr><td>10/19/2017</td><td>Chapter 11 Voluntary Petition (Entered: 10/19/2017)</td></tr>\
        <tr><td>10/20/2017</td><td>Receipt of filing fee</td></tr>";
    let entries = pacer_page(&page("", DEBTOR, &rows(TWO, two))).unwrap().entries;
    let said: Vec<(&str, &str)> =
        entries.iter().map(|entry| (entry.key.as_str(), entry.fields["text"].as_str())).collect();
    assert_eq!(
        said,
        [
            ("2:17-bk-05481/2017-10-19", "Chapter 11 Voluntary Petition (Entered: 10/19/2017)"),
            ("2:17-bk-05481/2017-10-20", "Receipt of filing fee"),
        ]
    );
    let short = "<tr><td>10/19/2017</td><td>1</td><td>Chapter 11 Voluntary Petition</td></tr>";
    let entries = pacer_page(&page("", DEBTOR, &rows(THREE, short))).unwrap().entries;
    assert_eq!((entries[0].fields["number"].as_str(), entries.len()), ("1", 1));
}

#[test]
fn a_row_that_is_no_entry_we_know_holds_the_read() {
    for row in [
        "<tr><td>10/20/2017</td></tr>",
        "<tr><td>10/20/2017</td><td></td><td>2</td><td>Order</td><td>of the court</td></tr>",
    ] {
        let read = pacer_page(&page("", DEBTOR, &rows(THREE, &format!("{PETITION}{row}"))));
        assert!(
            matches!(&read, Err(Unreadable::Unexpected { found, .. }) if found.contains("10/20/2017")),
            "{row}: {read:?}"
        );
    }
}

#[test]
fn that_none_of_a_docket_s_entries_were_asked_for_is_an_answer() {
    let words = "<h2><b>There are proceedings for case 2:17-bk-05481-abc7 but none satisfy the selection criteria.</b></h2>";
    let document = pacer_page(&page("", DEBTOR, words)).unwrap();
    assert!(document.entries.is_empty() && document.is_honestly_empty);
    assert_eq!(document.completeness, Completeness::Window);
    let silent = pacer_page(&page("", DEBTOR, "<h2>Session expired</h2>"));
    assert!(matches!(silent, Err(Unreadable::Missing { .. })));
    let quoted =
        rows(THREE, &PETITION.replace("Chapter 11", "proceedings but none satisfy the selection criteria"));
    assert!(!pacer_page(&page("", DEBTOR, &quoted)).unwrap().is_honestly_empty);
}

#[test]
fn a_document_may_be_known_by_its_place_alone() {
    let old = PETITION
        .replace("/doc1/02201226343?caseid=7", "/cgi-bin/show_doc.pl?caseid=7&de_seq_num=10&doc_num=1");
    let entries = pacer_page(&page("", DEBTOR, &rows(THREE, &old))).unwrap().entries;
    assert!(
        entries[0].fields["links"].starts_with("document 1\thttps://ecf.sample.test/cgi-bin/show_doc.pl?")
    );
}
