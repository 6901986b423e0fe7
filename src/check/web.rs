//! E-mail addresses, web addresses and the domains in them.

use std::borrow::Cow;

use email_address::{EmailAddress, Options};
use url::{Host, Url};

/// Mail services where anybody gets an address. Reviewers want the business's own domain.
const FREE_MAIL: [&str; 24] = [
    "aol.com",
    "att.net",
    "comcast.net",
    "fastmail.com",
    "gmail.com",
    "gmx.com",
    "gmx.net",
    "googlemail.com",
    "hotmail.com",
    "icloud.com",
    "live.com",
    "mac.com",
    "mail.com",
    "me.com",
    "msn.com",
    "outlook.com",
    "proton.me",
    "protonmail.com",
    "sbcglobal.net",
    "verizon.net",
    "yahoo.com",
    "ymail.com",
    "yandex.com",
    "zoho.com",
];

/// The domain of an e-mail address; `None` where it is no address that mail can be sent to over
/// the public internet. Stricter than the standard: no quotation marks, no comments, ASCII only.
pub(super) fn email_domain(text: &str) -> Option<&str> {
    if let Some((local, domain)) = text.split_once('@')
        && text.len() <= 254
        && is_plain_local(local)
        && is_host_name(domain)
    {
        return Some(domain);
    }
    let options = Options::default().with_required_tld().without_display_text().without_domain_literal();
    let is_plain = text.len() <= 254 && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"');
    if !is_plain || EmailAddress::parse_with_options(text, options).is_err() {
        return None;
    }
    let (_, domain) = text.rsplit_once('@')?;
    is_host_name(domain).then_some(domain)
}

/// Letters, digits and the usual separators: what nearly every address has in front of the @, found
/// without the full grammar.
fn is_plain_local(local: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'+');
    matches!(local.len(), 1..=64)
        && local.bytes().all(is_plain)
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.as_bytes().windows(2).any(|pair| pair == b"..")
}

pub(super) fn is_free_mail(domain: &str) -> bool {
    FREE_MAIL.iter().any(|free| domain.eq_ignore_ascii_case(free))
}

/// Whether the end of the domain is in the public suffix list. The list ages with the program, so
/// an unknown end is a doubt, no error.
pub(super) fn has_known_suffix(domain: &str) -> bool {
    let known = |domain: &str| psl::suffix(domain.as_bytes()).is_some_and(|suffix| suffix.is_known());
    if domain.bytes().any(|byte| byte.is_ascii_uppercase()) {
        known(&domain.to_ascii_lowercase())
    } else {
        known(domain)
    }
}

/// The part of a domain that somebody registered: `example.com` of `www.shop.example.com`.
pub(super) fn registered(domain: &str) -> Cow<'_, str> {
    if domain.bytes().any(|byte| byte.is_ascii_uppercase()) {
        let domain = domain.to_ascii_lowercase();
        return Cow::Owned(psl::domain_str(&domain).map_or_else(|| domain.clone(), str::to_owned));
    }
    Cow::Borrowed(psl::domain_str(domain).unwrap_or(domain))
}

/// What a text is as a web address.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Web<'a> {
    Good {
        host: Cow<'a, str>,
        is_encrypted: bool,
    },
    /// Not an address at all; the one that was probably meant, if there is one.
    Malformed(Option<String>),
    /// An address that only works inside a network, or one with a user name.
    NotPublic,
}

pub(super) fn web(text: &str) -> Web<'_> {
    // The standard takes `http:/x` and spaces at the ends for addresses; people do not.
    let is_encrypted = starts_with_ignore_case(text, "https://");
    if !is_encrypted && !starts_with_ignore_case(text, "http://") {
        let meant = format!("https://{text}");
        let is_meant = !text.contains(':') && matches!(web(&meant), Web::Good { .. });
        return Web::Malformed(is_meant.then_some(meant));
    }
    if let Some(host) = plain_host(text) {
        return Web::Good { host: Cow::Borrowed(host), is_encrypted };
    }
    if text.contains([' ', '\n', '"', '<', '>', '\\']) {
        return Web::Malformed(None);
    }
    let Ok(url) = Url::parse(text) else { return Web::Malformed(None) };
    if !url.username().is_empty() || url.password().is_some() {
        return Web::NotPublic;
    }
    match url.host() {
        Some(Host::Domain(host)) => {
            let host = host.trim_end_matches('.');
            let end = host.rsplit('.').next().unwrap_or_default();
            // Names that are reserved for use inside a network (RFC 6761, RFC 6762, RFC 8375).
            let is_local =
                matches!(end, "localhost" | "local" | "internal" | "test" | "invalid" | "lan" | "home");
            match () {
                () if host == "localhost" || (is_local && host.contains('.')) => Web::NotPublic,
                () if !is_host_name(host) => Web::Malformed(None),
                () => Web::Good { host: Cow::Owned(host.to_owned()), is_encrypted },
            }
        }
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => Web::NotPublic,
        None => Web::Malformed(None),
    }
}

/// Names that are reserved for use inside a network (RFC 6761, RFC 6762, RFC 8375).
fn is_local(end: &str) -> bool {
    matches!(end, "localhost" | "local" | "internal" | "test" | "invalid" | "lan" | "home")
}

/// The host of an address in which nothing needs the full grammar: a lower-case name that is no number,
/// then nothing or a path of plain characters.
fn plain_host(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.');
    let end = host.rsplit('.').next()?;
    let is_name = host
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-'))
        && end.bytes().all(|byte| byte.is_ascii_lowercase())
        && !(host.as_bytes().contains(&b'-') && host.contains("xn--"))
        && !is_local(end);
    (is_name && path.bytes().all(is_plain) && is_host_name(host)).then_some(host)
}

/// Letters, digits and hyphens in at least two labels, the last of them no number.
fn is_host_name(domain: &str) -> bool {
    let mut labels = 0;
    let mut last: &[u8] = &[];
    for label in domain.as_bytes().split(|byte| *byte == b'.') {
        let is_label = matches!(label.len(), 1..=63)
            && label.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
            && label[0] != b'-'
            && label[label.len() - 1] != b'-';
        if !is_label {
            return false;
        }
        labels += 1;
        last = label;
    }
    labels >= 2 && last.len() >= 2 && !last.iter().all(u8::is_ascii_digit)
}

fn starts_with_ignore_case(text: &str, start: &str) -> bool {
    text.get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_mail_cannot_reach_is_none() {
        for good in ["dana@harborlight.example.com", "d.o'neil+tho@a-b.example.org", "X@EXAMPLE.COM"] {
            assert!(email_domain(good).is_some(), "{good}");
        }
        for bad in [
            "dana",
            "dana@",
            "@example.com",
            "dana@example",
            "a@b.123",
            "a@b_c.com",
            "a@-b.com",
            "a@b..com",
            "\"john doe\"@x.com",
            "Dana <dana@example.com>",
            "dana@[10.0.0.1]",
            "ü@example.com",
            "dana@example.com; luis@example.com",
            "dana@@example.com",
            "dana @example.com",
            "a@b.c",
        ] {
            assert_eq!(email_domain(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_web_address_is_whole_and_public() {
        let good = |host: &'static str, is_encrypted| Web::Good { host: host.into(), is_encrypted };
        assert_eq!(web("https://harborlight.example.com/a?b#c"), good("harborlight.example.com", true));
        assert_eq!(web("HTTP://EXAMPLE.COM"), good("example.com", false));
        assert_eq!(web("https://bücher.example.com"), good("xn--bcher-kva.example.com", true));
        assert_eq!(web("www.example.com"), Web::Malformed(Some("https://www.example.com".to_owned())));
        for bad in [
            "n/a",
            "https://",
            "https://a..b.com",
            "https://-a.com",
            "https://a_b.com",
            "http:/example.com",
            "javascript:alert(1)",
            "https://exa mple.com",
            "https://example",
            "ftp://example.com",
            "https://example.com https://example.org",
        ] {
            assert_eq!(web(bad), Web::Malformed(None), "{bad}");
        }
        for local in [
            "http://localhost:8080",
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://shop.local",
            "https://me:pw@example.com",
        ] {
            assert_eq!(web(local), Web::NotPublic, "{local}");
        }
    }

    #[test]
    fn the_end_of_a_domain_is_known_or_not() {
        assert!(has_known_suffix("example.com"));
        assert!(has_known_suffix("EXAMPLE.CO.UK"));
        assert!(!has_known_suffix("gmail.con"));
        assert_eq!(registered("www.shop.Example.co.uk"), "example.co.uk");
    }
}
