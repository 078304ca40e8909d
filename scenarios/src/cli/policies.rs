//! Policies named on the command line.

use quiesce_control::policy::Row;

use super::exit::Refusal;
use crate::choices::Choices;
use crate::planes;
use crate::text::nearest;

/// The choices, if each names a policy of some plane and one of its choices.
pub(super) fn checked(choices: Choices) -> Result<Choices, Refusal> {
    for (policy, choice) in &choices.policies {
        if choice.is_empty() {
            let help = "expected NAME=CHOICE, like not-found=aborts-job";
            return Err(Refusal::Usage { message: "a policy without a choice", help });
        }
        let rows: Vec<&Row> = rows().filter(|row| row.name == policy).collect();
        if rows.is_empty() {
            return Err(unknown("policy", policy, &rows_named(), "`quiesce list policies` shows them all"));
        }
        if !rows.iter().any(|row| [row.reference, row.hardened].contains(&choice.as_str())) {
            let legal: Vec<&str> = rows.iter().flat_map(|row| [row.reference, row.hardened]).collect();
            let hint = format!("choices of `{policy}`: {}", legal.join(", "));
            return Err(unknown("choice", choice, &legal, &hint));
        }
    }
    Ok(choices)
}

fn rows() -> impl Iterator<Item = &'static Row> {
    planes::ALL.into_iter().flat_map(|plane| plane.policies())
}

fn rows_named() -> Vec<&'static str> {
    rows().map(|row| row.name).collect()
}

fn unknown(what: &'static str, found: &str, legal: &[&str], hint: &str) -> Refusal {
    let help = match nearest(found, legal.iter().copied()) {
        Some(word) => format!("did you mean `{word}`? {hint}"),
        None => hint.to_owned(),
    };
    Refusal::Unknown { what, found: found.to_owned(), help }
}
