//! `Content-Length`: digits, once.

use crate::row::{MESSAGE_MAX, Row, check, get, post, publish, row};

#[test]
fn lengths() {
    check(rows());
}

/// A publish of five bytes whose `Content-Length` is this.
fn of(length: &str) -> Vec<u8> {
    post(&format!("Content-Length:{length}\r\n"), "hello")
}

pub fn rows() -> Vec<Row> {
    [good(), bad(), large()].into_iter().flatten().collect()
}

fn good() -> Vec<Row> {
    vec![
        row("a length", "9112 6.2", of(" 5"), "200 stays").publishes(&["a=hello"]),
        row("a length of 0", "9112 6.2", post("Content-Length: 0\r\n", ""), "200 stays").publishes(&["a="]),
        row("no length and no body", "9112 6.3", post("", ""), "200 stays").publishes(&["a="]),
        row("no space before the length", "9112 5.1", of("5"), "200 stays").publishes(&["a=hello"]),
        row("a tab before the length", "9110 5.6.3", of("\t5"), "200 stays").publishes(&["a=hello"]),
        row("blanks around the length", "9110 5.6.3", of(" \t 5\t "), "200 stays").publishes(&["a=hello"]),
        row("zeros before the length", "9110 8.6", of(" 0005"), "200 stays").publishes(&["a=hello"]),
        row(
            "a length that would be octal",
            "9110 8.6",
            post("Content-Length: 010\r\n", "0123456789"),
            "200 stays",
        )
        .publishes(&["a=0123456789"]),
        row("many zeros before the length", "9110 8.6", of(&format!(" {}5", "0".repeat(100))), "200 stays")
            .publishes(&["a=hello"]),
        row("the name in lower case", "9110 5.1", post("content-length: 5\r\n", "hello"), "200 stays")
            .publishes(&["a=hello"]),
        row("the name in upper case", "9110 5.1", post("CONTENT-LENGTH: 5\r\n", "hello"), "200 stays")
            .publishes(&["a=hello"]),
        row(
            "a length with an underscore in its name",
            "9112 6.3",
            post("Content_Length: 5\r\n", ""),
            "200 stays",
        )
        .publishes(&["a="]),
        row("a body that is not whole", "9112 8", post("Content-Length: 50\r\n", "hello"), "waits"),
        row("a body that has not begun", "9112 8", post("Content-Length: 50\r\n", ""), "waits"),
        row(
            "a length in HTTP/1.0",
            "9112 6.2",
            "POST /channels/a HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello",
            "200 ends",
        )
        .publishes(&["a=hello"]),
        row(
            "a length and a request behind the body",
            "9112 6.3",
            [of(" 5"), publish("a", "2")].concat(),
            "200 200 stays",
        )
        .publishes(&["a=hello", "a=2"]),
        row("a length of 0 on GET", "9110 9.3.1", get("Content-Length: 0\r\n"), "200 stays"),
    ]
}

fn bad() -> Vec<Row> {
    let twice = |first: &str, second: &str| {
        post(&format!("Content-Length: {first}\r\nContent-Length: {second}\r\n"), "hello")
    };
    vec![
        row("an empty length", "9110 8.6", of(""), "400 ends"),
        row("a length of blanks", "9110 8.6", of(" \t "), "400 ends"),
        row("a plus before the length", "9110 8.6", of(" +5"), "400 ends"),
        row("a minus before the length", "9110 8.6", of(" -5"), "400 ends"),
        row("minus zero", "9110 8.6", of(" -0"), "400 ends"),
        row("a hexadecimal length", "9110 8.6", of(" 0x5"), "400 ends"),
        row("a hexadecimal length without a sign", "9110 8.6", of(" a"), "400 ends"),
        row("an octal length", "9110 8.6", of(" 0o5"), "400 ends"),
        row("a length with a point", "9110 8.6", of(" 5.0"), "400 ends"),
        row("a length with an exponent", "9110 8.6", of(" 5e0"), "400 ends"),
        row("a length with an underscore", "9110 8.6", of(" 0_5"), "400 ends"),
        row("a length in quotes", "9110 8.6", of(" \"5\""), "400 ends"),
        row("a length with a parameter", "9110 8.6", of(" 5;x=y"), "400 ends"),
        row("a length with a space in it", "9110 8.6", of(" 5 5"), "400 ends"),
        row("a length with a tab in it", "9110 8.6", of(" 5\t5"), "400 ends"),
        row("a length and a vertical tab", "9110 8.6", of(" 5\u{b}"), "400 ends"),
        row("a length in words", "9110 8.6", of(" five"), "400 ends"),
        row("a length in other digits", "9110 8.6", of(" \u{665}"), "400 ends"),
        row("a length in wide digits", "9110 8.6", of(" \u{ff15}"), "400 ends"),
        row("a length and NUL", "9110 5.5", of(" 5\0"), "400 ends"),
        row("equal lengths in a list", "9110 8.6", of(" 5, 5"), "400 ends"),
        row("lengths that differ in a list", "9110 8.6", of(" 5, 6"), "400 ends"),
        row("a length and an empty element", "9110 8.6", of(" 5,"), "400 ends"),
        row("an empty element and a length", "9110 8.6", of(" ,5"), "400 ends"),
        row("two equal lengths", "9110 8.6", twice("5", "5"), "400 ends"),
        row("two lengths that differ", "9110 8.6", twice("5", "6"), "400 ends"),
        row("two lengths, the first 0", "9110 8.6", twice("0", "5"), "400 ends"),
        row("two lengths, the same number", "9110 8.6", twice("5", "05"), "400 ends"),
        row("two lengths, the second empty", "9110 8.6", twice("5", ""), "400 ends"),
        row(
            "a second length in lower case",
            "9110 8.6",
            post("Content-Length: 5\r\ncontent-length: 0\r\n", "hello"),
            "400 ends",
        ),
        row(
            "a space before the colon of a length",
            "9112 5.1",
            post("Content-Length : 5\r\n", "hello"),
            "400 ends",
        ),
        row("a folded length", "9112 5.2", post("Content-Length: \r\n 5\r\n", "hello"), "400 ends"),
        row(
            "a length going on in a fold",
            "9112 5.2",
            post("Content-Length: 5\r\n 5\r\n", "hello"),
            "400 ends",
        ),
        row("a bad length on GET", "9112 6.3", get("Content-Length: x\r\n"), "400 ends"),
        row(
            "a bad length where nothing is",
            "9112 6.3",
            "POST /nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
            "400 ends",
        ),
    ]
}

fn large() -> Vec<Row> {
    let filling = "x".repeat(MESSAGE_MAX);
    let announced = |length: usize| format!("Content-Length: {length}\r\n");
    vec![
        row("a body at the bound", "9110 8.6", post(&announced(MESSAGE_MAX), &filling), "200 stays")
            .publishes(&["a=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"]),
        row("a body over the bound", "9110 15.5.14", post(&announced(MESSAGE_MAX + 1), &filling), "413 ends"),
        row("a length of 32 bits and one", "9110 8.6", of(" 4294967296"), "413 ends"),
        row("a length of 32 bits and five", "9110 8.6", of(" 4294967301"), "413 ends"),
        row("a length of 63 bits", "9110 8.6", of(" 9223372036854775807"), "413 ends"),
        row("a length of 64 bits", "9110 8.6", of(" 18446744073709551615"), "413 ends"),
        row("a length of 64 bits and one", "9110 8.6", of(" 18446744073709551616"), "413 ends"),
        row("a length of 64 bits and five", "9110 8.6", of(" 18446744073709551621"), "413 ends"),
        row("a length of 100 digits", "9110 8.6", of(&format!(" {}", "9".repeat(100))), "413 ends"),
    ]
}
