//! Web archives (WARC, ISO 28500), plain or compressed: what an address answered, and when.

use std::borrow::Cow;
use std::io::Read as _;
use std::path::Path;

use chrono::{DateTime, Utc};
use flate2::read::{MultiGzDecoder, ZlibDecoder};
use url::Url;

use super::{ArchiveError, ArchivedAnswer, Capture, broken};
use crate::domain::source::Source;

const MARK: &[u8] = b"WARC/";
const GZIP: &[u8] = b"\x1f\x8b";

/// A larger archive is taken in parts.
const MAX_BYTES: u64 = 2 << 30;

/// A body has at most so many bytes once it is decoded.
const MAX_BODY_BYTES: u64 = 512 << 20;

/// A head has at most so many bytes.
const MAX_HEAD_BYTES: usize = 256 << 10;

/// Of addresses that an archive holds instead, so many are named.
const MAX_NAMED: usize = 5;

/// Whether a file is such an archive. A compressed one is looked into.
pub(super) fn is_warc(body: &[u8]) -> bool {
    let mut head = [0; MARK.len()];
    let begins = |head: &mut [u8]| MultiGzDecoder::new(body).read_exact(head).is_ok();
    body.starts_with(MARK) || body.starts_with(GZIP) && begins(&mut head) && head == *MARK
}

/// What the source's address answered at each time, with what other addresses answered nearest to it.
pub(super) fn read(path: &Path, body: &[u8], source: &Source) -> Result<Vec<Capture>, ArchiveError> {
    let bytes = unpacked(path, body)?;
    let answers = answers(path, &bytes)?;
    let own = address(&source.url);
    let (of_source, others): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|(_, answer)| address(&answer.url) == own);
    if of_source.is_empty() {
        let mut named: Vec<String> = others.iter().map(|(_, answer)| answer.url.to_string()).collect();
        named.sort();
        named.dedup();
        let found = named.iter().take(MAX_NAMED).cloned().collect::<Vec<_>>().join(", ");
        return Err(broken(path, format!("it holds no answer of {}, found {found}", source.url)));
    }
    let captures = of_source.into_iter().map(|(at, answer)| {
        let mut further: Vec<&(DateTime<Utc>, ArchivedAnswer)> = others.iter().collect();
        further.sort_by_key(|(other, _)| (*other - at).abs());
        let mut nearest: Vec<ArchivedAnswer> = Vec::new();
        for (_, other) in further {
            if !nearest.iter().any(|known| known.url == other.url) {
                nearest.push(other.clone());
            }
        }
        let label = format!("{} {}", at.format("%Y-%m-%dT%H:%M:%SZ"), answer.url);
        Capture { at, label, answer, further: nearest }
    });
    Ok(captures.collect())
}

fn unpacked<'a>(path: &Path, body: &'a [u8]) -> Result<Cow<'a, [u8]>, ArchiveError> {
    if !body.starts_with(GZIP) {
        return Ok(Cow::Borrowed(body));
    }
    let mut bytes = Vec::new();
    let read = MultiGzDecoder::new(body).take(MAX_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|error| broken(path, format!("the compression is broken: {error}")))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(broken(path, format!("it is larger than {MAX_BYTES} bytes; take it in parts")));
    }
    Ok(Cow::Owned(bytes))
}

/// An address without what differs from archive to archive: the scheme, a slash at its end, its fragment.
fn address(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default().trim_start_matches("www.");
    format!("{host}{}?{}", url.path().trim_end_matches('/'), url.query().unwrap_or_default())
}

/// Every answer in an archive, with when it came.
fn answers(path: &Path, mut rest: &[u8]) -> Result<Vec<(DateTime<Utc>, ArchivedAnswer)>, ArchiveError> {
    let mut answers = Vec::new();
    let mut number = 0;
    loop {
        while let Some(next) = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n")) {
            rest = next;
        }
        if rest.is_empty() {
            return Ok(answers);
        }
        number += 1;
        let wrong = |what: &str| broken(path, format!("record {number}: {what}"));
        let (version, headers, body) =
            head(rest).ok_or_else(|| wrong("expected a head that ends in a blank line"))?;
        if !version.starts_with("WARC/") {
            return Err(wrong("expected it to begin with WARC/"));
        }
        let length: usize = field(&headers, "content-length")
            .and_then(|length| length.trim().parse().ok())
            .ok_or_else(|| wrong("expected a Content-Length"))?;
        let block = body.get(..length).ok_or_else(|| wrong("it is cut off"))?;
        rest = &body[length..];
        let is_http =
            field(&headers, "content-type").is_some_and(|kind| kind.starts_with("application/http"));
        if field(&headers, "warc-type") != Some("response") || !is_http {
            continue;
        }
        let at = field(&headers, "warc-date").and_then(|date| DateTime::parse_from_rfc3339(date).ok());
        let at = at.ok_or_else(|| wrong("expected a WARC-Date"))?.to_utc();
        let target = field(&headers, "warc-target-uri").map(|url| url.trim_matches(['<', '>']));
        let url =
            target.and_then(|url| url.parse().ok()).ok_or_else(|| wrong("expected a WARC-Target-URI"))?;
        answers.push((at, answer(url, block).map_err(|reason| wrong(&reason))?));
    }
}

/// An answer of HTTP as it came over the wire, its body decoded.
fn answer(url: Url, block: &[u8]) -> Result<ArchivedAnswer, String> {
    let (status, headers, body) = head(block).ok_or("expected an answer of HTTP")?;
    let status = status.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or("expected a status of HTTP")?;
    let mut body = Cow::Borrowed(body);
    // Some archives keep the header of an encoding that they have undone.
    if field(&headers, "transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"))
        && let Some(whole) = unchunked(&body)
    {
        body = Cow::Owned(whole);
    }
    let coding = field(&headers, "content-encoding").unwrap_or("identity").to_ascii_lowercase();
    let decoded = match coding.as_str() {
        "gzip" | "x-gzip" if body.starts_with(GZIP) => Some(inflated(MultiGzDecoder::new(&*body))?),
        "deflate" => inflated(ZlibDecoder::new(&*body)).ok(),
        "zstd" if body.starts_with(b"\x28\xb5\x2f\xfd") => {
            let decoder = zstd::stream::read::Decoder::new(&*body).map_err(|error| error.to_string())?;
            Some(inflated(decoder)?)
        }
        "identity" | "gzip" | "x-gzip" | "zstd" => None,
        other => return Err(format!("found the encoding {other:?}, expected gzip, deflate, zstd or none")),
    };
    let body = decoded.unwrap_or_else(|| body.into_owned());
    let is_undone = |name: &str| matches!(name, "content-encoding" | "transfer-encoding" | "content-length");
    let headers = headers.into_iter().filter(|(name, _)| !is_undone(name)).collect();
    Ok(ArchivedAnswer { url, status, headers, body })
}

fn inflated(decoder: impl std::io::Read) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let read = decoder.take(MAX_BODY_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|error| format!("its body cannot be decoded: {error}"))?;
    if bytes.len() as u64 > MAX_BODY_BYTES { Err("its body is too large".to_owned()) } else { Ok(bytes) }
}

/// A body without the marks of its chunks; `None` where it has none.
fn unchunked(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut whole = Vec::new();
    loop {
        let end = rest.windows(2).position(|pair| pair == b"\r\n")?;
        let size = std::str::from_utf8(&rest[..end]).ok()?.split(';').next()?.trim();
        let size = usize::from_str_radix(size, 16).ok()?;
        rest = &rest[end + 2..];
        if size == 0 {
            return Some(whole);
        }
        whole.extend_from_slice(rest.get(..size)?);
        rest = rest.get(size..)?.strip_prefix(b"\r\n")?;
    }
}

type HttpHead<'a> = (String, Vec<(String, String)>, &'a [u8]);

/// The first line, the fields, their names in lower case, and what comes after the blank line.
fn head(bytes: &[u8]) -> Option<HttpHead<'_>> {
    let near = &bytes[..bytes.len().min(MAX_HEAD_BYTES)];
    let by =
        |mark: &[u8]| near.windows(mark.len()).position(|found| found == mark).map(|at| (at, mark.len()));
    let (end, length) = [by(b"\r\n\r\n"), by(b"\n\n")].into_iter().flatten().min()?;
    let text = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = text.lines();
    let first = lines.next()?.to_owned();
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in lines {
        match (line.starts_with([' ', '\t']), line.split_once(':')) {
            (true, _) => {
                if let Some((_, value)) = fields.last_mut() {
                    value.push(' ');
                    value.push_str(line.trim());
                }
            }
            (false, Some((name, value))) => {
                fields.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
            }
            (false, None) => {}
        }
    }
    Some((first, fields, &bytes[end + length..]))
}

fn field<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn record(kind: &str, url: &str, at: &str, block: &[u8]) -> Vec<u8> {
        let head = format!(
            "WARC/1.1\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {url}\r\nWARC-Date: {at}\r\n\
             Content-Type: application/http;msgtype=response\r\nContent-Length: {}\r\n\r\n",
            block.len()
        );
        [head.as_bytes(), block, b"\r\n\r\n"].concat()
    }

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn answers_are_read_as_they_were_however_they_were_sent() {
        let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: b\r\n\r\n4\r\nabcd\r\n2;x\r\nef\r\n0\r\n\r\n";
        let zipped = [&b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"[..], &packed(b"hello")].concat();
        let plain = [
            record("warcinfo", "https://a.test/", "2026-05-01T00:00:00Z", b"software: x"),
            record("response", "https://a.test/list", "2026-05-01T00:00:00Z", chunked),
            record("request", "https://a.test/list", "2026-05-02T00:00:00Z", b"GET / HTTP/1.1\r\n\r\n"),
            record("response", "https://a.test/list", "2026-05-02T00:00:00Z", &zipped),
        ];
        let members: Vec<u8> = plain.iter().flat_map(|record| packed(record)).collect();
        for bytes in [plain.concat(), members] {
            assert!(is_warc(&bytes));
            let bytes = unpacked(Path::new("x"), &bytes).unwrap();
            let found = answers(Path::new("x"), &bytes).unwrap();
            let bodies: Vec<&[u8]> = found.iter().map(|(_, answer)| answer.body.as_slice()).collect();
            assert_eq!(bodies, [&b"abcdef"[..], b"hello"]);
            assert_eq!(found[0].1.headers, [("x-a".to_owned(), "b".to_owned())]);
        }
    }

    #[test]
    fn what_is_cut_off_is_refused_by_its_number() {
        let whole =
            record("response", "https://a.test/", "2026-05-01T00:00:00Z", b"HTTP/1.1 200 OK\r\n\r\nbody");
        let error = answers(Path::new("x.warc"), &whole[..whole.len() - 8]).unwrap_err().to_string();
        assert_eq!(error, "x.warc: record 1: it is cut off");
        assert!(!is_warc(b"<html>") && !is_warc(&packed(b"<html>")) && !is_warc(b""));
    }
}
