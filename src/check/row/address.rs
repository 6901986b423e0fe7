//! The address: one that the subaccount has, or the columns of a new one.

use super::fields::{did_you_mean, has_text, has_value, raw, required_text, sid, text};
use crate::check::cursor::{Bad, Cursor, Field, cut};
use crate::check::digits::{self, Zip};
use crate::check::keys::Keys;
use crate::check::{places, rule};
use crate::model::{Address, Column, SidKind};

pub(super) fn address(cursor: &mut Cursor<'_>, keys: &mut Keys) -> Result<Address, Bad> {
    let existing = sid(cursor, Column::AddressSid, SidKind::Address);
    // The country alone is no address: many sheets have US in every row.
    let is_filled =
        [Column::Street, Column::StreetSecondary, Column::City, Column::Region, Column::PostalCode]
            .into_iter()
            .any(|column| has_text(cursor, column));
    if has_value(cursor, Column::AddressSid) {
        if is_filled {
            let sid = cut(&raw(cursor, Column::AddressSid));
            return cursor.report_value(&rule::ADDRESS_BOTH, Column::AddressSid, sid).err();
        }
        let sid = existing?.ok_or(Bad)?;
        keys.owned(Column::AddressSid, &sid);
        return Ok(Address::Existing(sid));
    }
    if !is_filled && cursor.is_cut_off(Column::Street) {
        return Err(Bad);
    }
    if !is_filled {
        return cursor.report_row(&rule::ADDRESS_NEITHER).err();
    }
    let name_fits = name_fits(cursor);
    let street = cursor.required(Column::Street);
    let street_secondary = text(cursor, Column::StreetSecondary);
    let city = required_text(cursor, Column::City);
    let region = region(cursor);
    // A region that --accept names tells nothing about the ZIP code.
    let state = region.as_deref().ok().filter(|it| places::state_of_code(it).is_some());
    let postal_code = postal_code(cursor, state);
    let country = country(cursor);
    let street = street?;
    if places::is_po_box(&street.text) {
        cursor.report(&rule::PO_BOX, &street).say();
    }
    name_fits?;
    Ok(Address::New {
        street: street.text.into_owned(),
        street_secondary: street_secondary?.unwrap_or_default(),
        city: city?,
        region: region?,
        postal_code: postal_code?,
        iso_country: country?,
    })
}

/// What an address takes as the name of the customer, in bytes. Source: the API's own description of
/// `customer_name` ("16 4-byte characters, or 21 3-byte characters").
const CUSTOMER_NAME_BYTES_MAX: usize = 64;

/// The address is created under the business name.
fn name_fits(cursor: &mut Cursor<'_>) -> Result<(), Bad> {
    let name = raw(cursor, Column::BusinessName);
    if name.len() <= CUSTOMER_NAME_BYTES_MAX {
        return Ok(());
    }
    let message = format!(
        "The business name has {} bytes; Twilio takes at most {CUSTOMER_NAME_BYTES_MAX} as the name of an address.",
        name.len()
    );
    cursor.accepting(
        Column::BusinessName,
        &name,
        |_| (),
        |cursor| {
            cursor.report_value(&rule::TOO_LONG, Column::BusinessName, cut(&name)).message(message).err()
        },
    )
}

fn region(cursor: &mut Cursor<'_>) -> Result<String, Bad> {
    let field = cursor.required(Column::Region)?;
    cursor.accepting(field.column, &field.text, str::to_owned, |cursor| {
        read_region(cursor, &field).map(str::to_owned)
    })
}

fn read_region(cursor: &mut Cursor<'_>, field: &Field) -> Result<&'static str, Bad> {
    if let Some(code) = places::state_of_code(&field.text) {
        if code != field.text {
            cursor.report(&rule::VALUE_SPELLING, field).message(format!("Taken as {code}.")).say();
        }
        return Ok(code);
    }
    if let Some(code) = places::state_of_name(&field.text) {
        cursor.report(&rule::STATE_NAME, field).message(format!("Taken as {code}.")).say();
        return Ok(code);
    }
    let likely = places::states_like(&field.text);
    let report = cursor.report(&rule::STATE_UNKNOWN, field);
    if likely.is_empty() { report.err() } else { report.suggestion(did_you_mean(&likely)).err() }
}

fn postal_code(cursor: &mut Cursor<'_>, state: Option<&str>) -> Result<String, Bad> {
    let field = cursor.required(Column::PostalCode)?;
    cursor
        .accepting(field.column, &field.text, str::to_owned, |cursor| read_postal_code(cursor, &field, state))
}

fn read_postal_code(cursor: &mut Cursor<'_>, field: &Field, state: Option<&str>) -> Result<String, Bad> {
    let zip = match digits::zip(&field.text, state) {
        Zip::Good(zip) => zip.to_owned(),
        Zip::Reformatted(zip) => {
            cursor.report(&rule::ZIP_REFORMATTED, field).message(format!("Taken as {zip}.")).say();
            zip
        }
        Zip::Padded(zip) => {
            cursor.report(&rule::ZIP_PADDED, field).message(format!("Taken as {zip}.")).say();
            zip
        }
        Zip::TooShort(padded) => {
            return cursor
                .report(&rule::DIGITS_LOST, field)
                .message("A ZIP code has 5 digits; zeros in front are probably lost.".to_owned())
                .suggestion(format!("Did you mean {padded}? Format the column as text and type it in again."))
                .err();
        }
        Zip::Damaged => return cursor.report(&rule::DIGITS_LOST, field).err(),
        Zip::Malformed => return cursor.report(&rule::ZIP_MALFORMED, field).err(),
    };
    if let (Some(state), found) = (state, places::state_of_zip(&zip))
        && found != Some(state)
    {
        let message = match found {
            Some(found) => format!("{zip} is a ZIP code of {found}, not of {state}."),
            None => format!("No state has ZIP codes that begin with {}.", &zip[..3]),
        };
        cursor.report(&rule::ZIP_STATE, field).message(message).say();
    }
    Ok(zip)
}

fn country(cursor: &mut Cursor<'_>) -> Result<String, Bad> {
    const US: &str = "US";
    let Some(field) = cursor.field(Column::IsoCountry)? else {
        cursor.report_value(&rule::COUNTRY_ASSUMED, Column::IsoCountry, String::new()).say();
        return Ok(US.to_owned());
    };
    cursor.accepting(field.column, &field.text, str::to_owned, |cursor| match &*field.text {
        US => Ok(US.to_owned()),
        text if places::is_united_states(text) => {
            cursor.report(&rule::COUNTRY_NAME, &field).message(format!("Taken as {US}.")).say();
            Ok(US.to_owned())
        }
        _ => cursor.report(&rule::COUNTRY_NOT_US, &field).err(),
    })
}
