//! How much memory the process has.

/// Bytes resident in memory, where the system tells.
pub(super) fn resident() -> Option<usize> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: usize = text.split_whitespace().nth(1)?.parse().ok()?;
    pages.checked_mul(PAGE)
}

/// The size of a page in `/proc/self/statm`, bytes.
const PAGE: usize = 4096;
