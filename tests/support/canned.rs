//! A server that does what it is told: it answers each request with the bytes that come next, and remembers what it was
//! asked.

use super::HANG;
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

/// What becomes of a request.
pub enum Act {
    /// It is answered with these bytes, and the connection closed.
    Say(String),
    /// It is never answered; the connection stays open.
    Hold,
}

/// A request as it came.
#[derive(Debug)]
pub struct Asked {
    /// `POST /channels/a`.
    pub line: String,
    fields: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Asked {
    /// A field's value.
    pub fn field(&self, name: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// The server. Its thread ends with the test's process.
pub struct Canned {
    address: SocketAddr,
    asked: Receiver<Asked>,
}

impl Canned {
    /// Listens, and does these in turn; then connections are closed unanswered.
    pub fn new(acts: impl IntoIterator<Item = Act>) -> Canned {
        let mut acts: VecDeque<Act> = acts.into_iter().collect();
        Canned::doing(move |_| acts.pop_front().unwrap_or(Act::Say(String::new())))
    }

    /// Listens, and does what `choose` makes of each request.
    pub fn doing(choose: impl FnMut(&Asked) -> Act + Send + 'static) -> Canned {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let choose = Arc::new(Mutex::new(choose));
        let (tell, asked) = channel();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (choose, tell) = (choose.clone(), tell.clone());
                thread::spawn(move || serve(stream, &choose, &tell));
            }
        });
        Canned { address, asked }
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The next request.
    #[track_caller]
    pub fn asked(&self) -> Asked {
        self.asked.recv_timeout(HANG).expect("a request comes")
    }

    /// The next request, if it has come.
    pub fn asked_already(&self) -> Option<Asked> {
        self.asked.try_recv().ok()
    }

    /// Has no further request come?
    pub fn is_unasked(&self) -> bool {
        self.asked_already().is_none()
    }
}

/// A whole response: status line, fields, body with its length.
pub fn answer(status: &str, fields: &[&str], body: &str) -> Act {
    let fields: String = fields.iter().map(|field| format!("{field}\r\n")).collect();
    let length =
        if status.starts_with("204") { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    Act::Say(format!("HTTP/1.1 {status}\r\n{fields}{length}Connection: close\r\n\r\n{body}"))
}

fn serve(stream: TcpStream, choose: &Mutex<impl FnMut(&Asked) -> Act>, tell: &Sender<Asked>) -> Option<()> {
    let mut writer = stream.try_clone().ok()?;
    let mut reader = BufReader::new(stream);
    let asked = read(&mut reader)?;
    let act = (choose.lock().expect("nobody panics with it"))(&asked);
    tell.send(asked).ok()?;
    match act {
        Act::Say(bytes) => writer.write_all(bytes.as_bytes()).ok(),
        Act::Hold => reader.read_to_end(&mut Vec::new()).ok().map(drop),
    }
}

fn read(reader: &mut impl BufRead) -> Option<Asked> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let first = lines.remove(0);
    let pairs = lines.iter().filter_map(|line| line.split_once(": "));
    let fields = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let line = first.trim_end_matches(" HTTP/1.1").to_owned();
    let mut asked = Asked { line, fields, body: Vec::new() };
    let length = asked.field("content-length").map_or(0, |length| length.parse().expect("a length"));
    asked.body.resize(length, 0);
    reader.read_exact(&mut asked.body).ok()?;
    Some(asked)
}
