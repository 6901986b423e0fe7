//! A request as the API reads it.

use super::answers::Refused;
use super::sid::Sid;

/// A request, its parts decoded.
#[derive(Clone, Debug)]
pub struct Call {
    pub method: Method,
    /// Without the query.
    pub path: String,
    pub query: Parameters,
    pub form: Parameters,
    pub content_type: Option<String>,
    /// User and password of HTTP Basic.
    pub credentials: Option<(String, String)>,
    /// Scheme and host as the client wrote them, for absolute URLs.
    pub base_url: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
    Delete,
    Other,
}

/// Names and values in the order sent. Names are compared with their case.
#[derive(Clone, Debug, Default)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    pub fn parse(encoded: &[u8]) -> Parameters {
        Parameters(form_urlencoded::parse(encoded).into_owned().collect())
    }

    /// The value of a parameter, also when it is empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A parameter without which there is nothing to do; an empty one does not count.
    pub fn required(&self, name: &str) -> Result<&str, Refused> {
        self.get(name).filter(|value| !value.is_empty()).ok_or_else(|| Refused::missing(name))
    }

    pub fn has_any_of(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.get(name).is_some())
    }

    /// A SID of one kind among the required parameters; `prefix` is empty for any kind.
    pub fn required_sid(&self, name: &str, prefix: &str) -> Result<Sid, Refused> {
        read_sid(name, prefix, self.required(name)?)
    }

    /// A SID of one kind, if one is given; `prefix` is empty for any kind.
    pub fn sid(&self, name: &str, prefix: &str) -> Result<Option<Sid>, Refused> {
        self.get(name).map(|text| read_sid(name, prefix, text)).transpose()
    }

    /// A boolean, if one is given: `true` or `false` and nothing else.
    pub fn boolean(&self, name: &str) -> Result<Option<bool>, Refused> {
        match self.get(name) {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(_) => Err(Refused::invalid(name, "it is neither true nor false")),
        }
    }
}

fn read_sid(name: &str, prefix: &str, text: &str) -> Result<Sid, Refused> {
    let sid = if prefix.is_empty() { Sid::parse(text) } else { Sid::of_kind(prefix, text) };
    sid.ok_or_else(|| Refused::invalid_sid(name))
}

impl Method {
    pub fn parse(name: &str) -> Method {
        match name {
            "GET" => Method::Get,
            "POST" => Method::Post,
            "DELETE" => Method::Delete,
            _ => Method::Other,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Delete => "DELETE",
            Method::Other => "OTHER",
        }
    }
}

/// User and password from an `Authorization: Basic …` header.
pub fn basic_credentials(header: &str) -> Option<(String, String)> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(decode_base64(encoded.trim())?).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

/// Standard base64; `None` for anything else. One header is not worth a dependency.
fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    let (mut bits, mut held) = (0u32, 0u32);
    for c in text.trim_end_matches('=').bytes() {
        let value = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_credentials_are_read_and_anything_else_is_not() {
        let read = |header| basic_credentials(header);
        let pair = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));
        assert_eq!(read("Basic QUM6dG9rZW4="), pair("AC", "token"));
        assert_eq!(read("basic QUM6YTpi"), pair("AC", "a:b"));
        assert_eq!(read("Bearer QUM6dG9rZW4="), None);
        assert_eq!(read("Basic QUM6dG9r*W4="), None);
        assert_eq!(read("Basic"), None);
    }
}
