//! Several answers that make up one document, kept as one body.
//!
//! Some documents come in pieces: a search in pages, a list with companion
//! files, a table of contents and the chapter it names. Their answers are put
//! into one body, so that what is hashed, compressed, stored and read anew is one
//! thing whatever it was made of. A document of a single answer is never wrapped.
//!
//! ```text
//! regwatch bundle 1⏎
//! {"parts":[{"name":"first","url":"https://…","content_type":"text/csv","bytes":1234},…]}⏎
//! the bodies, one after the other
//! ```
//!
//! The same answers to the same questions give the same bytes: nothing of the time, of the headers
//! or of redirects is written down.

use serde::{Deserialize, Serialize};
use url::Url;

/// What every bundle begins with, whatever its version.
const MARK: &[u8] = b"regwatch bundle ";

/// The version written.
const VERSION: &[u8] = b"1";

/// One answer of several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundlePart<'a> {
    /// What the document calls it; each name once.
    pub name: String,
    /// The address asked.
    pub url: Url,
    /// The `Content-Type` header, if one came.
    pub content_type: Option<String>,
    /// The bytes after transfer decoding.
    pub body: &'a [u8],
}

/// The name of the answer to a source's own address.
pub const FIRST: &str = "first";

/// A body that begins like a bundle and cannot be taken apart.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the bundle cannot be read: {0}")]
pub struct DamagedBundle(String);

#[derive(Serialize, Deserialize)]
struct BundleContents {
    parts: Vec<PartDescription>,
}

#[derive(Serialize, Deserialize)]
struct PartDescription {
    name: String,
    url: Url,
    content_type: Option<String>,
    bytes: usize,
}

/// Whether a body is, or pretends to be, a bundle.
#[must_use]
pub fn is_bundle(body: &[u8]) -> bool {
    body.starts_with(MARK)
}

/// Makes one body of several.
#[must_use]
pub fn encode(parts: &[BundlePart<'_>]) -> Vec<u8> {
    let described = |part: &BundlePart<'_>| PartDescription {
        name: part.name.clone(),
        url: part.url.clone(),
        content_type: part.content_type.clone(),
        bytes: part.body.len(),
    };
    // Texts and numbers, all of which JSON has.
    let contents = serde_json::to_vec(&BundleContents { parts: parts.iter().map(described).collect() })
        .unwrap_or_default();
    let mut body = [MARK, VERSION, b"\n", &contents, b"\n"].concat();
    body.reserve(parts.iter().map(|part| part.body.len()).sum());
    for part in parts {
        body.extend_from_slice(part.body);
    }
    body
}

/// Takes a bundle apart; `None` for any other body.
///
/// # Errors
/// Where the body begins like a bundle and is none this program can read.
pub fn decode(body: &[u8]) -> Option<Result<Vec<BundlePart<'_>>, DamagedBundle>> {
    body.strip_prefix(MARK).map(parts)
}

fn parts(body: &[u8]) -> Result<Vec<BundlePart<'_>>, DamagedBundle> {
    let (version, body) = line(body)?;
    if version != VERSION {
        let found = String::from_utf8_lossy(version).into_owned();
        return Err(DamagedBundle(format!("it has version {found:.8}, expected 1")));
    }
    let (contents, mut rest) = line(body)?;
    let contents: BundleContents =
        serde_json::from_slice(contents).map_err(|error| DamagedBundle(error.to_string()))?;
    let mut parts = Vec::with_capacity(contents.parts.len());
    for PartDescription { name, url, content_type, bytes } in contents.parts {
        let (body, left) =
            rest.split_at_checked(bytes).ok_or_else(|| DamagedBundle("it ends early".to_owned()))?;
        rest = left;
        parts.push(BundlePart { name, url, content_type, body });
    }
    if !rest.is_empty() {
        return Err(DamagedBundle(format!("{} bytes follow its last part", rest.len())));
    }
    if parts.is_empty() {
        return Err(DamagedBundle("it has no parts".to_owned()));
    }
    Ok(parts)
}

fn line(body: &[u8]) -> Result<(&[u8], &[u8]), DamagedBundle> {
    let end = body.iter().position(|&byte| byte == b'\n');
    let end = end.ok_or_else(|| DamagedBundle("it ends early".to_owned()))?;
    Ok((&body[..end], &body[end + 1..]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn part<'a>(name: &str, body: &'a [u8]) -> BundlePart<'a> {
        let url = format!("https://agency.test/{name}?b=1&a=%20").parse().unwrap();
        BundlePart { name: name.to_owned(), url, content_type: Some("text/csv".to_owned()), body }
    }

    #[test]
    fn the_form_is_readable_and_stays_as_it_is() {
        let parts = [part("first", b"1,\"a\"\n"), part("alt", b"")];
        let expected = "regwatch bundle 1\n\
            {\"parts\":[\
            {\"name\":\"first\",\"url\":\"https://agency.test/first?b=1&a=%20\",\"content_type\":\"text/csv\",\"bytes\":6},\
            {\"name\":\"alt\",\"url\":\"https://agency.test/alt?b=1&a=%20\",\"content_type\":\"text/csv\",\"bytes\":0}\
            ]}\n1,\"a\"\n";
        assert_eq!(String::from_utf8(encode(&parts)).unwrap(), expected);
    }

    #[test]
    fn any_other_body_is_none() {
        for body in [&b""[..], b"<html>", b"regwatch bund", b"Regwatch bundle 1\n"] {
            assert_eq!(decode(body), None);
        }
    }

    #[test]
    fn what_is_cut_off_padded_or_of_another_version_is_refused() {
        let whole = encode(&[part("first", b"abc"), part("alt", b"de")]);
        for end in MARK.len()..whole.len() {
            assert!(decode(&whole[..end]).unwrap().is_err(), "{end}");
        }
        assert!(decode(&[&whole[..], b"x"].concat()).unwrap().is_err());
        assert!(decode(b"regwatch bundle 1\n{\"parts\":[]}\n").unwrap().is_err());
        let newer = String::from_utf8(whole).unwrap().replacen('1', "2", 1);
        assert_eq!(
            decode(newer.as_bytes()).unwrap().unwrap_err().to_string(),
            "the bundle cannot be read: it has version 2, expected 1"
        );
    }

    proptest! {
        #[test]
        fn what_was_put_together_is_taken_apart(
            bodies in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..64), 1..6),
        ) {
            let parts: Vec<BundlePart<'_>> =
                bodies.iter().enumerate().map(|(number, body)| part(&format!("part-{number}"), body)).collect();
            let body = encode(&parts);
            prop_assert_eq!(decode(&body), Some(Ok(parts)));
        }
    }
}
