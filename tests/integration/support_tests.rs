//! The tests' own instruments: a parser that passes everything would prove nothing.

use crate::support::client::Client;
use crate::support::script::{jsonp_argument, posted, safe_json};
use crate::support::socket::Socket;
use crate::support::sse::Block;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A client whose server has said just this, and ended.
fn told(bytes: &[u8]) -> Client {
    let (ours, mut theirs) = UnixStream::pair().expect("a descriptor is free");
    theirs.write_all(bytes).expect("it fits the socket");
    theirs.shutdown(Shutdown::Write).expect("it is connected");
    std::thread::spawn(move || theirs.read_to_end(&mut Vec::new()));
    Client::over(Socket::Unix(ours).guarded(), "localhost")
}

fn fails(run: impl FnOnce()) -> bool {
    catch_unwind(AssertUnwindSafe(run)).is_err()
}

#[test]
fn responses_are_told_apart_by_their_framing() {
    let mut client = told(
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 204 No Content\r\n\r\n\
          HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n\
          HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nto the end",
    );
    assert_eq!(client.response().text(), "hi");
    assert_eq!(client.response().status(), 204);
    assert_eq!(client.response().text(), "abc0123456789");
    assert_eq!(client.response().text(), "to the end");
    assert!(client.is_ended());
}

#[test]
fn a_broken_response_fails_the_test() {
    let broken: [&[u8]; 8] = [
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/3 200 OK\r\n\r\n",
        b"HTTP/1.1 200\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi",
        b"HTTP/1.1 200 OK\r\n\r\nhi",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhix\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ];
    for bytes in broken {
        assert!(fails(|| drop(told(bytes).response())), "{:?}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn an_event_stream_is_read_strictly() {
    let block = Block::parse("id: 1-0\nevent: e\ndata: a\ndata:\ndata:  b\n\n");
    assert_eq!(block.data.as_deref(), Some("a\n\n b"));
    assert_eq!((block.id.as_deref(), block.event.as_deref()), (Some("1-0"), Some("e")));
    assert!(!Block::parse(": a comment\n\n").is_event());
    let bad = ["data: a\n", "data: a\r\n\n", "id: x\n\n", "daten: a\n\n", "id: 1-0\nid: 1-0\n\n", "data\n\n"];
    for text in bad {
        assert!(fails(|| drop(Block::parse(text))), "{text:?}");
    }
}

#[test]
fn scripts_are_read_strictly() {
    assert_eq!(jsonp_argument("/**/a.b({\"x\":1});", "a.b")["x"], 1);
    assert!(fails(|| drop(jsonp_argument("a.b({});", "a.b"))));
    assert!(fails(|| drop(safe_json("\"</script>\""))));
    let page = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n<script>const O=\"http://a\"</script>\
                 <script nonce=\"n\">parent.postMessage({\"a\":\",)\"},O)</script>";
    let (_, mut body) = told(page).stream("/", &[]);
    assert_eq!(posted(&mut body).map(|v| v["a"].clone()), Some(",)".into()));
    assert_eq!(posted(&mut body), None);
}
