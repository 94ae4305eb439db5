//! Response bodies, whole or as they come: by length, chunked, or up to the end of the connection.
//!
//! A body that ends before its framing says so fails the test.

use super::client::fill;
use super::find;
use super::response::Head;
use super::socket::Socket;

/// How the end of a body is known.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Framing {
    Length(usize),
    Chunked,
    UntilClose,
}

/// Takes the framing off what comes.
pub struct Decoder {
    framing: Framing,
    raw: Vec<u8>,
    is_done: bool,
}

impl Decoder {
    /// For the body that follows `head`; `raw` is what came behind the head.
    pub fn new(head: &Head, raw: Vec<u8>) -> Decoder {
        let framing = match (head.field("Transfer-Encoding"), head.field("Content-Length")) {
            (Some(coding), length) => {
                assert_eq!((coding, length), ("chunked", None), "{head:?}");
                assert_eq!(head.version, "HTTP/1.1", "a chunked body needs HTTP/1.1");
                Framing::Chunked
            }
            (None, Some(length)) => Framing::Length(length.parse().expect("a decimal Content-Length")),
            (None, None) => {
                assert!(
                    head.lists("Connection", "close"),
                    "a body without length and without close: {head:?}"
                );
                Framing::UntilClose
            }
        };
        Decoder { framing, raw, is_done: framing == Framing::Length(0) }
    }

    /// The next piece, never empty: one chunk, or what one read brought. `None` at the end.
    pub fn piece(&mut self, socket: &mut Socket) -> Option<Vec<u8>> {
        while !self.is_done {
            if let Some(piece) = self.take() {
                return Some(piece);
            }
            if !self.is_done && !fill(socket, &mut self.raw) {
                assert_eq!(self.framing, Framing::UntilClose, "the connection ended within a body");
                self.is_done = true;
            }
        }
        None
    }

    /// What came behind the end of the body.
    pub fn into_rest(self) -> Vec<u8> {
        self.raw
    }

    fn take(&mut self) -> Option<Vec<u8>> {
        if self.raw.is_empty() {
            return None;
        }
        match &mut self.framing {
            Framing::UntilClose => Some(std::mem::take(&mut self.raw)),
            Framing::Length(left) => {
                let n = self.raw.len().min(*left);
                *left -= n;
                self.is_done = *left == 0;
                Some(self.raw.drain(..n).collect())
            }
            Framing::Chunked => self.take_chunk(),
        }
    }

    fn take_chunk(&mut self) -> Option<Vec<u8>> {
        let line_end = find(&self.raw, b"\r\n")?;
        let line = std::str::from_utf8(&self.raw[..line_end]).expect("a chunk size in ASCII");
        let is_plain = !line.is_empty() && line.bytes().all(|b| b.is_ascii_hexdigit());
        assert!(is_plain, "chunk size line {line:?}");
        let size = usize::from_str_radix(line, 16).expect("a chunk size");
        let data_end = line_end + 2 + size;
        if self.raw.len() < data_end + 2 {
            return None;
        }
        assert_eq!(
            &self.raw[data_end..data_end + 2],
            b"\r\n",
            "behind a chunk, or trailers nobody asked for"
        );
        let piece = self.raw[line_end + 2..data_end].to_vec();
        self.raw.drain(..data_end + 2);
        self.is_done = size == 0;
        (size > 0).then_some(piece)
    }
}

/// The body of a stream, read as it comes.
pub struct Body {
    socket: Socket,
    decoder: Decoder,
    text: Vec<u8>,
}

impl Body {
    /// Reads on from `socket`.
    pub fn new(socket: Socket, decoder: Decoder) -> Body {
        Body { socket, decoder, text: Vec::new() }
    }

    /// The next piece as framed. Not to be mixed with the calls below.
    pub fn piece(&mut self) -> Option<Vec<u8>> {
        assert!(self.text.is_empty(), "part of a piece was read as text");
        self.decoder.piece(&mut self.socket)
    }

    /// Everything up to and with `mark`; `None` at a clean end.
    pub fn through(&mut self, mark: &str) -> Option<String> {
        loop {
            if let Some(at) = find(&self.text, mark.as_bytes()) {
                let taken = self.text.drain(..at + mark.len()).collect();
                return Some(String::from_utf8(taken).expect("text in UTF-8"));
            }
            match self.decoder.piece(&mut self.socket) {
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
        while let Some(piece) = self.decoder.piece(&mut self.socket) {
            self.text.extend(piece);
        }
        String::from_utf8(self.text).expect("text in UTF-8")
    }

    /// Whether the connection is closed behind the body's end.
    pub fn is_closed_behind(&mut self) -> bool {
        assert!(self.decoder.is_done, "the body's end was not read yet");
        self.decoder.raw.is_empty() && !fill(&mut self.socket, &mut self.decoder.raw)
    }

    /// Cuts the connection off, with a reset.
    pub fn cut(self) {
        self.socket.reset();
    }
}
