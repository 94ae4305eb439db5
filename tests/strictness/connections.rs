//! Which connection stays for the next request; what HEAD, OPTIONS and DELETE are answered with.

use crate::row::{Row, check, get, line, post, publish, row};

#[test]
fn connections() {
    check(rows());
}

pub fn rows() -> Vec<Row> {
    [options(), old(), methods(), reading()].into_iter().flatten().collect()
}

fn options() -> Vec<Row> {
    let with = |value: &str| get(&format!("Connection: {value}\r\n"));
    vec![
        row("close", "9112 9.6", with("close"), "200 ends"),
        row("Close", "9110 7.6.1", with("Close"), "200 ends"),
        row("keep-alive", "9112 9.3", with("keep-alive"), "200 stays"),
        row("close and keep-alive", "9112 9.3", with("close, keep-alive"), "200 ends"),
        row("keep-alive and close", "9112 9.3", with("keep-alive, close"), "200 ends"),
        row(
            "close in a second field",
            "9110 7.6.1",
            get("Connection: x\r\nConnection: close\r\n"),
            "200 ends",
        ),
        row("an option that only begins with close", "9110 7.6.1", with("closed"), "200 stays"),
        row("close as a value of something", "9110 7.6.1", with("x=close"), "200 stays"),
        row("an empty Connection", "9110 7.6.1", with(""), "200 stays"),
        row(
            "close for a publish",
            "9112 9.6",
            post("Connection: close\r\nContent-Length: 1\r\n", "x"),
            "200 ends",
        )
        .publishes(&["a=x"]),
        row(
            "close for a file",
            "9112 9.6",
            "GET /a.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
            "200 ends",
        ),
        row("Proxy-Connection is nothing", "9112 9.3", get("Proxy-Connection: close\r\n"), "200 stays"),
        row("Keep-Alive is nothing", "9112 9.3", get("Keep-Alive: timeout=1, max=1\r\n"), "200 stays"),
        row("Host as an option of the connection", "9110 7.6.1", with("Host"), "200 stays"),
    ]
}

fn old() -> Vec<Row> {
    let old = |fields: &str| format!("GET /livez HTTP/1.0\r\n{fields}\r\n");
    vec![
        row("HTTP/1.0", "9112 9.3", old(""), "200 ends"),
        row("HTTP/1.0 with keep-alive", "9112 9.3", old("Connection: keep-alive\r\n"), "200 stays"),
        row("HTTP/1.0 with Keep-Alive", "9112 9.3", old("Connection: Keep-Alive\r\n"), "200 stays"),
        row(
            "HTTP/1.0 with keep-alive and close",
            "9112 9.3",
            old("Connection: keep-alive, close\r\n"),
            "200 ends",
        ),
        row("HTTP/1.0 with an unknown option", "9112 9.3", old("Connection: x\r\n"), "200 ends"),
        row(
            "HTTP/1.0 twice with keep-alive",
            "9112 9.3.2",
            old("Connection: keep-alive\r\n").repeat(2),
            "200 200 stays",
        ),
        row(
            "HTTP/1.0 and then HTTP/1.1",
            "9112 9.3",
            [old("Connection: keep-alive\r\n").into_bytes(), get("")].concat(),
            "200 200 stays",
        ),
        row(
            "an expectation in HTTP/1.0",
            "9110 10.1.1",
            "POST /channels/a HTTP/1.0\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\nx",
            "200 ends",
        )
        .publishes(&["a=x"]),
        row("an unknown expectation in HTTP/1.0", "9110 10.1.1", old("Expect: luck\r\n"), "200 ends"),
        row(
            "an upgrade in HTTP/1.0",
            "9110 7.8",
            old("Connection: Upgrade\r\nUpgrade: websocket\r\n"),
            "200 ends",
        ),
    ]
}

fn methods() -> Vec<Row> {
    let head = |target: &str| line(&format!("HEAD {target} HTTP/1.1"));
    vec![
        row("HEAD", "9110 9.3.2", head("/livez"), "200- stays"),
        row("HEAD and then GET", "9110 9.3.2", [head("/livez"), get("")].concat(), "200- 200 stays"),
        row("HEAD of nothing", "9110 9.3.2", head("/nothing"), "404- stays"),
        row("HEAD of a file", "9110 9.3.2", head("/a.txt"), "200- stays"),
        row("HEAD of a poll that would be held", "9110 9.3.2", head("/channels/a?wait=9"), "200- stays"),
        row("HEAD of a stream", "9110 9.3.2", head("/channels/a?transport=sse"), "200- stays"),
        row("HEAD of a script", "9110 9.3.2", jsonp("HEAD", "/channels/a?callback=f"), "200- stays"),
        row(
            "HEAD of a script that is refused",
            "9110 9.3.2",
            jsonp("HEAD", "/channels/%?callback=f"),
            "200- stays",
        ),
        row("a script", "9110 9.3.1", jsonp("GET", "/channels/a?callback=f"), "200 stays").says("/**/f({"),
        row("a script that is refused", "9110 9.3.1", jsonp("GET", "/channels/%?callback=f"), "200 stays")
            .says("error"),
        row("HEAD of what cannot be read", "9110 9.3.2", head("/publish"), "405- stays"),
        row("HEAD and an old version", "9110 9.3.2", "HEAD /livez HTTP/1.0\r\n\r\n", "200- ends"),
        row("OPTIONS", "9110 9.3.7", line("OPTIONS /channels/a HTTP/1.1"), "204 stays"),
        row("OPTIONS of nothing", "9110 9.3.7", line("OPTIONS /nothing HTTP/1.1"), "204 stays"),
        row(
            "DELETE",
            "9110 9.3.5",
            [publish("a", "1"), line("DELETE /channels/a HTTP/1.1")].concat(),
            "200 204 stays",
        ),
        row(
            "DELETE with an empty body",
            "9110 9.3.5",
            [
                publish("a", "1"),
                b"DELETE /channels/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n".to_vec(),
            ]
            .concat(),
            "200 204 stays",
        ),
        row(
            "POST where only files are",
            "9112 6.3",
            "POST /nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello",
            "405 stays",
        ),
        row(
            "POST where only GET is",
            "9112 6.3",
            "POST /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello",
            "405 stays",
        ),
        row(
            "a publish of a foreign page",
            "9110 15.5.4",
            post("Origin: http://evil.example\r\nContent-Length: 1\r\n", "x"),
            "403 stays",
        ),
        row(
            "a long publish of a foreign page",
            "9110 15.5.4",
            post("Origin: http://evil.example\r\nContent-Length: 1000\r\n", "x"),
            "403 ends",
        ),
        row(
            "long chunks of a foreign page",
            "9110 15.5.4",
            post("Origin: http://evil.example\r\nTransfer-Encoding: chunked\r\n", "3e8\r\nx"),
            "403 ends",
        ),
        row(
            "a long body where only files are",
            "9110 15.5.6",
            "POST /nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nx",
            "405 ends",
        ),
        row(
            "bad chunks of a foreign page",
            "9110 15.5.4",
            post("Origin: http://evil.example\r\nTransfer-Encoding: chunked\r\n", "x\r\n"),
            "403 ends",
        ),
        row(
            "a publish of a type that is no text",
            "9110 8.3",
            [
                b"POST /channels/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n".as_slice(),
                b"Content-Type: \xff\r\n\r\nx",
            ]
            .concat(),
            "400 stays",
        ),
        row(
            "a publish of an empty type",
            "9110 8.3",
            post("Content-Length: 1\r\nContent-Type:\r\n", "x"),
            "400 stays",
        ),
        row(
            "a publish with two origins",
            "9110 15.5.4",
            post("Origin: http://localhost\r\nOrigin: http://localhost\r\nContent-Length: 1\r\n", "x"),
            "403 stays",
        ),
    ]
}

/// A request of a script element.
fn jsonp(method: &str, target: &str) -> Vec<u8> {
    format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: same-origin\r\n\r\n")
        .into_bytes()
}

fn reading() -> Vec<Row> {
    let read = |fields: &str| format!("GET /channels/a HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n");
    let part = |range: &str| format!("GET /a.txt HTTP/1.1\r\nHost: localhost\r\nRange: {range}\r\n\r\n");
    vec![
        row("a poll", "9110 9.3.1", read(""), "200 stays").says("messages"),
        row("a poll that is held", "9110 9.3.1", read("Prefer: wait=9\r\n"), "waits"),
        row(
            "a request behind a poll that is held",
            "9112 9.3.2",
            [read("Prefer: wait=9\r\n").into_bytes(), publish("a", "x")].concat(),
            "waits",
        ),
        row("events", "9112 9.6", read("Accept: text/event-stream\r\n"), "200 waits").says("retry: "),
        row("lines", "9112 9.6", read("Accept: application/x-ndjson\r\n"), "200 waits").says("position"),
        row(
            "a stream behind a request",
            "9112 9.6",
            [get(""), read("Accept: text/event-stream\r\n").into()].concat(),
            "200 200 waits",
        ),
        row(
            "a request behind a stream",
            "9112 9.6",
            [read("Accept: text/event-stream\r\n").into_bytes(), publish("a", "x")].concat(),
            "200 waits",
        ),
        row(
            "HEAD of a stream and then GET",
            "9110 9.3.2",
            [line("HEAD /channels/a?transport=ndjson HTTP/1.1"), get("")].concat(),
            "200- 200 stays",
        ),
        row(
            "HEAD of a stream, and close",
            "9112 9.6",
            "HEAD /channels/a?transport=sse HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
            "200- ends",
        ),
        row(
            "HEAD of a stream in HTTP/1.0 with keep-alive",
            "9112 9.3",
            "HEAD /channels/a?transport=sse HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
            "200- stays",
        ),
        row("a part of a file", "9110 14.2", part("bytes=2-3"), "206 stays").says("fi"),
        row("a part beyond a file", "9110 15.5.17", part("bytes=6-"), "416 stays").says("Range"),
        row("a part in another unit", "9110 14.2", part("lines=1-2"), "200 stays"),
        row("a part that is malformed", "9110 14.2", part("bytes=3-2"), "200 stays"),
        row("Accept that takes anything", "9110 12.5.1", read("Accept: */*\r\n"), "200 stays"),
        row(
            "Accept of all application types",
            "9110 12.5.1",
            read("Accept: application/*;q=0.1\r\n"),
            "200 stays",
        ),
        row("Accept of a page", "9110 12.5.1", read("Accept: text/html,*/*;q=0.8\r\n"), "200 stays"),
        row("an empty Accept", "9110 12.5.1", read("Accept:\r\n"), "200 stays"),
        row("an Accept that cannot be read", "9110 12.5.1", read("Accept: *\r\n"), "200 stays"),
        row("Accept of an image", "9110 15.5.7", read("Accept: image/png\r\n"), "406 stays"),
        row("Accept of nothing", "9110 12.4.2", read("Accept: */*;q=0\r\n"), "200 stays"),
        row(
            "Accept without JSON",
            "9110 12.5.1",
            read("Accept: application/json;q=0, image/*\r\n"),
            "406 stays",
        ),
    ]
}
