//! What the head of a docket page says of the case: its caption and its parties.
//!
//! Civil and criminal cases have the caption in words. Bankruptcies and the
//! proceedings that belong to them have none: there it is made of the debtor and
//! of the case that leads. Of parties the roles and names are read; their
//! addresses, numbers and counsel are not.

use scraper::ElementRef;

use super::pattern;
use crate::domain::text::one_line;
use crate::domain::verdict::Unreadable;
use crate::extract::html::{self, Markup, selector};

use std::sync::LazyLock;

use regex::Regex;

/// What names a case beside its number.
pub(super) struct Case {
    pub(super) caption: String,
    /// One party a line: the role, the name and other names.
    pub(super) parties: String,
}

/// Among so many cells after the heading the case is looked for.
const MAX_CELLS: usize = 600;

/// So many parties are kept.
const MAX_PARTIES: usize = 32;

/// So many lines of a party's cell are looked at.
const MAX_LINES: usize = 64;

/// The case below a heading.
pub(super) fn read(markup: &Markup, heading: ElementRef<'_>) -> Result<Case, Unreadable> {
    let title = html::text(heading).to_lowercase();
    let is_adversary = title.contains("adversary proceeding");
    let cells = selector("td")?;
    let mut cells = markup.tree.select(&cells).filter(|cell| cell.id() > heading.id());
    if !is_adversary && !title.contains("bankruptcy petition") {
        return Ok(Case { caption: written(cells.next()), parties: String::new() });
    }
    // The entries' table ends the head.
    let is_head = |text: &String| !is_header_of_entries(text);
    let innermost = cells.by_ref().take(MAX_CELLS).filter(|cell| super::is_innermost(*cell));
    let texts: Vec<String> = innermost.map(html::text).take_while(is_head).collect();
    let parties = parties(&texts);
    let caption = if is_adversary { leading(&texts) } else { None };
    let caption = caption.or_else(|| of_parties(&parties, is_adversary)).unwrap_or_default();
    let parties = parties.iter().take(MAX_PARTIES).map(Party::to_string).collect::<Vec<_>>().join("\n");
    Ok(Case { caption, parties })
}

/// The caption in words, which is the first line of the first cell.
fn written(cell: Option<ElementRef<'_>>) -> String {
    let text = cell.map(html::text).unwrap_or_default();
    let line = text.lines().next().unwrap_or_default();
    let line = line.strip_prefix("Case title:").unwrap_or(line);
    let is_label = line.starts_with("Date Filed") || line.starts_with("Assigned to:");
    if is_label { String::new() } else { one_line(line) }
}

fn is_header_of_entries(text: &str) -> bool {
    text.lines().next().is_some_and(|line| one_line(line).eq_ignore_ascii_case("docket text"))
}

static LEADING: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?im)^Lead BK Title:\s*(?<title>\S.*)$"));

/// What an adversary proceeding is called: after the bankruptcy that it belongs to.
fn leading(texts: &[String]) -> Option<String> {
    let title = texts.iter().find_map(|text| Some(LEADING.captures(text)?["title"].to_owned()))?;
    Some(format!("{} - Adversary Proceeding", one_line(&title)))
}

/// The debtor, or else the two sides.
fn of_parties(parties: &[Party], is_adversary: bool) -> Option<String> {
    let first = |word: &str| parties.iter().find(|party| party.role.to_lowercase().contains(word));
    if !is_adversary && let Some(debtor) = first("debtor") {
        return Some(debtor.name.clone());
    }
    match (first("plaintiff"), first("defendant")) {
        (Some(plaintiff), Some(defendant)) => Some(format!("{} v. {}", plaintiff.name, defendant.name)),
        _ => parties.first().map(|party| party.name.clone()),
    }
}

struct Party {
    role: String,
    name: String,
    /// `aka`, `dba` and the like, each with what follows it.
    others: Vec<String>,
}

impl std::fmt::Display for Party {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.role, self.name)?;
        self.others.iter().try_for_each(|other| write!(f, "; {other}"))
    }
}

/// The last words of what the courts call those between whom a case is. Trustees, mediators and
/// other officers are no parties.
const ROLES: [&str; 17] = [
    "debtor",
    "debtors",
    "possession",
    "plaintiff",
    "defendant",
    "claimant",
    "creditor",
    "petitioner",
    "respondent",
    "movant",
    "intervenor",
    "party",
    "appellant",
    "appellee",
    "garnishee",
    "purchaser",
    "objector",
];

/// The role that a line is: a few words of which the last is one, perhaps with a number.
fn role(line: &str) -> Option<String> {
    let line = one_line(line);
    let folded = line.to_lowercase();
    let mut words: Vec<&str> =
        folded.split(|c: char| c.is_whitespace() || c == '-').filter(|word| !word.is_empty()).collect();
    words.pop_if(|word| word.bytes().all(|byte| byte.is_ascii_digit()));
    let is_role = words.len() <= 4 && words.last().is_some_and(|last| ROLES.contains(last));
    is_role.then_some(line)
}

/// Whether a line is a rule of dashes, which stands below a role on older pages.
fn is_rule(line: &str) -> bool {
    !line.is_empty() && line.chars().all(|c| matches!(c, '-' | '_' | '=' | '*'))
}

/// The parties of a case. A cell holds role and name, or a role alone, below which the cells of the
/// names stand, each beside those of its counsel.
fn parties(texts: &[String]) -> Vec<Party> {
    let mut parties = Vec::new();
    let mut above: Option<String> = None;
    let mut is_expected = false;
    for (place, text) in texts.iter().enumerate() {
        let mut lines = text.lines().map(one_line).filter(|line| !line.is_empty() && !is_rule(line));
        let Some(first) = lines.next() else { continue };
        let is_represented = texts.get(place + 1).is_some_and(|next| next.trim() == "represented by");
        if let Some(role) = role(&first) {
            let rest: Vec<String> = lines.take(MAX_LINES).collect();
            is_expected = rest.is_empty();
            parties.extend(party(&role, &rest));
            above = Some(role).filter(|_| is_expected);
        } else if is_heading(&first) && lines.next().is_none() {
            (above, is_expected) = (None, false);
        } else if let Some(role) = above.as_ref().filter(|_| is_expected || is_represented) {
            let rest: Vec<String> = std::iter::once(first).chain(lines.take(MAX_LINES)).collect();
            parties.extend(party(role, &rest));
            is_expected = false;
        }
    }
    parties
}

/// Whether a line alone in its cell begins something else than the names of the role above.
fn is_heading(line: &str) -> bool {
    let folded = line.to_lowercase();
    matches!(folded.trim_end_matches('.'), "v" | "vs")
        || folded.ends_with("trustee")
        || folded.ends_with("mediator")
}

static OTHER_NAME: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^(?<how>(?:[afnd]/?k/?a|f?/?d/?b/?a|fdba|formerly known as|also known as|doing business as|formerly doing business as|other name)\b\.?:?)\s*(?<name>.*)$",
    )
});

fn party(role: &str, lines: &[String]) -> Option<Party> {
    let (name, rest) = lines.split_first()?;
    let (mut others, mut is_pending) = (Vec::new(), None);
    for line in rest {
        if let Some(how) = is_pending.take() {
            others.push(format!("{how} {line}"));
        } else if let Some(found) = OTHER_NAME.captures(line) {
            let how = found["how"].to_owned();
            if found["name"].is_empty() {
                is_pending = Some(how);
            } else {
                others.push(line.clone());
            }
        }
    }
    Some(Party { role: role.to_owned(), name: name.clone(), others })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(texts: &[&str], expected: &[&str]) {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        let found: Vec<String> = parties(&texts).iter().map(Party::to_string).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn what_happened_to_a_debtor_is_no_party() {
        check(&["Debtor discharged:", "07/02/2026", "Debtor dismissed:", "07/03/2026"], &[]);
        check(&["Debtor disposition:\nStandard Discharge"], &[]);
    }

    #[test]
    fn a_party_has_a_role_a_name_and_other_names() {
        check(
            &[
                "Debtor\nBread & Roses, Inc.\n1 Sample Street\nTax ID / EIN: 00-0000000\naka Roses\nfka\nBread Company\ndba The Bakery",
                "represented by",
                "A Lawyer\nalso known as counsel",
                "Joint Debtor 2\nRoe",
                "Debtor In Possession\nPoe",
                "Trustee\nDoe",
            ],
            &[
                "Debtor: Bread & Roses, Inc.; aka Roses; fka Bread Company; dba The Bakery",
                "Joint Debtor 2: Roe",
                "Debtor In Possession: Poe",
            ],
        );
    }

    #[test]
    fn a_role_may_stand_above_its_names() {
        check(
            &[
                "Plaintiff\n-----------------------",
                "Bread & Roses\n1 Sample Street",
                "represented by",
                "A Lawyer",
                "V.",
                "Counter-Defendant\n---------",
                "Roe",
                "represented by",
                "Roe\nPRO SE",
                "Poe",
                "represented by",
                "Poe\nPRO SE",
                "Trustee",
                "Doe",
            ],
            &["Plaintiff: Bread & Roses", "Counter-Defendant: Roe", "Counter-Defendant: Poe"],
        );
    }
}
