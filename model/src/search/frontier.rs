//! States found and not yet expanded, in the order found.

use std::collections::VecDeque;

/// How many states go in and out together.
pub(super) const BLOCK: usize = 4096;

/// A queue in blocks: what was expanded is freed while the rest waits.
#[derive(Debug)]
pub(super) struct Frontier<S> {
    blocks: VecDeque<Vec<S>>,
    len: usize,
    spare: Vec<S>,
}

impl<S> Frontier<S> {
    pub(super) fn new() -> Self {
        Frontier { blocks: VecDeque::new(), len: 0, spare: Vec::new() }
    }

    pub(super) fn push(&mut self, state: S) {
        match self.blocks.back_mut().filter(|block| block.len() < BLOCK) {
            Some(block) => block.push(state),
            None => {
                let mut block = std::mem::take(&mut self.spare);
                block.push(state);
                self.blocks.push_back(block);
            }
        }
        self.len += 1;
    }

    /// The oldest states, at most [`BLOCK`].
    pub(super) fn pop(&mut self) -> Option<Vec<S>> {
        let block = self.blocks.pop_front()?;
        self.len -= block.len();
        Some(block)
    }

    /// Takes back a block that was popped, for its memory.
    pub(super) fn recycle(&mut self, mut block: Vec<S>) {
        block.clear();
        self.spare = block;
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Bytes held, without what states keep elsewhere.
    pub(super) fn bytes(&self) -> usize {
        self.blocks.iter().map(|block| block.capacity() * size_of::<S>()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_leave_in_the_order_they_came() {
        let mut frontier = Frontier::new();
        let (mut next, mut seen) = (0..20_000u32, Vec::new());
        next.by_ref().take(10_000).for_each(|state| frontier.push(state));
        while let Some(block) = frontier.pop() {
            assert!(block.len() <= BLOCK);
            seen.extend_from_slice(&block);
            frontier.recycle(block);
            next.by_ref().take(2_000).for_each(|state| frontier.push(state));
        }
        assert_eq!(seen, (0..20_000).collect::<Vec<_>>());
        assert_eq!(frontier.len(), 0);
    }
}
