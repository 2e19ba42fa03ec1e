//! What the editor is owed: an answer for each request.

use std::collections::BTreeMap;

use mcpbridge::message::{Fault, Id, Message};

/// The account of each id.
#[derive(Default)]
pub struct Ledger {
    accounts: BTreeMap<Id, Account>,
    /// Answers without an id that are owed, to what was no message.
    nameless: usize,
}

#[derive(Default)]
struct Account {
    /// As they were spelled, each request that has no answer.
    owed: Vec<String>,
    /// How many of them need none: they were withdrawn by what the editor said after them, or hear of
    /// changes for as long as they run.
    optional: usize,
}

impl Ledger {
    /// The editor has sent a request.
    pub fn owes(&mut self, message: &Message) {
        let Some(id) = message.id() else { return };
        let account = self.accounts.entry(id.clone()).or_default();
        // An editor that begins again with an id that it used before would take an answer to the first
        // for one to the second.
        if message.method() == "initialize" {
            account.optional = account.optional.max(account.owed.len());
        }
        account.owed.push(id.spelled().to_owned());
        if message.method() == "subscriptions/listen" {
            account.optional += 1;
        }
    }

    /// The editor has sent what is no message.
    pub fn owes_fault(&mut self, fault: &Fault) {
        match &fault.id {
            Some(id) => {
                // Its answer would be taken for that of the request that has the id.
                if self.is_owed(id) {
                    self.nameless += 1;
                    self.may_stay(id);
                }
                self.accounts.entry(id.clone()).or_default().owed.push(id.spelled().to_owned());
            }
            None => self.nameless += 1,
        }
    }

    /// The same as part of a batch, of which only the requests count where there are no batches.
    pub fn may_answer_fault(&mut self, fault: &Fault) {
        self.owes_fault(fault);
        if let Some(id) = &fault.id {
            self.may_stay(id);
        }
    }

    /// A batch may be refused as a whole.
    pub fn batch(&mut self) {
        self.nameless += 1;
    }

    /// One request with this id needs no answer.
    pub fn may_stay(&mut self, id: &Id) {
        if let Some(account) = self.accounts.get_mut(id) {
            account.optional += 1;
        }
    }

    /// A request was taken back in time: it must have no answer.
    pub fn cancelled(&mut self, id: &Id) {
        let account = self.accounts.get_mut(id).expect("what ran was asked");
        account.owed.pop().expect("what ran was not answered");
    }

    /// The editor gets an answer.
    pub fn answered(&mut self, message: &Message) {
        let Some(id) = message.id() else {
            assert!(self.nameless > 0, "an answer to nothing: {}", message.raw().escape_ascii());
            self.nameless -= 1;
            return;
        };
        let account = self.accounts.get_mut(id);
        let account = account.unwrap_or_else(|| panic!("nobody asked: {}", message.raw().escape_ascii()));
        let at = account.owed.iter().position(|spelled| spelled == id.spelled());
        match at {
            Some(at) => drop(account.owed.remove(at)),
            None if account.owed.is_empty() => panic!("answered twice: {}", message.raw().escape_ascii()),
            None => panic!("{:?} were asked: {}", account.owed, message.raw().escape_ascii()),
        }
    }

    /// Whether a request with this id has no answer.
    pub fn is_owed(&self, id: &Id) -> bool {
        self.accounts.get(id).is_some_and(|account| !account.owed.is_empty())
    }

    /// How many answers are owed.
    pub fn owed(&self) -> usize {
        self.accounts.values().map(|account| account.owed.len()).sum()
    }

    /// All is over.
    pub fn nothing_is_owed(&self) {
        for (id, account) in &self.accounts {
            assert!(account.owed.len() <= account.optional, "{} was never answered", id.spelled());
        }
    }
}
