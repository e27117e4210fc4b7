-- Indexes only: nothing that is there changes.

-- The states of an environment but those of identities, and all of them when it is deleted: the other
-- indexes by environment are partial, and without this one both read the whole table.
CREATE INDEX feature_states_by_environment
  ON feature_states (environment_id, identity_id, feature_id);

-- The identity overrides of one feature in an environment, without a look at those of others.
CREATE INDEX feature_states_of_identities ON feature_states (environment_id, feature_id)
  WHERE identity_id IS NOT NULL;
