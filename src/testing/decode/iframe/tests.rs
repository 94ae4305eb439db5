use super::*;
use crate::message::MessageId;
use crate::testing::laws::few_splits;

const ORIGIN: &str = "https://a.example:8443";
const NONCE: &str = "AAAAAAAAAAAAAAAAAAAAAA";
const POSITION: &str =
    r#"{"notice":"position","client":"AAAAAAAAAAAAAAAA","session":"0123456789012345678901","cursor":"4-0"}"#;

fn page(origin: &str) -> Result<IframeReader, String> {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Security-Policy: default-src 'none'; script-src 'nonce-{NONCE}'; \
         frame-ancestors {ORIGIN}"
    );
    IframeReader::new(&ResponseHead::parse(head.as_bytes())?, origin)
}

fn read(pieces: &[&[u8]]) -> Result<Vec<Heard>, String> {
    let mut page = page(ORIGIN)?;
    let mut heard = Vec::new();
    for piece in pieces {
        heard.extend(page.push(piece)?);
    }
    page.finish().map(|()| heard)
}

fn script(text: &str) -> String {
    format!("<script nonce=\"{NONCE}\">{text}</script>")
}

fn post(json: &str) -> String {
    script(&format!("parent.postMessage({json},O)"))
}

fn begin() -> String {
    format!("{BEGIN}<title>x</title>\n<!--{}-->\n", " ".repeat(PADDING_MIN))
        + &script(&format!("const O=\"{ORIGIN}\""))
        + &post(POSITION)
}

#[test]
fn a_page_is_heard_in_every_cut() {
    let message =
        r#"{"id":"5-1","channel":"a","data":{"a":"\u003c/script\u003e"},"time":"1970-01-01T00:00:00.005Z"}"#;
    let reload = post(r#"{"notice":"reload","since":"5-1"}"#);
    let text = [begin(), post(message), reload].concat();
    let id = MessageId::new(5, 1);
    let expected = vec![
        Heard::Position { cursor: MessageId::new(4, 0) },
        Heard::Message {
            id,
            channel: Some("a".to_owned()),
            event: None,
            ask: None,
            data: br#"{"a":"</script>"}"#.to_vec(),
            is_json: true,
            replay: false,
        },
        Heard::Reload { since: id },
    ];
    for seed in 0..20 {
        few_splits(text.as_bytes(), seed, |pieces| assert_eq!(read(pieces).as_ref(), Ok(&expected)));
    }
    let bytes: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
    assert_eq!(read(&bytes).as_ref(), Ok(&expected));
    let mut page = page(ORIGIN).expect("the policy is proper");
    page.push(text.as_bytes()).expect("the page is proper");
    assert_eq!(page.greeting().map(|greeting| &*greeting.client), Some("AAAAAAAAAAAAAAAA"));
}

#[test]
fn only_its_own_scripts_for_its_own_origin_stand_in_a_page() {
    let begin = begin();
    let pages = [
        String::new(),
        BEGIN.to_owned(),
        begin.replace("<!doctype html>", ""),
        begin.replacen("    ", "", 60),
        begin.replacen("    ", "<a>!", 1).replacen("-->", "", 1),
        begin.replace("a.example", "b.example"),
        begin.replace("const O=", "let O="),
        begin.replace("position", "closed"),
        begin.replace(POSITION, r#"{"notice":"position","cursor":"4-0"}"#),
        begin.replacen(NONCE, "other", 1),
        begin.clone() + " ",
        begin.clone() + "\n",
        begin.clone() + "<p>",
        begin.clone() + "<script>a</script>",
        begin.clone() + &script("a()"),
        begin.clone() + "<script nonce=\"",
        begin.clone() + &script(&format!("parent.postMessage({POSITION},\"*\")")),
        begin.clone() + &post(r#"{"notice":"position","cursor":"4-0"}"#).replace(",O)", ",O);a()"),
        begin.clone() + &post(r#"{"notice":"closed","channel":"<"}"#),
        begin.clone() + &post(POSITION),
        begin.clone() + &post(r#"{"notice":"reload","since":"5-1"}"#) + "\n",
        begin.clone() + &post(r#"{"notice":"shutdown","reconnect_ms":5}"#) + "\n",
    ];
    for page in pages {
        assert!(read(&[page.as_bytes()]).is_err(), "{page}");
        assert!(read(&page.as_bytes().chunks(1).collect::<Vec<_>>()).is_err(), "{page}");
    }
}

#[test]
fn the_policy_is_for_the_origin_that_was_asked_for() {
    assert!(page(ORIGIN).is_ok());
    assert!(page("https://b.example").is_err());
    assert!(page("").is_err());
    let bare = ResponseHead { status: 200, fields: Vec::new() };
    assert!(IframeReader::new(&bare, ORIGIN).is_err());
}
