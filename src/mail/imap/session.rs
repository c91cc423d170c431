//! A session with a server: what waits, a message, putting it away, and waiting for more.

use std::collections::HashSet;
use std::io;
use std::time::Duration;

use async_imap::Session;
use async_imap::error::Error;
use async_imap::types::{Fetch, Uid, UnsolicitedResponse};
use futures_util::TryStreamExt;

use super::wire::{ImapWire, connect};
use super::{COMMAND, Imap, ImapError};
use crate::domain::text::{one_line, shorten};
use crate::mail::{Folder, MAX_MESSAGE_BYTES};
use crate::settings::ImapSettings;

/// What a server says is shown up to here.
const MAX_REASON_CHARS: usize = 200;

/// One command and its answer, in time and within bounds.
macro_rules! step {
    ($mailbox:ident, $what:expr, $command:expr) => {{
        $mailbox.session.get_mut().grant();
        match tokio::time::timeout(COMMAND, $command).await {
            Ok(answer) => answer.map_err(|error| $mailbox.fault($what, &error)),
            Err(_) => Err($mailbox.late($what)),
        }
    }};
}

/// A mailbox that is open.
#[derive(Debug)]
pub struct Mailbox {
    session: Session<ImapWire>,
    settings: ImapSettings,
    server: String,
    uid_validity: u32,
    can_idle: bool,
    can_move: bool,
    can_expunge: bool,
}

impl Mailbox {
    pub(super) async fn open(imap: &Imap) -> Result<Self, ImapError> {
        let (settings, server) = (imap.settings.clone(), imap.server());
        let client = connect(imap).await?;
        let refused =
            |reason| ImapError::LogIn { server: server.clone(), user: settings.user.clone(), reason };
        let password = secrecy::ExposeSecret::expose_secret(&settings.password);
        let session = tokio::time::timeout(COMMAND, client.login(&settings.user, password)).await;
        let session = session.map_err(|_| refused("it did not answer in time".to_owned()))?;
        let session = session.map_err(|(error, _)| refused(in_words(&error)))?;
        let mut mailbox = Self {
            session,
            settings,
            server,
            uid_validity: 0,
            can_idle: false,
            can_move: false,
            can_expunge: false,
        };
        mailbox.prepare().await?;
        Ok(mailbox)
    }

    async fn prepare(&mut self) -> Result<(), ImapError> {
        let able = step!(self, "say what it can", self.session.capabilities())?;
        (self.can_idle, self.can_move) = (able.has_str("IDLE"), able.has_str("MOVE"));
        self.can_expunge = able.has_str("UIDPLUS");
        for folder in [Folder::Processed, Folder::Failed] {
            self.make(folder).await?;
        }
        let name = self.settings.mailbox.clone();
        let what = format!("open the folder {name}");
        let opened = step!(self, &what, self.session.select(&name))?;
        self.uid_validity = opened.uid_validity.unwrap_or_default();
        Ok(())
    }

    /// Makes a folder where it is missing.
    async fn make(&mut self, folder: Folder) -> Result<(), ImapError> {
        match self.count(folder).await {
            Err(ImapError::Refused { .. }) => {
                let name = self.name(folder).to_owned();
                let what = format!("make the folder {name}");
                step!(self, &what, self.session.create(&name))
            }
            other => other.map(|_| ()),
        }
    }

    fn name(&self, folder: Folder) -> &str {
        match folder {
            Folder::Processed => &self.settings.processed,
            Folder::Failed => &self.settings.failed,
        }
    }

    async fn count(&mut self, folder: Folder) -> Result<u32, ImapError> {
        let name = self.name(folder).to_owned();
        let what = format!("tell of the folder {name}");
        let status = step!(self, &what, self.session.status(&name, "(MESSAGES)"))?;
        self.confirm_alive(&what).await?;
        Ok(status.exists)
    }

    /// How many messages lie among those that could not be taken in.
    ///
    /// # Errors
    /// The server's no, or the end of the session.
    pub async fn set_aside(&mut self) -> Result<u32, ImapError> {
        self.count(Folder::Failed).await
    }

    /// For as long as it is the same, a UID means the same message (RFC 3501, 2.3.1.1).
    #[must_use]
    pub fn uid_validity(&self) -> u32 {
        self.uid_validity
    }

    /// The UIDs of the messages that wait, in the order of their arrival.
    ///
    /// # Errors
    /// The server's no, or the end of the session.
    pub async fn waiting(&mut self) -> Result<Vec<u32>, ImapError> {
        self.has_news();
        let found: HashSet<Uid> = step!(self, "search", self.session.uid_search("UNDELETED"))?;
        self.confirm_alive("search").await?;
        let mut uids: Vec<Uid> = found.into_iter().collect();
        uids.sort_unstable();
        Ok(uids)
    }

    /// A message's bytes, of a very large one as many as are needed, its flags left as they are; nothing
    /// where it is gone.
    ///
    /// # Errors
    /// The server's no, or the end of the session.
    pub async fn message(&mut self, uid: u32) -> Result<Option<Vec<u8>>, ImapError> {
        let what = format!("give message {uid}");
        let fetched = self.fetch(uid, &format!("BODY.PEEK[]<0.{MAX_MESSAGE_BYTES}>"), &what).await?;
        let mut own = fetched.iter().filter(|fetch| fetch.uid == Some(uid));
        match own.find_map(|fetch| fetch.body()) {
            Some(body) => Ok(Some(body.to_vec())),
            None => self.confirm_gone(uid, &what).await.map(|()| None),
        }
    }

    /// The library takes the end of a connection for the end of a list of answers, so that a search in
    /// which a server died finds nothing. Whatever may rightly be empty is followed by this.
    async fn confirm_alive(&mut self, what: &str) -> Result<(), ImapError> {
        step!(self, what, self.session.run_command_and_check_ok("NOOP"))
    }

    /// Makes sure that a message of which nothing came is gone, and not one that the server cannot give or
    /// at which it died: what is wrong then must be told of this message and not of the next.
    async fn confirm_gone(&mut self, uid: u32, what: &str) -> Result<(), ImapError> {
        self.confirm_alive(what).await?;
        let found = step!(self, what, self.session.uid_search(format!("UID {uid}")))?;
        self.confirm_alive(what).await?;
        if found.is_empty() {
            return Ok(());
        }
        let (server, reason) = (self.server.clone(), "nothing of it came".to_owned());
        Err(ImapError::Refused { server, what: what.to_owned(), reason })
    }

    /// Every answer is drained, or the next command would meet the rest.
    async fn fetch(&mut self, uid: u32, item: &str, what: &str) -> Result<Vec<Fetch>, ImapError> {
        step!(self, what, async {
            self.session.uid_fetch(uid.to_string(), item).await?.try_collect::<Vec<_>>().await
        })
    }

    /// Moves a message out of the way; in three steps where the server cannot in one.
    ///
    /// # Errors
    /// The server's no, or the end of the session.
    pub async fn put_away(&mut self, uid: u32, folder: Folder) -> Result<(), ImapError> {
        let (name, set) = (self.name(folder).to_owned(), uid.to_string());
        let what = format!("move message {uid} to {name}");
        if self.can_move {
            return step!(self, &what, self.session.uid_mv(&set, &name));
        }
        step!(self, &what, self.session.uid_copy(&set, &name))?;
        step!(self, &what, async {
            let flags = "+FLAGS.SILENT (\\Deleted)";
            self.session.uid_store(&set, flags).await?.try_collect::<Vec<_>>().await
        })?;
        // Without UIDPLUS, what others have marked would go with it: then it stays, marked.
        if self.can_expunge {
            step!(self, &what, async {
                self.session.uid_expunge(&set).await?.try_collect::<Vec<_>>().await
            })?;
        }
        Ok(())
    }

    /// Whether the server said in passing, since this was asked last, that a message came.
    fn has_news(&self) -> bool {
        let mut has = false;
        while let Ok(said) = self.session.unsolicited_responses.try_recv() {
            has |= matches!(said, UnsolicitedResponse::Exists(_));
        }
        has
    }

    /// Waits until the server says that something happened, at most so long. Where it cannot say,
    /// the whole time is waited. What it says is only a hint.
    ///
    /// # Errors
    /// The end of the session.
    pub async fn idle(mut self, longest: Duration) -> Result<Self, ImapError> {
        self.session.get_mut().grant();
        if self.has_news() {
            // It came after the search, and would not be told of again.
            return Ok(self);
        }
        if !self.can_idle {
            tokio::time::sleep(longest).await;
            return Ok(self);
        }
        let Self { session, settings, server, uid_validity, can_idle, can_move, can_expunge } = self;
        let lost = |reason| ImapError::Lost { server: server.clone(), what: "wait".to_owned(), reason };
        let late = |_| lost("it did not answer in time".to_owned());
        let news = session.unsolicited_responses.clone();
        let mut handle = session.idle();
        let begun = tokio::time::timeout(COMMAND, handle.init()).await.map_err(late)?;
        begun.map_err(|error| lost(in_words(&error)))?;
        let mut has_news = false;
        while let Ok(said) = news.try_recv() {
            has_news |= matches!(said, UnsolicitedResponse::Exists(_));
        }
        // What came while the wait began ends it before it does.
        if !has_news {
            let (wait, _stop) = handle.wait_with_timeout(longest);
            // A server that says "still here" now and then would keep the wait from ever ending.
            if let Ok(ended) = tokio::time::timeout(longest, wait).await {
                ended.map_err(|error| lost(in_words(&error)))?;
            }
        }
        let done = tokio::time::timeout(COMMAND, handle.done()).await.map_err(late)?;
        let session = done.map_err(|error| lost(in_words(&error)))?;
        Ok(Self { session, settings, server, uid_validity, can_idle, can_move, can_expunge })
    }

    /// Says goodbye; nothing depends on the answer.
    pub async fn close(mut self) {
        let _ = tokio::time::timeout(Duration::from_secs(2), self.session.logout()).await;
    }

    fn fault(&self, what: &str, error: &Error) -> ImapError {
        let (server, what, reason) = (self.server.clone(), what.to_owned(), in_words(error));
        match error {
            Error::No(_) | Error::Validate(_) => ImapError::Refused { server, what, reason },
            _ => ImapError::Lost { server, what, reason },
        }
    }

    fn late(&self, what: &str) -> ImapError {
        let (server, reason) = (self.server.clone(), "it did not answer in time".to_owned());
        ImapError::Lost { server, what: what.to_owned(), reason }
    }
}

/// What a library's error says, without the bytes that the server sent: they may be somebody's mail.
pub(super) fn in_words(error: &Error) -> String {
    let said = match error {
        Error::No(said) | Error::Bad(said) => said.clone(),
        Error::ConnectionLost => "it closed the connection".to_owned(),
        Error::Io(error) if error.kind() == io::ErrorKind::Other => "its answer cannot be read".to_owned(),
        Error::Io(error) => error.to_string(),
        Error::Parse(_) => "its answer is not the one to what was asked".to_owned(),
        other => other.to_string(),
    };
    shorten(&one_line(&said), MAX_REASON_CHARS)
}
