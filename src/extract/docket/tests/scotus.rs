use super::*;

const JSON: &str = r#"{"CaseNumber":"31-204 ","bCapitalCase":false,"sJsonCreationDate":"05/05/2032",
    "PetitionerTitle":"Bread & Roses, Inc., Petitioner","RespondentTitle":"Federal Sample Commission, et al.",
    "DocketedDate":"April 3, 2032","ProceedingsandOrder":[
    {"Date":"Apr 01 2032","Text":"Petition for a writ of certiorari filed. (Response due May 3, 2032)","Links":[
        {"Description":"Petition","File":"p.pdf","DocumentUrl":"https://court.sample.test/DocketPDF/31/31-204/100001/p.pdf"},
        {"Description":"","File":"q.pdf","DocumentUrl":"/DocketPDF/31/31-204/100001/q.pdf"}]},
    {"Date":"May 05 2032","Text":"Brief amicus curiae of Roe LLC filed.","Links":null},
    {"Date":"May 05 2032","Text":"Waiver of right of respondent to respond filed."},
    {"Date":"Oct 04 2032","Text":"Petition DENIED. <a href='/opinions/31-204.pdf'>Statement</a> of Justice Doe."}],
    "Petitioner":[{"Attorney":"A. Lawyer","Phone":"1","PartyName":"Bread & Roses, Inc."},{"Attorney":"B. Lawyer","PartyName":"Bread & Roses, Inc."}],
    "Respondent":[{"Attorney":"C. Lawyer","PartyName":null},{"Attorney":"D. Lawyer","PartyName":"Federal Sample Commission"}],
    "Other":[{"Attorney":"E. Lawyer","PartyName":"Roe LLC"}]}"#;

fn read(body: &str) -> Result<Document, Unreadable> {
    read_at(scotus, body, "https://court.sample.test/rss/cases/JSON/31-204.json")
}

fn said(document: &Document) -> Vec<(&str, &str)> {
    let entries = document.entries.iter();
    entries.map(|entry| (entry.fields["filed"].as_str(), entry.fields["text"].as_str())).collect()
}

#[test]
fn an_answer_in_json_is_read_whole() {
    let document = read(JSON).unwrap();
    assert_eq!((document.completeness, document.resemblance), (Completeness::Whole, Resemblance::DayAndText));
    assert_eq!(document.entries.len(), 4);
    check(
        &document.entries[0],
        "31-204/2032-04-01",
        &[
            ("caption", "Bread & Roses, Inc. v. Federal Sample Commission, et al."),
            ("docket", "31-204"),
            ("filed", "2032-04-01"),
            ("kind", "pleading"),
            (
                "links",
                "Petition\thttps://court.sample.test/DocketPDF/31/31-204/100001/p.pdf\n\
                 document\thttps://court.sample.test/DocketPDF/31/31-204/100001/q.pdf",
            ),
            ("parties", "Petitioner: Bread & Roses, Inc.\nRespondent: Federal Sample Commission"),
            ("text", "Petition for a writ of certiorari filed. (Response due May 3, 2032)"),
        ],
    );
    let denied = &document.entries[3];
    assert_eq!(denied.fields["text"], "Petition DENIED. Statement of Justice Doe.");
    assert_eq!(denied.fields["kind"], "order");
    assert_eq!(denied.fields["links"], "Statement\thttps://court.sample.test/opinions/31-204.pdf");
    assert_eq!(
        document.entries[1].url.as_deref(),
        Some("https://court.sample.test/search.aspx?filename=/docket/docketfiles/html/public/31-204.html")
    );
}

#[test]
fn what_becomes_of_a_case_is_told_entry_by_entry() {
    let before = read(JSON).unwrap();
    let more = JSON.replace("\"Petitioner\":[", "\"x\":1,\"Petitioner\":[");
    let granted = more.replace(
        "{\"Date\":\"Oct 04",
        "{\"Date\":\"Sep 29 2032\",\"Text\":\"DISTRIBUTED for Conference.\"},{\"Date\":\"Oct 04",
    );
    check_events(&before, &read(&granted).unwrap(), &[("31-204/2032-09-29", DocketEvent::New)]);
    let attached = JSON.replace(
        "\"Text\":\"Brief amicus curiae of Roe LLC filed.\",\"Links\":null",
        "\"Text\":\"Brief amicus curiae of Roe LLC filed.\",\"Links\":[{\"Description\":\"Main Document\",\"DocumentUrl\":\"/DocketPDF/31/31-204/100002/b.pdf\"}]",
    );
    check_events(&before, &read(&attached).unwrap(), &[("31-204/2032-05-05", DocketEvent::DocumentAttached)]);
    let stamped = JSON.replace("05/05/2032", "06/05/2032").replace("A. Lawyer", "F. Lawyer");
    check_events(&before, &read(&stamped).unwrap(), &[]);
}

/// The frame that the site puts around every docket, a page of its own within a cell.
fn framed(body: &str) -> String {
    format!(
        "<html><head><title>Search Results</title></head><body><div><ul><li><a href='/about'>About</a></li></ul></div>\
         <table width='95%'><tr><td><HTML><HEAD><TITLE>Docket for 31-204</TITLE></HEAD><BODY>{body}</BODY></HTML></td></tr></table>\
         <div>Contact</div></body></html>"
    )
}

#[test]
fn a_page_of_proceedings_in_one_table_is_read_whole() {
    let page = framed(
        "<table id='docketinfo'><tr><td colspan=2><span class='DocketInfoTitle'>No. 31A12 &nbsp;<br></span></td></tr>\
         <tr><td><span>Title:</span></td><td><span class='title'>Bread &amp; Roses, Inc., Applicant<br> v. <br>Roe</span></td></tr>\
         <tr><td>Docketed:</td><td>April 3, 2032</td></tr><tr><td>Linked with 31-204</td><td></td></tr></table>\
         <table id='proceedings'><tr><td>Date</td><td>Proceedings and Orders</td></tr><span>\
         <tr><td>Apr 01 2032</td><td>Application (31A12) to extend the time.</td></tr>\
         <tr><td class=borderbttm></td><td class=borderbttm><span class='documentlinks'><a href='/DocketPDF/31/31A12/1/a.pdf'>Main Document</a></span></td></tr>\
         <tr><td>Apr 04 2032</td><td>Application (31A12) granted by Justice Doe.</td></tr>\
         <tr><td class=borderbttm></td><td class=borderbttm></td></tr></span></table>\
         <table id='Contacts'><tr><td>NAME</td><td>ADDRESS</td><td>PHONE</td></tr><tr><td colspan=3>Attorneys for Petitioners</td></tr>\
         <tr><td>A. Lawyer</td><td>1 Sample Street</td><td>1</td></tr><tr><td colspan=3>Party name: Bread &amp; Roses, Inc.</td></tr>\
         <tr><td colspan=3>Other</td></tr><tr><td colspan=3>Party name: Poe</td></tr></table>",
    );
    let document = read(&page).unwrap();
    assert_eq!(
        said(&document),
        [
            ("2032-04-01", "Application (31A12) to extend the time."),
            ("2032-04-04", "Application (31A12) granted by Justice Doe."),
        ]
    );
    let first = &document.entries[0];
    assert_eq!((first.key.as_str(), first.fields["docket"].as_str()), ("31A12/2032-04-01", "31A12"));
    assert_eq!(first.fields["caption"], "Bread & Roses, Inc., Applicant v. Roe");
    assert_eq!(first.fields["parties"], "Petitioner: Bread & Roses, Inc.");
    assert_eq!(first.fields["links"], "Main Document\thttps://court.sample.test/DocketPDF/31/31A12/1/a.pdf");
    assert!(!document.entries[1].fields.contains_key("links"));
}

#[test]
fn a_page_of_cards_is_read_whole() {
    let card = |date: &str, text: &str, papers: &str| {
        format!(
            "<div class='card'><table class='ProceedingItem'><tbody><tr><td class='ProceedingDate'>{date}</td>\
             <td>{text} <br><span class='documentlinks'>{papers}</span></td></tr></tbody></table></div>"
        )
    };
    let page = framed(&format!(
        "<table id='docketinfo'><tbody><tr><td colspan=2>No. 31-204</td></tr><tr><td>Title:</td>\
         <td>In Re Bread &amp; Roses, Inc., Petitioner</td></tr><tr><td>Docketed:</td><td>April 3, 2032</td></tr></tbody></table>\
         <div id='proceedings'><div class='coloredheader'>Proceedings and Orders</div>{}{}</div>\
         <div id='Contacts'><div class='card-heading'>Attorneys for Respondents</div>\
         <div>D. Lawyer<br><span class='partyname'>Party name: Roe</span><br></div></div>",
        card("Apr 01 2032", "Petition filed.", "<a href='/a.pdf'>Petition</a><a href='/b.pdf'>Appendix</a>"),
        card("Jan 23 2033", "Writ DISMISSED. <a href='/opinions/c.pdf'>Opinion</a> per curiam.", ""),
    ));
    let document = read(&page).unwrap();
    assert_eq!(
        said(&document),
        [("2032-04-01", "Petition filed."), ("2033-01-23", "Writ DISMISSED. Opinion per curiam.")]
    );
    assert_eq!(
        document.entries[0].fields["links"],
        "Petition\thttps://court.sample.test/a.pdf\nAppendix\thttps://court.sample.test/b.pdf"
    );
    assert_eq!(document.entries[1].fields["links"], "Opinion\thttps://court.sample.test/opinions/c.pdf");
    assert_eq!(document.entries[0].fields["caption"], "In Re Bread & Roses, Inc.");
    assert_eq!(document.entries[0].fields["parties"], "Respondent: Roe");
}

#[test]
fn a_page_drawn_with_tildes_is_read_whole() {
    let page = framed(
        "<TABLE BORDER=0><TR><TD>No. 31-204 </TD><TD>Status: </TD><TD>DECIDED   </TD></TR>\
         <TR><TD></TD><TD>Title: </TD><TD>Bread &amp; Roses, Inc., Petitioner</TD></TR><TR><TD></TD><TD></TD><TD>v.</TD></TR>\
         <TR><TD></TD><TD></TD><TD>Roe, et al.</TD></TR><TR><TD>Docketed:&nbsp;&nbsp;</TD><TD>Lower Ct:</TD><TD>Court of Sample</TD></TR>\
         <TR><TD>May 8, 2032       </TD><TD></TD><TD>(A1)</TD></TR></TABLE>\
         <TABLE BORDER=0><TR><TD>~~Date~~~~~~&nbsp;</TD><TD>~~~~Proceedings&nbsp;and&nbsp;Orders~~~~~~</TD></TR>\
         <TR><TD>Apr 30 2032</TD><TD>Petition for writ of certiorari and motion to proceed in    </TD></TR>\
         <TR><TD>           </TD><TD>    forma pauperis filed.                 </TD></TR>\
         <TR><TD>Oct  7 2032</TD><TD>    Petition DENIED.</TD></TR>\
         <TR><TD>           </TD><TD>    **************************          </TD></TR>\
         <TR><TD>Oct 26 2032</TD><TD>Petition for rehearing filed.</TD></TR><TR><TD>&nbsp;</TD><TD></TD></TR></TABLE>\
         <TABLE><TR><TD>~~Name~~~&nbsp;</TD><TD>~~Address~~</TD><TD>~~Phone~~~</TD></TR><TR><TD>Attorneys for Petitioner:</TD><TD></TD><TD></TD></TR>\
         <TR><TD>A. Lawyer</TD><TD>1 Sample Street</TD><TD></TD></TR><TR><TD></TD><TD>Sample City</TD><TD></TD></TR>\
         <TR><TD COLSPAN=3>Party name: Bread &amp; Roses, Inc.</TD></TR></TABLE>",
    );
    let document = read(&page).unwrap();
    assert_eq!(
        said(&document),
        [
            ("2032-04-30", "Petition for writ of certiorari and motion to proceed in forma pauperis filed."),
            ("2032-10-07", "Petition DENIED."),
            ("2032-10-26", "Petition for rehearing filed."),
        ]
    );
    assert_eq!(document.entries[0].fields["caption"], "Bread & Roses, Inc. v. Roe, et al.");
    assert_eq!(document.entries[0].fields["parties"], "Petitioner: Bread & Roses, Inc.");
}

#[test]
fn what_is_no_docket_or_not_all_of_one_is_refused() {
    for body in ["", "{}", "<html><body><h1>Page Not Found</h1></body></html>", &JSON[..JSON.len() / 2]] {
        assert!(read(body).is_err(), "{body}");
    }
    assert!(read(&JSON.replace("ProceedingsandOrder", "Proceedings")).is_err());
    let table = "<table><tr><td>No. 31-204</td></tr></table><table><tr><td>Date</td><td>Proceedings and Orders</td></tr>\
        <tr><td>Apr 30 2032</td><td>One</td></tr><tr><td>Oct 07 2032</td><td>Two</td></tr></table>";
    let page = framed(table);
    assert!(read(&page).is_ok());
    for cut in ["Two", "Oct 07", "One"] {
        assert!(read(&page[..page.find(cut).unwrap()]).is_err(), "cut at {cut}");
    }
    let odd = page.replace("<td>Two</td>", "<td>Two</td><td>Three</td>");
    assert!(matches!(read(&odd), Err(Unreadable::Unexpected { found, .. }) if found.contains("Oct 07 2032")));
    let settings = DocketSettings { dockets: vec!["31-205".to_owned()], ..DocketSettings::default() };
    let url = "https://court.sample.test/31-204.json".parse().unwrap();
    assert!(
        scotus(&settings, &RawDocument { body: JSON.as_bytes(), content_type: None, url: &url }).is_err()
    );
}
