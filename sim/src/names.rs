//! The names of a plan's processes.

use std::ops::Index;

/// Names by place, in one piece of memory: a cluster of 100,000 has as many.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    text: String,
    /// Where each name ends in the text.
    ends: Vec<u32>,
}

impl Names {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The name at a place; none behind the last.
    #[must_use]
    pub fn get(&self, place: usize) -> Option<&str> {
        let end = *self.ends.get(place)?;
        let begin = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        Some(&self.text[begin as usize..end as usize])
    }

    /// The names in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.len()).map(|place| &self[place])
    }

    /// The place of a name.
    #[must_use]
    pub fn place(&self, name: &str) -> Option<usize> {
        self.iter().position(|known| known == name)
    }

    /// Each as a string of its own.
    #[must_use]
    pub fn to_vec(&self) -> Vec<String> {
        self.iter().map(str::to_owned).collect()
    }
}

impl Index<usize> for Names {
    type Output = str;

    /// # Panics
    /// When there are not so many.
    fn index(&self, place: usize) -> &str {
        self.get(place).unwrap_or_else(|| panic!("name {place} of {}", self.len()))
    }
}

impl<S: AsRef<str>> FromIterator<S> for Names {
    /// # Panics
    /// When together they are longer than 2^32 bytes.
    fn from_iter<I: IntoIterator<Item = S>>(names: I) -> Self {
        let mut collected = Names::default();
        for name in names {
            collected.text.push_str(name.as_ref());
            collected.ends.push(u32::try_from(collected.text.len()).expect("names of at most 2^32 bytes"));
        }
        collected
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_as_they_went_in() {
        let names: Names = ["p1", "", "target-2", "ü"].into_iter().collect();
        assert_eq!(names.to_vec(), ["p1", "", "target-2", "ü"]);
        assert_eq!((names.len(), &names[2], names.get(4)), (4, "target-2", None));
        assert_eq!((names.place("ü"), names.place("p")), (Some(3), None));
    }

    #[test]
    #[should_panic(expected = "name 1 of 1")]
    fn a_place_behind_the_last_has_no_name() {
        let _ = &["a"].into_iter().collect::<Names>()[1];
    }
}
