//! Questions: each ends once, in the order of entries, and those who listen are told.

use super::*;
use crate::message::{Answer, AskId, Format};

fn ask_id(n: u8) -> AskId {
    AskId([n; 16])
}

fn asker(n: u8) -> AskerId {
    AskerId([n; 16])
}

impl Bench {
    fn ask(&mut self, ms: u64, n: u8, draft: Draft) -> Applied {
        let question = Question { draft, ask: ask_id(n), asker: asker(n) };
        self.0.apply(entry(vec![(at(ms), Command::Ask(question))]))
    }

    fn answer(&mut self, ms: u64, n: u8, text: &str) -> Applied {
        let data = text.as_bytes().into();
        let answer = Answer { status: 200, data, format: Format::Text, content_type: None, by: None };
        self.0.apply(entry(vec![(at(ms), Command::Answer(ask_id(n), answer))]))
    }

    fn withdraw(&mut self, ms: u64, n: u8) -> Applied {
        self.0.apply(entry(vec![(at(ms), Command::Withdraw(asker(n)))]))
    }

    fn state(&self, n: u8) -> String {
        match self.0.question(asker(n)).map(|ask| &ask.state) {
            None => "unknown".to_owned(),
            Some(AskState::Open) => "open".to_owned(),
            Some(AskState::Answered(answer)) => String::from_utf8_lossy(&answer.data).into_owned(),
            Some(AskState::Withdrawn) => "withdrawn".to_owned(),
            Some(AskState::Expired) => "expired".to_owned(),
        }
    }

    fn ended(&mut self) -> Vec<AskerId> {
        core::iter::from_fn(|| self.0.poll_ended()).collect()
    }
}

/// Living so many seconds.
fn question(ttl_s: u64) -> Draft {
    Draft { ttl_s: Some(ttl_s), ..draft("a") }
}

#[test]
fn the_first_answer_in_the_journal_wins() {
    let mut bench = Bench::new(ROOMY);
    let reader = bench.subscribe("a", Start::Now);
    let receipt = Receipt { ids: [at(1)].into(), subscribers: 1, asker: Some(asker(1)) };
    assert_eq!(bench.ask(1, 1, question(60)), Applied::Done(receipt));
    assert_eq!((bench.state(1), bench.ended(), bench.read(reader)), ("open".into(), vec![], "1a".into()));
    assert!(matches!(bench.answer(2, 1, "yes"), Applied::Done(_)));
    assert_eq!(bench.answer(3, 1, "no"), Applied::Late(AskError::Answered));
    assert_eq!(bench.withdraw(4, 1), Applied::Late(AskError::Answered));
    assert_eq!((bench.state(1), bench.ended()), ("yes".into(), vec![asker(1)]));
    assert_eq!(bench.answer(5, 2, "who?"), Applied::Late(AskError::Unknown));
    assert_eq!(bench.0.open_asks(), 0);
}

#[test]
fn whoever_was_asked_is_told_once_where_the_question_ended() {
    let mut bench = Bench::new(ROOMY);
    let reader = bench.subscribe("a b", Start::Now);
    bench.ask(1, 1, question(60));
    bench.ask(2, 2, question(60));
    bench.publish_all("3b 4a");
    assert_eq!(bench.read(reader), "1a 2a, 3b, 4a");
    bench.answer(5, 1, "yes");
    bench.publish_all("6a");
    bench.withdraw(7, 2);
    assert_eq!(bench.read(reader), "answered 5, 6a, withdrawn 7");
    assert_eq!(bench.read(reader), "");
}

#[test]
fn nobody_is_asked_what_is_over_and_nothing_is_lost_by_it() {
    let mut bench = Bench::new(ROOMY);
    bench.ask(1, 1, question(60));
    bench.publish_all("2a");
    bench.ask(3, 2, question(60));
    assert_eq!(bench.look("a", Start::Beginning), "1a 2a 3a");
    bench.answer(4, 1, "yes");
    bench.withdraw(5, 2);
    assert_eq!(bench.look("a", Start::Beginning), "2a", "history shows no ends");
    assert_eq!(bench.look("a", Start::Last(3)), "2a");
    assert_eq!(bench.look("a", Start::After(at(1))), "2a, answered 4, withdrawn 5", "no gap");
    bench.0.tick(5 + UNRETAINED_MS);
    assert_eq!(bench.look("a", Start::After(at(1))), "2a");
    assert_eq!(bench.look("a", Start::After(at(0))), "2a", "no gap either");
}

#[test]
fn a_question_expires_with_its_message() {
    let mut bench = Bench::new(ROOMY);
    bench.ask(1000, 1, question(2));
    assert_eq!(bench.look("a", Start::Beginning), "1000a");
    assert_eq!(bench.0.next_expiry(), Some(3000));
    bench.0.tick(2999);
    assert_eq!((bench.state(1), bench.ended()), ("open".into(), vec![]));
    bench.0.tick(3000);
    assert_eq!((bench.state(1), bench.ended()), ("expired".into(), vec![asker(1)]));
    assert_eq!(bench.look("a", Start::Beginning), "");
    assert_eq!(bench.answer(3001, 1, "late"), Applied::Late(AskError::Expired));
    assert_eq!(bench.withdraw(3002, 1), Applied::Late(AskError::Expired));
}

#[test]
fn an_answer_counts_by_the_time_of_its_entry() {
    let mut bench = Bench::new(ROOMY);
    bench.ask(1000, 1, question(2));
    bench.ask(1001, 2, question(2));
    assert!(matches!(bench.answer(2999, 1, "just in time"), Applied::Done(_)));
    assert_eq!(bench.answer(3001, 2, "late"), Applied::Late(AskError::Expired));
}

#[test]
fn deleting_the_channel_withdraws_its_questions() {
    let mut bench = Bench::new(ROOMY);
    let reader = bench.subscribe("a", Start::Now);
    bench.ask(1, 1, question(60));
    bench.ask(2, 2, question(60));
    bench.ask(3, 3, Draft { ttl_s: Some(60), ..draft("b") });
    bench.answer(4, 2, "yes");
    bench.ended();
    bench.delete(5, "a");
    assert_eq!(
        (bench.state(1), bench.state(2), bench.state(3)),
        ("withdrawn".into(), "yes".into(), "open".into())
    );
    assert_eq!(bench.ended(), [asker(1)]);
    assert_eq!(bench.read(reader), "gap a 0-1, closed a");
    assert_eq!(bench.0.open_asks(), 1);
}

#[test]
fn a_repeat_is_held_on_the_same_question() {
    let mut bench = Bench::new(ROOMY);
    let mut send = |ms, n: u8| {
        let question = Question { draft: question(60), ask: ask_id(n), asker: asker(n) };
        let repeat = Some(RepeatKey { name: "anyone ask/a k".into(), fingerprint: [0; 20] });
        bench.0.apply(Entry { ticket: None, commands: vec![(at(ms), Command::Ask(question))], repeat })
    };
    let receipt = Receipt { ids: [at(1)].into(), subscribers: 0, asker: Some(asker(1)) };
    assert_eq!(send(1, 1), Applied::Done(receipt.clone()));
    assert_eq!(send(2, 2), Applied::Repeated(receipt));
    assert_eq!((bench.state(1), bench.state(2)), ("open".into(), "unknown".into()));
}

#[test]
fn there_is_room_for_so_many_open_questions() {
    let mut bench = Bench::new(Limits { max_asks: 2, ..ROOMY });
    for n in 1..=2 {
        assert!(bench.0.has_room_to_ask(0));
        bench.ask(n.into(), n, question(60));
    }
    assert!(!bench.0.has_room_to_ask(0));
    bench.withdraw(3, 1);
    assert!(bench.0.has_room_to_ask(0));
}

#[test]
fn whoever_is_not_asked_is_not_told_of_the_end() {
    let mut bench = Bench::new(ROOMY);
    let reader = bench.subscribe("a", Start::Now);
    bench.ask(1, 1, Draft { except: Some(ClientId([1; 12])), ..question(60) });
    bench.answer(2, 1, "yes");
    assert_eq!(bench.read(reader), "");
}

#[test]
fn a_reader_finds_by_its_number_what_it_was_asked_and_nothing_else() {
    let mut bench = Bench::new(ROOMY);
    let [one, both] = ["a", "a b"].map(|channels| bench.subscribe(channels, Start::Now));
    let number = |n: u8| ask_id(n).ack_number();
    bench.ask(1, 1, question(60));
    bench.ask(2, 2, Draft { ttl_s: Some(60), ..draft("b") });
    bench.ask(3, 3, Draft { except: Some(ClientId([1; 12])), ..question(60) });
    bench.ask(4, 4, Draft { except: Some(ClientId([9; 12])), ..question(60) });
    let asked = |bench: &Bench, reader| [1, 2, 3, 4].map(|n| bench.0.asked(reader, number(n)).is_some());
    assert_eq!(asked(&bench, one), [true, false, false, true]);
    assert_eq!(asked(&bench, both), [true, true, false, true]);
    assert_eq!(bench.0.asked(both, number(2)), Some(ask_id(2)));
    assert_eq!((bench.0.is_asked(number(3)), bench.0.is_asked(number(5))), (true, false));
    bench.answer(5, 1, "yes");
    bench.0.remove(both, "b");
    assert_eq!(asked(&bench, both), [false, false, false, true]);
    bench.0.leave(both);
    assert_eq!(asked(&bench, both), [false; 4]);
    bench.0.tick(100_000);
    assert_eq!((asked(&bench, one), bench.0.is_asked(number(4))), ([false; 4], false));
}

#[test]
fn the_end_of_a_question_makes_no_channel_beyond_the_bound() {
    let mut bench = Bench::new(Limits { max_channels: 1, ..ROOMY });
    bench.ask(1, 1, Draft { retain: false, ..question(60) });
    bench.0.tick(1 + UNRETAINED_MS);
    bench.publish(20_000, draft("b"));
    assert_eq!(bench.0.channel_total(), 1);
    assert!(matches!(bench.answer(20_001, 1, "yes"), Applied::Done(_)));
    assert_eq!((bench.0.channel_total(), bench.state(1)), (1, "yes".into()));
}
