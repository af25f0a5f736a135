"""Being told in time: rules are watched every minute, and what they find is told through an outbox."""
