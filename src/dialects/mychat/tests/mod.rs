//! The frames of a client and of the server, the page about the protocol, and the requests over HTTP.
