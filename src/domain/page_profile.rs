//! What a page shows before its entries are read, and how it differs from the one before.
//!
//! Pages change their faces for good reasons too, so none of this holds back a
//! read whose known entries are all there; it explains why they are not.

use super::quality::{Sign, Weight};

/// What a page shows of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageProfile {
    /// The HTML title, entities decoded, on one line.
    pub title: Option<String>,
    /// The language it says it is in, the first subtag in lower case.
    pub language: Option<String>,
    /// The host to which it sends its readers on by itself, where that is another than its own.
    pub sends_on_to: Option<String>,
    /// Whether the document's end is there; nothing where its form has none.
    pub is_closed: Option<bool>,
    /// The media type it was declared to have, lower-case.
    pub media_type: Option<String>,
    /// How long it is.
    pub body_bytes: usize,
    /// Whether something of its text is lost, whatever charset it is taken for.
    pub is_half_decoded: bool,
    /// The words in which it says that it is being made.
    pub in_progress: Option<String>,
}

/// A page this many times shorter than the one before has lost something.
const MUCH_SHORTER: usize = 4;

/// Sizes below this say nothing about each other.
const SMALL_BYTES: usize = 512;

impl PageProfile {
    /// What speaks against a page of its own accord.
    #[must_use]
    pub fn signs(&self) -> Vec<Sign> {
        let host = self.sends_on_to.as_ref();
        host.map(|host| Sign::new(10, Weight::Unless(50), format!("the page sends its readers on to {host}")))
            .into_iter()
            .collect()
    }

    /// What speaks against a page of which nothing is known to compare it with, beside [`Self::signs`].
    #[must_use]
    pub fn signs_alone(&self) -> Vec<Sign> {
        self.signs_of_text(&Self::default()).collect()
    }

    /// A page that was always so is believed; one that has become so is not whole.
    fn signs_of_text(&self, before: &Self) -> impl Iterator<Item = Sign> {
        let is_lost = self.is_half_decoded && !before.is_half_decoded;
        let lost =
            is_lost.then(|| "letters of its text are lost: it fits no charset it could be in".to_owned());
        let words = self.in_progress.as_ref().filter(|_| before.in_progress.is_none());
        let progress = words.map(|words| format!("it says itself that it is being updated: {words:?}"));
        lost.into_iter().chain(progress).map(|words| Sign::new(30, Weight::UnlessSame, words))
    }

    /// Whether there is anything in this page that speaks against it only in comparison with more of the accepted one
    /// than its size and its media type.
    #[must_use]
    pub fn asks_for_all_of_before(&self) -> bool {
        let Self { title, language, is_closed, is_half_decoded, in_progress, .. } = self;
        title.is_some()
            || language.is_some()
            || *is_closed == Some(false)
            || *is_half_decoded
            || in_progress.is_some()
    }

    /// What speaks against a page in comparison with the accepted one.
    #[must_use]
    pub fn signs_against(&self, before: &Self) -> Vec<Sign> {
        [
            self.cut_off(before),
            self.other_language(before),
            self.other_type(before),
            self.much_shorter(before),
            self.other_title(before),
        ]
        .into_iter()
        .flatten()
        .chain(self.signs_of_text(before))
        .collect()
    }

    fn cut_off(&self, before: &Self) -> Option<Sign> {
        let is_cut = before.is_closed == Some(true) && self.is_closed == Some(false);
        is_cut.then(|| {
            Sign::new(
                20,
                Weight::UnlessUnchanged(100),
                "the page breaks off: its end, which was there before, is missing",
            )
        })
    }

    fn other_language(&self, before: &Self) -> Option<Sign> {
        let (now, then) = (self.language.as_ref()?, before.language.as_ref()?);
        (now != then).then(|| {
            Sign::new(
                30,
                Weight::UnlessUnchanged(50),
                format!("the page is in another language: {now:?}, before {then:?}"),
            )
        })
    }

    fn other_type(&self, before: &Self) -> Option<Sign> {
        let (now, then) = (self.media_type.as_ref()?, before.media_type.as_ref()?);
        (now != then).then(|| Sign::new(50, Weight::Hint, format!("it came as {now}, before as {then}")))
    }

    fn much_shorter(&self, before: &Self) -> Option<Sign> {
        let (now, then) = (self.body_bytes, before.body_bytes);
        let is_shorter = then >= SMALL_BYTES && now.saturating_mul(MUCH_SHORTER) < then;
        is_shorter.then(|| Sign::new(50, Weight::Hint, format!("it has {now} bytes, before {then}")))
    }

    fn other_title(&self, before: &Self) -> Option<Sign> {
        let (now, then) = (self.title.as_ref()?, before.title.as_ref()?);
        (now != then).then(|| Sign::new(75, Weight::Hint, format!("its title is {now:?}, before {then:?}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn face() -> PageProfile {
        PageProfile {
            title: Some("List".into()),
            language: Some("en".into()),
            sends_on_to: None,
            is_closed: Some(true),
            media_type: Some("text/html".into()),
            body_bytes: 10_000,
            is_half_decoded: false,
            in_progress: None,
        }
    }

    #[track_caller]
    fn check(now: &PageProfile, expected: &[&str]) {
        let words: Vec<String> = now.signs_against(&face()).into_iter().map(|sign| sign.words).collect();
        assert_eq!(words, expected);
    }

    #[test]
    fn a_page_as_it_was_bears_no_sign() {
        check(&face(), &[]);
        check(&PageProfile { language: None, media_type: None, title: None, is_closed: None, ..face() }, &[]);
        assert!(face().signs().is_empty());
    }

    #[test]
    fn what_is_different_is_named() {
        check(
            &PageProfile { is_closed: Some(false), ..face() },
            &["the page breaks off: its end, which was there before, is missing"],
        );
        check(
            &PageProfile { language: Some("es".into()), ..face() },
            &["the page is in another language: \"es\", before \"en\""],
        );
        check(
            &PageProfile { body_bytes: 900, title: Some("Log in".into()), ..face() },
            &["it has 900 bytes, before 10000", "its title is \"Log in\", before \"List\""],
        );
        check(
            &PageProfile { media_type: Some("application/json".into()), ..face() },
            &["it came as application/json, before as text/html"],
        );
    }

    #[test]
    fn what_asks_for_no_more_of_the_page_before_says_the_same_without_it() {
        let words = Some("update in progress".to_owned());
        let earlier = [face(), PageProfile { is_half_decoded: true, in_progress: words.clone(), ..face() }];
        let mut asked = 0;
        for before in &earlier {
            let PageProfile { media_type, body_bytes, .. } = before.clone();
            let little = PageProfile { media_type, body_bytes, ..PageProfile::default() };
            for bits in 0..32_u8 {
                let has = |bit: u8| bits & (1 << bit) != 0;
                let now = PageProfile {
                    title: has(0).then(|| "Log in".to_owned()),
                    language: has(1).then(|| "es".to_owned()),
                    is_closed: Some(!has(2)),
                    is_half_decoded: has(3),
                    in_progress: words.clone().filter(|_| has(4)),
                    media_type: Some("text/csv".to_owned()),
                    body_bytes: 900,
                    ..PageProfile::default()
                };
                asked += usize::from(now.asks_for_all_of_before());
                if !now.asks_for_all_of_before() {
                    assert_eq!(now.signs_against(before), now.signs_against(&little));
                }
            }
        }
        assert_eq!(asked, 62);
    }

    #[test]
    fn what_a_page_has_become_is_a_sign_and_what_it_always_was_is_none() {
        let lossy =
            PageProfile { is_half_decoded: true, in_progress: Some("update in progress".into()), ..face() };
        assert_eq!(lossy.signs_against(&face()).len(), 2);
        assert_eq!(lossy.signs_against(&lossy), []);
        assert_eq!(lossy.signs_alone().len(), 2);
        assert!(lossy.signs_alone()[1].words.ends_with("being updated: \"update in progress\""));
        assert_eq!(face().signs_alone(), []);
    }

    #[test]
    fn a_page_that_sends_its_readers_away_says_where() {
        let face = PageProfile { sends_on_to: Some("portal.hotel.example".into()), ..face() };
        assert_eq!(face.signs()[0].words, "the page sends its readers on to portal.hotel.example");
    }
}
