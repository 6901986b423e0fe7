//! The representatives: the first always, the second whole or not at all.

use super::fields::{email, has_text, has_value, listed, raw, required_text};
use super::numbers::phone;
use crate::check::cursor::{Bad, Cursor, Read, cut};
use crate::check::phone::Of;
use crate::check::{closed, rule, web};
use crate::model::column::{COLUMNS, Group};
use crate::model::{Column, Representative};

/// The columns of one representative.
pub(super) struct Columns {
    first_name: Column,
    last_name: Column,
    email: Column,
    phone_number: Column,
    business_title: Column,
    job_position: Column,
}

pub(super) const REPRESENTATIVE_1: Columns = Columns {
    first_name: Column::Representative1FirstName,
    last_name: Column::Representative1LastName,
    email: Column::Representative1Email,
    phone_number: Column::Representative1PhoneNumber,
    business_title: Column::Representative1BusinessTitle,
    job_position: Column::Representative1JobPosition,
};

const REPRESENTATIVE_2: Columns = Columns {
    first_name: Column::Representative2FirstName,
    last_name: Column::Representative2LastName,
    email: Column::Representative2Email,
    phone_number: Column::Representative2PhoneNumber,
    business_title: Column::Representative2BusinessTitle,
    job_position: Column::Representative2JobPosition,
};

pub(super) fn representative_2(cursor: &mut Cursor<'_>, website: Option<&str>) -> Read<Representative> {
    let columns = COLUMNS.iter().filter(|spec| spec.group == Group::Representative2).map(|spec| spec.column);
    let (filled, empty): (Vec<Column>, Vec<Column>) = columns.partition(|column| has_text(cursor, *column));
    if !filled.iter().any(|column| has_value(cursor, *column)) {
        // Words for nothing in all of them are an empty group.
        for column in filled {
            let word = raw(cursor, column);
            cursor.report_value(&rule::PLACEHOLDER_IGNORED, column, cut(&word)).say();
        }
        return Ok(None);
    }
    if !empty.is_empty() {
        let names: Vec<_> = empty.iter().map(|column| column.name()).collect();
        let message = format!("The second representative is only half filled in; {} empty.", is_are(&names));
        return cursor
            .report_value(&rule::REPRESENTATIVE_2_INCOMPLETE, empty[0], String::new())
            .message(message)
            .err();
    }
    representative(cursor, &REPRESENTATIVE_2, website).map(Some)
}

fn is_are(names: &[&str]) -> String {
    match names {
        [name] => format!("{name} is"),
        [most @ .., last] => format!("{} and {last} are", most.join(", ")),
        [] => String::new(),
    }
}

/// `website` is the registered domain of the business's website.
pub(super) fn representative(
    cursor: &mut Cursor<'_>,
    columns: &Columns,
    website: Option<&str>,
) -> Result<Representative, Bad> {
    let first_name = required_text(cursor, columns.first_name);
    let last_name = required_text(cursor, columns.last_name);
    let email = representative_email(cursor, columns.email, website);
    let phone_number = representative_phone(cursor, columns.phone_number);
    let business_title = required_text(cursor, columns.business_title);
    let job_position = listed(cursor, columns.job_position, &closed::JOB_POSITIONS);
    Ok(Representative {
        first_name: first_name?,
        last_name: last_name?,
        email: email?,
        phone_number: phone_number?,
        business_title: business_title?,
        job_position: job_position?,
    })
}

fn representative_email(
    cursor: &mut Cursor<'_>,
    column: Column,
    website: Option<&str>,
) -> Result<String, Bad> {
    let address = email(cursor, column)?;
    let domain = address.rsplit_once('@').map_or("", |(_, domain)| domain);
    if web::is_free_mail(domain) {
        cursor.report_value(&rule::EMAIL_FREE_MAIL, column, cut(&address)).say();
    } else if let Some(website) = website
        && web::registered(domain) != website
    {
        let message = format!("The mail domain {domain} is not that of the website ({website}).");
        cursor.report_value(&rule::EMAIL_DOMAIN, column, cut(&address)).message(message).say();
    }
    Ok(address)
}

fn representative_phone(cursor: &mut Cursor<'_>, column: Column) -> Result<String, Bad> {
    let field = cursor.required(column)?;
    cursor.accepting(column, &field.text, str::to_owned, |cursor| {
        let (number, of) = phone(cursor, column, &field.text)?;
        match of {
            Of::UnitedStates => Ok(number),
            Of::CountryCodeOne(place) => {
                let doubt = cursor.report(&rule::PHONE_NOT_US, &field);
                doubt.message(format!("The number begins with +1, but it is of {place}.")).say();
                Ok(number)
            }
            Of::Elsewhere => cursor.report(&rule::PHONE_COUNTRY, &field).err(),
        }
    })
}
