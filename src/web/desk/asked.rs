//! What an address or a form asks for, field by field.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use url::form_urlencoded;

/// The fields of a query or a form, decoded, in their order.
#[derive(Debug, Clone, Default)]
pub(super) struct RequestFields(Vec<(String, String)>);

/// A longer value is none of ours.
const MAX_VALUE_BYTES: usize = 2048;

impl RequestFields {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let pairs = form_urlencoded::parse(bytes).filter(|(_, value)| value.len() <= MAX_VALUE_BYTES);
        Self(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    /// A field's first value that is not blank.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let mut values = self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value.trim());
        values.find(|value| !value.is_empty())
    }

    /// A field read as something; `None` where it is not there or cannot be.
    pub(super) fn parsed<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.get(name)?.parse().ok()
    }

    /// A field's value for a form that shows it again.
    pub(super) fn shown(&self, name: &str) -> String {
        self.get(name).unwrap_or_default().to_owned()
    }

    /// The same with one field put to another value, as the query of an address.
    pub(super) fn with(&self, name: &str, value: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let others = self.0.iter().filter(|(known, value)| known != name && !value.trim().is_empty());
        for (known, value) in others {
            query.append_pair(known, value);
        }
        query.append_pair(name, value);
        query.finish()
    }
}

impl RequestFields {
    /// The same without some fields, as the query of an address.
    pub(super) fn without(&self, names: &[&str]) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let others = self.0.iter().filter(|(known, _)| !names.contains(&known.as_str()));
        for (known, value) in others.filter(|(_, value)| !value.trim().is_empty()) {
            query.append_pair(known, value);
        }
        query.finish()
    }
}

/// The query of the address that was asked for.
impl<S: Sync> FromRequestParts<S> for RequestFields {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self::of(parts.uri.query().unwrap_or_default().as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_its_first_value_that_says_anything() {
        let asked = RequestFields::of(b"q=&q=a+b%26&page=2&x=%ff");
        assert_eq!((asked.get("q"), asked.parsed::<u32>("page")), (Some("a b&"), Some(2)));
        assert_eq!(asked.get("nothing"), None);
        assert_eq!(asked.without(&["page", "x"]), "q=a+b%26");
        assert_eq!(asked.with("page", "3"), "q=a+b%26&x=%EF%BF%BD&page=3");
    }
}
