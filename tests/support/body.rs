//! The bodies of streams, as they come.
//!
//! A body that ends before its framing says so fails the test.

use super::client::Client;
use super::find;
use holdline::testing::decode::http::HttpPart;

/// The body of a stream, read as it comes.
pub struct Body {
    client: Client,
    text: Vec<u8>,
    is_done: bool,
}

impl Body {
    /// Of the response whose head `client` has just read.
    pub fn new(client: Client) -> Body {
        Body { client, text: Vec::new(), is_done: false }
    }

    /// The next piece, never empty and never of two chunks; `None` at the end. Not to be mixed with the calls below.
    #[track_caller]
    pub fn piece(&mut self) -> Option<Vec<u8>> {
        if self.is_done {
            return None;
        }
        match self.client.part() {
            Some(HttpPart::Body(piece)) => Some(piece),
            Some(HttpPart::End) | None => {
                self.is_done = true;
                None
            }
            Some(other) => panic!("{other:?} within a body"),
        }
    }

    /// Everything up to and with `mark`; `None` at a clean end.
    pub fn through(&mut self, mark: &str) -> Option<String> {
        loop {
            if let Some(at) = find(&self.text, mark.as_bytes()) {
                let taken = self.text.drain(..at + mark.len()).collect();
                return Some(String::from_utf8(taken).expect("text in UTF-8"));
            }
            match self.piece() {
                Some(piece) => self.text.extend(piece),
                None => {
                    let left = String::from_utf8_lossy(&self.text);
                    assert!(left.is_empty(), "the stream ended without {mark:?}: {left:?}");
                    return None;
                }
            }
        }
    }

    /// The next line, without its end.
    pub fn line(&mut self) -> Option<String> {
        self.through("\n").map(|line| line.trim_end_matches('\n').to_owned())
    }

    /// All that is left, up to the end.
    pub fn rest(mut self) -> String {
        while let Some(piece) = self.piece() {
            self.text.extend(piece);
        }
        String::from_utf8(self.text).expect("text in UTF-8")
    }

    /// Whether the connection is closed behind the body's end.
    pub fn is_closed_behind(&mut self) -> bool {
        assert!(self.is_done, "the body's end was not read yet");
        self.client.is_ended()
    }

    /// Cuts the connection off, with a reset.
    pub fn cut(self) {
        self.client.socket.reset();
    }
}
