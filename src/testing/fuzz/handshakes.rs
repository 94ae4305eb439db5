//! Queries of Engine.IO, fed arbitrary text.

use crate::engineio::{Asked, RequestError, TransportName};
use crate::http::Query;

/// Law: a query asks for what a list of its pairs says; spelled anew in escapes, from last to first and with parameters
/// that nobody knows, it asks for the same.
pub fn handshakes(data: &[u8]) {
    let Ok(text) = core::str::from_utf8(data) else { return };
    let asked = Asked::parse(Some(text));
    let pairs: Vec<_> = Query::pairs(text).collect();
    assert_eq!(
        asked,
        naive(&pairs.iter().flatten().cloned().collect::<Vec<_>>(), pairs.iter().any(Result::is_err))
    );
    if let Ok(asked) = &asked {
        assert!(asked.sid.as_ref().is_none_or(|sid| !sid.is_empty()));
    }
    if pairs.iter().all(Result::is_ok) {
        let spelled =
            pairs.iter().rev().flatten().map(|(name, value)| format!("{}={}", escaped(name), escaped(value)));
        let again = format!("t=%41&&{}&Transport=x&SID", spelled.collect::<Vec<_>>().join("&"));
        assert_eq!(Asked::parse(Some(&again)), asked);
    }
    if text.is_empty() {
        assert_eq!(Asked::parse(None), asked);
    }
}

type Pair<'a> = (std::borrow::Cow<'a, str>, std::borrow::Cow<'a, str>);

fn naive<'a>(pairs: &[Pair<'a>], is_malformed: bool) -> Result<Asked<'a>, RequestError> {
    let all =
        |name: &str| pairs.iter().filter(|(own, _)| own == name).map(|(_, value)| value.clone()).collect();
    let (transports, sids, versions): (Vec<_>, Vec<_>, Vec<_>) = (all("transport"), all("sid"), all("EIO"));
    let transport = match transports.as_slice() {
        [name] if name == "polling" => TransportName::Polling,
        [name] if name == "websocket" => TransportName::WebSocket,
        _ => return Err(RequestError::TransportUnknown),
    };
    let is_v4 = versions == ["4"];
    let sid = match sids.as_slice() {
        _ if is_malformed => return Err(RequestError::BadRequest),
        [] => None,
        [sid] if sid.is_empty() => None,
        [sid] => Some(sid.clone()),
        _ => return Err(RequestError::SidUnknown),
    };
    Ok(Asked { transport, sid, is_v4 })
}

fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
