//! Why a connection does not stand, and whether it ever will.

use std::error::Error;
use std::io;

/// What only a person can mend: the same request meets it again however often it is sent. The text says what
/// to do.
///
/// A network that is away shows many of these faces too: a hotel's gateway presents a certificate of its own, a
/// resolver that has lost its servers says that a name does not exist. So they count only until the first answer
/// of a run.
pub fn lasting(error: &(dyn Error + 'static)) -> Option<String> {
    let tls = chain(error).find_map(tls_error).and_then(of_tls);
    tls.or_else(|| chain(error).find_map(|error| of_words(&error.to_string())))
}

fn of_tls(error: &rustls::Error) -> Option<String> {
    use rustls::CertificateError as Bad;
    Some(match error {
        rustls::Error::InvalidCertificate(Bad::UnknownIssuer) => {
            "its certificate comes from an authority that this machine does not know; if that is as it should be, \
             as behind a company's proxy, name the authority's certificate (PEM) with SSL_CERT_FILE"
                .to_owned()
        }
        rustls::Error::InvalidCertificate(bad) => {
            let other = bad.to_string();
            let why = match bad {
                Bad::Expired | Bad::ExpiredContext { .. } => "is no longer valid",
                Bad::NotValidYet | Bad::NotValidYetContext { .. } => "is not valid yet; is this machine's clock right?",
                Bad::NotValidForName | Bad::NotValidForNameContext { .. } => "is another host's",
                _ => other.as_str(),
            };
            format!("its certificate cannot be trusted: it {why}; an authority of your own is named with SSL_CERT_FILE")
        }
        rustls::Error::InvalidMessage(_) => "it does not speak TLS: is it http instead of https?".to_owned(),
        rustls::Error::PeerIncompatible(_) | rustls::Error::AlertReceived(_) => {
            format!("it does not agree on a secure connection: {error}")
        }
        _ => return None,
    })
}

/// What resolvers and proxies say has no type of its own.
fn of_words(text: &str) -> Option<String> {
    let has = |words: &[&str]| words.iter().any(|it| text.contains(it));
    if has(&["Name or service not known", "nodename nor servname", "No such host", "No address associated"]) {
        return Some("there is no host of that name".to_owned());
    }
    if has(&["proxy authorization required"]) {
        return Some("the proxy asks for a user name and a password, which go into HTTPS_PROXY".to_owned());
    }
    if has(&["SOCKS error: "]) && has(&["auth", "credential", "unsupported", "IPV6 is not"]) {
        return Some(format!("the proxy does not take the connection: {text}"));
    }
    None
}

/// Errors of input and output hide what they were made of from the chain of causes, one within another.
fn tls_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(hidden) => tls_error(hidden),
        None => error.downcast_ref::<rustls::Error>(),
    }
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| (*error).source())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_a_person_can_mend_is_told_from_what_may_pass() {
        for lasting in [
            "failed to lookup address information: Name or service not known",
            "tunnel error: proxy authorization required",
            "SOCKS error: credentials not accepted",
        ] {
            assert!(of_words(lasting).is_some(), "{lasting}");
        }
        for passing in [
            "failed to lookup address information: Temporary failure in name resolution",
            "Connection refused (os error 111)",
            "tunnel error: unsuccessful",
            "Network is unreachable (os error 101)",
        ] {
            assert!(of_words(passing).is_none(), "{passing}");
        }
    }
}
