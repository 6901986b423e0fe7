//! What is at the API against what the results say, customer by customer.

use super::expected::Expected;
use crate::facts::Outcome;
use crate::flow::BundleStatus;
use crate::model::Fault;
use crate::sandbox::{Kind, Resource};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

/// The comparison of a sandbox's world with the results of the runs that made it.
#[derive(Debug, Default)]
pub struct Verdict {
    pub customers: usize,
    /// Customers who came to an end of some kind.
    pub complete: usize,
    /// Those of them with everything at the API that their row asks for, approved.
    pub approved: usize,
    pub resources: usize,
    /// The same thing made or assigned more than once.
    pub duplicates: Vec<String>,
    /// Things made that belong to nothing.
    pub orphans: Vec<String>,
    /// Things made whose SID no result names.
    pub lost: Vec<String>,
    /// SIDs in the results that are not at the API.
    pub invented: Vec<String>,
    /// Customers who are not as their row and the results say, with everything that is wrong.
    pub unclean: BTreeMap<String, Vec<String>>,
    /// Customers who were refused or rejected, with the step and its code: an end, but not the one that
    /// the sheet asks for.
    pub turned_down: Vec<String>,
}

impl Verdict {
    /// Nothing twice, nothing lost, all as the rows say, and at least one customer came through.
    pub fn is_clean(&self) -> bool {
        self.duplicates.is_empty()
            && self.orphans.is_empty()
            && self.lost.is_empty()
            && self.invented.is_empty()
            && self.unclean.is_empty()
            && self.complete == self.customers
            && self.approved > 0
    }
}

/// Compares all that requests made, apart from evaluations, which may be repeated.
///
/// # Errors
/// A results file cannot be read.
pub fn verdict(
    expected: &[Expected],
    world: &[Resource],
    results: &Path,
    numbers: &Path,
) -> Result<Verdict, Fault> {
    let made: Vec<&Resource> = world.iter().filter(|it| !it.seeded && it.kind != Kind::Evaluation).collect();
    let there: HashMap<&str, &Resource> = world.iter().map(|it| (it.sid.as_str(), it)).collect();
    let mut verdict = Verdict { customers: expected.len(), resources: made.len(), ..Verdict::default() };
    let mut named = HashSet::new();
    let (rows, number_rows) = (read(results)?, read(numbers)?);
    for (column, sid) in rows.iter().chain(&number_rows).flatten() {
        // Accounts and phone numbers are not made by requests.
        let is_made = column.ends_with("_sid") && column != "subaccount_sid" && column != "phone_number_sid";
        if !is_made || sid.is_empty() {
            continue;
        }
        if !there.contains_key(sid.as_str()) {
            verdict.invented.push(format!("{column} {sid}"));
        }
        named.insert(sid.as_str());
    }
    let rows: HashMap<&str, &Row> =
        rows.iter().filter_map(|row| Some((row.get("subaccount_sid")?.as_str(), row))).collect();
    let mut unclean: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for customer in expected {
        let row = rows.get(customer.account.as_str()).copied();
        let outcome = row.map_or("not in the results", |row| cell(row, "outcome"));
        let mut wrong = vec![];
        if outcome == Outcome::Approved.word() {
            verdict.complete += 1;
            wrong.extend(customer.differences(&made));
            wrong.extend(customer.other_content(&made));
            wrong.extend(row.into_iter().flat_map(|row| statuses(row, &customer.bundles, &there)));
            verdict.approved += usize::from(wrong.is_empty());
        } else if [Outcome::Refused, Outcome::Rejected].iter().any(|it| it.word() == outcome) {
            verdict.complete += 1;
            let why = row.map_or_else(String::new, |row| {
                ["failed_step", "http_status", "error_code", "hint"].map(|it| cell(row, it)).join(" ")
            });
            verdict.turned_down.push(format!("{} {outcome}: {}", customer.account, why.trim()));
        } else {
            wrong.push(outcome.to_owned());
        }
        if !wrong.is_empty() {
            unclean.insert(customer.account.clone(), wrong);
        }
    }
    let mut seen = HashMap::new();
    let assigned: HashSet<&str> = made.iter().filter_map(|it| it.object_sid.as_deref()).collect();
    let documents: Vec<&str> = made
        .iter()
        .filter(|it| it.kind == Kind::SupportingDocument)
        .filter_map(|it| it.attributes.as_deref())
        .collect();
    for resource in made {
        let line = format!("{} {:?} {} {}", resource.account_sid, resource.kind, resource.of, resource.sid);
        let is_what =
            (&resource.account_sid, resource.kind, &resource.of, &resource.bundle_sid, &resource.object_sid);
        let is_named = named.contains(resource.sid.as_str());
        let mut wrong = vec![];
        if let Some(first) = seen.insert(is_what, &resource.sid) {
            wrong.push("a duplicate");
            verdict.duplicates.push(format!("{line} beside {first}"));
        }
        let belongs = match resource.kind {
            Kind::EndUser | Kind::SupportingDocument | Kind::CustomerProfile => {
                assigned.contains(resource.sid.as_str())
            }
            Kind::Address => documents.iter().any(|it| it.contains(&resource.sid)),
            _ => true,
        };
        // What a customer ended in the middle of may be there without being assigned yet: the next run
        // goes on with what its results name.
        let row = rows.get(resource.account_sid.as_str());
        let is_approved = row.is_some_and(|row| cell(row, "outcome") == Outcome::Approved.word());
        if !belongs && (is_approved || !is_named) {
            wrong.push("an orphan");
            verdict.orphans.push(line.clone());
        }
        if !is_named {
            wrong.push("lost");
            verdict.lost.push(line);
        }
        if !wrong.is_empty() {
            let what = format!("{:?} {}: {}", resource.kind, resource.sid, wrong.join(", "));
            unclean.entry(resource.account_sid.clone()).or_default().push(what);
        }
    }
    verdict.unclean = unclean;
    Ok(verdict)
}

/// Whether the bundles of an approved customer are so at the API too, and stand so in the results.
fn statuses(row: &Row, bundles: &[&str], there: &HashMap<&str, &Resource>) -> Vec<String> {
    let mut wrong = vec![];
    for bundle in bundles {
        let is_bundle = |it: &&&Resource| matches!(it.kind, Kind::CustomerProfile | Kind::TrustProduct);
        let at_the_api = there.get(cell(row, &format!("{bundle}_sid"))).filter(is_bundle);
        let at_the_api = at_the_api.and_then(|it| it.status.as_deref()).unwrap_or("not there");
        let in_results = cell(row, &format!("{bundle}_status"));
        let approved = BundleStatus::TwilioApproved.word();
        if at_the_api != approved || in_results != approved {
            wrong.push(format!("{bundle} is {at_the_api} at the API and {in_results:?} in the results"));
        }
    }
    wrong
}

type Row = HashMap<String, String>;

fn cell<'a>(row: &'a Row, column: &str) -> &'a str {
    row.get(column).map_or("", String::as_str)
}

fn read(path: &Path) -> Result<Vec<Row>, Fault> {
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
            status: matches!(kind, Kind::CustomerProfile | Kind::TrustProduct)
                .then(|| "twilio-approved".to_owned()),
            attributes: None,
            email: None,
            status_callback: None,
            seeded: false,
            created_ms: 0,
        }
    }

    /// A small customer: a profile with one end user on a product.
    fn clean() -> Vec<Resource> {
        vec![
            resource(Kind::CustomerProfile, "BU1", "RN1", None),
            resource(Kind::TrustProduct, "BU2", "RN2", None),
            resource(Kind::EndUser, "IT1", "business", None),
            resource(Kind::EntityAssignment, "BV1", "business", Some("IT1")),
            resource(Kind::EntityAssignment, "BV2", "profile", Some("BU1")),
        ]
    }

    fn expected() -> Expected {
        let made = clean().into_iter().map(|it| {
            let of = if matches!(it.kind, Kind::CustomerProfile | Kind::TrustProduct) {
                String::new()
            } else {
                it.of
            };
            (it.kind, of)
        });
        Expected::counting(ACCOUNT, made)
    }

    fn judge(world: &[Resource], outcome: &str) -> Verdict {
        let folder = tempfile::tempdir().expect("a folder");
        let (results, numbers) = (folder.path().join("results.csv"), folder.path().join("numbers.csv"));
        let header = "subaccount_sid,outcome,customer_profile_sid,customer_profile_status,trust_product_sid,\
                      trust_product_status,business_information_sid,business_information_assignment_sid,\
                      customer_profile_assignment_sid,failed_step";
        let row = format!(
            "{ACCOUNT},{outcome},BU1,twilio-approved,BU2,twilio-approved,IT1,BV1,BV2,customer_profile"
        );
        std::fs::write(&results, format!("{header}\n{row}\n")).expect("a file");
        std::fs::write(&numbers, "subaccount_sid,phone_number_sid\n").expect("a file");
        verdict(&[expected()], world, &results, &numbers).expect("a verdict")
    }

    #[test]
    fn a_world_that_is_as_the_results_say_is_clean() {
        let verdict = judge(&clean(), "approved");
        assert!(verdict.is_clean(), "{verdict:?}");
    }

    #[test]
    fn a_second_end_user_of_a_type_is_a_duplicate_and_an_orphan_and_lost() {
        let mut world = clean();
        world.push(resource(Kind::EndUser, "IT2", "business", None));
        let verdict = judge(&world, "approved");
        assert_eq!((verdict.duplicates.len(), verdict.orphans.len(), verdict.lost.len()), (1, 1, 1));
        assert!(verdict.unclean.contains_key(ACCOUNT) && !verdict.is_clean());
    }

    #[test]
    fn an_orphan_of_a_customer_who_was_refused_counts_too() {
        let mut world = clean();
        world.push(resource(Kind::EndUser, "IT2", "other", None));
        let verdict = judge(&world, "refused");
        assert_eq!((verdict.orphans.len(), verdict.lost.len()), (1, 1));
    }

    #[test]
    fn a_second_assignment_of_the_same_object_is_a_duplicate() {
        let mut world = clean();
        world.push(resource(Kind::EntityAssignment, "BV3", "business", Some("IT1")));
        assert_eq!(judge(&world, "approved").duplicates.len(), 1);
    }

    #[test]
    fn an_approval_that_is_only_a_word_is_not_believed() {
        for gone in 0..clean().len() {
            let mut world = clean();
            let gone = world.remove(gone);
            let verdict = judge(&world, "approved");
            assert_eq!((verdict.approved, verdict.invented.len()), (0, 1), "without {gone:?}");
            assert!(!verdict.unclean[ACCOUNT].is_empty() && !verdict.is_clean(), "without {gone:?}");
        }
        let mut world = clean();
        world[1].status = Some("draft".to_owned());
        let verdict = judge(&world, "approved");
        assert!(verdict.unclean[ACCOUNT][0].contains("trust_product is draft"), "{verdict:?}");
    }

    #[test]
    fn a_customer_who_came_to_no_end_is_not_complete() {
        let verdict = judge(&clean(), "unfinished");
        assert_eq!((verdict.complete, verdict.unclean.len()), (0, 1));
        assert!(!verdict.is_clean());
    }

    #[test]
    fn a_rehearsal_in_which_every_row_is_refused_says_so_and_is_not_clean() {
        let verdict = judge(&clean(), "refused");
        assert_eq!((verdict.complete, verdict.approved), (1, 0));
        assert!(verdict.turned_down[0].contains("refused: customer_profile") && !verdict.is_clean());
    }
}
