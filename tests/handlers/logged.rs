//! What the access log says of an application's paths.

use super::client::Socket;
use holdline::handler::{Arguments, Echo, Event, Handlers, NamespaceHandler, Socket as Client};
use holdline::limits::Settings;
use holdline::testing::driver::World;
use log::{LevelFilter, Log, Metadata, Record};
use std::sync::Mutex;

/// Keeps the access log of all tests.
struct Kept(Mutex<Vec<String>>);

static KEPT: Kept = Kept(Mutex::new(Vec::new()));

impl Log for Kept {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        if record.target() == "access" {
            self.0.lock().expect("nobody panics with it").push(record.args().to_string());
        }
    }

    fn flush(&self) {}
}

struct Silent;

impl NamespaceHandler for Silent {
    fn event(&mut self, socket: &mut Client<'_>, event: Event<'_>) {
        socket.emit(event.name, Arguments::default());
    }
}

#[test]
fn the_end_of_a_session_is_logged_under_the_path_of_its_handler() {
    log::set_logger(&KEPT).expect("no other test has one");
    log::set_max_level(LevelFilter::Info);
    for path in ["/messages.io/", "/spaces.io/"] {
        for is_ended_by_client in [true, false] {
            KEPT.0.lock().expect("nobody panics with it").clear();
            let handlers =
                Handlers::default().engine("/messages.io/", Echo).namespace("/spaces.io/", "/", Silent);
            let mut world = World::with_handlers(Settings::default(), handlers);
            let target = format!("{path}?EIO=4&transport=websocket");
            let socket = Socket::open(&mut world, &target, None);
            match is_ended_by_client {
                true => world.reset(socket.line),
                false => socket.send(&mut world, "9"),
            }
            world.settle();
            let kept = KEPT.0.lock().expect("nobody panics with it").clone();
            let is_there =
                |line: &String| line.contains(&format!("GET {path} 101")) && line.contains("ended");
            assert!(kept.iter().any(is_there), "{path} {is_ended_by_client}: {kept:?}");
        }
    }
}
