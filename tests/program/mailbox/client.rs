//! An LMTP client that says what a test has it say.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// What a client speaks over.
trait Wire: Read + Write {}

impl<S: Read + Write> Wire for S {}

/// A client with one connection.
pub struct Client {
    stream: BufReader<Box<dyn Wire>>,
}

impl Client {
    pub fn connect(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        Self { stream: BufReader::new(Box::new(stream)) }
    }

    /// The same over a socket.
    pub fn connect_to(socket: &Path) -> Self {
        let stream = UnixStream::connect(socket).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        Self { stream: BufReader::new(Box::new(stream)) }
    }

    pub fn say(&mut self, text: &str) {
        self.stream.get_mut().write_all(text.as_bytes()).unwrap();
    }

    /// The last line of the next reply; nothing where the other side has gone.
    pub fn hear(&mut self) -> String {
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).unwrap();
            if line.get(3..4) != Some("-") {
                return line.trim_end().to_owned();
            }
        }
    }

    pub fn hear_all(&mut self, count: usize) -> Vec<String> {
        (0..count).map(|_| self.hear()).collect()
    }

    /// Says all up to DATA at once; gives the replies behind that to LHLO.
    pub fn begin(&mut self, sender: &str, recipients: &[&str]) -> Vec<String> {
        self.hear();
        self.say("LHLO client.example\r\n");
        self.hear();
        let recipients: Vec<String> = recipients.iter().map(|to| format!("RCPT TO:<{to}>\r\n")).collect();
        self.say(&format!("MAIL FROM:<{sender}>\r\n{}DATA\r\n", recipients.concat()));
        self.hear_all(recipients.len() + 2)
    }

    /// Hands a message over; gives every reply behind that to LHLO.
    pub fn hand_over(mut self, sender: &str, recipients: &[&str], message: &str) -> Vec<String> {
        let mut replies = self.begin(sender, recipients);
        if replies.last().unwrap().starts_with("354") {
            self.say(&format!("{}\r\n.\r\n", message.replace("\r\n.", "\r\n..").trim_end()));
            let taken = replies[1..].iter().filter(|reply| reply.starts_with("250")).count();
            replies.extend(self.hear_all(taken));
        }
        self.say("QUIT\r\n");
        replies
    }
}

/// Hands a message over; gives every reply.
pub fn hand_over(port: u16, sender: &str, recipients: &[&str], message: &str) -> Vec<String> {
    Client::connect(port).hand_over(sender, recipients, message)
}
