//! Answers of the past in the place of the network.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use url::Url;

use super::{FetchError, FetchResponse};

/// What each address answers. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct AnswerLog(Arc<Mutex<HashMap<String, FetchResponse>>>);

impl AnswerLog {
    /// From now on an address answers so.
    pub fn put(&self, address: &Url, answer: FetchResponse) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(named(address), answer);
    }

    /// From now on nothing answers.
    pub fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    pub(super) fn answer(&self, address: &Url, limit: usize) -> Result<FetchResponse, FetchError> {
        let url = address.to_string();
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&named(address)).cloned();
        let reason = "the captures hold no answer of it".to_owned();
        match known {
            Some(answer) if answer.body.len() > limit => Err(FetchError::TooLarge { url, limit }),
            Some(answer) => Ok(answer),
            None => Err(FetchError::Unreachable { url, reason }),
        }
    }
}

/// An address without what no server sees of it.
fn named(address: &Url) -> String {
    let mut address = address.clone();
    address.set_fragment(None);
    address.to_string()
}
