//! The client's side of Engine.IO 4: packets, payloads of polls, the open packet, errors.  Law: a server sends no upgrade
//! and no pong but that of a probe, no empty payload, and an open packet of exactly five members.

use super::incoming::shown;
use super::object::Members;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// What stands between two packets of a payload.
const SEPARATOR: char = '\u{1e}';
/// What the answer to a probe says.
pub const PROBE: &str = "probe";

/// One packet of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packet {
    /// The first one.
    Open(Open),
    /// The last one.
    Close,
    /// To be answered by a pong.
    Ping,
    /// The new transport works.
    ProbeAnswer,
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
    /// Nothing: a poll is let go.
    Noop,
}

/// How a session begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    /// Its secret name.
    pub sid: String,
    /// What it can be upgraded to.
    pub upgrades: Vec<String>,
    /// Milliseconds between two pings.
    pub ping_interval_ms: u64,
    /// Milliseconds to answer one.
    pub ping_timeout_ms: u64,
    /// Bytes of the largest payload.
    pub max_payload: usize,
}

/// One message of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// A packet as text, with its type in front.
    Packet(String),
    /// A binary message.
    Binary(Vec<u8>),
}

/// The packets of a poll's body.
pub fn payload(body: &[u8]) -> Result<Vec<Packet>, String> {
    let text = core::str::from_utf8(body).map_err(|error| format!("a payload: {error}"))?;
    text.split(SEPARATOR)
        .map(|part| match part.strip_prefix('b') {
            Some(base64) => STANDARD
                .decode(base64)
                .map(Packet::Binary)
                .map_err(|error| format!("{error}: {}", shown(part.as_bytes()))),
            None => packet(part),
        })
        .collect()
}

/// The packet in a text frame.
pub fn packet(text: &str) -> Result<Packet, String> {
    let mut chars = text.chars();
    let kind = chars.next();
    match (kind, chars.as_str()) {
        (Some('0'), json) => open(json).map(Packet::Open),
        (Some('1'), "") => Ok(Packet::Close),
        (Some('2'), "") => Ok(Packet::Ping),
        (Some('3'), PROBE) => Ok(Packet::ProbeAnswer),
        (Some('4'), text) => Ok(Packet::Text(text.to_owned())),
        (Some('6'), "") => Ok(Packet::Noop),
        _ => Err(format!("no packet of a server: {}", shown(text.as_bytes()))),
    }
}

fn open(json: &str) -> Result<Open, String> {
    let mut members = Members::parse(json)?;
    let open = Open {
        sid: members.get("sid")?,
        upgrades: members.get("upgrades")?,
        ping_interval_ms: members.get("pingInterval")?,
        ping_timeout_ms: members.get("pingTimeout")?,
        max_payload: members.get("maxPayload")?,
    };
    if open.sid.len() < 20 || !open.sid.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)) {
        return Err(members.error("a sid that can be guessed, or must be escaped"));
    }
    members.end()?;
    Ok(open)
}

/// The body of a POST.
pub fn body(said: &[Said]) -> String {
    let parts: Vec<String> = said
        .iter()
        .map(|said| match said {
            Said::Packet(text) => text.clone(),
            Said::Binary(bytes) => format!("b{}", STANDARD.encode(bytes)),
        })
        .collect();
    parts.join("\u{1e}")
}

/// The code of a refusal.
pub fn refusal(body: &[u8]) -> Result<u8, String> {
    let text = core::str::from_utf8(body).map_err(|error| format!("a refusal: {error}"))?;
    let mut members = Members::parse(text)?;
    let (code, message): (u8, String) = (members.get("code")?, members.get("message")?);
    match (0..=5).contains(&code) && !message.is_empty() {
        true => members.end().map(|()| code),
        false => Err(members.error("no code of Engine.IO")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: &str = r#"0{"sid":"AAAAAAAAAAAAAAAAAAAAAA","upgrades":["websocket"],"pingInterval":300,"pingTimeout":200,"maxPayload":1000000}"#;

    #[test]
    fn the_packets_of_a_payload_are_told_apart() {
        let open = Open {
            sid: "AAAAAAAAAAAAAAAAAAAAAA".to_owned(),
            upgrades: vec!["websocket".to_owned()],
            ping_interval_ms: 300,
            ping_timeout_ms: 200,
            max_payload: 1_000_000,
        };
        let text =
            format!("{OPEN}\u{1e}2\u{1e}42[\"a\"]\u{1e}bAQIDBA==\u{1e}b\u{1e}4\u{1e}6\u{1e}1\u{1e}3probe");
        let packets = vec![
            Packet::Open(open),
            Packet::Ping,
            Packet::Text("2[\"a\"]".to_owned()),
            Packet::Binary(vec![1, 2, 3, 4]),
            Packet::Binary(Vec::new()),
            Packet::Text(String::new()),
            Packet::Noop,
            Packet::Close,
            Packet::ProbeAnswer,
        ];
        assert_eq!(payload(text.as_bytes()), Ok(packets));
    }

    #[test]
    fn what_no_server_says_is_an_error() {
        let more = OPEN.replace("\"pingTimeout\"", "\"more\":1,\"pingTimeout\"");
        let short = OPEN.replace("AAAAAAAAAAAAAAAAAAAAAA", "A");
        let bodies = [
            "", "7", "5", "3", "2probe", "1x", "6x", "4a\u{1e}", "b!", "bAQ", "\u{e9}", "0{}", &more, &short,
        ];
        for body in bodies {
            assert!(payload(body.as_bytes()).is_err(), "{body}");
        }
        assert!(payload(b"4\xff").is_err());
    }

    #[test]
    fn what_a_client_says_is_put_together() {
        let said =
            [Said::Packet("40".to_owned()), Said::Binary(vec![1, 2, 3, 4]), Said::Packet("3".to_owned())];
        assert_eq!(body(&said), "40\u{1e}bAQIDBA==\u{1e}3");
    }

    #[test]
    fn a_refusal_has_a_code_and_a_message_and_nothing_else() {
        assert_eq!(refusal(br#"{"code":1,"message":"Session ID unknown"}"#), Ok(1));
        for body in ["", "{}", r#"{"code":6,"message":"x"}"#, r#"{"code":1,"message":"x","more":1}"#] {
            assert!(refusal(body.as_bytes()).is_err(), "{body}");
        }
    }
}
