//! One envelope a line.  Law: the first is a position, so that the reader has a cursor from the first line on.

use super::incoming::Incoming;
use super::{Heard, envelope};

/// Reads a stream of lines.
#[derive(Debug, Default)]
pub struct NdjsonReader {
    incoming: Incoming,
    has_begun: bool,
    is_over: bool,
}

impl NdjsonReader {
    /// The server wrote `bytes`: what they end.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<Heard>, String> {
        self.incoming.push(bytes);
        let mut all = Vec::new();
        while let Some(line) = self.incoming.take_before(b"\n") {
            let text = core::str::from_utf8(line).map_err(|error| error.to_string());
            let heard = text.and_then(envelope::envelope).and_then(|heard| self.check(heard));
            all.push(heard.map_err(|error| self.incoming.error(error))?);
        }
        Ok(all)
    }

    /// The stream has ended: no line may be cut off.
    pub fn finish(&self) -> Result<(), String> {
        if self.incoming.is_empty() { Ok(()) } else { Err(self.incoming.error("a line without its end")) }
    }

    fn check(&mut self, heard: Heard) -> Result<Heard, String> {
        let is_position = matches!(heard, Heard::Position { .. });
        if self.is_over || matches!(heard, Heard::Reload { .. }) {
            return Err(format!("not in this stream, or behind its end: {heard:?}"));
        }
        if !core::mem::replace(&mut self.has_begun, true) && !is_position {
            return Err(format!("a stream begins with a position: {heard:?}"));
        }
        self.is_over = matches!(heard, Heard::Shutdown { .. });
        Ok(heard)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::MessageId;
    use crate::testing::laws::every_split;

    const POSITION: &str = "{\"notice\":\"position\",\"cursor\":\"4-0\"}\n";
    const MESSAGE: &str =
        "{\"id\":\"5-1\",\"channel\":\"a\",\"data\":\"x\",\"time\":\"1970-01-01T00:00:00.005Z\"}\n";
    const SHUTDOWN: &str = "{\"notice\":\"shutdown\",\"reconnect_ms\":7}\n";

    fn read(pieces: &[&[u8]]) -> Result<Vec<Heard>, String> {
        let mut lines = NdjsonReader::default();
        let mut heard = Vec::new();
        for piece in pieces {
            heard.extend(lines.push(piece)?);
        }
        lines.finish().map(|()| heard)
    }

    #[test]
    fn lines_are_the_same_in_every_cut() {
        let position = Heard::Position { cursor: MessageId::new(4, 0) };
        let message = Heard::Message {
            id: MessageId::new(5, 1),
            channel: Some("a".to_owned()),
            event: None,
            ask: None,
            data: b"x".to_vec(),
            is_json: false,
            replay: false,
        };
        let expected = vec![position.clone(), message, position, Heard::Shutdown { reconnect_ms: 7 }];
        let stream = [POSITION, MESSAGE, POSITION, SHUTDOWN].concat();
        every_split(stream.as_bytes(), |pieces| assert_eq!(read(pieces).as_ref(), Ok(&expected)));
        assert_eq!(read(&[b""]), Ok(Vec::new()));
    }

    #[test]
    fn what_is_no_line_of_this_stream_is_an_error_in_every_cut() {
        let streams = [
            MESSAGE.to_owned(),
            format!("{POSITION}\n"),
            format!("{POSITION}{}", POSITION.trim_end()),
            format!("{POSITION}{}", POSITION.replace('\n', "\r\n")),
            format!("{POSITION}{{\n}}"),
            format!("{POSITION}{{\"notice\":\"reload\",\"since\":\"4-0\"}}\n"),
            format!("{POSITION}{SHUTDOWN}{POSITION}"),
            POSITION.replace("4-0", "é").replace('é', "\u{feff}"),
        ];
        for stream in streams {
            every_split(stream.as_bytes(), |pieces| assert!(read(pieces).is_err(), "{stream:?}"));
        }
        assert!(read(&[b"\xff\n"]).is_err());
    }
}
