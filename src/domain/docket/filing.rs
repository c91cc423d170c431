//! What sort of thing was filed, in the words of those who read dockets.

use std::fmt;
use std::sync::LazyLock;

use regex::Regex;

/// What sort of thing a docket entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FilingKind {
    /// What the court or its clerk ordered.
    Order,
    /// Why: an opinion, a memorandum opinion, findings.
    Opinion,
    /// How the case, or a part of it, was decided.
    Judgment,
    /// The judgment on appeal sent down.
    Mandate,
    /// What was said and done in court, without a document.
    MinuteEntry,
    /// A complaint, petition, indictment, answer or counterclaim.
    Pleading,
    /// What somebody asks of the court.
    Motion,
    /// Argument: briefs, memoranda of law, responses and replies.
    Brief,
    /// What the parties agreed upon.
    Stipulation,
    /// A notice, save of an appearance.
    Notice,
    /// Counsel appears or withdraws.
    Appearance,
    /// A letter.
    Letter,
    /// Summonses, waivers, and proof that somebody was served.
    Service,
    /// Hearings, arguments and conferences.
    Hearing,
    /// What was said in court, word by word.
    Transcript,
    /// Everything else.
    Other,
}

/// Every kind with its name.
const NAMES: [(FilingKind, &str); 16] = [
    (FilingKind::Order, "order"),
    (FilingKind::Opinion, "opinion"),
    (FilingKind::Judgment, "judgment"),
    (FilingKind::Mandate, "mandate"),
    (FilingKind::MinuteEntry, "minute-entry"),
    (FilingKind::Pleading, "pleading"),
    (FilingKind::Motion, "motion"),
    (FilingKind::Brief, "brief"),
    (FilingKind::Stipulation, "stipulation"),
    (FilingKind::Notice, "notice"),
    (FilingKind::Appearance, "appearance"),
    (FilingKind::Letter, "letter"),
    (FilingKind::Service, "service"),
    (FilingKind::Hearing, "hearing"),
    (FilingKind::Transcript, "transcript"),
    (FilingKind::Other, "other"),
];

/// What an entry is stands at its beginning; further on it speaks of other entries.
const HEAD_CHARS: usize = 200;

/// What the words at the beginning of an entry make it, the first that stands there. Of several
/// that begin at one place the upper one counts.
const RULES: [(FilingKind, &str); 24] = [
    // Whoever proposes an order has not got one.
    (
        FilingKind::Other,
        r"(?:\[?proposed\]?|unsigned)\s+(?:(?:sealed|scheduling|consent|final)\s+)*(?:order|judgment|findings|summons)",
    ),
    // What was asked for and what became of it, as the Supreme Court writes it.
    (
        FilingKind::Order,
        r"(?:petition|application|motion|rehearing|writ of certiorari)(?:\s+\(\w+\))?(?:\s+for\s+[^.]{1,120}?)?\s+(?:is\s+)?(?:denied|granted|dismissed)\b",
    ),
    (FilingKind::Motion, r"order to show cause\s+(?:motion|application)"),
    (FilingKind::Other, r"appearance\s+bond"),
    (FilingKind::Appearance, r"notice\s+(?:of\s+)?(?:\S+\s+){0,3}?appearances?"),
    (
        FilingKind::Appearance,
        r"appearances?|notice\s+of\s+(?:attorney|substitution|withdrawal of (?:counsel|attorney|appearance))\b",
    ),
    (FilingKind::Notice, r"notice"),
    (FilingKind::Order, r"minute\s+order|text\s+(?:only\s+)?order|paperless\s+order"),
    (
        FilingKind::MinuteEntry,
        r"minutes?(?:\s+(?:entry|entries|sheet|of))?|courtroom\s+minutes|proceedings\s+held",
    ),
    (FilingKind::Transcript, r"transcripts?|court\s+reporter"),
    (FilingKind::Order, r"stipulat(?:ion|ed)\s*(?:,|and|&)\s*order"),
    (FilingKind::Stipulation, r"stipulat(?:ion|ions|ed)\b"),
    (
        FilingKind::Opinion,
        r"(?:memorandum|per\s+curiam)\s+(?:and\s+)?(?:opinion|decision|disposition)|opinions?|findings\s+of\s+fact|report\s+and\s+recommendations?",
    ),
    (
        FilingKind::Order,
        r"memorandum\s*(?:and|&)\s*order|orders?|ordered|so\s+ordered|memo[- ]endorse(?:ment|d)|endorsed\s+letter|rulings?|(?:hearing|trial|pretrial|scheduling)\s+order|certiorari\s+(?:granted|denied)|writ\s+issued",
    ),
    (
        FilingKind::Brief,
        r"memorand(?:um|a)(?:\s+(?:of|in))?|(?:\S+['’]s\s+)?(?:\S+\s+)?briefs?|oppositions?|repl(?:y|ies)|responses?|objections?|surreply|points\s+and\s+authorities",
    ),
    (FilingKind::Judgment, r"judge?ments?|verdicts?|decrees?"),
    (FilingKind::Mandate, r"mandates?"),
    (
        FilingKind::Motion,
        r"motions?|applications?|requests?|petitions?\s+for\s+(?:panel\s+)?(?:rehearing|rehearing\s+en\s+banc)",
    ),
    (
        FilingKind::Pleading,
        r"complaints?|indictments?|information\b|petitions?|counterclaims?|cross-?claims?|answers?",
    ),
    (FilingKind::Letter, r"letters?"),
    (
        FilingKind::Service,
        r"summons(?:es)?|waivers?\s+of\s+service|(?:affidavit|certificate|proof|return)\s+of\s+service|returned\s+executed|certified\s+mail",
    ),
    (
        FilingKind::Hearing,
        r"(?:hearings?|conferences?|oral\s+arguments?|arraignments?|sentencings?|trials?)\b",
    ),
    (FilingKind::Notice, r"(?:schedule|briefing|deficiency)\s+(?:notice|set)"),
    (FilingKind::Other, r"set(?:/reset)?\s+(?:deadlines|hearings|motion)|~?util\b"),
];

#[expect(clippy::expect_used, reason = "the patterns are constants, exercised by a test")]
static PATTERN: LazyLock<Regex> = LazyLock::new(|| {
    let rules: Vec<String> = RULES.iter().map(|(_, words)| format!("({words})")).collect();
    Regex::new(&format!(r"(?i)\b(?:{})\b", rules.join("|"))).expect("constant patterns")
});

impl FilingKind {
    /// The kind's name, as it stands in entries and in the configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(kind, _)| *kind == self).map_or("other", |(_, name)| name)
    }

    /// Every kind's name.
    #[must_use]
    pub fn names() -> Vec<&'static str> {
        NAMES.iter().map(|(_, name)| *name).collect()
    }

    /// What an entry with this text is.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let end = text.char_indices().nth(HEAD_CHARS).map_or(text.len(), |(end, _)| end);
        let Some(found) = PATTERN.captures(&text[..end]) else { return Self::Other };
        let rule = RULES.iter().zip(1..).find(|(_, group)| found.get(*group).is_some());
        rule.map_or(Self::Other, |((kind, _), _)| *kind)
    }
}

impl fmt::Display for FilingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kind: FilingKind, texts: &[&str]) {
        for text in texts {
            assert_eq!(FilingKind::of(text), kind, "{text}");
        }
    }

    #[test]
    fn orders_are_told_from_what_asks_for_them() {
        check(
            FilingKind::Order,
            &[
                "Order Filed (CLERK)",
                "CLERK'S ORDER [1961779] filed considering case opening document",
                "PER CURIAM ORDER [1967834] filed dismissing the case",
                "MEMORANDUM AND ORDER granting 12 Motion to Dismiss",
                "MINUTE ORDER. Pursuant to the discovery hearing held on August 19",
                "ORDER granting 34 Motion to Withdraw Appearance",
                "STIPULATION AND ORDER for voluntary dismissal",
                "ORDERED that the Secretary file a response to the petition",
                "Order on Motion for Extension of Time",
                "HEARING ORDER -- Setting motion to transfer for hearing",
                "MEMO ENDORSEMENT on letter re 12",
                "Petition DENIED.",
                "Petition GRANTED limited to Question 1.",
                "Application (24A100) granted by Justice Doe extending the time to file",
                "Motion for leave to file the joint appendix under seal GRANTED.",
                "Rehearing DENIED.",
            ],
        );
        check(
            FilingKind::Motion,
            &[
                "MOTION for order to show cause by Example Corp.",
                "UNOPPOSED MOTION filed by Appellee to view sealed document",
                "Petition for rehearing en banc filed by Petitioner",
            ],
        );
        check(FilingKind::Other, &["PROPOSED ORDER submitted by plaintiff", "[Proposed] Scheduling Order"]);
    }

    #[test]
    fn decisions_are_told_apart() {
        check(
            FilingKind::Opinion,
            &[
                "OPINION AND ORDER re: 14 MOTION",
                "MEMORANDUM OPINION as to Motion",
                "Case termination for opinion",
                "PER CURIAM OPINION filed",
            ],
        );
        check(FilingKind::Judgment, &["JUDGMENT entered for defendant", "Judgment AND COMMITMENT ISSUED"]);
        check(FilingKind::Mandate, &["MANDATE ISSUED to the district court", "Mandate Issued"]);
    }

    #[test]
    fn what_parties_file_is_told_apart() {
        check(
            FilingKind::Appearance,
            &[
                "NOTICE of Appearance by Jane Doe on behalf of Example Corp.",
                "NOTICE of appearance on behalf of Appellee",
                "NOTICE OF ATTORNEY APPEARANCE Jane Doe appearing for USA",
                "APPEARANCE of Counsel Form filed by Jane Doe",
                "Appearance of Jane Doe, Esq., as lead counsel",
            ],
        );
        check(FilingKind::Notice, &["NOTICE OF HEARING as to Defendant", "NOTICE of Change of Address"]);
        check(
            FilingKind::Brief,
            &[
                "APPELLANT'S BRIEF FILED",
                "MEMORANDUM OF LAW in Opposition to Motion",
                "RESPONSE to 12 Motion",
                "REPLY to opposition to motion re 3 MOTION",
            ],
        );
        check(
            FilingKind::Letter,
            &["LETTER [1961747] sent to complainant", "FIRST LETTER MOTION for a conference"],
        );
        check(
            FilingKind::Pleading,
            &["COMPLAINT against Example", "PETITION FOR REVIEW filed by", "ANSWER to 1"],
        );
        check(
            FilingKind::MinuteEntry,
            &[
                "Minute Entry for proceedings held before Judge Doe: Motion Hearing held",
                "MINUTES of proceedings",
            ],
        );
        check(FilingKind::Service, &["SUMMONS issued", "AFFIDAVIT of Service for Complaint"]);
        check(FilingKind::Stipulation, &["STIPULATION of dismissal by Example"]);
        check(
            FilingKind::Other,
            &[
                "APPEARANCE BOND posted by Jane Doe",
                "",
                "Case assigned to Judge Doe",
                "Set/Reset Deadlines as to 17 MOTION",
            ],
        );
    }

    #[test]
    fn every_kind_has_a_name_of_its_own() {
        let mut names = FilingKind::names();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), NAMES.len());
        assert_eq!(FilingKind::MinuteEntry.to_string(), "minute-entry");
    }
}
