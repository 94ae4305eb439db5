//! The bare loop: writes given bytes to every socket, one write each, and does nothing else. What no server that
//! makes one system call per delivery can beat.

use super::process::Process;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;

/// The argument that makes a benchmark be the bare loop.
const ARGUMENT: &str = "--be-the-bare-loop";

/// If this process was started to be the bare loop, it is that until its readers are gone.
pub fn be_it_if_asked() {
    if std::env::args().any(|argument| argument == ARGUMENT) {
        run();
        std::process::exit(0);
    }
}

/// The bare loop in a process of its own, for so many readers.
pub struct Bare {
    /// The process.
    pub process: Process,
    control: TcpStream,
}

impl Bare {
    /// Starts it. The first connection gives orders.
    pub fn start() -> Bare {
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        let process = Process::start(command.arg(ARGUMENT));
        let control = TcpStream::connect(process.address).expect("it listens");
        control.set_nodelay(true).expect("a socket");
        Bare { process, control }
    }

    /// So many readers are coming.
    pub fn expect(&mut self, readers: usize) {
        self.control.write_all(&(readers as u32).to_le_bytes()).expect("it reads");
    }

    /// Writes `bytes` to every reader.
    pub fn write(&mut self, bytes: &[u8]) {
        let mut order = (bytes.len() as u32).to_le_bytes().to_vec();
        order.extend_from_slice(bytes);
        self.control.write_all(&order).expect("it reads");
    }
}

fn run() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    println!("bare loop on http://{}", listener.local_addr().expect("it is bound"));
    let (mut control, _) = listener.accept().expect("a connection");
    let readers = read_number(&mut control).expect("how many readers");
    let mut streams = Vec::new();
    for _ in 0..readers {
        let (mut stream, _) = listener.accept().expect("a reader");
        stream.set_nodelay(true).expect("a socket");
        stream.write_all(b".").expect("it reads");
        streams.push(stream);
    }
    let mut bytes = Vec::new();
    while let Some(length) = read_number(&mut control) {
        bytes.resize(length, 0);
        control.read_exact(&mut bytes).expect("the bytes");
        for stream in &mut streams {
            stream.write_all(&bytes).expect("it reads");
        }
    }
}

fn read_number(control: &mut TcpStream) -> Option<usize> {
    let mut number = [0; 4];
    control.read_exact(&mut number).ok().map(|()| u32::from_le_bytes(number) as usize)
}
