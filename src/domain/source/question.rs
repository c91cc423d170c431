//! A question that is sent as JSON, page by page.
//!
//! What such an API calls its pages stands in the question, and not in the address. The answers are kept under addresses
//! all the same: the source's own, with what in the question numbers its pages as a query.

use serde_json::{Map, Value};
use url::Url;

/// Names, in lower case and letters alone, under which a question says which part of the answer it wants.
const PAGING: [&str; 20] = [
    "page",
    "pageno",
    "pagenum",
    "pagenumber",
    "pageindex",
    "currentpage",
    "offset",
    "skip",
    "start",
    "startindex",
    "from",
    "cursor",
    "after",
    "pagetoken",
    "nexttoken",
    "continuationtoken",
    "scrollid",
    "resumptiontoken",
    "iterationnexttoken",
    "searchafter",
];

fn is_paging(name: &str) -> bool {
    let folded: String = name.chars().filter(|c| c.is_alphanumeric()).collect();
    PAGING.contains(&&*folded.to_lowercase())
}

fn members(question: &str) -> Option<Map<String, Value>> {
    match serde_json::from_str(question) {
        Ok(Value::Object(members)) => Some(members),
        _ => None,
    }
}

/// The address under which the answer to a question at `url` is kept.
#[must_use]
pub fn address_of(url: &Url, question: &str) -> Url {
    let mut address = url.clone();
    for (name, value) in members(question).into_iter().flatten().filter(|(name, _)| is_paging(name)) {
        let text = match value {
            Value::Number(number) => number.to_string(),
            Value::String(text) if !text.is_empty() => text,
            _ => continue,
        };
        address.query_pairs_mut().append_pair(&name, &text);
    }
    address
}

/// The question that is sent to `url` for the answer which is kept under `address`; `None` for another address.
#[must_use]
pub fn asked_for(url: &Url, question: &str, address: &Url) -> Option<String> {
    if address == url {
        return Some(question.to_owned());
    }
    if address.origin() != url.origin() || address.path() != url.path() {
        return None;
    }
    let mut members = members(question)?;
    let is_of_the_address = |name: &str| url.query_pairs().any(|(known, _)| known == name);
    for (name, text) in address.query_pairs().filter(|(name, _)| !is_of_the_address(name)) {
        if !is_paging(&name) {
            return None;
        }
        let known = members.keys().find(|known| known.eq_ignore_ascii_case(&name)).cloned();
        let is_text = known.as_ref().and_then(|known| members.get(known)).is_some_and(Value::is_string);
        let number = text.parse::<u64>().ok().filter(|_| !is_text);
        let value = number.map_or_else(|| Value::from(&*text), Value::from);
        members.insert(known.unwrap_or_else(|| name.into_owned()), value);
    }
    serde_json::to_string(&Value::Object(members)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://api.test/search?scope=all";
    const QUESTION: &str = r#"{"query":"timber","pageNumber":1,"cursor":"","limit":100}"#;

    #[track_caller]
    fn check(address: &str, expected: Option<&str>) {
        let asked = asked_for(&URL.parse().unwrap(), QUESTION, &address.parse().unwrap());
        assert_eq!(asked.as_deref(), expected, "{address}");
    }

    #[test]
    fn an_answer_is_kept_under_what_its_question_says_of_pages() {
        let address = address_of(&URL.parse().unwrap(), QUESTION);
        assert_eq!(address.as_str(), "https://api.test/search?scope=all&pageNumber=1");
        let plain = address_of(&URL.parse().unwrap(), r#"{"query":"timber"}"#);
        assert_eq!(plain.as_str(), URL);
    }

    #[test]
    fn another_page_is_another_question() {
        check(URL, Some(QUESTION));
        check(
            "https://api.test/search?scope=all&pageNumber=2",
            Some(r#"{"query":"timber","pageNumber":2,"cursor":"","limit":100}"#),
        );
        check(
            "https://api.test/search?scope=all&CURSOR=77",
            Some(r#"{"query":"timber","pageNumber":1,"cursor":"77","limit":100}"#),
        );
        check(
            "https://api.test/search?scope=all&offset=100",
            Some(r#"{"query":"timber","pageNumber":1,"cursor":"","limit":100,"offset":100}"#),
        );
    }

    #[test]
    fn what_lies_elsewhere_is_not_asked_this_way() {
        for other in [
            "https://api.test/other?scope=all&page=2",
            "https://b.test/search?scope=all&page=2",
            "https://api.test/search?scope=all&limit=5",
        ] {
            check(other, None);
        }
    }
}
