//! Request lines: three parts, one space, one space; methods and versions.

use crate::row::{Row, check, line, row};

#[test]
fn request_lines() {
    check(rows());
}

pub fn rows() -> Vec<Row> {
    [parts(), methods(), versions(), other_protocols()].into_iter().flatten().collect()
}

fn parts() -> Vec<Row> {
    vec![
        row("a request", "9112 3", line("GET /livez HTTP/1.1"), "200 stays").says("alive"),
        row("two spaces before the target", "9112 3", line("GET  /livez HTTP/1.1"), "400 ends"),
        row("two spaces behind the target", "9112 3", line("GET /livez  HTTP/1.1"), "400 ends"),
        row("a tab before the target", "9112 3", line("GET\t/livez HTTP/1.1"), "400 ends"),
        row("a tab behind the target", "9112 3", line("GET /livez\tHTTP/1.1"), "400 ends"),
        row("a vertical tab before the target", "9112 3", line("GET\u{b}/livez HTTP/1.1"), "400 ends"),
        row("a form feed behind the target", "9112 3", line("GET /livez\u{c}HTTP/1.1"), "400 ends"),
        row("a space before the method", "9112 3", line(" GET /livez HTTP/1.1"), "400 ends"),
        row("a space behind the version", "9112 3", line("GET /livez HTTP/1.1 "), "400 ends"),
        row("a space in the target", "9112 3", line("GET /li vez HTTP/1.1"), "400 ends"),
        row("no target", "9112 3", line("GET HTTP/1.1"), "400 ends"),
        row("an empty target", "9112 3", line("GET  HTTP/1.1"), "400 ends"),
        row("no version, HTTP/0.9", "9112 3", "GET /livez\r\n\r\n", "400 ends"),
        row("a method alone", "9112 3", "GET\r\n\r\n", "400 ends"),
        row("a space alone", "9112 3", " \r\n\r\n", "400 ends"),
        row("half a request line", "9112 3", "GET /livez HT", "waits"),
        row("a head without its end", "9112 2.1", "GET /livez HTTP/1.1\r\nHost: localhost\r\n", "waits"),
    ]
}

fn methods() -> Vec<Row> {
    let long = "M".repeat(32);
    vec![
        row("a method in lower case", "9110 9.1", line("get /livez HTTP/1.1"), "405 stays"),
        row("a method half in lower case", "9110 9.1", line("Get /livez HTTP/1.1"), "405 stays"),
        row("a method that nobody knows", "9110 9.1", line("BREW /channels/a HTTP/1.1"), "405 stays"),
        row("TRACE", "9110 9.3.8", line("TRACE /livez HTTP/1.1"), "405 stays"),
        row("a method of punctuation", "9110 5.6.2", line("!#$%&'*+-.^_`|~ /livez HTTP/1.1"), "405 stays"),
        row("a method of 32 letters", "9112 3", line(&format!("{long} /livez HTTP/1.1")), "405 stays"),
        row("a method of 33 letters", "9112 3", line(&format!("{long}M /livez HTTP/1.1")), "501 ends"),
        row("a method that does not end", "9112 3", "M".repeat(100), "501 ends"),
        row("an empty method", "9112 3", line(" /livez HTTP/1.1"), "400 ends"),
        row("no method", "9112 3", line("/livez HTTP/1.1"), "400 ends"),
        row("an at sign in the method", "9110 9.1", line("G@T /livez HTTP/1.1"), "400 ends"),
        row("a method in quotes", "9110 9.1", line("\"GET\" /livez HTTP/1.1"), "400 ends"),
        row("NUL in the method", "9110 9.1", line("G\0T /livez HTTP/1.1"), "400 ends"),
        row("NUL before the method", "9112 3", line("\0GET /livez HTTP/1.1"), "400 ends"),
        row("UTF-8 in the method", "9110 9.1", line("G\u{c9}T /livez HTTP/1.1"), "400 ends"),
        row("a byte order mark", "9112 3", line("\u{feff}GET /livez HTTP/1.1"), "400 ends"),
    ]
}

fn versions() -> Vec<Row> {
    let at = |version: &str| line(&format!("GET /livez {version}"));
    vec![
        row("HTTP/1.2", "9110 2.5", at("HTTP/1.2"), "200 stays"),
        row("HTTP/1.9", "9110 2.5", at("HTTP/1.9"), "200 stays"),
        row("HTTP/1.2 without Host", "9112 3.2", "GET /livez HTTP/1.2\r\n\r\n", "400 ends"),
        row("HTTP/2.0", "9110 15.6.6", at("HTTP/2.0"), "505 ends"),
        row("HTTP/3.0", "9110 15.6.6", at("HTTP/3.0"), "505 ends"),
        row("HTTP/0.9 in words", "9110 15.6.6", at("HTTP/0.9"), "505 ends"),
        row("HTTP/9.9", "9110 15.6.6", at("HTTP/9.9"), "505 ends"),
        row("a minor version of two digits", "9112 2.3", at("HTTP/1.10"), "400 ends"),
        row("a minor version of two digits, the same number", "9112 2.3", at("HTTP/1.01"), "400 ends"),
        row("a major version of two digits", "9112 2.3", at("HTTP/11.1"), "400 ends"),
        row("a major version of two digits, the same number", "9112 2.3", at("HTTP/01.1"), "400 ends"),
        row("HTTP/1", "9112 2.3", at("HTTP/1"), "400 ends"),
        row("HTTP/2 as browsers write it", "9112 2.3", at("HTTP/2"), "400 ends"),
        row("a version without minor digit", "9112 2.3", at("HTTP/1."), "400 ends"),
        row("a version without major digit", "9112 2.3", at("HTTP/.1"), "400 ends"),
        row("a comma in the version", "9112 2.3", at("HTTP/1,1"), "400 ends"),
        row("a sign in the version", "9112 2.3", at("HTTP/+1.1"), "400 ends"),
        row("a negative version", "9112 2.3", at("HTTP/1.-1"), "400 ends"),
        row("letters behind the version", "9112 2.3", at("HTTP/1.1x"), "400 ends"),
        row("a tab behind the version", "9112 2.3", at("HTTP/1.1\t"), "400 ends"),
        row("NUL behind the version", "9112 2.3", at("HTTP/1.1\0"), "400 ends"),
        row("a space in the version", "9112 2.3", at("HTTP/ 1.1"), "400 ends"),
        row("no slash in the version", "9112 2.3", at("HTTP1.1"), "400 ends"),
        row("a version in lower case", "9112 2.3", at("http/1.1"), "400 ends"),
        row("a version in mixed case", "9112 2.3", at("Http/1.1"), "400 ends"),
        row("HTTPS as version", "9112 2.3", at("HTTPS/1.1"), "400 ends"),
        row("another protocol", "9112 2.3", at("ICAP/1.0"), "400 ends"),
    ]
}

fn other_protocols() -> Vec<Row> {
    let tls: &[u8] = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n";
    vec![
        row("the preface of HTTP/2", "9113 3.4", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0", "505 ends"),
        row("a hello of TLS", "9112 2.2", tls, "400 ends"),
        row("a greeting of SSH", "9112 2.2", "SSH-2.0-OpenSSH_9.2\r\n", "400 ends"),
        row("a hello of SMTP", "9112 2.2", "EHLO localhost\r\n", "400 ends"),
        row("SOCKS", "9112 2.2", b"\x05\x01\x00".as_slice(), "400 ends"),
        row(
            "the header of a proxy protocol",
            "9112 2.2",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
            "400 ends",
        ),
        row("a response", "9112 2.1", "HTTP/1.1 200 OK\r\n\r\n", "400 ends"),
        row("a WebSocket frame", "9112 2.2", b"\x81\x85\0\0\0\0hello".as_slice(), "400 ends"),
    ]
}
