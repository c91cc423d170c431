//! Bodies in the true structure of each kind of source, as many rows and bytes as are wanted. Their content is made up.

use std::io::{Cursor, Write as _};

use regwatch::domain::source::{
    NoticeSettings, PageTextSettings, Pairs, RowSettings, RulesSettings, Source, SourceKind, XlsxSettings,
};
use serde_json::{Value, json};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::proxy::Reply;

/// Whom the added row names.
pub const TRACKED: &str = "Hangzhou Hikvision Digital Technology Co., Ltd.";

/// How large, and whether a row that names a tracked company is there as well.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub rows: usize,
    pub bytes: usize,
    pub has_tracked: bool,
}

impl Size {
    /// The parties, the tracked one last.
    fn parties(self) -> impl Iterator<Item = (usize, String)> {
        let tracked = self.has_tracked.then(|| TRACKED.to_owned());
        (0..self.rows).map(party).chain(tracked).enumerate().map(|(number, name)| (number + 1, name))
    }

    /// What each row says beside the rest, so that all of them have the bytes.
    fn remark(self, number: usize, used: usize) -> String {
        let room = (self.bytes / self.rows.max(1)).saturating_sub(used);
        let mut text = format!("Note {number}");
        while text.len() < room {
            text.push_str(" timber and grain");
        }
        text
    }
}

/// A party that nobody tracks, its letters unlike those of any company: comparing names is not what is tested here.
pub fn party(number: usize) -> String {
    const SYLLABLES: [&str; 10] = ["vy", "xy", "qy", "jy", "yv", "yx", "yq", "yj", "vx", "qj"];
    let word: String =
        format!("{number:06}").bytes().map(|digit| SYLLABLES[usize::from(digit - b'0')]).collect();
    format!("Vyx {word}")
}

fn csv_row(cells: &[String], delimiter: char) -> String {
    let quoted: Vec<String> = cells.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect();
    quoted.join(&delimiter.to_string()) + "\r\n"
}

/// A table with these headers; `cell` says what stands under each for a party, and what has room for a remark.
fn csv(size: Size, headers: &[&str], delimiter: char, cell: impl Fn(&str, usize, &str) -> String) -> String {
    let mut text = headers.join(&delimiter.to_string()) + "\r\n";
    for (number, name) in size.parties() {
        let mut cells: Vec<String> = headers.iter().map(|header| cell(header, number, &name)).collect();
        let used = cells.iter().map(|cell| cell.len() + 3).sum();
        if let Some(room) = cells.iter().position(|cell| cell == REMARK) {
            cells[room] = size.remark(number, used);
        }
        text.push_str(&csv_row(&cells, delimiter));
    }
    text
}

/// Stands where a remark goes.
const REMARK: &str = "\u{1}";

const UK: [&str; 12] = [
    "Last Updated",
    "Unique ID",
    "OFSI Group ID",
    "UN Reference Number",
    "Name 6",
    "Name 1",
    "Name type",
    "Regime Name",
    "Individual, Entity, Ship",
    "Other Information",
    "Date Designated",
    "Address Line 1",
];

fn uk(size: Size) -> String {
    let one = |header: &str, number: usize, name: &str, kind: &str, other: &str| match header {
        "Unique ID" => format!("RUS{number:05}"),
        "OFSI Group ID" => format!("{}", 10_000 + number),
        "Name 6" => name.to_owned(),
        "Name type" => kind.to_owned(),
        "Regime Name" => "The Timber Regulations".to_owned(),
        "Individual, Entity, Ship" => "Entity".to_owned(),
        "Last Updated" | "Date Designated" => "01/02/2023".to_owned(),
        "Other Information" => other.to_owned(),
        _ => String::new(),
    };
    let mut text = format!("Report Date: 21-Sep-2026\r\n{}\r\n", UK.map(|h| format!("\"{h}\"")).join(","));
    let room = size.bytes / size.rows.max(1);
    for (number, name) in size.parties() {
        // A line for each of its names, the remark in all of them.
        for (line, kind) in ["Primary Name", "Alias", "Primary Name Variation"].into_iter().enumerate() {
            let name = if line == 0 { name.clone() } else { format!("{name} {line}") };
            let remark = Size { rows: 1, bytes: room / 3, ..size }.remark(number, 200);
            let cells = UK.map(|header| one(header, number, &name, kind, &remark));
            text.push_str(&csv_row(&cells, ','));
        }
    }
    text
}

const EU: [&str; 9] = [
    "fileGenerationDate",
    "Entity_LogicalId",
    "Entity_EU_ReferenceNumber",
    "Entity_Remark",
    "Entity_SubjectType",
    "Entity_Regulation_Programme",
    "Entity_Regulation_PublicationDate",
    "NameAlias_WholeName",
    "Address_City",
];

fn eu(size: Size) -> String {
    let cell = |header: &str, number: usize, name: &str| match header {
        "fileGenerationDate" => "18/09/2026".to_owned(),
        "Entity_LogicalId" => number.to_string(),
        "Entity_EU_ReferenceNumber" => format!("EU.{number}.1"),
        "Entity_Remark" => REMARK.to_owned(),
        "Entity_SubjectType" => "E".to_owned(),
        "Entity_Regulation_Programme" => "TIM".to_owned(),
        "Entity_Regulation_PublicationDate" => "2023-02-01".to_owned(),
        "NameAlias_WholeName" => name.to_owned(),
        _ => "Brno".to_owned(),
    };
    format!("\u{feff}{}", csv(size, &EU, ';', cell))
}

const CSL: [&str; 26] = [
    "_id",
    "source",
    "entity_number",
    "type",
    "programs",
    "name",
    "title",
    "addresses",
    "federal_register_notice",
    "start_date",
    "end_date",
    "standard_order",
    "license_requirement",
    "license_policy",
    "call_sign",
    "vessel_type",
    "gross_tonnage",
    "gross_registered_tonnage",
    "vessel_flag",
    "vessel_owner",
    "remarks",
    "alt_names",
    "citizenships",
    "dates_of_birth",
    "nationalities",
    "ids",
];

fn csl(size: Size) -> String {
    csv(size, &CSL, ',', |header, number, name| match header {
        "_id" => format!("{number:064x}"),
        "source" => {
            let lists = ["Entity List (EL) - Bureau of Industry and Security", "Unverified List (UVL)"];
            lists[number % 2].to_owned()
        }
        "entity_number" => number.to_string(),
        "name" => name.to_owned(),
        "start_date" => "2023-02-01".to_owned(),
        "remarks" => REMARK.to_owned(),
        "programs" => "TIM".to_owned(),
        _ => String::new(),
    })
}

fn dpl(size: Size) -> String {
    let headers = [
        "Name_and_Address",
        "Effective_Date",
        "Expiration_Date",
        "Type of Denial",
        "Appropriate Federal Register Citations",
    ];
    let rows = csv(size, &headers, ',', |header, number, name| match header {
        "Name_and_Address" => format!("{name}, {number} ELM STREET, SPRINGFIELD, , US, "),
        "Effective_Date" => "01/02/2023".to_owned(),
        "Expiration_Date" => "01/02/2043".to_owned(),
        "Type of Denial" => "Standard".to_owned(),
        _ => REMARK.to_owned(),
    });
    format!("\u{feff}{rows}")
}

/// The list and, by their names, the files beside it.
fn ofac(source: &Source, size: Size) -> Vec<(String, Reply)> {
    let mut list = String::new();
    let (mut addresses, mut names) = (String::new(), String::new());
    for (number, name) in size.parties() {
        let remark = size.remark(number, 80);
        list.push_str(&format!(
            "{number},\"{name}\",-0- ,\"TIM\",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,\"{remark}.\"\r\n"
        ));
        addresses.push_str(&format!(
            "{number},{number},\"{number} Elm Street\",\"Springfield\",\"Portland\",-0- \r\n"
        ));
        names.push_str(&format!("{number},{number},\"aka\",\"{name} No. 2\",-0- \r\n"));
    }
    let prefix = if source.url.path().ends_with("SDN.CSV") { "" } else { "cons_" };
    let comments = if prefix.is_empty() { "sdn_comments.csv" } else { "cons_comments.csv" };
    let beside = |file: &str| source.url.join(file).unwrap().to_string();
    let csv = |body: String| Reply::of("text/csv", body + "\u{1a}");
    vec![
        (source.url.to_string(), csv(list)),
        (beside(&format!("{prefix}add.csv")), csv(addresses)),
        (beside(&format!("{prefix}alt.csv")), csv(names)),
        (beside(comments), csv("1,\"and more of it.\"\r\n".to_owned())),
    ]
}

fn un(size: Size) -> String {
    let entity = |(number, name): (usize, String)| {
        let remark = size.remark(number, 400);
        format!(
            "<ENTITY><DATAID>{number}</DATAID><VERSIONNUM>1</VERSIONNUM><FIRST_NAME>{name}</FIRST_NAME>\
             <UN_LIST_TYPE>TIM</UN_LIST_TYPE><REFERENCE_NUMBER>TIe.{number:04}</REFERENCE_NUMBER>\
             <LISTED_ON>2023-02-01</LISTED_ON><COMMENTS1>{remark}</COMMENTS1></ENTITY>\n"
        )
    };
    let entities: String = size.parties().map(entity).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<CONSOLIDATED_LIST dateGenerated=\"2026-10-04T00:00:00Z\">\
         <INDIVIDUALS></INDIVIDUALS><ENTITIES>{entities}</ENTITIES></CONSOLIDATED_LIST>"
    )
}

fn html(title: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html><html lang=\"en\"><head><title>{title}</title></head><body><main>{body}</main></body></html>"
    )
}

fn covered(size: Size) -> String {
    let row = |(number, name): (usize, String)| {
        format!(
            "<tr><td>Timber equipment produced by <strong>{name}</strong>, {}</td><td>March 12, 2021</td></tr>\n",
            size.remark(number, 200)
        )
    };
    let rows: String = size.parties().map(row).collect();
    html(
        "List of Equipment and Services Covered By Section 2 of The Secure Networks Act",
        &format!(
            "<div id=\"covered-list\"><table><tr><th>Covered Equipment or Services*</th>\
             <th>Date of Inclusion on Covered List</th></tr>\n{rows}</table></div>"
        ),
    )
}

fn uflpa(size: Size) -> String {
    let row = |(number, name): (usize, String)| {
        format!("<tr><td>{name} (and one alias: {name} No. {number})</td><td>June 21, 2022</td></tr>\n")
    };
    let rows: Vec<String> = size.parties().map(row).collect();
    let table = |header: &str, rows: &[String]| {
        format!(
            "<h2>A list of entities: {header}</h2><table><thead><tr><th>{header}</th><th>Effective Date</th></tr>\
             </thead><tbody>{}</tbody></table>",
            rows.concat()
        )
    };
    let (first, second) = rows.split_at(size.rows / 2);
    let remark = Size { rows: 1, ..size }.remark(0, rows.concat().len());
    html(
        "UFLPA Entity List",
        &format!(
            "<div class=\"field--name-body\">{}{}</div><aside><p>{remark}</p></aside>",
            table("Name of Entity", first),
            table("Entity Name", second)
        ),
    )
}

/// The beginning of an element that a simple selector means, and its end.
fn element(selector: &str) -> (String, String) {
    match selector.split_at(1) {
        (".", class) => (format!("<div class=\"{class}\">"), "</div>".to_owned()),
        ("#", id) => (format!("<div id=\"{id}\">"), "</div>".to_owned()),
        _ => (format!("<{selector}>"), format!("</{selector}>")),
    }
}

fn page_text(settings: &PageTextSettings, size: Size) -> String {
    let paragraph = |(number, name): (usize, String)| {
        format!("<h3>Section {number}</h3><p>{name} may not be dealt with. {}</p>", size.remark(number, 90))
    };
    let said: String = size.parties().map(paragraph).collect();
    let kept = settings.keep.iter().map(|selector| element(selector));
    let body: String = kept.map(|(open, close)| format!("{open}{said}{close}")).collect();
    format!("<!DOCTYPE html><html lang=\"en\"><head><title>A page</title></head><body>{body}</body></html>")
}

fn feed(size: Size) -> String {
    let item = |(number, name): (usize, String)| {
        format!(
            "<item><title>{name} and others</title><link>https://docs.agency.test/{number}</link>\
             <guid>https://docs.agency.test/{number}</guid><description>Notice of {name}</description>\
             <pubDate>Tue, {:02} Jun 2026 10:00:00 GMT</pubDate></item>\n",
            1 + number % 28
        )
    };
    let items: String = size.parties().map(item).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\"><channel><title>News</title>\
         <link>https://agency.test/</link><description>What is new</description>{items}</channel></rss>"
    )
}

fn court(size: Size) -> String {
    let item = |(number, name): (usize, String)| {
        format!(
            "<item><title>26-{number:04} {name} v. FCC</title><link>https://ecf.sample.test/x?caseNum=26-{number:04}</link>\
             <description>[Order Filed (CLERK)] (&lt;a href='https://ecf.sample.test/docs1/0121840{number:04}'>Document&lt;/a>)</description>\
             <guid isPermaLink='true'>https://ecf.sample.test/x?caseNum=26-{number:04}&amp;partId=9{number:05}</guid>\
             <pubDate>Fri, 27 Nov 2026 11:57:38 EST</pubDate></item>\n"
        )
    };
    let items: String = size.parties().map(item).collect();
    format!(
        "<?xml version='1.0' encoding='ISO-8859-1'?>\n<rss version='2.0'><channel><title>Court</title>\
         <description>Docket entries of type: orders</description>{items}</channel></rss>"
    )
}

fn register(size: Size) -> Value {
    let document = |(number, name): (usize, String)| {
        json!({
            "document_number": format!("2026-{number:05}"), "title": format!("Listing of {name}"), "type": "Rule",
            "abstract": format!("The agency lists {name}."), "action": "Final rule.",
            "agencies": [{ "raw_name": "AGENCY OF WIRES", "name": "Wires Agency", "id": 1, "slug": "wires" }],
            "publication_date": "2026-06-10", "effective_on": null, "comments_close_on": null,
            "correction_of": null, "corrections": [], "docket_ids": ["Docket No. 26-1", format!("RIN {number}")],
            "citation": format!("91 FR {number}"), "dates": "This rule is effective December 1, 2026.",
            "html_url": format!("https://www.federalregister.gov/d/2026-{number:05}"),
            "pdf_url": format!("https://www.govinfo.gov/content/pkg/FR-2026-06-10/pdf/2026-{number:05}.pdf"),
        })
    };
    let documents: Vec<Value> = size.parties().map(document).collect();
    json!({
        "description": "Documents", "count": documents.len(), "total_pages": 1, "results": documents,
    })
}

fn notice(settings: &NoticeSettings, size: Size) -> String {
    let companies: String = size.parties().map(|(_, name)| format!("{name} (Vyx)\n\n")).collect();
    let end = settings.before.first().map_or("Dated:", String::as_str);
    format!(
        "<html><body><pre>[Federal Register Volume 91]\n\nSUMMARY: The list is published {}\n\n{companies}\n\n\
         Old Oak Ltd. {end} the list.\n\n    Dated: June 5, 2026.\n[FR Doc. 2026-11571]\n</pre></body></html>",
        settings.after
    )
}

/// The full text of a rule as XML: a table with the columns of the list it amends, in the markup of the Federal Register.
fn rule(parties: &[(usize, String)]) -> String {
    let row = |(number, name): &(usize, String)| {
        format!(
            "<ROW><ENT I=\"22\"> </ENT><ENT>{name}, {number} Elm Street, Freetown.</ENT><ENT>For all items subject to the \
             EAR.</ENT><ENT>Presumption of denial.</ENT><ENT>91 FR [INSERT FR PAGE NUMBER], 6/10/26.</ENT></ROW>\n"
        )
    };
    let rows: String = parties.iter().map(row).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<RULE><PREAMB><AGENCY TYPE=\"S\">DEPARTMENT OF COMMERCE</AGENCY>\
         <SUBJECT>Additions to the Entity List</SUBJECT></PREAMB><SUPLINF><HD SOURCE=\"HED\">SUPPLEMENTARY INFORMATION:</HD>\
         <P>The entities are added.</P></SUPLINF><REGTEXT TITLE=\"15\" PART=\"744\"><AMDPAR>2. Supplement No. 4 to part 744 is \
         amended by adding entries in alphabetical order.</AMDPAR><GPOTABLE COLS=\"5\" OPTS=\"L1,tp0,p1,8/9,i1\" \
         CDEF=\"xl50,r100,r50,r50,r50\"><BOXHD><CHED H=\"1\">Country</CHED><CHED H=\"1\">Entity</CHED><CHED H=\"1\">License \
         requirement</CHED><CHED H=\"1\">License review policy</CHED><CHED H=\"1\">Federal Register citation</CHED></BOXHD>\
         <ROW><ENT I=\"28\">*         *         *         *</ENT></ROW><ROW RUL=\"s\"><ENT I=\"01\">FREEDONIA</ENT></ROW>\n\
         {rows}<ROW><ENT I=\"28\">*         *         *         *</ENT></ROW></GPOTABLE></REGTEXT></RULE>"
    )
}

/// A search for rules and their texts. The text of a rule never changes: whom nobody named before stands in another one.
fn rules(source: &Source, settings: &RulesSettings, size: Size) -> Vec<(String, Reply)> {
    let known: Vec<_> = Size { has_tracked: false, ..size }.parties().collect();
    let mut texts = vec![("2026-11571", "2026-06-10", rule(&known))];
    if size.has_tracked {
        texts.push(("2026-22222", "2026-11-20", rule(&[(size.rows + 1, TRACKED.to_owned())])));
    }
    let place = |number: &str| {
        source.url.join(&format!("/documents/full_text/xml/{number}.xml")).unwrap().to_string()
    };
    let found = |(number, day, _): &(&str, &str, String)| {
        json!({ "document_number": number, "title": format!("Additions to the {}", settings.rules),
                "publication_date": day, "html_url": format!("https://www.federalregister.gov/d/{number}"),
                "full_text_xml_url": place(number) })
    };
    let results: Vec<Value> = texts.iter().map(found).collect();
    let search = json!({ "count": results.len(), "results": results }).to_string();
    let read = texts.iter().map(|(number, _, text)| (place(number), Reply::of("text/xml", text.clone())));
    read.chain([(source.url.to_string(), Reply::of("application/json", search))]).collect()
}

/// The headers that configured columns have.
fn headers(columns: &Pairs) -> Vec<&str> {
    columns.0.iter().map(|(header, _)| header.as_str()).collect()
}

/// What stands in a field of a row that an operator configured.
fn cell(rows: &RowSettings, field: &str, number: usize, name: &str) -> String {
    let title = rows.title.as_ref().or(rows.key.first()).map_or("", String::as_str);
    if title.split('|').any(|known| known == field) {
        name.to_owned()
    } else if let Some(first) = rows.first.get(field) {
        first.clone()
    } else if rows.date.as_deref() == Some(field) {
        "2023-02-01".to_owned()
    } else {
        format!("{field} {number}")
    }
}

fn generic_csv(settings: &regwatch::domain::source::CsvSettings, size: Size) -> String {
    let field_of =
        |header: &str| settings.columns.0.iter().find(|(known, _)| known == header).unwrap().1.clone();
    let above = "A line above the table\r\n".repeat(settings.skip_lines);
    let rows = csv(size, &headers(&settings.columns), settings.delimiter, |header, number, name| {
        cell(&settings.rows, &field_of(header), number, name)
    });
    above + &rows
}

fn generic_table(settings: &regwatch::domain::source::TableSettings, size: Size) -> String {
    let head: String = headers(&settings.columns).iter().map(|header| format!("<th>{header}</th>")).collect();
    let row = |(number, name): (usize, String)| {
        let cells = settings.columns.0.iter();
        let cells: String = cells
            .map(|(_, field)| format!("<td>{}</td>", cell(&settings.rows, field, number, &name)))
            .collect();
        format!("<tr>{cells}</tr>\n")
    };
    let rows: String = size.parties().map(row).collect();
    html("A list", &format!("<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"))
}

/// An XML document in which simple paths (`a/b`, `a/@b`) lead to entries and fields.
fn generic_xml(settings: &regwatch::domain::source::XmlSettings, size: Size) -> String {
    let path: Vec<&str> = settings.entries[0].split('/').filter(|step| !step.is_empty()).collect();
    let (entry, outer) = path.split_last().unwrap();
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    for step in outer {
        text.push_str(&format!("<{step}>"));
    }
    for (number, name) in size.parties() {
        let (mut attributes, mut elements) = (String::new(), String::new());
        for (field, paths) in &settings.fields.0 {
            let said = cell(&settings.rows, field, number, &name);
            let place = &paths[0];
            if let Some(attribute) = place.strip_prefix('@') {
                attributes.push_str(&format!(" {attribute}=\"{said}\""));
                continue;
            }
            let steps: Vec<&str> = place.split('/').collect();
            let opened: String = steps.iter().map(|step| format!("<{step}>")).collect();
            let closed: String = steps.iter().rev().map(|step| format!("</{step}>")).collect();
            elements.push_str(&format!("{opened}{said}{closed}"));
        }
        text.push_str(&format!("<{entry}{attributes}>{elements}</{entry}>\n"));
    }
    for step in outer.iter().rev() {
        text.push_str(&format!("</{step}>"));
    }
    text
}

/// JSON in which simple paths (`$.a.b[*]`, `$.c`, `$.d[*].e`) lead to entries and fields. Who is asked by POST says how
/// many there are in all.
fn generic_json(
    settings: &regwatch::domain::source::JsonSettings,
    is_asked_by_post: bool,
    size: Size,
) -> Value {
    let entry = |(number, name): (usize, String)| {
        let mut entry = serde_json::Map::new();
        for (field, paths) in &settings.fields.0 {
            // A name with a hyphen stands in brackets.
            let path = paths[0].replace("['", ".").replace("']", "");
            let path = path.trim_start_matches(['$', '.']);
            put(&mut entry, path, cell(&settings.rows, field, number, &name).into());
        }
        Value::Object(entry)
    };
    let entries: Vec<Value> = size.parties().map(entry).collect();
    let path = settings.entries.trim_start_matches('$').trim_start_matches('.').trim_end_matches("[*]");
    if path.is_empty() {
        return Value::Array(entries);
    }
    let mut whole = serde_json::Map::new();
    if is_asked_by_post {
        whole.insert("totalRecords".to_owned(), entries.len().into());
    }
    put(&mut whole, path, Value::Array(entries));
    Value::Object(whole)
}

/// Puts a value where a path leads; of a list (`a[*]`) it is in the first part.
fn put(object: &mut serde_json::Map<String, Value>, path: &str, value: Value) {
    let Some((first, rest)) = path.split_once('.') else {
        object.insert(path.to_owned(), value);
        return;
    };
    let inner = match first.strip_suffix("[*]") {
        Some(list) => &mut object.entry(list).or_insert_with(|| json!([{}]))[0],
        None => object.entry(first).or_insert_with(|| json!({})),
    };
    put(inner.as_object_mut().unwrap(), rest, value);
}

/// A workbook of one sheet, its texts inline.
fn spreadsheet(settings: &XlsxSettings, size: Size) -> Vec<u8> {
    let row = |cells: &[String]| {
        let cells: String =
            cells.iter().map(|cell| format!("<c t=\"inlineStr\"><is><t>{cell}</t></is></c>")).collect();
        format!("<row>{cells}</row>")
    };
    let headers: Vec<String> = headers(&settings.columns).iter().map(|&header| header.to_owned()).collect();
    let rows: String = size
        .parties()
        .map(|(number, name)| {
            let cells = settings.columns.0.iter();
            row(&cells.map(|(_, field)| cell_of(settings, field, number, &name)).collect::<Vec<_>>())
        })
        .collect();
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let package = "http://schemas.openxmlformats.org/package/2006";
    let office = "application/vnd.openxmlformats-officedocument.spreadsheetml";
    let files = [
        (
            "[Content_Types].xml",
            format!(
                "<Types xmlns=\"{package}/content-types\"><Default Extension=\"rels\" \
                 ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
                 <Override PartName=\"/xl/workbook.xml\" ContentType=\"{office}.sheet.main+xml\"/>\
                 <Override PartName=\"/xl/worksheets/sheet1.xml\" ContentType=\"{office}.worksheet+xml\"/></Types>"
            ),
        ),
        (
            "_rels/.rels",
            format!(
                "<Relationships xmlns=\"{package}/relationships\"><Relationship Id=\"rId1\" \
                 Type=\"{relations}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/workbook.xml",
            format!(
                "<workbook xmlns=\"{main}\" xmlns:r=\"{relations}\"><sheets><sheet name=\"List\" sheetId=\"1\" \
                 r:id=\"rId1\"/></sheets></workbook>"
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                "<Relationships xmlns=\"{package}/relationships\"><Relationship Id=\"rId1\" \
                 Type=\"{relations}/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/worksheets/sheet1.xml",
            format!("<worksheet xmlns=\"{main}\"><sheetData>{}{rows}</sheetData></worksheet>", row(&headers)),
        ),
    ];
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in files {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn cell_of(settings: &XlsxSettings, field: &str, number: usize, name: &str) -> String {
    if field == "reference" { number.to_string() } else { cell(&settings.rows, field, number, name) }
}

/// What stands before an answer that was observed to begin with a guard against scripts.
fn guard_against_scripts(source: &Source) -> String {
    let head = source.catalogue.observed.as_ref().and_then(|observed| observed.head.as_deref());
    head.filter(|head| *head == ")]}'").map_or_else(String::new, |head| format!("{head},\n"))
}

/// What the world answers for a source, at each of its addresses.
pub fn of(source: &Source, size: Size) -> Vec<(String, Reply)> {
    let url = source.url.to_string();
    let file = match &source.kind {
        SourceKind::Ofac => return ofac(source, size),
        SourceKind::FederalRegister(settings) => {
            let published = Reply::of("application/json", register(size).to_string());
            let none = json!({ "description": "Documents", "count": 0, "results": [] }).to_string();
            let inspection = settings.inspection.iter().map(ToString::to_string);
            let inspected = inspection.map(|url| (url, Reply::of("application/json", none.clone())));
            return inspected.chain([(url, published)]).collect();
        }
        SourceKind::RegisterNotice(settings) => {
            let text = source.url.join("/documents/full_text/text/2026/06/10/2026-11571.txt").unwrap();
            let found = json!({ "document_number": "2026-11571", "title": settings.notice,
                                "publication_date": "2026-06-10", "raw_text_url": text.as_str() });
            let search = json!({ "count": 1, "results": [found] }).to_string();
            // A notice never changes; another edition is another notice.
            let search = if size.has_tracked { search.replace("11571", "22222") } else { search };
            let text = if size.has_tracked { text.as_str().replace("11571", "22222") } else { text.into() };
            let read = Reply::of("text/plain", notice(settings, size));
            return vec![(url, Reply::of("application/json", search)), (text, read)];
        }
        SourceKind::RegisterRules(settings) => return rules(source, settings, size),
        SourceKind::Dpl => ("text/csv", dpl(size)),
        SourceKind::UkCsv => ("text/csv", uk(size)),
        SourceKind::Eu => ("application/octet-stream", eu(size)),
        SourceKind::Csl => ("text/csv", csl(size)),
        SourceKind::UnXml => ("application/xml", un(size)),
        SourceKind::FccCoveredList => ("text/html; charset=utf-8", covered(size)),
        SourceKind::Uflpa => ("text/html; charset=utf-8", uflpa(size)),
        SourceKind::PageText(settings) => ("text/html; charset=utf-8", page_text(settings, size)),
        SourceKind::Feed => ("application/rss+xml", feed(size)),
        SourceKind::CourtRss(_) => ("text/xml", court(size)),
        SourceKind::Csv(settings) => ("text/csv", generic_csv(settings, size)),
        SourceKind::HtmlTable(settings) => ("text/html; charset=utf-8", generic_table(settings, size)),
        SourceKind::Xml(settings) => ("application/xml", generic_xml(settings, size)),
        SourceKind::Json(settings) => {
            let answer = generic_json(settings, source.request.question.is_some(), size).to_string();
            ("application/json", guard_against_scripts(source) + &answer)
        }
        SourceKind::Xlsx(settings) => {
            let media = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
            return vec![(url, Reply::of(media, spreadsheet(settings, size)))];
        }
        other => panic!("{}: the world has no body of the kind {other}", source.id),
    };
    let (usual, body) = file;
    let observed = source.catalogue.observed.as_ref();
    let media = observed.and_then(|observed| observed.content_type.as_deref()).unwrap_or(usual);
    let landed = observed.and_then(|observed| observed.landed.as_ref()).map(ToString::to_string);
    let file = Reply::of(media, body);
    match (&source.request.link, landed) {
        (Some(link), landed) => {
            let landed = landed.unwrap_or_else(|| source.url.join("/files/edition.csv").unwrap().to_string());
            let said = link.text.as_deref().unwrap_or("The file");
            let page = html("A page", &format!("<p><a class=\"file\" href=\"{landed}\">{said}</a></p>"));
            vec![(url, Reply::of("text/html; charset=utf-8", page)), (landed, file)]
        }
        (None, Some(landed)) if landed != url => {
            let moved = Reply { headers: vec![("location", landed.clone())], ..Reply::status(302) };
            vec![(url, moved), (landed, file)]
        }
        _ => vec![(url, file)],
    }
}

/// The part of the code that holds several appendices, each with its lists.
pub fn regulations(lists: &[(&str, Size)]) -> String {
    let mut text =
        "<?xml version=\"1.0\"?>\n<DIV5 N=\"744\" TYPE=\"PART\">\n<HEAD>PART 744&#x2014;CONTROLS</HEAD>\n"
            .to_owned();
    for (appendix, size) in lists {
        text.push_str(&format!(
            "<DIV9 N=\"{appendix}\" TYPE=\"APPENDIX\"><HEAD>{appendix}</HEAD><DIV><TABLE><THEAD><TR>\
             <TH>Country</TH><TH>Entity</TH><TH>License requirement</TH><TH>License review policy</TH>\
             <TH>Federal Register citation</TH></TR></THEAD><TBODY>"
        ));
        for (number, name) in size.parties() {
            let country = if number == 1 { "PORTLAND" } else { "" };
            text.push_str(&format!(
                "<TR><TD>{country}</TD><TD>{name}, a.k.a., the following one alias:<br/>—{name} No. 2.<br/>\
                 {number} Elm Street</TD><TD>For all items subject to the EAR</TD>\
                 <TD>Presumption of denial {}</TD><TD>84 FR 54002, 10/9/19.</TD></TR>\n",
                size.remark(number, 250)
            ));
        }
        text.push_str("</TBODY></TABLE></DIV></DIV9>");
    }
    text + "</DIV5>"
}
