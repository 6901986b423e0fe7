//! Which columns a step takes its content from.

use crate::flow::{Object, StepId, Verb};
use crate::model::Customer;
use crate::model::column::COLUMNS;

/// The columns whose values a step sends, in the order in which it sends them.
pub fn columns_of(step: StepId, customer: &Customer) -> Vec<&'static str> {
    match step.verb {
        Verb::Create(resource) => {
            // Only the names count: any SID does for the one that it may name.
            let form = (resource.content)(customer, Some(&customer.subaccount));
            let form_is_gone = form.is_none();
            let mut fields = vec!["FriendlyName".to_owned()];
            for (name, value) in form.unwrap_or_default() {
                match (name, serde_json::from_str::<serde_json::Map<_, _>>(&value)) {
                    ("Attributes", Ok(attributes)) => fields.extend(attributes.into_iter().map(|it| it.0)),
                    _ => fields.push(name.to_owned()),
                }
            }
            let mut columns: Vec<&'static str> =
                fields.iter().filter_map(|field| column(step, field)).collect();
            // A name that was left out is that of the business.
            if customer.friendly_name == customer.business.name && !columns.contains(&"business_name") {
                columns.insert(1, "business_name");
            }
            if form_is_gone {
                // The row asks for it no more: what it was taken from.
                columns.extend(COLUMNS.iter().map(|it| it.name).filter(|it| it.starts_with(step.name)));
            }
            if step.creates_its_bundle() && !columns.contains(&"status_callback") {
                columns.push("status_callback");
            }
            columns
        }
        Verb::Assign(Object::MadeBy(made_by)) if made_by.creates_its_bundle() => vec![made_by.bundle.column],
        Verb::Assign(Object::MadeBy(made_by)) => columns_of(made_by, customer),
        Verb::Assign(Object::PrimaryProfile) => vec!["primary_profile_sid"],
        Verb::AssignNumbers | Verb::ResolveNumbers => vec!["phone_numbers"],
        Verb::CheckAddress => vec!["address_sid"],
        Verb::CheckAccount => vec!["subaccount_sid"],
        Verb::Discover | Verb::Evaluate | Verb::Submit | Verb::Review => vec![],
    }
}

/// The column of a parameter or attribute: it has Twilio's name, or that and the name of its step.
fn column(step: StepId, field: &str) -> Option<&'static str> {
    let mut name = String::new();
    for letter in field.chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    // An address is that of the business.
    if name == "customer_name" {
        name = "business_name".to_owned();
    }
    let of_the_step = format!("{}_{name}", step.name);
    let find = |name: &str| COLUMNS.iter().find(|it| it.name == name).map(|it| it.name);
    find(&of_the_step).or_else(|| find(&name))
}
