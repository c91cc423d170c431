//! From a first answer to a whole document: the parts it names are asked for, and become one body.
//!
//! All or nothing: a part that does not come, is blocked or leads astray fails the read, and what
//! was read of the document counts for nothing.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use url::Url;

use super::Saved;
use super::extraction::{extraction_limit, in_time, within_time};
use super::read_rejection::{ReadRejection, refusal};
use crate::domain::bundle::{self, BundlePart, FIRST};
use crate::domain::entry::Document;
use crate::domain::source::{Source, SourceKind, address_of_question};
use crate::domain::text::error_chain;
use crate::domain::verdict::{Suspicion, Unreadable};
use crate::extract::{OpeningAnswer, WantedAnswer, first, wanted_after, within};
use crate::fetch::{FetchResponse, Fetcher};

/// No document is made of more answers. Kinds bound theirs more tightly; this ends what a body
/// leads them into.
const MAX_PARTS: usize = 64;

/// The answers read so far.
#[derive(Debug, Clone)]
struct GatheredAnswers {
    parts: Vec<FetchedPart>,
}

#[derive(Debug, Clone)]
struct FetchedPart {
    name: String,
    url: Url,
    content_type: Option<String>,
    /// The header `Link`.
    link: Option<String>,
    body: Bytes,
}

impl FetchedPart {
    fn as_part(&self) -> BundlePart<'_> {
        BundlePart {
            name: self.name.clone(),
            url: self.url.clone(),
            content_type: self.content_type.clone(),
            body: &self.body,
        }
    }
}

impl GatheredAnswers {
    fn first(url: &Url, content_type: Option<&str>, body: &Bytes) -> Self {
        let mut gathered = Self { parts: Vec::new() };
        gathered.take(FIRST.to_owned(), url.clone(), content_type, body.clone());
        gathered
    }

    fn take(&mut self, name: String, url: Url, content_type: Option<&str>, body: Bytes) {
        let content_type = content_type.map(str::to_owned);
        self.parts.push(FetchedPart { name, url, content_type, link: None, body });
    }

    /// Notes what the header `Link` of the last answer says.
    fn note_link(&mut self, link: Option<&str>) {
        if let Some(last) = self.parts.last_mut() {
            last.link = link.map(str::to_owned);
        }
    }

    fn as_parts(&self) -> Vec<BundlePart<'_>> {
        self.parts.iter().map(FetchedPart::as_part).collect()
    }

    fn bytes(&self) -> usize {
        self.parts.iter().map(|part| part.body.len()).sum()
    }

    /// What the first answer comes to; `url` is the address that answered.
    async fn first_step(&self, source: &Source, url: &Url) -> Result<OpeningAnswer, ReadRejection> {
        let (gathered, kind, url) = (self.clone(), source.kind.clone(), url.clone());
        let max_entries = source.guard.max_entries;
        let step = move || {
            let answer = &gathered.parts[0];
            within(max_entries, || first(&kind, &answer.as_part(), answer.link.as_deref(), &url))
        };
        let found = within_time(extraction_limit(source), step).await.map_err(ReadRejection::Failed)?;
        match found.map_err(|unreadable| ReadRejection::suspect(Suspicion::Structure(unreadable)))? {
            OpeningAnswer::Wanted(wanted) => self.check(&wanted).map(|()| OpeningAnswer::Wanted(wanted)),
            // What has to be unpacked first is not read as it came.
            OpeningAnswer::Whole(_) if source.request.member.is_some() => Ok(OpeningAnswer::Whole(None)),
            whole @ OpeningAnswer::Whole(_) => Ok(whole),
        }
    }

    /// What is still missing.
    async fn wanted(&self, kind: &SourceKind) -> Result<Option<WantedAnswer>, ReadRejection> {
        let (gathered, kind) = (self.clone(), kind.clone());
        let found = in_time(move || {
            let link = gathered.parts.last().and_then(|last| last.link.as_deref());
            wanted_after(&kind, &gathered.as_parts(), link)
        })
        .await
        .map_err(ReadRejection::Failed)?;
        let found = found.map_err(|unreadable| ReadRejection::suspect(Suspicion::Structure(unreadable)))?;
        if let Some(wanted) = &found {
            self.check(wanted)?;
        }
        Ok(found)
    }

    /// An address that was asked, or a name that was given, leads nowhere new.
    fn check(&self, wanted: &WantedAnswer) -> Result<(), ReadRejection> {
        if self.parts.iter().any(|part| part.url == wanted.url || part.name == wanted.name) {
            return Err(ReadRejection::Failed(format!("{} leads back to {}", self.parts[0].url, wanted.url)));
        }
        if self.parts.len() == MAX_PARTS {
            return Err(ReadRejection::Failed(format!(
                "{} leads to more than {MAX_PARTS} parts",
                self.parts[0].url
            )));
        }
        Ok(())
    }

    /// The parts as one body; a single one stays as it came.
    fn into_body(self) -> Bytes {
        match &self.parts[..] {
            [only] => only.body.clone(),
            _ => bundle::encode(&self.as_parts()).into(),
        }
    }
}

/// An answer that is not a part of the document, with why.
pub(super) struct RejectedPart {
    pub answer: FetchResponse,
    pub why: ReadRejection,
}

/// A whole document.
pub(super) struct Whole {
    /// The first answer with the whole document for its body.
    pub answer: FetchResponse,
    /// The document, where looking for what the answer lacks has read it already.
    pub document: Option<Result<Document, Unreadable>>,
}

/// Asks for what the first answer lacks.
pub(super) async fn gather(
    fetcher: &Fetcher,
    source: &Source,
    first: FetchResponse,
    now: DateTime<Utc>,
) -> Result<Whole, Box<RejectedPart>> {
    if bundle::is_bundle(&first.body) {
        // What is stored as several answers must not have come as one.
        let found = "what this program stores bodies in".to_owned();
        let unreadable = Unreadable::Unexpected { what: "the body".to_owned(), found };
        let why = ReadRejection::suspect(Suspicion::Structure(unreadable));
        return Err(Box::new(RejectedPart { answer: first, why }));
    }
    let place = match &source.request.question {
        Some(question) => address_of_question(&source.url, question),
        None if source.request.link.is_some() => first.url.clone(),
        None => source.url.clone(),
    };
    let mut gathered = GatheredAnswers::first(&place, first.header("content-type"), &first.body.bytes());
    gathered.note_link(first.header("link"));
    let mut wanted = match gathered.first_step(source, &first.url).await {
        Ok(OpeningAnswer::Wanted(wanted)) => wanted,
        Ok(OpeningAnswer::Whole(document)) => return Ok(Whole { answer: first, document }),
        Err(why) => return Err(Box::new(RejectedPart { answer: first, why })),
    };
    loop {
        let url = match &source.request.token {
            Some(token) => token.taken_from(wanted.url),
            None => wanted.url,
        };
        let answer = match fetcher.read_further(source, &url, gathered.bytes(), now).await {
            Ok(answer) => answer,
            Err(error) => {
                let retry_after = error.retry_after();
                let why = ReadRejection::Failed(error_chain(&error));
                return Err(Box::new(RejectedPart { answer: FetchResponse { retry_after, ..first }, why }));
            }
        };
        if let Some(why) = refusal(&url, &answer) {
            return Err(Box::new(RejectedPart { answer, why }));
        }
        let content_type = answer.header("content-type").map(str::to_owned);
        let link = answer.header("link").map(str::to_owned);
        gathered.take(wanted.name, url, content_type.as_deref(), answer.body.bytes());
        gathered.note_link(link.as_deref());
        wanted = match gathered.wanted(&source.kind).await {
            Ok(Some(wanted)) => wanted,
            Ok(None) => {
                let answer = FetchResponse { body: gathered.into_body().into(), ..first };
                return Ok(Whole { answer, document: None });
            }
            Err(why) => return Err(Box::new(RejectedPart { answer: first, why })),
        };
    }
}

/// Puts saved answers together as they would be asked for: by their names, or else in their order.
/// What is not among them is told and does without.
///
/// # Errors
/// Where a saved answer is none that is asked for.
pub(super) async fn put_together(
    source: &Source,
    first: Bytes,
    mut others: Vec<Saved>,
) -> Result<(Bytes, Option<String>), ReadRejection> {
    if bundle::is_bundle(&first) && others.is_empty() {
        return Ok((first, None));
    }
    let mut gathered = GatheredAnswers::first(&source.url, None, &first);
    let mut missing = None;
    loop {
        let wanted = match gathered.wanted(&source.kind).await {
            Ok(Some(wanted)) => wanted,
            Ok(None) => break,
            // A page saved from elsewhere leads back there. Where the page itself is at fault, reading it tells.
            Err(ReadRejection::Suspect { suspicion: Suspicion::Structure(why), .. }) => {
                missing = Some(format!("without what may follow: {why}"));
                break;
            }
            Err(why) => return Err(why),
        };
        let fits = |saved: &Saved| saved.name.as_ref() == Some(&wanted.name);
        let index =
            others.iter().position(fits).or_else(|| others.iter().position(|saved| saved.name.is_none()));
        let Some(index) = index else {
            missing = Some(format!("without {:?} ({})", wanted.name, wanted.url));
            break;
        };
        gathered.take(wanted.name, wanted.url, None, others.remove(index).body);
    }
    match others.first() {
        None => Ok((gathered.into_body(), missing)),
        Some(Saved { name: Some(name), .. }) => {
            let expected = missing.map_or_else(String::new, |missing| format!("; it is read {missing}"));
            Err(ReadRejection::Failed(format!("no part {name:?} is asked for here{expected}")))
        }
        Some(_) => {
            let count = gathered.parts.len();
            Err(ReadRejection::Failed(format!(
                "{} files are given, only {count} are asked for",
                count + others.len()
            )))
        }
    }
}
