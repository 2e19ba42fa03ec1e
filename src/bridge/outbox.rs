//! What the editor has sent and the server cannot take yet: a small reserve, in order.

use std::collections::VecDeque;

use bytes::Bytes;

use super::budget::{Budget, Hold, is_large};
use crate::era::{Key, Way};
use crate::message::Message;

/// The reserve.
#[derive(Default)]
pub struct Outbox {
    parcels: VecDeque<Parcel>,
    size: usize,
}

/// One thing to send.
pub enum Parcel {
    /// A request, or a batch.
    Request {
        /// Its exchange.
        key: Key,
        /// The bytes.
        body: Bytes,
        /// The requests in them.
        requests: Vec<Message>,
        /// Whether it may be sent again when nobody knows if it ran.
        repeatable: bool,
        /// How it is sent.
        way: Way,
    },
    /// A notification.
    Notification(Message, Way),
}

impl Parcel {
    /// Its bytes.
    pub fn size(&self) -> usize {
        match self {
            Parcel::Request { body, .. } => body.len(),
            Parcel::Notification(message, _) => message.raw().len(),
        }
    }
}

impl Outbox {
    /// Adds at the end.
    pub fn push(&mut self, parcel: Parcel) {
        self.size += parcel.size();
        self.parcels.push_back(parcel);
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.parcels.is_empty()
    }

    /// Whether more may be read. One large message does not fill the reserve: what is behind it may
    /// be the cancellation of what it waits for.
    pub fn has_room(&self) -> bool {
        self.has_room_times(1)
    }

    /// Whether more may be read while the server waits for the editor, and requests are refused.
    pub fn has_last_room(&self) -> bool {
        self.has_room_times(4)
    }

    fn has_room_times(&self, times: usize) -> bool {
        let first = self.parcels.front().map_or(0, Parcel::size);
        self.size - first < times * MOST_BYTES && self.parcels.len() < times * MOST_PARCELS
    }

    /// The next parcel for which there is budget. A small request may overtake a large one that
    /// waits; a notification overtakes nothing.
    pub fn take(&mut self, budget: &Budget) -> Option<(Parcel, Hold)> {
        let mut large_waits = false;
        for index in 0..self.parcels.len() {
            let parcel = &self.parcels[index];
            let large = is_large(parcel.size());
            if large && large_waits {
                continue;
            }
            if large_waits && matches!(*parcel, Parcel::Notification(..)) {
                return None;
            }
            match budget.take(parcel.size()) {
                Some(hold) => {
                    let parcel = self.parcels.remove(index)?;
                    self.size -= parcel.size();
                    return Some((parcel, hold));
                }
                None if large => large_waits = true,
                None => return None,
            }
        }
        None
    }

    /// Takes out a request that was not sent; whether it was here.
    pub fn remove(&mut self, cancelled: Key) -> bool {
        let is_it = |parcel: &Parcel| matches!(*parcel, Parcel::Request { key, .. } if key == cancelled);
        let Some(parcel) = self.parcels.iter().position(is_it).and_then(|index| self.parcels.remove(index)) else {
            return false;
        };
        self.size -= parcel.size();
        true
    }

    /// Empties the reserve and names the requests that were in it.
    pub fn clear(&mut self) -> Vec<Key> {
        self.size = 0;
        let key = |parcel: Parcel| match parcel {
            Parcel::Request { key, .. } => Some(key),
            Parcel::Notification(..) => None,
        };
        self.parcels.drain(..).filter_map(key).collect()
    }
}

/// Bytes in the reserve before reading stops.
const MOST_BYTES: usize = 2 * 1024 * 1024;
/// Messages in the reserve before reading stops.
const MOST_PARCELS: usize = 256;
