//! What the customer is onboarded to, and which of it is there already.

use super::fields::{did_you_mean, parts, read_sid};
use crate::check::Rules;
use crate::check::clean::clean;
use crate::check::cursor::{Bad, Cursor, cut};
use crate::check::residue::is_placeholder;
use crate::check::rule;
use crate::model::column::header_key;
use crate::model::{Column, Product, Sid, SidKind};
use crate::sheet::csv_unguarded;

/// The products of the row, in the order of the list: those of its cell, or those of every row.
pub(super) fn products(cursor: &mut Cursor<'_>, rules: &Rules) -> Result<Vec<&'static Product>, Bad> {
    let Some(field) = cursor.field(Column::Products)? else { return Ok(rules.products.wanted.clone()) };
    let mut named = Vec::new();
    let mut whole = Ok(());
    for part in parts(&field.text) {
        let key = header_key(part);
        let is_it = |it: &&&Product| header_key(it.name) == key || header_key(it.title) == key;
        match rules.products.known.iter().find(is_it) {
            Some(product) => named.push(*product),
            None => {
                let names: Vec<&str> = rules.products.known.iter().map(|it| it.name).collect();
                let report = cursor.report_value(&rule::PRODUCT_UNKNOWN, field.column, cut(part));
                whole = report.suggestion(did_you_mean(&names)).err();
            }
        }
    }
    whole?;
    let known = rules.products.known.iter().copied();
    let products: Vec<_> = known.filter(|it| named.contains(it)).collect();
    if products.is_empty() { Err(cursor.missing(field.column)) } else { Ok(products) }
}

/// What the row names in the columns that products have for one that is there already.
pub(super) fn named_products(cursor: &mut Cursor<'_>) -> Result<Vec<(&'static str, Sid)>, Bad> {
    let map = cursor.map;
    let mut named = Vec::new();
    for (product, at) in &map.product_sids {
        let text = clean(csv_unguarded(cursor.row.cell(*at).text));
        if text.is_empty() {
            continue;
        }
        if is_placeholder(Column::TrustProductSid, &text) {
            cursor.report_at(&rule::PLACEHOLDER_IGNORED, *at, &text).say();
            continue;
        }
        let said = cursor.findings.len();
        // What is said is about this cell, whichever product's it is.
        let read = read_sid(cursor, Column::TrustProductSid, &text, SidKind::Bundle);
        cursor.place_findings(said, *at);
        named.push((product.sid_column, read?));
    }
    Ok(named)
}
