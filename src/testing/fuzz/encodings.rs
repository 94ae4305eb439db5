//! Messages in the encodings of every transport, made of arbitrary payloads.

use super::event_stream::{Event, interpret};
use super::members::Members;
use super::{packets, wire};
use crate::message::{Format, Message, MessageId};
use crate::testing::decode;
use crate::transport::encoder::Encoder;
use crate::transport::{Encoding, Place};
use crate::ws::WindowBits;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::value::RawValue;

const NONCE: &str = "bm9uY2U";
/// Bytes of a payload from which on it is compressed: few, so that small inputs are.
const COMPRESS_ABOVE: usize = 64;
const CHANNEL: &str = "a/b~c";
const ID: MessageId = MessageId::new(1_763_687_000_123, 7);

/// Law: whatever the payload, an encoding is one thing on its wire (a frame, a line, an event, a script, a member of a
/// list, a chunk, a packet with its attachments), which readers that were written without the writers take for the message that was published; in a
/// script stands nothing that could end it.
///
/// The first byte chooses the format that the payload claims, and the window of those who want it compressed; then come a line with the name of the event and one with
/// the media type, both of which may be empty, and the payload. A claim may be wrong.
pub fn encodings(data: &[u8]) {
    let Some(message) = message(data) else { return };
    let wanted = Wanted::of(&message);
    let mut encoder = Encoder::new(NONCE, COMPRESS_ABOVE);
    let window = WindowBits::new(9 + data[0] / 3 % 7);
    for encoding in every_encoding(window) {
        let mut out = b"before".to_vec();
        encoding.encode(Place::of(CHANNEL), &message, &mut encoder, &mut out);
        let written = out.strip_prefix(b"before").expect("what stood there stays");
        let written = if encoding.is_chunked() { only_chunk(written) } else { written };
        match encoding {
            Encoding::WebSocketRaw(window) => {
                let opcode = if wanted.text.is_some() { 1 } else { 2 };
                assert_eq!(only_frame(written, window), (opcode, message.data.to_vec()));
            }
            Encoding::SseBare | Encoding::SseBareChunked => wanted.check_bare(written),
            Encoding::WebSocket(window) | Encoding::WebSocketReplay(window) => {
                let (opcode, payload) = only_frame(written, window);
                assert_eq!(opcode, 1, "text");
                wanted.check(encoding, &payload);
            }
            Encoding::SocketIo(window) => wanted.check_packet(&packets::of_frames(written, window)),
            Encoding::SocketIoPolling => wanted.check_packet(&packets::of_poll(written)),
            _ => wanted.check(encoding, written),
        }
    }
}

/// `window`: of the WebSockets that are compressed.
fn every_encoding(window: Option<WindowBits>) -> impl Iterator<Item = Encoding> {
    let plain = [
        Encoding::Poll,
        Encoding::Jsonp,
        Encoding::SseBare,
        Encoding::SseBareChunked,
        Encoding::SseEnvelope,
        Encoding::SseEnvelopeChunked,
        Encoding::Ndjson,
        Encoding::NdjsonChunked,
        Encoding::Iframe,
        Encoding::IframeChunked,
        Encoding::SocketIoPolling,
    ];
    let sockets =
        [Encoding::WebSocket, Encoding::WebSocketReplay, Encoding::WebSocketRaw, Encoding::SocketIo];
    plain.into_iter().chain(sockets.into_iter().flat_map(move |socket| [socket(None), socket(window)]))
}

fn message(data: &[u8]) -> Option<Message> {
    let (&format, rest) = data.split_first()?;
    let mut parts = rest.splitn(3, |&b| b == b'\n');
    let mut name = || core::str::from_utf8(parts.next()?).ok();
    let (event, media_type, payload) = (name()?, name()?, parts.next()?);
    let given = |name: &str| (!name.is_empty()).then(|| name.into());
    Some(Message {
        id: ID,
        // A publisher may use no control characters here.
        event: given(event).filter(|event: &std::rc::Rc<str>| !event.chars().any(char::is_control)),
        data: payload.into(),
        format: [Format::Json, Format::Text, Format::Binary][usize::from(format) % 3],
        spread: format >= 128,
        media_type: given(media_type),
        except: None,
        retained: true,
        key: None,
        expires_unix_ms: u64::MAX,
        ask: None,
    })
}

/// One chunk of HTTP and nothing behind it, without its frame.
fn only_chunk(written: &[u8]) -> &[u8] {
    let line = memchr::memmem::find(written, b"\r\n").expect("a line with the size");
    let digits = core::str::from_utf8(&written[..line]).expect("digits");
    let size = usize::from_str_radix(digits, 16).expect("hexadecimal digits");
    let (chunk, end) = written[line + 2..].split_at(size);
    assert!(end == b"\r\n" && size > 0);
    chunk
}

/// Opcode and payload of one frame with nothing behind it. If it is compressed, it looks back no further than `window`.
fn only_frame(written: &[u8], window: Option<WindowBits>) -> (u8, Vec<u8>) {
    let frames = wire::frames(written);
    let [(first, payload)] = frames[..] else { panic!("one frame") };
    assert_eq!(first & 0xb0, 0x80, "it is whole");
    let payload = match (first & 0x40, window) {
        (0, _) => payload.to_vec(),
        (_, Some(window)) => {
            let inflated = decode::deflate::inflated(payload, window.get()).expect("compressed data");
            assert!(inflated.len() >= COMPRESS_ABOVE && inflated.len() > payload.len(), "it pays");
            inflated
        }
        (_, None) => panic!("compressed for nobody"),
    };
    (first & 0x0f, payload)
}

/// What each reader must find.
struct Wanted<'a> {
    message: &'a Message,
    /// The payload as text, if it may be shown as that.
    text: Option<&'a str>,
    /// The members of the envelope but for the payload: texts.
    members: Vec<(&'static str, String)>,
}

impl<'a> Wanted<'a> {
    fn of(message: &'a Message) -> Self {
        let text = core::str::from_utf8(&message.data).ok().filter(|_| message.format != Format::Binary);
        let mut members = vec![
            ("id", ID.to_string()),
            ("channel", CHANNEL.to_owned()),
            ("time", "2025-11-21T01:03:20.123Z".to_owned()),
        ];
        members.extend(message.event.as_ref().map(|event| ("event", event.to_string())));
        members.extend(message.media_type.as_ref().map(|media| ("content_type", media.to_string())));
        Wanted { message, text, members }
    }

    /// An event whose data is the payload, or the envelope if that is binary.
    fn check_bare(&self, written: &[u8]) {
        let event = self.only_event(written);
        match self.text {
            Some(text) => {
                assert_eq!(event.data, text.replace("\r\n", "\n").replace('\r', "\n"));
                assert_eq!(event.kind, self.message.event.as_deref().unwrap_or("message"));
            }
            None => {
                assert_eq!(event.kind, "holdline:binary");
                self.check_envelope(&event.data, false);
            }
        }
    }

    fn only_event(&self, written: &[u8]) -> Event {
        let mut heard = interpret(written);
        let event = heard.events.pop().expect("an event");
        assert!(heard.events.is_empty() && heard.retry_ms.is_none());
        assert_eq!(event.last_id, ID.to_string());
        event
    }

    fn check(&self, encoding: Encoding, written: &[u8]) {
        let written = core::str::from_utf8(written).expect("UTF-8");
        let is_script = matches!(encoding, Encoding::Jsonp | Encoding::Iframe | Encoding::IframeChunked);
        let envelope = match encoding {
            Encoding::Poll | Encoding::Jsonp => written.strip_prefix(',').map(str::to_owned),
            Encoding::Ndjson | Encoding::NdjsonChunked => written.strip_suffix('\n').map(str::to_owned),
            Encoding::Iframe | Encoding::IframeChunked => written
                .strip_prefix("<script nonce=\"bm9uY2U\">parent.postMessage(")
                .and_then(|rest| rest.strip_suffix(",O)</script>"))
                .map(str::to_owned),
            Encoding::WebSocket(_) => after(written, "{\"type\":\"message\","),
            Encoding::WebSocketReplay(_) => after(written, "{\"type\":\"message\",\"replay\":true,"),
            Encoding::SseBare | Encoding::SseBareChunked | Encoding::WebSocketRaw(_) => None,
            Encoding::SocketIo(_)
            | Encoding::SocketIoReplay(_)
            | Encoding::SocketIoPolling
            | Encoding::SocketIoPollingReplay => None,
            Encoding::SseEnvelope | Encoding::SseEnvelopeChunked => {
                let event = self.only_event(written.as_bytes());
                assert_eq!(event.kind, self.message.event.as_deref().unwrap_or("message"));
                Some(event.data)
            }
        };
        self.check_envelope(&envelope.expect("what stands around an envelope"), is_script);
    }

    /// The event, what it is about, and the id.
    fn check_packet(&self, packet: &packets::Event) {
        assert_eq!((&*packet.namespace, packet.number), ("/a/b~c", None));
        let [event, arguments @ .., id] = &packet.array[..] else { panic!("an event and an id") };
        let string = |json: &RawValue| serde_json::from_str::<String>(json.get()).expect("a string");
        assert_eq!(string(event), self.message.event.as_deref().unwrap_or("message"));
        assert_eq!(string(id), ID.to_string());
        let Some(text) = self.text else {
            assert_eq!(packet.attachments, [&*self.message.data]);
            let [placeholder] = arguments else { panic!("one argument") };
            return assert_eq!(placeholder.get(), r#"{"_placeholder":true,"num":0}"#);
        };
        let json = Some(text).filter(|_| self.message.format == Format::Json);
        let spread = json.filter(|_| self.message.spread);
        let elements = spread.and_then(|text| serde_json::from_str::<Vec<&RawValue>>(text).ok());
        let wanted = match (&elements, json.map(serde_json::from_str::<&RawValue>)) {
            (Some(elements), _) => elements.iter().map(|value| value.get()).collect(),
            (None, Some(Ok(value))) => vec![value.get()],
            (None, Some(Err(_)) | None) => {
                let [argument] = arguments else { panic!("one argument") };
                return assert_eq!(string(argument), text);
            }
        };
        if packet.attachments.is_empty() {
            return assert_eq!(arguments.iter().map(|value| value.get()).collect::<Vec<_>>(), wanted);
        }
        assert_eq!(arguments.len(), wanted.len());
        for (argument, wanted) in arguments.iter().zip(wanted) {
            // Numbers may be beyond what is kept here.
            if let Ok(wanted) = serde_json::from_str(wanted) {
                assert_eq!(packet.filled_in(argument), Some(wanted));
            }
        }
    }

    fn check_envelope(&self, envelope: &str, is_script: bool) {
        assert!(!envelope.contains(['\r', '\n']), "one line");
        if is_script {
            let harmful = envelope.find(['<', '>', '&', '\u{2028}', '\u{2029}']);
            assert_eq!(harmful, None, "could end a script: {envelope}");
        }
        let (envelope, argument) = unwrapped(envelope, is_script);
        let members = Members::parse(&envelope).expect("an envelope is an object");
        for (name, value) in &self.members {
            assert_eq!(members.string(name).as_ref(), Some(value), "{name}");
        }
        assert_eq!(members.0.len(), self.members.len() + 1, "and the payload: {envelope}");
        let is_json = self.message.format == Format::Json
            && self.text.is_some_and(|text| serde_json::from_str::<&RawValue>(text).is_ok());
        match (self.text, argument) {
            (Some(text), Some(argument)) if is_json => assert_eq!(argument, text),
            (Some(text), None) if is_json => {
                let data = members.get("data").expect("data");
                let given = text.trim_matches([' ', '\t', '\r', '\n']).replace(['\r', '\n'], " ");
                assert_eq!(unescaped(data), unescaped(&given));
                assert!(!is_script || !spells_prototype(data), "a script would set a prototype: {data}");
            }
            (Some(text), None) => assert_eq!(members.string("data").as_deref(), Some(text)),
            (None, None) => {
                assert_eq!(members.string("data_base64"), Some(STANDARD.encode(&self.message.data)));
            }
            (_, Some(argument)) => panic!("only JSON is parsed by the reader: {argument}"),
        }
    }
}

/// The envelope behind members of the wire's own.
fn after(written: &str, lead: &str) -> Option<String> {
    written.strip_prefix(lead).map(|rest| format!("{{{rest}"))
}

/// In a script `JSON.parse("…")` may stand for a value: the envelope with null in its place, and the text.
fn unwrapped(envelope: &str, is_script: bool) -> (String, Option<String>) {
    const CALL: &str = ",\"data\":JSON.parse(";
    let Some(begin) = envelope.find(CALL).filter(|_| is_script) else { return (envelope.to_owned(), None) };
    let behind = &envelope[begin + CALL.len()..];
    let mut strings = serde_json::Deserializer::from_str(behind).into_iter::<String>();
    let argument = strings.next().expect("an argument").expect("a string");
    let behind = behind[strings.byte_offset()..].strip_prefix(')').expect("the end of the call");
    (format!("{},\"data\":null{behind}", &envelope[..begin]), Some(argument))
}

/// What a script must not hold, however it is spelled.
fn unescaped(json: &str) -> String {
    let escapes = [
        ("\\u003c", "<"),
        ("\\u003e", ">"),
        ("\\u0026", "&"),
        ("\\u2028", "\u{2028}"),
        ("\\u2029", "\u{2029}"),
    ];
    escapes.iter().fold(json.to_owned(), |text, (escape, plain)| text.replace(escape, plain))
}

/// Does an object in it have the member `__proto__`?
fn spells_prototype(json: &str) -> bool {
    let value: Result<serde_json::Value, _> = serde_json::from_str(json);
    value.is_ok_and(|value| has_prototype(&value))
}

fn has_prototype(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::Object(members) => {
            members.iter().any(|(name, value)| name == "__proto__" || has_prototype(value))
        }
        serde_json::Value::Array(values) => values.iter().any(has_prototype),
        _ => false,
    }
}
