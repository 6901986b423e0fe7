//! How resources look in JSON: the keys of the API description, in the order of its examples.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::answers::Json;
use super::evaluation::{Failure, Finding, Requirement};
use super::policies::{self, BundleKind, Policy};
use super::review;
use super::sid::Sid;
use super::undocumented::{DocumentStatus, RejectionErrors, Undocumented};
use super::world::{Account, Address, Bundle, Channel, Entity, Evaluation, Number, Object, World};

/// ISO 8601 in UTC, as Trust Hub writes dates.
pub fn iso_date(ms: u64) -> String {
    date(ms, "%Y-%m-%dT%H:%M:%SZ")
}

/// RFC 2822 in UTC, as the 2010 API writes dates.
pub fn rfc_date(ms: u64) -> String {
    date(ms, "%a, %d %b %Y %H:%M:%S +0000")
}

pub fn bundle(world: &World, bundle: &Bundle, base_url: &str, now_ms: u64, rules: &Undocumented) -> Json {
    let (status, codes) = review::status(world, bundle, now_ms);
    bundle_with_status(bundle, base_url, now_ms, status.as_str(), &codes, rules)
}

/// A bundle under a status that is not read from the clock.
pub fn bundle_with_status(
    bundle: &Bundle,
    base_url: &str,
    now_ms: u64,
    status: &str,
    codes: &[u32],
    rules: &Undocumented,
) -> Json {
    let url = format!("{base_url}/v1/{}/{}", bundle.kind.path(), bundle.sid);
    let prefix = bundle.kind.link_prefix();
    let mut links = Json::object();
    links
        .text(&format!("{prefix}_entity_assignments"), &format!("{url}/EntityAssignments"))
        .text(&format!("{prefix}_evaluations"), &format!("{url}/Evaluations"))
        .text(&format!("{prefix}_channel_endpoint_assignment"), &format!("{url}/ChannelEndpointAssignments"));
    let mut json = Json::object();
    json.text("sid", bundle.sid.as_str())
        .text("account_sid", bundle.account.as_str())
        .text("policy_sid", bundle.policy.as_str())
        .text("friendly_name", &bundle.friendly_name)
        .text("status", status)
        .text("email", &bundle.email)
        .text_or_null("status_callback", bundle.status_callback.as_deref())
        .text_or_null("valid_until", bundle.valid_until_ms.map(iso_date).as_deref())
        .text("date_created", &iso_date(bundle.birth.at_ms))
        .text("date_updated", &iso_date(review::updated_ms(bundle, now_ms)))
        .text("url", &url)
        .child("links", links);
    if codes.is_empty() || rules.rejection_errors == RejectionErrors::Null {
        json.null("errors");
    } else {
        let errors = codes.iter().map(|code| {
            let mut error = Json::object();
            error.number("code", u64::from(*code));
            error
        });
        json.list("errors", errors);
    }
    json
}

pub fn entity(entity: &Entity, kind: BundleKind, account: Sid, base_url: &str) -> Json {
    let bundle = entity.bundle;
    let mut json = Json::object();
    json.text("sid", entity.sid.as_str())
        .text(kind.sid_key(), bundle.as_str())
        .text("account_sid", account.as_str())
        .text("object_sid", entity.object.as_str())
        .text("date_created", &iso_date(entity.birth.at_ms))
        .text("url", &format!("{base_url}/v1/{}/{bundle}/EntityAssignments/{}", kind.path(), entity.sid));
    json
}

pub fn channel(channel: &Channel, kind: BundleKind, account: Sid, base_url: &str) -> Json {
    let bundle = channel.bundle;
    let url = format!("{base_url}/v1/{}/{bundle}/ChannelEndpointAssignments/{}", kind.path(), channel.sid);
    let mut json = Json::object();
    json.text("sid", channel.sid.as_str())
        .text(kind.sid_key(), bundle.as_str())
        .text("account_sid", account.as_str())
        .text("channel_endpoint_sid", channel.number.as_str())
        .text("channel_endpoint_type", "phone-number")
        .text("date_created", &iso_date(channel.birth.at_ms))
        .text("url", &url);
    json
}

pub fn object(object: &Object, base_url: &str, rules: &Undocumented) -> Json {
    let is_document = object.sid.prefix() == "RD";
    let collection = if is_document { "SupportingDocuments" } else { "EndUsers" };
    let mut json = Json::object();
    if is_document {
        let status = match rules.document_status {
            DocumentStatus::LowerCase => "draft",
            DocumentStatus::UpperCase => "DRAFT",
        };
        json.text("status", status);
    }
    json.text("date_updated", &iso_date(object.updated_ms))
        .text("sid", object.sid.as_str())
        .text("friendly_name", &object.friendly_name)
        .text("account_sid", object.account.as_str())
        .text("url", &format!("{base_url}/v1/{collection}/{}", object.sid))
        .text("date_created", &iso_date(object.birth.at_ms))
        .raw("attributes", object.attributes.as_deref().unwrap_or("null").as_bytes())
        .text("type", &object.object_type);
    if is_document {
        json.null("mime_type");
    }
    json
}

pub fn evaluation(evaluation: &Evaluation, bundle: &Bundle, base_url: &str) -> Json {
    let passed = evaluation.findings.iter().all(Finding::passed);
    let url = format!("{base_url}/v1/{}/{}/Evaluations/{}", bundle.kind.path(), bundle.sid, evaluation.sid);
    let mut json = Json::object();
    json.text("sid", evaluation.sid.as_str())
        .text("account_sid", bundle.account.as_str())
        .text("policy_sid", bundle.policy.as_str())
        .text(bundle.kind.sid_key(), bundle.sid.as_str())
        .text("status", if passed { "compliant" } else { "noncompliant" })
        .text("date_created", &iso_date(evaluation.birth.at_ms))
        .text("url", &url)
        .list("results", evaluation.findings.iter().filter_map(finding));
    json
}

fn finding(finding: &Finding) -> Option<Json> {
    let (name, object_type, requirement_name, requirement_friendly_name, fields): (_, _, _, _, Vec<_>) =
        match finding.requirement()? {
            Requirement::EndUser(end_user) => (
                end_user.name,
                end_user.object_type,
                end_user.object_type,
                end_user.name,
                end_user.fields.iter().map(|field| (field.name, field.friendly_name)).collect(),
            ),
            Requirement::Document(document) => (
                document.name,
                document.object_type,
                document.requirement_name,
                document.requirement_friendly_name,
                vec![("address_sids", "address sids")],
            ),
            Requirement::Profiles(profiles) => (
                profiles.alternatives[0].1,
                profiles.alternatives[0].0,
                profiles.requirement_name,
                profiles.requirement_friendly_name,
                vec![(profiles.object_field, "Supporting Bundle Status")],
            ),
        };
    let failed = |position| finding.invalid.iter().find(|invalid| invalid.field == position);
    let valid =
        fields.iter().enumerate().filter(|(position, _)| failed(*position).is_none()).map(|(_, field)| {
            let mut json = field_names(field);
            json.flag("passed", true).null("failure_reason").null("error_code");
            json
        });
    let invalid = fields.iter().enumerate().filter_map(|(position, field)| {
        let mut json = field_names(field);
        failure(&mut json, Some(&failed(position)?.failure));
        Some(json)
    });
    let mut json = Json::object();
    json.text("friendly_name", name).text("object_type", object_type).flag("passed", finding.passed());
    failure(&mut json, finding.failure.as_ref());
    json.list("valid", valid)
        .list("invalid", invalid)
        .text("requirement_friendly_name", requirement_friendly_name)
        .text("requirement_name", requirement_name);
    Some(json)
}

fn field_names((name, friendly_name): &(&str, &str)) -> Json {
    let mut json = Json::object();
    json.text("object_field", name).text("friendly_name", friendly_name);
    json
}

fn failure(json: &mut Json, failure: Option<&Failure>) {
    match failure {
        Some(failure) => {
            json.text("failure_reason", &failure.reason).number("error_code", u64::from(failure.code))
        }
        None => json.null("failure_reason").null("error_code"),
    };
}

pub fn policy(policy: &Policy, base_url: &str) -> Json {
    let end_users = policy.end_users.iter().map(|end_user| {
        let mut json = Json::object();
        json.text("url", &format!("/EndUserTypes/{}", end_user.object_type))
            .texts("fields", end_user.fields.iter().map(|field| field.name))
            .text("type", end_user.object_type)
            .text("name", end_user.name)
            .text("requirement_name", end_user.object_type);
        json
    });
    let profiles = policy.profiles.iter().flat_map(|profiles| {
        profiles.alternatives.iter().map(|(profile_type, name)| {
            let mut json = Json::object();
            json.text("type", profile_type)
                .text("name", name)
                .text("requirement_name", profiles.requirement_name);
            json
        })
    });
    let mut requirements = Json::object();
    requirements
        .list("end_user", end_users)
        .raw("supporting_trust_products", b"[]")
        .raw("supporting_document", &documents(policy))
        .list("supporting_customer_profiles", profiles);
    let mut json = Json::object();
    json.text("url", &format!("{base_url}/v1/Policies/{}", policy.sid))
        .child("requirements", requirements)
        .text("friendly_name", policy.friendly_name)
        .text("sid", policy.sid);
    json
}

/// A list in a list: every inner list is a set of documents that all must be there.
fn documents(policy: &Policy) -> Vec<u8> {
    let documents = policy.documents.iter().map(|document| {
        let mut accepted = Json::object();
        accepted
            .text("url", &format!("/SupportingDocumentTypes/{}", document.object_type))
            .texts("fields", ["address_sids"])
            .text("type", document.object_type)
            .text("name", document.name);
        let mut json = Json::object();
        json.text("description", document.description)
            .text("type", "document")
            .text("name", document.name)
            .list("accepted_documents", [accepted])
            .text("requirement_name", document.requirement_name);
        json.end()
    });
    let documents: Vec<Vec<u8>> = documents.collect();
    [b"[[".as_slice(), &documents.join(&b","[..]), b"]]"].concat()
}

pub fn account(account: &Account) -> Json {
    const SUBRESOURCES: [(&str, &str); 4] = [
        ("incoming_phone_numbers", "IncomingPhoneNumbers"),
        ("addresses", "Addresses"),
        ("keys", "Keys"),
        ("usage", "Usage"),
    ];
    let uri = format!("/2010-04-01/Accounts/{}", account.sid);
    let mut subresources = Json::object();
    for (key, name) in SUBRESOURCES {
        subresources.text(key, &format!("{uri}/{name}.json"));
    }
    let mut json = Json::object();
    json.text("auth_token", &account.token)
        .text("date_created", &rfc_date(account.created_ms))
        .text("date_updated", &rfc_date(account.updated_ms))
        .text("friendly_name", &account.friendly_name)
        .text("owner_account_sid", account.owner.as_str())
        .text("sid", account.sid.as_str())
        .text("status", account.status.as_str())
        .child("subresource_uris", subresources)
        .text("type", "Full")
        .text("uri", &format!("{uri}.json"));
    json
}

pub fn address(address: &Address) -> Json {
    let uri = format!("/2010-04-01/Accounts/{}/Addresses/{}.json", address.account, address.sid);
    let mut json = Json::object();
    json.text("account_sid", address.account.as_str())
        .text("city", &address.city)
        .text("customer_name", &address.customer_name)
        .text("date_created", &rfc_date(address.birth.at_ms))
        .text("date_updated", &rfc_date(address.updated_ms))
        .flag("emergency_enabled", address.emergency_enabled)
        .text_or_null("friendly_name", Some(address.friendly_name.as_str()).filter(|name| !name.is_empty()))
        .text("iso_country", &address.iso_country)
        .text("postal_code", &address.postal_code)
        .text("region", &address.region)
        .text("sid", address.sid.as_str())
        .text("street", &address.street)
        .text_or_null("street_secondary", address.street_secondary.as_deref())
        .flag("validated", false)
        .flag("verified", false)
        .text("uri", &uri);
    json
}

pub fn number(number: &Number) -> Json {
    let uri = format!("/2010-04-01/Accounts/{}/IncomingPhoneNumbers/{}", number.account, number.sid);
    let mut capabilities = Json::object();
    capabilities.flag("voice", true).flag("sms", true).flag("mms", true).flag("fax", false);
    let mut add_ons = Json::object();
    add_ons.text("assigned_add_ons", &format!("{uri}/AssignedAddOns.json"));
    let mut json = Json::object();
    json.text("account_sid", number.account.as_str())
        .text("address_requirements", "none")
        .null("address_sid")
        .text("api_version", "2010-04-01")
        .flag("beta", false)
        .child("capabilities", capabilities)
        .text("date_created", &rfc_date(number.birth.at_ms))
        .text("date_updated", &rfc_date(number.birth.at_ms))
        .text("emergency_status", "Inactive")
        .null("emergency_address_sid")
        .text("emergency_address_status", "unregistered")
        .text("friendly_name", &spoken(&number.e164))
        .null("identity_sid")
        .text("origin", "twilio")
        .text("phone_number", &number.e164)
        .text("sid", number.sid.as_str());
    for service in ["sms", "voice"] {
        json.text(&format!("{service}_application_sid"), "")
            .text(&format!("{service}_fallback_method"), "POST")
            .text(&format!("{service}_fallback_url"), "")
            .text(&format!("{service}_method"), "POST")
            .text(&format!("{service}_url"), "");
    }
    json.flag("voice_caller_id_lookup", false)
        .text("voice_receive_mode", "voice")
        .text("status_callback", "")
        .text("status_callback_method", "POST")
        .null("trunk_sid")
        .text("uri", &format!("{uri}.json"))
        .null("bundle_sid")
        .text("status", "in-use")
        .text("type", "local")
        .child("subresource_uris", add_ons);
    json
}

/// A type of end users or documents. Its SID follows from its name.
pub fn object_type(machine_name: &str, friendly_name: &str, fields: &[(&str, &str)], url: &str) -> Json {
    let fields = fields.iter().map(|(name, friendly_name)| {
        let mut json = Json::object();
        json.text("machine_name", name).text("friendly_name", friendly_name).text("constraint", "String");
        json
    });
    let mut json = Json::object();
    json.text("url", &format!("{url}/{}", type_sid(machine_name)))
        .list("fields", fields)
        .text("machine_name", machine_name)
        .text("friendly_name", friendly_name)
        .text("sid", type_sid(machine_name).as_str());
    json
}

/// The `OY…` of a type.
pub fn type_sid(machine_name: &str) -> Sid {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(machine_name);
    let mut bits = [0; 16];
    bits.copy_from_slice(&digest[..16]);
    Sid::from_bits("OY", bits)
}

/// The type by which other policies ask for this profile; empty for products.
pub fn profile_type(bundle: &Bundle) -> &'static str {
    policies::find(bundle.policy.as_str()).map_or("", |policy| policy.profile_type)
}

/// `+14155550123` as `(415) 555-0123`, the FriendlyName that a number has by default.
pub fn spoken(e164: &str) -> String {
    match e164.strip_prefix("+1") {
        Some(digits) if digits.len() == 10 && digits.is_ascii() => {
            format!("({}) {}-{}", &digits[..3], &digits[3..6], &digits[6..])
        }
        _ => e164.to_owned(),
    }
}

fn date(ms: u64, format: &str) -> String {
    // A clock beyond the year 9999 is read as 1970.
    let time = i64::try_from(ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok()).unwrap_or_default();
    time.to_zoned(TimeZone::UTC).strftime(format).to_string()
}
