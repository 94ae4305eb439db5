//! Requests hidden in the body, the head or the rest of others, as they are used against servers behind proxies.
//! Nothing that is hidden is ever executed.

use crate::row::{Row, check, chunked, get, post, publish, row};

#[test]
fn smuggling() {
    check(rows());
}

/// The publish that is to get through.
fn hidden() -> String {
    String::from_utf8(publish("smuggled", "x")).expect("ASCII")
}

pub fn rows() -> Vec<Row> {
    [framings(), disguises(), bodies(), heads(), pipelines()].into_iter().flatten().collect()
}

fn framings() -> Vec<Row> {
    let hidden = hidden();
    let both = |length: usize, coding: &str, body: &str| {
        post(&format!("Content-Length: {length}\r\nTransfer-Encoding: {coding}\r\n"), body)
    };
    let ended = format!("0\r\n\r\n{hidden}");
    let held = format!("{:x}\r\n{hidden}\r\n0\r\n\r\n", hidden.len());
    vec![
        row("CL.TE", "9112 11.2", both(ended.len(), "chunked", &ended), "400 ends"),
        row("CL.TE with a byte", "9112 11.2", both(6, "chunked", "0\r\n\r\nG"), "400 ends"),
        row("TE.CL", "9112 11.2", both(4, "chunked", &held), "400 ends"),
        row("CL.0", "9112 6.3", both(0, "chunked", &hidden), "400 ends"),
        row("TE.0", "9112 6.1", post("Transfer-Encoding: xchunked\r\n", &hidden), "501 ends"),
        row(
            "TE.TE, the second unknown",
            "9112 11.2",
            post("Transfer-Encoding: chunked\r\nTransfer-encoding: cow\r\n", &held),
            "400 ends",
        ),
        row(
            "TE.TE, the first unknown",
            "9112 11.2",
            post("Transfer-Encoding: cow\r\nTransfer-encoding: chunked\r\n", &held),
            "501 ends",
        ),
        row(
            "CL.CL, the first shorter",
            "9112 6.3",
            post(&format!("Content-Length: 0\r\nContent-Length: {}\r\n", hidden.len()), &hidden),
            "400 ends",
        ),
        row(
            "CL.CL, the second shorter",
            "9112 6.3",
            post(&format!("Content-Length: {}\r\nContent-Length: 0\r\n", hidden.len()), &hidden),
            "400 ends",
        ),
        row(
            "H2.TE as a proxy hands it on",
            "9112 6.1",
            post(&format!("content-length: {}\r\ntransfer-encoding: chunked\r\n", ended.len()), &ended),
            "400 ends",
        ),
        row(
            "TE.CL in HTTP/1.0",
            "9112 6.1",
            format!(
                "POST /channels/a HTTP/1.0\r\nContent-Length: 4\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n{held}"
            ),
            "400 ends",
        ),
    ]
}

fn disguises() -> Vec<Row> {
    let hidden = hidden();
    let ended = format!("0\r\n\r\n{hidden}");
    // A length that covers everything, and a coding that only some readers see.
    let disguised = |coding: &str| post(&format!("Content-Length: {}\r\n{coding}\r\n", ended.len()), &ended);
    vec![
        row(
            "a coding behind a space and a colon",
            "9112 5.1",
            disguised("Transfer-Encoding : chunked"),
            "400 ends",
        ),
        row(
            "a coding behind a tab and a colon",
            "9112 5.1",
            disguised("Transfer-Encoding\t: chunked"),
            "400 ends",
        ),
        row(
            "a coding behind a vertical tab",
            "9112 6.1",
            disguised("Transfer-Encoding:\u{b}chunked"),
            "400 ends",
        ),
        row(
            "a coding behind a line feed",
            "9112 2.2",
            disguised("X: y\nTransfer-Encoding: chunked"),
            "400 ends",
        ),
        row(
            "a coding behind a carriage return",
            "9112 2.2",
            disguised("X: y\rTransfer-Encoding: chunked"),
            "400 ends",
        ),
        row("a coding in a fold", "9112 5.2", disguised("Transfer-Encoding:\r\n chunked"), "400 ends"),
        row("a coding as a fold", "9112 5.2", disguised("X: y\r\n\tTransfer-Encoding: chunked"), "400 ends"),
        row("a coding behind NUL", "9110 5.5", disguised("X: \0\r\nTransfer-Encoding: chunked"), "400 ends"),
        row(
            "a coding behind a space in its line",
            "9112 5.2",
            disguised(" Transfer-Encoding: chunked"),
            "400 ends",
        ),
        row("a coding without colon", "9112 5", disguised("Transfer-Encoding chunked"), "400 ends"),
        row("a coding with two colons", "9112 6.1", disguised("Transfer-Encoding:: chunked"), "400 ends"),
        row("a coding in quotes", "9112 6.1", disguised("Transfer-Encoding: 'chunked'"), "400 ends"),
        row("a coding whose name has a NUL", "9112 5", disguised("Transfer-\0Encoding: chunked"), "400 ends"),
        row("a coding with a long s", "9112 5", disguised("Tran\u{17f}fer-Encoding: chunked"), "400 ends"),
    ]
}

fn bodies() -> Vec<Row> {
    let hidden = hidden();
    let long = format!("Content-Length: {}\r\n", hidden.len());
    let unread = |method: &str, path: &str| {
        format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{long}\r\n{hidden}")
    };
    vec![
        row(
            "a request in the body of GET",
            "9110 9.3.1",
            [&get(&long)[..], hidden.as_bytes()].concat(),
            "200 ends",
        ),
        row("a request in the body of HEAD", "9110 9.3.2", unread("HEAD", "/livez"), "200- ends"),
        row("a request in the body of OPTIONS", "9110 9.3.7", unread("OPTIONS", "*"), "204 ends"),
        row("a request in the body of DELETE", "9110 9.3.5", unread("DELETE", "/channels/a"), "204 ends"),
        row("a request in the body of PUT", "9110 9.3.4", unread("PUT", "/channels/a"), "405 ends"),
        row("a request in the body of TRACE", "9110 9.3.8", unread("TRACE", "/livez"), "405 ends"),
        row("a request in the body of a file", "9110 9.3.1", unread("GET", "/a.txt"), "200 ends"),
        row("a request in the body of nothing", "9110 9.3.1", unread("GET", "/nothing"), "404 ends"),
        row(
            "a request in the chunks of GET",
            "9110 9.3.1",
            [&get("Transfer-Encoding: chunked\r\n")[..], format!("0\r\n\r\n{hidden}").as_bytes()].concat(),
            "200 ends",
        ),
        row("a request in a publish too long", "9110 15.5.14", post(&long, &hidden), "413 ends"),
        row(
            "a request in a chunk too long",
            "9110 15.5.14",
            chunked(&format!("{:x}\r\n{hidden}\r\n0\r\n\r\n", hidden.len())),
            "413 ends",
        ),
        row(
            "a request in a chunk extension",
            "9112 7.1.1",
            chunked(&format!("1;{hidden}\r\nx\r\n0\r\n\r\n")),
            "400 ends",
        ),
        row(
            "a request in a refused body",
            "9112 6.3",
            "POST /nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20\r\n\r\nGET /livez HTTP/1.1\r",
            "405 stays",
        ),
    ]
}

fn heads() -> Vec<Row> {
    let hidden = hidden();
    vec![
        row("a request in a value", "9112 2.2", get(&format!("X: y\n\n{hidden}")), "400 ends"),
        row("a request in a value behind CR", "9112 2.2", get(&format!("X: y\r\r{hidden}")), "400 ends"),
        row(
            "a request in an escaped target",
            "3986 2.1",
            "GET /channels/a%20HTTP/1.1%0d%0aHost:%20localhost%0d%0a%0d%0a HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "400 stays",
        ),
        row("a request behind HTTP/0.9", "9112 3", format!("GET /livez\r\n\r\n{hidden}"), "400 ends"),
        row("a request behind HTTP/0.9 of LF", "9112 2.2", format!("GET /livez\n{hidden}"), "400 ends"),
        row(
            "a request behind the preface of HTTP/2",
            "9113 3.4",
            format!("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n{hidden}"),
            "505 ends",
        ),
        row(
            "a request in the line of another",
            "9112 3",
            format!("GET /livez HTTP/1.1 {hidden}"),
            "400 ends",
        ),
    ]
}

fn pipelines() -> Vec<Row> {
    let good = || get("");
    let hidden = hidden().into_bytes();
    let behind = |between: &[u8]| [&good()[..], &good(), between, &hidden].concat();
    vec![
        row("garbage behind two requests", "9112 9.3.2", behind(b"GARBAGE\r\n\r\n"), "200 200 400 ends"),
        row("a binary behind two requests", "9112 9.3.2", behind(b"\0\x01\x02"), "200 200 400 ends"),
        row("half a request behind two requests", "9112 9.3.2", behind(b"GET /livez HT"), "200 200 400 ends"),
        row("two empty lines between requests", "9112 2.2", behind(b"\r\n\r\n"), "200 200 400 ends"),
        row(
            "an unread body between requests",
            "9110 9.3.1",
            behind(&get("Content-Length: 1\r\n")),
            "200 200 200 ends",
        ),
        row(
            "a bad framing between requests",
            "9112 6.3",
            behind(&post("Content-Length: 1, 1\r\n", "x")),
            "200 200 400 ends",
        ),
        row("a bad chunk between requests", "9112 7.1", behind(&chunked("x\r\n")), "200 200 400 ends"),
        row("an end between requests", "9112 9.6", behind(&get("Connection: close\r\n")), "200 200 200 ends"),
        row(
            "HTTP/1.0 between requests",
            "9112 9.3",
            behind(b"GET /livez HTTP/1.0\r\n\r\n"),
            "200 200 200 ends",
        ),
        row(
            "an unknown expectation between requests",
            "9110 10.1.1",
            behind(&get("Expect: luck\r\n")),
            "200 200 417 ends",
        ),
        row(
            "a body one byte too short",
            "9112 6.3",
            [&post("Content-Length: 6\r\n", "hello")[..], &good()].concat(),
            "200 405 stays",
        )
        .publishes(&["a=helloG"]),
        row(
            "a body one byte too long",
            "9112 6.3",
            [&post("Content-Length: 4\r\n", "hello")[..], &good()].concat(),
            "200 405 stays",
        )
        .publishes(&["a=hell"]),
        row(
            "good requests only",
            "9112 9.3.2",
            [good(), publish("a", "1"), good(), publish("a", "2")].concat(),
            "200 200 200 200 stays",
        )
        .publishes(&["a=1", "a=2"]),
    ]
}
