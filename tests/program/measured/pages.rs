//! Pages that look like what agencies and courts publish, made of a seed.

use std::fmt::Write as _;

/// A generator of numbers that are the same for the same seed (`SplitMix64`).
#[derive(Debug, Clone)]
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % sides as u64).unwrap()
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.roll(of.len())]
    }

    fn words(&mut self, count: usize) -> String {
        (0..count).map(|_| self.pick(&WORDS)).collect::<Vec<_>>().join(" ")
    }
}

const WORDS: [&str; 32] = [
    "order",
    "notice",
    "covered",
    "equipment",
    "services",
    "licence",
    "filing",
    "petition",
    "waiver",
    "import",
    "export",
    "entity",
    "supplier",
    "module",
    "network",
    "device",
    "penalty",
    "consent",
    "decree",
    "finding",
    "register",
    "proposed",
    "compliance",
    "deadline",
    "motion",
    "request",
    "provider",
    "firmware",
    "affiliate",
    "certificate",
    "review",
    "determination",
];
const FIRST: [&str; 16] = [
    "Bread", "Roses", "Granite", "Harbour", "Lantern", "Meadow", "Orchard", "Pebble", "Quarry", "Ridge",
    "Saffron", "Thistle", "Umber", "Violet", "Willow", "Zephyr",
];
const SECOND: [&str; 12] = [
    "Electronics",
    "Telecom",
    "Optics",
    "Semiconductor",
    "Shipping",
    "Surveillance",
    "Robotics",
    "Batteries",
    "Software",
    "Networks",
    "Aviation",
    "Chemicals",
];
const FORMS: [&str; 6] = ["Ltd.", "GmbH", "Inc.", "Co., Ltd.", "SA", "LLC"];

/// What a page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    List,
    /// A table whose rows have more cells than it has headers.
    Wide,
    Docket,
    Feed,
    Json,
}

const KINDS: [Kind; 5] = [Kind::List, Kind::Wide, Kind::Docket, Kind::Feed, Kind::Json];

/// What becomes of a page in the first round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    Same,
    Noise,
    /// A true change, and a text that whoever is told of it sees.
    Change {
        what: &'static str,
        needle: String,
    },
    Broken(&'static str),
}

/// A row, an entry or an item.
#[derive(Debug, Clone)]
struct Row {
    id: String,
    name: String,
    said: String,
    /// The day of the year 2031 on which it was entered.
    day: usize,
    status: &'static str,
    paper: usize,
}

impl Row {
    fn of(dice: &mut Dice, page: usize, number: usize) -> Self {
        let name = format!("{} {} {}", dice.pick(&FIRST), dice.pick(&SECOND), dice.pick(&FORMS));
        Self {
            id: format!("{page}-{number}"),
            name,
            said: {
                let count = 8 + dice.roll(20);
                dice.words(count)
            },
            day: dice.roll(300),
            status: dice.pick(&["Active", "Pending", "Final"]),
            paper: 100_000 + dice.roll(800_000),
        }
    }

    fn date(&self) -> chrono::NaiveDate {
        let first = chrono::NaiveDate::from_ymd_opt(2031, 1, 1).unwrap();
        first + chrono::Days::new(self.day as u64)
    }
}

/// A page with its past and its future.
#[derive(Debug, Clone)]
pub struct Page {
    pub id: String,
    pub path: String,
    pub fate: Fate,
    kind: Kind,
    number: usize,
    before: Vec<Row>,
    after: Vec<Row>,
    dice: Dice,
}

impl Page {
    pub fn of(seed: u64, number: usize) -> Self {
        let mut dice = Dice(seed.wrapping_mul(0x0005_deec_e66d).wrapping_add(number as u64));
        let kind = KINDS[number % KINDS.len()];
        let count = 20 + dice.roll(60);
        let mut before: Vec<Row> = (0..count).map(|row| Row::of(&mut dice, number, row)).collect();
        // Dockets begin with the oldest, feeds with the newest.
        before.sort_by_key(|row| row.day);
        if kind == Kind::Feed {
            before.reverse();
        }
        let mut after = before.clone();
        // About a third changes, two fifths only look different, a tenth breaks.
        let fate = match dice.roll(20) {
            0..=2 => Fate::Same,
            3..=10 => Fate::Noise,
            11..=17 => change(kind, &mut dice, number, &mut after),
            _ => Fate::Broken(dice.pick(&["503", "403", "maintenance", "cut", "empty"])),
        };
        let (name, ending) = match kind {
            Kind::List => ("list", "html"),
            Kind::Wide => ("wide", "html"),
            Kind::Docket => ("docket", "html"),
            Kind::Feed => ("feed", "xml"),
            Kind::Json => ("json", "json"),
        };
        Self {
            id: format!("{name}-{number}"),
            path: format!("/{name}/{number}.{ending}"),
            fate,
            kind,
            number,
            before,
            after,
            dice,
        }
    }

    pub fn content_type(&self) -> &'static str {
        match self.kind {
            Kind::Feed => "application/rss+xml",
            Kind::Json => "application/json",
            _ => "text/html; charset=utf-8",
        }
    }

    /// What the server answers in the first round.
    pub fn answer(&self) -> (u16, String) {
        match self.fate {
            Fate::Broken("503") => (503, "upstream temporarily unavailable".to_owned()),
            Fate::Broken("403") => (403, "Access Denied. Reference #18.2d1302".to_owned()),
            Fate::Broken("maintenance") => (
                200,
                "<!DOCTYPE html><html><head><title>Site maintenance</title></head><body><h1>We will be back soon</h1>\
                 <p>This site is down for scheduled maintenance.</p></body></html>"
                    .to_owned(),
            ),
            Fate::Broken("cut") => {
                let mut body = self.body(1);
                let mut cut = body.len() * 6 / 10;
                while !body.is_char_boundary(cut) {
                    cut -= 1;
                }
                body.truncate(cut);
                (200, body)
            }
            Fate::Broken(_) => (200, String::new()),
            _ => (200, self.body(1)),
        }
    }

    /// The page in a round: as it was in round 0; what is not broken stays changed, and noise moves on.
    pub fn body(&self, round: usize) -> String {
        let is_changed = round > 0 && matches!(self.fate, Fate::Change { .. });
        let rows = if is_changed { &self.after } else { &self.before };
        let is_noisy = matches!(self.fate, Fate::Noise)
            || matches!(self.fate, Fate::Change { .. }) && self.number.is_multiple_of(2);
        let mut noise = Noise { revision: if is_noisy { round } else { 0 }, seed: self.dice.clone() };
        match self.kind {
            Kind::List | Kind::Wide => table(self, rows, &mut noise),
            Kind::Docket => docket(self, rows, &mut noise),
            Kind::Feed => feed(self, rows, &noise),
            Kind::Json => json(self, rows, &mut noise),
        }
    }
}

/// Plants a change.
fn change(kind: Kind, dice: &mut Dice, page: usize, rows: &mut Vec<Row>) -> Fate {
    let place = 1 + dice.roll(rows.len() - 2);
    match dice.roll(4) {
        0 => {
            let mut row = Row::of(dice, page, 999);
            row.day = 310;
            row.name = format!("Novel {}", row.name);
            let needle = row.name.clone();
            let at = if kind == Kind::Feed { 0 } else { rows.len() };
            rows.insert(at, row);
            Fate::Change { what: "added", needle }
        }
        1 => {
            let gone = rows.remove(place);
            Fate::Change { what: "removed", needle: gone.name }
        }
        2 => {
            let row = &mut rows[place];
            let mut words: Vec<&str> = row.said.split(' ').collect();
            let middle = words.len() / 2;
            words[middle] = "rescinded";
            row.said = words.join(" ");
            Fate::Change { what: "reworded", needle: "rescinded".to_owned() }
        }
        _ => {
            rows[place].status = "Revoked";
            Fate::Change { what: "status", needle: "Revoked".to_owned() }
        }
    }
}

/// What moves although nothing changed.
struct Noise {
    revision: usize,
    seed: Dice,
}

impl Noise {
    /// A number that is another in each revision.
    fn number(&mut self) -> usize {
        let revision = self.revision;
        self.seed.roll(1 << 30) + revision * 7919
    }

    fn space(&self) -> String {
        format!("\n{}", "  ".repeat(self.revision))
    }

    /// An element's attributes, in one order or another and with other quotes.
    fn attributes(&self, class: &str, id: &str) -> String {
        if self.revision.is_multiple_of(2) {
            format!("class=\"{class}\" data-row=\"{id}\"")
        } else {
            format!("data-row='{id}' class='{class}'")
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

fn frame(page: &Page, noise: &mut Noise, main: &str) -> String {
    let (nonce, build, session) = (noise.number(), noise.number(), noise.number());
    let views = 1_000 + noise.number() % 9_000;
    let minute = noise.revision;
    format!(
        "<!DOCTYPE html><html lang=\"en\"><head><title>Sample Authority: page {number}</title><meta name=\"csrf-token\" content=\"{nonce:x}\">\
         <link rel=\"stylesheet\" href=\"/site.css?v={build:x}\"><script nonce=\"{nonce:x}\">window.data = [{nonce}];</script></head>\
         <body><!-- made by host {minute} --><nav><ul><li><a href=\"/about;jsessionid={session:X}\">About</a></li></ul></nav>\
         <main id=\"main\"><h1>Page {number}</h1>{main}</main>\
         <footer><p>Sample Authority</p><p class=\"stats\">Page views: {views}</p><p>Page generated on 2031-12-01 10:{minute:02}:00 UTC</p></footer></body></html>",
        number = page.number,
    )
}

fn table(page: &Page, rows: &[Row], noise: &mut Noise) -> String {
    let mut main = "<p>Maintained under the Sample Act.</p><table class=\"listing\"><thead><tr><th>Entity</th><th>Description</th><th>Date</th>\
        <th>Status</th><th>Document</th></tr></thead><tbody>"
        .to_owned();
    for row in rows {
        let space = noise.space();
        let cell = noise.attributes("cell", "c");
        let date = row.date();
        let more = if page.kind == Kind::Wide {
            format!(
                "<td {cell}>Filing desk {}</td>{space}<td {cell}>{} pages</td>{space}<td {cell}><time datetime=\"{date}T09:00:00Z\">{date}</time></td>",
                row.paper % 97,
                row.paper % 89
            )
        } else {
            format!("<td {cell}>{date}</td>")
        };
        let _ = write!(
            main,
            "<tr {}>{space}<td {cell}>{}</td>{space}<td {cell}><p>{}</p></td>{space}{more}{space}<td {cell}>{}</td>{space}<td {cell}><a href=\"/docs/{}.pdf\">View</a></td></tr>",
            noise.attributes("row", &row.id),
            escaped(&row.name),
            row.said,
            row.status,
            row.paper,
        );
    }
    main.push_str("</tbody></table>");
    frame(page, noise, &main)
}

/// A docket as the courts' system shows it.
fn docket(page: &Page, rows: &[Row], noise: &mut Noise) -> String {
    let mut entries = String::new();
    for row in rows {
        let date = row.date().format("%m/%d/%Y");
        let number = row.id.rsplit('-').next().unwrap().parse::<usize>().unwrap() + 1;
        // Of the two numbers of a document either is shown.
        let copy = noise.revision % 2;
        let _ = write!(
            entries,
            "<tr><td nowrap>{date}</td><td align=right><a href='/doc1/035{copy}0{:07}'>{number}</a>&nbsp;</td><td>{} by {}: {}. Status {}. (Entered: {date})</td></tr>{}",
            row.paper,
            if number % 3 == 0 { "ORDER" } else { "MOTION" },
            escaped(&row.name),
            row.said,
            row.status,
            noise.space(),
        );
    }
    let receipt = noise.number();
    format!(
        "<html><head><title>Sample Court</title></head><body><h3 align=center>U.S. District Court<BR>Sample District<BR>CIVIL DOCKET FOR CASE #: 1:31-cv-{:05}-ABC</h3>\
         <table><tr><td><br>Bread &amp; Roses v. Roe et al<br>Assigned to: Judge Doe</td><td><br>Date Filed: 01/03/2031</td></tr></table>\
         <table><tr><td>Date Filed</td><th>#</th><td>Docket Text</td></tr>{entries}</table>\
         <HR><CENTER><TABLE><TR><TH>Transaction Receipt:</TH><TD>{receipt}</TD></TR><TR><TH>Search Criteria:</TH><TD>1:31-cv-{:05}-ABC</TD></TR></TABLE></CENTER></body></html>",
        page.number, page.number,
    )
}

fn feed(page: &Page, rows: &[Row], noise: &Noise) -> String {
    let space = noise.space();
    let mut items = String::new();
    for row in rows {
        let _ = write!(
            items,
            "<item>{space}<title>{}: {}</title>{space}<link>https://agency.invalid/news/{}</link>{space}<guid isPermaLink=\"false\">{}</guid>{space}\
             <pubDate>{} 09:00:00 GMT</pubDate>{space}<description>&lt;p&gt;{} {} ({})&lt;/p&gt;</description></item>{space}",
            escaped(&row.name),
            row.said.split(' ').take(4).collect::<Vec<_>>().join(" "),
            row.paper,
            row.id,
            row.date().format("%a, %d %b %Y"),
            escaped(&escaped(&row.name)),
            row.said,
            row.status,
        );
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><rss version=\"2.0\"><channel><!-- {} --><title>Sample Authority: feed {}</title>\
         <link>https://agency.invalid/</link><lastBuildDate>Mon, 01 Dec 2031 1{}:00:00 GMT</lastBuildDate>{space}{items}</channel></rss>",
        noise.revision, page.number, noise.revision,
    )
}

fn json(page: &Page, rows: &[Row], noise: &mut Noise) -> String {
    let (request, revision) = (noise.number(), noise.revision);
    let entry = |row: &Row| {
        let mut members = [
            format!("\"id\": \"{}\"", row.id),
            format!("\"entity\": \"{}\"", row.name),
            format!("\"summary\": \"{}\"", row.said),
            format!("\"effectiveDate\": \"{}\"", row.date()),
            format!("\"status\": \"{}\"", row.status),
            format!("\"document\": \"/docs/{}.pdf\"", row.paper),
        ];
        if revision % 2 == 1 {
            members.reverse();
        }
        format!("{{{}}}", members.join(","))
    };
    let entries: Vec<String> = rows.iter().map(entry).collect();
    format!(
        "{{\"meta\": {{\"generatedAt\": \"2031-12-01T1{revision}:00:00Z\", \"requestId\": \"{request:x}\", \"title\": \"Page {}\"}},{}\"results\": [{}]}}",
        page.number,
        noise.space(),
        entries.join(&format!(",{}", noise.space())),
    )
}
