//! L4: the world. Sockets, files, signals, clocks and entropy end here; below it there are only bytes and time.
//! [`run`] and [`run_with`] open everything and then only turn the loop of [`turn`].

pub mod accept;
pub mod clock;
pub mod descriptors;
pub mod files;
pub mod link;
pub mod listener;
pub mod pump;
pub mod signal;
pub mod sockets;
pub mod turn;

#[cfg(test)]
mod tests;

use self::accept::Acceptor;
use self::clock::Clock;
use self::files::Files;
use self::listener::Listener;
use self::signal::Signals;
use self::turn::Turn;
use crate::handler::Handlers;
use crate::limits::Settings;
use crate::server::{ListenerInfo, Server};
use mio::Poll;
use std::io::Write;
use std::path::Path;

/// Serves until it is told to end.
///
/// # Errors
/// A sentence for the operator: the server did not start, or its poll failed.
pub fn run(settings: Settings, public_dir: Option<&Path>) -> Result<(), String> {
    run_with(settings, public_dir, Handlers::default())
}

/// As [`run`], with handlers of an application.
///
/// # Errors
/// As [`run`].
pub fn run_with(mut settings: Settings, public_dir: Option<&Path>, handlers: Handlers) -> Result<(), String> {
    settings.public = public_dir.is_some();
    let poll = Poll::new().map_err(|error| format!("cannot poll: {error}"))?;
    let mut listeners = open_all(&settings)?;
    for (index, listener) in listeners.iter_mut().enumerate() {
        listener
            .register(poll.registry(), turn::listener_token(index))
            .map_err(|error| format!("cannot watch a listener: {error}"))?;
    }
    let signals = Signals::register(poll.registry(), turn::SIGNALS)
        .map_err(|error| format!("cannot take signals: {error}"))?;
    let files = Files::new(public_dir).map_err(|error| explain_public(public_dir, &error))?;
    settings.max_connections = descriptors::connections_max(settings.max_connections, listeners.len());

    let infos = listeners
        .iter()
        .map(Listener::info)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| format!("cannot tell where it listens: {error}"))?;
    let seed = seed()?;
    let clock = Clock::new();
    announce(&infos);
    let server = Server::new(settings, infos, clock.now(), seed).with_handlers(handlers);
    let outcome = Turn::new(poll, clock, server, Acceptor::new(listeners), signals, files).run();
    outcome.map_err(|error| format!("the poll failed: {error}"))?;
    log::info!("ended");
    Ok(())
}

fn open_all(settings: &Settings) -> Result<Vec<Listener>, String> {
    settings.listen.iter().map(Listener::open).collect()
}

fn explain_public(dir: Option<&Path>, error: &std::io::Error) -> String {
    let shown = dir.unwrap_or(Path::new("")).display();
    format!("cannot read the directory of --public {shown}: {error}")
}

/// The start lines, on stdout for scripts; what to try, on stderr for people.
fn announce(infos: &[ListenerInfo]) {
    let mut stdout = std::io::stdout().lock();
    for info in infos {
        // Whoever started us may have closed stdout; that is no reason not to serve.
        let _ = writeln!(stdout, "{}", start_line(info));
    }
    let _ = stdout.flush();
    if let Some(info) = infos.first() {
        log::info!("{}", hint(info));
    }
}

fn start_line(info: &ListenerInfo) -> String {
    format!("holdline {} listening on {}", env!("CARGO_PKG_VERSION"), info.description)
}

/// What a newcomer may try first.
fn hint(info: &ListenerInfo) -> String {
    match info.description.strip_prefix("unix:") {
        Some(path) => {
            format!("to try it: curl --unix-socket {path} -d hello http://localhost/channels/demo")
        }
        None => {
            // No client can connect to "any address", though many systems let it pass.
            let base = info.description.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:");
            format!("to try it: open {base}/ in a browser, then curl -d hello {base}/channels/demo")
        }
    }
}

/// The start of all randomness.
fn seed() -> Result<[u8; 32], String> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| format!("the system gives no randomness: {error}"))?;
    Ok(seed)
}
