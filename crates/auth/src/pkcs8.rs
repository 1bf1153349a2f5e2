//! Just enough DER to open a PKCS#8 envelope (RFC 5958) around an RSA key: the signing library wants what is inside.
//! Keys are checked by the cryptographic library, before and after; nothing else of ASN.1 belongs here.

/// The `RSAPrivateKey` (RFC 8017 appendix A.1.2) within
/// `PrivateKeyInfo ::= SEQUENCE { version INTEGER, algorithm SEQUENCE, privateKey OCTET STRING, ... }`.
pub(crate) fn rsa_private_key(pkcs8: &[u8]) -> Option<&[u8]> {
    const INTEGER: u8 = 0x02;
    const OCTET_STRING: u8 = 0x04;
    const SEQUENCE: u8 = 0x30;

    let (info, _) = element(SEQUENCE, pkcs8)?;
    let (_version, rest) = element(INTEGER, info)?;
    let (_algorithm, rest) = element(SEQUENCE, rest)?;
    element(OCTET_STRING, rest).map(|(key, _)| key)
}

/// Splits one element of this tag off: its content and what follows.
fn element(tag: u8, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&[found, first], rest) = bytes.split_first_chunk::<2>()?;
    if found != tag {
        return None;
    }
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81 | 0x82 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (digits.iter().fold(0, |length, &digit| length << 8 | usize::from(digit)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_octet_string_is_found_and_garbage_is_not() {
        let envelope = [0x30, 0x0b, 0x02, 0x01, 0x00, 0x30, 0x02, 0x05, 0x00, 0x04, 0x02, 0xaa, 0xbb];
        assert_eq!(rsa_private_key(&envelope), Some(&[0xaa, 0xbb][..]));
        for end in 0..envelope.len() {
            assert_eq!(rsa_private_key(&envelope[..end]), None);
        }
        assert_eq!(rsa_private_key(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]), None);
    }
}
