//! Panics of nodes and monitors, caught and put in words.
//!
//! A panic is a finding, not an accident: nothing is printed. The process' panic hook is wrapped once, and does what it
//! did before for every other thread and at every other time.

use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::Once;

thread_local! {
    static LISTENING: Cell<bool> = const { Cell::new(false) };
    static HEARD: RefCell<Option<String>> = const { RefCell::new(None) };
}

static HOOK: Once = Once::new();

/// Runs `f`; if it panics, says where and with what words.
pub(super) fn caught<R>(f: impl FnOnce() -> R) -> Result<R, String> {
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| if LISTENING.get() { hear(info) } else { before(info) }));
    });
    LISTENING.set(true);
    let outcome = panic::catch_unwind(AssertUnwindSafe(f));
    LISTENING.set(false);
    let heard = HEARD.take();
    outcome.map_err(|_| heard.unwrap_or_else(|| "panicked".to_owned()))
}

fn hear(info: &PanicHookInfo<'_>) {
    let payload = info.payload();
    let literal = payload.downcast_ref::<&str>().copied();
    let words = literal.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no words");
    let text = match info.location() {
        Some(at) => format!("{words} ({}:{})", at.file(), at.line()),
        None => words.to_owned(),
    };
    HEARD.set(Some(text));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_told_with_its_words_and_place() {
        let text = caught(|| panic!("no target {}", 7)).unwrap_err();
        assert!(text.starts_with("no target 7 ("), "{text}");
        assert!(text.contains("panics.rs:"), "{text}");
        assert_eq!(caught(|| 3), Ok(3), "and the next run is heard afresh");
    }
}
