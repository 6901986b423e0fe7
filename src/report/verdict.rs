//! What is at the API against what the results say, customer by customer.

use crate::model::Fault;
use crate::plan::Outcome;
use crate::sandbox::{Kind, Resource};
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// The comparison of a sandbox's world with the results of the runs that made it.
#[derive(Debug, Default)]
pub struct Verdict {
    pub customers: usize,
    /// Customers who came to an end of some kind.
    pub complete: usize,
    pub resources: usize,
    /// The same thing made or assigned more than once.
    pub duplicates: Vec<String>,
    /// Things made that belong to nothing.
    pub orphans: Vec<String>,
    /// Things made whose SID no result names.
    pub lost: Vec<String>,
    /// Customers who did not come to an end, with their outcomes.
    pub incomplete: Vec<String>,
}

impl Verdict {
    pub fn is_clean(&self) -> bool {
        self.duplicates.is_empty()
            && self.orphans.is_empty()
            && self.lost.is_empty()
            && self.complete == self.customers
    }
}

/// Compares all that requests made, apart from evaluations, which may be repeated.
///
/// # Errors
/// A results file cannot be read.
pub fn verdict(
    asked_for: &[String],
    world: &[Resource],
    results: &Path,
    numbers: &Path,
) -> Result<Verdict, Fault> {
    let made: Vec<&Resource> = world.iter().filter(|it| !it.seeded && it.kind != Kind::Evaluation).collect();
    let mut named = HashSet::new();
    let mut outcomes = HashMap::new();
    for path in [results, numbers] {
        for row in read(path)? {
            for (column, value) in &row {
                if column.ends_with("_sid") {
                    named.insert(value.clone());
                }
            }
            if let (Some(account), Some(outcome)) = (row.get("subaccount_sid"), row.get("outcome"))
                && path == results
            {
                outcomes.insert(account.clone(), outcome.clone());
            }
        }
    }
    let mut verdict = Verdict { customers: asked_for.len(), resources: made.len(), ..Verdict::default() };
    let ended = [Outcome::Approved, Outcome::Refused, Outcome::Rejected].map(Outcome::word);
    for account in asked_for {
        let outcome = outcomes.get(account).map_or("not in the results", String::as_str);
        match ended.contains(&outcome) {
            true => verdict.complete += 1,
            false => verdict.incomplete.push(format!("{account} {outcome}")),
        }
    }
    let mut seen = HashMap::new();
    let assigned: HashSet<&str> = made.iter().filter_map(|it| it.object_sid.as_deref()).collect();
    let documents: Vec<&str> = made
        .iter()
        .filter(|it| it.kind == Kind::SupportingDocument)
        .filter_map(|it| it.attributes.as_deref())
        .collect();
    // What a customer ended in the middle of may be there without being assigned yet.
    let unfinished = |account: &str| outcomes.get(account).is_none_or(|it| it != Outcome::Approved.word());
    for resource in made {
        let line = format!("{} {:?} {} {}", resource.account_sid, resource.kind, resource.of, resource.sid);
        let is_what =
            (&resource.account_sid, resource.kind, &resource.of, &resource.bundle_sid, &resource.object_sid);
        if let Some(first) = seen.insert(is_what, &resource.sid) {
            verdict.duplicates.push(format!("{line} beside {first}"));
        }
        let belongs = match resource.kind {
            Kind::EndUser | Kind::SupportingDocument | Kind::CustomerProfile => {
                assigned.contains(resource.sid.as_str())
            }
            Kind::Address => documents.iter().any(|it| it.contains(&resource.sid)),
            _ => true,
        };
        if !belongs && !unfinished(&resource.account_sid) {
            verdict.orphans.push(line.clone());
        }
        if !named.contains(&resource.sid) {
            verdict.lost.push(line);
        }
    }
    Ok(verdict)
}

fn read(path: &Path) -> Result<Vec<HashMap<String, String>>, Fault> {
    let rows = csv::Reader::from_path(path).and_then(|mut reader| reader.deserialize().collect());
    rows.map_err(|error| {
        Fault::new(
            format!("{} cannot be read ({error})", path.display()),
            "The runs before it did not get as far as writing it.",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNT: &str = "AC00000000000000000000000000000001";

    fn resource(kind: Kind, sid: &str, of: &str, object: Option<&str>) -> Resource {
        Resource {
            kind,
            sid: sid.to_owned(),
            account_sid: ACCOUNT.to_owned(),
            friendly_name: String::new(),
            of: of.to_owned(),
            bundle_sid: object.map(|_| "BU1".to_owned()),
            object_sid: object.map(str::to_owned),
            status: None,
            attributes: None,
            seeded: false,
            created_ms: 0,
        }
    }

    /// One end user, assigned; results that name both.
    fn clean() -> Vec<Resource> {
        vec![
            resource(Kind::EndUser, "IT1", "business", None),
            resource(Kind::EntityAssignment, "BV1", "business", Some("IT1")),
        ]
    }

    fn judge(world: &[Resource], outcome: &str) -> Verdict {
        let folder = tempfile::tempdir().expect("a folder");
        let (results, numbers) = (folder.path().join("results.csv"), folder.path().join("numbers.csv"));
        let header = "subaccount_sid,outcome,business_information_sid,business_information_assignment_sid";
        std::fs::write(&results, format!("{header}\n{ACCOUNT},{outcome},IT1,BV1\n")).expect("a file");
        std::fs::write(&numbers, "subaccount_sid,outcome\n").expect("a file");
        verdict(&[ACCOUNT.to_owned()], world, &results, &numbers).expect("a verdict")
    }

    #[test]
    fn a_world_that_is_as_the_results_say_is_clean() {
        assert!(judge(&clean(), "approved").is_clean());
    }

    #[test]
    fn a_second_end_user_of_a_type_is_a_duplicate_and_an_orphan_and_lost() {
        let mut world = clean();
        world.push(resource(Kind::EndUser, "IT2", "business", None));
        let verdict = judge(&world, "approved");
        assert_eq!((verdict.duplicates.len(), verdict.orphans.len(), verdict.lost.len()), (1, 1, 1));
        assert!(!verdict.is_clean());
    }

    #[test]
    fn a_second_assignment_of_the_same_object_is_a_duplicate() {
        let mut world = clean();
        world.push(resource(Kind::EntityAssignment, "BV2", "business", Some("IT1")));
        assert_eq!(judge(&world, "approved").duplicates.len(), 1);
    }

    #[test]
    fn a_customer_who_came_to_no_end_is_not_complete() {
        let verdict = judge(&clean(), "unfinished");
        assert_eq!((verdict.complete, verdict.incomplete.len()), (0, 1));
        assert!(!verdict.is_clean());
    }
}
