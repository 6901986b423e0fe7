//! From what the API shows back to the columns of the sheet.
//!
//! How a column becomes a parameter or an attribute is said once, by the products. Which column a value has come from
//! is found by putting together the requests of a row whose cells hold the names of their own columns: where a name
//! comes out, there the column goes in.

use super::resources::Found;
use crate::check::{Cells, Products, Rules};
use crate::flow::{BundleId, Flow, Form, Resource, Verb};
use crate::model::column::COLUMNS;
use crate::model::{Column, Product, Sid};
use crate::sheet::template::Template;
use serde_json::{Map, Value};

/// Which columns each resource of the flow holds.
pub struct Columns {
    /// The headers of the sheet, in order.
    pub headers: Vec<&'static str>,
    /// The types of what is assigned to bundles.
    pub kinds: Vec<&'static str>,
    of: Vec<(&'static Resource, Vec<Place>)>,
}

/// Where a value of a resource belongs.
pub struct Place {
    pub from: From,
    pub column: Column,
}

/// Where a value stands in an answer.
pub enum From {
    /// A parameter of its own, by the name that requests give it.
    Parameter(&'static str),
    /// A key of `attributes`.
    Attribute(String),
}

impl Columns {
    pub fn new(flow: &Flow) -> Columns {
        let known: Vec<&'static Product> = flow.products.iter().filter_map(|bundle| bundle.product).collect();
        let headers = Template { known: &known, wanted: &known }.headers();
        let resources: Vec<&'static Resource> = flow.bundles().flat_map(resources_of).collect();
        let fixed = resources.iter().flat_map(|resource| resource.fixed);
        let kinds = fixed.filter(|it| it.0 == "Type").map(|it| it.1).collect();
        let of =
            resources.into_iter().map(|resource| (resource, places(resource, &headers, &known))).collect();
        Columns { headers, kinds, of }
    }

    /// Which columns a resource holds.
    pub fn of(&self, resource: &'static Resource) -> &[Place] {
        let found = self.of.iter().find(|it| std::ptr::eq(it.0, resource));
        found.map_or(&[], |it| it.1.as_slice())
    }

    /// The place of a column in a row.
    pub fn at(&self, name: &str) -> Option<usize> {
        self.headers.iter().position(|header| *header == name)
    }
}

impl Place {
    /// What an answer has there, as the cell of a sheet.
    pub fn value(&self, found: &Found) -> String {
        let text = self.as_shown(found);
        match self.column {
            // Several values go out with a comma between them, and stand in a cell as the template shows it.
            Column::BusinessRegionsOfOperation | Column::SocialMediaProfileUrls => {
                text.split(',').map(str::trim).collect::<Vec<_>>().join("; ")
            }
            _ => text,
        }
    }

    fn as_shown(&self, found: &Found) -> String {
        match &self.from {
            From::Parameter(name) => found.item.field(name).unwrap_or_default().to_owned(),
            From::Attribute(key) => {
                in_a_cell(found.item.attributes.as_ref().and_then(|it| it.get(key)).unwrap_or(&Value::Null))
            }
        }
    }
}

/// What a bundle is made of.
pub fn resources_of(bundle: BundleId) -> impl Iterator<Item = &'static Resource> {
    bundle.all_steps().filter_map(|step| match step.verb {
        Verb::Create(resource) => Some(resource),
        _ => None,
    })
}

/// Everything is sent as text; what others have made may hold numbers and lists.
fn in_a_cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(several) => several.iter().map(in_a_cell).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

fn places(resource: &'static Resource, headers: &[&str], known: &[&'static Product]) -> Vec<Place> {
    let mut places = vec![];
    for (name, value) in form_of_names(resource, headers, known) {
        if name != "Attributes" {
            places.extend(Column::named(&value).map(|column| Place { from: From::Parameter(name), column }));
            continue;
        }
        let attributes: Map<String, Value> = serde_json::from_str(&value).unwrap_or_default();
        for (key, value) in attributes {
            let column = value.as_str().and_then(Column::named);
            places.extend(column.map(|column| Place { from: From::Attribute(key), column }));
        }
    }
    // What is the same for every row may have a column too, in which other values are wrong.
    let fixed = resource.fixed.iter().map(|it| it.0);
    places.extend(
        fixed.filter_map(|name| Some(Place { from: From::Parameter(name), column: Column::named(name)? })),
    );
    places
}

/// The request for a resource whose row holds in each cell the name of its column.
fn form_of_names(resource: &Resource, headers: &[&str], known: &[&'static Product]) -> Form {
    let products = Products { known: known.to_vec(), wanted: known.to_vec() };
    let accept = COLUMNS.iter().map(|spec| (spec.column, spec.name.to_owned())).collect();
    let row = Cells::new(headers, Rules { products, accept, ..Rules::default() });
    let cells: Vec<String> = headers.iter().map(|header| cell_of_names(header)).collect();
    let customer = row.check(&cells).customer;
    // A request that needs the SID of another resource is put together with any.
    let any = Sid::parse(ANY_SID);
    customer.and_then(|customer| (resource.content)(&customer, any.as_ref())).unwrap_or_default()
}

const ANY_SID: &str = "AC00000000000000000000000000000000";

/// The name of the column, where any text can be accepted.
fn cell_of_names(header: &str) -> String {
    match Column::named(header) {
        Some(Column::SubaccountSid) => ANY_SID.to_owned(),
        Some(Column::PhoneNumbers) => "all".to_owned(),
        Some(Column::Products) | None => String::new(),
        Some(column) if column.name().ends_with("_sid") => String::new(),
        Some(column) => column.name().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::products::FLOW;
    use std::collections::BTreeSet;

    #[test]
    fn every_column_that_is_sent_is_found_again() {
        let columns = Columns::new(&FLOW);
        let found: BTreeSet<&str> =
            columns.of.iter().flat_map(|it| &it.1).map(|place| place.column.name()).collect();
        // What names something that is there, or is no content of a request.
        let others = ["friendly_name", "phone_numbers", "products"];
        let lost: Vec<&str> = COLUMNS
            .iter()
            .map(|spec| spec.name)
            .filter(|name| !name.ends_with("_sid") && !others.contains(name) && !found.contains(name))
            .collect();
        assert_eq!(lost, Vec::<&str>::new());
    }
}
