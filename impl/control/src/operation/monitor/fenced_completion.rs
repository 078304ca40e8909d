use quiesce_machine::{Observation, Rename, View};

use super::stated;
use crate::monitor::Property;
use crate::operation::{Fact, Node};

/// A completion call changes the row of its own operation only.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct FencedCompletion {
    seen: bool,
}

impl Property<Node> for FencedCompletion {
    const NAME: &'static str = "fenced-completion";
    const CLAIM: &'static str = "a completion call changes the row of its own operation only";

    fn observe(&mut self, seen: &Observation<'_, Node>, _: &dyn View<Node>) -> Result<(), String> {
        let Some((_, &Fact::OperationCompleted { op, current, app, .. })) = stated(seen) else { return Ok(()) };
        self.seen = true;
        if current == Some(op) {
            return Ok(());
        }
        let current = current.map_or_else(|| "no operation".to_owned(), |current| current.to_string());
        Err(format!("the completion of {op} is applied to {app}, which has {current}"))
    }

    fn armed(&self) -> bool {
        self.seen
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    #[test]
    fn completing_the_current_operation_is_good() {
        let mut property = FencedCompletion::default();
        assert!(!property.armed());
        assert_eq!(Still::new().tell(&mut property, &[completed(OP, FAILED)]), Ok(()));
        assert!(property.armed());
    }

    #[test]
    fn completing_another_operation_is_bad() {
        let fact = Fact::OperationCompleted { op: OP, current: Some(OP2), app: APP, outcome: Ok(()) };
        let evidence = Still::new().tell(&mut FencedCompletion::default(), &[(DIRECTOR, fact)]).unwrap_err();
        assert_eq!(evidence, "the completion of op-u1.1.0 is applied to a1, which has op-u1.1.1");
    }
}
