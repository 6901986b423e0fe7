//! The words that all rooms use. Pure: no I/O, no clock, nothing of ours imported.

pub mod column;
mod customer;
mod fault;
mod finding;
mod product;
mod shown;
mod sid;
pub mod values;
mod words;

pub use column::Column;
pub use customer::{
    Address, Business, Customer, ListedValue, PhoneNumber, PhoneNumbers, Representative, VoiceIntegrity,
};
pub use fault::Fault;
pub use finding::{Finding, Severity};
pub use product::{NumberRule, Product};
pub use shown::{is_unseen, json_shown, redacted, shown, shown_in_line};
pub use sid::{Sid, SidKind};
pub use words::counted;
