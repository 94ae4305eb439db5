use super::files::Files;
use super::link::Link;
use super::pump::{self, Flushing, Reading, Wire};
use crate::base::id::Id;
use crate::base::time::Now;
use crate::limits::{SHARE_BYTES, Settings};
use crate::server::{ConnId, FileError, ListenerInfo, Peer, Server};
use std::collections::VecDeque;
use std::fs;
use std::io::{self, ErrorKind, IoSlice};
use std::os::unix::fs::symlink;
use std::path::PathBuf;

/// What a scripted link does at one read.
enum Step {
    Bytes(&'static [u8]),
    /// As many bytes as the buffer takes.
    Full,
    Fail(ErrorKind),
    End,
}
use Step::{Bytes, End, Fail, Full};

/// A link that plays a script; it would block when the script is over, and once `room` is used up.
struct Script {
    steps: VecDeque<Step>,
    room: usize,
    written: Vec<u8>,
    broken: bool,
}

impl Script {
    fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        Script { steps: steps.into_iter().collect(), room: usize::MAX, written: Vec::new(), broken: false }
    }
}

impl Link for Script {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.steps.pop_front().unwrap_or(Fail(ErrorKind::WouldBlock)) {
            Bytes(bytes) => {
                buffer[..bytes.len()].copy_from_slice(bytes);
                Ok(bytes.len())
            }
            Full => {
                buffer.fill(b'\n');
                Ok(buffer.len())
            }
            Fail(kind) => Err(kind.into()),
            End => Ok(0),
        }
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        if self.broken {
            return Err(ErrorKind::BrokenPipe.into());
        }
        let before = self.written.len();
        for slice in slices {
            let fits = slice.len().min(self.room);
            self.room -= fits;
            self.written.extend_from_slice(&slice[..fits]);
        }
        match self.written.len() - before {
            0 => Err(ErrorKind::WouldBlock.into()),
            n => Ok(n),
        }
    }

    fn close_write(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const REQUEST: &[u8] = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n";

struct Bench {
    server: Server,
    id: ConnId,
    wire: Wire,
    buffer: Vec<u8>,
}

impl Bench {
    fn new() -> Self {
        let listener = ListenerInfo { loopback: true, description: "http://127.0.0.1:1".to_owned() };
        let settings = Settings { max_connections: 10, ..Settings::default() };
        let mut server = Server::new(settings, vec![listener], Now::default(), [7; 32]);
        let peer = Peer { address: Some([127, 0, 0, 1].into()), listener: 0 };
        let id = server.handle_accept(Now::default(), peer).expect("there is room for one");
        Bench { server, id, wire: Wire::default(), buffer: vec![0; 4096] }
    }

    fn read(&mut self, link: &mut Script) -> Reading {
        pump::read(&mut self.server, Now::default(), self.id, link, &mut self.wire, &mut self.buffer)
    }

    fn flush(&mut self, link: &mut Script) -> Flushing {
        pump::flush(&mut self.server, Now::default(), self.id, link, &mut self.wire)
    }
}

#[test]
fn a_short_read_is_the_last_unless_the_end_is_announced() {
    let mut bench = Bench::new();
    let mut link = Script::new([Bytes(REQUEST), Bytes(REQUEST), End]);
    assert_eq!(bench.read(&mut link), Reading::Drained);
    assert_eq!(link.steps.len(), 2);
    bench.wire.end_seen = true;
    assert_eq!(bench.read(&mut link), Reading::Ended);
    assert!(bench.wire.ended);
    // After the end the link is not asked again.
    link.steps.push_back(Full);
    assert_eq!(bench.read(&mut link), Reading::Ended);
    assert_eq!(link.steps.len(), 1);
}

#[test]
fn reading_goes_on_after_an_interruption_and_stops_where_it_would_block() {
    let mut bench = Bench::new();
    let mut link = Script::new([Fail(ErrorKind::Interrupted), Bytes(REQUEST)]);
    assert_eq!(bench.read(&mut link), Reading::Drained);
    assert!(link.steps.is_empty());
    assert_eq!(bench.flush(&mut link), Flushing::Done);
    assert!(link.written.starts_with(b"HTTP/1.1 "));
    assert_eq!(bench.read(&mut link), Reading::Drained);
}

#[test]
fn a_share_is_the_most_that_is_read_in_one_go() {
    let mut bench = Bench::new();
    bench.wire.discard = true; // so that nothing but the share matters
    let reads = SHARE_BYTES / bench.buffer.len();
    let mut link = Script::new((0..reads + 3).map(|_| Full));
    assert_eq!(bench.read(&mut link), Reading::More);
    assert_eq!(link.steps.len(), 3);
    assert_eq!(bench.read(&mut link), Reading::Drained);
}

#[test]
fn a_broken_link_frees_the_connection() {
    let mut bench = Bench::new();
    let mut link = Script::new([Fail(ErrorKind::ConnectionReset)]);
    assert_eq!(bench.read(&mut link), Reading::Lost);
    assert!(!bench.server.wants_read(bench.id));

    let mut bench = Bench::new();
    let mut link = Script::new([Bytes(REQUEST)]);
    bench.read(&mut link);
    link.broken = true;
    assert_eq!(bench.flush(&mut link), Flushing::Lost);
    assert!(!bench.server.wants_read(bench.id));
}

#[test]
fn a_blocked_link_gets_the_rest_later_and_whole() {
    let mut whole = Script::new([Bytes(REQUEST)]);
    let mut bench = Bench::new();
    bench.read(&mut whole);
    assert_eq!(bench.flush(&mut whole), Flushing::Done);

    let mut bench = Bench::new();
    let mut link = Script::new([Bytes(REQUEST)]);
    bench.read(&mut link);
    for room in [0, 1, 10] {
        link.room = room;
        assert_eq!(bench.flush(&mut link), Flushing::Blocked);
        assert!(bench.wire.blocked);
    }
    link.room = usize::MAX;
    assert_eq!(bench.flush(&mut link), Flushing::Done);
    assert!(!bench.wire.blocked);
    assert_eq!(link.written, whole.written);
}

/// A directory of its own, gone at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("holdline-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(path.join("public/sub")).expect("the temporary directory can be written");
        Scratch(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn only_regular_files_inside_the_directory_are_opened() -> io::Result<()> {
    let scratch = Scratch::new("files");
    let public = scratch.0.join("public");
    fs::write(scratch.0.join("secret"), "secret")?;
    fs::create_dir(scratch.0.join("private"))?;
    fs::write(scratch.0.join("private/key"), "key")?;
    for name in ["a.txt", "%2e%2e", "sub/b", ".env", "sub/.hidden"] {
        fs::write(public.join(name), "0123456789")?;
    }
    symlink("a.txt", public.join("inside"))?;
    symlink("../a.txt", public.join("sub/inside"))?;
    symlink("../secret", public.join("out"))?;
    symlink(scratch.0.join("secret"), public.join("absolute"))?;
    symlink("../private", public.join("outdir"))?;
    symlink("circle", public.join("circle"))?;
    let _socket = std::os::unix::net::UnixListener::bind(public.join("socket"))?;

    let mut files = Files::new(Some(&public))?;
    let id = Id::new(0, 0);
    for name in ["a.txt", "%2e%2e", "sub/b", "inside", "sub/inside"] {
        assert_eq!(files.open(id, name).map(|opened| opened.len), Ok(10), "{name}");
    }
    for (name, error) in [
        ("none", FileError::NotFound),
        ("a.txt/b", FileError::NotFound),
        ("", FileError::Directory),
        ("sub", FileError::Directory),
        ("..", FileError::Forbidden),
        ("../secret", FileError::Forbidden),
        ("sub/../../secret", FileError::Forbidden),
        ("sub/../a.txt", FileError::Forbidden),
        ("/etc/passwd", FileError::Forbidden),
        ("a\0b", FileError::Forbidden),
        (".env", FileError::Forbidden),
        ("sub/.hidden", FileError::Forbidden),
        ("out", FileError::Forbidden),
        ("absolute", FileError::Forbidden),
        ("outdir/key", FileError::Forbidden),
        ("socket", FileError::Forbidden),
        ("circle", FileError::Io),
    ] {
        assert_eq!(files.open(id, name), Err(error), "{name:?}");
    }
    Ok(())
}

#[test]
fn a_file_is_read_in_pieces_until_it_is_closed() -> io::Result<()> {
    let scratch = Scratch::new("pieces");
    fs::write(scratch.0.join("public/a"), "0123456789")?;
    let mut files = Files::new(Some(&scratch.0.join("public")))?;
    let id = Id::new(3, 1);
    files.open(id, "a").expect("it is there");
    let mut buffer = [0; 4];
    for (offset, piece) in [(0, &b"0123"[..]), (4, b"4567"), (8, b"89"), (10, b""), (99, b"")] {
        let n = files.read(id, offset, &mut buffer).expect("it is open");
        assert_eq!(&buffer[..n], piece);
    }
    assert_eq!(files.read(Id::new(3, 2), 0, &mut buffer), Err(FileError::Io));
    files.close(id);
    assert_eq!(files.read(id, 0, &mut buffer), Err(FileError::Io));
    assert_eq!(Files::default().open(id, "a"), Err(FileError::NotFound));
    Ok(())
}
