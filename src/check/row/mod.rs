//! One row of the sheet: cells in, a customer or everything that is wrong with it out.

mod address;
mod business;
mod fields;
mod numbers;
mod representative;
mod voice_integrity;

use super::cursor::{Bad, Cursor, Read};
use super::keys::Keys;
use super::plan::Place;
use super::{Rules, rule};
use crate::model::column::{COLUMNS, Need};
use crate::model::{Column, Customer, Sid, SidKind};
use crate::sheet::Flaw;
use address::address;
use business::business;
use fields::{email, sid, text, url};
use numbers::phone_numbers;
use representative::{REPRESENTATIVE_1, representative, representative_2};
use voice_integrity::voice_integrity;

/// Reads the whole row; every finding is said, whatever else is wrong. `None` where one is an error.
pub(super) fn customer(cursor: &mut Cursor<'_>, rules: &Rules, keys: &mut Keys) -> Option<Customer> {
    if let Some(flaw) = cursor.row.flaw() {
        unclosed_quote(cursor, flaw);
        return None;
    }
    let whole = cell_number(cursor);
    let subaccount = subaccount(cursor, rules, keys);
    let email = cursor.required(Column::Email).and_then(|field| email(cursor, field));
    let friendly_name = text(cursor, Column::FriendlyName);
    let status_callback = status_callback(cursor);
    let primary_profile = sid(cursor, Column::PrimaryProfileSid, SidKind::Bundle);
    let customer_profile = sid(cursor, Column::CustomerProfileSid, SidKind::Bundle);
    let trust_product = sid(cursor, Column::TrustProductSid, SidKind::Bundle);
    let business = business(cursor, keys);
    let address = address(cursor);
    let website = business.as_ref().ok().map(|(_, domain)| domain.as_str());
    let representative_1 = representative(cursor, &REPRESENTATIVE_1, website);
    let representative_2 = representative_2(cursor, website);
    let phone_numbers = phone_numbers(cursor, keys);
    let voice_integrity = voice_integrity(cursor);

    whole.ok()?;
    let business = business.ok()?.0;
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
    })
}

/// What a row of the rest of the file has to say; its cells are not looked at.
fn unclosed_quote(cursor: &mut Cursor<'_>, flaw: Flaw) {
    let (Flaw::UnclosedQuote { line } | Flaw::TooLong { line }) = flaw;
    let message = format!(
        "A quotation mark in line {line} of the file, or soon after, opens a cell that is never closed; everything below is taken for part of it."
    );
    cursor.report_row(&rule::UNCLOSED_QUOTE).message(message).say();
}

/// Whether the row has as many cells as there are headers.
fn cell_number(cursor: &mut Cursor<'_>) -> Result<(), Bad> {
    let mut whole = Ok(());
    if !cursor.plan.is_typed && cursor.row.len() < cursor.plan.width {
        let lacking = COLUMNS.iter().find(|spec| {
            let is_beyond = matches!(cursor.plan.place(spec.column), Place::At(at) if usize::from(at) >= cursor.row.len());
            is_beyond && spec.need == Need::Required
        });
        if let Some(lacking) = lacking {
            let message = format!(
                "The row has {} cells, the header row {}; {} is the first required one that is missing.",
                cursor.row.len(),
                cursor.plan.width,
                lacking.name
            );
            whole = cursor.report_row(&rule::TOO_FEW_CELLS).message(message).err();
            cursor.is_cut_short = true;
        }
    }
    let row = cursor.row;
    let mut strays = cursor.plan.strays.iter().copied();
    let stray = strays.find(|column| !row.cell(*column).text.trim().is_empty());
    if let Some(beyond) = stray.or(row.beyond()) {
        let message = format!(
            "The cell {}{} is filled, but the headers end with column {}; the cells of this row may be shifted.",
            crate::sheet::column_letters(beyond),
            cursor.row.number(),
            crate::sheet::column_letters(cursor.plan.data_width.saturating_sub(1))
        );
        whole = cursor.report_row(&rule::TOO_MANY_CELLS).message(message).err();
    }
    whole
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

fn status_callback(cursor: &mut Cursor<'_>) -> Read<String> {
    match cursor.field(Column::StatusCallback)? {
        Some(field) => {
            url(cursor, &field)?;
            Ok(Some(field.text.into_owned()))
        }
        None => Ok(None),
    }
}
