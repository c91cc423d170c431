//! Names what all daemons that share a store must agree on.

use std::path::PathBuf;

use sha2::{Digest as _, Sha256};

use super::show::shown;
use super::whole::Config;
use crate::domain::id::hex;
use crate::settings::{FetchSettings, StoreRules, StoreSettings, WaysInSettings, WebSettings};

/// The hash of a configuration without what may differ from one machine to another: where the store is reached, sockets,
/// listeners, and by which ways mail comes in. Secrets are not part of it.
#[must_use]
pub fn fingerprint(config: &Config) -> String {
    let retention = config.store_rules.retention.clone();
    let listen = ([127, 0, 0, 1], 0).into();
    let mut alike = Config {
        store: StoreSettings::Sled { path: PathBuf::new() },
        store_rules: StoreRules { retention, ..StoreRules::default() },
        ways_in: WaysInSettings::default(),
        web: config.web.clone().map(|web| WebSettings { listen, ..web }),
        metrics: None,
        fetch: FetchSettings { browser: None, ..config.fetch.clone() },
        ..config.clone()
    };
    alike.daemon.socket = PathBuf::new();
    let mut hasher = Sha256::new();
    // Cannot fail: JSON has every value of it, and a hash takes in whatever is written.
    let _ = serde_json::to_writer(&mut hasher, &shown(&alike));
    hex(&hasher.finalize())[..32].to_owned()
}
