//! Reads what a server wrote, as a strict client does; shares no code with the server.

/// One response.
#[derive(Clone, Debug)]
pub struct Response {
    pub status: u16,
    pub fields: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Response {
    /// The values of all fields of this name, in one list.
    pub fn field(&self, name: &str) -> Option<String> {
        let values = self.fields.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        let values: Vec<&str> = values.map(|(_, value)| &**value).collect();
        if values.is_empty() { None } else { Some(values.join(", ")) }
    }

    /// Does `Connection` list this option?
    pub fn connection(&self, option: &str) -> bool {
        let value = self.field("Connection").unwrap_or_default();
        value.split(',').any(|token| token.trim().eq_ignore_ascii_case(option))
    }
}

/// The responses in `said`, and the bytes behind the last of them. `bodiless(n)`: the nth final answer is one to HEAD.
pub fn responses(mut said: &[u8], bodiless: impl Fn(usize) -> bool) -> (Vec<Response>, &[u8]) {
    let mut responses = Vec::new();
    let mut finals = 0;
    while said.starts_with(b"HTTP/") {
        let (mut response, rest) = head(said);
        said = rest;
        let is_final = response.status >= 200;
        let has_body = is_final && !matches!(response.status, 204 | 304) && !bodiless(finals);
        finals += usize::from(is_final);
        if has_body {
            (response.body, said) = body(&response, said);
        }
        let is_last = response.status == 101;
        responses.push(response);
        if is_last {
            break;
        }
    }
    (responses, said)
}

fn head(said: &[u8]) -> (Response, &[u8]) {
    let end = find(said, b"\r\n\r\n").expect("a whole head");
    let text = std::str::from_utf8(&said[..end]).expect("a head is ASCII");
    let mut lines = text.split("\r\n");
    let line = lines.next().unwrap_or_default();
    let status = line.strip_prefix("HTTP/1.1 ").expect("the version is ours");
    let (status, reason) = status.split_once(' ').expect("a status and a reason");
    assert!(!reason.is_empty() && reason != "Unknown", "{line}");
    let fields = lines.map(|line| line.split_once(": ").expect("a name and a value"));
    let fields: Vec<_> = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let clean = |text: &str| text.bytes().all(|b| (b' '..0x7f).contains(&b));
    assert!(fields.iter().all(|(_, value)| clean(value)), "{text}");
    let status = status.parse().expect("three digits");
    (Response { status, fields, body: Vec::new() }, &said[end + 4..])
}

/// The body as far as it has come: a stream's is open.
fn body<'s>(response: &Response, said: &'s [u8]) -> (Vec<u8>, &'s [u8]) {
    let length = response.field("Content-Length");
    match (length, response.field("Transfer-Encoding").as_deref()) {
        (Some(length), None) => {
            let (body, rest) = said.split_at(length.parse().expect("a length is one number"));
            (body.to_vec(), rest)
        }
        (None, Some("chunked")) => chunks(said),
        (None, None) => {
            assert!(response.connection("close"), "a body without a length ends with the connection");
            (said.to_vec(), b"")
        }
        both => panic!("the framing is in doubt: {both:?}"),
    }
}

fn chunks(mut said: &[u8]) -> (Vec<u8>, &[u8]) {
    let mut body = Vec::new();
    while !said.is_empty() {
        let end = find(said, b"\r\n").expect("a whole size");
        let size = std::str::from_utf8(&said[..end]).expect("digits");
        let size = usize::from_str_radix(size, 16).expect("digits");
        body.extend_from_slice(&said[end + 2..end + 2 + size]);
        said = said[end + 2 + size..].strip_prefix(b"\r\n").expect("CRLF behind a chunk");
        if size == 0 {
            break;
        }
    }
    (body, said)
}

pub fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}
