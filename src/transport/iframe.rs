//! A page that hands each envelope to its parent.  Law: nothing in a payload, a name or an origin can end a script.
//! The nonce is one for the life of the server, so that all readers share an encoding; it keeps out scripts that
//! are not the server's own, and every byte of this page is.

use super::Opening;
use super::envelope::{write_envelope, write_greeting, write_notice};
use super::json::{self, Escape};
use crate::message::{Cursor, Message, Notice};

/// Browsers show nothing of a page before about this many bytes.
const PADDING_BYTES: usize = 1024;

/// One message.
pub fn message(out: &mut Vec<u8>, channel: &str, message: &Message, nonce: &str) {
    post(out, nonce, |out| write_envelope(out, "{", channel, message, Escape::Script));
}

/// One notice.
pub fn notice(out: &mut Vec<u8>, notice: &Notice<'_>, nonce: &str) {
    post(out, nonce, |out| write_notice(out, "{", notice, Escape::Script));
}

/// The head of the page, the padding, the origin that may receive, and where this reader begins: a page cannot read
/// the headers that tell others so.
pub fn opening(out: &mut Vec<u8>, opening: &Opening<'_>) {
    out.extend_from_slice(b"<!doctype html><meta charset=\"utf-8\"><title>holdline</title>\n<!--");
    out.resize(out.len() + PADDING_BYTES, b' ');
    out.extend_from_slice(b"-->\n");
    script(out, opening.nonce, |out| {
        out.extend_from_slice(b"const O=");
        json::string(out, opening.origin, Escape::Script);
    });
    let cursor = Some(("cursor", opening.cursor));
    post(out, opening.nonce, |out| {
        write_greeting(out, "{\"notice\":\"position\",", opening.client, opening.session, cursor);
    });
}

/// A position, also where the cursor did not move: no browser tells a page that its frame broke off, and a page of
/// another origin cannot look into it, so only what is posted is a sign of life.
pub fn heartbeat(out: &mut Vec<u8>, cursor: Cursor, nonce: &str) {
    notice(out, &Notice::Position { cursor }, nonce);
}

/// The policy under which the page is served: only scripts with `nonce`, framed only by `origin`, which must be an
/// origin and nothing else.
pub fn content_security_policy(nonce: &str, origin: &str) -> String {
    format!("default-src 'none'; script-src 'nonce-{nonce}'; frame-ancestors {origin}")
}

fn post(out: &mut Vec<u8>, nonce: &str, write: impl FnOnce(&mut Vec<u8>)) {
    script(out, nonce, |out| {
        out.extend_from_slice(b"parent.postMessage(");
        write(out);
        out.extend_from_slice(b",O)");
    });
}

fn script(out: &mut Vec<u8>, nonce: &str, write: impl FnOnce(&mut Vec<u8>)) {
    for part in ["<script nonce=\"", nonce, "\">"] {
        out.extend_from_slice(part.as_bytes());
    }
    write(out);
    out.extend_from_slice(b"</script>");
}

#[cfg(test)]
mod tests {
    use super::super::check::{CLIENT, NONCE, envelope_of, hostile, parse_script, text, written};
    use super::*;
    use crate::message::MessageId;

    /// What stands in each script of `page`, which must be nothing but scripts.
    fn scripts(mut page: &str) -> Vec<&str> {
        let mut scripts = Vec::new();
        while !page.is_empty() {
            let rest = page.strip_prefix("<script nonce=\"bm9uY2U\">").expect("a script begins");
            // As browsers do: the first end tag of whatever case, wherever it stands.
            let end = rest.to_ascii_lowercase().find("</script").expect("a script ends");
            scripts.push(&rest[..end]);
            page = rest[end..].strip_prefix("</script>").expect("the end is ours");
        }
        scripts
    }

    fn posted(script: &str) -> serde_json::Value {
        let argument = script.strip_prefix("parent.postMessage(").and_then(|rest| rest.strip_suffix(",O)"));
        parse_script(argument.expect("one call"))
    }

    #[test]
    fn a_message_is_one_script() {
        let expected = concat!(
            r#"<script nonce="bm9uY2U">parent.postMessage({"id":"1763687000123-0","channel":"news","#,
            r#""data":"\u003c/script\u003e\u2028","time":"2025-11-21T01:03:20.123Z"},O)</script>"#,
        );
        assert_eq!(written(|out| message(out, "news", &text(0, "</script>\u{2028}"), NONCE)), expected);
    }

    #[test]
    fn no_payload_ends_its_script() {
        for (mut sample, said) in hostile() {
            sample.event = Some("</SCRIPT ><!--".into());
            let page = written(|out| message(out, "news", &sample, NONCE));
            let [script] = scripts(&page)[..] else { panic!("{page:?}") };
            assert_eq!(posted(script), envelope_of(&sample, &said));
        }
    }

    #[test]
    fn the_page_begins_with_padding_the_origin_and_a_position() {
        let opening_words = Opening {
            cursor: MessageId::new(5, 1),
            client: CLIENT,
            session: "s",
            retry_ms: 0,
            origin: "https://a.example\"</script>",
            nonce: NONCE,
        };
        let page = written(|out| opening(out, &opening_words));
        let (head, rest) = page.split_at(page.find("<script").expect("a script"));
        assert!(head.starts_with("<!doctype html><meta charset=\"utf-8\">") && head.len() >= 1024);
        assert!(head.ends_with(" -->\n"));
        let [origin, position] = scripts(rest)[..] else { panic!("{rest:?}") };
        assert_eq!(origin, r#"const O="https://a.example\"\u003c/script\u003e""#);
        let expected = r#"{"notice":"position","client":"AAAAAAAAAAAAAAAA","session":"s","cursor":"5-1"}"#;
        assert_eq!(position, format!("parent.postMessage({expected},O)"));
    }

    #[test]
    fn a_sign_of_life_is_a_position() {
        let page = written(|out| heartbeat(out, MessageId::new(5, 1), NONCE));
        assert_eq!(scripts(&page), [r#"parent.postMessage({"notice":"position","cursor":"5-1"},O)"#]);
    }

    #[test]
    fn the_policy_names_nonce_and_origin() {
        assert_eq!(
            content_security_policy(NONCE, "https://a.example"),
            "default-src 'none'; script-src 'nonce-bm9uY2U'; frame-ancestors https://a.example"
        );
    }
}
