//! What an access token says (RFC 9068 section 2.2) and how it is written. Whether a claim *holds* — the right issuer, not
//! yet expired — is decided in `jwt.rs`.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::json::{present, strict_object};
use crate::{Confirmation, ScopeSet};

/// The last second of the year 9999. A later date is a mistake, or an attempt to overflow someone's arithmetic.
const MAX_DATE: i64 = 253_402_300_799;

/// The claims of an access token. Dates are whole Unix seconds (RFC 7519 `NumericDate`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who issued it.
    pub iss: String,
    /// Whom it is meant for: on the wire one string, or a list (RFC 7519 section 4.1.3).
    #[serde(with = "audience")]
    pub aud: Vec<String>,
    /// Whom it stands for, such as a user's id as text.
    pub sub: String,
    /// The session (login) it belongs to.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// The OAuth client it was issued to.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// What it is bound to, for whom it is good alone (RFC 7800); absent for a bearer token.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
    /// Its own, unique name.
    pub jti: String,
    /// When it was issued.
    #[serde(deserialize_with = "date")]
    pub iat: i64,
    /// From when on it is valid.
    #[serde(default, deserialize_with = "optional_date", skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// From when on it is no longer valid.
    #[serde(deserialize_with = "date")]
    pub exp: i64,
    /// What it may be used for; absent on the wire where empty (RFC 9068 section 2.2.3).
    #[serde(default, skip_serializing_if = "ScopeSet::is_empty")]
    pub scope: ScopeSet,
    /// When its holder was authenticated (OpenID Connect Core section 2).
    #[serde(default, deserialize_with = "optional_date", skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// How strong that authentication was.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// The methods of that authentication (RFC 8176).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
}

impl Claims {
    /// Reads a token's payload, strictly: every required claim, each of its own type, none twice.
    pub(crate) fn from_json(bytes: &[u8]) -> Option<Self> {
        strict_object(bytes)
    }
}

fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let seconds = i64::deserialize(deserializer)?;
    if (0..=MAX_DATE).contains(&seconds) {
        Ok(seconds)
    } else {
        Err(serde::de::Error::custom("a date out of range"))
    }
}

fn optional_date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    date(deserializer).map(Some)
}

/// `aud`: one string, or a list of them.
mod audience {
    use super::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Wire {
        One(String),
        Many(Vec<String>),
    }

    pub(super) fn serialize<S: Serializer>(audience: &[String], serializer: S) -> Result<S::Ok, S::Error> {
        match audience {
            [one] => one.serialize(serializer),
            many => many.serialize(serializer),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
        Ok(match Wire::deserialize(deserializer)? {
            Wire::One(one) => vec![one],
            Wire::Many(many) => many,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn wire() -> Value {
        json!({"iss": "https://a", "aud": "b", "sub": "1", "jti": "j", "iat": 1, "exp": 2})
    }

    fn read(value: &Value) -> Option<Claims> {
        Claims::from_json(value.to_string().as_bytes())
    }

    #[test]
    fn an_audience_is_one_string_or_a_list() {
        let mut value = wire();
        assert_eq!(read(&value).unwrap().aud, ["b"]);
        value["aud"] = json!(["b", "c"]);
        assert_eq!(read(&value).unwrap().aud, ["b", "c"]);
        for wrong in [json!(1), json!(null), json!({"b": 1}), json!(["b", 1]), json!([["b"]])] {
            value["aud"] = wrong.clone();
            assert_eq!(read(&value), None, "{wrong}");
        }
    }

    #[test]
    fn every_required_claim_has_to_be_there_and_of_its_type() {
        for name in ["iss", "aud", "sub", "jti", "iat", "exp"] {
            let mut value = wire();
            value.as_object_mut().unwrap().remove(name);
            assert_eq!(read(&value), None, "{name} is absent");
            value[name] = Value::Null;
            assert_eq!(read(&value), None, "{name} is null");
        }
        for name in ["iss", "sub", "jti", "sid", "client_id", "scope", "acr"] {
            for wrong in [json!(1), json!(null), json!(["x"]), json!({}), json!(true)] {
                let mut value = wire();
                value[name] = wrong.clone();
                assert_eq!(read(&value), None, "{name} is {wrong}");
            }
        }
    }

    #[test]
    fn dates_are_whole_seconds_of_our_era() {
        for name in ["iat", "nbf", "exp", "auth_time"] {
            for wrong in [
                "1.5",
                "1.0",
                "1e3",
                "\"1\"",
                "null",
                "-1",
                "-0.0",
                "253402300800",
                "1e400",
                "18446744073709551615",
                "true",
                "[1]",
            ] {
                let mut members = wire();
                members.as_object_mut().unwrap().remove(name);
                let text = members.to_string();
                let text = format!("{},\"{name}\":{wrong}}}", text.trim_end_matches('}'));
                assert_eq!(Claims::from_json(text.as_bytes()), None, "{name} is {wrong}");
            }
            let mut value = wire();
            value[name] = json!(253_402_300_799_i64);
            assert!(read(&value).is_some());
        }
    }

    #[test]
    fn what_is_written_is_what_is_read() {
        let full = Claims {
            sid: Some("s".to_owned()),
            client_id: Some("c".to_owned()),
            cnf: Some(Confirmation { jkt: Some("k".to_owned()) }),
            nbf: Some(1),
            scope: ScopeSet::parse("a b").unwrap(),
            auth_time: Some(1),
            acr: Some("aal2".to_owned()),
            amr: vec!["pwd".to_owned(), "otp".to_owned()],
            ..read(&wire()).unwrap()
        };
        let text = serde_json::to_string(&full).unwrap();
        assert_eq!(
            text,
            r#"{"iss":"https://a","aud":"b","sub":"1","sid":"s","client_id":"c","cnf":{"jkt":"k"},"jti":"j","iat":1,"nbf":1,"exp":2,"scope":"a b","auth_time":1,"acr":"aal2","amr":["pwd","otp"]}"#
        );
        assert_eq!(Claims::from_json(text.as_bytes()), Some(full));
        assert_eq!(serde_json::to_value(read(&wire()).unwrap()).unwrap(), wire());
    }
}
