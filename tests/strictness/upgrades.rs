//! `Upgrade`: to a WebSocket, or not at all.

use crate::row::{Row, check, get, post, row};

#[test]
fn upgrades() {
    check(rows());
}

const KEY: &str = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
const VERSION: &str = "Sec-WebSocket-Version: 13\r\n";
const UPGRADE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\n";

/// A handshake at `/echo` with these fields.
fn echo(fields: &[&str]) -> Vec<u8> {
    format!("GET /echo HTTP/1.1\r\nHost: localhost\r\n{}\r\n", fields.concat()).into_bytes()
}

pub fn rows() -> Vec<Row> {
    [handshakes(), others()].into_iter().flatten().collect()
}

fn handshakes() -> Vec<Row> {
    let with = |field: &str| echo(&[UPGRADE, VERSION, KEY, field]);
    let asking = |field: &str| echo(&[field, VERSION, KEY]);
    let old = "GET /echo HTTP/1.0\r\nHost: localhost\r\n";
    vec![
        row("a handshake", "6455 4.2.1", with(""), "101 opens"),
        row(
            "a handshake as Firefox sends it",
            "9110 7.6.1",
            asking("Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"),
            "101 opens",
        ),
        row(
            "a handshake in other cases",
            "6455 4.2.1",
            asking("Connection: UPGRADE\r\nUpgrade: WebSocket\r\n"),
            "101 opens",
        ),
        row(
            "a handshake with tabs",
            "9110 5.6.3",
            asking("Connection:\tx\t,\tUpgrade\r\nUpgrade:\twebsocket\t\r\n"),
            "101 opens",
        ),
        row("a handshake behind a request", "9112 9.3.2", [get(""), with("")].concat(), "200 101 opens"),
        row("a handshake with a length of 0", "6455 4.1", with("Content-Length: 0\r\n"), "101 opens"),
        row(
            "a handshake with a body",
            "6455 4.1",
            [&with("Content-Length: 5\r\n")[..], b"hello"].concat(),
            "400 ends",
        ),
        row(
            "a handshake with chunks",
            "6455 4.1",
            [&with("Transfer-Encoding: chunked\r\n")[..], b"0\r\n\r\n"].concat(),
            "400 ends",
        ),
        row("a handshake without Connection", "6455 4.2.1", asking("Upgrade: websocket\r\n"), "400 stays"),
        row(
            "a handshake that closes",
            "6455 4.2.1",
            asking("Connection: close\r\nUpgrade: websocket\r\n"),
            "400 ends",
        ),
        row("a handshake without Upgrade", "6455 4.2.1", asking("Connection: Upgrade\r\n"), "426 stays"),
        row("a handshake without a key", "6455 4.2.1", echo(&[UPGRADE, VERSION]), "400 stays"),
        row("a handshake with two keys", "6455 11.3.1", with(KEY), "400 stays"),
        row(
            "a handshake with a short key",
            "6455 4.2.1",
            echo(&[UPGRADE, VERSION, "Sec-WebSocket-Key: c2hvcnQ=\r\n"]),
            "400 stays",
        ),
        row(
            "a handshake with a key that is no base64",
            "6455 4.2.1",
            echo(&[UPGRADE, VERSION, "Sec-WebSocket-Key: !!!!!!!!!!!!!!!!!!!!!!==\r\n"]),
            "400 stays",
        ),
        row("a handshake without a version", "6455 4.2.1", echo(&[UPGRADE, KEY]), "426 stays"),
        row(
            "a handshake of version 8",
            "6455 4.4",
            echo(&[UPGRADE, KEY, "Sec-WebSocket-Version: 8\r\n"]),
            "426 stays",
        ),
        row(
            "a handshake of two versions",
            "6455 11.3.5",
            echo(&[UPGRADE, KEY, "Sec-WebSocket-Version: 13, 8\r\n"]),
            "426 stays",
        ),
        row("a handshake by POST", "6455 4.2.1", [b"POST", &with("")[3..]].concat(), "405 stays"),
        row("a handshake by HEAD", "6455 4.2.1", [b"HEAD", &with("")[3..]].concat(), "405- stays"),
        row("a handshake in HTTP/1.0", "9110 7.8", format!("{old}{UPGRADE}{VERSION}{KEY}\r\n"), "400 ends"),
        row(
            "a handshake in HTTP/1.2",
            "9110 2.5",
            [b"GET /echo HTTP/1.2", &with("")[18..]].concat(),
            "101 opens",
        ),
        row(
            "a handshake of a foreign page",
            "6455 4.2.2",
            with("Origin: http://evil.example\r\n"),
            "403 stays",
        ),
        row(
            "a handshake without Host",
            "9112 3.2",
            format!("GET /echo HTTP/1.1\r\n{UPGRADE}{VERSION}{KEY}\r\n"),
            "400 ends",
        ),
        row(
            "a handshake for a channel in HTTP/1.0",
            "9110 7.8",
            format!("GET /channels/a HTTP/1.0\r\nHost: localhost\r\n{UPGRADE}{VERSION}{KEY}\r\n"),
            "200 ends",
        )
        .says("messages"),
        row("half a handshake", "6455 4.2.1", with("")[..150].to_vec(), "waits"),
    ]
}

fn others() -> Vec<Row> {
    let h2c = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\n";
    let length = "Content-Length: 1\r\n";
    vec![
        row("h2c as Java asks for it", "9110 7.8", get(h2c), "200 stays"),
        row("h2c for a publish", "9110 7.8", post(&[h2c, length].concat(), "x"), "200 stays")
            .publishes(&["a=x"]),
        row(
            "h2c with settings that are none",
            "9110 7.8",
            get("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: !\r\n"),
            "200 stays",
        ),
        row("h2 over TLS", "9110 7.8", get("Connection: Upgrade\r\nUpgrade: h2\r\n"), "200 stays"),
        row("TLS", "9110 7.8", get("Connection: Upgrade\r\nUpgrade: TLS/1.2\r\n"), "200 stays"),
        row(
            "several protocols",
            "9110 7.8",
            get("Connection: Upgrade\r\nUpgrade: HTTP/2.0, SHTTP/1.3, IRC/6.9\r\n"),
            "200 stays",
        ),
        row("an empty Upgrade", "9110 7.8", get("Connection: Upgrade\r\nUpgrade:\r\n"), "200 stays"),
        row("an upgrade without a protocol", "9110 7.8", get("Connection: Upgrade\r\n"), "200 stays"),
        row(
            "a protocol that only begins with websocket",
            "9110 7.8",
            get("Connection: Upgrade\r\nUpgrade: websockets\r\n"),
            "200 stays",
        ),
        row("a WebSocket where none is", "9110 7.8", get(&[UPGRADE, VERSION, KEY].concat()), "200 stays"),
        row("an upgrade by a publish", "9110 7.8", post(&[UPGRADE, length].concat(), "x"), "400 stays"),
    ]
}
