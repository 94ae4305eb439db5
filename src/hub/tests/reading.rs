//! Who is woken, and what one look shows.

use super::*;

#[test]
fn readers_of_a_touched_channel_come_up_once() {
    let mut bench = Bench::new(ROOMY);
    let (a, both, _c) = (
        bench.subscribe("a", Start::Now),
        bench.subscribe("b a", Start::Now),
        bench.subscribe("c", Start::Now),
    );
    bench.publish_all("1a 2b 3a");
    assert_eq!(
        [bench.0.poll_dirty(), bench.0.poll_dirty(), bench.0.poll_dirty()],
        [Some(a), Some(both), None]
    );
    bench.publish_all("4b 5a");
    bench.0.leave(both);
    assert_eq!([bench.0.poll_dirty(), bench.0.poll_dirty()], [Some(a), None]);
    assert_eq!((bench.0.subscribers("a"), bench.0.owner(a)), (1, Some(7)));
}

#[test]
fn a_tentative_position_commits_nothing() {
    let mut bench = Bench::new(ROOMY);
    let reader = bench.subscribe("a b", Start::Now);
    bench.publish_all("1a 2a 3b");
    let first_id = |next: Next| match next {
        Next::Run(run) => run.messages.first().map(|m| m.id.ms),
        _ => None,
    };
    let seen = [0, 1, 2, 3].map(|from| first_id(bench.0.next(reader, at(from), 3)));
    assert_eq!(seen, [Some(1), Some(2), Some(3), None]);
    bench.0.advance(reader, at(2));
    bench.0.advance(reader, at(1));
    assert_eq!(bench.read(reader), "3b");
}

#[test]
fn a_run_is_bounded_and_skips_what_was_replaced() {
    let mut bench = Bench::new(Limits { retain_messages: 5000, ..ROOMY });
    for ms in 1..=3000 {
        let key = (ms % 2 == 0).then(|| "k".into());
        bench.publish(ms, Draft { key, ..draft("a") });
    }
    let reader = bench.subscribe("a", Start::Beginning);
    let Next::Run(run) = bench.0.next(reader, at(0), 3000) else { panic!("there is much to read") };
    assert_eq!((run.messages.len(), run.messages.iter().count()), (1024, 1024));
    assert_eq!(run.messages.iter().rev().nth(1023).map(|m| m.id), run.messages.first().map(|m| m.id));
    assert_eq!(bench.read(reader).split_whitespace().count(), 1501);
}

#[test]
fn a_request_sent_again_gets_its_first_answer() {
    let mut bench = Bench::new(ROOMY);
    let reader = bench.subscribe("a", Start::Now);
    let send = |bench: &mut Bench, ms, body| {
        let repeat = Some(RepeatKey { name: "me a k".into(), fingerprint: [body; 20] });
        let commands = vec![(at(ms), Command::Publish(draft("a")))];
        bench.0.apply(Entry { ticket: None, commands, repeat })
    };
    let receipt = Receipt { ids: [at(1)].into(), subscribers: 1, asker: None };
    assert_eq!(send(&mut bench, 1, 1), Applied::Done(receipt.clone()));
    assert_eq!(send(&mut bench, 2, 1), Applied::Repeated(receipt));
    assert_eq!(send(&mut bench, 3, 2), Applied::Mismatch);
    assert_eq!(bench.0.newest(), at(3), "ids are used up all the same");
    assert_eq!(bench.read(reader), "1a");
}
