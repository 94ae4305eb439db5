//! A raw HTTP/1.1 client: what a test sends is what goes over the wire, and what comes back is read strictly.

use super::body::Body;
use super::response::{Head, Response};
use super::socket::Socket;
use holdline::testing::decode::http::{HttpPart, ResponseReader};
use serde_json::Value;
use std::io::{self, Read, Write};

/// A connection, with what came over it and was not yet read.
pub struct Client {
    pub socket: Socket,
    pub reader: ResponseReader,
    host: String,
}

/// Header fields of a request.
pub type Fields<'a> = &'a [(&'a str, &'a str)];

impl Client {
    /// Speaks over `socket`; `host` stands in each request that brings none of its own.
    pub fn over(socket: Socket, host: &str) -> Client {
        Client { socket, reader: ResponseReader::default(), host: host.to_owned() }
    }

    /// Sends bytes as they are.
    #[track_caller]
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.try_send(bytes).expect("the server takes what it is sent");
    }

    /// Sends bytes to a server that may have closed.
    pub fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.socket.write_all(bytes.as_ref())
    }

    /// Sends a request, with `Host` and, where a body asks for it, `Content-Length` unless they are given.
    pub fn begin(&mut self, method: &str, target: &str, fields: Fields, body: &[u8]) {
        let request = self.request(method, target, fields, body);
        self.send(request);
    }

    /// The bytes of such a request.
    pub fn request(&self, method: &str, target: &str, fields: Fields, body: &[u8]) -> Vec<u8> {
        let given = |name: &str| fields.iter().any(|(n, _)| n.eq_ignore_ascii_case(name));
        let mut out = format!("{method} {target} HTTP/1.1\r\n").into_bytes();
        if !given("Host") {
            out.extend(format!("Host: {}\r\n", self.host).as_bytes());
        }
        for (name, value) in fields {
            out.extend(format!("{name}: {value}\r\n").as_bytes());
        }
        let framed = given("Content-Length") || given("Transfer-Encoding");
        if !framed && (!body.is_empty() || method == "POST") {
            out.extend(format!("Content-Length: {}\r\n", body.len()).as_bytes());
        }
        out.extend(b"\r\n");
        out.extend(body);
        out
    }

    /// A request and its whole response.
    #[track_caller]
    pub fn ask(&mut self, method: &str, target: &str, fields: Fields, body: &[u8]) -> Response {
        self.begin(method, target, fields, body);
        self.response_to(method)
    }

    /// A plain GET.
    #[track_caller]
    pub fn get(&mut self, target: &str) -> Response {
        self.ask("GET", target, &[], b"")
    }

    /// A GET that must be answered 200 with JSON.
    #[track_caller]
    pub fn json(&mut self, target: &str) -> Value {
        self.get(target).expect(200).json()
    }

    /// Publishes text and returns the id.
    #[track_caller]
    pub fn publish(&mut self, channel: &str, payload: impl AsRef<[u8]>) -> String {
        let answer = self.ask("POST", &format!("/channels/{channel}"), &[], payload.as_ref()).expect(200);
        answer.json()["id"].as_str().expect("a publish is answered with its id").to_owned()
    }

    /// One figure of `GET /stats`.
    #[track_caller]
    pub fn figure(&mut self, name: &str) -> u64 {
        let stats = self.json("/stats");
        stats[name].as_u64().unwrap_or_else(|| panic!("no figure {name} in {stats}"))
    }

    /// The cursor at which somebody who comes to `channel` now begins.
    #[track_caller]
    pub fn cursor(&mut self, channel: &str) -> String {
        let batch = self.json(&format!("/channels/{channel}?since=now"));
        batch["next"].as_str().expect("a batch has a cursor").to_owned()
    }

    /// Opens a stream: its head, and the body to be read piece by piece.
    #[track_caller]
    pub fn stream(mut self, target: &str, fields: Fields) -> (Head, Body) {
        self.begin("GET", target, fields, b"");
        let head = self.head();
        assert_eq!(head.status, 200, "{head:?} {}", String::from_utf8_lossy(self.reader.unread()));
        (head, Body::new(self))
    }

    /// The next response's head; a 100 counts as one.
    #[track_caller]
    pub fn head(&mut self) -> Head {
        self.head_to("GET")
    }

    #[track_caller]
    fn head_to(&mut self, method: &str) -> Head {
        if self.reader.unanswered() == 0 {
            self.reader.expect(method == "HEAD");
        }
        match self.part() {
            Some(HttpPart::Continue) => Head { status: 100, fields: Vec::new() },
            Some(HttpPart::Head(head)) => head,
            other => panic!("expected a head, got {other:?}"),
        }
    }

    /// What comes next; `None` when the connection has ended, which must be between two responses or behind a body
    /// that ends so.
    #[track_caller]
    pub fn part(&mut self) -> Option<HttpPart> {
        loop {
            if let Some(part) = self.reader.next_part().unwrap_or_else(|error| panic!("{error}")) {
                return Some(part);
            }
            if !self.fill() {
                self.reader.finish().unwrap_or_else(|error| panic!("{error}"));
                return None;
            }
        }
    }

    /// The next response, to a request with that method.
    #[track_caller]
    pub fn response_to(&mut self, method: &str) -> Response {
        let mut response = Response { head: self.head_to(method), body: Vec::new() };
        if response.status() != 100 {
            while let Some(HttpPart::Body(piece)) = self.part() {
                response.body.extend(piece);
            }
        }
        response
    }

    /// The next response to a GET or POST.
    #[track_caller]
    pub fn response(&mut self) -> Response {
        self.response_to("GET")
    }

    /// Reads more; `false` at the end, however it came.
    pub fn fill(&mut self) -> bool {
        let mut room = [0; 16 << 10];
        let n = self.socket.read(&mut room).unwrap_or(0);
        self.reader.push(&room[..n]);
        n > 0
    }

    /// Whether the server closes without another byte.
    pub fn is_ended(&mut self) -> bool {
        self.reader.unread().is_empty() && !self.fill()
    }
}
