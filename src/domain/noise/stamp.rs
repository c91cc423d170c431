//! Stamps: what a page says of itself, of the moment and of its visitor, and not of its subject.
//!
//! A stamp is recognised by what it says, a label of its family, *and* by standing alone: it is a whole block,
//! or a part of a footer between separators. The same words within a sentence are meaning.

mod words;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

use self::words::{BETWEEN, DAYS, FOREIGN_LABELS, MONTHS, MORE_BETWEEN, RELATIVE, UNSPACED_LABELS};
use super::{NoiseClass, pattern};

/// What a block says besides its stamps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Block {
    /// Something, which may be nothing.
    Says(String),
    /// What is said at another moment about the same one: how many seconds away it is, and whether the
    /// number falls or grows while time passes.
    Clocked { text: String, seconds: u64, falls: bool },
}

/// Longer blocks, and longer cells of a row, are prose, whatever they begin with.
const MAX_BYTES: usize = 300;

/// What parts the pieces of a footer.
const SEPARATORS: [&str; 6] = [" | ", " · ", " • ", " ‖ ", " :: ", "\t"];

/// Blocks one after the other, without the stamps among them.
pub(super) fn without_stamps(lines: Vec<String>, classes: &BTreeSet<NoiseClass>) -> Vec<Block> {
    const STAMPS: [NoiseClass; 4] =
        [NoiseClass::Timestamps, NoiseClass::RelativeTimes, NoiseClass::Counters, NoiseClass::Nonces];
    if !STAMPS.iter().any(|class| classes.contains(class)) {
        return lines.into_iter().map(Block::Says).collect();
    }
    let mut kept = Vec::with_capacity(lines.len());
    let mut waits_for_moment = false;
    let mut is_of_sum = false;
    for line in lines {
        let plain = plain(&line);
        let is_moment = waits_for_moment && line.len() <= MAX_BYTES && moment(&plain, true).is_some();
        waits_for_moment = classes.contains(&NoiseClass::Timestamps) && is_bare_label(&plain);
        if is_moment || waits_for_moment {
            continue;
        }
        // A sum stands for a file: what it is of was said before it.
        let is_sum = is_of_sum && CODE.is_match(&plain);
        is_of_sum = SUM.is_match(&plain);
        match if is_sum { Block::Says(line) } else { block(line, classes) } {
            Block::Says(text) if text.is_empty() => {}
            said => kept.push(said),
        }
    }
    kept
}

fn block(line: String, classes: &BTreeSet<NoiseClass>) -> Block {
    let Some(separator) = SEPARATORS.iter().find(|separator| line.contains(**separator)) else {
        return match piece(&line, classes) {
            StampPiece::Meaning if line.contains('/') => slashed(line, classes),
            StampPiece::Meaning => sentences(line, classes),
            StampPiece::Stamp => Block::Says(String::new()),
            StampPiece::Rest(rest) => Block::Says(rest),
            StampPiece::Clocked { text, seconds, falls } => Block::Clocked { text, seconds, falls },
        };
    };
    let mut said: Vec<String> = Vec::new();
    let mut waits_for_moment = false;
    for part in line.split(separator) {
        // A label and its moment may stand in two cells of a row.
        let plain = plain(part);
        let is_moment = waits_for_moment && moment(&plain, true).is_some();
        waits_for_moment = classes.contains(&NoiseClass::Timestamps) && is_bare_label(&plain);
        if is_moment || waits_for_moment {
            continue;
        }
        match piece(part, classes) {
            StampPiece::Stamp => {}
            StampPiece::Rest(rest) => said.push(rest),
            StampPiece::Meaning | StampPiece::Clocked { .. } => said.push(part.to_owned()),
        }
    }
    said.retain(|part| !part.is_empty());
    Block::Says(said.join(separator))
}

/// "Number of views (12)/Comments (0)": counters side by side. A date has slashes as well, so that a block is taken
/// apart only where a part of it is a stamp.
fn slashed(line: String, classes: &BTreeSet<NoiseClass>) -> Block {
    let mut parts: Vec<&str> = line.split('/').collect();
    let all = parts.len();
    parts.retain(|part| !matches!(piece(part, classes), StampPiece::Stamp));
    if parts.len() == all { sentences(line, classes) } else { Block::Says(parts.join("/")) }
}

/// A block that is nothing but stamps, a sentence each, is one.
fn sentences(line: String, classes: &BTreeSet<NoiseClass>) -> Block {
    if line.len() > MAX_BYTES || !line.contains(". ") {
        return Block::Says(line);
    }
    let mut rest = Vec::new();
    for sentence in line.split(". ") {
        match piece(sentence, classes) {
            StampPiece::Stamp => {}
            StampPiece::Rest(said) => rest.push(said),
            _ if plain(sentence).starts_with("all rights reserved") => rest.push(sentence.to_owned()),
            StampPiece::Meaning | StampPiece::Clocked { .. } => return Block::Says(line),
        }
    }
    Block::Says(rest.join(". "))
}

enum StampPiece {
    Meaning,
    Stamp,
    /// A stamp that says something besides, without what changes in it.
    Rest(String),
    Clocked {
        text: String,
        seconds: u64,
        falls: bool,
    },
}

fn piece(text: &str, classes: &BTreeSet<NoiseClass>) -> StampPiece {
    if text.len() > MAX_BYTES {
        return StampPiece::Meaning;
    }
    let has = |class| classes.contains(&class);
    let plain = plain(text);
    if plain.is_empty() {
        return StampPiece::Meaning;
    }
    if has(NoiseClass::Timestamps) {
        if let Some(rest) = stamped(&plain) {
            return if rest.is_empty() { StampPiece::Stamp } else { StampPiece::Rest(rest) };
        }
        if SYNDICATED.is_match(&plain) {
            return StampPiece::Stamp;
        }
        if COPYRIGHT.is_match(&plain) && YEARS.is_match(text) {
            return StampPiece::Rest(YEARS.replace_all(text, "$mark").trim().to_owned());
        }
    }
    if has(NoiseClass::RelativeTimes)
        && let Some((text, seconds, falls)) = clocked(&plain)
    {
        return StampPiece::Clocked { text, seconds, falls };
    }
    let is_in = |class, family: &[Regex]| has(class) && family.iter().any(|known| known.is_match(&plain));
    if is_in(NoiseClass::RelativeTimes, &*JUST_NOW)
        || is_in(NoiseClass::Counters, &*COUNTERS)
        || is_in(NoiseClass::Nonces, &*NONCES) && !CASE_NUMBER.is_match(text)
    {
        return StampPiece::Stamp;
    }
    StampPiece::Meaning
}

/// In lower case and without accents, brackets around it and a full stop behind it.
fn plain(text: &str) -> String {
    let lower = text.to_lowercase();
    let bare: String = lower.nfd().filter(|&c| canonical_combining_class(c) == 0).collect();
    let bare = bare.trim().trim_end_matches(['.', ',', ';']);
    let inner = bare.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
    let inner = inner.or_else(|| bare.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')));
    inner.unwrap_or(bare).trim().to_owned()
}

/// Labels of a moment at which the page, and not what it tells of, was made, looked through or fetched.
static LABEL: LazyLock<Regex> = LazyLock::new(|| {
    let verb = "(?:updated?|modified|modification|reviewed|review|revised|revision|changed?|refreshed|viewed|visited|accessed|checked|published|edited|saved|generated|retrieved|synced|synchroni[sz]ed|verified|crawled|built|loaded)";
    let subject = "(?:(?:this|the|our) )?(?:(?:web ?)?page(?: content)?|(?:web)?site(?: content)?|contents?|data|information|report)";
    pattern(&format!(
        r"^(?:{subject} ?:? ?(?:(?:was|were|is|has been|have been) )?)?(?:(?:date |time )?(?:last|most recently) {verb}(?: ?(?:,|or|and|/|&) ?(?:last )?{verb})*|(?:was )?updated(?: as of)?|date (?:last )?(?:modified|updated|reviewed|changed)|(?:current|accurate|correct|up[- ]to[- ]date)? ?as (?:of|at)|(?:generated|rendered|retrieved|printed|downloaded|accessed|exported)|today(?:'s date)?(?: is)?|(?:current|local|server) (?:date|time)(?: and time)?(?: is)?)(?: (?:on|at))?(?:[ :.,\-]|$)"
    ))
});

static FOREIGN: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut labels: Vec<String> =
        FOREIGN_LABELS.iter().chain(&UNSPACED_LABELS).map(|label| plain(label)).collect();
    labels.sort_by_key(|label| std::cmp::Reverse(label.len()));
    labels
});

/// What follows the label of a moment.
fn after_label(plain: &str) -> Option<&str> {
    if let Some(found) = LABEL.find(plain) {
        return Some(&plain[found.end()..]);
    }
    let rest = FOREIGN.iter().find_map(|label| plain.strip_prefix(label.as_str()))?;
    let is_whole_word = !rest.starts_with(char::is_alphabetic) || !plain.is_ascii();
    is_whole_word.then_some(rest)
}

/// Whether a block is a label whose moment stands in the next: a term and its definition, two cells.
fn is_bare_label(plain: &str) -> bool {
    plain.len() <= MAX_BYTES
        && after_label(plain).is_some_and(|rest| rest.trim_matches([' ', ':', '.', '-']).is_empty())
}

/// What a block says besides when the page was made; nothing where it is no such stamp.
fn stamped(plain: &str) -> Option<String> {
    if let Some(rest) = after_label(plain)
        && let Some(said) = moment(rest, true)
    {
        return Some(said);
    }
    let posted =
        ["posted", "published", "added", "submitted"].iter().find_map(|label| plain.strip_prefix(label))?;
    let is_yesterday = matches!(posted.trim_matches([' ', ':']), "yesterday" | "today" | "just now");
    is_yesterday.then(String::new)
}

/// A moment has no more parts.
const MAX_PARTS: usize = 16;

/// Who is said to have done it has no more.
const MAX_AUTHOR: usize = 6;

/// Whether a text is a moment and nothing else; then who did it, where that follows.
fn moment(text: &str, may_be_relative: bool) -> Option<String> {
    let (text, author) = match text.split_once(" by ") {
        Some((before, author))
            if author.split(' ').count() <= MAX_AUTHOR && !author.contains(|c: char| c.is_ascii_digit()) =>
        {
            (before, format!("by {author}"))
        }
        _ => (text, String::new()),
    };
    let parts = parts(text);
    if parts.is_empty() || parts.len() > MAX_PARTS {
        return None;
    }
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let is_relative = |part: &str| may_be_relative && RELATIVE.contains(&part);
    let is_known = |part: &&str| {
        is_number(part) && part.len() <= 14
            || MONTHS.contains(part)
            || DAYS.contains(part)
            || BETWEEN.contains(part)
            || MORE_BETWEEN.iter().any(|word| plain(word) == **part)
            || is_relative(part)
    };
    let says_when = parts.iter().any(|part| {
        is_number(part)
            || matches!(
                *part,
                "yesterday"
                    | "today"
                    | "now"
                    | "ago"
                    | "gestern"
                    | "heute"
                    | "hier"
                    | "ayer"
                    | "hoy"
                    | "ieri"
                    | "oggi"
            )
    });
    (says_when && parts.iter().all(is_known)).then_some(author)
}

/// Runs of letters and runs of digits; each character of an unspaced script by itself.
fn parts(text: &str) -> Vec<&str> {
    let sort = |c: char| match c {
        c if c.is_ascii_digit() => 1,
        c if c.is_alphabetic() && u32::from(c) >= 0x1100 => 3,
        c if c.is_alphabetic() => 2,
        _ => 0,
    };
    let mut parts = Vec::new();
    let mut start = 0;
    let mut last = 0;
    for (at, c) in text.char_indices() {
        let now = sort(c);
        if now != last || now == 3 && !is_hangul_part(c) {
            if last != 0 {
                parts.push(&text[start..at]);
            }
            start = at;
            last = now;
        }
    }
    if last != 0 {
        parts.push(&text[start..]);
    }
    parts
}

/// A letter of a decomposed syllable.
fn is_hangul_part(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{11FF}')
}

/// What a site puts below each item of its feed.
static SYNDICATED: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^(?:the post .{1,200} )?(?:first )?appeared first on .{1,80}$"));

static COPYRIGHT: LazyLock<Regex> = LazyLock::new(|| pattern(r"©|\(c\)|^copyright\b|^copr\b"));

/// The years of a copyright, at its mark.
static YEARS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)(?P<mark>(?:copyright\s*)?(?:©|\(c\))|copyright|copr\.?)[\s,]*(?:19|20)\d\d(?:\s*[-,/]\s*(?:(?:19|20)\d\d|\d\d|present))*",
    )
});

static AWAY: LazyLock<[Regex; 3]> = LazyLock::new(|| {
    let unit = "(?:seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|months?|years?)";
    let away = format!(
        r"(?:(?:about|almost|over|less than|more than) )?(?P<away>(?:an?|\d+) ?{unit}(?:,? (?:and )?\d+ ?{unit})*)"
    );
    let short = format!(
        r"(?P<away>\d+ ?(?:seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?)(?:,? (?:and )?\d+ ?{unit})*)"
    );
    let who =
        r"(?:(?:comments?|votes?|bids?|applications?|the )?(?P<label>[^:.]{1,40}): ?)?(?:only |about )?";
    [
        pattern(&format!(
            r"^(?:(?P<label>posted|published|updated|added|submitted|edited|opened|modified|reviewed|refreshed):? )?{away} ago$"
        )),
        pattern(&format!(
            r"^{who}{short} (?:left|remaining|to go)(?: to (?:comment|respond|apply|submit|bid|vote|reply))?$"
        )),
        pattern(&format!(r"^(?P<label>[a-z' ]{{0,40}}(?:closes?|ends?|closing|ending)) in {short}$")),
    ]
});

static AMOUNT: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?P<number>an?|\d+) ?(?P<unit>sec|min|h|day|week|month|year)"));

/// A moment told by how far away it is: the words around it, the seconds, and whether they fall.
fn clocked(plain: &str) -> Option<(String, u64, bool)> {
    let (falls, found) =
        AWAY.iter().enumerate().find_map(|(kind, known)| Some((kind > 0, known.captures(plain)?)))?;
    let seconds = AMOUNT.captures_iter(&found["away"]).map(|amount| {
        let number: u64 =
            if amount["number"].starts_with('a') { 1 } else { amount["number"].parse().unwrap_or(u64::MAX) };
        let unit: u64 = match &amount["unit"] {
            "sec" => 1,
            "min" => 60,
            "h" => 3_600,
            "day" => 86_400,
            "week" => 604_800,
            "month" => 2_592_000,
            _ => 31_536_000,
        };
        number.saturating_mul(unit)
    });
    let label = found.name("label").map_or("", |label| label.as_str());
    Some((
        format!("{label} {}", if falls { "left" } else { "ago" }),
        seconds.fold(0, u64::saturating_add),
        falls,
    ))
}

static JUST_NOW: LazyLock<[Regex; 1]> = LazyLock::new(|| {
    [pattern(
        r"^(?:(?:posted|published|updated|added):? )?(?:just now|moments ago|a (?:few )?(?:moments?|seconds) ago|yesterday)$",
    )]
});

static COUNTERS: LazyLock<[Regex; 7]> = LazyLock::new(|| {
    let number = r"\d[\d,.\u{a0}' ]*";
    let what = "(?:page ?)?(?:views?|visits?|visitors?|downloads?|hits|likes?|shares|reads|impressions)";
    let page = "(?:(?:this )?(?:web ?)?(?:page|site|article|document):? ?(?:has been |was )?)?";
    [
        pattern(&format!(r"^{page}(?:viewed|visited|downloaded|accessed|read|shared) {number}(?:times?|x)$")),
        pattern(&format!(
            r"^{page}{number}(?:unique |total )?{what}(?: (?:today|so far|this (?:week|month|year)|since [a-z0-9 ,]+|in total))?$"
        )),
        pattern(&format!(
            r"^(?:number of |total |unique |today's )?(?:page )?(?:views|visits|visitors?|downloads|hits|likes|shares)(?: (?:counter|count|today|number|no\.?|so far))? ?(?::|#|\() ?#?{number}\)?$"
        )),
        pattern(&format!(r"^(?:you are |you're )?(?:our )?visitor (?:number |no\.? ?|# ?)?{number}$")),
        pattern(&format!(
            r"^{number}(?:people|users|persons|visitors|readers|others) (?:have |has )?(?:viewed|visited|read|downloaded|seen|shared|liked) (?:this|it)(?: page| article| document)?$"
        )),
        pattern(
            r"^(?:(?:this |the )?page (?:was )?)?(?:generated|rendered|loaded|created|served|processed|executed|produced|built) in [\d.,]+ ?(?:ms|s|secs?|seconds?|milliseconds?|µs|us)$|^(?:page )?(?:load|generation|render|response|query|execution|elapsed)(?:ing)? time ?(?::|is) ?[\d.,]+ ?(?:ms|s|secs?|seconds?)$",
        ),
        pattern(&format!(
            r"^(?:showing|displaying|viewing)? ?(?:results?|entries|items|records|rows)? ?\d[\d,]* ?(?:-|to) ?\d[\d,]* of (?:about )?{number}(?:results?|entries|items|records|rows|matches)?$"
        )),
    ]
});

static CODE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^(?:[0-9a-f]{32,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$"));

/// What is said of a file whose sum follows.
static SUM: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\b(?:sha|md5|checksum|hash|digest|fingerprint|sum|uuid|guid|id)\b|\bsha-?\d"));

static NONCES: LazyLock<[Regex; 8]> = LazyLock::new(|| {
    let id = r"(?:id|identifier)";
    let token = r"[a-z0-9._:/+=-]*(?:[a-z][a-z0-9._:/+=-]*\d|\d[a-z0-9._:/+=-]*[a-z])[a-z0-9._:/+=-]*";
    [
        pattern(&format!(
            r"^(?:your )?(?:request|trace|session|support|incident|ray|correlation|visit|visitor|error) {id} ?(?:is)? ?[:#]? ?(?:{token}|\d{{9,}})$"
        )),
        pattern(
            r"^(?:csrf|xsrf|nonce|security|form|authenticity)[ -]?(?:token|id|key|value)? ?[:=] ?\S{8,}$",
        ),
        CODE.clone(),
        // As Akamai names a request: key, machine, seconds since 1970, number.
        pattern(
            r"^(?:reference|incident|error|request) ?(?:id|no\.?|number)? ?[:#]* ?[0-9a-f]+\.[0-9a-f]{6,}\.\d{9,11}\.[0-9a-f]+$",
        ),
        pattern(
            r"^(?:your|client|visitor|remote)(?:'s)? ip(?: address)? ?(?:is|:)? ?:? ?[0-9a-f.:]{3,}$|^ip(?: address)? ?: ?[0-9a-f.:]{3,}$",
        ),
        pattern(
            r"^(?:your |this )?session (?:expires?|ends?|will expire|times out|timeout) ?(?:at|in|on|:)? ?[\d: ]+(?:am|pm|a\.m|p\.m|min(?:ute)?s?|sec(?:ond)?s?|hours?|s)?\.?$",
        ),
        pattern(r"^(?:server|served by|node|backend)(?: name)? ?:? ?[a-z][a-z0-9-]*\d[a-z0-9.-]*$"),
        pattern(r"^(?:cached|cache) ?(?:hit|miss|key|at)? ?:? ?[0-9a-f:.-]{4,}$"),
    ]
});

/// The number of a case or a document, as agencies write them.
static CASE_NUMBER: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b[A-Z]{1,6}[-/ ]?\d{1,4}(?:[-/]\d+)+$"));

#[cfg(test)]
mod tests;
