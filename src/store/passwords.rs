//! [`Hasher`]: hashes passwords and compares them, by Argon2id (RFC 9106).
//!
//! A hash costs 19 MiB and some 15 ms, on purpose: who steals the database has to pay that for each guess.
//! The parameters are those that OWASP recommends. They stand in each hash, so old hashes stay valid when
//! they change, and are replaced at the next login. So are those of imported users, which may be hashes of
//! another program's hash (`old_hashes`).

use argon2::password_hash::phc::{self, ParamsString, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};

use super::Dice;
use super::old_hashes::{OldDigest, OldHash};
use crate::chat::account::{JobResult, Output, PasswordHash, Secret, Ticket, Work};

/// Memory of one hash, in KiB.
const MEMORY_KIB: u32 = 19_456;
/// Passes over the memory.
const PASSES: u32 = 2;
/// Lanes that could be filled at the same time. One thread has no use for more.
const LANES: u32 = 1;
/// The most memory that a hash of another program may take, in KiB. One login must not take the machine's.
const MOST_MEMORY_KIB: u32 = 1 << 20;
/// Random bytes that make equal passwords differ.
const SALT_BYTES: usize = 16;
/// Bytes of the hash itself.
const HASH_BYTES: usize = 32;

/// Hashes passwords, and keeps the memory for it between two hashes.
#[derive(Default)]
pub struct Hasher {
    memory: Vec<Block>,
}

impl Hasher {
    /// A hasher that has no memory yet.
    pub fn new() -> Self {
        Hasher::default()
    }

    /// Does a job of the hash lane. `None`: the job is for the store lane.
    pub fn carry_out(&mut self, ticket: Ticket, work: &Work, dice: Dice<'_>) -> Option<JobResult> {
        let output = match work {
            Work::Hash(password) => Output::Hashed(self.hash(password, dice)),
            Work::Verify { password, hash } => {
                let right = self.verify(password, hash.as_ref(), dice);
                let is_old = hash.as_ref().is_some_and(|hash| !Hasher::is_of_today(hash.reveal()));
                let rehash = (right && is_old).then(|| self.hash(password, dice));
                Output::Verified { right, rehash }
            }
            Work::Say { .. }
            | Work::Change { .. }
            | Work::History { .. }
            | Work::Page { .. }
            | Work::Inbox { .. }
            | Work::Unread(_)
            | Work::MarkRead { .. }
            | Work::ReadUpTo { .. }
            | Work::CreateRoom { .. }
            | Work::ChangeRoom { .. }
            | Work::Credentials { .. }
            | Work::Register { .. }
            | Work::MakeRoom { .. }
            | Work::Admit { .. }
            | Work::Login(_)
            | Work::Revoke(_) => return None,
        };
        Some(JobResult { ticket, outcome: Ok(output) })
    }

    /// Hashes a password with a new salt and today's parameters.
    pub fn hash(&mut self, password: &Secret, dice: Dice<'_>) -> PasswordHash {
        PasswordHash::new(&self.argon2id(password.reveal().as_bytes(), dice))
    }

    /// Hashes what another program has stored of a password, so that it can be stored here.
    pub(super) fn wrap(
        &mut self,
        old: &OldHash,
        digest: &OldDigest,
        dice: Dice<'_>,
    ) -> PasswordHash {
        PasswordHash::new(&old.write(&self.argon2id(digest, dice)))
    }

    fn argon2id(&mut self, input: &[u8], dice: Dice<'_>) -> String {
        let mut salt = [0; SALT_BYTES];
        dice(&mut salt);
        let params = todays_params();
        let mut hash = [0; HASH_BYTES];
        self.fill(&params, Version::V0x13, input, &salt, &mut hash)
            .expect("the lengths are within Argon2's limits");
        let written = phc::PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&params).expect("numbers"),
            salt: Some(Salt::new(&salt).expect("its length is within the limits")),
            hash: Some(phc::Output::new(&hash).expect("its length is within the limits")),
        };
        written.to_string()
    }

    /// Whether the password is the one that was hashed. Without a hash, or with one that is none of
    /// Argon2id, a hash is computed all the same. So the time does not tell which names exist. (That a
    /// name was imported it does tell, until the next login: an old digest takes time of its own.)
    fn verify(&mut self, password: &Secret, hash: Option<&PasswordHash>, dice: Dice<'_>) -> bool {
        let compared = hash.and_then(|hash| match OldHash::read(hash.reveal()) {
            Some((old, argon2id)) => self.compare(&old.digest(password), argon2id),
            None => self.compare(password.reveal().as_bytes(), hash.reveal()),
        });
        compared.unwrap_or_else(|| {
            self.hash(password, dice);
            false
        })
    }

    /// `None`: the text is no hash by Argon2id.
    fn compare(&mut self, input: &[u8], hash: &str) -> Option<bool> {
        let Known { version, params, salt, expected } = Known::read(hash)?;
        let mut hash = vec![0; expected.len()];
        self.fill(&params, version, input, &salt, &mut hash).ok()?;
        // `Output` compares in constant time.
        Some(phc::Output::new(&hash).ok()? == expected)
    }

    /// Whether passwords can be compared with a hash that another program has made.
    pub(super) fn knows(hash: &str) -> bool {
        Known::read(hash).is_some_and(|hash| hash.params.m_cost() <= MOST_MEMORY_KIB)
    }

    fn fill(
        &mut self,
        params: &Params,
        version: Version,
        input: &[u8],
        salt: &[u8],
        hash: &mut [u8],
    ) -> argon2::Result<()> {
        let blocks = params.block_count();
        if self.memory.len() < blocks {
            self.memory.resize(blocks, Block::new());
        }
        let argon2 = Argon2::new(Algorithm::Argon2id, version, params.clone());
        argon2.hash_password_into_with_memory(input, salt, hash, &mut self.memory[..blocks])
    }

    /// Frees the memory. The next hash takes it anew.
    pub fn rest(&mut self) {
        self.memory = Vec::new();
    }

    /// Whether a hash has today's parameters.
    pub(super) fn is_of_today(hash: &str) -> bool {
        let today = format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}$");
        hash.starts_with(&today)
    }
}

/// A hash by Argon2id, taken apart.
struct Known {
    version: Version,
    params: Params,
    salt: Salt,
    expected: phc::Output,
}

impl Known {
    fn read(hash: &str) -> Option<Known> {
        let parsed = phc::PasswordHash::new(hash).ok()?;
        if parsed.algorithm != Algorithm::Argon2id.ident() {
            return None;
        }
        let version = Version::try_from(parsed.version?).ok()?;
        let params = Params::try_from(&parsed.params).ok()?;
        Some(Known { version, params, salt: parsed.salt?, expected: parsed.hash? })
    }
}

fn todays_params() -> Params {
    Params::new(MEMORY_KIB, PASSES, LANES, None).expect("they are within Argon2's limits")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A hash of "correct horse" with smaller parameters than today's, made by the reference
    /// implementation.
    const OLDER: &str = "$argon2id$v=19$m=64,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$\
        MjZP1+1U9JUbDWvDvtLyEsZiNXOKEUxfi6O2oe46uxA";

    fn dice() -> impl FnMut(&mut [u8]) {
        let mut next = 0_u8;
        move |bytes| {
            bytes.fill_with(|| {
                next = next.wrapping_add(1);
                next
            });
        }
    }

    fn verified(hasher: &mut Hasher, password: &str, hash: Option<&PasswordHash>) -> Output {
        let work = Work::Verify { password: Secret::new(password), hash: hash.cloned() };
        let result = hasher.carry_out(Ticket(7), &work, &mut dice()).expect("it is for this lane");
        assert_eq!(result.ticket, Ticket(7));
        result.outcome.expect("hashing never fails")
    }

    #[test]
    fn only_the_same_password_is_right_and_equal_passwords_have_different_hashes() {
        let (mut hasher, mut dice) = (Hasher::new(), dice());
        let password = Secret::new("correct horse");
        let [hash, other] = [(); 2].map(|()| hasher.hash(&password, &mut dice));
        assert_ne!(hash.reveal(), other.reveal());
        let right = Output::Verified { right: true, rehash: None };
        let wrong = Output::Verified { right: false, rehash: None };
        assert!(verified(&mut hasher, "correct horse", Some(&hash)) == right);
        assert!(verified(&mut hasher, "Correct horse", Some(&hash)) == wrong);
        assert!(verified(&mut hasher, "", Some(&other)) == wrong);
        assert!(Hasher::is_of_today(hash.reveal()));
    }

    #[test]
    fn an_older_hash_is_verified_with_its_own_parameters_and_replaced_if_the_password_is_right() {
        let mut hasher = Hasher::new();
        let older = PasswordHash::new(OLDER);
        let Output::Verified { right: true, rehash: Some(new) } =
            verified(&mut hasher, "correct horse", Some(&older))
        else {
            panic!("it is right, and older than today");
        };
        assert!(Hasher::is_of_today(new.reveal()));
        assert!(
            verified(&mut hasher, "correct horse", Some(&new))
                == Output::Verified { right: true, rehash: None }
        );
        assert!(
            verified(&mut hasher, "wrong", Some(&older))
                == Output::Verified { right: false, rehash: None }
        );
    }

    #[test]
    fn an_unknown_name_and_a_broken_hash_cost_as_much_as_a_wrong_password() {
        let wrong = Output::Verified { right: false, rehash: None };
        for hash in [None, Some(PasswordHash::new("")), Some(PasswordHash::new("$argon2id$v=19"))] {
            let mut hasher = Hasher::new();
            assert!(verified(&mut hasher, "correct horse", hash.as_ref()) == wrong);
            // The whole memory was filled: that is what takes the time.
            assert_eq!(hasher.memory.len(), MEMORY_KIB as usize);
        }
    }

    #[test]
    fn an_old_digest_is_stored_wrapped_and_replaced_by_a_plain_hash_at_the_first_login() {
        let (mut hasher, mut dice) = (Hasher::new(), dice());
        for old in [OldHash::Sha256, OldHash::Pbkdf2([7; 32])] {
            let digest = old.digest(&Secret::new("correct horse"));
            let [wrapped, other] = [(); 2].map(|()| hasher.wrap(&old, &digest, &mut dice));
            assert_ne!(wrapped.reveal(), other.reveal(), "each has a salt of its own");
            let hexadecimal = data_encoding::HEXLOWER.encode(&digest);
            let base64 = data_encoding::BASE64_NOPAD.encode(&digest);
            assert!(![hexadecimal, base64].iter().any(|one| wrapped.reveal().contains(one)));
            let Output::Verified { right: true, rehash: Some(new) } =
                verified(&mut hasher, "correct horse", Some(&wrapped))
            else {
                panic!("it is right, and not of today");
            };
            assert!(Hasher::is_of_today(new.reveal()));
            let wrong = Output::Verified { right: false, rehash: None };
            assert!(verified(&mut hasher, "Correct horse", Some(&wrapped)) == wrong);
            // What was stolen from the old database is no password here.
            let stolen = data_encoding::HEXLOWER.encode(&digest);
            assert!(verified(&mut hasher, &stolen, Some(&wrapped)) == wrong);
        }
    }

    #[test]
    fn a_hash_that_would_take_all_memory_is_not_taken_over() {
        assert!(Hasher::knows(OLDER));
        assert!(Hasher::knows(&OLDER.replace("m=64", "m=1048576")));
        assert!(!Hasher::knows(&OLDER.replace("m=64", "m=1048577")));
        assert!(!Hasher::knows(&OLDER.replace("argon2id", "argon2i")));
        assert!(!Hasher::knows("$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW"));
    }
}
