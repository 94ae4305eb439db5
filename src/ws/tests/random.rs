//! Frames, right and wrong, drawn by seed.  Law: whole, or cut anywhere, they come to the same.

use super::*;
use crate::testing::dice::Dice;

impl Dice {
    /// A payload: characters whole and cut, and sometimes any bytes.
    fn payload(&mut self) -> Vec<u8> {
        let len = [0, 1, 3, 20, 130][self.below(5)];
        match self.below(12) {
            0 => (0..len).map(|_| self.below(256) as u8).collect(),
            1 => "𝄞".as_bytes()[..self.below(5)].to_vec(),
            _ => "aé€𝄞".chars().cycle().skip(self.below(4)).take(len / 3).collect::<String>().into_bytes(),
        }
    }

    /// A frame that is likely to be allowed here.
    fn frame(&mut self, is_within: &mut bool) -> Vec<u8> {
        let mut payload = self.payload();
        if self.below(4) == 0 {
            payload.truncate(125);
            return client_frame(true, [Opcode::Ping, Opcode::Pong][self.below(2)], &payload);
        }
        let is_final = self.below(2) == 0;
        let first = [Opcode::Text, Opcode::Binary][self.below(2)];
        let opcode = if *is_within == (self.below(40) != 0) { Opcode::Continuation } else { first };
        *is_within = !is_final;
        client_frame(is_final, opcode, &payload)
    }

    fn input(&mut self) -> Vec<u8> {
        let mut is_within = false;
        let mut input: Vec<u8> = (0..self.below(12)).flat_map(|_| self.frame(&mut is_within)).collect();
        if self.below(4) == 0 && !input.is_empty() {
            let at = self.below(input.len());
            input[at] ^= 1 << self.below(8);
        }
        if self.below(4) == 0 {
            input.extend(client_frame(true, Opcode::Close, b"\x03\xe8why"));
        }
        input
    }

    fn cut<'i>(&mut self, mut input: &'i [u8]) -> Vec<&'i [u8]> {
        let mut parts = Vec::new();
        let most = [2, 9, 40, 400][self.below(4)];
        while !input.is_empty() {
            let (part, rest) = input.split_at(self.below(most).min(input.len()));
            parts.push(part);
            input = rest;
        }
        parts
    }
}

#[test]
fn whole_or_cut_anywhere_an_input_comes_to_the_same() {
    let mut dice = Dice::new(2026);
    let (mut messages, mut errors) = (0, 0);
    for round in 0..4000 {
        let input = dice.input();
        let whole = receive(&[&input], 300);
        messages += whole.0.len();
        errors += usize::from(whole.1.is_some());
        for _ in 0..4 {
            let parts = dice.cut(&input);
            assert_eq!(receive(&parts, 300), whole, "round {round}, {input:x?}");
        }
    }
    assert!(messages > 4000 && errors > 400, "{messages} messages and {errors} errors are too few to tell");
}

#[test]
fn arbitrary_bytes_never_make_it_panic() {
    let mut dice = Dice::new(7);
    for _ in 0..4000 {
        let input: Vec<u8> = (0..dice.below(60)).map(|_| dice.below(256) as u8).collect();
        let whole = receive(&[&input], 100);
        assert_eq!(receive(&dice.cut(&input), 100), whole, "{input:x?}");
    }
}
