//! A network that misbehaves: a TCP proxy that cuts, resets, truncates, delays and splits what passes, at points that a
//! seed decides. Which bytes a fault meets depends on the threads too, so a seed repeats the dice and not the whole run.

use std::{
    collections::BTreeMap,
    io::{self, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use super::{dice::Dice, sync::lock};

/// What may happen to a connection, or to one piece that passes on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mishap {
    /// Accepted, and closed before a byte.
    Refused,
    /// Closed in front of the piece.
    Cut,
    /// Closed behind the piece: it arrived, and what it is answered does not.
    CutBehind,
    /// Closed in the middle of the piece.
    Truncated,
    /// Ended with a TCP reset.
    Reset,
    Delayed,
    /// Held for so long that somebody may take the connection for dead, and not closed.
    Stalled,
    /// One piece arrives as many.
    Split,
}

/// Sits in front of a server on this machine.
pub struct Chaos {
    pub port: u16,
    network: Arc<Network>,
    accepting: Option<thread::JoinHandle<()>>,
}

struct Network {
    seed: u64,
    server: u16,
    /// Mishaps in a thousand pieces.
    rate: AtomicU64,
    happened: Mutex<BTreeMap<Mishap, usize>>,
    stopped: AtomicBool,
}

impl Chaos {
    /// Calm until [`Chaos::rage`].
    pub fn before(server: u16, seed: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port to listen on");
        let port = listener.local_addr().unwrap().port();
        let network = Arc::new(Network {
            seed,
            server,
            rate: AtomicU64::new(0),
            happened: Mutex::default(),
            stopped: AtomicBool::new(false),
        });
        let accepting = thread::spawn({
            let network = network.clone();
            move || network.accept(&listener)
        });
        Self { port, network, accepting: Some(accepting) }
    }

    /// From now on so many mishaps in a thousand pieces.
    pub fn rage(&self, in_a_thousand: u64) {
        self.network.rate.store(in_a_thousand, Ordering::SeqCst);
    }

    pub fn calm(&self) {
        self.rage(0);
    }

    pub fn happened(&self) -> BTreeMap<Mishap, usize> {
        lock(&self.network.happened).clone()
    }
}

impl Drop for Chaos {
    fn drop(&mut self) {
        self.network.stopped.store(true, Ordering::SeqCst);
        TcpStream::connect(("127.0.0.1", self.port)).ok();
        if let Some(accepting) = self.accepting.take() {
            accepting.join().ok();
        }
    }
}

impl Network {
    fn accept(self: &Arc<Self>, listener: &TcpListener) {
        for (number, near) in listener.incoming().enumerate() {
            if self.stopped.load(Ordering::SeqCst) {
                return;
            }
            let mut dice = Dice::new(self.seed, 2 * number as u64);
            let Ok(near) = near else { continue };
            if self.strikes(&mut dice) && dice.one_in(4) {
                self.note(Mishap::Refused);
                continue;
            }
            let Ok(far) = TcpStream::connect(("127.0.0.1", self.server)) else { continue };
            let line = Arc::new(Line { near, far, ended: AtomicBool::new(false) });
            for (back, dice) in [(false, dice), (true, Dice::new(self.seed, 2 * number as u64 + 1))] {
                let (network, line) = (self.clone(), line.clone());
                thread::spawn(move || line.carry(back, &network, dice));
            }
        }
    }

    fn strikes(&self, dice: &mut Dice) -> bool {
        dice.below(1000) < self.rate.load(Ordering::SeqCst)
    }

    fn mishap(&self, dice: &mut Dice) -> Option<Mishap> {
        use Mishap::{Cut, CutBehind, Delayed, Reset, Split, Stalled, Truncated};
        if !self.strikes(dice) {
            return None;
        }
        let kinds = [Cut, CutBehind, Truncated, Reset, Delayed, Split];
        let mishap = match kinds[usize::try_from(dice.below(kinds.len() as u64)).unwrap()] {
            Delayed if dice.one_in(2) => Stalled,
            mishap => mishap,
        };
        self.note(mishap);
        Some(mishap)
    }

    fn note(&self, mishap: Mishap) {
        *lock(&self.happened).entry(mishap).or_default() += 1;
    }
}

/// One connection and its continuation.
struct Line {
    near: TcpStream,
    far: TcpStream,
    ended: AtomicBool,
}

impl Line {
    fn carry(&self, back: bool, network: &Network, mut dice: Dice) {
        let (mut from, mut to) = if back { (&self.far, &self.near) } else { (&self.near, &self.far) };
        from.set_nodelay(true).ok();
        let mut buffer = [0; 16 * 1024];
        while let Ok(read @ 1..) = from.read(&mut buffer) {
            let piece = &buffer[..read];
            let passed = match network.mishap(&mut dice) {
                None => to.write_all(piece),
                Some(Mishap::Delayed) => {
                    dice.pause(LONGEST_DELAY_MS);
                    to.write_all(piece)
                }
                Some(Mishap::Stalled) => {
                    thread::sleep(STALL);
                    to.write_all(piece)
                }
                Some(Mishap::Split) => dribble(to, piece, &mut dice),
                Some(Mishap::Reset) => return self.reset(),
                Some(Mishap::Cut | Mishap::Refused) => return self.cut(),
                Some(Mishap::CutBehind) => {
                    to.write_all(piece).ok();
                    return self.cut();
                }
                Some(Mishap::Truncated) => {
                    let length = usize::try_from(dice.below(read as u64)).unwrap();
                    to.write_all(&piece[..length]).ok();
                    return self.cut();
                }
            };
            if passed.is_err() {
                return self.cut();
            }
        }
        if !self.ended.load(Ordering::SeqCst) {
            to.shutdown(Shutdown::Write).ok();
        }
    }

    fn cut(&self) {
        self.near.shutdown(Shutdown::Both).ok();
        self.far.shutdown(Shutdown::Both).ok();
    }

    /// The reset is sent when the last owner lets go, so the other direction is woken without a word to anybody.
    fn reset(&self) {
        self.ended.store(true, Ordering::SeqCst);
        for end in [&self.near, &self.far] {
            rustix::net::sockopt::set_socket_linger(end, Some(Duration::ZERO)).ok();
            end.shutdown(Shutdown::Read).ok();
        }
    }
}

fn dribble(mut to: &TcpStream, piece: &[u8], dice: &mut Dice) -> io::Result<()> {
    let mut left = piece;
    while !left.is_empty() {
        let length = usize::try_from(1 + dice.below(left.len() as u64)).unwrap();
        to.write_all(&left[..length])?;
        left = &left[length..];
        dice.pause(1);
    }
    Ok(())
}

const LONGEST_DELAY_MS: u64 = 40;
const STALL: Duration = Duration::from_secs(1);
