use super::super::check::{encoder, every_encoding, text, written_bytes};
use super::*;
use crate::testing::dice::Dice;
use crate::ws::WindowBits;

const NEWS: Source<'static> = Source { channel: 1, name: "news", within: None };
const WEBSOCKET: Encoding = Encoding::WebSocket(Some(WindowBits::MAX));

fn messages(count: u64) -> Vec<Message> {
    (0..count).map(|seq| text(seq, &format!("message {seq}"))).collect()
}

/// Each message encoded alone.
fn alone<'m>(encoding: Encoding, run: impl IntoIterator<Item = &'m Message>) -> Vec<u8> {
    let mut encoder = encoder();
    written_bytes(|out| run.into_iter().for_each(|m| encoding.encode(NEWS.place(), m, &mut encoder, out)))
}

/// Reads all of `run` as a reader does: piece by piece.
fn read(cache: &mut EncodedCache, encoding: Encoding, run: &[&Message]) -> (Vec<u8>, usize) {
    let (mut bytes, mut pieces, mut rest) = (Vec::new(), 0, run);
    while let Some(piece) = cache.get(NEWS, encoding, rest.iter().copied()) {
        assert_eq!(rest[piece.messages() - 1].id, piece.last);
        bytes.extend_from_slice(piece.bytes());
        rest = &rest[piece.messages()..];
        pieces += 1;
    }
    (bytes, pieces)
}

/// What the fields promise of one another.
fn check(cache: &EncodedCache) {
    let mut bytes = 0;
    let mut chunks = 0;
    assert!(cache.lists.values().all(|lists| !lists.is_empty()));
    let lists = cache.lists.iter().flat_map(|(channel, lists)| lists.iter().map(move |list| (channel, list)));
    for (channel, (form, list)) in lists {
        assert!(!list.is_empty());
        for (before, after) in list.iter().zip(list.iter().skip(1)) {
            assert!(before.chunk.last() < after.chunk.first(), "chunks overlap");
        }
        for Entry { chunk, serial } in list {
            assert_eq!(cache.made.get(serial), Some(&(*channel, *form, chunk.first())));
            assert!(chunk.marks.is_sorted_by(|a, b| a.id < b.id && a.end < b.end));
            assert_eq!(chunk.marks[chunk.marks.len() - 1].end, chunk.bytes.len());
            bytes += chunk.weight();
            chunks += 1;
        }
    }
    assert_eq!((bytes, chunks), (cache.bytes, cache.made.len()));
    assert!(bytes <= cache.bytes_max || chunks == 1);
}

#[test]
fn fifty_readers_share_one_encoding_of_each_message() {
    let log = messages(20);
    let mut cache = EncodedCache::new(1 << 20, encoder());
    for (turn, encoding) in every_encoding().into_iter().enumerate() {
        for burst in log.chunks(5) {
            let pieces: Vec<_> =
                (0..50).map(|_| cache.get(NEWS, encoding, burst.iter()).expect("not empty")).collect();
            assert!(pieces.iter().all(|piece| Rc::ptr_eq(&piece.chunk, &pieces[0].chunk)));
            assert_eq!(pieces[49].bytes(), alone(encoding, burst));
        }
        assert_eq!(cache.encoded_count(), 20 * (turn as u64 + 1));
    }
    check(&cache);
}

#[test]
fn a_reader_that_begins_in_the_middle_or_ends_early_gets_a_part() {
    let log = messages(10);
    let mut cache = EncodedCache::new(1 << 20, encoder());
    let whole = cache.get(NEWS, Encoding::SseBareChunked, log.iter()).expect("not empty");
    for from in 0..10 {
        for to in from + 1..=10 {
            let run = &log[from..to];
            let piece = cache.get(NEWS, Encoding::SseBareChunked, run.iter()).expect("not empty");
            assert!(Rc::ptr_eq(&piece.chunk, &whole.chunk));
            assert_eq!(piece.bytes(), alone(Encoding::SseBareChunked, run));
            assert_eq!((piece.messages(), piece.last), (to - from, log[to - 1].id));
        }
    }
    assert_eq!(cache.encoded_count(), 10);
}

#[test]
fn a_run_that_goes_on_past_a_chunk_gets_the_rest_from_the_next() {
    let log = messages(10);
    let all: Vec<_> = log.iter().collect();
    let mut cache = EncodedCache::new(1 << 20, encoder());
    read(&mut cache, Encoding::Ndjson, &all[4..6]);
    assert_eq!(read(&mut cache, Encoding::Ndjson, &all), (alone(Encoding::Ndjson, &log), 3));
    assert_eq!(read(&mut cache, Encoding::Ndjson, &all[5..7]).1, 2);
    assert_eq!(cache.encoded_count(), 10);
    check(&cache);
}

#[test]
fn a_message_that_died_is_left_out() {
    let log = messages(6);
    let without = |dead: &[usize]| -> Vec<&Message> {
        (0..6).filter(|index| !dead.contains(index)).map(|index| &log[index]).collect()
    };
    for dead in [&[0][..], &[2], &[5], &[1, 2], &[1, 4], &[0, 1, 2, 3, 4]] {
        let mut cache = EncodedCache::new(1 << 20, encoder());
        read(&mut cache, WEBSOCKET, &without(&[]));
        let run = without(dead);
        assert_eq!(read(&mut cache, WEBSOCKET, &run).0, alone(WEBSOCKET, run));
        assert_eq!(cache.encoded_count(), 6, "nothing was encoded again");
    }
}

#[test]
fn a_run_does_not_leap_over_a_chunk_of_messages_it_lacks() {
    let log = messages(6);
    let mut cache = EncodedCache::new(1 << 20, encoder());
    read(&mut cache, Encoding::Poll, &[&log[2], &log[3]]);
    let run = [&log[0], &log[1], &log[4], &log[5]];
    assert_eq!(read(&mut cache, Encoding::Poll, &run), (alone(Encoding::Poll, run), 2));
    check(&cache);
    read(&mut cache, Encoding::Poll, &log.iter().collect::<Vec<_>>());
    assert_eq!(cache.encoded_count(), 6);
}

#[test]
fn a_run_that_is_filtered_for_its_reader_is_compared_message_by_message() {
    let log = messages(4);
    let mut cache = EncodedCache::new(1 << 20, encoder());
    let not = |hidden: usize| {
        let hidden = log[hidden].id;
        log.iter().filter(move |m| m.id != hidden)
    };
    // Both runs have three messages with the same first and last.
    let one = cache.get(NEWS, Encoding::Poll, not(1)).expect("not empty");
    assert_eq!(one.bytes(), alone(Encoding::Poll, not(1)));
    let two = cache.get(NEWS, Encoding::Poll, not(2)).expect("not empty");
    assert_eq!(two.bytes(), alone(Encoding::Poll, &log[..1]));
    // A message within the range of a chunk that lacks it takes the chunk's place.
    let rest = || log[1..].iter().filter(|m| m.id != log[2].id);
    let three = cache.get(NEWS, Encoding::Poll, rest()).expect("not empty");
    assert_eq!(three.bytes(), alone(Encoding::Poll, rest()));
    // A filtered run may look like a whole one by its ends and number: its chunk is compared all the same.
    let mut cache = EncodedCache::new(1 << 20, encoder());
    cache.get(NEWS, Encoding::Poll, not(1));
    let whole = [&log[0], &log[1], &log[3]];
    let piece = cache.get(NEWS, Encoding::Poll, whole.into_iter()).expect("not empty");
    assert_eq!(piece.bytes(), alone(Encoding::Poll, [&log[0]]));
    check(&cache);
}

#[test]
fn a_chunk_ends_at_its_bound_and_a_large_message_stands_alone() {
    let large = "x".repeat(CHUNK_BYTES_MAX);
    let log = [text(0, "a"), text(1, &large), text(2, "b"), text(3, "c")];
    let all: Vec<_> = log.iter().collect();
    let mut cache = EncodedCache::new(1 << 20, encoder());
    assert_eq!(read(&mut cache, Encoding::Poll, &all), (alone(Encoding::Poll, &log), 3));

    let log: Vec<_> = (0..2000).map(|seq| text(seq, &"y".repeat(100))).collect();
    let mut cache = EncodedCache::new(1 << 20, encoder());
    let piece = cache.get(NEWS, Encoding::SseBare, log.iter()).expect("not empty");
    assert!(piece.len() > CHUNK_BYTES_MAX - 300 && piece.len() < CHUNK_BYTES_MAX + 300);
    let log: Vec<_> = (0..100).map(|seq| text(seq, &"y".repeat(10_000))).collect();
    let piece = cache.get(Source::of(2, "news"), WEBSOCKET, log.iter()).expect("not empty");
    assert_eq!(piece.messages(), 6, "as many payloads as fit, however small they become");
    assert!(piece.len() < 1000);
    assert!(cache.get(NEWS, Encoding::SseBare, [].iter()).is_none());
    check(&cache);
}

#[test]
fn what_was_made_first_goes_first_and_the_newest_stays() {
    let log = messages(100);
    let mut cache = EncodedCache::new(3000, encoder());
    for (index, m) in log.iter().enumerate() {
        cache.get(Source::of(index as u64 % 3, "news"), Encoding::Poll, [m].into_iter());
        check(&cache);
    }
    assert!(cache.made.len() > 3);
    let kept = cache.made.len() as u64;
    for (index, m) in log.iter().enumerate().skip(100 - kept as usize) {
        cache.get(Source::of(index as u64 % 3, "news"), Encoding::Poll, [m].into_iter());
    }
    assert_eq!(cache.encoded_count(), 100);
    cache.get(Source::of(0, "news"), Encoding::Poll, [&log[0]].into_iter());
    assert_eq!(cache.encoded_count(), 101);

    let mut cache = EncodedCache::new(0, encoder());
    for _ in 0..50 {
        cache.get(NEWS, Encoding::Poll, log.iter());
    }
    assert_eq!(cache.encoded_count(), 100);
    check(&cache);
}

#[test]
fn a_forgotten_channel_leaves_nothing() {
    let log = messages(3);
    let mut cache = EncodedCache::new(1 << 20, encoder());
    for encoding in every_encoding() {
        read(&mut cache, encoding, &[&log[0], &log[2]]);
        read(&mut cache, encoding, &[&log[1]]);
    }
    cache.get(Source::of(2, "other"), Encoding::Poll, log.iter());
    cache.forget_channel(1);
    check(&cache);
    assert_eq!((cache.lists.len(), cache.made.len()), (1, 1));
    cache.forget_channel(2);
    assert_eq!((cache.lists.len(), cache.made.len(), cache.bytes()), (0, 0, 0));
}

#[test]
fn a_channel_within_a_namespace_is_shared_by_its_readers_and_with_nobody_else() {
    let log = messages(3);
    let mut cache = EncodedCache::new(1 << 20, encoder());
    let within = |other, name| Source { within: Some((other, name)), ..NEWS };
    let sources = [NEWS, within(2, "a"), within(3, "a/b")];
    for encoding in [Encoding::SocketIo(None), Encoding::SocketIoPolling] {
        let pieces = sources.map(|source| {
            let [one, two] = [(); 2].map(|()| cache.get(source, encoding, log.iter()).expect("not empty"));
            assert!(Rc::ptr_eq(&one.chunk, &two.chunk));
            one
        });
        for (piece, lead) in pieces.iter().zip(["42/news,[", "42/a,[", "42/a/b,["]) {
            assert!(memchr::memmem::find(piece.bytes(), lead.as_bytes()).is_some(), "{lead}");
        }
        check(&cache);
    }
    assert_eq!(cache.encoded_count(), 2 * 3 * 3);
    cache.forget_channel(1);
    check(&cache);
    assert_eq!((cache.lists.len(), cache.made.len(), cache.bytes()), (0, 0, 0));
}

#[test]
fn a_short_write_tells_the_message_it_stands_in() {
    let log = messages(5);
    let mut cache = EncodedCache::new(1 << 20, encoder());
    cache.get(NEWS, Encoding::SseBare, log.iter());
    let piece = cache.get(NEWS, Encoding::SseBare, log[1..4].iter()).expect("not empty");
    let ends: Vec<usize> = (1..=3).map(|n| alone(Encoding::SseBare, &log[1..1 + n]).len()).collect();
    assert_eq!(piece.len(), ends[2]);
    for taken in 0..=piece.len() {
        let whole = ends.iter().take_while(|end| **end <= taken).count();
        assert_eq!(piece.last_whole(taken), whole.checked_sub(1).map(|n| log[1 + n].id), "{taken}");
        let between = taken == 0 || ends.contains(&taken);
        let expected = (!between).then(|| (log[1 + whole].id, ends[whole.min(2)]));
        assert_eq!(piece.message_end_after(taken), expected, "{taken}");
        let rest = piece.rest_of_message(taken);
        assert_eq!(rest.as_ref().map(|rest| rest.last), expected.map(|(id, _)| id));
        if let (Some(rest), Some((_, end))) = (rest, expected) {
            assert_eq!(rest.bytes(), &piece.bytes()[taken..end]);
            // And the rest itself may be cut again.
            for more in 1..rest.len() {
                let again = rest.rest_of_message(more).expect("within the message");
                assert_eq!(again.bytes(), &rest.bytes()[more..]);
                assert_eq!(rest.last_whole(more), None);
            }
            assert_eq!(rest.last_whole(rest.len()), Some(rest.last));
        }
    }
}

#[test]
fn parts_of_a_piece_are_whole_messages() {
    let log = messages(5);
    let mut cache = EncodedCache::new(1 << 20, encoder());
    let piece = cache.get(NEWS, Encoding::Poll, log.iter()).expect("not empty");
    assert!(piece.first_messages(0).is_none());
    for count in 1..8 {
        let part = piece.first_messages(count).expect("at least one");
        assert_eq!(part.bytes(), alone(Encoding::Poll, &log[..count.min(5)]));
    }
    let ends: Vec<usize> = (1..=5).map(|n| alone(Encoding::Poll, &log[..n]).len()).collect();
    for room in 0..=piece.len() + 1 {
        let part = piece.within_bytes(room);
        let expected = ends.iter().rev().find(|end| **end <= room).copied();
        assert_eq!(part.map(|part| part.len()), expected);
    }
}

#[test]
fn whatever_is_read_is_what_each_message_alone_would_give() {
    for seed in 0..20 {
        let mut random = Dice::new(seed);
        let bytes_max = [0, 2_000, 10_000, 1 << 24][random.below(4)];
        let mut cache = EncodedCache::new(bytes_max, encoder());
        let mut log: Vec<Message> = Vec::new();
        let mut born = 0;
        for _ in 0..300 {
            for _ in 0..random.below(4) {
                let length = if random.below(50) == 0 { 40_000 } else { random.below(300) };
                log.push(text(born, &"z".repeat(length)));
                born += 1;
            }
            if log.len() > 40 || random.below(5) == 0 && !log.is_empty() {
                log.remove(random.below(log.len()));
            }
            if log.is_empty() {
                continue;
            }
            let from = random.below(log.len());
            let to = from + 1 + random.below(log.len() - from);
            let encoding = [Encoding::Poll, Encoding::SseBareChunked, WEBSOCKET][random.below(3)];
            let all: Vec<&Message> = log[from..to].iter().collect();
            if random.below(3) == 0 {
                let hidden = random.below(3) as u64;
                let own = all.iter().copied().filter(|m| m.id.seq % 3 != hidden);
                let piece = cache.get(NEWS, encoding, own.clone());
                let bytes = piece.as_ref().map_or(&[][..], Piece::bytes);
                let count = piece.as_ref().map_or(0, Piece::messages);
                assert_eq!(count == 0, own.clone().next().is_none());
                assert_eq!(bytes, alone(encoding, own.take(count)), "seed {seed}");
            } else {
                assert_eq!(read(&mut cache, encoding, &all).0, alone(encoding, all), "seed {seed}");
            }
            check(&cache);
        }
    }
}
