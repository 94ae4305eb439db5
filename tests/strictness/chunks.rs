//! Chunks: a size in hexadecimal digits, extensions that are thrown away, data, CR LF, trailers that are thrown away.

use crate::row::{MESSAGE_MAX, Row, check, check_long, chunked, publish, row};

#[test]
fn chunks() {
    check(rows());
}

#[test]
fn long_extensions_and_trailers() {
    check_long(long());
}

/// Bytes of extensions and trailers that one body may have.
const EXTRAS_MAX: usize = 8 << 10;

pub fn rows() -> Vec<Row> {
    [sizes(), ends(), extensions(), trailers(), bounds()].into_iter().flatten().collect()
}

fn sizes() -> Vec<Row> {
    let of = |size: &str| chunked(&format!("{size}\r\nhello\r\n0\r\n\r\n"));
    vec![
        row("a chunk", "9112 7.1", of("5"), "200 stays").publishes(&["a=hello"]),
        row("no chunk but the last", "9112 7.1", chunked("0\r\n\r\n"), "200 stays").publishes(&["a="]),
        row("two chunks", "9112 7.1", chunked("1\r\nh\r\n4\r\nello\r\n0\r\n\r\n"), "200 stays")
            .publishes(&["a=hello"]),
        row(
            "a chunk and a request behind",
            "9112 7.1",
            [of("5"), publish("a", "2")].concat(),
            "200 200 stays",
        )
        .publishes(&["a=hello", "a=2"]),
        row("zeros before a size", "9112 7.1", of("0005"), "200 stays").publishes(&["a=hello"]),
        row("a size of 16 digits", "9112 7.1", of("0000000000000005"), "200 stays").publishes(&["a=hello"]),
        row("a last size of many zeros", "9112 7.1", chunked("5\r\nhello\r\n0000000\r\n\r\n"), "200 stays")
            .publishes(&["a=hello"]),
        row("a size in lower case", "9112 7.1", chunked("a\r\n0123456789\r\n0\r\n\r\n"), "200 stays")
            .publishes(&["a=0123456789"]),
        row("a size in upper case", "9112 7.1", chunked("A\r\n0123456789\r\n0\r\n\r\n"), "200 stays")
            .publishes(&["a=0123456789"]),
        row("data that looks like chunks", "9112 7.1", chunked("5\r\n0\r\n\r\n\r\n0\r\n\r\n"), "200 stays")
            .publishes(&["a=0\r\n\r\n"]),
        row("a size of 17 digits", "9112 7.1", of("00000000000000005"), "400 ends"),
        row("a size beyond 64 bits", "9112 7.1", of("10000000000000005"), "400 ends"),
        row("an empty size", "9112 7.1", of(""), "400 ends"),
        row("a plus before a size", "9112 7.1", of("+5"), "400 ends"),
        row("a minus before a size", "9112 7.1", of("-5"), "400 ends"),
        row("0x before a size", "9112 7.1", of("0x5"), "400 ends"),
        row("0X before a size", "9112 7.1", of("0X5"), "400 ends"),
        row("h behind a size", "9112 7.1", of("5h"), "400 ends"),
        row("an underscore in a size", "9112 7.1", of("0_5"), "400 ends"),
        row("a point in a size", "9112 7.1", of("5.0"), "400 ends"),
        row("a comma in a size", "9112 7.1", of("5,5"), "400 ends"),
        row("a space before a size", "9112 7.1", of(" 5"), "400 ends"),
        row("a tab before a size", "9112 7.1", of("\t5"), "400 ends"),
        row("a space behind a size", "9112 7.1.1", of("5 "), "400 ends"),
        row("a tab behind a size", "9112 7.1.1", of("5\t"), "400 ends"),
        row("a space in a size", "9112 7.1", of("5 5"), "400 ends"),
        row("a vertical tab behind a size", "9112 7.1", of("5\u{b}"), "400 ends"),
        row("NUL behind a size", "9112 7.1", of("5\0"), "400 ends"),
        row("a size in quotes", "9112 7.1", of("\"5\""), "400 ends"),
        row("a size in wide digits", "9112 7.1", of("\u{ff15}"), "400 ends"),
        row("letters for a size", "9112 7.1", of("g"), "400 ends"),
        row("an empty line for a size", "9112 7.1", chunked("\r\n5\r\nhello\r\n0\r\n\r\n"), "400 ends"),
        row("half a size", "9112 7.1", chunked("5"), "waits"),
        row("half a chunk", "9112 7.1", chunked("5\r\nhel"), "waits"),
        row("no last chunk", "9112 7.1", chunked("5\r\nhello\r\n"), "waits"),
        row("a last chunk without its end", "9112 7.1", chunked("5\r\nhello\r\n0\r\n"), "waits"),
    ]
}

fn ends() -> Vec<Row> {
    vec![
        row("a chunk shorter than its size", "9112 7.1", chunked("6\r\nhello\r\n0\r\n\r\n"), "400 ends"),
        row("a chunk longer than its size", "9112 7.1", chunked("4\r\nhello\r\n0\r\n\r\n"), "400 ends"),
        row("no line end behind a chunk", "9112 7.1", chunked("5\r\nhello0\r\n\r\n"), "400 ends"),
        row("two line ends behind a chunk", "9112 7.1", chunked("5\r\nhello\r\n\r\n0\r\n\r\n"), "400 ends"),
        row("a space behind a chunk", "9112 7.1", chunked("5\r\nhello \r\n0\r\n\r\n"), "400 ends"),
        row("CR and something behind a chunk", "9112 7.1", chunked("5\r\nhello\rx0\r\n\r\n"), "400 ends"),
        row(
            "a request for the end of the last chunk",
            "9112 7.1",
            chunked("5\r\nhello\r\n0\r\nGET / HTTP/1.1\r\n\r\n"),
            "400 ends",
        ),
    ]
}

fn extensions() -> Vec<Row> {
    let of = |extension: &str| chunked(&format!("5{extension}\r\nhello\r\n0\r\n\r\n"));
    let good = |name, extension| row(name, "9112 7.1.1", of(extension), "200 stays").publishes(&["a=hello"]);
    let bad = |name, extension| row(name, "9112 7.1.1", of(extension), "400 ends");
    vec![
        good("an extension", ";x=y"),
        good("an extension without a value", ";x"),
        good("two extensions", ";x=y;z"),
        good("an extension in quotes", ";x=\"y z\""),
        good("quotes with a semicolon", ";x=\";\""),
        good("quotes with an escaped quote", ";x=\"\\\"\""),
        good("quotes with a tab", ";x=\"\t\""),
        good("quotes with nothing", ";x=\"\""),
        good("blanks around the parts of an extension", " ; x = y"),
        good("an extension of punctuation", ";!#$%&'*+-.^_`|~=!"),
        row(
            "an extension of the last chunk",
            "9112 7.1.1",
            chunked("5\r\nhello\r\n0;x=y\r\n\r\n"),
            "200 stays",
        )
        .publishes(&["a=hello"]),
        bad("a semicolon alone", ";"),
        bad("two semicolons", ";;x"),
        bad("an extension without a name", ";=y"),
        bad("an extension without its value", ";x="),
        bad("two values", ";x=y=z"),
        bad("two words", ";x y"),
        bad("a comma in an extension", ";x=y,z"),
        bad("quotes that do not end", ";x=\"y"),
        bad("letters behind quotes", ";x=\"y\"z"),
        bad("an escape at the end of quotes", ";x=\"y\\"),
        bad("an extension behind a space and no semicolon", " x=y"),
        bad("LF in an extension", ";x\ny"),
        bad("LF in quotes", ";x=\"\n\""),
        bad("CR in an extension", ";x\ry"),
        bad("CR in quotes", ";x=\"\r\""),
        bad("CR LF in quotes", ";x=\"\r\n\""),
        bad("an escaped LF in quotes", ";x=\"\\\n\""),
        bad("NUL in an extension", ";x\0y"),
        bad("NUL in quotes", ";x=\"\0\""),
        bad("a control in an extension", ";x\u{1}"),
        bad("UTF-8 in an extension", ";\u{e4}"),
    ]
}

fn trailers() -> Vec<Row> {
    let of = |trailers: &str| chunked(&format!("5\r\nhello\r\n0\r\n{trailers}\r\n"));
    let good =
        |name, section, trailers| row(name, section, of(trailers), "200 stays").publishes(&["a=hello"]);
    let bad = |name, trailers| row(name, "9112 7.1.2", of(trailers), "400 ends");
    vec![
        good("a trailer", "9112 7.1.2", "X: y\r\n"),
        good("two trailers", "9112 7.1.2", "X: y\r\nZ:\r\n"),
        good("a trailer with a tab and UTF-8", "9112 7.1.2", "X:\ty\u{e4}\r\n"),
        good("a length as trailer is nothing", "9110 6.5.1", "Content-Length: 100\r\n"),
        good("a coding as trailer is nothing", "9110 6.5.1", "Transfer-Encoding: chunked\r\n"),
        good("Host as trailer is nothing", "9110 6.5.1", "Host: evil.example\r\n"),
        good("Connection as trailer is nothing", "9110 6.5.1", "Connection: close\r\n"),
        good("an origin as trailer is nothing", "9110 6.5.1", "Origin: http://evil.example\r\n"),
        good(
            "an option as trailer is nothing",
            "9110 6.5.1",
            "Holdline-Event: smuggled\r\nContent-Type: application/json\r\n",
        ),
        row(
            "a space and LF for the last line of chunks",
            "9112 7.1",
            chunked("5\r\nhello\r\n0\r\n \n"),
            "400 ends",
        ),
        row(
            "CR CR LF for the last line of chunks",
            "9112 7.1",
            chunked("5\r\nhello\r\n0\r\n\r\r\n"),
            "400 ends",
        ),
        bad("a trailer without a colon", "X\r\n"),
        bad("a trailer without a name", ": y\r\n"),
        bad("a space before a trailer's colon", "X : y\r\n"),
        bad("a space before a trailer", " X: y\r\n"),
        bad("a folded trailer", "X: y\r\n z\r\n"),
        bad("NUL in a trailer", "X: \0\r\n"),
        bad("NUL in a trailer's name", "X\0: y\r\n"),
        bad("LF in a trailer", "X: y\nZ: z\r\n"),
        bad("UTF-8 in a trailer's name", "\u{e4}: y\r\n"),
        bad("a request for a trailer", "GET /livez HTTP/1.1\r\nHost: localhost\r\n"),
    ]
}

/// Extensions and trailers at their bound and over it by one.
pub fn long() -> Vec<Row> {
    let extension = |length: usize| chunked(&format!("1;{}\r\nx\r\n0\r\n\r\n", "e".repeat(length - 1)));
    let trailer = |length: usize| chunked(&format!("1\r\nx\r\n0\r\nT:{}\r\n\r\n", "t".repeat(length - 4)));
    vec![
        row("extensions at the bound", "9112 7.1.1", extension(EXTRAS_MAX), "200 stays").publishes(&["a=x"]),
        row("extensions over the bound", "9112 7.1.1", extension(EXTRAS_MAX + 1), "431 ends"),
        row("trailers at the bound", "6585 5", trailer(EXTRAS_MAX), "200 stays").publishes(&["a=x"]),
        row("trailers over the bound", "6585 5", trailer(EXTRAS_MAX + 1), "431 ends"),
    ]
}

fn bounds() -> Vec<Row> {
    let filling = "x".repeat(MESSAGE_MAX);
    vec![
        row(
            "chunks at the bound",
            "9110 15.5.14",
            chunked(&format!("40\r\n{filling}\r\n0\r\n\r\n")),
            "200 stays",
        )
        .publishes(&["a=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"]),
        row("a chunk over the bound", "9110 15.5.14", chunked("41\r\n"), "413 ends"),
        row("a chunk of nearly 64 bits", "9112 7.1", chunked("ffffffffffffffff\r\n"), "413 ends"),
        row(
            "a chunk that brings the body over the bound",
            "9110 15.5.14",
            chunked("20\r\n0123456789abcdef0123456789abcdef\r\n21\r\n"),
            "413 ends",
        ),
    ]
}
