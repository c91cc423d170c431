//! A database of a PostgreSQL server as the place of one store.

use regwatch::settings::{DatabaseUrl, StoreSettings};
use regwatch::store::{Store, StoreError};

use crate::fixture;
use crate::postgres::Server;

/// A place for one store. Where there is no server, which was told, it is a folder.
pub type Home = HomeOn<false>;

/// The same on a server of the newer version.
pub type NewerHome = HomeOn<true>;

/// A place for one store, on a server of one of the two versions.
pub enum HomeOn<const NEWER: bool> {
    Server { url: DatabaseUrl, local: tempfile::TempDir },
    Folder(fixture::Home),
}

impl<const NEWER: bool> HomeOn<NEWER> {
    pub fn new() -> Self {
        let server = if NEWER { Server::newer() } else { Server::shared() };
        let Some(server) = server else { return Self::Folder(fixture::Home::new()) };
        let url = DatabaseUrl::new(&server.database(), None).unwrap();
        Self::Server { url, local: tempfile::tempdir().unwrap() }
    }

    /// Whether there is no server.
    pub fn is_folder(&self) -> bool {
        matches!(self, Self::Folder(_))
    }

    /// Where the store is.
    pub fn settings(&self) -> StoreSettings {
        match self {
            Self::Server { url, local } => {
                StoreSettings::Postgres { url: url.clone(), local: local.path().join("db") }
            }
            Self::Folder(home) => home.settings(),
        }
    }

    pub fn try_open(&self) -> Result<Store, StoreError> {
        Store::open(&self.settings())
    }

    #[track_caller]
    pub fn open(&self) -> Store {
        self.try_open().unwrap()
    }

    /// The same store for another worker.
    pub fn another(&self, store: &Store) -> Store {
        match self {
            Self::Server { .. } => self.open(),
            Self::Folder(home) => home.another(store),
        }
    }

    /// The same store after its process ended and began again.
    pub async fn reopen(&self, store: Store) -> Store {
        store.close().await.unwrap();
        self.open()
    }
}
