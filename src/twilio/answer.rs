//! What an answer means: one pure function and its table. An answer is read once.

use crate::facts::{Code, OurCode, Reason};
use crate::flow::Method;
use crate::model::{Sid, redacted, shown_in_line};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// An answer as it came over the wire.
#[derive(Clone, Debug, Default)]
pub struct Received {
    pub status: u16,
    /// Whole, or what came of it before the connection broke.
    pub body: Vec<u8>,
    /// Whether the body did not arrive as long as it was announced.
    pub is_torn: bool,
    /// `Twilio-Request-Id`, `RQ` and 32 hexadecimal digits.
    pub request_id: Option<String>,
    /// `Retry-After` in seconds.
    pub retry_after_s: Option<u64>,
}

/// A good answer and what it shows.
#[derive(Debug)]
pub struct Answer<T> {
    pub value: T,
    pub status: u16,
    pub request_id: Option<String>,
}

/// What became of a request.
#[derive(Debug)]
pub enum Sent<T> {
    /// It was carried out.
    Done(Answer<T>),
    /// It may or may not have been carried out. `heard` says what answer came, if any.
    Unknown { heard: Answered },
    /// The credentials are not taken.
    Unauthorized(Refusal),
    /// Something that the request names is not there, or not yet.
    NotFound(Refusal),
    /// It may be there already.
    Conflict(Refusal),
    /// The answer is no.
    Refused(Refusal),
    /// 3xx: this is not the API, or not the host that was meant.
    Redirected { status: u16 },
    /// It was surely not carried out.
    Unavailable(Obstacle),
}

impl<T> Sent<T> {
    /// Whether there was no answer that says anything: what kept it away is the network, what stands in between, or
    /// the API's own trouble, and may pass.
    pub fn is_no_answer(&self) -> bool {
        matches!(
            self,
            Sent::Unknown { .. } | Sent::Unavailable(Obstacle::NoConnection { lasting: false, .. })
        )
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// The API's own answer, which does not say what became of the request: only that no more will.
    Failed {
        status: u16,
    },
    /// An answer that a proxy or gateway may have given while the API was still at work.
    Gateway {
        status: u16,
    },
    Nothing,
}

/// Why a request was surely not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// 429 with a code of Twilio's [docs, 20429].
    TooMany,
    /// Another request is changing the same resource [docs, 20162].
    UpdateInProgress,
    /// The host could not be reached; the reason in the words of the network. What is `lasting` is the same
    /// however often it is tried.
    NoConnection { reason: String, lasting: bool },
    /// The run was stopped before it went out.
    Stopped,
    /// The API was away for everyone, for as long as we were ready to wait; the reason.
    Away(String),
}

/// A conflicting resource update is in progress [docs]; the dictionary names no status for it.
const UPDATE_IN_PROGRESS: u32 = 20162;

impl Received {
    /// What the answer to a request means, by its status and by what its body shows, and the code that it
    /// bears. Every no of the API bears an error code in JSON [docs]; whatever stands in between can answer
    /// with any status, also after the API has done the work.
    ///
    /// | status | meaning |
    /// |---|---|
    /// | 2xx, body shows what was asked for (204: nothing) | done |
    /// | 2xx, body torn, empty, not JSON or of another shape | unknown: it may have been carried out |
    /// | 3xx | redirected: the API never does |
    /// | 401 | unauthorized |
    /// | 404 | not found |
    /// | 408 | unknown: a proxy gave up, the API may not have |
    /// | 409 | conflict |
    /// | 429 | too many; without a code, the answer to a POST is unknown: a gateway may have passed it on |
    /// | other 4xx | refused |
    /// | any 4xx but 429 with code 20162 | update in progress |
    /// | any 4xx but 429 without an error code in JSON | unknown: a gateway said it, perhaps after the work |
    /// | 5xx and anything else | unknown |
    pub fn read<T: DeserializeOwned>(&self, method: Method, secrets: &[&str]) -> (Sent<T>, Code) {
        let unknown = |heard| (Sent::Unknown { heard }, Code::None);
        let status = self.status;
        match status {
            200..=299 => match self.shown() {
                Some(value) => {
                    let answer = Answer { value, status, request_id: self.request_id.clone() };
                    (Sent::Done(answer), Code::None)
                }
                None => unknown(Answered::Gateway { status }),
            },
            300..=399 => (Sent::Redirected { status }, Code::None),
            _ => {
                let refusal = self.refusal(secrets);
                let code = refusal.code;
                (self.meaning_of(refusal, method), code)
            }
        }
    }

    fn shown<T: DeserializeOwned>(&self) -> Option<T> {
        let body = if self.status == 204 { b"null" } else { self.body.as_slice() };
        serde_json::from_slice(body).ok().filter(|_| !self.is_torn)
    }

    fn meaning_of<T>(&self, refusal: Refusal, method: Method) -> Sent<T> {
        let is_the_apis_own = !self.is_torn && refusal.code != Code::None;
        let status = self.status;
        match status {
            429 if is_the_apis_own || method != Method::Post => Sent::Unavailable(Obstacle::TooMany),
            400..=499 if !is_the_apis_own => Sent::Unknown { heard: Answered::Gateway { status } },
            408 => Sent::Unknown { heard: Answered::Gateway { status } },
            400..=499 if refusal.code == Code::Twilio(UPDATE_IN_PROGRESS) => {
                Sent::Unavailable(Obstacle::UpdateInProgress)
            }
            401 => Sent::Unauthorized(refusal),
            404 => Sent::NotFound(refusal),
            409 => Sent::Conflict(refusal),
            400..=499 => Sent::Refused(refusal),
            // A proxy or gateway that gives up may answer while the API is still at work.
            502 | 504 => Sent::Unknown { heard: Answered::Gateway { status } },
            _ if is_the_apis_own => Sent::Unknown { heard: Answered::Failed { status } },
            _ => Sent::Unknown { heard: Answered::Gateway { status } },
        }
    }

    /// Reads the error body [docs]; a proxy's page or an empty body leaves code and message open.
    fn refusal(&self, secrets: &[&str]) -> Refusal {
        #[derive(Deserialize, Default)]
        #[serde(default)]
        struct Body {
            code: Option<u32>,
            message: Option<String>,
            detail: Option<String>,
        }
        let body: Body = serde_json::from_slice(&self.body).unwrap_or_default();
        Refusal {
            http_status: self.status,
            code: body.code.map_or(Code::None, Code::Twilio),
            message: in_words(&body.message.or(body.detail).unwrap_or_default(), secrets),
            request_id: self.request_id.clone(),
        }
    }
}

/// The API's words as they may be shown: in one line, nothing unseen and no secret in it.
fn in_words(text: &str, secrets: &[&str]) -> String {
    redacted(&shown_in_line(text), secrets)
}

/// The API said no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub http_status: u16,
    pub code: Code,
    /// Twilio's own words. They may hold what the row says, so they are shown and never kept.
    pub message: String,
    pub request_id: Option<String>,
}

impl Refusal {
    /// What of it may be kept.
    pub fn reason(&self) -> Reason {
        Reason {
            http_status: Some(self.http_status),
            code: self.code,
            sid: None,
            request_id: self.request_id.clone(),
            fields: None,
        }
    }

    /// The same under a name of ours: what it means is ours to say.
    pub fn reason_of_ours(&self, code: OurCode) -> Reason {
        Reason { code: Code::Ours(code), ..self.reason() }
    }

    /// The first bundle that the message names, such as in `already assigned to BU…`.
    pub fn names_bundle(&self) -> Option<Sid> {
        let text = &self.message;
        text.match_indices("BU").find_map(|(at, _)| text.get(at..at + 34).and_then(Sid::parse))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::de::IgnoredAny;

    fn answer(status: u16, body: &str) -> Received {
        Received { status, body: body.into(), ..Received::default() }
    }

    /// What the answer to a request means, in a word.
    fn meaning(answer: &Received, method: Method) -> &'static str {
        match answer.read::<IgnoredAny>(method, &[]).0 {
            Sent::Done(_) => "done",
            Sent::Unknown { heard: Answered::Failed { .. } } => "failed",
            Sent::Unknown { .. } => "unknown",
            Sent::Unauthorized(_) => "unauthorized",
            Sent::NotFound(_) => "not found",
            Sent::Conflict(_) => "conflict",
            Sent::Refused(_) => "refused",
            Sent::Redirected { .. } => "redirected",
            Sent::Unavailable(Obstacle::TooMany) => "too many",
            Sent::Unavailable(Obstacle::UpdateInProgress) => "update in progress",
            Sent::Unavailable(_) => "unavailable",
        }
    }

    fn refusal(answer: &Received, secrets: &[&str]) -> Refusal {
        match answer.read::<IgnoredAny>(Method::Post, secrets).0 {
            Sent::Refused(refusal) | Sent::Conflict(refusal) => refusal,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_status_has_the_meaning_that_the_table_says() {
        let body = r#"{"sid":"BU1","code":20001}"#;
        for (status, expected) in [
            (200, "done"),
            (201, "done"),
            (301, "redirected"),
            (400, "refused"),
            (401, "unauthorized"),
            (403, "refused"),
            (404, "not found"),
            (405, "refused"),
            (408, "unknown"),
            (409, "conflict"),
            (412, "refused"),
            (422, "refused"),
            (429, "too many"),
            (500, "failed"),
            (502, "unknown"),
            (503, "failed"),
            (100, "failed"),
        ] {
            for method in [Method::Get, Method::Post, Method::Delete] {
                assert_eq!(meaning(&answer(status, body), method), expected, "{status}");
            }
        }
        assert_eq!(meaning(&answer(204, ""), Method::Delete), "done");
    }

    #[test]
    fn a_conflicting_update_is_told_by_its_code_whatever_the_status() {
        for status in [400, 403, 409, 412, 422, 423] {
            let body = r#"{"code":20162,"message":"A conflicting resource update is in progress"}"#;
            assert_eq!(meaning(&answer(status, body), Method::Post), "update in progress", "{status}");
            assert_eq!(meaning(&answer(status, "20162"), Method::Post), "unknown", "{status} of a gateway");
        }
        let own = answer(500, r#"{"code":20162}"#);
        assert_eq!(meaning(&own, Method::Post), "failed", "it may have been carried out");
    }

    #[test]
    fn a_success_that_does_not_show_what_was_asked_for_may_or_may_not_have_happened() {
        #[derive(Deserialize)]
        struct Shown {
            #[serde(rename = "sid")]
            _sid: String,
        }
        for body in ["", "<html>gateway</html>", r#"{"sid":"BU"#, "null", "[]", r#"{"sid":1}"#] {
            let sent = answer(201, body).read::<Shown>(Method::Post, &[]).0;
            assert!(matches!(sent, Sent::Unknown { heard: Answered::Gateway { status: 201 } }), "{body:?}");
        }
        let torn = Received { is_torn: true, ..answer(201, r#"{"sid":"BU1"}"#) };
        assert_eq!(meaning(&torn, Method::Post), "unknown");
    }

    #[test]
    fn a_no_without_a_code_is_not_the_apis_own_and_may_come_after_the_work() {
        for status in [400, 401, 403, 404, 405, 407, 409, 412, 413, 422] {
            for body in ["", "<html>gateway</html>", r#"{"message":"no"}"#, r#"{"code":204"#] {
                assert_eq!(meaning(&answer(status, body), Method::Post), "unknown", "{status} {body:?}");
            }
        }
        let own = answer(429, r#"{"code":20429,"message":"Too many requests"}"#);
        assert_eq!(meaning(&own, Method::Post), "too many");
        let page = answer(429, "<html>gateway</html>");
        assert_eq!([Method::Post, Method::Get].map(|it| meaning(&page, it)), ["unknown", "too many"]);
    }

    #[test]
    fn only_an_answer_with_a_code_from_behind_the_gateway_says_that_a_request_is_over() {
        let own = r#"{"code":20500,"message":"Internal Server Error"}"#;
        for status in [500, 503] {
            assert_eq!(meaning(&answer(status, own), Method::Post), "failed", "{status}");
        }
        for status in [408, 502, 504] {
            assert_eq!(meaning(&answer(status, own), Method::Post), "unknown", "{status}");
        }
        for status in [400, 404, 429, 500, 502, 503, 504] {
            for page in ["", "<html>gateway</html>", r#"{"message":"upstream timed out"}"#] {
                assert_eq!(meaning(&answer(status, page), Method::Post), "unknown", "{status} {page:?}");
            }
        }
        let torn = Received { is_torn: true, ..answer(500, own) };
        assert_eq!(meaning(&torn, Method::Post), "unknown");
    }

    #[test]
    fn a_refusal_names_code_message_and_the_bundle_in_the_way() {
        let message = "PN is already assigned to BUaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.";
        let body = format!(r#"{{"code":20409,"message":"{message}","status":409}}"#);
        let refusal = refusal(&answer(409, &body), &[]);
        assert_eq!((refusal.code, refusal.message.as_str()), (Code::Twilio(20409), message));
        assert_eq!(refusal.names_bundle(), Sid::parse("BUaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
    }

    #[test]
    fn the_words_of_a_refusal_are_one_line_without_secrets_and_without_what_is_unseen() {
        let token = "0123456789abcdef0123456789abcdef";
        let message = format!("no\u{202e} to {token}\n(swordfish)\u{1b}[2J");
        let body = serde_json::json!({"code": 20001, "message": message}).to_string();
        let refusal = refusal(&answer(400, &body), &["swordfish"]);
        assert_eq!(refusal.message, "no<U+202E> to [secret] ([secret])<U+001B>[2J");
    }
}
