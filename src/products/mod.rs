//! The products that a customer can be onboarded to, one file each. A new product is one more file, a line
//! in the list below, and the columns that it needs.

mod cnam;
mod profile;
mod shaken_stir;
mod voice_integrity;

pub use cnam::CNAM;
pub use profile::PROFILE;
pub use shaken_stir::SHAKEN_STIR;
pub use voice_integrity::VOICE_INTEGRITY;

use crate::flow::{Flow, Form};
use crate::model::{Customer, Product};

/// Everything that can be onboarded to.
pub static FLOW: Flow = Flow {
    account: &profile::ACCOUNT,
    discovery: &profile::DISCOVERY,
    phone_numbers: &profile::PHONE_NUMBERS,
    primary_link: &profile::PRIMARY_PROFILE_ASSIGNMENT,
    profile: &PROFILE,
    products: &[&VOICE_INTEGRITY, &SHAKEN_STIR, &CNAM],
};

/// What rows can ask for, in the order in which it is worked on.
pub fn known() -> Vec<&'static Product> {
    FLOW.products.iter().filter_map(|bundle| bundle.product).collect()
}

fn always(_: &Customer) -> bool {
    true
}

/// What every bundle takes from the row besides its name.
fn bundle_content(customer: &Customer) -> Form {
    let mut form = vec![("Email", customer.email.clone())];
    form.extend(customer.status_callback.as_ref().map(|url| ("StatusCallback", url.clone())));
    form
}

/// A JSON object as the API takes it: the text of one form field.
fn attributes(value: &impl serde::Serialize) -> String {
    // Structs of strings always serialise; an empty object would be refused by the evaluation.
    serde_json::to_string(value).unwrap_or_else(|_| "{}".to_owned())
}

#[cfg(test)]
mod tests {
    use super::FLOW;
    use std::collections::HashSet;

    #[test]
    fn every_step_is_found_by_its_public_name_and_names_its_own_bundle() {
        let mut names = HashSet::new();
        for step in FLOW.steps() {
            assert!(names.insert(step.name), "{step} stands twice");
            assert_eq!(FLOW.step(step.name), Some(step));
        }
        for bundle in FLOW.bundles() {
            assert!(bundle.all_steps().all(|step| step.bundle == bundle), "{bundle:?}");
        }
        assert_eq!(FLOW.step("no_such_step"), None);
    }
}
