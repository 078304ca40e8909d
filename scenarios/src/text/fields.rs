//! Tables and values of a TOML text, read by what they should be.

use std::ops::{Range, RangeInclusive};
use std::time::Duration;

use quiesce_sim::{Ratio, RatioError};
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::{Mistake, parse_duration};

/// What was read, or a mistake with its place.
pub type Read<T> = Result<T, Misread>;

/// A mistake and the bytes of the text that make it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misread {
    /// What is wrong.
    pub mistake: Mistake,
    /// Where, in bytes of the text.
    pub span: Range<usize>,
}

/// A table whose keys are known to be legal.
#[derive(Clone, Debug)]
pub struct Fields<'t> {
    place: String,
    table: &'t DeTable<'t>,
    span: Range<usize>,
}

impl<'t> Fields<'t> {
    /// A table that may hold the keys of `legal`; `place` names it in errors.
    ///
    /// # Errors
    /// At its first key in the text that is not legal.
    pub fn new(place: impl Into<String>, table: &'t DeTable<'t>, span: Range<usize>, legal: &[&str]) -> Read<Self> {
        let place = place.into();
        let unknown = table.keys().filter(|key| !legal.contains(&key.get_ref().as_ref()));
        match unknown.min_by_key(|key| key.span().start) {
            None => Ok(Fields { place, table, span }),
            Some(key) => {
                let (found, legal) = (key.get_ref().to_string(), owned(legal));
                Err(Misread { mistake: Mistake::UnknownKey { place, found, legal }, span: key.span() })
            }
        }
    }

    /// The value under a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Value<'t>> {
        let (key, value) = self.table.get_key_value(key)?;
        Some(Value::new(key.get_ref(), key.span(), value))
    }

    /// The value under a key that must be there; `expected` says what it would be.
    ///
    /// # Errors
    /// When it is not, at the table.
    pub fn need(&self, key: &'static str, expected: &'static str) -> Read<Value<'t>> {
        let missing = || Mistake::MissingKey { place: self.place.clone(), key, expected };
        self.get(key).ok_or_else(|| self.misread(missing()))
    }

    /// Every key with its value, in the order of the text.
    #[must_use]
    pub fn all(&self) -> Vec<Value<'t>> {
        let mut all: Vec<_> =
            self.table.iter().map(|(key, value)| Value::new(key.get_ref(), key.span(), value)).collect();
        all.sort_by_key(|value| value.key_span.start);
        all
    }

    /// A mistake of the table as a whole.
    #[must_use]
    pub fn misread(&self, mistake: Mistake) -> Misread {
        Misread { mistake, span: self.span.clone() }
    }
}

/// A value with its key and both their places.
#[derive(Clone, Debug)]
pub struct Value<'t> {
    key: &'t str,
    key_span: Range<usize>,
    span: Range<usize>,
    value: &'t DeValue<'t>,
}

impl<'t> Value<'t> {
    fn new(key: &'t str, key_span: Range<usize>, value: &'t Spanned<DeValue<'t>>) -> Self {
        Value { key, key_span, span: value.span(), value: value.get_ref() }
    }

    /// The key it stands under; for an element of a list, the list's.
    #[must_use]
    pub fn key(&self) -> &'t str {
        self.key
    }

    /// A mistake of this value.
    #[must_use]
    pub fn misread(&self, mistake: Mistake) -> Misread {
        Misread { mistake, span: self.span.clone() }
    }

    /// A mistake of this value's key.
    #[must_use]
    pub fn misread_key(&self, mistake: Mistake) -> Misread {
        Misread { mistake, span: self.key_span.clone() }
    }

    /// A text.
    ///
    /// # Errors
    /// When it is of another type.
    pub fn text(&self) -> Read<&'t str> {
        self.text_as("a text in quotes")
    }

    /// `true` or `false`.
    ///
    /// # Errors
    /// When it is of another type.
    pub fn flag(&self) -> Read<bool> {
        self.value.as_bool().ok_or_else(|| self.wrong_type("true or false"))
    }

    /// A whole number within a range.
    ///
    /// # Errors
    /// When it is of another type or out of range.
    pub fn count(&self, range: RangeInclusive<u64>) -> Read<u64> {
        let integer = self.value.as_integer().ok_or_else(|| self.wrong_type("a whole number"))?;
        let number = i128::from_str_radix(integer.as_str(), integer.radix()).ok();
        let number = number.and_then(|number| u64::try_from(number).ok());
        number.filter(|number| range.contains(number)).ok_or_else(|| {
            let (least, most, found) = (*range.start(), *range.end(), integer.as_str().to_owned());
            self.misread(Mistake::OutOfRange { key: self.key.to_owned(), least, most, found })
        })
    }

    /// A duration: `"250ms"`.
    ///
    /// # Errors
    /// When it is of another type, negative, or no duration.
    pub fn duration(&self) -> Read<Duration> {
        parse_duration(self.text_as("a duration like \"250ms\"")?).map_err(|mistake| self.misread(mistake))
    }

    /// A ratio between 0 and 1: `"1/100"`.
    ///
    /// # Errors
    /// When it is of another type, no ratio, or more than 1.
    pub fn ratio(&self) -> Read<Ratio> {
        let text = self.text_as("a ratio like \"1/100\"")?;
        text.parse().map_err(|error: RatioError| self.misread(Mistake::BadRatio(error)))
    }

    /// A name in kebab case: what stands in commands and file names.
    ///
    /// # Errors
    /// When it is of another type, empty, longer than 64, or has other letters than a-z, 0-9 and `-`.
    pub fn name(&self) -> Read<&'t str> {
        parse_name(self.text()?).map_err(|mistake| self.misread(mistake))
    }

    /// A word out of a list of legal ones; `what` says what it names.
    ///
    /// # Errors
    /// When it is of another type or not in the list.
    pub fn word<'w>(&self, what: &'static str, legal: impl IntoIterator<Item = &'w str>) -> Read<&'t str> {
        let found = self.text()?;
        let legal: Vec<&str> = legal.into_iter().collect();
        if legal.contains(&found) {
            return Ok(found);
        }
        let legal = legal.into_iter().map(str::to_owned).collect();
        Err(self.misread(Mistake::UnknownWord { what, found: found.to_owned(), legal }))
    }

    /// A list.
    ///
    /// # Errors
    /// When it is of another type.
    pub fn list(&self) -> Read<Vec<Value<'t>>> {
        let array: &DeArray<'_> = self.value.as_array().ok_or_else(|| self.wrong_type("a list in [ ]"))?;
        Ok(array.iter().map(|item| Value::new(self.key, self.key_span.clone(), item)).collect())
    }

    /// Whether it is a list.
    #[must_use]
    pub fn is_list(&self) -> bool {
        self.value.is_array()
    }

    /// Whether it is a table.
    #[must_use]
    pub fn is_table(&self) -> bool {
        self.value.is_table()
    }

    /// A table whose keys are all in `legal`; `place` names it in errors.
    ///
    /// # Errors
    /// When it is of another type or has another key.
    pub fn table(&self, place: impl Into<String>, legal: &[&str]) -> Read<Fields<'t>> {
        Fields::new(place, self.as_table()?, self.span.clone(), legal)
    }

    /// A table whose keys are names, each checked by its reader.
    ///
    /// # Errors
    /// When it is of another type.
    pub fn names(&self) -> Read<Vec<Value<'t>>> {
        let fields = Fields { place: String::new(), table: self.as_table()?, span: self.span.clone() };
        Ok(fields.all())
    }

    /// Refuses a key that is not in `legal`; `what` says what it should name.
    ///
    /// # Errors
    /// When it is not.
    pub fn key_word<'w>(&self, what: &'static str, legal: impl IntoIterator<Item = &'w str>) -> Read<&'t str> {
        let legal: Vec<&str> = legal.into_iter().collect();
        if legal.contains(&self.key) {
            return Ok(self.key);
        }
        let legal = legal.into_iter().map(str::to_owned).collect();
        Err(self.misread_key(Mistake::UnknownWord { what, found: self.key.to_owned(), legal }))
    }

    fn as_table(&self) -> Read<&'t DeTable<'t>> {
        self.value.as_table().ok_or_else(|| self.wrong_type("a table in { }"))
    }

    fn text_as(&self, expected: &'static str) -> Read<&'t str> {
        self.value.as_str().ok_or_else(|| self.wrong_type(expected))
    }

    fn wrong_type(&self, expected: &'static str) -> Misread {
        let found = match self.value {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a number with a point",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.misread(Mistake::WrongType { key: self.key.to_owned(), expected, found })
    }
}

/// A name in kebab case: 1 to 64 of a-z, 0-9 and `-`, the first no `-`.
///
/// # Errors
/// When the text is none.
pub fn parse_name(text: &str) -> Result<&str, Mistake> {
    let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let fits = (1..=64).contains(&text.len()) && text.bytes().all(legal) && !text.starts_with('-');
    if fits { Ok(text) } else { Err(Mistake::BadName(text.to_owned())) }
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}
