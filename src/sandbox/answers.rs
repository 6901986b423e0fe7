//! What goes out: answers, refusals in the API's error body, and a small JSON writer that keeps the
//! order of keys.

/// An answer that carries the request out.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    /// JSON, or nothing with a 204.
    pub body: Vec<u8>,
}

/// "Invalid Parameter" and "Invalid SID" of the Error Dictionary.
const INVALID_PARAMETER: u32 = 20422;
const INVALID_SID: u32 = 20423;

/// The API says no.
#[derive(Clone, Debug)]
pub struct Refused {
    pub status: u16,
    pub code: u32,
    pub message: String,
}

/// An object that is being written. Keys come out in the order in which they are put in.
pub struct Json(Vec<u8>);

impl Answer {
    pub fn ok(body: Json) -> Answer {
        Answer { status: 200, body: body.end() }
    }

    pub fn created(body: Json) -> Answer {
        Answer { status: 201, body: body.end() }
    }

    pub fn gone() -> Answer {
        Answer { status: 204, body: Vec::new() }
    }
}

impl Refused {
    pub fn new(status: u16, code: u32, message: impl Into<String>) -> Refused {
        Refused { status, code, message: message.into() }
    }

    pub fn missing(parameter: &str) -> Refused {
        Refused::new(400, 20001, format!("Missing required parameter {parameter} in the post body"))
    }

    /// A value that the API description rules out.
    pub fn invalid(parameter: &str, why: &str) -> Refused {
        Refused::new(400, INVALID_PARAMETER, format!("Invalid parameter {parameter}: {why}"))
    }

    pub fn invalid_sid(parameter: &str) -> Refused {
        Refused::new(400, INVALID_SID, format!("Invalid SID {parameter}: it is not a SID of the right kind"))
    }

    /// The same with the HTTP status that invalid values have.
    pub fn with_invalid_status(mut self, http_status: u16) -> Refused {
        if matches!(self.code, INVALID_PARAMETER | INVALID_SID) {
            self.status = http_status;
        }
        self
    }

    pub fn not_found(path: &str) -> Refused {
        Refused::new(404, 20404, format!("The requested resource {path} was not found"))
    }

    pub fn method_not_allowed() -> Refused {
        Refused::new(405, 20004, "Method not allowed")
    }

    /// "Bad request" of the Trust Hub family.
    pub fn bad_request(message: impl Into<String>) -> Refused {
        Refused::new(400, 70002, message)
    }

    pub fn into_answer(self) -> Answer {
        let mut body = Json::object();
        body.number("code", u64::from(self.code))
            .text("message", &self.message)
            .text("more_info", &format!("https://www.twilio.com/docs/errors/{}", self.code))
            .number("status", u64::from(self.status));
        Answer { status: self.status, body: body.end() }
    }
}

impl Json {
    pub fn object() -> Json {
        let mut bytes = Vec::with_capacity(512);
        bytes.push(b'{');
        Json(bytes)
    }

    pub fn text(&mut self, key: &str, value: &str) -> &mut Json {
        self.key(key);
        write_text(&mut self.0, value);
        self
    }

    pub fn text_or_null(&mut self, key: &str, value: Option<&str>) -> &mut Json {
        match value {
            Some(value) => self.text(key, value),
            None => self.null(key),
        }
    }

    pub fn null(&mut self, key: &str) -> &mut Json {
        self.raw(key, b"null")
    }

    pub fn flag(&mut self, key: &str, value: bool) -> &mut Json {
        self.raw(key, if value { b"true" } else { b"false" })
    }

    pub fn number(&mut self, key: &str, value: u64) -> &mut Json {
        self.raw(key, value.to_string().as_bytes())
    }

    /// A value that is JSON already.
    pub fn raw(&mut self, key: &str, json: &[u8]) -> &mut Json {
        self.key(key);
        self.0.extend_from_slice(json);
        self
    }

    pub fn child(&mut self, key: &str, child: Json) -> &mut Json {
        self.raw(key, &child.end())
    }

    pub fn list(&mut self, key: &str, items: impl IntoIterator<Item = Json>) -> &mut Json {
        self.key(key);
        self.0.push(b'[');
        for (i, item) in items.into_iter().enumerate() {
            if i > 0 {
                self.0.push(b',');
            }
            self.0.extend_from_slice(&item.end());
        }
        self.0.push(b']');
        self
    }

    pub fn texts(&mut self, key: &str, items: impl IntoIterator<Item = impl AsRef<str>>) -> &mut Json {
        self.key(key);
        self.0.push(b'[');
        for (i, item) in items.into_iter().enumerate() {
            if i > 0 {
                self.0.push(b',');
            }
            write_text(&mut self.0, item.as_ref());
        }
        self.0.push(b']');
        self
    }

    /// The finished object.
    pub fn end(mut self) -> Vec<u8> {
        self.0.push(b'}');
        self.0
    }

    fn key(&mut self, key: &str) {
        if self.0.len() > 1 {
            self.0.push(b',');
        }
        write_text(&mut self.0, key);
        self.0.push(b':');
    }
}

fn write_text(to: &mut Vec<u8>, text: &str) {
    // Writing a string to memory as JSON cannot fail.
    let _ = serde_json::to_writer(to, text);
}
