//! A message on its way in: up to the dot that ends it, the other dots unstuffed (RFC 5321, 4.5.2).

/// Where in a line the next byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// At its beginning, which only CR LF makes.
    Begin,
    /// Behind a dot at its beginning.
    Dot,
    /// Behind such a dot and a CR.
    DotCr,
    /// Somewhere in it.
    Text,
    /// Behind a CR.
    Cr,
}

/// A message as far as it came.
///
/// It ends with CR LF . CR LF and with nothing else. What takes a bare LF for the end of a line as
/// well lets a sender smuggle a second message in behind the first.
#[derive(Debug)]
pub(super) struct MessageData {
    bytes: Vec<u8>,
    at: At,
    /// No more bytes than this are kept.
    limit: usize,
}

impl MessageData {
    pub(super) fn new(limit: usize) -> Self {
        Self { bytes: Vec::new(), at: At::Begin, limit }
    }

    /// Takes bytes up to the message's end; gives how many it took, and whether that is the end.
    pub(super) fn take(&mut self, input: &[u8]) -> (usize, bool) {
        for (index, &byte) in input.iter().enumerate() {
            if self.step(byte) {
                return (index + 1, true);
            }
        }
        (input.len(), false)
    }

    fn step(&mut self, byte: u8) -> bool {
        self.at = match (self.at, byte) {
            (At::DotCr, b'\n') => return true,
            (At::Begin, b'.') => At::Dot,
            (At::Dot, b'\r') => At::DotCr,
            (At::DotCr, _) => {
                // The dot was stuffed, the CR is the message's own.
                self.keep(b'\r');
                self.at = At::Cr;
                return self.step(byte);
            }
            (At::Cr, b'\n') => {
                self.keep(byte);
                At::Begin
            }
            (_, b'\r') => {
                self.keep(byte);
                At::Cr
            }
            _ => {
                self.keep(byte);
                At::Text
            }
        };
        false
    }

    fn keep(&mut self, byte: u8) {
        if self.bytes.len() < self.limit {
            self.bytes.push(byte);
        }
    }

    /// The message, of a very large one the beginning.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(input: &str, message: Option<&str>, rest: &str) {
        for size in [1, 2, 3, input.len()] {
            let (mut data, mut taken, mut ended) = (MessageData::new(64), 0, false);
            for part in input.as_bytes().chunks(size) {
                let (count, is_end) = data.take(part);
                taken += count;
                if is_end {
                    ended = true;
                    break;
                }
            }
            assert_eq!(ended, message.is_some(), "{input:?} by {size}");
            assert_eq!(&input[taken..], rest, "{input:?} by {size}");
            if let Some(message) = message {
                assert_eq!(data.into_bytes(), message.as_bytes(), "{input:?} by {size}");
            }
        }
    }

    #[test]
    fn a_message_ends_with_a_dot_alone_on_its_line_and_other_dots_lose_one() {
        check("a\r\n.\r\nQUIT\r\n", Some("a\r\n"), "QUIT\r\n");
        check(".\r\n", Some(""), "");
        check("..\r\n...b\r\n.c\r\n.\r\n", Some(".\r\n..b\r\nc\r\n"), "");
    }

    #[test]
    fn no_other_line_end_ends_it() {
        for smuggled in [
            "a\n.\nb",
            "a\n.\r\nb",
            "a\r\n.\nb",
            "a\r.\rb",
            "a\r\n.\rb",
            "a\r.\r\nb",
            "a\r\n.\r\r\nb",
            "a\n\r.\r\nb",
        ] {
            let input = format!("{smuggled}\r\n.\r\nNOOP\r\n");
            let mut data = MessageData::new(64);
            let (taken, ended) = data.take(input.as_bytes());
            assert!(ended, "{input:?}");
            assert_eq!(&input[taken..], "NOOP\r\n", "{input:?}");
            assert!(data.into_bytes().ends_with(b"b\r\n"), "{input:?}");
        }
    }

    #[test]
    fn of_what_is_very_large_the_beginning_is_kept_and_the_end_is_found() {
        let mut data = MessageData::new(10);
        let (_, ended) = data.take(&[b'x'; 1000]);
        assert!(!ended && data.bytes.len() == 10);
        assert_eq!(data.take(b"\r\n.\r\nNOOP"), (5, true));
        assert_eq!(data.into_bytes(), b"xxxxxxxxxx");
    }
}
