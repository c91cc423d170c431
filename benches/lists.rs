//! What reading a list costs, beside what its parser alone costs: `cargo bench --bench lists`.
//!
//! Lists are written here in the structure of the real ones; captures of those are read as well
//! where they are (`REGWATCH_CORPUS`).

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up has failed")]

#[path = "../src/allocator.rs"]
mod allocator;

use std::path::PathBuf;

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use quick_xml::events::Event;
use regwatch::domain::source::{
    CsvSettings, EcfrSettings, FederalRegisterSettings, Pairs, RowSettings, SourceKind,
};
use regwatch::extract::{RawDocument, extract};

fn main() {
    divan::main();
}

/// A list and how it is read.
struct List {
    kind: SourceKind,
    body: String,
}

/// Rows in the structure of OFAC's file, 200 bytes each on average.
fn ofac(rows: usize) -> String {
    (0..rows)
        .map(|row| {
            format!(
                "{row},\"EXAMPLE COMPANY NUMBER {row} CO., LTD.\",-0- ,\"PROGRAM1] [PROGRAM2\",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,\
                 \"a.k.a. 'EXCO {row}'; Tax ID No. 77100{row} (Freedonia); Secondary sanctions risk: Example Regulations, 31 CFR 500.201; Linked To: SPECIMEN HOLDINGS.\"\n"
            )
        })
        .collect()
}

fn csl_csv(rows: usize) -> String {
    let head = "_id,source,entity_number,type,programs,name,title,addresses,federal_register_notice,start_date,end_date,standard_order,license_requirement,license_policy,call_sign,vessel_type,gross_tonnage,gross_registered_tonnage,vessel_flag,vessel_owner,remarks,source_list_url,alt_names,citizenships,dates_of_birth,nationalities,places_of_birth,source_information_url,ids\n";
    let row = |row: usize| {
        format!(
            "\"{row:056x}\",\"Specially Designated Nationals (SDN) - Treasury Department\",\"{row}\",\"Entity\",\"P1; P2\",\"EXAMPLE COMPANY {row}\",\"\",\"{row} Example Road, Example Town, FR\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"(Linked To: SPECIMEN)\",\"https://agency.example/list\",\"EXCO {row}; EXAMPLE {row}\",\"\",\"\",\"\",\"\",\"https://agency.example/about\",\"FR, {row}, Tax ID No.\"\n"
        )
    };
    head.to_owned() + &(0..rows).map(row).collect::<String>()
}

fn csl_json(rows: usize) -> String {
    let row = |row: usize| {
        format!(
            "{{\"source\":\"Specially Designated Nationals (SDN) - Treasury Department\",\"entity_number\":\"{row}\",\"type\":\"Entity\",\"programs\":[\"P1\"],\"name\":\"EXAMPLE COMPANY {row}\",\"addresses\":[{{\"address\":\"{row} Example Road\",\"city\":\"Example Town\",\"country\":\"FR\"}}],\"alt_names\":[\"EXCO {row}\"],\"ids\":[{{\"type\":\"Tax ID No.\",\"number\":\"{row}\"}}]}}"
        )
    };
    format!("{{\"results\":[{}]}}", (0..rows).map(row).collect::<Vec<_>>().join(","))
}

fn un(rows: usize) -> String {
    let row = |row: usize| {
        format!(
            "<ENTITY><DATAID>{row}</DATAID><FIRST_NAME>EXAMPLE COMPANY {row}</FIRST_NAME><UN_LIST_TYPE>EX</UN_LIST_TYPE>\
             <REFERENCE_NUMBER>EXe.{row}</REFERENCE_NUMBER><LISTED_ON>2012-12-31</LISTED_ON><COMMENTS1>An example that goes on for some words &amp; more.</COMMENTS1>\
             <ENTITY_ALIAS><QUALITY>a.k.a.</QUALITY><ALIAS_NAME>EXCO {row}</ALIAS_NAME></ENTITY_ALIAS>\
             <ENTITY_ADDRESS><CITY>Example Town</CITY><COUNTRY>Freedonia</COUNTRY></ENTITY_ADDRESS></ENTITY>"
        )
    };
    format!(
        "<CONSOLIDATED_LIST><INDIVIDUALS/><ENTITIES>{}</ENTITIES></CONSOLIDATED_LIST>",
        (0..rows).map(row).collect::<String>()
    )
}

/// Part 744 of the regulations with so many rows in its Entity List, some with aliases and addresses.
fn regulations(rows: usize) -> String {
    let row = |row: usize| {
        let country = if row.is_multiple_of(60) { format!("FREEDONIA {row}") } else { String::new() };
        let aliases = (0..row % 4).map(|alias| format!("<br/>&#x2014;Exco {row}-{alias}; <I>and</I>"));
        let aliases: String = aliases.collect();
        let aliases = if aliases.is_empty() {
            aliases
        } else {
            format!("a.k.a., the following aliases:{aliases}<br/>")
        };
        format!(
            "<TR><TD class=\"gpotbl_cell\">{country}</TD>\
             <TD class=\"gpotbl_cell\">Example Cameras {row} Co., Ltd., {aliases}No. {row} Harbour Road, Example \
             District, Example Town; <I>and</I> Building {row}, Pier Street, Example Port, Freedonia.</TD>\
             <TD class=\"gpotbl_cell\">For all items subject to the EAR. (See §§ 734.9(e) and 744.11 of the EAR)</TD>\
             <TD class=\"gpotbl_cell\">Presumption of denial</TD>\
             <TD class=\"gpotbl_cell\">84 FR {row}, 10/9/19. 85 FR {row}, 7/22/20.</TD></TR>\n"
        )
    };
    let section = |section: usize| {
        format!(
            "<DIV8 N=\"744.{section}\" TYPE=\"SECTION\"><HEAD>§ 744.{section} Restrictions.</HEAD>{}</DIV8>\n",
            "<P>(a) <I>General.</I> In addition to the license requirements for items specified elsewhere, you may \
             not export, reexport or transfer an item without a license.</P>\n".repeat(40)
        )
    };
    format!(
        "<?xml version=\"1.0\"?>\n<DIV5 N=\"744\" TYPE=\"PART\"><HEAD>PART 744</HEAD>{}\
         <DIV9 N=\"Supplement No. 4 to Part 744\" TYPE=\"APPENDIX\"><HEAD>Entity List</HEAD>\
         <DIV width=\"100%\"><DIV class=\"gpotbl_div\"><TABLE border=\"1\"><THEAD><TR><TH>Country</TH><TH>Entity</TH>\
         <TH>License <br/>requirement</TH><TH>License review policy</TH><TH>Federal Register citation</TH></TR></THEAD>\
         <TBODY>{}</TBODY></TABLE></DIV></DIV></DIV9></DIV5>",
        (1..=23).map(section).collect::<String>(),
        (0..rows).map(row).collect::<String>()
    )
}

/// What the Federal Register's API says of the documents of one day.
fn issue(documents: usize) -> String {
    let summary = "The agency adopts, amends or proposes something, and says in a few sentences of this kind whom it \
                   concerns, what they must do, until when they may comment, and where they can read the rest. ";
    let document = |number: usize| {
        format!(
            "{{\"document_number\":\"2031-{number:05}\",\"title\":\"Example Rule Number {number}; Approvals and Meetings\",\
             \"type\":\"Notice\",\"abstract\":\"{}\",\"action\":\"Notice.\",\"dates\":\"Comments are due within 60 days.\",\
             \"agencies\":[{{\"raw_name\":\"AGENCY {number}\",\"name\":\"Agency {number}\",\"id\":{number},\
             \"url\":\"https://register.example/agencies/{number}\",\"json_url\":\"https://register.example/api/{number}\",\
             \"parent_id\":null,\"slug\":\"agency-{number}\"}}],\"docket_ids\":[\"Docket No. {number}\"],\
             \"citation\":\"96 FR {number}\",\"publication_date\":\"2031-02-03\",\"effective_on\":null,\
             \"comments_close_on\":\"2031-04-04\",\"correction_of\":null,\"corrections\":[],\
             \"html_url\":\"https://register.example/documents/2031/02/03/2031-{number:05}/example\",\
             \"pdf_url\":\"https://register.example/2031-{number:05}.pdf\",\"page_length\":3,\
             \"topics\":[],\"significant\":false,\"excerpts\":\"Example Rule Number {number}\"}}",
            summary.repeat(4)
        )
    };
    format!(
        "{{\"count\":{documents},\"total_pages\":1,\"results\":[{}]}}",
        (0..documents).map(document).collect::<Vec<_>>().join(",")
    )
}

/// A plain table of a million rows.
fn million() -> List {
    let kind = SourceKind::Csv(CsvSettings {
        columns: Pairs::of(&[("Id", "number"), ("Name", "name")]),
        rows: RowSettings {
            key: vec!["number".to_owned()],
            title: Some("name".to_owned()),
            ..RowSettings::default()
        },
        ..CsvSettings::default()
    });
    let rows: String = (0..1_000_000).map(|row| format!("{row},Example {row}\n")).collect();
    List { kind, body: format!("Id,Name\n{rows}") }
}

/// So many parties as the largest of the real lists have.
const ROWS: usize = 20_000;

/// The Entity List has had so many.
const LISTED: usize = 3_400;

/// On a working day the register has so many documents.
const OF_A_DAY: usize = 160;

const WRITTEN: [&str; 8] = [
    "ofac",
    "csl-csv",
    "csl-json",
    "un",
    "ecfr-entity-list",
    "ecfr-sections",
    "federal-register-day",
    "million-rows",
];

fn written(name: &str) -> List {
    match name {
        "ofac" => List { kind: SourceKind::Ofac, body: ofac(ROWS) },
        "csl-csv" => List { kind: SourceKind::Csl, body: csl_csv(ROWS) },
        "csl-json" => List { kind: SourceKind::Csl, body: csl_json(ROWS) },
        "un" => List { kind: SourceKind::UnXml, body: un(ROWS) },
        "ecfr-entity-list" => {
            List { kind: ecfr(Some("Supplement No. 4 to Part 744")), body: regulations(LISTED) }
        }
        "ecfr-sections" => List { kind: ecfr(None), body: regulations(LISTED) },
        "federal-register-day" => {
            let settings = FederalRegisterSettings { pages: 1, inspection: None };
            List { kind: SourceKind::FederalRegister(settings), body: issue(OF_A_DAY) }
        }
        _ => million(),
    }
}

fn ecfr(appendix: Option<&str>) -> SourceKind {
    let appendix = appendix.map(str::to_owned);
    SourceKind::Ecfr(EcfrSettings { title: 15, part: "744".to_owned(), appendix })
}

const CAPTURED: [&str; 3] = ["ofac/sdn.csv", "un/UN_consolidated.xml", "bis/dpl.txt"];

/// A capture of a real list, if it is there.
fn captured(path: &str) -> Option<List> {
    let folder = std::env::var_os("REGWATCH_CORPUS").map(PathBuf::from)?.join("entity_lists");
    let body = std::fs::read_to_string(folder.join(path)).ok()?;
    let kind = match path {
        "ofac/sdn.csv" => SourceKind::Ofac,
        "bis/dpl.txt" => SourceKind::Dpl,
        _ => SourceKind::UnXml,
    };
    Some(List { kind, body })
}

fn read(bencher: Bencher<'_, '_>, list: &List) {
    let url = "https://agency.test/list".parse().unwrap();
    bencher.counter(BytesCount::new(list.body.len())).bench(|| {
        let page = RawDocument {
            body: black_box(list.body.as_bytes()),
            content_type: Some("text/plain; charset=utf-8"),
            url: &url,
        };
        extract(&list.kind, &page).unwrap()
    });
}

/// The parser alone, its values thrown away.
fn floor(bencher: Bencher<'_, '_>, list: &List) {
    let bencher = bencher.counter(BytesCount::new(list.body.len()));
    match list.body.trim_start().as_bytes().first() {
        Some(b'<') => bencher.bench(|| {
            let mut reader = quick_xml::Reader::from_str(black_box(&list.body));
            while !matches!(reader.read_event().unwrap(), Event::Eof) {}
        }),
        Some(b'{') => bencher.bench(|| {
            drop(serde_json::from_str::<serde_json::Value>(black_box(&list.body)).unwrap());
        }),
        _ => bencher.bench(|| {
            let delimiter = if matches!(list.kind, SourceKind::Dpl) { b'\t' } else { b',' };
            let mut reader = csv::ReaderBuilder::new()
                .delimiter(delimiter)
                .has_headers(false)
                .flexible(true)
                .from_reader(black_box(list.body.as_bytes()));
            let mut row = csv::StringRecord::new();
            while reader.read_record(&mut row).unwrap() {}
        }),
    }
}

#[divan::bench(args = WRITTEN, sample_count = 10, sample_size = 1)]
fn read_a_list(bencher: Bencher<'_, '_>, name: &str) {
    read(bencher, &written(name));
}

#[divan::bench(args = WRITTEN, sample_count = 10, sample_size = 1)]
fn parse_it_alone(bencher: Bencher<'_, '_>, name: &str) {
    floor(bencher, &written(name));
}

#[divan::bench(args = CAPTURED, sample_count = 10, sample_size = 1)]
fn read_a_captured_list(bencher: Bencher<'_, '_>, path: &str) {
    if let Some(list) = captured(path) {
        read(bencher, &list);
    }
}

#[divan::bench(args = CAPTURED, sample_count = 10, sample_size = 1)]
fn parse_it_alone_captured(bencher: Bencher<'_, '_>, path: &str) {
    if let Some(list) = captured(path) {
        floor(bencher, &list);
    }
}
