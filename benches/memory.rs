//! Memory of idle subscribers: how much the server grows by 10,000 of them, on one transport a run.
//! `cargo bench --bench memory [-- --connections N --warm-up N]`

mod kit;

use kit::crowd::{Crowd, Wire};
use kit::process::Process;
use kit::usage::Memory;
use std::time::Duration;

/// Enough to pay what is paid once: buffers, the first pages of each table, the allocator's own.
const WARM_UP: usize = 200;
/// Heartbeats come every 15 s by default.
const HEARTBEAT: Duration = Duration::from_secs(17);
const SETTLE: Duration = Duration::from_secs(1);

fn main() {
    if !kit::is_wanted() {
        return;
    }
    println!("{}", kit::machine::describe());
    let (connections, warm_up) = (kit::option("--connections", 10_000), kit::option("--warm-up", WARM_UP));
    println!("\nBytes of server memory per idle subscriber, over {connections} of them, {warm_up} before\n");
    println!("| transport | state | VmRSS | anonymous | private |");
    println!("| --- | --- | ---: | ---: | ---: |");
    for wire in [Wire::WebSocket, Wire::Deflate, Wire::Sse, Wire::Ndjson, Wire::Iframe] {
        measure(wire, warm_up, connections);
    }
}

fn measure(wire: Wire, warm_up: usize, connections: usize) {
    let server = Process::holdline(&[]);
    let mut crowd = Crowd::new();
    crowd.join(server.address, wire, warm_up);
    let mut publisher = server.connect();
    publisher.publish("/channels/bench", &kit::payload(0));
    crowd.read_each(1);
    crowd.read_for(SETTLE);
    let before = server.memory();

    crowd.join(server.address, wire, connections);
    crowd.read_for(SETTLE);
    tell(wire, "connected", before, server.memory(), connections);

    drop(publisher);
    let mut publisher = server.connect();
    publisher.publish("/channels/bench", &kit::payload(0));
    crowd.read_each(1);
    crowd.read_for(SETTLE);
    tell(wire, "after one message to all", before, server.memory(), connections);

    crowd.read_for(HEARTBEAT);
    tell(wire, "after a heartbeat to all", before, server.memory(), connections);
}

fn tell(wire: Wire, state: &str, before: Memory, after: Memory, connections: usize) {
    let each = |before: u64, after: u64| (after as f64 - before as f64) / connections as f64;
    println!(
        "| {} | {state} | {:.0} | {:.0} | {:.0} |",
        wire.name(),
        each(before.resident, after.resident),
        each(before.anonymous, after.anonymous),
        each(before.private, after.private),
    );
}
