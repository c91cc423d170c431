//! A dialogue over a connection.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::dialogue::{DeliveryStatus, Dialogue, HandedMessage, NextAction};
use crate::domain::email::EmailAddress;

/// From one message to the end of the next, rest between the two included.
const LONGEST_MESSAGE: Duration = Duration::from_secs(10 * 60);

/// For the next bytes, and for replies to be taken (RFC 5321, 4.5.3.2.7).
const LONGEST_SILENCE: Duration = Duration::from_secs(5 * 60);

/// Bytes read at once.
const CHUNK_BYTES: usize = 8 * 1024;

/// One connection.
#[derive(Debug)]
pub struct LmtpSession<S> {
    stream: S,
    dialogue: Dialogue,
}

impl<S: AsyncRead + AsyncWrite + Unpin> LmtpSession<S> {
    /// A session over a connection, in which mail for these mailboxes is taken.
    pub fn new(stream: S, mailboxes: Vec<EmailAddress>) -> Self {
        Self { stream, dialogue: Dialogue::new(mailboxes) }
    }

    /// The next message; nothing when the other side has ended the session.
    ///
    /// # Errors
    /// A connection that broke, or on which nothing came in time.
    pub async fn next(&mut self) -> io::Result<Option<HandedMessage>> {
        tokio::time::timeout(LONGEST_MESSAGE, self.advance()).await?
    }

    async fn advance(&mut self) -> io::Result<Option<HandedMessage>> {
        let mut chunk = [0; CHUNK_BYTES];
        loop {
            let step = self.dialogue.step();
            match step {
                NextAction::Message(handed) => return Ok(Some(handed)),
                NextAction::Over => return self.reply().await.map(|()| None),
                NextAction::More => {
                    self.reply().await?;
                    let read = tokio::time::timeout(LONGEST_SILENCE, self.stream.read(&mut chunk)).await??;
                    if read == 0 {
                        return Ok(None);
                    }
                    self.dialogue.feed(&chunk[..read]);
                }
            }
        }
    }

    /// Answers for each recipient of the message that came last.
    ///
    /// # Errors
    /// A connection that broke. The message was taken all the same, and comes again as one that is known.
    pub async fn settle(&mut self, verdicts: &[DeliveryStatus]) -> io::Result<()> {
        self.dialogue.settle(verdicts);
        self.reply().await
    }

    /// Ends the session from this side.
    ///
    /// # Errors
    /// A connection that broke.
    pub async fn stop(&mut self) -> io::Result<()> {
        self.dialogue.stop();
        self.reply().await
    }

    async fn reply(&mut self) -> io::Result<()> {
        let replies = self.dialogue.replies();
        if replies.is_empty() {
            return Ok(());
        }
        tokio::time::timeout(LONGEST_SILENCE, async {
            self.stream.write_all(replies.as_bytes()).await?;
            self.stream.flush().await
        })
        .await?
    }
}
