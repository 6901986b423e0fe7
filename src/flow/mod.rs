//! The language that a product is written in.
//!
//! A [`Product`] is a value: its [`Bundle`], and the [`Step`]s of that bundle in their order. A step does
//! one of a handful of things ([`Verb`]); what it creates is a [`Resource`]. A [`Flow`] is the list of
//! products that are put together; plan, engine, ledger and reports go through it and know no product by
//! name. Steps and bundles are statics that name one another, and are the same if they are the same static.

mod bundle;
mod item;
mod request;
mod status;
mod step;

pub use bundle::{Assignments, Bundle, BundleId, Collection, Dependency, Flow, Steps};
pub use item::{Item, ItemError};
pub use request::{Call, Form, Host, Method, account_path};
pub use status::BundleStatus;
pub use step::{Key, Object, Part, Resource, Step, StepId, Verb, from_hex, to_hex};
