//! The other end of a connection: a WebSocket, or one request after another.

use holdline::testing::decode::deflate::Windows;
use holdline::testing::decode::handshake::Handshake;
use holdline::testing::decode::websocket::{BINARY, FIN, Frame, SocketReader, TEXT, client_frame};
use holdline::testing::driver::{Line, World};

/// A WebSocket and what its client reads.
pub struct Socket {
    pub line: Line,
    pub reader: SocketReader,
}

impl Socket {
    /// Opens it at `target`; with compression if `extensions` offers it.
    pub fn open(world: &mut World, target: &str, extensions: Option<&str>) -> Socket {
        let line = world.open(&Handshake { target, extensions, ..Handshake::default() }.request());
        let written = world.take_written(line);
        let head = memchr::memmem::find(&written, b"\r\n\r\n").expect("a head") + 4;
        assert!(written.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&written));
        let windows = extensions.map(|_| Windows { server_bits: 15, client_bits: 15 });
        let mut reader = SocketReader::new(windows);
        reader.push(&written[head..]);
        Socket { line, reader }
    }

    pub fn send(&self, world: &mut World, text: &str) {
        world.send(self.line, &client_frame(FIN | TEXT, [1, 2, 3, 4], text.as_bytes()));
    }

    pub fn send_bytes(&self, world: &mut World, bytes: &[u8]) {
        world.send(self.line, &client_frame(FIN | BINARY, [1, 2, 3, 4], bytes));
    }

    /// What has come.
    pub fn read(&mut self, world: &mut World) -> Vec<Frame> {
        world.settle();
        self.reader.push(&world.take_written(self.line));
        self.reader.all().expect("proper frames")
    }

    /// Likewise, where only texts are expected.
    pub fn texts(&mut self, world: &mut World) -> Vec<String> {
        let text = |frame| match frame {
            Frame::Text(text) => text,
            other => panic!("{other:?}"),
        };
        self.read(world).into_iter().map(text).collect()
    }

    /// What was said by the next frames, as `(text, …)` and bytes in square brackets, and whether it was closed.
    pub fn heard(&mut self, world: &mut World) -> Vec<String> {
        let word = |frame| match frame {
            Frame::Text(text) => text,
            Frame::Binary(bytes) => format!("{bytes:?}"),
            Frame::Close { code, .. } => format!("close {}", code.unwrap_or_default()),
            other => panic!("{other:?}"),
        };
        self.read(world).into_iter().map(word).collect()
    }
}

/// A GET on a connection of its own.
pub fn get(world: &mut World, target: &str) -> Line {
    world.open(&format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n"))
}

/// A POST on a connection of its own.
pub fn post(world: &mut World, target: &str, body: &str) -> Line {
    let length = body.len();
    world
        .open(&format!("POST {target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n{body}"))
}

/// The answer to the one request of a connection: status and body; `None`: there is none yet.
pub fn answer(world: &mut World, line: Line) -> Option<(u16, String)> {
    world.settle();
    let written = String::from_utf8(world.take_written(line)).expect("text");
    let (head, body) = written.split_once("\r\n\r\n")?;
    let status = head.get(9..12).and_then(|status| status.parse().ok()).expect("a status");
    Some((status, body.to_owned()))
}

/// The answer to a request that is answered at once.
pub fn answered(world: &mut World, line: Line) -> (u16, String) {
    answer(world, line).expect("an answer")
}
