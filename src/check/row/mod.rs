//! One row of the sheet: cells in, a customer or everything that is wrong with it out.

mod address;
mod business;
mod cnam;
mod fields;
mod numbers;
mod products;
mod representative;
mod voice_integrity;

use super::clean::clean;
use super::column_map::CellSource;
use super::cursor::{Bad, Cursor, Read};
use super::keys::Keys;
use super::{Rules, quotes, rule};
use crate::model::column::{COLUMNS, Need};
use crate::model::{Column, Customer, Sid, SidKind, VoiceIntegrity};
use crate::sheet::column_letters;
use address::address;
use business::business;
use cnam::cnam_display_name;
pub(super) use fields::parts;
use fields::{email, sid, text, url};
use numbers::phone_numbers;
use products::{named_products, products};
use representative::{REPRESENTATIVE_1, representative, representative_2};
use voice_integrity::voice_integrity;

/// Reads the whole row; every finding is said, whatever else is wrong. `None` where one is an error.
pub(super) fn customer<'a>(cursor: &mut Cursor<'a>, rules: &'a Rules, keys: &mut Keys) -> Option<Customer> {
    cursor.accept = &rules.accept;
    if quotes::are_broken(cursor) {
        return None;
    }
    let products = products(cursor, rules);
    // Where the cell is wrong, what every row needs is said all the same.
    let wanted = products.as_deref().unwrap_or_default();
    let whole = cell_number(cursor, &|column| rules.products.need(column, wanted));
    let (row, width) = (cursor.row, cursor.map.data_width);
    if whole.is_err() && (0..width).all(|column| row.cell(column).text.trim().is_empty()) {
        // All that the row has stands where no header is: that says it all.
        return None;
    }
    let subaccount = subaccount(cursor, rules, keys);
    let email = email(cursor, Column::Email);
    let friendly_name = text(cursor, Column::FriendlyName);
    let status_callback = status_callback(cursor);
    let primary_profile = sid(cursor, Column::PrimaryProfileSid, SidKind::Bundle);
    let customer_profile = sid(cursor, Column::CustomerProfileSid, SidKind::Bundle);
    let trust_product = sid(cursor, Column::TrustProductSid, SidKind::Bundle);
    let named_products = named_products(cursor);
    let bundles = bundles_differ(
        cursor,
        keys,
        [&primary_profile, &customer_profile, &trust_product],
        named_products.as_deref().unwrap_or_default(),
    );
    let (business, domain) = business(cursor, keys);
    let address = address(cursor, keys);
    let website = domain.as_deref();
    let representative_1 = representative(cursor, &REPRESENTATIVE_1, website);
    let representative_2 = representative_2(cursor, website);
    let phone_numbers = phone_numbers(cursor, keys, wanted);
    let voice_integrity = match rules.products.need(Column::UseCase, wanted) {
        true => voice_integrity(cursor),
        false => Ok(VoiceIntegrity::default()),
    };
    let cnam_display_name = match rules.products.need(Column::CnamDisplayName, wanted) {
        true => cnam_display_name(cursor),
        false => Ok(String::new()),
    };

    whole.and(bundles).ok()?;
    let business = business.ok()?;
    Some(Customer {
        row: cursor.row.number(),
        subaccount: subaccount.ok()?,
        email: email.ok()?,
        friendly_name: friendly_name.ok()?.unwrap_or_else(|| business.name.clone()),
        status_callback: status_callback.ok()?,
        primary_profile: primary_profile.ok()?,
        customer_profile: customer_profile.ok()?,
        trust_product: trust_product.ok()?,
        business,
        address: address.ok()?,
        representative_1: representative_1.ok()?,
        representative_2: representative_2.ok()?,
        phone_numbers: phone_numbers.ok()?,
        voice_integrity: voice_integrity.ok()?,
        cnam_display_name: cnam_display_name.ok()?,
        products: products.ok()?,
        named_products: named_products.ok()?,
    })
}

/// The fewest required cells at the end of a row whose absence is said once for the row. Of fewer each is
/// named.
const LACKING_MIN: usize = 4;

/// Whether the row is as wide as the headers: not cut off, nothing to the right.
fn cell_number(cursor: &mut Cursor<'_>, is_needed: &dyn Fn(Column) -> bool) -> Result<(), Bad> {
    let row = cursor.row;
    let mut strays = cursor.map.strays.iter().copied();
    let stray = strays.find(|column| !row.cell(*column).text.trim().is_empty()).or(row.beyond());
    // Where a cell stands too far right, it says enough that the others are empty.
    let whole = ends_early(cursor, is_needed, stray.is_none());
    let Some(stray) = stray else { return whole };
    let message = format!(
        "The cell {}{} is filled, but the headers end with column {}; the cells of this row may be shifted.",
        column_letters(stray),
        cursor.row.number(),
        column_letters(cursor.map.data_width.saturating_sub(1))
    );
    let message = match row.flaw() {
        Some(flaw) => format!("{message} {}", quotes::of_flaw(flaw)),
        None => message,
    };
    cursor.report_at(&rule::TOO_MANY_CELLS, stray, "").message(message).err()
}

/// Finds out whether the row is empty from some required cell on, and says so if it is to be said.
fn ends_early(cursor: &mut Cursor<'_>, is_needed: &dyn Fn(Column) -> bool, is_said: bool) -> Result<(), Bad> {
    let row = cursor.row;
    let is_filled = |column: &usize| !clean(row.cell(*column).text).is_empty();
    let end = (0..cursor.map.data_width.min(row.len())).rev().find(is_filled).map_or(0, |last| last + 1);
    if end >= cursor.map.data_width {
        return Ok(());
    }
    let lacking: Vec<(usize, Column)> = COLUMNS
        .iter()
        .filter(|spec| spec.need == Need::Required && is_needed(spec.column))
        .filter_map(|spec| match cursor.map.place(spec.column) {
            CellSource::At(at) => Some((usize::from(at), spec.column)),
            CellSource::Absent | CellSource::Set(_) => None,
        })
        .filter(|(at, _)| *at >= end)
        .collect();
    let Some((_, first)) = lacking.iter().min().filter(|_| lacking.len() >= LACKING_MIN) else {
        return Ok(());
    };
    cursor.cut_short_at = Some(end);
    if !is_said {
        return Err(Bad);
    }
    let message = format!(
        "The row is empty from here on: {} and {} more required cells.",
        first.name(),
        lacking.len() - 1
    );
    cursor.report_value(&rule::TOO_FEW_CELLS, *first, String::new()).message(message).err()
}

fn subaccount(cursor: &mut Cursor<'_>, rules: &Rules, keys: &mut Keys) -> Result<Sid, Bad> {
    let Some(sid) = sid(cursor, Column::SubaccountSid, SidKind::Account)? else {
        return Err(cursor.missing(Column::SubaccountSid));
    };
    keys.account(&sid);
    if rules.parent.as_ref() == Some(&sid) {
        return cursor.report_value(&rule::PARENT_ACCOUNT, Column::SubaccountSid, sid.to_string()).err();
    }
    Ok(sid)
}

/// No bundle can be two things at once, and none can belong to two rows.
fn bundles_differ(
    cursor: &mut Cursor<'_>,
    keys: &mut Keys,
    [primary, profile, product]: [&Read<Sid>; 3],
    further_products: &[(&'static str, Sid)],
) -> Result<(), Bad> {
    use Column::{CustomerProfileSid, PrimaryProfileSid, TrustProductSid};
    let read = [(PrimaryProfileSid, primary), (CustomerProfileSid, profile), (TrustProductSid, product)];
    let read = read
        .into_iter()
        .filter_map(|(column, sid)| Some((column, column.name(), sid.as_ref().ok()?.as_ref()?)));
    let further = further_products.iter().map(|(name, sid)| (TrustProductSid, *name, sid));
    let sids: Vec<(Column, &str, &Sid)> = read.chain(further).collect();
    let mut differ = Ok(());
    for (at, (column, name, sid)) in sids.iter().enumerate() {
        if *column != PrimaryProfileSid {
            keys.owned(*column, sid);
        }
        if let Some((_, earlier, _)) = sids[..at].iter().find(|it| it.2 == *sid) {
            let message = format!("{earlier} and {name} name the same SID.");
            let report = cursor.report_value(&rule::SID_REPEATED, *column, sid.to_string());
            differ = report.message(message).err();
        }
    }
    differ
}

fn status_callback(cursor: &mut Cursor<'_>) -> Read<String> {
    match cursor.field(Column::StatusCallback)? {
        Some(field) => url(cursor, field).map(Some),
        None => Ok(None),
    }
}
