//! A list that grows without moving what is in it.

use std::ops::Index;

/// How many values stand together.
const CHUNK: usize = 1 << 14;

/// Values in the order they came. Growing copies nothing and leaves at most one chunk unused, where a `Vec` holds the
/// old and the new side by side and then up to half of it unused.
#[derive(Debug)]
pub(super) struct Chunks<T> {
    chunks: Vec<Vec<T>>,
    len: usize,
}

impl<T> Chunks<T> {
    pub(super) fn new() -> Self {
        Chunks { chunks: Vec::new(), len: 0 }
    }

    pub(super) fn push(&mut self, value: T) {
        if self.len.is_multiple_of(CHUNK) {
            self.chunks.push(Vec::with_capacity(CHUNK));
        }
        let last = self.chunks.last_mut().expect("there is room in the last chunk");
        last.push(value);
        self.len += 1;
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.chunks.iter().flatten()
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.chunks.len() * CHUNK * size_of::<T>()
    }
}

impl<T> Index<usize> for Chunks<T> {
    type Output = T;

    fn index(&self, at: usize) -> &T {
        &self.chunks[at / CHUNK][at % CHUNK]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stay_in_their_order_from_chunk_to_chunk() {
        let mut chunks = Chunks::new();
        (0..40_000u32).for_each(|value| chunks.push(value));
        assert_eq!(
            (chunks.len(), chunks[0], chunks[CHUNK - 1], chunks[CHUNK], chunks[39_999]),
            (40_000, 0, 16_383, 16_384, 39_999)
        );
        assert!(chunks.iter().copied().eq(0..40_000));
        assert_eq!(chunks.bytes(), 3 * CHUNK * 4);
    }
}
