//! What the rules say about single values, and what is sent of them.

#[path = "../common/mod.rs"]
mod common;

mod accept;
mod digits;
mod nothing;
mod phones;
mod products;
mod sent;
mod values;

use common::{Sheet, customers, rules, validate_with};
use trusthub_onboard::check::{Entry, Rules};
use trusthub_onboard::model::{Column, Customer, Finding, Severity};
use trusthub_onboard::sheet::Source;

/// What is said about a row in order with some cells changed, and the customer if it may be sent.
fn row_with(cells: &[(Column, &str)], rules: &Rules) -> (Vec<Finding>, Option<Customer>) {
    let sheet = cells.iter().fold(Sheet::of(1), |sheet, (column, value)| sheet.with(1, *column, value));
    read(&sheet.source(), rules)
}

fn read(source: &Source, rules: &Rules) -> (Vec<Finding>, Option<Customer>) {
    let (validation, findings) = validate_with(source, rules);
    let mut entries = customers(source, rules, &validation).map(Result::unwrap);
    let customer = match entries.next() {
        Some(Entry::Valid(customer)) => Some(*customer),
        _ => None,
    };
    (findings, customer)
}

fn row(column: Column, value: &str) -> (Vec<Finding>, Option<Customer>) {
    row_with(&[(column, value)], &rules())
}

/// The code and severity of each finding.
fn codes(findings: &[Finding]) -> Vec<(&'static str, Severity)> {
    findings.iter().map(|finding| (finding.code, finding.severity)).collect()
}
