//! What an evaluation says [spec, docs "synchronous request, instant feedback"].

use crate::flow::{BundleId, Item};
use serde::Deserialize;

#[derive(Deserialize)]
pub struct Evaluation {
    sid: Option<String>,
    account_sid: Option<String>,
    status: Option<String>,
    #[serde(default)]
    results: Vec<Requirement>,
}

#[derive(Deserialize)]
struct Requirement {
    object_type: Option<String>,
    passed: Option<bool>,
    failure_reason: Option<String>,
    error_code: Option<u32>,
    #[serde(default)]
    invalid: Option<Vec<Field>>,
    /// Public code reads the failing fields under this name, the spec says `invalid`.
    #[serde(default)]
    fields: Option<Vec<Field>>,
    requirement_name: Option<String>,
}

#[derive(Deserialize)]
struct Field {
    object_field: Option<String>,
    failure_reason: Option<String>,
    error_code: Option<u32>,
    passed: Option<bool>,
}

/// One thing that is wrong.
pub struct Failing {
    object_type: String,
    /// Empty where it is the requirement as a whole.
    object_field: String,
    reason: String,
    code: Option<u32>,
}

impl Evaluation {
    /// The evaluation as a resource: its SID, and the account that it is in.
    pub fn item(&self) -> Item {
        Item { sid: self.sid.clone(), account_sid: self.account_sid.clone(), ..Item::default() }
    }

    /// Everything that stands against a submission. That the profile of a product is not approved
    /// yet does not: the flow waits for that by itself.
    pub fn failing(&self, bundle: BundleId) -> Vec<Failing> {
        let waits_for = bundle.depends_on.as_ref();
        let mut failing = vec![];
        for requirement in &self.results {
            if requirement.passed == Some(true) {
                continue;
            }
            let text = |field: &Option<String>| field.clone().unwrap_or_default();
            let object_type = text(&requirement.object_type);
            let fields = requirement.invalid.iter().chain(&requirement.fields).flatten();
            let fields: Vec<&Field> = fields.filter(|it| it.passed != Some(true)).collect();
            let about_the_profile =
                waits_for.filter(|it| requirement.requirement_name.as_deref() == Some(it.requirement.0));
            let mut failing_fields = vec![];
            for field in &fields {
                let object_field = text(&field.object_field);
                if about_the_profile.is_some_and(|it| it.requirement.1 == object_field) {
                    continue;
                }
                failing_fields.push(Failing {
                    object_type: object_type.clone(),
                    object_field,
                    reason: text(&field.failure_reason),
                    code: field.error_code,
                });
            }
            // It may say what no field says: that something is there twice, for one.
            let reason = text(&requirement.failure_reason);
            let says_more = !reason.is_empty() && failing_fields.iter().all(|it| it.reason != reason);
            if fields.is_empty() || (says_more && !failing_fields.is_empty()) {
                let code = requirement.error_code;
                failing.push(Failing { object_type, object_field: String::new(), reason, code });
            }
            failing.extend(failing_fields);
        }
        if failing.is_empty() && self.results.is_empty() && self.status.as_deref() != Some("compliant") {
            failing.push(Failing {
                object_type: "bundle".to_owned(),
                object_field: String::new(),
                reason: "the evaluation gives no reason".to_owned(),
                code: None,
            });
        }
        failing
    }

    /// For a person: every failing field with Twilio's reason.
    pub fn in_words(&self, failing: &[Failing]) -> String {
        let one = |it: &Failing| match it.reason.is_empty() {
            true => it.place(),
            false => format!("{}: {}", it.place(), it.reason),
        };
        failing.iter().map(one).collect::<Vec<_>>().join("; ")
    }

    /// For the ledger: names of fields and codes only.
    pub fn in_codes(&self, failing: &[Failing]) -> String {
        let one = |it: &Failing| match it.code {
            Some(code) => format!("{}:{code}", it.place()),
            None => it.place(),
        };
        failing.iter().map(one).collect::<Vec<_>>().join(",")
    }
}

impl Failing {
    /// Where it is wrong, such as `voice_integrity_information.use_case`. Both are machine names;
    /// anything else in their place is not kept.
    fn place(&self) -> String {
        let name = |text: &str| {
            let machine =
                text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
            if machine { text.to_owned() } else { "unnamed".to_owned() }
        };
        match self.object_field.is_empty() {
            true => name(&self.object_type),
            false => format!("{}.{}", name(&self.object_type), name(&self.object_field)),
        }
    }
}
