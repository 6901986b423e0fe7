//! What an answer means: one pure function and its table.

use crate::model::{Sid, redacted, shown_in_line};
use crate::plan::Code;
use serde::Deserialize;

/// An answer as it came over the wire.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    pub status: u16,
    /// Whole, or what came of it before the connection broke.
    pub body: Vec<u8>,
    /// Whether the body arrived as long as it was announced.
    pub whole: Whole,
    /// `Twilio-Request-Id`, `RQ` and 32 hexadecimal digits.
    pub request_id: Option<String>,
    /// `Retry-After` in seconds, where it was given so.
    pub retry_after_s: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Whole {
    #[default]
    Yes,
    No,
}

/// What to make of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Class {
    /// 2xx with a whole body: it was carried out.
    Done,
    /// 429 with a code of Twilio's: it was not carried out and may be sent again [docs, 20429]. Without
    /// one ([`is_the_apis_own`]), a gateway may have passed the request on before it said so.
    TooMany,
    /// 5xx, 2xx with a broken body, or a no that is not the API's own: it may or may not have been
    /// carried out.
    Unknown,
    /// 20162: another request is changing the same resource. It was not carried out and may be sent again after
    /// a wait [docs, 20162].
    UpdateInProgress,
    /// 401: the credentials are not taken.
    Unauthorized,
    /// 404: something that the request names is not there, or not yet.
    NotFound,
    /// 409: it may be there already.
    Conflict,
    /// 3xx: this is not the API, or not the host that was meant.
    Redirected,
    /// Any other 4xx: the answer is no.
    Refused,
}

/// A conflicting resource update is in progress [docs]; the dictionary names no status for it.
const UPDATE_IN_PROGRESS: u32 = 20162;

/// The class of an answer by its status and by whether its body can be read.
///
/// | status | class |
/// |---|---|
/// | 2xx, body readable (204: any body) | done |
/// | 2xx, body torn, empty or not JSON | unknown: it may have been carried out |
/// | 3xx | redirected: the API never does |
/// | 401 | unauthorized |
/// | 404 | not found |
/// | 408 | unknown: a proxy gave up, the API may not have |
/// | 409 | conflict |
/// | 429 | too many |
/// | other 4xx | refused |
/// | any 4xx but 429 with code 20162 | update in progress |
/// | any 4xx but 429 without an error code in JSON | unknown: a gateway said it, perhaps after the work |
/// | 5xx and anything else | unknown |
pub fn classify(answer: &Answer) -> Class {
    match answer.status {
        204 => Class::Done,
        200..=299 if is_json(answer) => Class::Done,
        200..=299 => Class::Unknown,
        300..=399 => Class::Redirected,
        408 => Class::Unknown,
        429 => Class::TooMany,
        400..=499 if !is_the_apis_own(answer) => Class::Unknown,
        400..=499 if Refusal::read(answer).code == Code::Twilio(UPDATE_IN_PROGRESS) => {
            Class::UpdateInProgress
        }
        401 => Class::Unauthorized,
        404 => Class::NotFound,
        409 => Class::Conflict,
        400..=499 => Class::Refused,
        _ => Class::Unknown,
    }
}

/// Whether a no bears an error code in JSON, as every no of the API does [docs]. Whatever stands in
/// between can answer with any status, also after the API has done the work.
pub fn is_the_apis_own(answer: &Answer) -> bool {
    answer.whole == Whole::Yes && Refusal::read(answer).code != Code::None
}

/// Whether an answer that does not say what became of a request says at least that it is no longer on its way.
/// A proxy or gateway that gives up (502, 504, 408) and any page without a code of Twilio's may come while
/// the API is still at work; so may a success that was cut short.
pub fn says_that_it_is_over(answer: &Answer) -> bool {
    !matches!(answer.status, 408 | 502 | 504) && is_the_apis_own(answer)
}

fn is_json(answer: &Answer) -> bool {
    answer.whole == Whole::Yes && serde_json::from_slice::<serde::de::IgnoredAny>(&answer.body).is_ok()
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
    /// Reads the error body [docs]; a proxy's page or an empty body leaves code and message open.
    pub fn read(answer: &Answer) -> Refusal {
        #[derive(Deserialize, Default)]
        #[serde(default)]
        struct Body {
            code: Option<u32>,
            message: Option<String>,
            detail: Option<String>,
        }
        let body: Body = serde_json::from_slice(&answer.body).unwrap_or_default();
        Refusal {
            http_status: answer.status,
            code: body.code.map_or(Code::None, Code::Twilio),
            message: in_words(&body.message.or(body.detail).unwrap_or_default(), &[]),
            request_id: answer.request_id.clone(),
        }
    }

    /// The same without these secrets, which a server may have echoed.
    pub fn without(mut self, secrets: &[&str]) -> Refusal {
        self.message = in_words(&self.message, secrets);
        self
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

    fn answer(status: u16, body: &str) -> Answer {
        Answer { status, body: body.into(), ..Answer::default() }
    }

    #[test]
    fn every_status_has_the_class_that_the_table_says() {
        let body = r#"{"sid":"BU1","code":20001}"#;
        for (status, class) in [
            (200, Class::Done),
            (201, Class::Done),
            (301, Class::Redirected),
            (400, Class::Refused),
            (401, Class::Unauthorized),
            (403, Class::Refused),
            (404, Class::NotFound),
            (405, Class::Refused),
            (408, Class::Unknown),
            (409, Class::Conflict),
            (412, Class::Refused),
            (422, Class::Refused),
            (429, Class::TooMany),
            (500, Class::Unknown),
            (502, Class::Unknown),
            (503, Class::Unknown),
            (100, Class::Unknown),
        ] {
            assert_eq!(classify(&answer(status, body)), class, "{status}");
        }
        assert_eq!(classify(&answer(204, "")), Class::Done);
    }

    #[test]
    fn a_conflicting_update_is_told_by_its_code_whatever_the_status() {
        for status in [400, 403, 409, 412, 422, 423] {
            let body = r#"{"code":20162,"message":"A conflicting resource update is in progress"}"#;
            assert_eq!(classify(&answer(status, body)), Class::UpdateInProgress, "{status}");
            assert_eq!(classify(&answer(status, "20162")), Class::Unknown, "{status} of a gateway");
        }
        assert_eq!(
            classify(&answer(500, r#"{"code":20162}"#)),
            Class::Unknown,
            "it may have been carried out"
        );
    }

    #[test]
    fn a_success_whose_body_cannot_be_read_may_or_may_not_have_happened() {
        for body in ["", "<html>gateway</html>", r#"{"sid":"BU"#] {
            assert_eq!(classify(&answer(201, body)), Class::Unknown, "{body:?}");
        }
        let torn = Answer { whole: Whole::No, ..answer(201, r#"{"sid":"BU1"}"#) };
        assert_eq!(classify(&torn), Class::Unknown);
    }

    #[test]
    fn a_no_without_a_code_is_not_the_apis_own_and_may_come_after_the_work() {
        for status in [400, 401, 403, 404, 405, 407, 409, 412, 413, 422] {
            for body in ["", "<html>gateway</html>", r#"{"message":"no"}"#, r#"{"code":204"#] {
                assert_eq!(classify(&answer(status, body)), Class::Unknown, "{status} {body:?}");
            }
        }
        assert!(is_the_apis_own(&answer(429, r#"{"code":20429,"message":"Too many requests"}"#)));
        assert!(!is_the_apis_own(&answer(429, "<html>gateway</html>")));
    }

    #[test]
    fn only_an_answer_with_a_code_from_behind_the_gateway_says_that_a_request_is_over() {
        let own = r#"{"code":20500,"message":"Internal Server Error"}"#;
        for status in [500, 503] {
            assert!(says_that_it_is_over(&answer(status, own)), "{status}");
        }
        for status in [408, 502, 504] {
            assert!(!says_that_it_is_over(&answer(status, own)), "{status}");
        }
        for status in [200, 201, 400, 404, 429, 500, 502, 503, 504] {
            for page in ["", "<html>gateway</html>", r#"{"message":"upstream timed out"}"#] {
                assert!(!says_that_it_is_over(&answer(status, page)), "{status} {page:?}");
            }
        }
        let torn = Answer { whole: Whole::No, ..answer(500, own) };
        assert!(!says_that_it_is_over(&torn));
    }

    #[test]
    fn a_refusal_names_code_message_and_the_bundle_in_the_way() {
        let message = "PN is already assigned to BUaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.";
        let body = format!(r#"{{"code":20409,"message":"{message}","status":409}}"#);
        let refusal = Refusal::read(&answer(409, &body));
        assert_eq!((refusal.code, refusal.message.as_str()), (Code::Twilio(20409), message));
        assert_eq!(refusal.names_bundle(), Sid::parse("BUaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
        let page = Refusal::read(&answer(403, "<html>"));
        assert_eq!((page.code, page.message.as_str(), page.names_bundle()), (Code::None, "", None));
    }

    #[test]
    fn the_words_of_a_refusal_are_one_line_without_secrets_and_without_what_is_unseen() {
        let token = "0123456789abcdef0123456789abcdef";
        let message = format!("no\u{202e} to {token}\n(swordfish)\u{1b}[2J");
        let body = serde_json::json!({"code": 20001, "message": message}).to_string();
        let refusal = Refusal::read(&answer(400, &body)).without(&["swordfish"]);
        assert_eq!(refusal.message, "no<U+202E> to [secret] ([secret])<U+001B>[2J");
    }
}
