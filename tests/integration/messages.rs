//! Payloads: whatever goes in comes out unchanged, and how it stands in an envelope.

use crate::support::client::Client;
use crate::support::process::Server;
use serde_json::{Value, json};

/// Publishes `body` with that content type and returns its envelope as a poll has it, text and value.
fn envelope(client: &mut Client, content_type: Option<&str>, body: &[u8]) -> (String, Value) {
    let field = content_type.map(|value| ("Content-Type", value));
    client.ask("POST", "/channels/a", field.as_slice(), body).expect(200);
    let answer = client.get("/channels/a?last=1").expect(200);
    (answer.text().to_owned(), answer.json()["messages"][0].clone())
}

#[test]
fn an_envelope_has_what_is_there_and_leaves_out_what_is_not() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let (_, plain) = envelope(&mut client, None, b"hello");
    let names: Vec<&str> = plain.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(names, ["channel", "data", "id", "time"], "as serde_json sorts them");
    assert_eq!((&plain["channel"], &plain["data"]), (&json!("a"), &json!("hello")));
    let time = plain["time"].as_str().expect("a time");
    let shape = time.replace(|c: char| c.is_ascii_digit(), "9");
    assert_eq!(shape, "9999-99-99T99:99:99.999Z", "{time}");
}

#[test]
fn text_is_a_string() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let texts = [
        "",
        "hello",
        "two\nlines",
        "cr\r\nlf\r",
        "\"quotes\" and \\",
        "\u{0}\u{1}\u{1f}\u{7f}",
        "ü 漢 🦀",
        "\u{2028}\u{2029}",
        "</script><!--",
        "null",
        "{\"not\":\"parsed\"}",
        "a=1&b=%20",
    ];
    for text in texts {
        for kind in [None, Some("text/plain"), Some("application/x-www-form-urlencoded")] {
            assert_eq!(envelope(&mut client, kind, text.as_bytes()).1["data"], text, "{kind:?}");
        }
    }
}

#[test]
fn json_stands_as_published_byte_for_byte() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let exact = [
        "{\"b\":1,\"a\":2}",
        "{ \"a\" : [1, 2 ,3] }",
        "1.0",
        "1e400",
        "123456789012345678901234567890",
        "-0",
        "\"\\u00e4\\/\"",
        "null",
        "\"\u{e4}\"",
        "{\"a\":1,\"a\":2}",
        "\"\\ud800\"",
        "\t[\t]\t",
    ];
    for text in exact {
        let (batch, _) = {
            client
                .ask("POST", "/channels/a", &[("Content-Type", "application/json")], text.as_bytes())
                .expect(200);
            (client.get("/channels/a?last=1").expect(200).text().to_owned(), ())
        };
        assert!(batch.contains(&format!("\"data\":{text}")), "{text:?} in {batch}");
        assert!(!batch.contains("content_type"), "{batch}");
    }
    let (batch, _) = envelope(&mut client, Some("application/json; charset=utf-8"), b"{\r\n\"a\"\n:\r1}");
    assert!(batch.contains("\"data\":{  \"a\" : 1}"), "line ends between tokens become spaces: {batch}");
    let (_, problem) = envelope(&mut client, Some("application/problem+json"), b"{\"x\":[]}");
    assert_eq!(
        (&problem["data"], &problem["content_type"]),
        (&json!({"x": []}), &json!("application/problem+json"))
    );
}

#[test]
fn what_is_no_json_is_refused_under_a_json_type() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let deep = |n: usize| [vec![b'['; n], vec![b']'; n]].concat();
    let (deepest, too_deep) = (deep(128), deep(129));
    let bad: [&[u8]; 14] = [
        b"",
        b" ",
        b"{",
        b"nul",
        b"{\"a\":1,}",
        b"[1,]",
        b"{'a':1}",
        b"01",
        b"+1",
        b"1 2",
        b"\"\n\"",
        b"\"\xff\"",
        b"\xef\xbb\xbf{}",
        &too_deep,
    ];
    for kind in ["application/json", "application/vnd.api+json", "Application/JSON"] {
        for body in bad {
            client.ask("POST", "/channels/a", &[("Content-Type", kind)], body).problem(400);
        }
    }
    client.ask("POST", "/channels/a", &[("Content-Type", "application/json")], &deepest).expect(200);
    // The client's own parser does not go as deep, so the text is looked at.
    let batch = client.get("/channels/a?since=start").expect(200);
    let shown = String::from_utf8(deepest).expect("brackets");
    assert_eq!(batch.text().matches(&shown).count(), 1);
}

#[test]
fn other_bytes_are_base64() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let cases: [(&[u8], &str); 3] =
        [(b"\xff", "/w=="), (b"\x00\xff\xfe>", "AP/+Pg=="), (b"half \xc3", "aGFsZiDD")];
    for (body, base64) in cases {
        let (_, message) = envelope(&mut client, Some("image/png"), body);
        assert_eq!(message["data_base64"], base64);
        assert_eq!(message["content_type"], "image/png");
        assert!(message.get("data").is_none(), "{message}");
    }
}

#[test]
fn content_types_are_media_types() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let longest = format!("text/{}", "x".repeat(123));
    for kind in ["text/html", "application/vnd.me.v2+xml", &longest] {
        assert_eq!(envelope(&mut client, Some(kind), b"x").1["content_type"], kind);
    }
    let too_long = format!("{longest}x");
    for kind in
        ["text", "text/", "/plain", "a/b/c", "te xt/plain", "text/plain; =x", "text/plain; x", &too_long]
    {
        client.ask("POST", "/channels/a", &[("Content-Type", kind)], b"x").problem(400);
    }
}

#[test]
fn all_bytes_and_large_payloads_pass_every_json_transport() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let text: String = (0..0x3000u32).filter_map(char::from_u32).collect();
    let large = text.repeat(10);
    assert_eq!(envelope(&mut client, None, large.as_bytes()).1["data"], large.as_str());
    let (_, mut lines) = server.connect().stream("/channels/a?last=1", &[("Accept", "application/x-ndjson")]);
    lines.line().expect("the position");
    let line = lines.line().expect("the message");
    assert_eq!(serde_json::from_str::<Value>(&line).expect("JSON")["data"], large.as_str());
}
