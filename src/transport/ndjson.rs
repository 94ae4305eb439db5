//! One envelope a line.  Law: every line is one JSON object. Knows nothing of HTTP; chunks are put around it.

use super::envelope::{write_envelope, write_notice};
use super::json::Escape;
use crate::message::{Cursor, Message, Notice};

/// One message.
pub fn message(out: &mut Vec<u8>, channel: &str, message: &Message) {
    write_envelope(out, "{", channel, message, Escape::Plain);
    out.push(b'\n');
}

/// One notice.
pub fn notice(out: &mut Vec<u8>, notice: &Notice<'_>) {
    write_notice(out, "{", notice, Escape::Plain);
    out.push(b'\n');
}

/// Where the reader stands: how the stream begins, and its sign of life.
pub fn position(out: &mut Vec<u8>, cursor: Cursor) {
    notice(out, &Notice::Position { cursor });
}

#[cfg(test)]
mod tests {
    use super::super::check::{envelope_of, hostile, parse_line, written};
    use super::*;
    use crate::message::MessageId;

    #[test]
    fn each_message_is_one_line() {
        for (sample, said) in hostile() {
            let line = written(|out| message(out, "news", &sample));
            let json = line.strip_suffix('\n').expect("a line ends");
            assert_eq!(parse_line(json), envelope_of(&sample, &said));
        }
    }

    #[test]
    fn a_position_is_one_line() {
        let line = written(|out| position(out, MessageId::new(5, 1)));
        assert_eq!(line, "{\"notice\":\"position\",\"cursor\":\"5-1\"}\n");
    }
}
