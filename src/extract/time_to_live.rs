//! How long a feed says that nothing new is to be expected of it.

use std::time::Duration;

use quick_xml::Reader;
use quick_xml::events::Event;

use super::RawDocument;
use super::charset::decode;
use crate::domain::source::SourceKind;

/// So many elements are looked at; what a channel says of itself stands before its items.
const MAX_ELEMENTS: usize = 256;

/// The longest time a feed can name here: a year.
const MAX_MINUTES: u64 = 366 * 24 * 60;

/// `<ttl>` of RSS 2.0, in minutes, or `updatePeriod` and `updateFrequency` of RSS's syndication module.
pub(super) fn of(kind: &SourceKind, page: &RawDocument<'_>) -> Option<Duration> {
    if !matches!(kind, SourceKind::Feed | SourceKind::CourtRss(_)) {
        return None;
    }
    let text = decode(page);
    let said = channel(&text);
    let minutes = said.ttl.or_else(|| Some(said.period? / said.frequency.unwrap_or(1).max(1)))?;
    Some(Duration::from_secs(60 * minutes.min(MAX_MINUTES))).filter(|length| !length.is_zero())
}

#[derive(Debug, Default)]
struct FeedTiming {
    ttl: Option<u64>,
    period: Option<u64>,
    frequency: Option<u64>,
}

fn channel(text: &str) -> FeedTiming {
    let mut reader = Reader::from_str(text);
    let mut said = FeedTiming::default();
    let mut element = String::new();
    for _ in 0..MAX_ELEMENTS * 4 {
        match reader.read_event() {
            Ok(Event::Start(tag)) => tag.local_name().as_ref().clone_into(&mut element),
            Ok(Event::Text(text)) => note(&mut said, &element, text.as_ref()),
            Ok(Event::End(_)) => element.clear(),
            Ok(Event::Eof) | Err(_) => break,
            Ok(_) => {}
        }
        if matches!(element.as_str(), "item" | "entry") {
            break;
        }
    }
    said
}

fn note(said: &mut FeedTiming, element: &str, text: &str) {
    let text = text.trim();
    match element {
        "ttl" => said.ttl = text.parse().ok(),
        "updateFrequency" => said.frequency = text.parse().ok(),
        "updatePeriod" => {
            let periods = [
                ("hourly", 60),
                ("daily", 1_440),
                ("weekly", 10_080),
                ("monthly", 43_200),
                ("yearly", 525_600),
            ];
            said.period = periods.iter().find(|(name, _)| *name == text).map(|(_, minutes)| *minutes);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(channel: &str, minutes: Option<u64>) {
        let body = format!(
            "<?xml version='1.0'?><rss version='2.0'><channel><title>A</title>{channel}</channel></rss>"
        );
        let url = "https://agency.test/feed".parse().unwrap();
        let page = RawDocument { body: body.as_bytes(), content_type: None, url: &url };
        let expected = minutes.map(|minutes| Duration::from_secs(60 * minutes));
        assert_eq!(of(&SourceKind::Feed, &page), expected, "{channel}");
        assert_eq!(of(&SourceKind::FccCoveredList, &page), None);
    }

    #[test]
    fn a_feed_says_when_to_come_again() {
        check("<ttl>90</ttl><item/>", Some(90));
        check(
            "<sy:updatePeriod>\n hourly </sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>",
            Some(30),
        );
        check(
            "<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>",
            Some(1_440),
        );
        check("<ttl>99999999999999</ttl>", Some(MAX_MINUTES));
    }

    #[test]
    fn what_is_not_said_by_the_channel_is_not_said() {
        check("", None);
        check("<ttl>soon</ttl>", None);
        check("<ttl>0</ttl>", None);
        check("<item><ttl>90</ttl></item>", None);
        check("<ttl>-5</ttl>", None);
        check("<broken", None);
    }
}
