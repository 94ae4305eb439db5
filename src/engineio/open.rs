//! The open packet ("Handshake"): what the server says first.  Law: one JSON object with exactly the five members that
//! the protocol names, for clients check that.

use serde::Serialize;

/// What a client must know of its session.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Open<'a> {
    /// The session's secret.
    pub sid: &'a str,
    /// A WebSocket may take over.
    pub upgrades: bool,
    /// Milliseconds between two pings.
    pub ping_interval_ms: u64,
    /// Milliseconds in which a pong must come.
    pub ping_timeout_ms: u64,
    /// Bytes of one body, or one frame.
    pub max_payload: usize,
}

impl Open<'_> {
    /// Appends the packet, with its type in front.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let object = Object {
            sid: self.sid,
            upgrades: if self.upgrades { &["websocket"] } else { &[] },
            ping_interval: self.ping_interval_ms,
            ping_timeout: self.ping_timeout_ms,
            max_payload: self.max_payload,
        };
        out.push(b'0');
        serde_json::to_writer(out, &object).expect("text and numbers are written to memory");
    }
}

/// The names and the order of the protocol.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Object<'a> {
    sid: &'a str,
    upgrades: &'static [&'static str],
    ping_interval: u64,
    ping_timeout: u64,
    max_payload: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_has_the_five_members_of_the_protocol() {
        let mut open = Open {
            sid: "lv_VI97-",
            upgrades: true,
            ping_interval_ms: 25_000,
            ping_timeout_ms: 20_000,
            max_payload: 1_000_000,
        };
        let cases = [
            (
                true,
                "lv_VI97-",
                r#"0{"sid":"lv_VI97-","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#,
            ),
            (
                false,
                "\"",
                r#"0{"sid":"\"","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#,
            ),
        ];
        for (upgrades, sid, text) in cases {
            (open.upgrades, open.sid) = (upgrades, sid);
            let mut out = Vec::new();
            open.encode(&mut out);
            assert_eq!(String::from_utf8_lossy(&out), text);
        }
    }
}
