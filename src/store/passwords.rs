//! [`Hasher`]: hashes passwords and compares them, by Argon2id (RFC 9106).
//!
//! A hash costs 19 MiB and some 15 ms, on purpose: who steals the database has to pay that for each guess.
//! The parameters are those that OWASP recommends. They stand in each hash, so old hashes stay valid when
//! they change, and are replaced at the next login.

use argon2::password_hash::phc::{self, ParamsString, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};

use super::Dice;
use crate::chat::account::{JobResult, Output, PasswordHash, Secret, Ticket, Work};

/// Memory of one hash, in KiB.
const MEMORY_KIB: u32 = 19_456;
/// Passes over the memory.
const PASSES: u32 = 2;
/// Lanes that could be filled at the same time. One thread has no use for more.
const LANES: u32 = 1;
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
            | Work::History { .. }
            | Work::Unread(_)
            | Work::MarkRead { .. }
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
        let mut salt = [0; SALT_BYTES];
        dice(&mut salt);
        let params = todays_params();
        let mut hash = [0; HASH_BYTES];
        self.fill(&params, Version::V0x13, password, &salt, &mut hash)
            .expect("the lengths are within Argon2's limits");
        let written = phc::PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&params).expect("numbers"),
            salt: Some(Salt::new(&salt).expect("its length is within the limits")),
            hash: Some(phc::Output::new(&hash).expect("its length is within the limits")),
        };
        PasswordHash::new(&written.to_string())
    }

    /// Whether the password is the one that was hashed. Without a hash, or with one that is none of
    /// Argon2id, a hash is computed all the same. So the time does not tell which names exist.
    fn verify(&mut self, password: &Secret, hash: Option<&PasswordHash>, dice: Dice<'_>) -> bool {
        let compared = hash.and_then(|hash| self.compare(password, hash.reveal()));
        compared.unwrap_or_else(|| {
            self.hash(password, dice);
            false
        })
    }

    /// `None`: the text is no hash by Argon2id.
    fn compare(&mut self, password: &Secret, hash: &str) -> Option<bool> {
        let parsed = phc::PasswordHash::new(hash).ok()?;
        if parsed.algorithm != Algorithm::Argon2id.ident() {
            return None;
        }
        let version = Version::try_from(parsed.version?).ok()?;
        let params = Params::try_from(&parsed.params).ok()?;
        let (salt, expected) = (parsed.salt?, parsed.hash?);
        let mut hash = vec![0; expected.len()];
        self.fill(&params, version, password, &salt, &mut hash).ok()?;
        // `Output` compares in constant time.
        Some(phc::Output::new(&hash).ok()? == expected)
    }

    fn fill(
        &mut self,
        params: &Params,
        version: Version,
        password: &Secret,
        salt: &[u8],
        hash: &mut [u8],
    ) -> argon2::Result<()> {
        let blocks = params.block_count();
        if self.memory.len() < blocks {
            self.memory.resize(blocks, Block::new());
        }
        let argon2 = Argon2::new(Algorithm::Argon2id, version, params.clone());
        let password = password.reveal().as_bytes();
        argon2.hash_password_into_with_memory(password, salt, hash, &mut self.memory[..blocks])
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
}
