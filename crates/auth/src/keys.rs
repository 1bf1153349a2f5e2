//! A key to sign with and a key to verify with, each bound to one algorithm for good. Which keys are in use lives in
//! `ring.rs`; files and environment variables are the caller's.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::hmac;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
    ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, RsaPublicKeyComponents,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;
use jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER;
use zeroize::Zeroizing;

use crate::secret::MIN_SECRET_BYTES;
use crate::signer::Signer;
use crate::{Algorithm, Jwk, KeyError};

/// A private key (or an HS256 secret). `Debug` does not print it, memory is wiped.
#[derive(Clone)]
pub struct SigningKey {
    signer: Arc<Signer>,
    pkcs8: Option<Zeroizing<Vec<u8>>>,
    public: VerifyingKey,
}

impl SigningKey {
    /// A new key: Ed25519, P-256, or RSA of 2048 bits (which may take a second).
    ///
    /// # Errors
    ///
    /// [`KeyError::Unsupported`] for HS256, whose secret is shared and therefore given; [`KeyError::Generation`].
    pub fn generate(algorithm: Algorithm) -> Result<Self, KeyError> {
        let failed = |_| KeyError::Generation;
        match algorithm {
            Algorithm::EdDsa => {
                let document =
                    Ed25519KeyPair::generate().and_then(|pair| pair.to_pkcs8v1()).map_err(failed)?;
                Self::from_pkcs8_der(algorithm, document.as_ref())
            }
            Algorithm::Es256 => {
                let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(failed)?;
                Self::from_pkcs8_der(algorithm, pair.to_pkcs8v1().map_err(failed)?.as_ref())
            }
            Algorithm::Rs256 => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(failed)?;
                let document: Pkcs8V1Der<'_> = pair.as_der().map_err(failed)?;
                Self::from_pkcs8_der(algorithm, document.as_ref())
            }
            Algorithm::Hs256 => Err(KeyError::Unsupported(algorithm, "generating a key")),
        }
    }

    /// Reads a private key in PKCS#8 DER (RFC 5958), as `openssl genpkey -outform DER` writes it.
    ///
    /// # Errors
    ///
    /// [`KeyError::Rejected`] where it is not a key for this algorithm, or an RSA key that [`VerifyingKey::from_jwk`] would
    /// refuse; [`KeyError::Unsupported`] for HS256.
    pub fn from_pkcs8_der(algorithm: Algorithm, der: &[u8]) -> Result<Self, KeyError> {
        let rejected = |_| KeyError::Rejected("it is no PKCS#8 private key for this algorithm");
        let (signer, jwk) = match algorithm {
            Algorithm::EdDsa => {
                let pair = Ed25519KeyPair::from_pkcs8(der).map_err(rejected)?;
                let jwk = Jwk::okp(pair.public_key().as_ref());
                (Signer::EdDsa(pair), jwk)
            }
            Algorithm::Es256 => {
                let pair =
                    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der).map_err(rejected)?;
                // Uncompressed (SEC 1 section 2.3.3): 0x04, x, y.
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                let jwk = Jwk::ec(x, y);
                (Signer::Es256(pair), jwk)
            }
            Algorithm::Rs256 => {
                let pair = RsaKeyPair::from_pkcs8(der).map_err(rejected)?;
                let public = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                (Signer::Rs256(pair), Jwk::rsa(&public.n, &public.e))
            }
            Algorithm::Hs256 => return Err(KeyError::Unsupported(algorithm, "PKCS#8")),
        };
        let jwk = Jwk { alg: Some(algorithm.as_str().to_owned()), ..jwk };
        let public = VerifyingKey::from_jwk(&jwk)?;
        Ok(Self { signer: Arc::new(signer), pkcs8: Some(Zeroizing::new(der.to_vec())), public })
    }

    /// A shared secret for HS256 (RFC 7518 section 3.2). Every party that knows it can sign.
    ///
    /// # Errors
    ///
    /// [`KeyError::TooShort`] under 32 bytes.
    pub fn hs256(secret: &[u8]) -> Result<Self, KeyError> {
        if secret.len() < MIN_SECRET_BYTES {
            return Err(KeyError::TooShort(secret.len()));
        }
        let public = VerifyingKey {
            algorithm: Algorithm::Hs256,
            kid: None,
            jwk: None,
            key: DecodingKey::from_secret(secret),
        };
        let signer = Arc::new(Signer::Hs256(Box::new(hmac::Key::new(hmac::HMAC_SHA256, secret))));
        Ok(Self { signer, pkcs8: None, public })
    }

    /// The private key in PKCS#8 DER, to be stored owner-readable only; `None` for HS256.
    pub fn to_pkcs8_der(&self) -> Option<Zeroizing<Vec<u8>>> {
        self.pkcs8.clone()
    }

    /// The key's name in token headers and key sets: its RFC 7638 thumbprint; `None` for HS256.
    pub fn kid(&self) -> Option<&str> {
        self.public.kid()
    }

    /// The one algorithm the key signs with.
    pub fn algorithm(&self) -> Algorithm {
        self.public.algorithm
    }

    /// What verifies this key's signatures.
    pub fn verifying_key(&self) -> VerifyingKey {
        self.public.clone()
    }

    pub(crate) fn public(&self) -> &VerifyingKey {
        &self.public
    }

    /// The raw signature of a message (RFC 7515 section 5.1 step 5).
    pub(crate) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        self.signer.sign(message)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("algorithm", &self.algorithm())
            .field("kid", &self.kid())
            .finish_non_exhaustive()
    }
}

/// A public key (or an HS256 secret, which `Debug` does not print).
#[derive(Clone)]
pub struct VerifyingKey {
    algorithm: Algorithm,
    kid: Option<String>,
    jwk: Option<Jwk>,
    key: DecodingKey,
}

impl VerifyingKey {
    /// Reads a published key and checks that it is one: the point on its curve, RSA of 2048 to 8192 bits with an exponent of
    /// at least 65,537. Its algorithm follows from its type; `alg`, if there, has to agree. Without `kid` it gets its
    /// thumbprint.
    ///
    /// # Errors
    ///
    /// [`KeyError::Foreign`] for a key of another type, curve, algorithm or use (a reader of a set skips it, RFC 7517
    /// section 5); [`KeyError::Rejected`] for a malformed or weak one.
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, KeyError> {
        if jwk.use_.as_deref().is_some_and(|purpose| purpose != "sig")
            || jwk
                .key_ops
                .as_ref()
                .is_some_and(|operations| !operations.iter().any(|operation| operation == "verify"))
        {
            return Err(KeyError::Foreign("it is not for verifying signatures"));
        }
        let (algorithm, key, public) = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
            ("OKP", Some("Ed25519")) => okp(jwk)?,
            ("EC", Some("P-256")) => ec(jwk)?,
            ("RSA", _) => rsa(jwk)?,
            _ => return Err(KeyError::Foreign("its type or curve")),
        };
        if jwk.alg.as_deref().is_some_and(|alg| Algorithm::from_jose(alg) != Some(algorithm)) {
            return Err(KeyError::Foreign("its algorithm"));
        }
        let kid = jwk.kid.clone().or_else(|| public.thumbprint());
        let published = Jwk {
            alg: Some(algorithm.as_str().to_owned()),
            use_: Some("sig".to_owned()),
            kid: kid.clone(),
            ..public
        };
        Ok(Self { algorithm, kid, jwk: Some(published), key })
    }

    /// The name by which a token's header asks for this key; `None` for HS256.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The one algorithm the key verifies.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The key to publish, with `kid`, `alg` and `use`; `None` for HS256.
    pub fn jwk(&self) -> Option<Jwk> {
        self.jwk.clone()
    }

    /// Whether this is the message's raw signature under this key (RFC 7515 section 5.2 step 8).
    pub(crate) fn verify(&self, message: &[u8], signature: &Vec<u8>) -> bool {
        (DEFAULT_PROVIDER.verifier_factory)(&self.algorithm.jsonwebtoken(), &self.key)
            .is_ok_and(|verifier| verifier.verify(message, signature).is_ok())
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyingKey")
            .field("algorithm", &self.algorithm)
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

/// A key of one type: its algorithm, the key itself, and its JWK with nothing but the members the type requires.
type Public = (Algorithm, DecodingKey, Jwk);

fn okp(jwk: &Jwk) -> Result<Public, KeyError> {
    let x = member(jwk.x.as_ref())?;
    ParsedPublicKey::new(&ED25519, &x).map_err(|_| KeyError::Rejected("it is no Ed25519 key"))?;
    if x.len() != 32 {
        return Err(KeyError::Rejected("it is no Ed25519 key"));
    }
    Ok((Algorithm::EdDsa, DecodingKey::from_ed_der(&x), Jwk::okp(&x)))
}

fn ec(jwk: &Jwk) -> Result<Public, KeyError> {
    let (x, y) = (member(jwk.x.as_ref())?, member(jwk.y.as_ref())?);
    if x.len() != 32 || y.len() != 32 {
        return Err(KeyError::Rejected("its coordinates are not 32 bytes each"));
    }
    let point = [&[0x04], x.as_slice(), y.as_slice()].concat();
    ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &point)
        .map_err(|_| KeyError::Rejected("its point is not on P-256"))?;
    Ok((Algorithm::Es256, DecodingKey::from_ec_der(&point), Jwk::ec(&x, &y)))
}

fn rsa(jwk: &Jwk) -> Result<Public, KeyError> {
    let (n, e) = (member(jwk.n.as_ref())?, member(jwk.e.as_ref())?);
    let bits = n.first().map_or(0, |first| n.len() * 8 - first.leading_zeros() as usize);
    if !(2048..=8192).contains(&bits) {
        return Err(KeyError::Rejected("its modulus is not of 2048 to 8192 bits"));
    }
    // FIPS 186-5 section 5.1: odd, above 2^16.
    if e.first() == Some(&0) || e.len() < 3 || e.len() > 8 || e.last().is_none_or(|last| last % 2 == 0) {
        return Err(KeyError::Rejected("its exponent is not an odd number from 65537 on"));
    }
    RsaPublicKeyComponents { n: &n, e: &e }
        .to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256)
        .map_err(|_| KeyError::Rejected("it is no RSA key"))?;
    Ok((Algorithm::Rs256, DecodingKey::from_rsa_raw_components(&n, &e), Jwk::rsa(&n, &e)))
}

fn member(text: Option<&String>) -> Result<Vec<u8>, KeyError> {
    text.and_then(|text| URL_SAFE_NO_PAD.decode(text).ok())
        .ok_or(KeyError::Rejected("a member is missing or not base64url"))
}
