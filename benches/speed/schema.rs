//! What a JSON Schema can say of one row of the sheet: for a comparison with `qsv validate`.
//!
//! It holds closed lists, patterns, lengths and which columns must be filled. What our rules say beyond it
//! (phone numbers that exist, ZIP against state, public suffixes, rows that clash, repairs, suggestions)
//! no schema can.

use serde_json::{Map, Value, json};
use trusthub_onboard::model::Column;
use trusthub_onboard::model::column::{COLUMNS, Content, Need};

/// The schema as JSON.
pub fn of_a_row() -> String {
    let mut properties = Map::new();
    for spec in &COLUMNS {
        let mut property = rule(spec.column);
        // qsv takes an empty cell for null.
        let is_required = matches!(spec.need, Need::Required | Need::WithoutAddressSid);
        property["type"] = if is_required { json!("string") } else { json!(["string", "null"]) };
        if !is_required && let Some(values) = property.get_mut("enum").and_then(Value::as_array_mut) {
            values.push(Value::Null);
        }
        properties.insert(spec.name.to_owned(), property);
    }
    let names: Vec<_> = COLUMNS.iter().map(|spec| spec.name).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": properties,
        "required": names,
    })
    .to_string()
}

fn rule(column: Column) -> Value {
    const URL: &str = "^https?://[A-Za-z0-9.-]+\\.[A-Za-z]{2,}(:[0-9]+)?(/[^ ]*)?$";
    const US_NUMBER: &str = "^\\+1[2-9][0-9]{2}[2-9][0-9]{6}$";
    let spec = column.spec();
    let pattern = match column {
        Column::BusinessRegionsOfOperation => return several(&spec.values.join("|")),
        _ if !spec.values.is_empty() => return json!({ "enum": spec.values }),
        Column::Email | Column::Representative1Email | Column::Representative2Email => {
            return json!({ "format": "email", "maxLength": 254 });
        }
        Column::PhoneNumbers => {
            return several("PN[0-9a-f]{32}|\\+1[2-9][0-9]{2}[2-9][0-9]{6}");
        }
        Column::SocialMediaProfileUrls => return several("https?://[^ ;,]+"),
        Column::SubaccountSid => "^AC[0-9a-f]{32}$",
        Column::PrimaryProfileSid | Column::CustomerProfileSid | Column::TrustProductSid => {
            "^BU[0-9a-f]{32}$"
        }
        Column::AddressSid => "^AD[0-9a-f]{32}$",
        Column::WebsiteUrl | Column::StatusCallback => URL,
        Column::PostalCode => "^[0-9]{5}(-[0-9]{4})?$",
        Column::Region => "^[A-Z]{2}$",
        Column::IsoCountry => "^US$",
        Column::BusinessRegistrationNumber => "^[0-9]{2}-?[0-9]{7}$",
        Column::Representative1PhoneNumber | Column::Representative2PhoneNumber => US_NUMBER,
        _ if spec.content == Content::Count => "^[0-9]+$",
        _ => return json!({ "minLength": 1, "maxLength": 255 }),
    };
    json!({ "pattern": pattern })
}

fn several(one: &str) -> Value {
    json!({ "pattern": format!("^({one})([;,] *({one}))*$") })
}
