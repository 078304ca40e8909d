//! Failures of the published systems that no single policy explains, and why each stands.

/// Plane, property, and why no policy of its own answers for it.
const STANDS: &[(&str, &str, &str)] = &[];

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
