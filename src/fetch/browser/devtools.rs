//! The browser's own language: JSON messages between zero bytes (its protocol for developers' tools, over pipes).

use std::collections::VecDeque;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::process::Pipes;
use super::visit::VisitError;

/// So much is read at once.
const PART_BYTES: usize = 64 * 1024;

/// A conversation with a browser.
pub(super) struct DevTools {
    pipes: Pipes,
    /// The tab spoken to, once there is one.
    session: Option<String>,
    last_id: u64,
    read: Vec<u8>,
    /// What happened while an answer was waited for.
    waiting: VecDeque<BrowserEvent>,
    max_message_bytes: usize,
}

/// Something that happened in the browser.
#[derive(Debug)]
pub(super) struct BrowserEvent {
    /// Its name, such as `Page.loadEventFired`.
    pub name: String,
    /// What there is to know about it.
    pub about: Value,
}

impl DevTools {
    /// Begins a conversation in which no single message may be longer than this.
    pub(super) fn new(pipes: Pipes, max_message_bytes: usize) -> Self {
        Self {
            pipes,
            session: None,
            last_id: 0,
            read: Vec::new(),
            waiting: VecDeque::new(),
            max_message_bytes,
        }
    }

    /// From now on speaks to this tab.
    pub(super) fn speak_to(&mut self, session: &str) {
        self.session = Some(session.to_owned());
    }

    /// Asks for something and waits for the answer.
    pub(super) async fn call(&mut self, method: &str, parameters: Value) -> Result<Value, VisitError> {
        let id = self.send(method, parameters).await?;
        loop {
            let mut message = self.next_message().await?;
            if message["id"].as_u64() != Some(id) {
                self.waiting.extend(event(message));
                continue;
            }
            if let Some(error) = message.get("error") {
                return Err(VisitError::Broken(format!("{method}: {}", error["message"])));
            }
            return Ok(message["result"].take());
        }
    }

    /// Asks for something whose answer says nothing.
    pub(super) async fn send(&mut self, method: &str, parameters: Value) -> Result<u64, VisitError> {
        self.last_id += 1;
        let mut message = json!({ "id": self.last_id, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        self.pipes.0.write_all(&bytes).await.map_err(|_| ended())?;
        Ok(self.last_id)
    }

    /// The next thing that happens.
    pub(super) async fn event(&mut self) -> Result<BrowserEvent, VisitError> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Ok(event);
            }
            let message = self.next_message().await?;
            self.waiting.extend(event(message));
        }
    }

    async fn next_message(&mut self) -> Result<Value, VisitError> {
        let mut searched = 0;
        loop {
            if let Some(end) = self.read[searched..].iter().position(|byte| *byte == 0) {
                let rest = self.read.split_off(searched + end + 1);
                let message = std::mem::replace(&mut self.read, rest);
                return serde_json::from_slice(&message[..message.len() - 1])
                    .map_err(|error| VisitError::Broken(format!("it cannot be understood: {error}")));
            }
            searched = self.read.len();
            if searched > self.max_message_bytes {
                return Err(VisitError::TooLarge);
            }
            self.read.reserve(PART_BYTES);
            if self.pipes.1.read_buf(&mut self.read).await.map_err(|_| ended())? == 0 {
                return Err(ended());
            }
        }
    }
}

fn ended() -> VisitError {
    VisitError::Broken("it ended unexpectedly".to_owned())
}

fn event(mut message: Value) -> Option<BrowserEvent> {
    let name = message["method"].as_str()?.to_owned();
    Some(BrowserEvent { name, about: message["params"].take() })
}
