//! [`RunTimeLimits`]: the limits of a session that can change while the server runs. All code reads them where it
//! applies them, so they hold for open sessions, too, from the next bytes on.

use super::{AdminToken, Limits};
use crate::auth::Keys;
use crate::limiter::{Proxies, Rate};
use crate::{http, ws};

/// The limits that can change. Each is the field of the same name in [`Limits`]. Unlike those, they can go from one
/// thread to another.
#[derive(Clone, Debug)]
pub struct RunTimeLimits {
    http: http::Limits,
    ws: ws::Limits,
    echo_ws: ws::Limits,
    echo: bool,
    strikes: u16,
    message_rate: Rate,
    byte_rate: Rate,
    trusted_proxies: Proxies,
    admin_token: Option<AdminToken>,
    allowed_origins: Vec<String>,
    keys: Option<Keys>,
}

impl RunTimeLimits {
    /// The limits that can change, of all limits.
    pub fn of(limits: &Limits) -> Self {
        RunTimeLimits {
            http: limits.http,
            ws: limits.ws,
            echo_ws: limits.echo_ws,
            echo: limits.echo,
            strikes: limits.strikes,
            message_rate: limits.message_rate,
            byte_rate: limits.byte_rate,
            trusted_proxies: limits.trusted_proxies.clone(),
            admin_token: limits.admin_token.clone(),
            allowed_origins: limits.allowed_origins.clone(),
            keys: limits.keys.clone(),
        }
    }

    /// These limits, and of the present ones those that cannot change.
    pub fn applied_to(self, present: &Limits) -> Limits {
        Limits {
            http: self.http,
            ws: self.ws,
            echo_ws: self.echo_ws,
            echo: self.echo,
            strikes: self.strikes,
            message_rate: self.message_rate,
            byte_rate: self.byte_rate,
            trusted_proxies: self.trusted_proxies,
            admin_token: self.admin_token,
            allowed_origins: self.allowed_origins,
            keys: self.keys,
            ..present.clone()
        }
    }
}
