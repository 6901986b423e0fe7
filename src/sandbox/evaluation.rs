//! Evaluations: what a bundle lacks under its policy, found at once and without changing anything.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::policies::{self, BundleKind, Check, Document, EndUser, Field, Need, Policy, Profiles};
use super::review::{self, Status};
use super::sid::Sid;
use super::undocumented::Undocumented;
use super::world::{Address, Bundle, Object, World};

/// How one requirement of the policy was found. Names and passed fields are not kept: the policy's
/// table has them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Finding {
    pub policy: Sid,
    /// Position in the policy: end users first, then documents, then the supporting profile.
    pub requirement: usize,
    /// The whole object is missing or double.
    pub failure: Option<Failure>,
    /// Fields that failed, in the policy's order.
    pub invalid: Vec<InvalidField>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Failure {
    pub reason: String,
    pub code: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InvalidField {
    /// Position in the requirement's fields.
    pub field: usize,
    pub failure: Failure,
}

/// A requirement, whatever its kind.
pub enum Requirement {
    EndUser(&'static EndUser),
    Document(&'static Document),
    Profiles(&'static Profiles),
}

impl Finding {
    pub fn passed(&self) -> bool {
        self.failure.is_none() && self.invalid.is_empty()
    }

    /// The requirement that was looked at.
    pub fn requirement(&self) -> Option<Requirement> {
        let policy = policies::find(self.policy.as_str())?;
        requirements(policy).into_iter().nth(self.requirement)
    }

    /// Its type, or nothing for a policy that is no longer in the table.
    pub fn object_type(&self) -> &'static str {
        match self.requirement() {
            Some(Requirement::EndUser(end_user)) => end_user.object_type,
            Some(Requirement::Document(document)) => document.object_type,
            Some(Requirement::Profiles(profiles)) => profiles.alternatives[0].0,
            None => "",
        }
    }

    /// The field that a supporting profile is judged by; `None` for other requirements.
    pub fn object_field(&self) -> Option<&'static str> {
        match self.requirement() {
            Some(Requirement::Profiles(profiles)) => Some(profiles.object_field),
            _ => None,
        }
    }
}

/// All requirements of a policy in the order of results.
pub fn requirements(policy: &'static Policy) -> Vec<Requirement> {
    let end_users = policy.end_users.iter().map(Requirement::EndUser);
    let documents = policy.documents.iter().map(Requirement::Document);
    end_users.chain(documents).chain(policy.profiles.as_ref().map(Requirement::Profiles)).collect()
}

/// Looks at every requirement of the bundle's policy.
pub fn evaluate(world: &World, bundle: &Bundle, now_ms: u64, rules: &Undocumented) -> Vec<Finding> {
    let Some(policy) = policies::find(bundle.policy.as_str()) else { return Vec::new() };
    let mut findings = Vec::new();
    for (position, requirement) in requirements(policy).iter().enumerate() {
        let mut finding =
            Finding { policy: bundle.policy, requirement: position, failure: None, invalid: Vec::new() };
        match requirement {
            Requirement::EndUser(end_user) => {
                let found = objects_of_type(world, bundle, end_user.object_type);
                let is_waived = end_user.object_type == policies::REPRESENTATIVE_2
                    && !rules.second_representative_required;
                if found.is_empty() && is_waived {
                    continue;
                }
                check_end_user(&mut finding, end_user, &found);
            }
            Requirement::Document(document) => {
                let found = objects_of_type(world, bundle, document.object_type);
                check_document(&mut finding, world, bundle, document, &found);
            }
            Requirement::Profiles(profiles) => check_profile(&mut finding, world, bundle, profiles, now_ms),
        }
        findings.push(finding);
    }
    findings
}

/// The end users or documents of a type on a bundle; one that is assigned twice counts once.
pub fn objects_of_type<'w>(world: &'w World, bundle: &Bundle, object_type: &str) -> Vec<&'w Object> {
    let mut found: Vec<&Object> = Vec::new();
    for entity in &bundle.entities {
        let Some(object) = world.objects.get(&entity.object) else { continue };
        if object.object_type == object_type && found.iter().all(|other| other.sid != object.sid) {
            found.push(object);
        }
    }
    found
}

/// The addresses that a bundle's documents name, as far as they exist in its account.
pub fn addresses<'w>(world: &'w World, bundle: &Bundle) -> Vec<&'w Address> {
    objects_of_type(world, bundle, policies::ADDRESS_DOCUMENT)
        .into_iter()
        .filter_map(|document| address_of(world, document))
        .collect()
}

/// The address that a document names.
pub fn address_of<'w>(world: &'w World, document: &Object) -> Option<&'w Address> {
    let attributes = attributes(document);
    let sid = Sid::of_kind("AD", attributes.get("address_sids")?.as_str()?)?;
    world.addresses.get(&sid).filter(|address| address.account == document.account)
}

/// The supporting profile that is assigned to a bundle.
pub fn linked_profile<'w>(world: &'w World, bundle: &Bundle) -> Option<&'w Bundle> {
    bundle.entities.iter().find_map(|entity| world.bundles.get(&entity.object))
}

/// What an end user or a document says.
pub fn attributes(object: &Object) -> Map<String, Value> {
    object.attributes.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

fn check_end_user(finding: &mut Finding, end_user: &EndUser, found: &[&Object]) {
    if let Some(failure) = wrong_count(end_user.name, found.len(), 22214) {
        finding.failure = Some(failure);
    }
    let attributes = found.first().map(|object| attributes(object)).unwrap_or_default();
    for (position, field) in end_user.fields.iter().enumerate() {
        if let Some(reason) = wrong(field, attributes.get(field.name), end_user.name) {
            finding.invalid.push(InvalidField { field: position, failure: Failure { reason, code: 22215 } });
        }
    }
}

fn check_document(
    finding: &mut Finding,
    world: &World,
    bundle: &Bundle,
    document: &Document,
    found: &[&Object],
) {
    finding.failure = wrong_count(document.name, found.len(), 22216);
    let missing = || Some((22219, "The Address is missing: Address sids list is empty".to_owned()));
    let failure = match found.first() {
        None => missing(),
        Some(object) => match attributes(object).get("address_sids") {
            None => missing(),
            Some(Value::String(text)) if text.is_empty() => missing(),
            Some(Value::String(text)) if address_of(world, object).is_none() => {
                Some((22219, format!("The Address {text} does not exist in account {}", bundle.account)))
            }
            Some(Value::String(_)) => None,
            Some(_) => Some((22217, "Address sids should be a string that holds one Address SID".to_owned())),
        },
    };
    if let Some((code, reason)) = failure {
        finding.invalid.push(InvalidField { field: 0, failure: Failure { reason, code } });
    }
}

fn check_profile(finding: &mut Finding, world: &World, bundle: &Bundle, profiles: &Profiles, now_ms: u64) {
    let reason = match linked_profile(world, bundle) {
        None if bundle.kind == BundleKind::CustomerProfile => {
            "Primary customer profile bundle is null".to_owned()
        }
        None => "Customer profile bundle is null".to_owned(),
        Some(profile) => match review::status(world, profile, now_ms).0 {
            Status::Approved => return,
            status => {
                format!("The {} {} is {}", profiles.requirement_friendly_name, profile.sid, status.as_str())
            }
        },
    };
    finding.invalid.push(InvalidField { field: 0, failure: Failure { reason, code: 22218 } });
}

fn wrong_count(name: &str, count: usize, code_missing: u32) -> Option<Failure> {
    match count {
        0 => Some(Failure { reason: format!("{name} is missing"), code: code_missing }),
        1 => None,
        _ => {
            Some(Failure { reason: format!("More than one {name} is assigned to this bundle"), code: 22218 })
        }
    }
}

/// Why a value does not do.
fn wrong(field: &Field, value: Option<&Value>, of: &str) -> Option<String> {
    let name = field.friendly_name;
    let text = match value {
        None | Some(Value::Null) => "",
        Some(Value::String(text)) => text,
        Some(_) => return Some(format!("{name} should be a string")),
    };
    if text.is_empty() {
        let missing = format!("The {name} is missing. Please enter in a {name} on the {of}.");
        return (field.need == Need::Required).then_some(missing);
    }
    match field.check {
        Check::Text => None,
        Check::OneOf(values) => {
            (!values.contains(&text)).then(|| format!("{name} should be one of {}", values.join(" ")))
        }
        Check::SomeOf(values) => (!text.split(',').all(|part| values.contains(&part)))
            .then(|| format!("{name} should be one of {}", values.join(" "))),
        Check::E164 => (!is_e164(text)).then(|| format!("{name} should be an E.164 number")),
        Check::Email => (!is_email(text)).then(|| format!("{name} should be an email address")),
        Check::WholeNumber => {
            (!text.bytes().all(|b| b.is_ascii_digit())).then(|| format!("{name} should be a whole number"))
        }
    }
}

fn is_e164(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (8..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|b| b.is_ascii_digit())
    })
}

/// Whether a text has the outline of an e-mail address.
pub fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && !domain.contains('@')
            && domain.split('.').count() > 1
            && domain.split('.').all(|label| !label.is_empty())
            && !text.contains(char::is_whitespace)
    })
}
