//! A request as plain data.

use crate::model::Sid;

/// Form fields in the order in which they go out. Names are Twilio's, in PascalCase.
pub type Form = Vec<(&'static str, String)>;

/// One request in the account of one customer.
pub struct Call {
    pub method: Method,
    pub host: Host,
    /// With the query, as it goes over the wire. It holds SIDs only, so that it may be logged.
    pub path: String,
    /// Empty for everything but POST.
    pub form: Form,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Method {
    Get,
    Post,
    Delete,
}

impl Method {
    pub fn name(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Delete => "DELETE",
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Host {
    /// api.twilio.com
    Api,
    /// trusthub.twilio.com
    TrustHub,
}

impl Call {
    pub fn get(host: Host, path: String) -> Call {
        Call { method: Method::Get, host, path, form: vec![] }
    }
}

/// Where an account is read.
pub fn account_path(account: &Sid) -> String {
    format!("/2010-04-01/Accounts/{account}.json")
}
