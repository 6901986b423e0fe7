//! A subaccount as its parent sees it.

use super::client::Token;
use super::list::Listed;
use crate::facts::OurCode;
use crate::model::Sid;
use serde::Deserialize;

/// What the parent reads of an account. Its token is kept in memory only.
#[derive(Clone, Deserialize)]
pub struct Account {
    sid: String,
    owner_account_sid: Option<String>,
    pub status: Option<String>,
    pub auth_token: Option<Token>,
}

impl Listed for Account {
    fn sid(&self) -> Option<Sid> {
        Sid::parse(&self.sid)
    }
}

impl Account {
    /// Whether it is a subaccount of this parent. The parent itself says that it is its own owner.
    pub fn is_subaccount_of(&self, parent: &Sid) -> bool {
        let owner = self.owner_account_sid.as_deref().and_then(Sid::parse);
        owner.as_ref() == Some(parent) && self.sid().as_ref() != Some(parent)
    }

    /// The token with which requests are sent as this account, which was asked for by its SID.
    ///
    /// # Errors
    /// It is another one or nobody's subaccount of this parent, it is not active, or the parent does not see its
    /// token.
    pub fn usable_token(self, asked_for: &Sid, parent: &Sid) -> Result<Token, OurCode> {
        if self.sid().as_ref() != Some(asked_for) || !self.is_subaccount_of(parent) {
            return Err(OurCode::NotASubaccount);
        }
        if self.status.as_deref() != Some("active") {
            return Err(OurCode::AccountNotActive);
        }
        self.auth_token.ok_or(OurCode::Unauthorized)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_active_subaccount_of_the_parent_has_a_usable_token() {
        let sid = |digit: &str| Sid::parse(&format!("AC{}", digit.repeat(32))).expect("a SID");
        let (parent, asked_for) = (sid("0"), sid("1"));
        let token = |account: &Sid, owner: &Sid, status: &str, token: Option<&str>| {
            let shown = serde_json::json!({
                "sid": account.as_str(),
                "owner_account_sid": owner.as_str(),
                "status": status,
                "auth_token": token,
            });
            let account: Account = serde_json::from_value(shown).expect("an account");
            account.usable_token(&asked_for, &parent).map(drop)
        };
        assert_eq!(token(&asked_for, &parent, "active", Some("token")), Ok(()));
        assert_eq!(token(&sid("2"), &parent, "active", Some("token")), Err(OurCode::NotASubaccount));
        assert_eq!(token(&asked_for, &sid("2"), "active", Some("token")), Err(OurCode::NotASubaccount));
        assert_eq!(token(&parent, &parent, "active", Some("token")), Err(OurCode::NotASubaccount));
        assert_eq!(token(&asked_for, &parent, "suspended", Some("token")), Err(OurCode::AccountNotActive));
        assert_eq!(token(&asked_for, &parent, "active", None), Err(OurCode::Unauthorized));
    }
}
