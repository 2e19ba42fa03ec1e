//! Chance that can be had again.

use std::{
    hash::{BuildHasher, RandomState},
    thread,
    time::Duration,
};

/// The seed of a run: from `CHAOS_SEED`, else another one each time. A test that fails says which it was.
pub struct Seed(pub u64);

impl Seed {
    pub fn of_this_run() -> Self {
        let given = std::env::var("CHAOS_SEED").ok();
        Self(given.map_or_else(
            || RandomState::new().hash_one(0) >> 32,
            |given| given.parse().expect("CHAOS_SEED is a number"),
        ))
    }
}

impl Drop for Seed {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("the same dice again: CHAOS_SEED={}", self.0);
        }
    }
}

/// Dice of one thread, so that what another one throws changes nothing here (SplitMix64).
#[derive(Clone)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64, of: u64) -> Self {
        let mut dice = Self(seed ^ of.wrapping_mul(0xd134_2543_de82_ef95));
        dice.throw();
        dice
    }

    pub fn below(&mut self, sides: u64) -> u64 {
        self.throw() % sides
    }

    pub fn one_in(&mut self, sides: u64) -> bool {
        self.below(sides) == 0
    }

    pub fn pause(&mut self, longest_ms: u64) {
        thread::sleep(Duration::from_millis(self.below(longest_ms + 1)));
    }

    fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
