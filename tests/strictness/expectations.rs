//! `Expect`.

use crate::row::{Row, check, get, post, publish, row};

#[test]
fn expectations() {
    check(rows());
}

/// A publish that asks before it sends five bytes, which are `body` as far as they have come.
fn asking(expect: &str, body: &str) -> Vec<u8> {
    post(&format!("Expect: {expect}\r\nContent-Length: 5\r\n"), body)
}

pub fn rows() -> Vec<Row> {
    let to = |target: &str, fields: &str| {
        format!("POST {target} HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n{fields}\r\n")
    };
    vec![
        row("asked and sent", "9110 10.1.1", asking("100-continue", "hello"), "100 200 stays")
            .publishes(&["a=hello"]),
        row(
            "asked and not sent yet",
            "9110 10.1.1",
            post("Expect: 100-continue\r\nContent-Length: 60\r\n", ""),
            "100 waits",
        ),
        row("asked in upper case", "9110 10.1.1", asking("100-CONTINUE", "hello"), "100 200 stays")
            .publishes(&["a=hello"]),
        row("asked twice", "9110 10.1.1", asking("100-continue, 100-continue", "hello"), "100 200 stays")
            .publishes(&["a=hello"]),
        row(
            "asked by chunks",
            "9110 10.1.1",
            post("Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n"),
            "100 200 stays",
        )
        .publishes(&["a=hello"]),
        row("asked without a body", "9110 10.1.1", post("Expect: 100-continue\r\n", ""), "200 stays")
            .publishes(&["a="]),
        row(
            "asked with a length of 0",
            "9110 10.1.1",
            post("Expect: 100-continue\r\nContent-Length: 0\r\n", ""),
            "200 stays",
        )
        .publishes(&["a="]),
        row("an empty expectation", "9110 10.1.1", asking("", "hello"), "200 stays").publishes(&["a=hello"]),
        row("asked by GET", "9110 10.1.1", get("Expect: 100-continue\r\n"), "200 stays"),
        row(
            "asked by GET with a body",
            "9110 10.1.1",
            get("Expect: 100-continue\r\nContent-Length: 5\r\n"),
            "200 ends",
        ),
        row("another expectation", "9110 15.5.18", asking("200-ok", "hello"), "417 ends"),
        row("another expectation besides", "9110 15.5.18", asking("100-continue, luck", "hello"), "417 ends"),
        row("an expectation with a value", "9110 15.5.18", asking("100-continue=yes", "hello"), "417 ends"),
        row("asked for too much", "9110 10.1.1", to("/channels/a", "Content-Length: 1000\r\n"), "413 ends"),
        row("asked where only files are", "9110 10.1.1", to("/nothing", "Content-Length: 5\r\n"), "405 ends"),
        row(
            "asked by a foreign page",
            "9110 10.1.1",
            to("/channels/a", "Content-Length: 5\r\nOrigin: http://evil.example\r\n"),
            "403 ends",
        ),
        row(
            "asked by a foreign page for too much",
            "9110 10.1.1",
            to("/channels/a", "Content-Length: 1000\r\nOrigin: http://evil.example\r\n"),
            "403 ends",
        ),
        row(
            "asked with a body in doubt",
            "9112 6.3",
            to("/channels/a", "Content-Length: 5\r\nContent-Length: 6\r\n"),
            "400 ends",
        ),
        row(
            "asked behind a request",
            "9110 10.1.1",
            [publish("a", "1"), asking("100-continue", "hello")].concat(),
            "200 100 200 stays",
        )
        .publishes(&["a=1", "a=hello"]),
    ]
}
