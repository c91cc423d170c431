//! Time stamps (RFC 3161): the question, and what an answer says.
//!
//! An answer is checked as far as it can be without deciding whom to trust: it is about these bytes, and signed by the
//! certificate that comes with it. Whether that is the authority's is for whoever reads it to say, with `openssl ts`
//! and the authority's own certificate.

use chrono::{DateTime, Utc};
use cms::content_info::ContentInfo;
use cms::signed_data::{SignedData, SignerIdentifier, SignerInfo};
use const_oid::ObjectIdentifier;
use der::asn1::{Int, OctetString};
use der::{Decode, Encode};
use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use sha2::{Digest as _, Sha256, Sha384, Sha512};
use x509_cert::Certificate;
use x509_cert::spki::AlgorithmIdentifierOwned;
use x509_tsp::{MessageImprint, TimeStampReq, TimeStampResp, TspVersion, TstInfo};

const SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SHA_384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
const SHA_512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");
const RSA: &str = "1.2.840.113549.1.1.1";
const RSA_SHA_256: &str = "1.2.840.113549.1.1.11";
const RSA_SHA_384: &str = "1.2.840.113549.1.1.12";
const RSA_SHA_512: &str = "1.2.840.113549.1.1.13";
const ECDSA_SHA_256: &str = "1.2.840.10045.4.3.2";
const ECDSA_SHA_384: &str = "1.2.840.10045.4.3.3";
const P_256: &str = "1.2.840.10045.3.1.7";
const P_384: &str = "1.3.132.0.34";
const TST_INFO: &str = "1.2.840.113549.1.9.16.1.4";
const SIGNED_DATA: &str = "1.2.840.113549.1.7.2";
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");

/// Why an answer is no time stamp of what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StampError {
    /// It cannot be read.
    #[error("it is no time stamp: {0}")]
    Unreadable(String),
    /// The authority refused.
    #[error("the authority refused: {0}")]
    Refused(String),
    /// It is about something else.
    #[error("it is about something else: {0}")]
    Other(&'static str),
    /// Its signature does not fit.
    #[error("its signature does not match the enclosed certificate")]
    Forged,
}

/// What a time stamp says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamped {
    /// The time that the authority put to it.
    pub at: DateTime<Utc>,
    /// Whose certificate signed it, by its own word.
    pub signer: String,
    /// Whether the signature was checked: its algorithm may be one that this program does not know.
    pub is_checked: bool,
}

/// A question for the time of some bytes.
pub(super) fn question(content: &[u8], nonce: u64) -> Result<Vec<u8>, StampError> {
    // A leading zero keeps it from being negative.
    let nonce = [&[0x01][..], &nonce.to_be_bytes()].concat();
    let request = TimeStampReq {
        version: TspVersion::V1,
        message_imprint: MessageImprint {
            hash_algorithm: AlgorithmIdentifierOwned { oid: SHA_256, parameters: None },
            hashed_message: OctetString::new(Sha256::digest(content).to_vec()).map_err(unreadable)?,
        },
        req_policy: None,
        nonce: Some(Int::new(&nonce).map_err(unreadable)?),
        cert_req: true,
        extensions: None,
    };
    request.to_der().map_err(unreadable)
}

/// Whether an answer repeats the number of the question.
pub(super) fn is_answer_to(answer: &[u8], nonce: u64) -> bool {
    let nonce = [&[0x01][..], &nonce.to_be_bytes()].concat();
    let found = parts(answer).ok().and_then(|(_, info, _)| info.nonce);
    found.is_some_and(|found| found.as_bytes() == nonce)
}

/// What an answer says of some bytes.
///
/// # Errors
/// [`StampError`].
pub(super) fn read(answer: &[u8], content: &[u8]) -> Result<Stamped, StampError> {
    let (data, info, info_der) = parts(answer)?;
    let imprint = &info.message_imprint;
    if imprint.hash_algorithm.oid != SHA_256 {
        return Err(StampError::Other("another hash than SHA-256"));
    }
    if imprint.hashed_message.as_bytes() != &Sha256::digest(content)[..] {
        return Err(StampError::Other("the hash of other bytes"));
    }
    let [signer] = data.signer_infos.0.as_slice() else {
        return Err(StampError::Unreadable("expected one signer".to_owned()));
    };
    let certificate = certificate_of(&data, signer)
        .ok_or_else(|| StampError::Unreadable("the signer's certificate does not come with it".to_owned()))?;
    let is_checked = check(signer, &info_der, &certificate)?;
    let at = DateTime::from_timestamp(
        i64::try_from(info.gen_time.to_unix_duration().as_secs()).unwrap_or_default(),
        0,
    );
    Ok(Stamped {
        at: at.unwrap_or_default(),
        signer: certificate.tbs_certificate.subject.to_string(),
        is_checked,
    })
}

fn unreadable(error: der::Error) -> StampError {
    StampError::Unreadable(error.to_string())
}

/// What is signed, what it says, and the bytes of that.
fn parts(answer: &[u8]) -> Result<(SignedData, TstInfo, Vec<u8>), StampError> {
    let response = TimeStampResp::from_der(answer).map_err(unreadable)?;
    // Granted, or granted with changes (RFC 3161, 2.4.2).
    let Some(token) = response.time_stamp_token else {
        return Err(StampError::Refused(format!("{:?}", response.status.status)));
    };
    let is_of = |oid: ObjectIdentifier, text: &str| oid.to_string() == text;
    let ContentInfo { content_type, content } = token;
    if !is_of(content_type, SIGNED_DATA) {
        return Err(StampError::Unreadable("expected signed data".to_owned()));
    }
    let signed = SignedData::from_der(&content.to_der().map_err(unreadable)?).map_err(unreadable)?;
    if !is_of(signed.encap_content_info.econtent_type, TST_INFO) {
        return Err(StampError::Unreadable("expected a TSTInfo".to_owned()));
    }
    let encapsulated = signed.encap_content_info.econtent.as_ref();
    let info_der = encapsulated.map(|content| content.value().to_vec()).unwrap_or_default();
    let info = TstInfo::from_der(&info_der).map_err(unreadable)?;
    Ok((signed, info, info_der))
}

fn certificate_of(data: &SignedData, signer: &SignerInfo) -> Option<Certificate> {
    let certificates = data.certificates.as_ref()?.0.iter().filter_map(|choice| match choice {
        cms::cert::CertificateChoices::Certificate(certificate) => Some(certificate),
        cms::cert::CertificateChoices::Other(_) => None,
    });
    let mut certificates = certificates.filter(|certificate| match &signer.sid {
        SignerIdentifier::IssuerAndSerialNumber(named) => {
            let tbs = &certificate.tbs_certificate;
            tbs.issuer == named.issuer && tbs.serial_number == named.serial_number
        }
        // By its key's name, which few authorities use: the signature says whether it is this one.
        SignerIdentifier::SubjectKeyIdentifier(_) => true,
    });
    certificates.next().cloned()
}

/// Checks a signature over what is said; tells whether it could be.
fn check(signer: &SignerInfo, info: &[u8], certificate: &Certificate) -> Result<bool, StampError> {
    let Some(attributes) = &signer.signed_attrs else {
        return Err(StampError::Unreadable("expected signed attributes".to_owned()));
    };
    let hash = signer.digest_alg.oid;
    let digest = match hash {
        SHA_256 => Sha256::digest(info).to_vec(),
        SHA_384 => Sha384::digest(info).to_vec(),
        SHA_512 => Sha512::digest(info).to_vec(),
        _ => return Ok(false),
    };
    let attribute = |oid: ObjectIdentifier| {
        let found = attributes.iter().find(|attribute| attribute.oid == oid);
        found.and_then(|attribute| attribute.values.iter().next())
    };
    if attribute(MESSAGE_DIGEST).is_none_or(|value| value.value() != digest) {
        return Err(StampError::Forged);
    }
    let of_type = attribute(CONTENT_TYPE).and_then(|value| value.decode_as::<ObjectIdentifier>().ok());
    if of_type.is_none_or(|oid| oid.to_string() != TST_INFO) {
        return Err(StampError::Forged);
    }
    let key = &certificate.tbs_certificate.subject_public_key_info;
    let curve = key.algorithm.parameters.as_ref();
    let curve = curve.and_then(|curve| curve.decode_as::<ObjectIdentifier>().ok()).map(|oid| oid.to_string());
    let algorithm = algorithm_of(&signer.signature_algorithm.oid.to_string(), hash, curve.as_deref());
    let (Some(algorithm), Some(key)) = (algorithm, key.subject_public_key.as_bytes()) else {
        return Ok(false);
    };
    let content = attributes.to_der().map_err(unreadable)?;
    let verified = UnparsedPublicKey::new(algorithm, key).verify(&content, signer.signature.as_bytes());
    verified.map(|()| true).map_err(|_| StampError::Forged)
}

fn algorithm_of(
    name: &str,
    hash: ObjectIdentifier,
    curve: Option<&str>,
) -> Option<&'static dyn VerificationAlgorithm> {
    let hash_of_rsa = match name {
        RSA => Some(hash),
        RSA_SHA_256 => Some(SHA_256),
        RSA_SHA_384 => Some(SHA_384),
        RSA_SHA_512 => Some(SHA_512),
        _ => None,
    };
    match (hash_of_rsa, name, curve) {
        (Some(SHA_256), ..) => Some(&signature::RSA_PKCS1_2048_8192_SHA256),
        (Some(SHA_384), ..) => Some(&signature::RSA_PKCS1_2048_8192_SHA384),
        (Some(SHA_512), ..) => Some(&signature::RSA_PKCS1_2048_8192_SHA512),
        (None, ECDSA_SHA_256, Some(P_256)) => Some(&signature::ECDSA_P256_SHA256_ASN1),
        (None, ECDSA_SHA_256, Some(P_384)) => Some(&signature::ECDSA_P384_SHA256_ASN1),
        (None, ECDSA_SHA_384, Some(P_256)) => Some(&signature::ECDSA_P256_SHA384_ASN1),
        (None, ECDSA_SHA_384, Some(P_384)) => Some(&signature::ECDSA_P384_SHA384_ASN1),
        _ => None,
    }
}
