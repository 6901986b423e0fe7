//! What an answer shows of a resource, held against what the row says.
//!
//! A digest in the ledger says what was sent once. It is no proof of what is there: an older copy of the
//! ledger, a person in the Console or an update that arrived late may say otherwise. So whatever is about
//! to be submitted is compared, field by field, with an answer of the run that submits it.

use super::Plan;
use super::digests::recorded;
use crate::facts::Facts;
use crate::facts::{Content, Digest};
use crate::flow::{Item, StepId};
use serde_json::{Map, Value};

/// What an answer shows of the content of a step.
pub struct Shown {
    /// The content as it is shown: what the step stands for where nothing differs.
    pub content: Content,
    /// The fields that differ, by Twilio's names: parameters and, of `Attributes`, its keys.
    pub differing: Vec<String>,
}

impl Shown {
    /// Whether it is what the row says.
    pub fn is_as_wanted(&self) -> bool {
        self.differing.is_empty()
    }

    /// The differing fields for the ledger and for messages.
    pub fn fields(&self) -> String {
        self.differing.join(",")
    }
}

impl Plan<'_> {
    /// What `item` shows of what this step makes; `None` for a step that makes nothing of its own, and
    /// while a SID that its content names is not known. Of a bundle that was submitted nobody may know any more
    /// in which version: then it is the newest that the item fits.
    pub fn shown(&self, step: StepId, facts: &Facts, item: &Item) -> Option<Shown> {
        let in_force = self.version(step, facts);
        let may_be_older = facts.submitted(step.bundle).is_some() && recorded(step, facts).is_none();
        let oldest = if may_be_older { 1 } else { in_force };
        let mut versions = (oldest..=in_force).rev();
        let newest = self.shown_in(versions.next()?, step, facts, item)?;
        match newest.is_as_wanted() {
            true => Some(newest),
            false => versions
                .filter_map(|it| self.shown_in(it, step, facts, item))
                .find(Shown::is_as_wanted)
                .or(Some(newest)),
        }
    }

    fn shown_in(&self, version: u8, step: StepId, facts: &Facts, item: &Item) -> Option<Shown> {
        let wanted = self.form_in(version, step, facts)?;
        let mut differing = vec![];
        let mut seen = Vec::with_capacity(wanted.len());
        for (name, value) in wanted {
            let shown = match name {
                "Attributes" => attributes_shown(&value, item.attributes.as_ref(), &mut differing),
                _ => item.field(name).unwrap_or_default().to_owned(),
            };
            let same = match name {
                "Attributes" => shown == value,
                // Case means nothing in an e-mail address that is only written to.
                "Email" => shown.eq_ignore_ascii_case(&value),
                _ => shown == value,
            };
            if !same && name != "Attributes" {
                differing.push(name.to_owned());
            }
            seen.push((name, if same { value } else { shown }));
        }
        Some(Shown { content: Content::Known(Digest { version, bytes: self.digest_of(&seen) }), differing })
    }

    /// Whether a bundle has a status callback although its row has none.
    pub fn has_stray_callback(&self, item: &Item) -> bool {
        self.customer.status_callback.is_none()
            && item.status_callback.as_deref().is_some_and(|it| !it.is_empty())
    }
}

/// The attributes as they are shown: `wanted` itself where each of its keys has its value. A key that was
/// not sent says nothing. What differs is named in `differing`.
fn attributes_shown(wanted: &str, shown: Option<&Map<String, Value>>, differing: &mut Vec<String>) -> String {
    let Ok(wanted_map) = serde_json::from_str::<Map<String, Value>>(wanted) else { return String::new() };
    let empty = Map::new();
    let shown = shown.unwrap_or(&empty);
    let before = differing.len();
    for (key, value) in &wanted_map {
        if !same(value, shown.get(key)) {
            differing.push(key.clone());
        }
    }
    match differing.len() == before {
        true => wanted.to_owned(),
        false => serde_json::to_string(shown).unwrap_or_default(),
    }
}

/// Whether an attribute is as it was sent. Everything is sent as text; a number and a list of one are
/// the same thing written otherwise, and what is left out is empty.
fn same(wanted: &Value, shown: Option<&Value>) -> bool {
    let Value::String(wanted) = wanted else { return shown == Some(wanted) };
    match shown {
        None | Some(Value::Null) => wanted.is_empty(),
        Some(Value::String(text)) => text == wanted,
        Some(Value::Array(several)) => match several.as_slice() {
            [] => wanted.is_empty(),
            [one] => same(&Value::String(wanted.clone()), Some(one)),
            _ => false,
        },
        Some(Value::Number(number)) => number.to_string().eq(wanted),
        Some(other) => *other == Value::String(wanted.clone()),
    }
}
