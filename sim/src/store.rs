//! The records of one node: what is durable, and the writes on their way there.

use std::collections::{BTreeMap, VecDeque};

use quiesce_machine::{OpId, Record, StoreError, Time, Write};

use crate::disk::Landing;

/// One node's store. Writes land in the order issued.
#[derive(Debug)]
pub(crate) struct Store<R: Record> {
    records: BTreeMap<R::Key, R>,
    pending: VecDeque<Pending<R>>,
    /// When the last pending write lands.
    last: Time,
}

#[derive(Debug)]
struct Pending<R: Record> {
    op: OpId,
    write: Write<R>,
    landing: Landing,
}

impl<R: Record> Store<R> {
    pub(crate) fn new() -> Self {
        Store { records: BTreeMap::new(), pending: VecDeque::new(), last: Time::ZERO }
    }

    /// Every record, ordered by key.
    pub(crate) fn records(&self) -> Vec<R> {
        self.records.values().cloned().collect()
    }

    /// How many writes have not landed yet.
    pub(crate) fn pending(&self) -> usize {
        self.pending.len()
    }

    /// Takes a write that would land at `at` on its own; returns when it does behind those before it.
    pub(crate) fn issue(&mut self, op: OpId, write: Write<R>, landing: Landing, at: Time) -> Time {
        self.pending.push_back(Pending { op, write, landing });
        self.last = self.last.max(at);
        self.last
    }

    /// Says otherwise what becomes of the oldest pending write.
    pub(crate) fn decide_oldest(&mut self, landing: Landing) {
        if let Some(oldest) = self.pending.front_mut() {
            oldest.landing = landing;
        }
    }

    /// The oldest pending write lands; returns what its node is told.
    pub(crate) fn land(&mut self) -> Option<(OpId, Result<(), StoreError>)> {
        let Pending { op, write, landing } = self.pending.pop_front()?;
        match write {
            _ if !landing.applied => (),
            Write::Put(record) => _ = self.records.insert(record.key(), record),
            Write::Remove(key) => _ = self.records.remove(&key),
        }
        Some((op, landing.told))
    }

    /// The process died: the oldest `kept` of the pending writes land, the rest are lost.
    pub(crate) fn crash(&mut self, kept: usize) {
        (0..kept).for_each(|_| _ = self.land());
        self.pending.clear();
        self.last = Time::ZERO;
    }

    /// Forgets every record.
    pub(crate) fn wipe(&mut self) {
        self.records.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    struct Row(u32, char);

    impl Record for Row {
        type Key = u32;

        fn key(&self) -> u32 {
            self.0
        }
    }

    fn store_with_three_pending() -> Store<Row> {
        let mut store = Store::new();
        store.issue(OpId(1), Write::Put(Row(2, 'a')), Landing::DURABLE, Time(10));
        store.issue(OpId(2), Write::Put(Row(1, 'b')), Landing::DURABLE, Time(5));
        store.issue(OpId(3), Write::Remove(2), Landing::DURABLE, Time(20));
        store
    }

    #[test]
    fn writes_become_durable_in_the_order_issued() {
        let mut store = Store::new();
        assert_eq!(store.issue(OpId(1), Write::Put(Row(1, 'a')), Landing::DURABLE, Time(10)), Time(10));
        assert_eq!(store.issue(OpId(2), Write::Put(Row(1, 'b')), Landing::DURABLE, Time(5)), Time(10));
        assert_eq!((store.land(), store.records()), (Some((OpId(1), Ok(()))), vec![Row(1, 'a')]));
        assert_eq!((store.land(), store.records()), (Some((OpId(2), Ok(()))), vec![Row(1, 'b')]));
        assert_eq!(store.land(), None);
    }

    #[test]
    fn a_crash_keeps_a_prefix_of_the_pending_writes() {
        let expected = [vec![], vec![Row(2, 'a')], vec![Row(1, 'b'), Row(2, 'a')], vec![Row(1, 'b')]];
        for (kept, records) in expected.into_iter().enumerate() {
            let mut store = store_with_three_pending();
            store.crash(kept);
            assert_eq!((store.records(), store.pending()), (records, 0), "kept {kept}");
            assert_eq!(
                store.issue(OpId(4), Write::Remove(9), Landing::DURABLE, Time(7)),
                Time(7),
                "the lost are waited for no more"
            );
        }
    }

    #[test]
    fn a_write_that_fails_changes_nothing_even_when_a_crash_keeps_it() {
        let mut store = Store::new();
        store.issue(OpId(1), Write::Put(Row(1, 'a')), Landing::FAILED, Time(10));
        store.issue(OpId(2), Write::Put(Row(1, 'b')), Landing::FAILED, Time(10));
        assert_eq!((store.land(), store.records()), (Some((OpId(1), Err(StoreError::Failed))), vec![]));
        store.crash(1);
        assert_eq!(store.records(), []);
    }

    #[test]
    fn a_wiped_store_is_empty() {
        let mut store = store_with_three_pending();
        store.crash(3);
        store.wipe();
        assert_eq!(store.records(), []);
    }
}
