//! `Transfer-Encoding`: `chunked`, once, in HTTP/1.1, without a length.

use crate::row::{Row, check, chunked, get, post, row};

#[test]
fn transfer_codings() {
    check(rows());
}

/// A publish of one chunk whose `Transfer-Encoding` is this.
fn of(coding: &str) -> Vec<u8> {
    post(&format!("Transfer-Encoding:{coding}\r\n"), "1\r\nx\r\n0\r\n\r\n")
}

pub fn rows() -> Vec<Row> {
    let both = |fields: &str| post(fields, "1\r\nx\r\n0\r\n\r\n");
    vec![
        row("chunked", "9112 7.1", of(" chunked"), "200 stays").publishes(&["a=x"]),
        row("chunked without a space", "9112 5.1", of("chunked"), "200 stays").publishes(&["a=x"]),
        row("chunked behind a tab", "9110 5.6.3", of("\tchunked"), "200 stays").publishes(&["a=x"]),
        row("chunked behind and before blanks", "9110 5.6.3", of("  chunked \t"), "200 stays")
            .publishes(&["a=x"]),
        row("Chunked", "9112 7", of(" Chunked"), "200 stays").publishes(&["a=x"]),
        row("CHUNKED", "9112 7", of(" CHUNKED"), "200 stays").publishes(&["a=x"]),
        row(
            "the coding's name in lower case",
            "9110 5.1",
            both("transfer-encoding: chunked\r\n"),
            "200 stays",
        )
        .publishes(&["a=x"]),
        row(
            "the coding's name with an underscore",
            "9112 6.3",
            post("Transfer_Encoding: chunked\r\n", ""),
            "200 stays",
        )
        .publishes(&["a="]),
        row("gzip and then chunked", "9112 6.1", of(" gzip, chunked"), "501 ends"),
        row(
            "gzip and chunked in two fields",
            "9112 6.1",
            both("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"),
            "501 ends",
        ),
        row("gzip", "9112 6.1", of(" gzip"), "501 ends"),
        row("identity", "9112 7", of(" identity"), "501 ends"),
        row("identity and then chunked", "9112 7", of(" identity, chunked"), "501 ends"),
        row("xchunked", "9112 6.1", of(" xchunked"), "501 ends"),
        row("chunkedx", "9112 6.1", of(" chunkedx"), "501 ends"),
        row("a coding called x", "9112 6.1", of(" x"), "501 ends"),
        row("chunked and then gzip", "9112 6.3", of(" chunked, gzip"), "400 ends"),
        row("chunked and then identity", "9112 6.3", of(" chunked, identity"), "400 ends"),
        row(
            "chunked and then identity in two fields",
            "9112 6.3",
            both("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"),
            "400 ends",
        ),
        row("chunked twice in a list", "9112 6.1", of(" chunked, chunked"), "400 ends"),
        row("chunked twice without a space", "9112 6.1", of(" chunked,chunked"), "400 ends"),
        row(
            "chunked in two fields",
            "9112 6.1",
            both("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
            "400 ends",
        ),
        row("chunked, gzip, chunked", "9112 6.1", of(" chunked, gzip, chunked"), "400 ends"),
        row("chunked and a comma", "9110 5.6.1.2", of(" chunked,"), "400 ends"),
        row("a comma and chunked", "9110 5.6.1.2", of(" ,chunked"), "400 ends"),
        row("an empty coding", "9112 6.1", of(""), "400 ends"),
        row("a coding of blanks", "9112 6.1", of(" \t"), "400 ends"),
        row(
            "an empty coding and chunked",
            "9112 6.1",
            both("Transfer-Encoding:\r\nTransfer-Encoding: chunked\r\n"),
            "400 ends",
        ),
        row("chunked with a parameter", "9112 7", of(" chunked;q=1"), "400 ends"),
        row("chunked with an empty parameter", "9112 7", of(" chunked;"), "400 ends"),
        row("chunked in quotes", "9112 7", of(" \"chunked\""), "400 ends"),
        row("chunked and a vertical tab", "9112 7", of(" chunked\u{b}"), "400 ends"),
        row("a vertical tab and chunked", "9112 7", of(" \u{b}chunked"), "400 ends"),
        row("chunked and a form feed", "9112 7", of(" chunked\u{c}"), "400 ends"),
        row("chunked and NUL", "9110 5.5", of(" chunked\0"), "400 ends"),
        row("chunked and a wide space", "9112 7", of(" chunked\u{a0}"), "400 ends"),
        row("chunked with a space in it", "9112 7", of(" chun ked"), "400 ends"),
        row("chunked and a word", "9112 7", of(" chunked x"), "400 ends"),
        row("chunked with an equals sign", "9112 7", of(" chunked=x"), "400 ends"),
        row("a letter of Unicode that looks like k", "9112 7", of(" chun\u{212a}ed"), "400 ends"),
        row("a folded chunked", "9112 5.2", both("Transfer-Encoding:\r\n chunked\r\n"), "400 ends"),
        row(
            "a coding going on in a fold",
            "9112 5.2",
            both("Transfer-Encoding: chunked\r\n , identity\r\n"),
            "400 ends",
        ),
        row(
            "a space before the coding's colon",
            "9112 5.1",
            both("Transfer-Encoding : chunked\r\n"),
            "400 ends",
        ),
        row(
            "a space before the coding's name",
            "9112 5.2",
            both("X: y\r\n Transfer-Encoding: chunked\r\n"),
            "400 ends",
        ),
        row(
            "chunked in HTTP/1.0",
            "9112 6.1",
            "POST /channels/a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
            "400 ends",
        ),
        row(
            "identity in HTTP/1.0",
            "9112 6.1",
            "POST /channels/a HTTP/1.0\r\nTransfer-Encoding: identity\r\n\r\n",
            "400 ends",
        ),
        row(
            "a length and chunked",
            "9112 6.1",
            both("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
            "400 ends",
        ),
        row(
            "chunked and a length",
            "9112 6.1",
            both("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"),
            "400 ends",
        ),
        row(
            "chunked and a length of 0",
            "9112 6.1",
            both("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n"),
            "400 ends",
        ),
        row(
            "chunked and a length that is none",
            "9112 6.1",
            both("Transfer-Encoding: chunked\r\nContent-Length: x\r\n"),
            "400 ends",
        ),
        row(
            "an unknown coding and a length",
            "9112 6.1",
            both("Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n"),
            "400 ends",
        ),
        row(
            "an empty coding and a length",
            "9112 6.1",
            both("Transfer-Encoding:\r\nContent-Length: 5\r\n"),
            "400 ends",
        ),
        row(
            "a length and chunked in HTTP/1.0",
            "9112 6.1",
            "POST /channels/a HTTP/1.0\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello",
            "400 ends",
        ),
        row(
            "TE says nothing of this message",
            "9110 10.1.4",
            get("TE: trailers, chunked\r\nConnection: TE\r\n"),
            "200 stays",
        ),
        row(
            "a content coding is the reader's",
            "9110 8.4",
            post("Content-Encoding: gzip\r\nContent-Length: 1\r\n", "x"),
            "200 stays",
        )
        .publishes(&["a=x"]),
        row(
            "chunked in HTTP/1.2",
            "9110 2.5",
            [b"POST /channels/a HTTP/1.2", &chunked("1\r\nx\r\n0\r\n\r\n")[25..]].concat(),
            "200 stays",
        )
        .publishes(&["a=x"]),
    ]
}
