//! The records of one node: what is durable, and the writes on their way there.

use std::collections::{BTreeMap, VecDeque};

use quiesce_machine::{OpId, Record, Time, Write};

/// One node's store. Writes become durable in the order issued.
#[derive(Debug)]
pub(crate) struct Store<R: Record> {
    records: BTreeMap<R::Key, R>,
    pending: VecDeque<(OpId, Write<R>)>,
    /// When the last pending write becomes durable.
    last: Time,
}

impl<R: Record> Store<R> {
    pub(crate) fn new() -> Self {
        Store { records: BTreeMap::new(), pending: VecDeque::new(), last: Time::ZERO }
    }

    /// Every record, ordered by key.
    pub(crate) fn records(&self) -> Vec<R> {
        self.records.values().cloned().collect()
    }

    /// How many writes are not durable yet.
    pub(crate) fn pending(&self) -> usize {
        self.pending.len()
    }

    /// Takes a write that would be durable at `at` on its own; returns when it is behind those before it.
    pub(crate) fn issue(&mut self, op: OpId, write: Write<R>, at: Time) -> Time {
        self.pending.push_back((op, write));
        self.last = self.last.max(at);
        self.last
    }

    /// Makes the oldest pending write durable.
    pub(crate) fn apply(&mut self) -> Option<OpId> {
        let (op, write) = self.pending.pop_front()?;
        match write {
            Write::Put(record) => _ = self.records.insert(record.key(), record),
            Write::Remove(key) => _ = self.records.remove(&key),
        }
        Some(op)
    }

    /// The process died: the oldest `kept` of the pending writes are applied, the rest are lost.
    pub(crate) fn crash(&mut self, kept: usize) {
        (0..kept).for_each(|_| _ = self.apply());
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
        store.issue(OpId(1), Write::Put(Row(2, 'a')), Time(10));
        store.issue(OpId(2), Write::Put(Row(1, 'b')), Time(5));
        store.issue(OpId(3), Write::Remove(2), Time(20));
        store
    }

    #[test]
    fn writes_become_durable_in_the_order_issued() {
        let mut store = Store::new();
        assert_eq!(store.issue(OpId(1), Write::Put(Row(1, 'a')), Time(10)), Time(10));
        assert_eq!(store.issue(OpId(2), Write::Put(Row(1, 'b')), Time(5)), Time(10));
        assert_eq!((store.apply(), store.records()), (Some(OpId(1)), vec![Row(1, 'a')]));
        assert_eq!((store.apply(), store.records()), (Some(OpId(2)), vec![Row(1, 'b')]));
        assert_eq!(store.apply(), None);
    }

    #[test]
    fn a_crash_keeps_a_prefix_of_the_pending_writes() {
        let expected = [vec![], vec![Row(2, 'a')], vec![Row(1, 'b'), Row(2, 'a')], vec![Row(1, 'b')]];
        for (kept, records) in expected.into_iter().enumerate() {
            let mut store = store_with_three_pending();
            store.crash(kept);
            assert_eq!((store.records(), store.pending()), (records, 0), "kept {kept}");
            assert_eq!(store.issue(OpId(4), Write::Remove(9), Time(7)), Time(7), "the lost are waited for no more");
        }
    }

    #[test]
    fn a_wiped_store_is_empty() {
        let mut store = store_with_three_pending();
        store.crash(3);
        store.wipe();
        assert_eq!(store.records(), []);
    }
}
