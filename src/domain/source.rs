//! A watched source: where it is, how it is read, when, and whom it concerns.

mod announcer;
mod docket;
mod file;
mod kind;
mod link;
mod page;
mod pause;
mod question;
mod quota;
mod route;
mod row;
mod rules;
mod witness;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use chrono_tz::Tz;
use sha2::{Digest, Sha256};
use url::Url;

use super::catalogue::Catalogue;
use super::guard::Guard;
use super::id::{CompanyId, SourceId, hex};
use super::noise::Noise;
use super::redact;
use super::schedule::CronExpr;
use super::token::SourceToken;
use super::topic::Topic;

pub use announcer::Announcer;
pub use docket::{CourtlistenerSettings, DocketSettings, KindFilter};
pub use file::{CsvSettings, JsonSettings, PdfTextSettings, XlsxSettings, XmlSettings};
pub use kind::SourceKind;
pub use link::LinkRule;
pub use page::{ListSettings, PageTextSettings, TableSettings};
pub use pause::SourcePause;
pub use question::address_of as address_of_question;
pub use quota::{CountedRequest, Quota, QuotaUse, RequestBurst};
pub use route::{Contradiction, Route, TakenFrom, address_of_page, taken_at};
pub use row::{Brackets, Pairs, RowSettings};
pub use rules::{EcfrSettings, EcfsSettings, FederalRegisterSettings, NoticeSettings, RulesSettings};
pub use witness::{PublishedChanges, PublishedList, Witness, Witnessed};

/// Raised whenever an extractor gives other entries for the same body, so that
/// stored bodies are read anew instead of the difference being told as a change.
pub const EXTRACTOR_VERSION: u32 = 7;

/// A watched source.
#[derive(Debug, Clone)]
pub struct Source {
    /// The operator's handle for it.
    pub id: SourceId,
    /// What readers call it.
    pub title: String,
    /// Where it is read.
    pub url: Url,
    /// How its bodies become entries.
    pub kind: SourceKind,
    /// When it is read.
    pub schedule: CronExpr,
    /// The zone in which the schedule is meant.
    pub timezone: Tz,
    /// Whom every change here concerns.
    pub companies: Vec<CompanyId>,
    /// What a good read must look like.
    pub guard: Guard,
    /// What may differ without having changed.
    pub noise: Noise,
    /// How it is asked for.
    pub request: RequestSettings,
    /// After so long without a good read the operator is told.
    pub stale_after: Option<Duration>,
    /// After so many working days without anything new the operator is told; 0 for never, and by
    /// the kind and the source's own rhythm where nothing is said.
    pub quiet_after: Option<u32>,
    /// What never appears in it, in words for those who rely on it.
    pub misses: Option<String>,
    /// What is known of it as it is live.
    pub catalogue: Catalogue,
    /// What it means to stand on it, where it is a list with an effect in law.
    pub listing: Option<ListMeaning>,
}

/// What it means to stand on a list: told beside every change, and never as advice.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ListMeaning {
    /// The legal effect, in one sentence.
    pub effect: String,
    /// The law that gives it this effect, as it is cited.
    pub authority: String,
    /// What must be done by when, where the law sets a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline: Option<String>,
}

/// How a source is asked for, beyond its address.
///
/// `Debug` hides secrets.
#[derive(Clone, Default)]
pub struct RequestSettings {
    /// Headers added to or replacing the service's own.
    pub headers: BTreeMap<String, String>,
    /// An outgoing proxy, `http://`, `https://` or `socks5://`.
    pub proxy: Option<Url>,
    /// Why the host's robots.txt is passed over; it is heeded unless a reason is given.
    pub ignores_robots: Option<String>,
    /// Whether a browser shows the page before it is read, for pages that scripts put together.
    pub in_browser: bool,
    /// The secret by which the source knows who asks.
    pub token: Option<SourceToken>,
    /// The largest body, in place of the limit for all sources.
    pub max_body_bytes: Option<usize>,
    /// How long the whole read may take, in place of the limit for all sources.
    pub total_timeout: Option<Duration>,
    /// JSON that is sent with the request, which is a POST then.
    pub question: Option<String>,
    /// Which link of the page leads to the file that is read.
    pub link: Option<LinkRule>,
    /// Whom to ask where the source's own address gives nothing that can be believed, in their order.
    pub routes: Vec<Route>,
    /// Which file of a ZIP is read: a pattern of its name.
    pub member: Option<String>,
    /// How often its API may be asked.
    pub quota: Option<Quota>,
    /// What is asked first, and moves when the source does.
    pub witness: Option<Witness>,
    /// Other sources that announce what changes on it.
    pub announcers: Vec<Announcer>,
}

impl RequestSettings {
    /// Whether a server's word that the page is the same speaks for what is read: not where the page only leads to
    /// it, nor where the answer depends on more than the address.
    #[must_use]
    pub fn is_conditional(&self) -> bool {
        self.question.is_none() && self.link.is_none()
    }

    /// The JSON that is sent to the source's address `url` for what is kept under `address`; `None` if that is asked
    /// for with a GET.
    #[must_use]
    pub fn question_for(&self, url: &Url, address: &Url) -> Option<String> {
        question::asked_for(url, self.question.as_deref()?, address)
    }

    /// What of it decides which entries a read gives; nothing for most sources.
    fn of_the_body(&self) -> Option<Vec<u8>> {
        let decides = (&self.question, &self.link, &self.member);
        let is_usual = self.question.is_none() && self.link.is_none() && self.member.is_none();
        if is_usual { None } else { serde_json::to_vec(&decides).ok() }
    }
}

impl fmt::Debug for RequestSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("headers", &redact::headers(&self.headers))
            .field("proxy", &self.proxy.as_ref().map(redact::proxy))
            .field("ignores_robots", &self.ignores_robots)
            .field("in_browser", &self.in_browser)
            .field("token", &self.token)
            .field("max_body_bytes", &self.max_body_bytes)
            .field("total_timeout", &self.total_timeout)
            .field("question", &self.question)
            .field("link", &self.link)
            .field("member", &self.member)
            .field("routes", &self.routes)
            .field("quota", &self.quota)
            .field("witness", &self.witness)
            .field("announcers", &self.announcers)
            .finish()
    }
}

impl Source {
    /// Whether something may be told of what somebody follows, because of this source: of a company that it can
    /// name, or of itself.
    #[must_use]
    pub fn can_tell_of(&self, followed: &Topic) -> bool {
        match followed {
            Topic::Source(source) => *source == self.id,
            Topic::Company(company) => self.companies.is_empty() || self.companies.contains(company),
        }
    }

    /// Names everything that decides which entries a body gives: two reads with
    /// different fingerprints must not be compared.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let settings = serde_json::to_vec(&self.kind).unwrap_or_default();
        let mut hasher = Sha256::new();
        hasher.update(EXTRACTOR_VERSION.to_le_bytes());
        hasher.update(self.url.as_str());
        hasher.update([0xff]);
        hasher.update(settings);
        if let Some(decides) = self.request.of_the_body() {
            hasher.update([0xff]);
            hasher.update(decides);
        }
        hex(&hasher.finalize()[..16])
    }
}

#[cfg(test)]
impl Source {
    /// A source as tests of others want one; they set what they are about.
    pub(crate) fn sample(kind: SourceKind) -> Self {
        Self {
            id: "list".parse().unwrap(),
            title: "A list".to_owned(),
            url: "https://agency.test/list".parse().unwrap(),
            guard: kind.default_guard(),
            kind,
            schedule: "@hourly".parse().unwrap(),
            timezone: chrono_tz::UTC,
            companies: Vec::new(),
            stale_after: None,
            quiet_after: None,
            noise: Noise::default(),
            request: RequestSettings::default(),
            misses: None,
            catalogue: Catalogue::default(),
            listing: None,
        }
    }
}
