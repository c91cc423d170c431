//! A person's own words in a mail: without what machines put before them, what is quoted, and the signature.
//!
//! Between a person's keyboard and this program stand mail gateways and programs: they tag subjects
//! (`[EXTERNAL]`), put banners above the text ("This email originated from outside …"), weave in characters
//! that nobody sees, and append what was answered. None of that is the person's word, in one way or the other.

use unicode_normalization::UnicodeNormalization;

use super::command::MailText;
use super::lexicon::{WordList, words_of};
use crate::domain::text::{is_deceptive, one_line};

/// Pairs that gateways put their tags between.
const BRACKETS: [(char, char); 7] =
    [('[', ']'), ('(', ')'), ('{', '}'), ('【', '】'), ('<', '>'), ('*', '*'), ('［', '］')];

/// A tag is short; a longer text in brackets is somebody's.
const MAX_TAG_CHARS: usize = 40;

/// At most so many marks and tags stand before a subject.
const MAX_MARKS: usize = 20;

/// Of the text, at most so many own lines are looked at.
const MAX_LINES: usize = 10;

/// At most so many lines are looked through for them.
const MAX_PASSED: usize = 400;

/// A subject without marks and tags.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct BareSubject {
    /// What is left.
    pub words: String,
    /// Whether it is an answer's, by its mark.
    pub is_reply: bool,
    /// Whether a system that keeps tickets put its number before it.
    pub is_numbered: bool,
}

/// The text's own lines.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct OwnWords {
    /// One by one, none blank.
    pub lines: Vec<String>,
    /// Whether it is known that before these there are no others, and behind them no more.
    pub is_all: bool,
}

/// A line as a person sees it: full-width letters as plain ones, without what cannot be seen.
pub(super) fn seen(line: &str) -> String {
    let shown: String = line.chars().filter(|&c| !is_unseen(c)).collect();
    one_line(&shown.nfkc().collect::<String>())
}

/// Characters that take no room, which mail programs weave in to steer previews and gateways to mark what
/// they saw.
fn is_unseen(c: char) -> bool {
    is_deceptive(c)
        || matches!(c, '\u{034F}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
            | '\u{2800}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FFA0}' | '\u{FFFC}' | '\u{E0100}'..='\u{E01EF}')
}

impl BareSubject {
    /// Reads a subject.
    pub(super) fn of(subject: &str) -> Self {
        let (mut words, mut is_reply, mut is_numbered) = (seen(subject), false, false);
        // Some mail programs leave the subject of a link encoded as it stands there.
        for blank in ["%20", "+"] {
            let encoded = words.split_once(blank).filter(|(head, _)| !head.contains(' ') && is_verb(head));
            if encoded.is_some() {
                words = words.replace(blank, " ");
            }
        }
        for _ in 0..MAX_MARKS {
            let Some((is_mark, rest)) = without_mark(&words) else { break };
            is_reply |= is_mark;
            is_numbered |= !is_mark && has_number(&words[..words.len() - rest.len()]);
            words = rest.to_owned();
        }
        let bare = without_last_tag(&words);
        is_numbered |= has_number(&words[bare.len()..]);
        Self { words: bare.to_owned(), is_reply, is_numbered }
    }
}

/// Whether a tag bears a ticket's number.
fn has_number(tag: &str) -> bool {
    tag.chars().filter(char::is_ascii_digit).count() >= 2
}

fn is_verb(word: &str) -> bool {
    matches!(word.to_lowercase().as_str(), "unsubscribe" | "subscribe" | "confirm" | "never")
}

/// The subject behind one mark or tag, and whether it is a reply's.
fn without_mark(subject: &str) -> Option<(bool, &str)> {
    if let Some((head, tail)) = subject.split_once(':') {
        // Also with a count: `Re[2]:`, `Re (2):`.
        let mark = head.split(['[', '(']).next().unwrap_or_default().trim().to_lowercase();
        if words_of(WordList::ReplyMarks).contains(&mark.as_str()) {
            return Some((true, tail.trim()));
        }
        let bare = mark.trim_matches(|c: char| !c.is_alphanumeric());
        if words_of(WordList::ForwardMarks).contains(&mark.as_str())
            || words_of(WordList::SubjectTags).contains(&bare)
        {
            return Some((false, tail.trim()));
        }
    }
    let first = subject.chars().next()?;
    let (open, close) = BRACKETS.into_iter().find(|(open, _)| *open == first)?;
    let inner = subject.trim_start_matches(open);
    let (tag, rest) = inner.split_once(close)?;
    // What stands alone in brackets that are no tag's is the subject itself.
    let is_tag = tag.chars().count() <= MAX_TAG_CHARS && (open != '<' || is_tag_word(tag));
    is_tag.then(|| (false, rest.trim_start_matches(close).trim_start_matches(['-', ':', ' ', '|']).trim()))
}

/// A gateway's tag at the end, or the number of a ticket. Other words in brackets may be a name.
fn without_last_tag(subject: &str) -> &str {
    let Some(open) = subject.ends_with(']').then(|| subject.rfind('[')).flatten() else { return subject };
    let tag = &subject[open + 1..subject.len() - 1];
    if open > 0 && is_tag_word(tag) { subject[..open].trim() } else { subject }
}

fn is_tag_word(tag: &str) -> bool {
    let tag = tag.trim().to_lowercase();
    words_of(WordList::SubjectTags).contains(&tag.trim_matches(['!', '?', '*', ' ']))
        || tag.starts_with('#')
        || ["ticket", "case", "sec=", "ref:", "ext", "spam"].iter().any(|begin| tag.starts_with(begin))
}

impl OwnWords {
    /// Reads a text.
    pub(super) fn of(text: &MailText) -> Self {
        let raw: Vec<&str> = text.words.lines().take(MAX_PASSED).collect();
        let lines: Vec<String> = raw.iter().map(|line| seen(line)).collect();
        let mut own = Self::default();
        let mut is_banner = false;
        for (at, line) in lines.iter().enumerate() {
            if line.is_empty() {
                is_banner = false;
            } else if is_end(&lines, at) {
                // A rule under a banner ends nothing.
                if is_rule(line) && own.lines.is_empty() && !is_quote_header(&lines, at + 1) {
                    continue;
                }
                own.is_all = true;
                return own;
            } else if is_passed(&lines, at) {
                is_banner = false;
            } else if is_banner_line(line) || is_banner && line.split(' ').count() > 3 {
                is_banner = true;
            } else {
                is_banner = false;
                own.lines.push(line.clone());
                if own.lines.len() == MAX_LINES {
                    return own;
                }
            }
        }
        own.is_all = text.is_whole && raw.len() < MAX_PASSED;
        own
    }
}

/// Whether a person's own words end here: at the signature's dashes (RFC 3676, 4.3), or where a quoted message
/// begins that bears no marks.
fn is_end(lines: &[String], at: usize) -> bool {
    let line = &lines[at];
    matches!(line.as_str(), "--" | "—" | "___") || is_rule(line) || is_quote_header(lines, at) || is_divider(line)
        // "On Monday Ann wrote:" over a text that is not marked as quoted.
        || (is_attribution(line) && !is_followed_by_quote(lines, at))
}

/// `____________`, as Outlook draws it over a quoted message, and gateways under a banner.
fn is_rule(line: &str) -> bool {
    line.len() >= 8 && line.chars().all(|c| matches!(c, '_' | '-' | '=' | '*' | '~'))
}

/// `-----Original Message-----`, in any language.
fn is_divider(line: &str) -> bool {
    line.starts_with("-----") && line.chars().any(char::is_alphabetic)
}

/// `From: …`, as it stands over a quoted message.
fn is_quote_header(lines: &[String], at: usize) -> bool {
    let Some((label, rest)) = lines.get(at).and_then(|line| line.split_once(':')) else { return false };
    let label = label.trim_matches(['*', ' ', '>']).to_lowercase();
    words_of(WordList::FromLabels).contains(&label.as_str())
        && (rest.contains('@') || lines.get(at + 1).is_some_and(|next| next.split_once(':').is_some()))
}

fn is_attribution(line: &str) -> bool {
    line.ends_with(':') && line.contains('@') && line.chars().any(|c| c.is_ascii_digit())
}

fn is_followed_by_quote(lines: &[String], at: usize) -> bool {
    lines[at + 1..].iter().find(|line| !line.is_empty()).is_some_and(|line| line.starts_with('>'))
}

/// Quoted lines, and what stands right over them, say nothing of their own; nor does a telephone's signature.
fn is_passed(lines: &[String], at: usize) -> bool {
    let line = &lines[at];
    let small = line.to_lowercase();
    line.starts_with(['>', '|'])
        || line.ends_with([':', '：']) && is_followed_by_quote(lines, at) && line.chars().any(|c| c.is_ascii_digit() || c == '@')
        // The attribution over two lines.
        || lines.get(at + 1).is_some_and(|next| {
            next.ends_with([':', '：']) && is_followed_by_quote(lines, at + 1) && (line.contains(['@', ',']) || next.contains('@'))
        }) && line.chars().any(|c| c.is_ascii_digit())
        || words_of(WordList::Signed).iter().any(|begin| small.starts_with(begin))
        || line.starts_with("[cid:")
        || is_rule(line)
}

/// Whether a gateway wrote a line, to warn of who writes.
fn is_banner_line(line: &str) -> bool {
    let small = line.to_lowercase();
    let words = small.split(' ').count();
    let small = small.replace('’', "'");
    words_of(WordList::Banners).iter().any(|words| small.contains(words))
        || words_of(WordList::Outside).iter().any(|word| small.contains(word))
            && (words > 4 || is_warning(&small))
}

/// `[EXTERNAL]`, `CAUTION: External`, `External email`: short, and nothing else.
fn is_warning(small: &str) -> bool {
    const WORDS: &[&str] = &[
        "mail",
        "e-mail",
        "courriel",
        "correo",
        "sender",
        "absender",
        "expéditeur",
        "remitente",
        "mittente",
        "remetente",
        "afzender",
        "caution",
        "warning",
        "attention",
        "achtung",
        "warnung",
        "advertencia",
        "attenzione",
        "atenção",
        "let op",
        "邮件",
        "メール",
    ];
    small.starts_with(['[', '*', '(', '{', '【', '!', '⚠'])
        || small.split(' ').count() == 1
        || WORDS.iter().any(|word| small.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_subject(subject: &str, words: &str, is_reply: bool) {
        let found = BareSubject::of(subject);
        assert_eq!((found.words.as_str(), found.is_reply), (words, is_reply), "{subject}");
    }

    #[test]
    fn marks_and_tags_before_a_subject_are_left_out() {
        check_subject("Re: AW: Re[2]: list", "list", true);
        check_subject("回复：list", "list", true);
        check_subject("Fwd: subscribe zte", "subscribe zte", false);
        check_subject("[EXTERNAL] unsubscribe", "unsubscribe", false);
        check_subject("Re: [EXT] {Spam?} unsubscribe", "unsubscribe", true);
        check_subject("***SPAM*** unsubscribe zte", "unsubscribe zte", false);
        check_subject("EXTERNAL: Re: unsubscribe", "unsubscribe", true);
        check_subject("[External Email] - unsubscribe", "unsubscribe", false);
        check_subject("unsubscribe [EXTERNAL]", "unsubscribe", false);
        check_subject("⚠ External: unsubscribe", "unsubscribe", false);
        check_subject("Re: unsubscribe [#4711]", "unsubscribe", true);
        check_subject("unsubscribe [zte]", "unsubscribe [zte]", false);
        check_subject("un\u{ad}sub\u{200b}scribe\u{feff}", "unsubscribe", false);
        check_subject("ｕｎｓｕｂｓｃｒｉｂｅ", "unsubscribe", false);
        check_subject("unsubscribe%20zte", "unsubscribe zte", false);
        check_subject("(no subject)", "", false);
        check_subject("Reminder: list", "Reminder: list", false);
        check_subject("<zte> news", "<zte> news", false);
    }

    #[test]
    fn a_ticket_s_number_before_or_behind_a_subject_is_seen() {
        for subject in
            ["[Case 00123456] Please confirm", "[JIRA] (SUP-12) x", "Re: x [#4711]", "[INC0012345] x"]
        {
            assert!(BareSubject::of(subject).is_numbered, "{subject}");
        }
        for subject in ["[EXTERNAL] Re: x", "Re[2]: x", "Re[12]: x", "21-232: order", "x 2026"] {
            assert!(!BareSubject::of(subject).is_numbered, "{subject}");
        }
    }

    #[track_caller]
    fn check(text: &str, lines: &[&str], is_all: bool) {
        let own = OwnWords::of(&MailText { words: text.to_owned(), is_whole: true });
        assert_eq!(
            (own.lines.iter().map(String::as_str).collect::<Vec<_>>().as_slice(), own.is_all),
            (lines, is_all),
            "{text}"
        );
    }

    #[test]
    fn banners_of_gateways_are_nobody_s_words() {
        let banners = [
            "CAUTION: This email originated from outside of the organization. Do not click links or open\n\
             attachments unless you recognize the sender and know the content is safe.",
            "[EXTERNAL EMAIL]",
            "EXTERNAL SENDER",
            "You don't often get email from ann@client.example. Learn why this is important",
            "ACHTUNG: Diese E-Mail stammt von außerhalb der Organisation.",
            "Ce courriel provient de l’extérieur de l’organisation.",
            "Este correo proviene de fuera de la organización.",
            "外部邮件：请谨慎点击链接",
            "ZjQcmQRYFpfptBannerStart\nThis Message Is From an External Sender\nThis message came from outside your organization.\nZjQcmQRYFpfptBannerEnd",
            "⚠ External",
            "Let op: deze e-mail komt van buiten de organisatie",
            "Warning: this is an external email\n________________________________",
        ];
        for banner in banners {
            check(&format!("{banner}\n\nunsubscribe\n"), &["unsubscribe"], true);
            check(&format!("{banner}\nunsubscribe\n"), &["unsubscribe"], true);
            check(&format!("{banner}\n\n"), &[], true);
        }
    }

    #[test]
    fn what_is_quoted_or_signed_is_nobody_s_word() {
        check("yes\n-- \nno", &["yes"], true);
        check("> no\nyes", &["yes"], true);
        check(
            "On Mon, 2 Nov 2026 at 10:00, Watch <watch@tracker.example> wrote:\n> no\n\nyes",
            &["yes"],
            true,
        );
        check("Am 02.11.2026 um 10:00 schrieb Watch\n<watch@tracker.example>:\n\n> no\n", &[], true);
        check("Yes\n\nFrom: Watch <watch@tracker.example>\nSent: Monday\nno", &["Yes"], true);
        check("Ja\n\nVon: Watch\nGesendet: Montag\nnein", &["Ja"], true);
        check("________________________________\nFrom: Watch <watch@tracker.example>\nno", &[], true);
        check("Sent from my iPhone\n\n> no", &[], true);
        check("-------- Ursprüngliche Nachricht --------\nno", &[], true);
        let cut = MailText { words: "> no\n".to_owned(), is_whole: false };
        assert!(!OwnWords::of(&cut).is_all);
    }
}
