//! Thousands of readers of one channel, over a mix of transports, in this process.

use crate::HANG;
use crate::kit::crowd::await_events;
use crate::member::{Member, Numbers, Via};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use std::net::SocketAddr;
use std::ops::Range;
use std::time::{Duration, Instant};

/// Readers, some of whom may sleep: they read nothing until they are woken.
pub struct Crowd {
    poll: Poll,
    events: Events,
    members: Vec<Member>,
    asleep: Vec<bool>,
    buffer: Vec<u8>,
    /// Numbers of messages by id, for gaps. Whoever publishes keeps it.
    pub numbers: Numbers,
}

impl Crowd {
    /// Nobody yet.
    pub fn new() -> Crowd {
        Crowd {
            poll: Poll::new().expect("the kernel has epoll"),
            events: Events::with_capacity(1024),
            members: Vec::new(),
            asleep: Vec::new(),
            buffer: vec![0; 256 << 10],
            numbers: Numbers::new(),
        }
    }

    /// `count` more, by each of `vias` in turn, all of them on their way at once; waits for none. The first message
    /// that they may be told has the number `next`. With a bound on their receive buffers, in bytes, if it is given.
    pub fn arrive(
        &mut self,
        address: SocketAddr,
        vias: &[Via],
        count: usize,
        next: u64,
        receive_buffer: Option<usize>,
    ) -> Range<usize> {
        let first = self.members.len();
        for index in first..first + count {
            let mut stream = connect(address, receive_buffer);
            let interest = Interest::READABLE | Interest::WRITABLE;
            self.poll.registry().register(&mut stream, Token(index), interest).expect("epoll has room");
            self.members.push(Member::new(stream, vias[index % vias.len()], address, next));
            self.asleep.push(false);
        }
        first..first + count
    }

    /// Waits until everybody is in. A long poll counts as soon as it has asked.
    pub fn await_all_in(&mut self) {
        self.run_until("to be in", |member| member.is_in(), |_| {});
    }

    /// These read nothing until they are woken.
    pub fn put_to_sleep(&mut self, who: Range<usize>) {
        for index in who {
            self.poll.registry().deregister(&mut self.members[index].stream).expect("it was registered");
            self.asleep[index] = true;
        }
    }

    /// These read on.
    pub fn wake(&mut self, who: Range<usize>) {
        for index in who {
            let stream = &mut self.members[index].stream;
            self.poll.registry().register(stream, Token(index), Interest::READABLE).expect("epoll has room");
            self.asleep[index] = false;
        }
    }

    /// Reads until everybody who is awake was told all messages up to and with this one, and tells who is through.
    pub fn read_through(&mut self, number: u64, mut through: impl FnMut(usize)) {
        self.run_until(&format!("message {number}"), |member| member.next > number, &mut through);
        let ahead = self.awake().filter(|(_, member)| member.next != number + 1).count();
        assert_eq!(ahead, 0, "some were told what was not published yet");
    }

    /// Gaps that these were told of.
    pub fn gaps(&self, who: Range<usize>) -> Vec<usize> {
        self.members[who].iter().map(|member| member.gaps).collect()
    }

    fn awake(&self) -> impl Iterator<Item = (usize, &Member)> {
        self.members.iter().enumerate().filter(|(index, _)| !self.asleep[*index])
    }

    fn run_until(&mut self, what: &str, is: impl Fn(&Member) -> bool, mut there: impl FnMut(usize)) {
        let mut missing = self.awake().filter(|(_, member)| !is(member)).count();
        let deadline = Instant::now() + HANG;
        while missing > 0 {
            assert!(Instant::now() < deadline, "{missing} still wait for {what}");
            await_events(&mut self.poll, &mut self.events, Duration::from_secs(1));
            for event in &self.events {
                let index = event.token().0;
                let member = &mut self.members[index];
                let was_missing = !is(member);
                if event.is_writable() {
                    member.handle_writable();
                }
                if event.is_readable() || event.is_error() {
                    member.handle_readable(&mut self.buffer, &self.numbers);
                }
                if was_missing && is(member) {
                    missing -= 1;
                    there(index);
                }
            }
        }
    }
}

/// Begins to connect.
fn connect(address: SocketAddr, receive_buffer: Option<usize>) -> TcpStream {
    let socket = socket2::Socket::new(socket2::Domain::for_address(address), socket2::Type::STREAM, None)
        .unwrap_or_else(|error| panic!("as many descriptors as the check wants: {error}"));
    if let Some(bytes) = receive_buffer {
        socket.set_recv_buffer_size(bytes).expect("a socket has SO_RCVBUF");
    }
    socket.set_nonblocking(true).expect("a socket");
    match socket.connect(&address.into()) {
        Err(error) if error.raw_os_error() != Some(EINPROGRESS) => panic!("cannot connect: {error}"),
        Ok(()) | Err(_) => TcpStream::from_std(socket.into()),
    }
}

/// What a connection that is under way answers on Linux, for which the standard library has no stable name.
const EINPROGRESS: i32 = 115;
