//! The WebSocket receiver against tungstenite's, fed the same bytes. It stands outside `src/`, for tungstenite is
//! nothing that the server needs; the fuzz target and `tests/corpus.rs` share it.

use holdline::testing::laws;
use holdline::ws::{self, CloseCode, CloseError, FrameError, Kind, Opcode, ReceiveError, Received, Receiver};
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use tungstenite::WebSocket;
use tungstenite::error::Error;
use tungstenite::protocol::{Message, Role, WebSocketConfig};

/// Bytes of a message: small, so that the bound is met.
const MESSAGE_MAX: usize = 256;

/// Law: from the same bytes both read the same messages, pings, pongs and closes in the same order, and both fail with
/// the same close code or neither does; what we write of it, tungstenite reads as the same. But:
///
/// 1. tungstenite takes lengths that are not in their shortest form (RFC 6455 section 5.2: they must be), also those of
///    control frames, which have no other form.
/// 2. It answers a close code that must not be sent with a 1002 of its own, as an event and not as an error; 1014 (bad
///    gateway), which was registered after the RFC, is among those to it, and a code like others to us.
/// 3. A close frame that is wrong in its code and in its reason is 1007 to it; to us 1002, for the code comes first.
/// 4. A frame that is over the bound and wrong besides is 1009 to it; to us 1002, for what the header shows comes first.
/// 5. It judges a frame when all of it has come, and we when it cannot be mended: it gets bytes until it has judged.
pub fn differential(data: &[u8]) {
    let Some((&seed, input)) = data.split_first() else { return };
    for pieces in [vec![input], laws::pieces(input, seed.into())] {
        let ours = ours(&pieces);
        let mut them = Them::new(&pieces, Role::Server);
        let mut theirs = them.read();
        if let (End::Failed(_), End::Open) = (&ours.end, &theirs.end) {
            them.pad(MESSAGE_MAX + 16);
            let judged = them.read();
            theirs.events.extend(judged.events);
            theirs.end = judged.end;
        }
        let shown: Vec<Event> = ours.events.iter().cloned().map(shown).collect();
        compare(&shown, &ours.end, &theirs, has_long_control(input));
        assert_eq!(read_back(&ours.events), shown, "what we write");
    }
}

/// What one reader made of the bytes.
#[derive(Debug)]
struct Outcome {
    events: Vec<Event>,
    end: End,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Event {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<(u16, String)>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum End {
    /// More may come.
    Open,
    /// A close came.
    Closed,
    /// It is broken.
    Failed(Failure),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Failure {
    code: u16,
    /// Ours, for what only one of both refuses.
    error: Option<ReceiveError>,
}

/// How tungstenite shows what we read.
fn shown(event: Event) -> Event {
    match event {
        Event::Close(Some((1014, _))) => violation(),
        other => other,
    }
}

/// What it says of close codes that it does not like.
fn violation() -> Event {
    Event::Close(Some((1002, "Protocol violation".to_owned())))
}

fn compare(ours: &[Event], end: &End, theirs: &Outcome, has_long_control: bool) {
    let is_same = match end {
        End::Open | End::Closed => ours == theirs.events && *end == theirs.end,
        End::Failed(failure) => match theirs.events.strip_prefix(ours) {
            Some(more) => {
                let is_long = failure.error == Some(ReceiveError::Frame(FrameError::ControlTooLong));
                (is_long && has_long_control) || is_known(failure, more, &theirs.end)
            }
            None => false,
        },
    };
    assert!(is_same, "ours {ours:?} {end:?}\ntheirs {theirs:?}");
}

/// We failed: so did they, or it is a difference that is known. `more`: what they read besides.
fn is_known(ours: &Failure, more: &[Event], end: &End) -> bool {
    let Some(error) = ours.error else { return false };
    if error == ReceiveError::Frame(FrameError::LengthNotMinimal) {
        return true;
    }
    let is_bad_code = error == ReceiveError::Close(CloseError::BadCode);
    match end {
        End::Open => false,
        End::Closed => is_bad_code && more == [violation()],
        End::Failed(theirs) => {
            let is_known = match theirs.code {
                1007 => is_bad_code,
                1009 => is_shown_by_header(error),
                _ => false,
            };
            more.is_empty() && (theirs.code == ours.code || is_known)
        }
    }
}

/// Does a control frame have its length in more than seven bits? Goes from header to header and judges nothing.
fn has_long_control(mut rest: &[u8]) -> bool {
    while let [first, second, behind @ ..] = rest {
        let (bytes, masks) =
            ([0, 2, 8][usize::from(second & 0x7f).saturating_sub(125)], usize::from(second >> 7));
        if first & 8 != 0 && bytes > 0 {
            return true;
        }
        let Some((len, behind)) = behind.split_at_checked(bytes) else { return false };
        let len = len.iter().fold(0, |len: usize, &b| len.saturating_mul(256).saturating_add(b.into()));
        let len = if bytes == 0 { usize::from(second & 0x7f) } else { len };
        rest = behind.get(len.saturating_add(4 * masks)..).unwrap_or_default();
    }
    false
}

/// May a frame with this fault be over the bound besides?
fn is_shown_by_header(error: ReceiveError) -> bool {
    match error {
        ReceiveError::Frame(_)
        | ReceiveError::Unmasked
        | ReceiveError::NothingToContinue
        | ReceiveError::MessageWithinMessage => true,
        ReceiveError::TooBig
        | ReceiveError::InvalidUtf8
        | ReceiveError::Close(_)
        | ReceiveError::Inflate(_) => false,
    }
}

fn ours(pieces: &[&[u8]]) -> Outcome {
    let (mut receiver, mut events) = (Receiver::new(), Vec::new());
    for piece in pieces {
        let mut bytes = piece.to_vec();
        let mut input = &mut bytes[..];
        loop {
            match receiver.next(&mut input, MESSAGE_MAX, None) {
                Ok(None) => break,
                Ok(Some(received)) => events.push(event(received)),
                Err(error) => {
                    let failure = Failure { code: error.close_code().0, error: Some(error) };
                    return Outcome { events, end: End::Failed(failure) };
                }
            }
        }
    }
    let end = if let Some(Event::Close(_)) = events.last() { End::Closed } else { End::Open };
    Outcome { events, end }
}

fn event(received: Received<'_>) -> Event {
    match received {
        Received::Message { kind: Kind::Text, data } => {
            Event::Text(String::from_utf8(data.into_owned()).expect("text is UTF-8"))
        }
        Received::Message { kind: Kind::Binary, data } => Event::Binary(data.into_owned()),
        Received::Ping(payload) => Event::Ping(payload.into_owned()),
        Received::Pong(payload) => Event::Pong(payload.into_owned()),
        Received::Close(told) => {
            Event::Close(told.map(|(CloseCode(code), reason)| (code, reason.into_owned())))
        }
    }
}

/// What we write, as a server does, they read as a client.
fn read_back(events: &[Event]) -> Vec<Event> {
    let mut bytes = Vec::new();
    for event in events {
        match event {
            Event::Text(text) => ws::frame(Opcode::Text, text.as_bytes(), &mut bytes),
            Event::Binary(data) => ws::frame(Opcode::Binary, data, &mut bytes),
            Event::Ping(data) => ws::frame(Opcode::Ping, data, &mut bytes),
            Event::Pong(data) => ws::frame(Opcode::Pong, data, &mut bytes),
            Event::Close(None) => ws::frame(Opcode::Close, b"", &mut bytes),
            Event::Close(Some((code, reason))) => ws::encode_close(CloseCode(*code), reason, &mut bytes),
        }
    }
    Them::new(&[&bytes], Role::Client).read().events
}

/// tungstenite at the end of a pipe.
struct Them {
    socket: WebSocket<Pipe>,
}

impl Them {
    fn new(pieces: &[&[u8]], role: Role) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(64)
            .max_message_size(Some(MESSAGE_MAX))
            .max_frame_size(Some(MESSAGE_MAX));
        let pipe =
            Pipe(pieces.iter().filter(|piece| !piece.is_empty()).map(|piece| piece.to_vec()).collect());
        Them { socket: WebSocket::from_raw_socket(pipe, role, Some(config)) }
    }

    /// More bytes come. They make no length small that might have been great.
    fn pad(&mut self, bytes: usize) {
        self.socket.get_mut().0.push_back(vec![0xff; bytes]);
    }

    fn read(&mut self) -> Outcome {
        let mut events = Vec::new();
        loop {
            let code = match self.socket.read() {
                Ok(message) => {
                    events.push(match message {
                        Message::Text(text) => Event::Text(text.to_string()),
                        Message::Binary(data) => Event::Binary(data.to_vec()),
                        Message::Ping(data) => Event::Ping(data.to_vec()),
                        Message::Pong(data) => Event::Pong(data.to_vec()),
                        Message::Close(told) => {
                            let told = told.map(|close| (close.code.into(), close.reason.to_string()));
                            events.push(Event::Close(told));
                            return Outcome { events, end: End::Closed };
                        }
                        Message::Frame(_) => panic!("never read"),
                    });
                    continue;
                }
                Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => {
                    return Outcome { events, end: End::Open };
                }
                Err(Error::Protocol(_)) => 1002,
                Err(Error::Utf8(_)) => 1007,
                Err(Error::Capacity(_)) => 1009,
                Err(error) => panic!("{error}"),
            };
            return Outcome { events, end: End::Failed(Failure { code, error: None }) };
        }
    }
}

/// Each piece is one read; what is written is gone.
struct Pipe(VecDeque<Vec<u8>>);

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(piece) = self.0.front_mut() else { return Err(ErrorKind::WouldBlock.into()) };
        let n = piece.len().min(buffer.len());
        buffer[..n].copy_from_slice(&piece[..n]);
        piece.drain(..n);
        if piece.is_empty() {
            self.0.pop_front();
        }
        Ok(n)
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
