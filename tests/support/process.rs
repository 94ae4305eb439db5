//! The real binary as a child process.

use super::client::Client;
use super::socket::Socket;
use super::{HANG, until};
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::thread;

/// A running server. It is killed when dropped; what it logged is shown if the test failed.
pub struct Server {
    child: Child,
    listeners: Vec<String>,
    log: Arc<Mutex<String>>,
}

/// What a run of the binary that ended by itself left behind.
pub struct Finished {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

fn spawn(arguments: &[&str]) -> Child {
    spawn_as(&mut Command::new(env!("CARGO_BIN_EXE_holdline")), arguments)
}

fn spawn_as(command: &mut Command, arguments: &[&str]) -> Child {
    command
        .args(arguments)
        .env_remove("RUST_LOG")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("cargo built the binary")
}

/// Runs the binary to its end. One that does not end is killed and has no code.
pub fn run(arguments: &[&str]) -> Finished {
    let mut child = spawn(arguments);
    let stdout = drain(child.stdout.take().expect("piped"));
    let stderr = drain(child.stderr.take().expect("piped"));
    let deadline = std::time::Instant::now() + HANG;
    while child.try_wait().expect("our own child").is_none() {
        if std::time::Instant::now() > deadline {
            child.kill().expect("our own child");
        }
        thread::sleep(std::time::Duration::from_millis(3));
    }
    let code = child.wait().expect("our own child").code();
    let text = |handle: thread::JoinHandle<String>| handle.join().expect("the reader does not panic");
    Finished { code, stdout: text(stdout), stderr: text(stderr) }
}

fn drain(mut pipe: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

impl Server {
    /// Starts on a loopback port that the kernel chooses.
    pub fn start(flags: &[&str]) -> Server {
        Server::listening_on(&["127.0.0.1:0"], flags)
    }

    /// Starts with one `--listen` for each of `addresses` and waits for as many start lines.
    pub fn listening_on(addresses: &[&str], flags: &[&str]) -> Server {
        let mut arguments: Vec<&str> = addresses.iter().flat_map(|a| ["--listen", a]).collect();
        arguments.extend(flags);
        Server::over(spawn(&arguments), addresses.len())
    }

    /// Starts with no more than so many file descriptors, which it cannot raise.
    pub fn starved(descriptors: u32, flags: &[&str]) -> Server {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("ulimit -n {descriptors} && exec \"$0\" \"$@\"")]);
        shell.arg(env!("CARGO_BIN_EXE_holdline"));
        let arguments = [&["--listen", "127.0.0.1:0"], flags].concat();
        Server::over(spawn_as(&mut shell, &arguments), 1)
    }

    fn over(mut child: Child, listeners: usize) -> Server {
        let log = Arc::new(Mutex::new(String::new()));
        follow(child.stderr.take().expect("piped"), {
            let log = log.clone();
            move |line| {
                let mut log = log.lock().expect("nobody panics with it");
                log.push_str(&line);
                log.push('\n');
            }
        });
        let (tell, told) = channel();
        follow(child.stdout.take().expect("piped"), move |line| drop(tell.send(line)));
        let mut server = Server { child, listeners: Vec::new(), log };
        while server.listeners.len() < listeners {
            server.await_start_line(&told);
        }
        server
    }

    fn await_start_line(&mut self, told: &Receiver<String>) {
        match told.recv_timeout(HANG) {
            Ok(line) => {
                let Some((before, after)) = line.split_once(" listening on ") else { return };
                let version = before.strip_prefix("holdline ").expect("a start line begins with the name");
                assert_eq!(version, env!("CARGO_PKG_VERSION"), "the version in the start line");
                let place = after.split_whitespace().next().expect("a start line says where");
                self.listeners.push(place.to_owned());
            }
            Err(RecvTimeoutError::Timeout) => panic!("no start line came"),
            Err(RecvTimeoutError::Disconnected) => panic!("it ended without a start line"),
        }
    }

    /// What the start lines say, in order: `http://127.0.0.1:8080`, `unix:/path`.
    pub fn listeners(&self) -> &[String] {
        &self.listeners
    }

    /// The address of listener `index`.
    pub fn address_of(&self, index: usize) -> SocketAddr {
        let place = self.listeners[index].strip_prefix("http://").expect("a TCP listener");
        place.trim_end_matches('/').parse().expect("the start line names address and port")
    }

    /// The address of the first listener.
    pub fn address(&self) -> SocketAddr {
        self.address_of(0)
    }

    /// `127.0.0.1:PORT`, as `Host` has it.
    pub fn host(&self) -> String {
        self.address().to_string()
    }

    /// `http://127.0.0.1:PORT`, as `Origin` has it.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address())
    }

    /// A new connection.
    pub fn connect(&self) -> Client {
        Client::over(Socket::tcp(self.address()), &self.host())
    }

    /// Publishes over a connection of its own and returns the id.
    pub fn publish(&self, channel: &str, payload: &str) -> String {
        self.connect().publish(channel, payload)
    }

    /// One figure of `GET /stats`.
    pub fn figure(&self, name: &str) -> u64 {
        self.connect().figure(name)
    }

    /// Waits until `GET /stats` says so.
    pub fn await_figure(&self, name: &str, is: impl Fn(u64) -> bool) {
        let mut operator = self.connect();
        until(&format!("the figure {name}"), || is(operator.figure(name)));
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How many descriptors the process has open.
    pub fn descriptors(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.pid())).expect("it runs").count()
    }

    /// Sends a signal (`TERM`, `INT`) to just this process.
    pub fn signal(&self, name: &str) {
        let command = format!("kill -{name} {}", self.pid());
        let status = Command::new("sh").args(["-c", &command]).status().expect("there is a shell");
        assert!(status.success(), "{command}");
    }

    /// Waits for its end and returns the exit code.
    pub fn exit_code(&mut self) -> Option<i32> {
        let mut ended = None;
        until("the server ends", || {
            ended = self.child.try_wait().expect("our own child");
            ended.is_some()
        });
        ended.and_then(|status| status.code())
    }

    /// Whether it is still running.
    pub fn is_alive(&mut self) -> bool {
        self.child.try_wait().expect("our own child").is_none()
    }

    /// What it has written to stderr so far.
    pub fn log(&self) -> String {
        self.log.lock().expect("nobody panics with it").clone()
    }
}

fn follow(pipe: impl Read + Send + 'static, mut take: impl FnMut(String) + Send + 'static) {
    thread::spawn(move || BufReader::new(pipe).lines().map_while(Result::ok).for_each(&mut take));
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            let log = self.log();
            let tail: Vec<&str> = log.lines().rev().take(30).collect();
            eprintln!("--- the end of the server's log");
            tail.iter().rev().for_each(|line| eprintln!("{line}"));
        }
    }
}
