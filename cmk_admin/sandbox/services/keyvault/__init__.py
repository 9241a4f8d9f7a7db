"""Key vaults: the resource manager's side and the data plane of keys."""
