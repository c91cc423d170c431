//! The protocol without a wire.

use std::fmt::Write as _;

use smtp_proto::{Error, MAIL_BODY_BINARYMIME, MailFrom, Request};

use super::data::MessageData;
use crate::domain::email::EmailAddress;
use crate::mail::MAX_MESSAGE_BYTES;
use crate::mail::inbound_message::detail_of;

/// The longest command: RFC 5321, 4.5.3.1.4, and what its extensions add.
const MAX_LINE_BYTES: usize = 2048;

/// A message has one recipient, seldom two; RFC 5321, 4.5.3.1.8 asks for this many.
const MAX_RECIPIENTS: usize = 100;

/// Who says so much that is no command is no mail server.
const MAX_ERRORS: u32 = 20;

/// A message that was handed over, and waits to be answered for each of its recipients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandedMessage {
    /// The envelope's sender; empty for a bounce.
    pub sender: String,
    /// The envelope's recipients, all of them of the mailboxes.
    pub recipients: Vec<String>,
    /// The message, of a very large one the beginning.
    pub raw: Vec<u8>,
}

/// What is to be done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NextAction {
    /// Read on.
    More,
    /// Take the message, and settle it.
    Message(HandedMessage),
    /// Close the connection.
    Over,
}

/// What became of a message for one recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryStatus {
    /// Its effects are kept.
    Taken,
    /// The fault is here: it must come again.
    TryAgain,
    /// It came again and again in vain: whoever sent it is to be told.
    Refused,
}

#[derive(Debug)]
enum DialoguePhase {
    /// Nobody said LHLO.
    Greeting,
    /// Between two messages.
    Ready,
    /// An envelope is written.
    Envelope { sender: String, recipients: Vec<String> },
    /// A message comes in.
    Data { sender: String, recipients: Vec<String>, data: MessageData },
    /// A message is being taken, for so many recipients.
    Taking(usize),
    /// It is over.
    Over,
}

/// One dialogue with a mail server.
#[derive(Debug)]
pub struct Dialogue {
    mailboxes: Vec<EmailAddress>,
    input: Vec<u8>,
    replies: String,
    phase: DialoguePhase,
    errors: u32,
    /// The rest of a line that was too long is passed over.
    is_skipping: bool,
}

impl Dialogue {
    /// Begins one in which mail for these mailboxes is taken, each with any detail behind a `+`.
    #[must_use]
    pub fn new(mailboxes: Vec<EmailAddress>) -> Self {
        let (input, replies) = (Vec::new(), "220 regwatch LMTP\r\n".to_owned());
        Self { mailboxes, input, replies, phase: DialoguePhase::Greeting, errors: 0, is_skipping: false }
    }

    /// Takes what came in. Commands may come several at once (RFC 2920).
    pub fn feed(&mut self, bytes: &[u8]) {
        self.input.extend_from_slice(bytes);
    }

    /// The replies that are due, in their order.
    #[must_use]
    pub fn replies(&mut self) -> String {
        std::mem::take(&mut self.replies)
    }

    /// Goes on until something is to be done.
    pub fn step(&mut self) -> NextAction {
        loop {
            match &mut self.phase {
                DialoguePhase::Over => return NextAction::Over,
                DialoguePhase::Taking(_) => return NextAction::More,
                DialoguePhase::Data { data, .. } => {
                    let (taken, is_end) = data.take(&self.input);
                    self.input.drain(..taken);
                    if !is_end {
                        return NextAction::More;
                    }
                    if let Some(handed) = self.handed() {
                        return NextAction::Message(handed);
                    }
                }
                _ => match self.line() {
                    Some(line) => self.command(&line),
                    None => return NextAction::More,
                },
            }
        }
    }

    /// Answers for each recipient of the message that was handed over.
    pub fn settle(&mut self, verdicts: &[DeliveryStatus]) {
        let DialoguePhase::Taking(recipients) = self.phase else { return };
        for index in 0..recipients {
            match verdicts.get(index) {
                Some(DeliveryStatus::Taken) => self.say("250 2.0.0 taken in"),
                Some(DeliveryStatus::Refused) => self.say("554 5.3.0 it cannot be taken in"),
                Some(DeliveryStatus::TryAgain) | None => self.say("451 4.3.0 not now, try again"),
            }
        }
        self.phase = DialoguePhase::Ready;
    }

    /// Ends it, as servers do that stop.
    pub fn stop(&mut self) {
        self.say("421 4.3.2 stopping, try again");
        self.phase = DialoguePhase::Over;
    }

    fn say(&mut self, reply: &str) {
        // Writing into a string cannot fail.
        let _ = write!(self.replies, "{reply}\r\n");
    }

    fn refuse(&mut self, reply: &str) {
        self.say(reply);
        self.errors += 1;
        if self.errors >= MAX_ERRORS {
            self.say("421 4.7.0 too many errors");
            self.phase = DialoguePhase::Over;
        }
    }

    /// The message whose end was seen.
    fn handed(&mut self) -> Option<HandedMessage> {
        let DialoguePhase::Data { sender, recipients, data } =
            std::mem::replace(&mut self.phase, DialoguePhase::Ready)
        else {
            return None;
        };
        self.phase = DialoguePhase::Taking(recipients.len());
        Some(HandedMessage { sender, recipients, raw: data.into_bytes() })
    }

    /// The next whole line with its end; what is too long to be one is passed over.
    fn line(&mut self) -> Option<Vec<u8>> {
        let Some(end) = self.input.iter().position(|&byte| byte == b'\n') else {
            if self.is_skipping || self.input.len() > MAX_LINE_BYTES {
                self.is_skipping = true;
                self.input.clear();
            }
            return None;
        };
        let line: Vec<u8> = self.input.drain(..=end).collect();
        let is_rest = std::mem::take(&mut self.is_skipping);
        // Nothing of a line too long is understood; as an empty one it is refused as it deserves.
        Some(if is_rest || line.len() > MAX_LINE_BYTES { Vec::new() } else { line })
    }

    fn command(&mut self, line: &[u8]) {
        if !line.ends_with(b"\r\n") {
            return self.refuse("500 5.5.2 expected a command that ends with CR LF, not too long");
        }
        match Request::parse(&mut line.iter()) {
            Ok(request) => self.execute(request.into_owned()),
            Err(Error::InvalidSenderAddress) => self.refuse("501 5.1.7 not an address"),
            Err(Error::InvalidRecipientAddress) => self.refuse("501 5.1.3 not an address"),
            Err(Error::UnsupportedParameter { .. }) => self.refuse("555 5.5.4 unknown parameter"),
            Err(Error::SyntaxError { .. } | Error::InvalidParameter { .. }) => {
                self.refuse("501 5.5.4 not understood");
            }
            Err(_) => self.refuse("500 5.5.2 unknown command"),
        }
    }

    fn execute(&mut self, request: Request<String>) {
        match (request, &mut self.phase) {
            (Request::Lhlo { .. }, _) => self.hello(),
            (Request::Noop { .. }, _) => self.say("250 2.0.0 yes"),
            (Request::Quit, _) => {
                self.say("221 2.0.0 goodbye");
                self.phase = DialoguePhase::Over;
            }
            (Request::Ehlo { .. } | Request::Helo { .. }, _) => {
                self.refuse("500 5.5.1 this is LMTP, expected LHLO");
            }
            (
                Request::Mail { .. } | Request::Rcpt { .. } | Request::Data | Request::Rset,
                DialoguePhase::Greeting,
            ) => {
                self.refuse("503 5.5.1 expected LHLO first");
            }
            (Request::Rset, _) => {
                self.phase = DialoguePhase::Ready;
                self.say("250 2.0.0 forgotten");
            }
            (Request::Mail { from }, DialoguePhase::Ready) => self.sender(from),
            (Request::Mail { .. }, _) => self.refuse("503 5.5.1 a message is under way"),
            (Request::Rcpt { to }, DialoguePhase::Envelope { .. }) => self.recipient(to.address),
            (Request::Rcpt { .. }, _) => self.refuse("503 5.5.1 expected MAIL first"),
            (Request::Data, _) => self.data(),
            _ => self.refuse("502 5.5.1 not done here"),
        }
    }

    fn hello(&mut self) {
        self.phase = DialoguePhase::Ready;
        let able = ["PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"];
        let able = able.map(|able| format!("250-{able}\r\n")).concat();
        // Of any size (RFC 1870, 4): refused, a large message would go back to a person who asked for something.
        let _ = write!(self.replies, "250-regwatch\r\n{able}250 SIZE 0\r\n");
    }

    fn sender(&mut self, from: MailFrom<String>) {
        if from.flags & MAIL_BODY_BINARYMIME != 0 {
            return self.refuse("555 5.6.1 not in binary");
        }
        self.phase = DialoguePhase::Envelope { sender: from.address, recipients: Vec::new() };
        self.say("250 2.1.0 yes");
    }

    fn recipient(&mut self, address: String) {
        let is_ours = self.mailboxes.iter().any(|mailbox| detail_of(&address, mailbox).is_some());
        let DialoguePhase::Envelope { recipients, .. } = &mut self.phase else { return };
        if !is_ours {
            return self.refuse("550 5.1.1 no such mailbox here");
        }
        if recipients.len() >= MAX_RECIPIENTS {
            return self.say("452 4.5.3 too many recipients");
        }
        recipients.push(address);
        self.say("250 2.1.5 yes");
    }

    fn data(&mut self) {
        match std::mem::replace(&mut self.phase, DialoguePhase::Ready) {
            DialoguePhase::Envelope { sender, recipients } if !recipients.is_empty() => {
                self.phase =
                    DialoguePhase::Data { sender, recipients, data: MessageData::new(MAX_MESSAGE_BYTES) };
                self.say("354 go on, a dot on its own line ends it");
            }
            other => {
                self.phase = other;
                self.refuse("503 5.5.1 expected RCPT first");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dialogue() -> Dialogue {
        Dialogue::new(vec!["watch@tracker.example".parse().unwrap()])
    }

    /// Says all of it in one piece; gives the codes of the replies and the messages, each taken.
    fn say(dialogue: &mut Dialogue, text: &str) -> (Vec<String>, Vec<HandedMessage>) {
        dialogue.feed(text.as_bytes());
        let mut handed = Vec::new();
        while let NextAction::Message(message) = dialogue.step() {
            dialogue.settle(&vec![DeliveryStatus::Taken; message.recipients.len()]);
            handed.push(message);
        }
        let codes = dialogue.replies().lines().map(|line| line[..3].to_owned()).collect();
        (codes, handed)
    }

    const HELLO: &str = "LHLO mx.tracker.example\r\n";
    const ENVELOPE: &str =
        "MAIL FROM:<ann@example.org> SIZE=20 BODY=8BITMIME\r\nRCPT TO:<watch+list@tracker.example>\r\n";

    #[test]
    fn a_pipelined_message_is_handed_over_and_answered_for_each_recipient() {
        let mut dialogue = dialogue();
        let second = "RCPT TO:<WATCH@Tracker.example>\r\nRCPT TO:<other@tracker.example>\r\nDATA\r\n";
        let text = format!("{HELLO}{ENVELOPE}{second}Subject: x\r\n\r\n..y\r\n.\r\nQUIT\r\n");
        let (codes, handed) = say(&mut dialogue, &text);
        assert_eq!(
            codes.join(" "),
            "220 250 250 250 250 250 250 250 250 250 550 354 250 250 221",
            "the greeting, six lines of LHLO, MAIL, three RCPT, DATA, two recipients, QUIT"
        );
        let [message] = handed.as_slice() else { panic!("{handed:?}") };
        assert_eq!(message.sender, "ann@example.org");
        assert_eq!(message.recipients, ["watch+list@tracker.example", "WATCH@Tracker.example"]);
        assert_eq!(message.raw, b"Subject: x\r\n\r\n.y\r\n");
        assert_eq!(dialogue.step(), NextAction::Over);
    }

    #[test]
    fn a_bounce_has_no_sender_and_a_message_that_fails_here_is_to_come_again() {
        let mut dialogue = dialogue();
        let text = format!("{HELLO}MAIL FROM:<>\r\nRCPT TO:<watch@tracker.example>\r\nDATA\r\nx\r\n.\r\n");
        dialogue.feed(text.as_bytes());
        let NextAction::Message(message) = dialogue.step() else { panic!() };
        assert_eq!(message.sender, "");
        dialogue.settle(&[DeliveryStatus::TryAgain]);
        assert!(dialogue.replies().ends_with("451 4.3.0 not now, try again\r\n"));
        assert_eq!(say(&mut dialogue, "NOOP\r\n").0, ["250"]);
    }

    #[test]
    fn what_comes_out_of_turn_is_refused() {
        let mut dialogue = dialogue();
        let text = format!("EHLO x\r\nMAIL FROM:<a@b.example>\r\n{HELLO}DATA\r\nRCPT TO:<a@b.example>\r\n");
        let (codes, _) = say(&mut dialogue, &text);
        assert_eq!(codes.join(" "), "220 500 503 250 250 250 250 250 250 503 503");
        let text = format!(
            "{ENVELOPE}MAIL FROM:<a@b.example>\r\nRSET\r\nDATA\r\nVRFY ann\r\nSTARTTLS\r\nnonsense\r\n"
        );
        let (codes, _) = say(&mut dialogue, &text);
        assert_eq!(codes.join(" "), "250 250 503 250 503 502 502 500");
    }

    #[test]
    fn of_what_is_very_large_the_beginning_is_kept_and_what_is_too_much_is_refused() {
        let mut dialogue = dialogue();
        say(&mut dialogue, HELLO);
        let envelope = ENVELOPE.replace("SIZE=20", "SIZE=30000000");
        let large = "x".repeat(3 * MAX_MESSAGE_BYTES);
        let (codes, handed) = say(&mut dialogue, &format!("{envelope}DATA\r\n{large}\r\n.\r\nNOOP\r\n"));
        assert_eq!(codes.join(" "), "250 250 354 250 250");
        assert_eq!(handed[0].raw.len(), MAX_MESSAGE_BYTES);
        for _ in 0..100 {
            say(&mut dialogue, &"x".repeat(8192));
            assert!(dialogue.input.len() <= 8192);
        }
        assert_eq!(say(&mut dialogue, "\r\nNOOP\r\n").0, ["500", "250"]);
        let many = "RCPT TO:<watch@tracker.example>\r\n".repeat(101);
        let (codes, _) = say(&mut dialogue, &format!("MAIL FROM:<ann@example.org>\r\n{many}"));
        assert_eq!(codes.last().map(String::as_str), Some("452"));
    }

    #[test]
    fn who_says_nothing_but_nonsense_is_sent_away() {
        let mut dialogue = dialogue();
        let (codes, _) = say(&mut dialogue, &"GET / HTTP/1.1\r\n".repeat(50));
        assert_eq!(codes.len(), 22, "the greeting, twenty refusals, the end");
        assert_eq!(dialogue.step(), NextAction::Over);
    }

    #[test]
    fn a_line_that_ends_without_cr_is_none() {
        let mut dialogue = dialogue();
        assert_eq!(say(&mut dialogue, "LHLO x\nNOOP\r\n").0, ["220", "500", "250"]);
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig {
            failure_persistence: None, ..proptest::prelude::ProptestConfig::default()
        })]

        #[test]
        fn any_bytes_in_any_pieces_are_answered_the_same(
            parts in proptest::collection::vec(proptest::sample::select(vec![
                HELLO, ENVELOPE, "DATA\r\n", "\r\n.\r\n", ".\r\n", "\n.\n", "RSET\r\n", "MAIL FROM:<>\r\n",
                "RCPT TO:<\u{e9}@x>\r\n", "\0\r\n", "x", "QUIT\r", "\n",
            ]), 0..20),
            size in 1_usize..9,
        ) {
            let text = parts.concat();
            let (mut whole, mut pieces) = (dialogue(), dialogue());
            let expected = say(&mut whole, &text);
            // The greeting waits for nothing.
            let (mut codes, mut handed) = (vec![pieces.replies()[..3].to_owned()], Vec::new());
            for piece in text.as_bytes().chunks(size) {
                pieces.feed(piece);
                while let NextAction::Message(message) = pieces.step() {
                    pieces.settle(&vec![DeliveryStatus::Taken; message.recipients.len()]);
                    handed.push(message);
                }
                codes.extend(pieces.replies().lines().map(|line| line[..3].to_owned()));
            }
            proptest::prop_assert_eq!((codes, handed), expected);
        }
    }
}
