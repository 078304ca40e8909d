//! Failures of the published systems that no single policy explains, and why each stands.

/// Plane, property, and why no single policy answers for it. All of them are failures that several published choices cause
/// together or one after the other; our policies mend every one.
const STANDS: &[(&str, &str, &str)] = &[
    (
        "xaction",
        "finished-means-every-target-finished",
        "a member that speaks for itself alone (`verdict`), a map that one primary changes alone \
         (`primary-quorum`) and a part that goes with its target (`map-change`, `decommission-end`) each let a \
         job end \
         too early, each in its own way. All have a policy; the scenarios of swarms need several at once.",
    ),
    (
        "xaction",
        "ic-tables-converge",
        "beside what is told and how copies are joined, members differ for as long as they go by different \
         maps: a primary that needs nobody (`primary-quorum`) and one that does not yield (`foreign-primary`) \
         keep two of them. Random faults meet several of these policies in one run.",
    ),
    (
        "xaction",
        "maps-converge",
        "a map that a primary changes alone (`primary-quorum`) and a primary that refuses the later map \
         (`foreign-primary`) each keep two maps in force for ever, so either one published suffices. \
         `electorate` is the policy that names the property, for a third way.",
    ),
    (
        "xaction",
        "no-abort-without-cause",
        "targets that a lone primary leaves out of the map (`primary-quorum`) lose their parts without a \
         fault of theirs, and a member tells so alone (`verdict`); the policies that name the property are \
         about starts and pulls.",
    ),
    (
        "xaction",
        "waits-return",
        "with two primaries there are two Information Centers (`primary-quorum`, `ic-staffing`), and a client \
         that asks the wrong one is told that there is no such job. The policies that name the property mend \
         what happens within one.",
    ),
    (
        "operation",
        "accepted-operations-terminate",
        "an operation whose record and row part company (`schedule`) never ends if the record is collected \
         (`collection`), a controller waits for a write of its own (`own-writes`), or nobody tells it that \
         the application is ready (`readiness`). The policies that name the property are about other ways to \
         hang.",
    ),
    (
        "operation",
        "effect-only-if-committed",
        "a controller that has not seen its own write (`own-writes`), or does not hear that the application \
         is ready (`readiness`), calls the webhook of what the director has given up since; two transactions \
         that share a row (`row-read`) give up each other's.",
    ),
    (
        "operation",
        "failure-means-not-done",
        "a controller that does not know its own write (`own-writes`) reports a time-out for what it has \
         already called, and says more than it knows (`timeout-claim`): both have to go.",
    ),
    (
        "operation",
        "readiness-agrees",
        "record and row disagree on the end where readiness is hidden (`readiness`) or a controller goes by \
         what it read before its own write (`own-writes`). No policy names the property, for no scenario \
         needs it to be caught.",
    ),
    (
        "operation",
        "timeout-implies-attempt",
        "a replica that has not seen its own write (`own-writes`) takes a call that it made for one that was \
         never made; `attempt` demands a call of those who know.",
    ),
    (
        "operation",
        "definitive-failure-stops",
        "a failure that was heard is forgotten like a success (`outcome`): the job is polled anew until its \
         time is up. `failure-text` alone makes the failure final where it is heard, and both are needed \
         where the director is out of reach just then.",
    ),
    (
        "operation",
        "fenced-completion",
        "a record that is written before the commit (`schedule`) lets an operation complete that has no row, \
         so that there is nothing to compare with: `completion` and `schedule` mend it together, or those \
         that keep the late call from being made.",
    ),
    (
        "operation",
        "terminal-is-absorbing",
        "a controller calls again after the end because it replays (`ended`), because it does not know its \
         own write (`own-writes`), because readiness does not end the record (`readiness`), or because the \
         director ran something that its row does not have (`schedule`, `completion`). Each has its policy, \
         and bad networks meet all of them.",
    ),
    (
        "volume",
        "ack-means-met",
        "parts on a node that is down when the volume goes can neither be waited for (`volume-delete`) nor \
         told apart later (`ownership`): the deletion is acknowledged truthfully only with both.",
    ),
    (
        "volume",
        "clean",
        "a write that is taken for failed (`unknown-write`) is undone in memory while its late copy still \
         lands (`write-guard`): the store and the leader's memory agree only with both.",
    ),
    (
        "volume",
        "error-no-effect",
        "an error that is told for an unanswered write (`unknown-write`), and its copy that lands after the \
         undoing (`write-guard`), each leave an effect behind the error.",
    ),
    (
        "volume",
        "monotone",
        "what is gone comes back by a late copy of a write (`write-guard`), by a late copy of a request \
         (`repeated-request`), or by a write that is undone too early (`unknown-write`); any one of them \
         suffices.",
    ),
];

/// Why an unexplained failure of that property stands; none if nobody has looked at it.
#[must_use]
pub fn stands(plane: &str, property: &str) -> Option<&'static str> {
    STANDS.iter().find(|(known, name, _)| (*known, *name) == (plane, property)).map(|(_, _, why)| *why)
}

/// Every failure of which it is said why it stands: plane and property.
pub fn said() -> impl Iterator<Item = (&'static str, &'static str)> {
    STANDS.iter().map(|&(plane, property, _)| (plane, property))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planes;

    #[test]
    fn what_stands_is_a_property_of_a_plane_and_is_said_once() {
        for (plane, property) in said() {
            let known = planes::ALL.into_iter().find(|known| known.name() == plane).expect("a plane");
            assert!(known.properties().iter().any(|(name, _)| *name == property), "{plane} has no {property}");
            assert_eq!(said().filter(|other| *other == (plane, property)).count(), 1, "{plane} {property}");
        }
    }
}
