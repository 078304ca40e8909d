//! Panics of the code under test, caught and kept quiet.
//!
//! A panic in a transition is a finding. The process-wide panic hook is wrapped once; the wrapper keeps silent on a
//! thread that is inside [`catch`] and hands everything else to the hook that was there, so runs may go in parallel.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    static CATCHING: Cell<bool> = const { Cell::new(false) };
    static MESSAGE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs `body`; if it panics, says with what message and where.
///
/// What `body` had borrowed is left as the panic found it.
pub(crate) fn catch<R>(body: impl FnOnce() -> R) -> Result<R, String> {
    wrap_hook();
    MESSAGE.set(None);
    let outer = CATCHING.replace(true);
    let result = catch_unwind(AssertUnwindSafe(body));
    CATCHING.set(outer);
    result.map_err(|payload| MESSAGE.take().unwrap_or_else(|| text(&*payload).to_owned()))
}

fn wrap_hook() {
    static WRAP: Once = Once::new();
    WRAP.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |info| if CATCHING.get() { keep(info) } else { before(info) }));
    });
}

fn keep(info: &PanicHookInfo<'_>) {
    let place = info.location().map(|place| format!(" ({}:{})", place.file(), place.line()));
    MESSAGE.set(Some(format!("{}{}", text(info.payload()), place.unwrap_or_default())));
}

fn text(payload: &(dyn Any + Send)) -> &str {
    let owned = || payload.downcast_ref::<String>().map(String::as_str);
    payload.downcast_ref::<&str>().copied().or_else(owned).unwrap_or("a panic without a message")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_caught_with_its_message_and_place() {
        let message = catch(|| panic!("{} is odd", 3)).unwrap_err();
        assert!(message.starts_with("3 is odd (") && message.contains("panics.rs:"), "{message}");
        assert_eq!(catch(|| 7), Ok(7));
    }

    #[test]
    fn a_message_is_not_kept_for_the_next_panic() {
        let survived = catch(|| catch_unwind(|| panic!("first")).is_err());
        let second = catch(|| std::panic::resume_unwind(Box::new("second")));
        assert_eq!((survived, second), (Ok(true), Err("second".to_owned())));
    }

    #[test]
    fn panics_are_kept_quiet_only_while_they_are_caught() {
        assert!(!CATCHING.get());
        let nested = catch(|| {
            let inner = catch(|| panic!("inner")).is_err();
            (inner, CATCHING.get())
        });
        assert_eq!((nested, CATCHING.get()), (Ok((true, true)), false));
    }
}
