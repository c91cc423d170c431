//! Against a Postfix of our own in a temporary folder: queue on disk, users refused, TLS.
