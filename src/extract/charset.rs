//! Bytes → text, by what the answer declares its encoding to be and what its bytes can be.
//!
//! Labels lie: servers are set to one charset for all files, templates declare what the files under them
//! are not. Text that is UTF-8 is recognised by its bytes, which other text hardly ever forms; of the
//! charsets that are declared the first counts in which every byte means something.

use std::borrow::Cow;
use std::sync::LazyLock;

use encoding_rs::{Encoding, ISO_2022_JP, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use regex::Regex;
use regex::bytes::Regex as BytesRegex;

use super::RawDocument;

/// As far into a body declarations are looked for; the HTML standard asks for 1,024 bytes,
/// but site templates put scripts before them.
const DECLARATION_BYTES: usize = 4096;

/// A body in UTF-16 shows by its NUL bytes within so much of it.
const SAMPLE_BYTES: usize = 1024;

/// So many letters of two bytes are no accident.
const MIN_LETTERS: usize = 2;

#[expect(clippy::expect_used, reason = "the pattern is a constant, exercised by every test")]
static HEADER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"(?i);\s*charset\s*=\s*["']?([^\s"';]+)"#).expect("constant pattern"));

#[expect(clippy::expect_used, reason = "the pattern is a constant, exercised by every test")]
static XML: LazyLock<BytesRegex> = LazyLock::new(|| {
    BytesRegex::new(r#"^\s*<\?xml\s[^>]*?\bencoding\s*=\s*["']([A-Za-z0-9._:-]+)"#).expect("constant pattern")
});

#[expect(clippy::expect_used, reason = "the pattern is a constant, exercised by every test")]
static META: LazyLock<BytesRegex> = LazyLock::new(|| {
    BytesRegex::new(r#"(?i-u)<meta\s[^>]*?\bcharset\s*=\s*["']?\s*([a-z0-9._:-]+)"#)
        .expect("constant pattern")
});

/// A body's text, and whether something of it was lost.
struct Decoded<'a> {
    text: Cow<'a, str>,
    is_lossy: bool,
}

/// The body as text, without a byte order mark. Bytes that mean nothing in any charset that it could be
/// in become U+FFFD; see [`is_lossy`].
pub(super) fn decode<'a>(page: &RawDocument<'a>) -> Cow<'a, str> {
    decoded(page).text
}

/// Whether the body is text of which something is lost, whatever charset it is taken for.
pub(super) fn is_lossy(page: &RawDocument<'_>) -> bool {
    // A file of another kind is no text at all.
    let is_binary = [&b"PK\x03\x04"[..], b"%PDF", b"\x1f\x8b"].iter().any(|mark| page.body.starts_with(mark));
    !is_binary && decoded(page).is_lossy
}

fn decoded<'a>(page: &RawDocument<'a>) -> Decoded<'a> {
    if Encoding::for_bom(page.body).is_some() {
        // The mark has precedence over the encoding this is called on.
        let (text, _, is_lossy) = UTF_8.decode(page.body);
        return Decoded { text, is_lossy };
    }
    let declared = declared(page);
    if let Some(wide) = utf_16(page.body) {
        return replaced(page.body, wide);
    }
    if page.body.is_ascii() {
        // What looks like ASCII may shift into another charset by escapes.
        let shifts = declared.first().is_some_and(|first| *first == ISO_2022_JP);
        return replaced(page.body, if shifts { ISO_2022_JP } else { UTF_8 });
    }
    let found = Utf8::of(page.body);
    if found.is_likely() && !is_of_two_bytes(&declared, &found, page.body) {
        let Ok(text) = std::str::from_utf8(page.body) else { return replaced(page.body, UTF_8) };
        let text = undoubled(text).map_or(Cow::Borrowed(text), Cow::Owned);
        return Decoded { text, is_lossy: false };
    }
    let others = declared.iter().copied().filter(|encoding| *encoding != UTF_8);
    // Every byte is something in the charset of Western Europe, but not everything is meant.
    let is_wide = declared.iter().any(|encoding| *encoding != UTF_8 && !encoding.is_single_byte());
    let western = std::iter::once(WINDOWS_1252).filter(|_| !is_wide && is_western(page.body));
    let exact = others
        .chain(western)
        .find_map(|encoding| encoding.decode_without_bom_handling_and_without_replacement(page.body));
    match exact {
        Some(text) => Decoded { text, is_lossy: false },
        None => replaced(page.body, declared.first().copied().unwrap_or(UTF_8)),
    }
}

fn replaced<'a>(body: &'a [u8], encoding: &'static Encoding) -> Decoded<'a> {
    let (text, is_lossy) = encoding.decode_without_bom_handling(body);
    Decoded { text, is_lossy }
}

/// What the answer declares, the strongest first: `Content-Type`, XML declaration, `<meta>`.
fn declared(page: &RawDocument<'_>) -> Vec<&'static Encoding> {
    let head = &page.body[..page.body.len().min(DECLARATION_BYTES)];
    let in_header =
        page.content_type.and_then(|value| HEADER.captures(value)).map(|found| found[1].to_owned());
    let in_head = |pattern: &BytesRegex| {
        pattern.captures(head).map(|found| String::from_utf8_lossy(&found[1]).into_owned())
    };
    let labels = [in_header, in_head(&XML), in_head(&META)].into_iter().flatten();
    let known = labels.filter_map(|label| Encoding::for_label(label.as_bytes()));
    // Text in UTF-16 shows by itself; a declaration that could be read as ASCII cannot stand in it.
    known.filter(|encoding| *encoding != UTF_16LE && *encoding != UTF_16BE).collect()
}

/// How far a body is UTF-8.
struct Utf8 {
    /// Letters of several bytes.
    letters: usize,
    /// Those of more than two.
    long: usize,
    /// Bytes that are no part of a letter. A letter cut off at the end is none.
    bad: usize,
}

impl Utf8 {
    fn of(mut body: &[u8]) -> Self {
        let mut found = Self { letters: 0, long: 0, bad: 0 };
        loop {
            let (valid, error) = match std::str::from_utf8(body) {
                Ok(text) => (text.as_bytes(), None),
                Err(error) => (&body[..error.valid_up_to()], Some(error)),
            };
            found.letters += valid.iter().filter(|byte| **byte >= 0xc0).count();
            found.long += valid.iter().filter(|byte| **byte >= 0xe0).count();
            let Some((error, length)) = error.and_then(|error| Some((error, error.error_len()?))) else {
                return found;
            };
            found.bad += 1;
            body = &body[error.valid_up_to() + length..];
        }
    }

    /// Whether it is UTF-8 for the most part.
    fn is_likely(&self) -> bool {
        self.letters > self.bad
    }
}

/// Whether valid UTF-8 is more likely text of a declared charset in which letters have two bytes: few
/// letters of it may look like UTF-8 by accident.
fn is_of_two_bytes(declared: &[&'static Encoding], found: &Utf8, body: &[u8]) -> bool {
    let Some(first) = declared.first().filter(|first| **first != UTF_8 && !first.is_single_byte()) else {
        return false;
    };
    found.long == 0
        && found.letters < MIN_LETTERS
        && first.decode_without_bom_handling_and_without_replacement(body).is_some()
}

/// Whether every second byte is NUL, as it is where Western text is written in UTF-16.
fn utf_16(body: &[u8]) -> Option<&'static Encoding> {
    let sample = &body[..body.len().min(SAMPLE_BYTES) & !1];
    let nuls = |rest: usize| sample.iter().skip(rest).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd) = (nuls(0), nuls(1));
    let is_most = |count: usize| count * 4 > sample.len();
    match sample.len() {
        0..4 => None,
        _ if is_most(odd) && even * 8 < odd => Some(UTF_16LE),
        _ if is_most(even) && odd * 8 < even => Some(UTF_16BE),
        _ => None,
    }
}

/// Whether bytes beyond ASCII can be meant as letters of Western Europe: no controls, no letter that no
/// word has, and no capital within a word, which is what is left of a broken letter.
fn is_western(body: &[u8]) -> bool {
    body.iter().enumerate().all(|(at, byte)| match byte {
        0x81 | 0x8d | 0x8f | 0x90 | 0x9d | 0xff => false,
        0xc0..=0xde => {
            let before = at.checked_sub(1).map_or(b' ', |before| body[before]);
            let is_small = body.get(at + 1).is_some_and(u8::is_ascii_lowercase);
            !(before.is_ascii_lowercase() || before.is_ascii_alphabetic() && is_small)
        }
        _ => true,
    })
}

/// Text that was taken for Western and encoded once more, as it was before that.
fn undoubled(text: &str) -> Option<String> {
    // What such text is made of: the first bytes of letters, taken for letters.
    if !text.contains(['Ã', 'Â', 'â', 'Ð', 'Ñ', 'Å', 'Ä', 'Î', 'ã', 'å', 'æ', 'ç', 'è', 'é']) {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len());
    for c in text.chars() {
        if let Ok(byte) = u8::try_from(u32::from(c)) {
            bytes.push(byte);
            continue;
        }
        let mut buffer = [0; 4];
        let (encoded, _, is_lossy) = WINDOWS_1252.encode(c.encode_utf8(&mut buffer));
        match *encoded {
            [byte] if !is_lossy => bytes.push(byte),
            _ => return None,
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(body: &[u8], content_type: Option<&str>, expected: &str) {
        let url = "https://agency.test/".parse().unwrap();
        let page = RawDocument { body, content_type, url: &url };
        assert_eq!(decode(&page), expected);
        assert!(!is_lossy(&page), "{expected}");
    }

    #[track_caller]
    fn lossy(body: &[u8], content_type: Option<&str>) {
        let url = "https://agency.test/".parse().unwrap();
        assert!(is_lossy(&RawDocument { body, content_type, url: &url }));
    }

    #[test]
    fn the_strongest_declaration_decides() {
        check(b"\xef\xbb\xbf\xc3\xa9", Some("text/html; charset=iso-8859-1"), "é");
        check(b"\xff\xfeA\0", None, "A");
        check(b"\xe9", Some("text/html; Charset=\"ISO-8859-1\""), "é");
        check(b"\xc3\xa9", Some("text/html;charset=utf-8"), "é");
        check(
            b"<?xml version='1.0' encoding='ISO-8859-1'?><a>\xe9</a>",
            Some("text/xml"),
            "<?xml version='1.0' encoding='ISO-8859-1'?><a>é</a>",
        );
        check(b"<META charset=gbk>\xba\xa3", None, "<META charset=gbk>海");
        check(
            b"<meta http-equiv=\"Content-Type\" content=\"text/html; charset=big5\">\xae\xfc",
            None,
            "<meta http-equiv=\"Content-Type\" content=\"text/html; charset=big5\">海",
        );
    }

    #[test]
    fn utf_8_is_recognised_whatever_is_declared() {
        check("<meta charset=iso-8859-1>“é”".as_bytes(), None, "<meta charset=iso-8859-1>“é”");
        check(b"<meta charset=iso-8859-1>\xe9", None, "<meta charset=iso-8859-1>é");
        check("é".as_bytes(), Some("text/html; charset=iso-8859-1"), "é");
        check("<meta charset=gb2312>Société".as_bytes(), None, "<meta charset=gb2312>Société");
        check("海康".as_bytes(), Some("text/html; charset=big5"), "海康");
    }

    #[test]
    fn what_is_declared_and_cannot_be_is_passed_over() {
        check(b"Soci\xe9t\xe9 \x96 A", Some("text/html; charset=utf-8"), "Société – A");
        check(b"<meta charset=utf-8>M\xfcller", None, "<meta charset=utf-8>Müller");
        check(
            b"<meta charset=windows-1251>\xcf\xf0",
            Some("text/html; charset=utf-8"),
            "<meta charset=windows-1251>Пр",
        );
        check(b"<meta charset=klingon>\xc3\xa9", None, "<meta charset=klingon>é");
        check(
            b"<meta charset=utf-16>\xc3\xa9",
            Some("text/html; charset=nonsense"),
            "<meta charset=utf-16>é",
        );
    }

    #[test]
    fn text_without_a_declaration_is_what_its_bytes_are() {
        check("“é”".as_bytes(), None, "“é”");
        check(b"\x93\xe9\x94", None, "“é”");
        check(b"", None, "");
        check(b"N\0a\0m\0e\0,\0", None, "Name,");
        check(b"\0N\0a\0m\0e", None, "Name");
    }

    #[test]
    fn text_that_was_encoded_twice_is_read_as_it_was_meant() {
        let doubled: String = "Société d’Électronique".bytes().map(char::from).collect();
        check(doubled.as_bytes(), Some("text/html; charset=utf-8"), "Société d’Électronique");
        let by_windows = WINDOWS_1252.decode("d’É".as_bytes()).0.into_owned();
        check(by_windows.as_bytes(), None, "d’É");
        check("Ä, Ã and Â, château".as_bytes(), None, "Ä, Ã and Â, château");
    }

    #[test]
    fn malformed_bytes_do_not_spoil_the_rest_and_are_known_to_be_there() {
        let url = "https://agency.test/".parse().unwrap();
        for (body, expected) in
            [("Soci\u{e9}té".as_bytes().to_vec(), "Société"), (b"a\xffb".to_vec(), "a\u{fffd}b")]
        {
            let page = RawDocument { body: &body, content_type: Some("text/html; charset=utf-8"), url: &url };
            assert_eq!(decode(&page), expected);
        }
        lossy(b"a\xffb", Some("text/html; charset=utf-8"));
        lossy(
            "Société Go*lf"
                .replace('*', "\u{0}")
                .into_bytes()
                .iter()
                .map(|b| if *b == 0 { 0xff } else { *b })
                .collect::<Vec<u8>>()
                .as_slice(),
            None,
        );
        lossy(b"M\xc3ller", None);
        lossy("Soci\u{e9}té".as_bytes().split_last().map(|(_, cut)| cut).unwrap(), None);
        lossy(b"<meta charset=gbk>\xba", None);
    }
}
