//! Which columns of the sheet a step, a field of Twilio's or a hint is about. Nothing of this is a table of its own:
//! what a row puts into a resource is asked of the flow, with a customer whose every value is the name of its column.

use super::cause::ColumnToCorrect;
use crate::flow::{Flow, Key, Object, StepId, Verb};
use crate::model::column::{COLUMNS, Group};
use crate::model::{
    Address, Business, Column, Customer, PhoneNumber, PhoneNumbers, Representative, Sid, VoiceIntegrity,
};
use crate::sheet::names::Meaning;
use crate::sheet::{Layout, column_letters};

/// A field of a resource, and the column that it is filled from.
struct Field {
    step: StepId,
    /// The API's word for the kind of the resource, such as `voice_integrity_information`; empty where it has none.
    object_type: &'static str,
    /// The parameter, or the key of the attributes.
    name: String,
    column: Column,
}

/// The columns behind the steps and fields of a flow.
pub struct Columns {
    fields: Vec<Field>,
}

impl Columns {
    /// Those of this flow.
    pub fn of(flow: &'static Flow) -> Columns {
        let customer = example();
        let fields = flow.steps().flat_map(|step| fields_of(step, &customer)).collect();
        Columns { fields }
    }

    /// The columns that a step is filled from: for an assignment those of what it assigns.
    pub fn of_step(&self, step: StepId) -> Vec<Column> {
        match step.verb {
            Verb::Create(_) => {
                let own = self.fields.iter().filter(|it| it.step == step).map(|it| it.column);
                distinct(own.chain(named(step)))
            }
            Verb::Assign(Object::MadeBy(made_by)) => self.of_step(made_by),
            Verb::Assign(Object::PrimaryProfile) => vec![Column::PrimaryProfileSid],
            Verb::CheckAddress => vec![Column::AddressSid],
            Verb::AssignNumbers | Verb::ResolveNumbers => vec![Column::PhoneNumbers],
            Verb::CheckAccount => vec![Column::SubaccountSid],
            Verb::Discover | Verb::Evaluate | Verb::Submit | Verb::Review => vec![],
        }
    }

    /// The columns behind failing fields as the ledger keeps them: `object_type.object_field`, each perhaps with a
    /// code, or the fields alone, separated by commas.
    pub fn of_fields(&self, key: Key, fields: &str) -> Vec<Column> {
        let one = |text: &str| {
            let place = text.split(':').next().unwrap_or_default().trim();
            let (object_type, name) = match place.split_once('.') {
                Some((object_type, name)) => (Some(object_type), name),
                None => (None, place),
            };
            let is_it = |it: &&Field| {
                let same_kind = match object_type {
                    Some(object_type) => it.object_type == object_type,
                    None => it.step == key.step || it.object_type == name,
                };
                same_kind && (it.name == name || it.object_type == name)
            };
            let found: Vec<Column> = self.fields.iter().filter(is_it).map(|it| it.column).collect();
            match (found.is_empty(), object_type) {
                // The field is none that we fill: the kind of thing that it belongs to has to do.
                (true, Some(kind)) => {
                    self.fields.iter().filter(|it| it.object_type == kind).map(|it| it.column).collect()
                }
                _ => found,
            }
        };
        distinct(fields.split(',').flat_map(one))
    }
}

/// The columns that a hint names: by their names, or as a group (`the representative_1 columns`).
pub fn named_in(text: &str) -> Vec<Column> {
    let is_of_name = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '_';
    let mut found = vec![];
    let words: Vec<&str> = text.split(|it| !is_of_name(it)).filter(|it| !it.is_empty()).collect();
    for (at, word) in words.iter().enumerate() {
        if words.get(at + 1) == Some(&"columns") {
            let group = match *word {
                "address" => Some(Group::Address),
                "representative_1" => Some(Group::Representative1),
                "representative_2" => Some(Group::Representative2),
                _ => None,
            };
            found.extend(COLUMNS.iter().filter(|it| Some(it.group) == group).map(|it| it.column));
        }
        // Some names are words of every day, such as "email" and "city": those count where columns are spoken of.
        let is_plain_word = !word.contains('_');
        let speaks_of_columns = text.contains("column") || text.starts_with("Check ");
        if !is_plain_word || speaks_of_columns {
            found.extend(COLUMNS.iter().filter(|it| it.name == *word).map(|it| it.column));
        }
    }
    distinct(found.into_iter())
}

/// The columns with their cells in this sheet and what the row says today.
pub fn to_correct(columns: &[Column], customer: &Customer, layout: Option<&Layout>) -> Vec<ColumnToCorrect> {
    let one = |column: &Column| {
        let at = layout.and_then(|it| it.meanings.iter().position(|it| *it == Meaning::Column(*column)));
        ColumnToCorrect {
            column: column.name(),
            cell: at.map_or_else(String::new, |at| format!("{}{}", column_letters(at), customer.row)),
            value: value(customer, *column),
        }
    };
    columns.iter().map(one).collect()
}

/// The columns for a sentence: `business_name (F17: "Acme"), city (K17: "")`.
pub fn in_words(columns: &[ColumnToCorrect]) -> String {
    let one = |it: &ColumnToCorrect| match it.cell.is_empty() {
        true => format!("{} (\"{}\")", it.column, it.value),
        false => format!("{} ({}: \"{}\")", it.column, it.cell, it.value),
    };
    columns.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn distinct(columns: impl Iterator<Item = Column>) -> Vec<Column> {
    let mut columns: Vec<Column> = columns.collect();
    columns.sort_unstable();
    columns.dedup();
    columns
}

/// The columns that the name of a resource is made of, where it is a bundle, and the one that names it.
fn named(step: StepId) -> impl Iterator<Item = Column> {
    let own = COLUMNS.iter().filter(move |it| it.name == step.bundle.column).map(|it| it.column);
    let name = [Column::FriendlyName, Column::BusinessName];
    own.chain(name).filter(move |_| step.creates_its_bundle())
}

fn fields_of(step: StepId, customer: &Customer) -> Vec<Field> {
    let Verb::Create(resource) = step.verb else { return vec![] };
    let sid = Sid::parse("AD00000000000000000000000000000000");
    let form = (resource.content)(customer, sid.as_ref()).unwrap_or_default();
    let object_type = resource.fixed.iter().find(|it| it.0 == "Type").map_or("", |it| it.1);
    let mut fields = vec![];
    let mut add = |name: &str, value: &str| {
        if let Some(column) = COLUMNS.iter().find(|it| it.name == value) {
            fields.push(Field { step, object_type, name: name.to_owned(), column: column.column });
        }
    };
    for (name, value) in &form {
        match serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(value) {
            Ok(attributes) => attributes
                .iter()
                .filter_map(|(key, value)| Some((key, value.as_str()?)))
                .for_each(|(key, value)| add(key, value)),
            Err(_) => add(name, value),
        }
    }
    // A document is about the address that it names.
    if !resource.names.is_empty() {
        let address = COLUMNS.iter().filter(|it| it.group == Group::Address).map(|it| it.column);
        let of_address = |column| Field { step, object_type, name: "address_sids".to_owned(), column };
        fields.extend(address.map(of_address));
    }
    fields
}

/// A customer whose every value is the name of its column.
fn example() -> Customer {
    let text = |column: Column| column.name().to_owned();
    let listed = |column: Column| std::borrow::Cow::Borrowed(column.name());
    use Column as C;
    Customer {
        row: 0,
        subaccount: Sid::parse("AC00000000000000000000000000000000").unwrap_or_else(|| unreachable!()),
        email: text(C::Email),
        friendly_name: text(C::FriendlyName),
        status_callback: Some(text(C::StatusCallback)),
        primary_profile: None,
        customer_profile: None,
        trust_product: None,
        products: vec![],
        named_products: vec![],
        business: Business {
            name: text(C::BusinessName),
            identity: listed(C::BusinessIdentity),
            kind: listed(C::BusinessType),
            industry: listed(C::BusinessIndustry),
            registration_identifier: listed(C::BusinessRegistrationIdentifier),
            registration_number: text(C::BusinessRegistrationNumber),
            regions_of_operation: vec![listed(C::BusinessRegionsOfOperation)],
            website_url: text(C::WebsiteUrl),
            social_media_profile_urls: text(C::SocialMediaProfileUrls),
        },
        address: Address::New {
            street: text(C::Street),
            street_secondary: text(C::StreetSecondary),
            city: text(C::City),
            region: text(C::Region),
            postal_code: text(C::PostalCode),
            iso_country: text(C::IsoCountry),
        },
        representative_1: Representative {
            first_name: text(C::Representative1FirstName),
            last_name: text(C::Representative1LastName),
            email: text(C::Representative1Email),
            phone_number: text(C::Representative1PhoneNumber),
            business_title: text(C::Representative1BusinessTitle),
            job_position: listed(C::Representative1JobPosition),
        },
        representative_2: Some(Representative {
            first_name: text(C::Representative2FirstName),
            last_name: text(C::Representative2LastName),
            email: text(C::Representative2Email),
            phone_number: text(C::Representative2PhoneNumber),
            business_title: text(C::Representative2BusinessTitle),
            job_position: listed(C::Representative2JobPosition),
        }),
        phone_numbers: PhoneNumbers::All,
        cnam_display_name: text(C::CnamDisplayName),
        voice_integrity: VoiceIntegrity {
            use_case: listed(C::UseCase),
            business_employee_count: text(C::BusinessEmployeeCount),
            average_business_day_call_volume: text(C::AverageBusinessDayCallVolume),
            notes: text(C::Notes),
        },
    }
}

/// What a row says in a column, as it is sent.
pub fn value(customer: &Customer, column: Column) -> String {
    use Column as C;
    let sid = |sid: &Option<Sid>| sid.as_ref().map(Sid::to_string).unwrap_or_default();
    let business = &customer.business;
    let of_address =
        |part: fn(&Address) -> Option<&String>| part(&customer.address).cloned().unwrap_or_default();
    let of_second = |part: fn(&Representative) -> &str| {
        customer.representative_2.as_ref().map(part).unwrap_or_default().to_owned()
    };
    let first = &customer.representative_1;
    let voice = &customer.voice_integrity;
    match column {
        C::SubaccountSid => customer.subaccount.to_string(),
        C::FriendlyName => customer.friendly_name.clone(),
        C::Email => customer.email.clone(),
        C::StatusCallback => customer.status_callback.clone().unwrap_or_default(),
        C::PrimaryProfileSid => sid(&customer.primary_profile),
        C::CustomerProfileSid => sid(&customer.customer_profile),
        C::TrustProductSid => sid(&customer.trust_product),
        C::CnamDisplayName => customer.cnam_display_name.clone(),
        C::Products => {
            let words: Vec<&str> = customer.products.iter().map(|it| it.name).collect();
            words.join("; ")
        }
        C::BusinessName => business.name.clone(),
        C::BusinessIdentity => business.identity.to_string(),
        C::BusinessType => business.kind.to_string(),
        C::BusinessIndustry => business.industry.to_string(),
        C::BusinessRegistrationIdentifier => business.registration_identifier.to_string(),
        C::BusinessRegistrationNumber => business.registration_number.clone(),
        C::BusinessRegionsOfOperation => business.regions_of_operation.join("; "),
        C::WebsiteUrl => business.website_url.clone(),
        C::SocialMediaProfileUrls => business.social_media_profile_urls.clone(),
        C::AddressSid => match &customer.address {
            Address::Existing(sid) => sid.to_string(),
            Address::New { .. } => String::new(),
        },
        C::Street => of_address(|it| if let Address::New { street, .. } = it { Some(street) } else { None }),
        C::StreetSecondary => of_address(|it| match it {
            Address::New { street_secondary, .. } => Some(street_secondary),
            Address::Existing(_) => None,
        }),
        C::City => of_address(|it| if let Address::New { city, .. } = it { Some(city) } else { None }),
        C::Region => of_address(|it| if let Address::New { region, .. } = it { Some(region) } else { None }),
        C::PostalCode => of_address(|it| match it {
            Address::New { postal_code, .. } => Some(postal_code),
            Address::Existing(_) => None,
        }),
        C::IsoCountry => of_address(|it| match it {
            Address::New { iso_country, .. } => Some(iso_country),
            Address::Existing(_) => None,
        }),
        C::Representative1FirstName => first.first_name.clone(),
        C::Representative1LastName => first.last_name.clone(),
        C::Representative1Email => first.email.clone(),
        C::Representative1PhoneNumber => first.phone_number.clone(),
        C::Representative1BusinessTitle => first.business_title.clone(),
        C::Representative1JobPosition => first.job_position.to_string(),
        C::Representative2FirstName => of_second(|it| &it.first_name),
        C::Representative2LastName => of_second(|it| &it.last_name),
        C::Representative2Email => of_second(|it| &it.email),
        C::Representative2PhoneNumber => of_second(|it| &it.phone_number),
        C::Representative2BusinessTitle => of_second(|it| &it.business_title),
        C::Representative2JobPosition => of_second(|it| &it.job_position),
        C::PhoneNumbers => match &customer.phone_numbers {
            PhoneNumbers::All => "all".to_owned(),
            PhoneNumbers::Listed(numbers) => {
                let text = |number: &PhoneNumber| match number {
                    PhoneNumber::Sid(sid) => sid.to_string(),
                    PhoneNumber::E164(digits) => digits.clone(),
                };
                numbers.iter().map(text).collect::<Vec<_>>().join("; ")
            }
        },
        C::UseCase => voice.use_case.to_string(),
        C::BusinessEmployeeCount => voice.business_employee_count.clone(),
        C::AverageBusinessDayCallVolume => voice.average_business_day_call_volume.clone(),
        C::Notes => voice.notes.clone(),
    }
}
